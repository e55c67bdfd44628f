package diadoc

import (
	"context"
	"iter"
)

// AcquireTask is an invitation, or the acceptance of one, that the service has taken on.
type AcquireTask struct {
	MyBox BoxID  `json:"myBox"`
	ID    TaskID `json:"id"`
}

// Poll implements [Task].
func (t AcquireTask) Poll(ctx context.Context, c *Client) (AcquireCounteragentResultV2, error) {
	return c.AcquireCounteragentResult(ctx, t)
}

var _ Task[AcquireCounteragentResultV2] = AcquireTask{}

// AcquireCounteragent invites an organisation or accepts its invitation, depending on the relation; between
// partners, and when already invited, nothing happens. An invitation with a document that must be signed is
// accepted by signing that document instead. Read the relation with [Client.GetCounteragent] afterwards.
// department may be empty.
//
// There is no operation id: after a lost answer read the relation before a second try.
//
// Errors: [ErrNotFound] for an unknown organisation, [ErrConflict] when roaming has to be set up first.
func (c *Client) AcquireCounteragent(ctx context.Context, myBox BoxID, department DepartmentID, request AcquireCounteragentRequest) (AcquireTask, error) {
	id, err := c.start(ctx, "AcquireCounteragent",
		query{"myBoxId": string(myBox), "myDepartmentId": string(department)}, request)
	return AcquireTask{myBox, id}, err
}

// AcquireCounteragentResult asks once what became of the task.
//
// Errors: [*NotReadyError] while it runs, [ErrTaskFailed] when it failed.
func (c *Client) AcquireCounteragentResult(ctx context.Context, task AcquireTask) (AcquireCounteragentResultV2, error) {
	return ask[AcquireCounteragentResultV2](ctx, c, "AcquireCounteragentResult",
		query{"myBoxId": string(task.MyBox), "taskId": string(task.ID)}, nil)
}

// AcquireCounteragentResultV2 asks once what became of a task; it ends after 1 May 2027.
//
// Deprecated: use [Client.AcquireCounteragentResult].
func (c *Client) AcquireCounteragentResultV2(ctx context.Context, task TaskID) (AcquireCounteragentResultV2, error) {
	return ask[AcquireCounteragentResultV2](ctx, c, "AcquireCounteragentResultV2", query{"taskId": string(task)}, nil)
}

// BreakWithCounteragent ends a partnership, refuses an invitation or withdraws one; in any other state it
// does nothing. The comment may be empty.
//
// Errors: [ErrConflict] when the own invitation carries a document: revoke that document.
func (c *Client) BreakWithCounteragent(ctx context.Context, myBox, counteragent BoxID, comment string) error {
	r := rules{operation: "BreakWithCounteragent"}
	if r.text("comment", comment, MaxComment); r.err != nil {
		return r.err
	}
	return c.tell(ctx, "BreakWithCounteragent",
		query{"myBoxId": string(myBox), "counteragentBoxId": string(counteragent), "comment": comment}, nil)
}

// GetCounteragent reads the relation with another box.
//
// Errors: [ErrNotFound] when there is none.
func (c *Client) GetCounteragent(ctx context.Context, myBox, counteragent BoxID) (Counteragent, error) {
	return ask[Counteragent](ctx, c, "GetCounteragent", query{"myBoxId": string(myBox), "counteragentBoxId": string(counteragent)}, nil)
}

// CounteragentFilter chooses counteragents by status; it has words of its own.
type CounteragentFilter string

// Values of [CounteragentFilter].
const (
	FilterPartners  CounteragentFilter = "IsMyCounteragent"
	FilterInvitesMe CounteragentFilter = "InvitesMe"
	FilterInvited   CounteragentFilter = "IsInvitedByMe"
	FilterRejected  CounteragentFilter = "Rejected" // by either side
)

// CounteragentQuery chooses counteragents; the zero value all of them.
type CounteragentQuery struct {
	Status        CounteragentFilter
	Search        string   // INN or name; brings one page only
	AfterIndexKey IndexKey // of the last counteragent of the page before
	PageSize      int      // 1 to 100; zero: the service's default
}

// GetCounteragents reads one page of counteragents; see [Client.Counteragents]. Their organisations have no
// departments here.
func (c *Client) GetCounteragents(ctx context.Context, myBox BoxID, q CounteragentQuery) (CounteragentList, error) {
	r := rules{operation: "GetCounteragents"}
	r.want(q.Search == "" || q.AfterIndexKey == "", "query", Text{"нельзя задать вместе с afterIndexKey", "excludes afterIndexKey"})
	if r.page("pageSize", q.PageSize); r.err != nil {
		return CounteragentList{}, r.err
	}
	return ask[CounteragentList](ctx, c, "GetCounteragents", query{"myBoxId": string(myBox), "counteragentStatus": string(q.Status),
		"afterIndexKey": string(q.AfterIndexKey), "query": q.Search, "pageSize": number(q.PageSize)}, nil)
}

// Counteragents lists the counteragents from q.AfterIndexKey on; a search ends with its only page.
func (c *Client) Counteragents(ctx context.Context, myBox BoxID, q CounteragentQuery) iter.Seq2[Counteragent, error] {
	if q.PageSize == 0 {
		q.PageSize = MaxPage
	}
	return keyed("GetCounteragents", q.AfterIndexKey, func(after IndexKey) ([]Counteragent, IndexKey, bool, error) {
		q.AfterIndexKey = after
		page, err := c.GetCounteragents(ctx, myBox, q)
		next, more := following(page.Counteragents, q.PageSize, func(one Counteragent) IndexKey { return one.IndexKey })
		return page.Counteragents, next, more && q.Search == "", err
	})
}

// GetCounteragentCertificates lists a counteragent's certificates.
func (c *Client) GetCounteragentCertificates(ctx context.Context, myBox, counteragent BoxID) (CounteragentCertificateList, error) {
	return ask[CounteragentCertificateList](ctx, c, "GetCounteragentCertificates",
		query{"myBoxId": string(myBox), "counteragentBoxId": string(counteragent)}, nil)
}

// CounteragentEventQuery chooses relation changes; the zero value all of them from the beginning.
type CounteragentEventQuery struct {
	AfterIndexKey IndexKey // of the last event that was handled
	From, To      Ticks    // inclusive
	Limit         int      // 1 to 100; zero: the service's default
}

// GetCounteragentEvents reads one page of the feed of relation changes; see [Client.CounteragentEvents]. The
// user must be allowed to manage counteragents. The same status may come several times in a row.
func (c *Client) GetCounteragentEvents(ctx context.Context, box BoxID, q CounteragentEventQuery) (BoxCounteragentEventList, error) {
	r := rules{operation: "GetCounteragentEvents"}
	if r.page("limit", q.Limit); r.err != nil {
		return BoxCounteragentEventList{}, r.err
	}
	return ask[BoxCounteragentEventList](ctx, c, "GetCounteragentEvents", query{"boxId": string(box), "afterIndexKey": string(q.AfterIndexKey),
		"timestampFromTicks": ticks(q.From), "timestampToTicks": ticks(q.To), "limit": number(q.Limit)}, nil)
}

// CounteragentEvents reads the feed to its end. Store an event's IndexKey together with what it caused.
func (c *Client) CounteragentEvents(ctx context.Context, box BoxID, q CounteragentEventQuery) iter.Seq2[BoxCounteragentEvent, error] {
	if q.Limit == 0 {
		q.Limit = MaxPage
	}
	return keyed("GetCounteragentEvents", q.AfterIndexKey, func(after IndexKey) ([]BoxCounteragentEvent, IndexKey, bool, error) {
		q.AfterIndexKey = after
		page, err := c.GetCounteragentEvents(ctx, box, q)
		next, more := following(page.Events, q.Limit, func(e BoxCounteragentEvent) IndexKey { return e.IndexKey })
		return page.Events, next, more, err
	})
}
