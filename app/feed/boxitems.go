package feed

import (
	"context"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/diadoc"
)

// found is what a page of events means to one connection.
type found struct {
	items  []Item
	rows   []lane.NewRow // messages that came from others
	unread bool          // an event could not even be told to be about a message
}

// mentioned is what the events of a page tell of one message.
type mentioned struct {
	event   string    // the last of them
	at      time.Time // when that happened
	request string    // the request of ours that made it, "" where it does not tell
	draft   string    // the draft that it was sent from
	from    diadoc.BoxID
	arrived bool // it came from somebody else
}

// mentions lists the messages that the events of a page are about, in the order in which they come.
func (b *Boxes) mentions(page diadoc.BoxEventList, ours diadoc.BoxID) (ids []string, all map[string]mentioned, unread bool) {
	all = map[string]mentioned{}
	for _, e := range page.Events {
		id, at := about(e)
		if e.Err != nil {
			b.Log.Error("box event not understood", "event", string(e.EventID), "message", id, "error", e.Err)
			unread = unread || id == ""
		}
		if id == "" {
			continue
		}
		if !at.IsZero() {
			b.Lag(b.Now().Sub(at))
		}
		m, known := all[id]
		if !known {
			ids = append(ids, id)
		}
		m.event, m.at = string(e.EventID), at
		if made := e.Message; made != nil {
			m.request, m.draft, m.from = requestOf(*made, ours), MessageKey(made.CreatedFromDraftID), made.FromBoxID
			m.arrived = cameFromOutside(*made, ours)
		}
		all[id] = m
	}
	return ids, all, unread
}

// cameFromOutside reports whether a message was sent to us by somebody else: not our own, not a draft or a
// template, and not a copy that a third side has forwarded.
func cameFromOutside(m diadoc.Message, ours diadoc.BoxID) bool {
	return m.MessageType == diadoc.MessageLetter && !m.IsDraft && !m.IsInternal && m.FromBoxID != "" && !m.FromBoxID.Same(ours) &&
		(m.ToBoxID == "" || m.ToBoxID.Same(ours))
}

// requestOf finds which request of ours made a message, by the ids that we give its documents.
func requestOf(m diadoc.Message, ours diadoc.BoxID) string {
	if !m.FromBoxID.Same(ours) {
		return ""
	}
	for _, d := range m.Documents() {
		if request, _, ok := strings.Cut(d.DocumentInfo.CustomDocumentID, "/"); ok {
			return request
		}
	}
	return ""
}

// about tells which message an event is about, and when it happened. Of one that can't be read it looks for the
// id alone.
func about(e diadoc.BoxEvent) (id string, at time.Time) {
	switch {
	case e.Message != nil:
		return MessageKey(e.Message.MessageID), e.Message.TimestampTicks.Time()
	case e.Patch != nil:
		return MessageKey(e.Patch.MessageID), e.Patch.TimestampTicks.Time()
	}
	var loose struct{ Message, Patch struct{ MessageID string } }
	if len(e.Unread) > 0 && e.Unread.Decode(&loose) == nil {
		return strings.ToLower(loose.Message.MessageID + loose.Patch.MessageID), time.Time{}
	}
	return "", time.Time{}
}

// items translates what of a page is about messages of a connection. Each is read anew: what an event tells of a
// document need not be of the event's moment.
func (b *Boxes) items(ctx context.Context, read *letters, conn portal.Connection, page diadoc.BoxEventList) (found, error) {
	ids, told, unread := b.mentions(page, read.box)
	result := found{unread: unread}
	if len(ids) == 0 {
		return result, nil
	}
	var requests []string
	now := map[string]string{} // what the drafts have become
	byRequest := map[string]string{}
	for _, id := range ids {
		if m := told[id]; m.request != "" {
			requests, byRequest[m.request] = append(requests, m.request), id
		}
		if draft := told[id].draft; draft != "" {
			now[draft] = id
		}
	}
	asked := append([]string{}, ids...)
	for draft := range now {
		asked = append(asked, draft)
	}
	known, err := b.Store.BoxMessages(ctx, string(conn.Portal), conn.Name, asked, requests)
	if err != nil {
		return found{}, err
	}
	goesBy := func(rec docflow.Record) string { // the message that is to be read for a record
		id := rec.ExternalID
		if id == "" {
			id = byRequest[rec.RequestID]
		}
		if sent := now[id]; sent != "" {
			id = sent
		}
		return id
	}
	if err := read.load(ctx, known, goesBy); err != nil {
		return found{}, err
	}
	ours := map[string]bool{}
	for _, rec := range known {
		id := goesBy(rec)
		m, mentioned := told[id]
		ours[id] = true
		if !mentioned {
			continue // a later message of the same request: not this record's
		}
		for _, u := range read.updates(ctx, id, rec, docflow.CauseNews, m.event, b.moment(m.at)) {
			item := Item{Docflow: rec.ID, ExternalID: id, Update: u}
			if rec.ExternalID != "" && rec.ExternalID != id {
				item.Update.MovedTo = id
			}
			result.items = append(result.items, item)
		}
	}
	for _, id := range ids {
		if told[id].arrived && !ours[id] && b.Wanted(conn.Portal, conn.Name) {
			result.rows = append(result.rows, IncomingRow(conn, id, told[id].from))
		}
	}
	return result, nil
}

func (b *Boxes) moment(at time.Time) time.Time {
	if at.IsZero() {
		return b.Now()
	}
	return at
}

// safetyBatchBox is how many silent messages are read at once.
const safetyBatchBox = 50

// safetyNet reads messages one by one that no event has touched for long, some at a time and all in turn.
func (b *Boxes) safetyNet(ctx context.Context, read *letters, conn portal.Connection) ([]lane.Write, error) {
	at := followed{string(conn.Portal), conn.Name}
	due, after := b.due(at)
	if !due {
		return nil, nil
	}
	open, err := b.Store.OpenMessages(ctx, at.portal, at.connection, b.Now().Add(-safetyAge), after, safetyBatchBox)
	if err != nil {
		return nil, err
	}
	next := docflow.ID("")
	if len(open) == safetyBatchBox {
		next = open[len(open)-1].ID
	}
	b.mu.Lock()
	b.safety[at] = watch{b.Now(), next}
	b.mu.Unlock()
	return b.settle(ctx, read, open)
}

func (b *Boxes) due(at followed) (due bool, after docflow.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := b.safety[at]
	if b.Now().Sub(last.at) < boxSafety {
		return false, ""
	}
	b.safety[at] = watch{b.Now(), last.after}
	return true, last.after
}

// maxCaughtUp bounds how many open messages are read anew at once.
const maxCaughtUp = 10000

// catchUp reads every open message of a connection.
func (b *Boxes) catchUp(ctx context.Context, read *letters, conn portal.Connection) ([]lane.Write, error) {
	open, err := b.Store.OpenMessages(ctx, string(conn.Portal), conn.Name, b.Now().Add(time.Hour), "", maxCaughtUp)
	if err != nil {
		return nil, err
	}
	return b.settle(ctx, read, open)
}

// settle tells what became of messages that were read without an event.
func (b *Boxes) settle(ctx context.Context, read *letters, records []docflow.Record) ([]lane.Write, error) {
	if err := read.load(ctx, records, func(r docflow.Record) string { return r.ExternalID }); err != nil {
		return nil, err
	}
	var writes []lane.Write
	for _, rec := range records {
		for _, u := range read.updates(ctx, rec.ExternalID, rec, docflow.CauseGet, "", b.Now()) {
			writes = append(writes, docflow.Settle{ID: rec.ID, Update: u})
		}
	}
	return writes, nil
}
