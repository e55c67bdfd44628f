package feed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/diadoc"
)

// KindBox is the kind of the row that follows one box of Диадок. The row reschedules itself for ever.
const KindBox = "box"

// boxPage is how many events are read at once: the most that the service gives.
const boxPage = 100

// boxRow makes the row that follows a connection's box. Connections to one box share it, whatever portals they
// belong to.
func boxRow(c portal.Connection) lane.NewRow {
	body, err := json.Marshal(box{c.AccountID})
	if err != nil { // a string always marshals
		body = nil
	}
	hash := sha256.Sum256(body)
	return lane.NewRow{Lane: "box/" + hex.EncodeToString(hash[:8]), Part: "box", Kind: KindBox, Body: body}
}

type box struct {
	ID string `json:"box"`
}

// BoxStore is what the feed of boxes reads and writes.
type BoxStore interface {
	// BoxConnections lists the connections to a box, of all portals, in a fixed order.
	BoxConnections(ctx context.Context, box string) ([]portal.Connection, error)
	TakeCursor(ctx context.Context, id portal.ID, connection, cursor string) error
	MarkConnection(ctx context.Context, id portal.ID, name, state, note string) error
	// Messages lists the records that go by these ids at the service.
	Messages(ctx context.Context, portal string, externalIDs []string) ([]docflow.Record, error)
}

// BoxDeps of the worker that follows boxes.
type BoxDeps struct {
	Store    BoxStore
	Diadoc   func(c portal.Connection) (*diadoc.Client, error)
	Interval time.Duration // pause after a page that was not full
	Now      func() time.Time
	Log      *slog.Logger
	Lag      func(time.Duration) // told how far behind a read event was; must not block
}

// Boxes works the rows that follow boxes.
type Boxes struct{ BoxDeps }

// NewBoxes returns a Boxes worker.
func NewBoxes(d BoxDeps) *Boxes {
	if d.Lag == nil {
		d.Lag = func(time.Duration) {}
	}
	return &Boxes{d}
}

// Work implements lane.Worker: it reads one page of events, reads anew what of ours they are about, and stores
// what that changed together with the new position. A feed never dies of a failure: it rests and reads on from
// where it stands.
func (b *Boxes) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var at box
	if err := json.Unmarshal(row.Body, &at); err != nil {
		return lane.Result{}, err
	}
	conns, err := b.Store.BoxConnections(ctx, at.ID)
	if err != nil {
		return lane.Result{}, err
	}
	if len(conns) == 0 {
		return lane.Result{Note: "no connection of the settings uses the box any more"}, nil
	}
	all := lane.Result{Verdict: lane.Again}
	for _, group := range atOnePlace(conns) {
		result, err := b.read(ctx, group)
		if errors.Is(err, lane.ErrLeaseLost) || errors.Is(err, lane.ErrStoreDown) || err != nil && ctx.Err() != nil {
			return lane.Result{}, err
		}
		if err != nil {
			result = b.rest(ctx, group, err)
		}
		if all.At.IsZero() || result.At.Before(all.At) {
			all.At = result.At
		}
		all.Writes = append(all.Writes, result.Writes...)
		all.Note = joinNotes(all.Note, result.Note)
	}
	return all, nil
}

// atOnePlace groups connections that read the same page in the same name.
func atOnePlace(conns []portal.Connection) [][]portal.Connection {
	type place struct{ grant, login, password, cursor string }
	at := map[place]int{}
	var groups [][]portal.Connection
	for _, c := range conns {
		key := place{c.GrantKey(), c.Login, c.Secrets["password"], c.Cursor}
		i, known := at[key]
		if !known {
			i = len(groups)
			at[key] = i
			groups = append(groups, nil)
		}
		if c.State == portal.ConnectionAgain { // its client tries a refused login once more: it speaks for all
			groups[i] = slices.Insert(groups[i], 0, c)
			continue
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// read reads one page for connections that stand at one position.
func (b *Boxes) read(ctx context.Context, group []portal.Connection) (lane.Result, error) {
	client, err := b.Diadoc(group[0])
	if err != nil {
		return lane.Result{}, err
	}
	if group[0].Cursor == "" {
		return b.begin(ctx, client, group)
	}
	ours := diadoc.BoxID(group[0].AccountID)
	query := diadoc.EventQuery{Limit: boxPage}
	if from, ok := beginning(group[0].Cursor); ok {
		query.From = from
	} else {
		query.AfterIndexKey = diadoc.IndexKey(group[0].Cursor)
	}
	page, err := client.GetNewEvents(ctx, ours, query)
	if err != nil {
		return lane.Result{}, err
	}
	now := b.Now()
	next := group[0].Cursor
	if n := len(page.Events); n > 0 && page.Events[n-1].IndexKey != "" {
		next = string(page.Events[n-1].IndexKey)
	}
	again := now.Add(b.Interval)
	if len(page.Events) >= boxPage && next != group[0].Cursor {
		again = now
	}
	reader := &messages{client: client, box: ours, read: map[string]docflow.Update{}}
	var writes []lane.Write
	for _, conn := range group {
		items, err := b.items(ctx, reader, conn, page)
		if err != nil {
			return lane.Result{}, err
		}
		if len(items) > 0 || next != conn.Cursor || conn.State != "" {
			writes = append(writes, Advance{Portal: string(conn.Portal), Connection: conn.Name, From: conn.Cursor, Cursor: next, At: now, Items: items})
		}
	}
	note := ""
	if len(page.Events) > 0 {
		note = fmt.Sprintf("%d box events", len(page.Events))
	}
	return lane.Result{Verdict: lane.Again, At: again, Writes: writes, Note: note}, nil
}

// fromTime marks a position in a box that has no key yet: the events from a moment on.
const fromTime = "@"

// beginning reads such a position.
func beginning(cursor string) (from diadoc.Ticks, ok bool) {
	text, ok := strings.CutPrefix(cursor, fromTime)
	n, err := strconv.ParseInt(text, 10, 64)
	return diadoc.Ticks(n), ok && err == nil
}

// begin takes the position: what happened before the connection was made is none of ours.
func (b *Boxes) begin(ctx context.Context, client *diadoc.Client, group []portal.Connection) (lane.Result, error) {
	cursor, err := BoxPosition(ctx, client, diadoc.BoxID(group[0].AccountID), b.Now())
	if err != nil {
		return lane.Result{}, err
	}
	for _, conn := range group {
		if err := b.Store.TakeCursor(ctx, conn.Portal, conn.Name, cursor); err != nil {
			return lane.Result{}, err
		}
	}
	return lane.Result{Verdict: lane.Again, At: b.Now().Add(b.Interval)}, nil
}

// BoxPosition tells where a box's feed stands now. A box without events, or whose last one tells no key, is read
// from now on by time.
func BoxPosition(ctx context.Context, client *diadoc.Client, ours diadoc.BoxID, now time.Time) (cursor string, err error) {
	last, ok, err := client.GetLastEvent(ctx, ours)
	if err != nil {
		return "", err
	}
	if ok && last.IndexKey != "" {
		return string(last.IndexKey), nil
	}
	return fromTime + strconv.FormatInt(int64(diadoc.TicksOf(now)), 10), nil
}

// items translates what of a page is about messages of a connection's portal. Each is read anew: what an event
// tells of a document need not be of the event's moment.
func (b *Boxes) items(ctx context.Context, reader *messages, conn portal.Connection, page diadoc.BoxEventList) ([]Item, error) {
	var ids []string
	latest := map[string]diadoc.BoxEvent{}
	for _, e := range page.Events {
		if e.Err != nil {
			b.Log.Error("box event not understood", "event", string(e.EventID), "error", e.Err)
		}
		id, at := about(e)
		if id == "" {
			continue
		}
		if !at.IsZero() {
			b.Lag(b.Now().Sub(at))
		}
		if _, known := latest[id]; !known {
			ids = append(ids, id)
		}
		latest[id] = e
	}
	if len(ids) == 0 {
		return nil, nil
	}
	known, err := b.Store.Messages(ctx, string(conn.Portal), ids)
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, rec := range known {
		_, at := about(latest[rec.ExternalID])
		u, ok, err := reader.of(ctx, rec.ExternalID, string(latest[rec.ExternalID].EventID), at)
		if err != nil {
			return nil, err
		}
		if ok {
			items = append(items, Item{ExternalID: rec.ExternalID, Update: u})
		}
	}
	return items, nil
}

// about tells which message an event is about, and when it happened.
func about(e diadoc.BoxEvent) (id string, at time.Time) {
	switch {
	case e.Message != nil:
		return MessageKey(e.Message.MessageID), e.Message.TimestampTicks.Time()
	case e.Patch != nil:
		return MessageKey(e.Patch.MessageID), e.Patch.TimestampTicks.Time()
	}
	return "", time.Time{}
}

// messages reads each message of a page once, for all portals that know it.
type messages struct {
	client *diadoc.Client
	box    diadoc.BoxID
	read   map[string]docflow.Update
}

// of reads a message; ok is false when the service does not show it any more.
func (m *messages) of(ctx context.Context, id, event string, at time.Time) (u docflow.Update, ok bool, err error) {
	if u, ok := m.read[id]; ok {
		return u, true, nil
	}
	message, err := m.client.GetMessage(ctx, m.box, diadoc.MessageID(id), diadoc.MessageOptions{OriginalSignature: true})
	if errors.Is(err, diadoc.ErrNotFound) || errors.Is(err, diadoc.ErrNoAccess) {
		return u, false, nil
	}
	if err != nil {
		return u, false, err
	}
	m.read[id] = FromDiadoc(message, m.box, docflow.CauseNews, event, at)
	return m.read[id], true, nil
}

// rest decides when a failed feed reads on.
func (b *Boxes) rest(ctx context.Context, group []portal.Connection, err error) lane.Result {
	at, refused := restUntil(b.Now(), b.Interval, err)
	if refused {
		for _, conn := range group {
			if mark := b.Store.MarkConnection(ctx, conn.Portal, conn.Name, "refused", err.Error()); mark != nil {
				b.Log.Warn("the connection's fault could not be stored", "error", mark)
			}
		}
	}
	b.Log.Warn("a box cannot be read", "portal", string(group[0].Portal), "connections", len(group), "error", err)
	return lane.Result{Verdict: lane.Again, At: at, Note: err.Error()}
}
