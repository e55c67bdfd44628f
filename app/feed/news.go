package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// KindNews is the kind of the row that follows one Реестро account. The row reschedules itself for ever.
const KindNews = "news"

// refusedPause is how long a feed rests after its credentials were refused; new settings start it at once.
const refusedPause = 10 * time.Minute

// safetyEvery is how often docflows that no news has touched for safetyAge are read one by one.
const (
	safetyEvery = 30 * time.Minute
	safetyAge   = 6 * time.Hour
	safetyBatch = 20
)

// Row makes the row that follows a connection. It has a lane of its own: a slow account holds up nobody.
func Row(c portal.Connection) lane.NewRow {
	body, err := json.Marshal(target{string(c.Portal), c.Name})
	if err != nil { // two strings always marshal
		body = nil
	}
	return lane.NewRow{Lane: "news/" + string(c.Portal) + "/" + c.Name, Part: "news", Kind: KindNews, Body: body}
}

type target struct {
	Portal     string `json:"portal"`
	Connection string `json:"connection"`
}

// Store is what the feed reads and writes.
type Store interface {
	Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error)
	TakeCursor(ctx context.Context, id portal.ID, connection, cursor string) error
	MarkConnection(ctx context.Context, id portal.ID, name, state, note string) error
	OpenDocflows(ctx context.Context, portal, connection string, untouchedSince time.Time, limit int) ([]docflow.Record, error)
}

// Deps of the news worker.
type Deps struct {
	Store    Store
	Realty   func(c portal.Connection) *realty.Client
	Interval time.Duration // pause after a page without items
	Now      func() time.Time
	Log      *slog.Logger
	Lag      func(time.Duration) // told how far behind a read item was; must not block
}

// News works the rows that follow Реестро accounts.
type News struct {
	Deps
	mu     sync.Mutex
	safety map[target]time.Time
}

// NewNews returns a News worker.
func NewNews(d Deps) *News {
	if d.Lag == nil {
		d.Lag = func(time.Duration) {}
	}
	return &News{Deps: d, safety: map[target]time.Time{}}
}

// Work implements lane.Worker: it reads one page and stores what it caused together with the new
// position. A feed never dies of a failure: it rests and reads on from where it stands.
func (n *News) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var at target
	if err := json.Unmarshal(row.Body, &at); err != nil {
		return lane.Result{}, err
	}
	conn, ok, err := n.find(ctx, at)
	if err != nil {
		return lane.Result{}, err
	}
	if !ok {
		return lane.Result{Note: "the connection was removed from the settings"}, nil
	}
	result, err := n.read(ctx, conn)
	if err == nil || errors.Is(err, lane.ErrLeaseLost) || errors.Is(err, lane.ErrStoreDown) || ctx.Err() != nil {
		return result, err
	}
	return n.rest(ctx, conn, err), nil
}

func (n *News) find(ctx context.Context, at target) (portal.Connection, bool, error) {
	all, err := n.Store.Connections(ctx, portal.ID(at.Portal))
	if err != nil {
		return portal.Connection{}, false, err
	}
	for _, c := range all {
		if c.Name == at.Connection && c.Kind == docflow.Realty {
			return c, true, nil
		}
	}
	return portal.Connection{}, false, nil
}

func (n *News) read(ctx context.Context, conn portal.Connection) (lane.Result, error) {
	client := n.Realty(conn)
	page, err := client.News(ctx, realty.Token(conn.Cursor))
	if errors.Is(err, realty.ErrTokenRefused) {
		return n.startOver(ctx, client, conn)
	}
	if err != nil {
		return lane.Result{}, err
	}
	now := n.Now()
	if conn.Cursor == "" { // the first read only tells where "now" is
		if err := n.Store.TakeCursor(ctx, conn.Portal, conn.Name, string(page.Next)); err != nil {
			return lane.Result{}, err
		}
		return lane.Result{Verdict: lane.Again, At: now.Add(n.Interval)}, nil
	}
	next := string(page.Next)
	if next == "" {
		next = conn.Cursor
	}
	if len(page.Items) == 0 && next == conn.Cursor && conn.State == "" {
		writes, err := n.safetyNet(ctx, client, conn)
		return lane.Result{Verdict: lane.Again, At: now.Add(n.Interval), Writes: writes}, err
	}
	advance, unread := n.advance(conn, page, next)
	writes := []lane.Write{advance}
	if unread { // it may have been about any of ours
		open, err := n.Store.OpenDocflows(ctx, string(conn.Portal), conn.Name, now.Add(time.Hour), safetyBatch)
		if err != nil {
			return lane.Result{}, err
		}
		caught, err := n.catchUp(ctx, client, open)
		if err != nil {
			return lane.Result{}, err
		}
		writes = append(writes, caught...)
	}
	again := now
	if len(page.Items) == 0 {
		again = now.Add(n.Interval)
	}
	return lane.Result{Verdict: lane.Again, At: again, Writes: writes, Note: fmt.Sprintf("%d news items", len(page.Items))}, nil
}

// advance makes the write of a page. An item that can't be read must not stop the rest of the feed;
// unread reports that there was one.
func (n *News) advance(conn portal.Connection, page realty.NewsPage, next string) (a Advance, unread bool) {
	now := n.Now()
	a = Advance{Portal: string(conn.Portal), Connection: conn.Name, From: conn.Cursor, Cursor: next, At: now}
	for _, item := range page.Items {
		if item.Err != nil {
			n.Log.Error("news item not understood", "portal", string(conn.Portal), "error", item.Err)
			unread = true
			continue
		}
		at := item.Date
		if at.IsZero() {
			at = now
		} else {
			n.Lag(now.Sub(at))
		}
		u := FromRealty(item.Docflow, docflow.CauseNews, item.Token, at)
		a.Items = append(a.Items, Item{ExternalID: u.ExternalID, RequestID: item.Docflow.RequestID, Update: u})
	}
	return a, unread
}

// startOver takes a new position when the old one is refused, and reads every open docflow once: what
// happened in between is in none of the pages that will come.
func (n *News) startOver(ctx context.Context, client *realty.Client, conn portal.Connection) (lane.Result, error) {
	page, err := client.News(ctx, "")
	if err != nil {
		return lane.Result{}, err
	}
	now := n.Now()
	open, err := n.Store.OpenDocflows(ctx, string(conn.Portal), conn.Name, now.Add(time.Hour), 10000)
	if err != nil {
		return lane.Result{}, err
	}
	writes := []lane.Write{Advance{Portal: string(conn.Portal), Connection: conn.Name, From: conn.Cursor, Cursor: string(page.Next), At: now}}
	caught, err := n.catchUp(ctx, client, open)
	if err != nil {
		return lane.Result{}, err
	}
	n.Log.Warn("the position in the news was refused; took a new one", "portal", string(conn.Portal), "docflows", len(open))
	return lane.Result{Verdict: lane.Again, At: now, Writes: append(writes, caught...), Note: "took a new position in the news"}, nil
}

// safetyNet reads docflows one by one that no news has touched for long.
func (n *News) safetyNet(ctx context.Context, client *realty.Client, conn portal.Connection) ([]lane.Write, error) {
	at, now := target{string(conn.Portal), conn.Name}, n.Now()
	n.mu.Lock()
	due := now.Sub(n.safety[at]) >= safetyEvery
	if due {
		n.safety[at] = now
	}
	n.mu.Unlock()
	if !due {
		return nil, nil
	}
	open, err := n.Store.OpenDocflows(ctx, at.Portal, at.Connection, now.Add(-safetyAge), safetyBatch)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	return n.catchUp(ctx, client, open)
}

func (n *News) catchUp(ctx context.Context, client *realty.Client, open []docflow.Record) ([]lane.Write, error) {
	var writes []lane.Write
	for _, rec := range open {
		d, err := client.Get(ctx, realty.DocflowID(rec.ExternalID))
		if errors.Is(err, realty.ErrNotFound) || errors.Is(err, realty.ErrNoAccess) {
			continue
		}
		if err != nil {
			return nil, err
		}
		writes = append(writes, docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: FromRealty(d, docflow.CauseGet, "", n.Now())})
	}
	return writes, nil
}

// rest decides when a failed feed reads on.
func (n *News) rest(ctx context.Context, conn portal.Connection, err error) lane.Result {
	now := n.Now()
	at := now.Add(max(n.Interval, time.Second))
	switch upstream.ClassOf(err) {
	case upstream.Wait:
		if until := upstream.RetryAt(err); until.After(at) {
			at = until
		}
	case upstream.Broken: // a changed API or a bug of ours: asking more often helps nobody
		at = now.Add(max(refusedPause, n.Interval))
	case upstream.Refused, upstream.Relogin:
		at = now.Add(max(refusedPause, n.Interval))
		if mark := n.Store.MarkConnection(ctx, conn.Portal, conn.Name, "refused", err.Error()); mark != nil {
			n.Log.Warn("the connection's fault could not be stored", "error", mark)
		}
	}
	n.Log.Warn("news cannot be read", "portal", string(conn.Portal), "class", upstream.ClassOf(err).String(), "error", err)
	return lane.Result{Verdict: lane.Again, At: at, Note: err.Error()}
}
