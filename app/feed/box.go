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
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// KindBox is the kind of the row that follows one box of Диадок. The row reschedules itself for ever.
const KindBox = "box"

// boxPage is how many events are read at once: the most that the service gives.
const boxPage = diadoc.MaxPage

// boxSafety is how often messages that no event has touched for safetyAge are read one by one.
const boxSafety = 10 * time.Minute

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
	BoxMessages
}

// BoxMessages finds the records of messages that a connection follows.
type BoxMessages interface {
	// BoxMessages lists those that go by these ids at the service, or that these requests have made.
	BoxMessages(ctx context.Context, portal, connection string, externalIDs, requestIDs []string) ([]docflow.Record, error)
	// OpenMessages lists those in which something is awaited and which nothing has touched for a while, in the
	// order of their ids above after.
	OpenMessages(ctx context.Context, portal, connection string, untouchedSince time.Time, after docflow.ID, limit int) ([]docflow.Record, error)
}

// BoxDeps of the worker that follows boxes.
type BoxDeps struct {
	Store    BoxStore
	Diadoc   func(c portal.Connection) (*diadoc.Client, error)
	Interval time.Duration // pause after a page that was not full
	Now      func() time.Time
	Log      *slog.Logger
	Lag      func(time.Duration) // told how far behind a read event was; must not block
	// Wanted tells whether a portal has a rule for messages that come through a connection; nil: none has.
	Wanted func(id portal.ID, connection string) bool
}

// Boxes works the rows that follow boxes.
type Boxes struct {
	BoxDeps
	mu     sync.Mutex
	safety map[followed]watch
}

// watch is how far the messages of a connection were read one by one.
type watch struct {
	at    time.Time
	after docflow.ID
}

// NewBoxes returns a Boxes worker.
func NewBoxes(d BoxDeps) *Boxes {
	if d.Lag == nil {
		d.Lag = func(time.Duration) {}
	}
	if d.Wanted == nil {
		d.Wanted = func(portal.ID, string) bool { return false }
	}
	return &Boxes{BoxDeps: d, safety: map[followed]watch{}}
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
	return eachGroup(ctx, atOnePlace(conns), b.read, b.rest)
}

// atOnePlace groups connections that read the same page in the same name.
func atOnePlace(conns []portal.Connection) [][]portal.Connection {
	type reader struct{ grant, login, password, cursor string }
	at := map[reader]int{}
	var groups [][]portal.Connection
	for _, c := range conns {
		key := reader{c.GrantKey(), c.Login, c.Secrets["password"], c.Cursor}
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
	ours := diadoc.BoxID(group[0].AccountID)
	if group[0].Cursor == "" {
		return b.begin(ctx, client, group)
	}
	at := placeOf(group[0].Cursor)
	page, err := client.GetNewEvents(ctx, ours, at.query())
	switch {
	case errors.Is(err, diadoc.ErrBadRequest) && at.key != "", errors.Is(err, diadoc.ErrNoAccess):
		return b.startOver(ctx, client, group, err)
	case err != nil:
		return lane.Result{}, err
	}
	now := b.Now()
	next := at
	if n := len(page.Events); n > 0 && page.Events[n-1].IndexKey != "" {
		next.key = page.Events[n-1].IndexKey
	}
	again := now.Add(b.Interval)
	if len(page.Events) >= boxPage && next != at {
		again = now
	}
	read := newLetters(client, ours, b.Log)
	var writes []lane.Write
	for _, conn := range group {
		made, err := b.writes(ctx, read, conn, page, next.String())
		if err != nil {
			return lane.Result{}, err
		}
		writes = append(writes, made...)
	}
	if at.department != "" && len(page.Events) == 0 && b.wider(ctx, client, group[0]) {
		return b.startOver(ctx, client, group, nil)
	}
	note := ""
	if len(page.Events) > 0 {
		note = fmt.Sprintf("%d box events", len(page.Events))
	}
	return lane.Result{Verdict: lane.Again, At: again, Writes: writes, Note: note}, nil
}

// writes lists what a page changes for one connection.
func (b *Boxes) writes(ctx context.Context, read *letters, conn portal.Connection, page diadoc.BoxEventList, next string) ([]lane.Write, error) {
	if len(page.Events) == 0 && conn.State == "" {
		return b.safetyNet(ctx, read, conn)
	}
	found, err := b.items(ctx, read, conn, page)
	if err != nil {
		return nil, err
	}
	writes := []lane.Write{Advance{Portal: string(conn.Portal), Connection: conn.Name, From: conn.Cursor, Cursor: next, At: b.Now(),
		Items: found.items, Rows: found.rows}}
	if !found.unread {
		return writes, nil
	}
	caught, err := b.catchUp(ctx, read, conn) // what was not understood may have been about any of ours
	return append(writes, caught...), err
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

// overlap is how much of what was read before is read again from a new position.
const overlap = time.Hour

// startOver takes a new position when the old one is refused, or when the user sees other documents than before:
// by time, from a little before the last page on, so that nothing in between is missed and what is known already
// changes nothing. Every open message is read once, too. A box that refuses the user altogether stays refused.
func (b *Boxes) startOver(ctx context.Context, client *diadoc.Client, group []portal.Connection, refused error) (lane.Result, error) {
	ours := diadoc.BoxID(group[0].AccountID)
	department, err := departmentOf(ctx, client, ours)
	if err != nil {
		return lane.Result{}, err
	}
	if errors.Is(refused, diadoc.ErrNoAccess) && department == placeOf(group[0].Cursor).department {
		return lane.Result{}, refused
	}
	read := newLetters(client, ours, b.Log)
	var writes []lane.Write
	for _, conn := range group {
		caught, err := b.catchUp(ctx, read, conn)
		if err != nil {
			return lane.Result{}, err
		}
		since := b.Now()
		if !conn.CursorAt.IsZero() {
			since = conn.CursorAt
		}
		cursor := place{department: department, from: diadoc.TicksOf(since.Add(-overlap))}.String()
		b.Log.Warn("took a new position in a box", "portal", string(conn.Portal), "connection", conn.Name, "from", since, "error", refused)
		writes = append(writes, Advance{Portal: string(conn.Portal), Connection: conn.Name, From: conn.Cursor, Cursor: cursor, At: conn.CursorAt})
		writes = append(writes, caught...)
	}
	return lane.Result{Verdict: lane.Again, At: b.Now().Add(b.Interval), Writes: writes, Note: "took a new position in the box"}, nil
}

// wider reports whether the user sees more than the one department by now. It is asked now and then.
func (b *Boxes) wider(ctx context.Context, client *diadoc.Client, conn portal.Connection) bool {
	if due, _ := b.due(followed{string(conn.Portal), conn.Name + "/department"}); !due {
		return false
	}
	department, err := departmentOf(ctx, client, diadoc.BoxID(conn.AccountID))
	return err == nil && department != placeOf(conn.Cursor).department
}

// rest decides when a failed feed reads on, and says what is wrong where only a person can help.
func (b *Boxes) rest(ctx context.Context, group []portal.Connection, err error) lane.Result {
	at, refused := restUntil(b.Now(), b.Interval, err)
	note := BoxFault(err)
	if refused {
		for _, conn := range group {
			if mark := b.Store.MarkConnection(ctx, conn.Portal, conn.Name, portal.ConnectionRefused, note); mark != nil {
				b.Log.Warn("the connection's fault could not be stored", "error", mark)
			}
		}
	}
	b.Log.Warn("a box cannot be read", "portal", string(group[0].Portal), "connections", len(group), "class", upstream.ClassOf(err).String(), "error", err)
	return lane.Result{Verdict: lane.Again, At: at, Note: note}
}

// BoxFault says what keeps a box from being read, with what to do where a person can do something.
func BoxFault(err error) string {
	for _, known := range []struct {
		is   error
		text string
	}{
		{diadoc.ErrNoSubscription, "Диадок: у организации нет подписки на API. Продлите её; чтение ящика возобновится само."},
		{diadoc.ErrNoAccess, "Диадок: у пользователя нет доступа к ящику. Попросите администратора организации дать ему доступ."},
		{diadoc.ErrNotFound, "Диадок: такого ящика нет. Проверьте boxId подключения."},
		{diadoc.ErrGone, "Диадок отключил метод, которым мост читает ящик. Обновите мост."},
		{diadoc.ErrBadRequest, "Диадок не принимает запрос. Проверьте boxId подключения."},
	} {
		if errors.Is(err, known.is) {
			return known.text + " (" + err.Error() + ")"
		}
	}
	return err.Error()
}
