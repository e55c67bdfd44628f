package diadocsim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// category is a parsed filterCategory: Type.ClassStatus.
type category struct{ kind, class, status string }

// categoryTests are the status words that the simulator understands.
func categoryTests() map[string]func(*box, *document) bool {
	response := func(word string) func(*box, *document) bool {
		return func(_ *box, d *document) bool { return d.response == word }
	}
	proxy := func(word string) func(*box, *document) bool {
		return func(_ *box, d *document) bool { return d.proxySignature == word }
	}
	revocation := func(word string) func(*box, *document) bool {
		return func(b *box, d *document) bool { return d.revocationStatus(b) == word }
	}
	resolution := func(words ...string) func(*box, *document) bool {
		return func(b *box, d *document) bool { return slices.Contains(words, d.place(b).resolution) }
	}
	receipt := func(word string) func(*box, *document) bool {
		return func(b *box, d *document) bool {
			return receiptStatus(d.receipt, b != d.m.from) == word || receiptStatus(d.answerReceipt, b == d.m.from) == word
		}
	}
	open := func(d *document) bool {
		return d.senderSignature != senderValid || d.response == waitingForRecipient || d.response == recipientInvalid || d.receipt == receiptDue || d.revocation == revocationRequested
	}
	none := func(*box, *document) bool { return false }
	return map[string]func(*box, *document) bool{
		"":                            func(*box, *document) bool { return true },
		"NotRead":                     func(b *box, d *document) bool { return !d.place(b).read },
		"NoRecipientSignatureRequest": response(responseNone), "WaitingForRecipientSignature": response(waitingForRecipient),
		"WithRecipientSignature": response(withRecipient), "WithRecipientPartiallySignature": response(recipientPartially),
		"RecipientSignatureRequestRejected": response(recipientRejected), "InvalidRecipientSignature": response(recipientInvalid),
		"RequestsMySignature":       func(b *box, d *document) bool { return b == d.m.to && d.response == waitingForRecipient },
		"WithSenderSignature":       func(_ *box, d *document) bool { return d.senderSignature == senderValid },
		"WaitingForSenderSignature": func(_ *box, d *document) bool { return d.senderSignature == waitingForSender },
		"InvalidSenderSignature":    func(_ *box, d *document) bool { return d.senderSignature == senderInvalid },
		"WaitingForProxySignature":  proxy(proxyWaiting), "WithProxySignature": proxy(proxySigned), "InvalidProxySignature": proxy(proxyInvalid),
		"ProxySignatureRejected": proxy(proxyRejected), "Approved": resolution("Approved"), "Disapproved": resolution("Disapproved"),
		"WaitingForResolution":     resolution("ApprovementRequested", "SignatureRequested", "ActionsRequested"),
		"SignatureRequestRejected": resolution("SignatureDenied"),
		"Finished":                 func(_ *box, d *document) bool { return !open(d) },
		"NotFinished":              func(_ *box, d *document) bool { return open(d) },
		"HaveToCreateReceipt":      receipt("HaveToCreateReceipt"), "WaitingForReceipt": receipt("WaitingForReceipt"),
		"WaitingForInvoiceReceipt": receipt("WaitingForReceipt"), "InvoiceAmendmentRequested": func(_ *box, d *document) bool { return d.amended&1 != 0 },
		"RevocationIsRequestedByMe": revocation("RevocationIsRequestedByMe"), "RequestsMyRevocation": revocation("RequestsMyRevocation"),
		"RevocationAccepted": revocation("RevocationAccepted"), "RevocationRejected": revocation("RevocationRejected"),
		"RevocationApproved": none, "RevocationDisapproved": none, "WaitingForRevocationApprovement": none,
		"NotRevoked":               func(_ *box, d *document) bool { return d.revocation != revocationAccepted },
		"RoamingNotificationError": func(_ *box, d *document) bool { return d.roaming == "RoamingNotificationStatusError" },
		"Deleted":                  func(b *box, d *document) bool { return d.place(b).deleted },
	}
}

func parseCategory(text string) (category, error) {
	kind, rest, ok := strings.Cut(text, ".")
	if _, known := typeNamed(kind); !ok || kind != "Any" && kind != "TrustConnectionRequest" && !known {
		return category{}, bad("filterCategory %q: the type is unknown", text)
	}
	for _, class := range []string{"Inbound", "Outbound", "Internal", "Proxy"} {
		if status, ok := strings.CutPrefix(rest, class); ok && categoryTests()[status] != nil {
			return category{kind, class, status}, nil
		}
	}
	return category{}, bad("filterCategory %q: the class or the status is unknown", text)
}

func (f category) passes(b *box, d *document) bool {
	class := d.direction(b)
	if d.m.proxy == b {
		class = "Proxy"
	}
	deleted := d.place(b).deleted || d.m.deletedIn[b.id]
	return (f.kind == "Any" || f.kind == d.kind.name) && f.class == class && deleted == (f.status == "Deleted") && categoryTests()[f.status](b, d)
}

// moment is what a list is ordered by: sending of outgoing documents, delivery of incoming ones.
func moment(b *box, d *document) int64 {
	if d.direction(b) == "Inbound" && d.arrived != 0 {
		return d.arrived
	}
	if d.sent != 0 {
		return d.sent
	}
	return d.e.at
}

func (c *call) getDocuments() (reply, error) {
	f, err := parseCategory(c.arg("filterCategory"))
	if err != nil {
		return reply{}, err
	}
	count, err := c.number("count", 100, 0, 100)
	if err != nil {
		return reply{}, err
	}
	test, byDate, err := c.documentFilter()
	if err != nil {
		return reply{}, err
	}
	var docs []*document
	for _, d := range c.allDocs(c.box) {
		if f.passes(c.box, d) && d.m.kind() == "Letter" && test(d) {
			docs = append(docs, d)
		}
	}
	slices.SortStableFunc(docs, func(a, b *document) int { return int(min(1, max(-1, moment(c.box, a)-moment(c.box, b)))) })
	down := c.arg("sortDirection") == "Descending"
	if word := c.arg("sortDirection"); word != "" && word != "Ascending" && !down {
		return reply{}, bad("sortDirection must be Ascending or Descending")
	}
	if down {
		slices.Reverse(docs)
	}
	// A key of a listing by date differs from a key of a listing by time.
	kind := documentKey
	if byDate {
		kind = documentDateKey
	}
	after, err := placeOfText(kind, c.box.id, c.arg("afterIndexKey"))
	if err != nil {
		return reply{}, err
	}
	total := len(docs)
	if after != 0 {
		docs = slices.DeleteFunc(docs, func(d *document) bool {
			at := moment(c.box, d)
			return !down && at <= after || down && at >= after
		})
	}
	more := len(docs) > count
	return c.list(docs[:min(count, len(docs))], func(d *document) string { return textKey(kind, c.box.id, moment(c.box, d)) }, more, total), nil
}

// documentFilter reads the other filters of GetDocuments and refuses those that exclude each other.
func (c *call) documentFilter() (test func(*document) bool, byDate bool, err error) {
	from, err := c.ticks("timestampFromTicks")
	if err != nil {
		return nil, false, err
	}
	to, err := c.ticks("timestampToTicks")
	if err != nil {
		return nil, false, err
	}
	times := c.query.Has("timestampFromTicks") || c.query.Has("timestampToTicks")
	byDate = c.query.Has("fromDocumentDate") || c.query.Has("toDocumentDate")
	if times && (c.arg("documentNumber") != "" || byDate) {
		return nil, false, bad("timestamps exclude documentNumber and document dates")
	}
	firstDay, lastDay, err := days(c.arg("fromDocumentDate"), c.arg("toDocumentDate"))
	if err != nil {
		return nil, false, err
	}
	peer := ""
	if id := c.arg("counteragentBoxId"); id != "" {
		var ok bool
		if peer, ok = boxGUID(id); !ok {
			return nil, false, bad("%q is not a box id", id)
		}
	}
	department := c.arg("departmentId")
	if department == "" {
		department = headDepartment
	}
	if !c.box.hasDepartment(department) {
		return nil, false, refuse(http.StatusNotFound, "Department %s is not found", department)
	}
	if !c.mayEnter(department) {
		return nil, false, refuse(http.StatusForbidden, "User has no access to department %s", department)
	}
	alone := c.flag("excludeSubdepartments")
	return func(d *document) bool {
		at, other, number := d.place(c.box).department, d.m.counteragent(c.box), c.arg("documentNumber")
		return (at == department || !alone && c.box.under(at, department)) &&
			moment(c.box, d) >= from && (to == 0 || moment(c.box, d) <= to) && within(d.meta("DocumentDate"), firstDay, lastDay) &&
			(peer == "" || other != nil && other.id == peer) && (number == "" || d.meta("DocumentNumber") == number) &&
			(c.arg("fromDepartmentId") == "" || d.m.fromDepartment == c.arg("fromDepartmentId")) &&
			(c.arg("toDepartmentId") == "" || d.m.toDepartment == c.arg("toDepartmentId"))
	}, byDate, nil
}

const dayLayout = "02.01.2006"

func days(from, to string) (first, last time.Time, err error) {
	for _, one := range []struct {
		text string
		into *time.Time
	}{{from, &first}, {to, &last}} {
		if one.text == "" {
			continue
		}
		if *one.into, err = time.Parse(dayLayout, one.text); err != nil {
			return first, last, bad("%q is not a date dd.MM.yyyy", one.text)
		}
	}
	return first, last, nil
}

func within(day string, first, last time.Time) bool {
	if first.IsZero() && last.IsZero() {
		return true
	}
	at, err := time.Parse(dayLayout, day)
	return err == nil && !at.Before(first) && (last.IsZero() || !at.After(last))
}

type ticksOf struct {
	Ticks int64 `dia:"req"`
}
