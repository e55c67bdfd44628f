package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"konturbridge/app/lane"
	"konturbridge/bitrix"
)

// How long repeats are recognised.
const (
	robotWindow = 72 * time.Hour   // nothing documents a repeat of a robot call; a proxy may make one
	hookWindow  = 10 * time.Second // a webhook has no id: the same step may rightly run again later
)

// answerMargin is how long before its step gives up a robot is answered, so that the answer arrives in
// time even when the portal is slow; of a short step it is a fifth.
const answerMargin = 30 * time.Second

// ErrNotACard is returned for a document that is no CRM card, like a list element.
var ErrNotACard = errors.New("the document is not a CRM card")

// Item is a request that is about to be stored.
type Item struct {
	Row      lane.NewRow
	Key      [16]byte
	Window   time.Duration
	Coalesce bool
}

// Store stores items durably.
type Store interface {
	// AcceptItem returns after the item is on disk; duplicate says that an earlier one stands for it.
	AcceptItem(ctx context.Context, item Item) (duplicate bool, err error)
}

// Sealer encrypts what must be kept secret at rest.
type Sealer interface {
	Seal(plain []byte, bind string) []byte
}

// Inbox stores verified requests.
type Inbox struct {
	store  Store
	sealer Sealer
	now    func() time.Time
	settle time.Duration
}

// New returns an Inbox.
func New(store Store, sealer Sealer, now func() time.Time) *Inbox {
	return &Inbox{store: store, sealer: sealer, now: now, settle: Settle}
}

// SettleIn replaces [Settle]: demos and tests play quicker than life.
func (in *Inbox) SettleIn(d time.Duration) *Inbox {
	in.settle = d
	return in
}

// Robot stores an automation rule's call. The event token tells a repeat: it is new for every run.
func (in *Inbox) Robot(ctx context.Context, portal string, r bitrix.RobotCall) (duplicate bool, err error) {
	card, ok := cardOf(r.DocumentID)
	if !ok {
		return false, ErrNotACard
	}
	c := Call{Card: card, Properties: withoutTokens(r.Properties), WorkflowID: r.WorkflowID, UserID: int64(r.Auth.UserID)}
	if r.Waits {
		c.EventToken = in.sealer.Seal([]byte(r.EventToken), TokenBind(portal))
		if r.Timeout > 0 {
			sent := r.TS
			if sent.IsZero() {
				sent = in.now()
			}
			c.Deadline = sent.Add(r.Timeout)
			c.AnswerBy = c.Deadline.Add(-min(r.Timeout/5, answerMargin))
		}
	}
	body, err := json.Marshal(c)
	if err != nil {
		return false, err
	}
	return in.store.AcceptItem(ctx, Item{
		Row:    lane.NewRow{Lane: portal, Part: card.String(), Key: r.Properties.First("docflow_id"), Kind: KindRobot, Code: r.Code, Body: body},
		Key:    key(portal, "robot", string(r.EventToken)),
		Window: robotWindow,
	})
}

// Hook stores a webhook step's call. Nothing but the document and the parameters is read from it.
func (in *Inbox) Hook(ctx context.Context, portal, code string, h bitrix.Hook) (duplicate bool, err error) {
	card, ok := cardOf(h.DocumentID)
	if !ok {
		return false, ErrNotACard
	}
	params := withoutTokens(h.Parameters)
	body, err := json.Marshal(Call{Card: card, Properties: params})
	if err != nil {
		return false, err
	}
	parts := []string{portal, "hook", code, card.String()}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		values := params[name].Values
		parts = append(append(parts, name, strconv.Itoa(len(values))), values...)
	}
	return in.store.AcceptItem(ctx, Item{
		Row:    lane.NewRow{Lane: portal, Part: card.String(), Key: params.First("docflow_id"), Kind: KindHook, Code: code, Body: body},
		Key:    key(parts...),
		Window: hookWindow,
	})
}

// key digests what tells a repeat. It is short because it is an index key of a busy table.
func key(parts ...string) [16]byte {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	var k [16]byte
	copy(k[:], h.Sum(nil))
	return k
}

// withoutTokens takes the portal's access token out of file links: it is needed again only when the
// file is read, and then a fresh one is put in. The properties themselves stay as they are.
func withoutTokens(p bitrix.Properties) bitrix.Properties {
	clean := make(bitrix.Properties, len(p))
	for name, value := range p {
		value.Values = slices.Clone(value.Values)
		for i, v := range value.Values {
			value.Values[i] = withoutAuth(v)
		}
		clean[name] = value
	}
	return clean
}

// withoutAuth cuts auth=… out of every link in a text. The rest of a link's query is signed by the portal
// and stays byte for byte. Links come absolute or from the root, alone or within a text.
func withoutAuth(text string) string {
	for from := 0; ; {
		at := strings.Index(text[from:], "auth=")
		if at < 0 {
			return text
		}
		at += from
		head := strings.TrimSuffix(text[:at], "amp;") // a link may come escaped for HTML
		if !strings.HasSuffix(head, "?") && !strings.HasSuffix(head, "&") {
			from = at + len("auth=")
			continue
		}
		tail := text[at:]
		if end := strings.IndexAny(tail, "&#,;<>\"' \t\r\n"); end >= 0 {
			tail = tail[end:]
		} else {
			tail = ""
		}
		if next, more := strings.CutPrefix(tail, "&"); more {
			text = head + strings.TrimPrefix(next, "amp;")
		} else {
			head = head[:len(head)-1]
			text = head + tail
		}
		from = len(head)
	}
}
