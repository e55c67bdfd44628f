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
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// KindNews is the kind of the row that follows one Реестро account. The row reschedules itself for ever.
const KindNews = "news"

// refusedPause is how long a feed rests after its credentials were refused; new settings start it at once.
const refusedPause = 10 * time.Minute

// Row makes the row that follows a connection's account, or its box. Connections with one account share the row,
// whatever portals they belong to: its news are read once. It has a lane of its own, so a slow account
// holds up nobody.
func Row(c portal.Connection) lane.NewRow {
	if c.Kind == docflow.Diadoc {
		return boxRow(c)
	}
	at := Account{Login: c.Login, ID: c.AccountID}
	body, err := json.Marshal(at)
	if err != nil { // two strings always marshal
		body = nil
	}
	hash := sha256.Sum256(body)
	return lane.NewRow{Lane: "news/" + hex.EncodeToString(hash[:8]), Part: "news", Kind: KindNews, Body: body}
}

// Account is what connections have in common that read the same news.
type Account struct {
	Login string `json:"login"`
	ID    string `json:"accountId"`
}

// Store is what the feed reads and writes.
type Store interface {
	// AccountConnections lists the Реестро connections of an account, of all portals, in a fixed order.
	AccountConnections(ctx context.Context, account Account) ([]portal.Connection, error)
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
	safety map[followed]checked
}

type followed struct{ portal, connection string }

// NewNews returns a News worker.
func NewNews(d Deps) *News {
	if d.Lag == nil {
		d.Lag = func(time.Duration) {}
	}
	return &News{Deps: d, safety: map[followed]checked{}}
}

// Work implements lane.Worker: it reads one page and stores what it caused together with the new
// position. A feed never dies of a failure: it rests and reads on from where it stands.
//
// Connections that stand at one position, with one password, share the read. A connection that joins an
// account stands apart until both have read to the end.
func (n *News) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var at Account
	if err := json.Unmarshal(row.Body, &at); err != nil {
		return lane.Result{}, err
	}
	conns, err := n.Store.AccountConnections(ctx, at)
	if err != nil {
		return lane.Result{}, err
	}
	if len(conns) == 0 {
		return lane.Result{Note: "no connection of the settings uses the account any more"}, nil
	}
	return eachGroup(ctx, together(conns), n.read, n.rest)
}

// together groups connections that read the same page in the same name.
func together(conns []portal.Connection) [][]portal.Connection {
	type position struct{ password, cursor string }
	at := map[position]int{}
	var groups [][]portal.Connection
	for _, c := range conns {
		key := position{c.Secrets["password"], c.Cursor}
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
func (n *News) read(ctx context.Context, group []portal.Connection) (lane.Result, error) {
	cursor := group[0].Cursor
	client := n.Realty(group[0])
	page, err := client.News(ctx, realty.Token(cursor))
	if errors.Is(err, realty.ErrTokenRefused) {
		return n.startOver(ctx, client, group)
	}
	if err != nil {
		return lane.Result{}, err
	}
	now := n.Now()
	if cursor == "" { // the first read only tells where "now" is
		for _, conn := range group {
			if err := n.Store.TakeCursor(ctx, conn.Portal, conn.Name, string(page.Next)); err != nil {
				return lane.Result{}, err
			}
		}
		return lane.Result{Verdict: lane.Again, At: now.Add(n.Interval)}, nil
	}
	next := string(page.Next)
	if next == "" {
		next = cursor
	}
	again := now
	if len(page.Items) == 0 {
		again = now.Add(n.Interval)
	}
	items, strange := n.items(page)
	var writes []lane.Write
	for _, conn := range group {
		made, err := n.writes(ctx, client, conn, items, next, strange)
		if err != nil {
			return lane.Result{}, err
		}
		writes = append(writes, made...)
	}
	note := ""
	if len(page.Items) > 0 {
		note = fmt.Sprintf("%d news items", len(page.Items))
	}
	return lane.Result{Verdict: lane.Again, At: again, Writes: writes, Note: note}, nil
}

// writes lists what a page changes for one connection.
func (n *News) writes(ctx context.Context, client *realty.Client, conn portal.Connection, items []Item, next string, strange []realty.NewsItem) ([]lane.Write, error) {
	if len(items) == 0 && len(strange) == 0 && next == conn.Cursor && conn.State == "" {
		return n.safetyNet(ctx, client, conn)
	}
	now := n.Now()
	writes := []lane.Write{Advance{Portal: string(conn.Portal), Connection: conn.Name, From: conn.Cursor, Cursor: next, At: now, Items: items}}
	if len(strange) == 0 {
		return writes, nil
	}
	open, err := n.Store.OpenDocflows(ctx, string(conn.Portal), conn.Name, now.Add(time.Hour), safetyList)
	if err != nil { // what was not understood may have been about any of ours
		return nil, err
	}
	caught, err := n.catchUp(ctx, client, concerned(strange, open))
	return append(writes, caught...), err
}

// items translates a page. An item that can't be read must not stop the rest of the feed; strange are those.
func (n *News) items(page realty.NewsPage) (items []Item, strange []realty.NewsItem) {
	now := n.Now()
	for _, item := range page.Items {
		if item.Err != nil {
			n.Log.Error("news item not understood", "error", item.Err)
			strange = append(strange, item)
			continue
		}
		at := item.Date
		if at.IsZero() {
			at = now
		} else {
			n.Lag(now.Sub(at))
		}
		u := FromRealty(item.Docflow, docflow.CauseNews, item.Token, at)
		items = append(items, Item{ExternalID: u.ExternalID, RequestID: item.Docflow.RequestID, Update: u})
	}
	return items, strange
}

// startOver takes a new position when the old one is refused, and reads every open docflow once: what
// happened in between is in none of the pages that will come.
func (n *News) startOver(ctx context.Context, client *realty.Client, group []portal.Connection) (lane.Result, error) {
	page, err := client.News(ctx, "")
	if err != nil {
		return lane.Result{}, err
	}
	now := n.Now()
	var writes []lane.Write
	for _, conn := range group {
		open, err := n.Store.OpenDocflows(ctx, string(conn.Portal), conn.Name, now.Add(time.Hour), 10000)
		if err != nil {
			return lane.Result{}, err
		}
		caught, err := n.catchUp(ctx, client, open)
		if err != nil {
			return lane.Result{}, err
		}
		n.Log.Warn("the position in the news was refused; took a new one", "portal", string(conn.Portal), "docflows", len(open))
		writes = append(writes, Advance{Portal: string(conn.Portal), Connection: conn.Name, From: conn.Cursor, Cursor: string(page.Next), At: now})
		writes = append(writes, caught...)
	}
	return lane.Result{Verdict: lane.Again, At: now, Writes: writes, Note: "took a new position in the news"}, nil
}

// rest decides when a failed feed reads on.
func (n *News) rest(ctx context.Context, group []portal.Connection, err error) lane.Result {
	at, refused := restUntil(n.Now(), n.Interval, err)
	if refused {
		for _, conn := range group {
			if mark := n.Store.MarkConnection(ctx, conn.Portal, conn.Name, "refused", err.Error()); mark != nil {
				n.Log.Warn("the connection's fault could not be stored", "error", mark)
			}
		}
	}
	n.Log.Warn("news cannot be read", "portal", string(group[0].Portal), "connections", len(group), "class", upstream.ClassOf(err).String(), "error", err)
	return lane.Result{Verdict: lane.Again, At: at, Note: err.Error()}
}

// restUntil tells when a feed that failed so reads on, and whether its credentials were refused.
func restUntil(now time.Time, interval time.Duration, err error) (at time.Time, refused bool) {
	at = now.Add(max(interval, time.Second))
	switch upstream.ClassOf(err) {
	case upstream.Wait:
		if until := upstream.RetryAt(err); until.After(at) {
			at = until
		}
	case upstream.Broken: // a changed API or a bug of ours: asking more often helps nobody
		at = now.Add(max(refusedPause, interval))
	case upstream.Refused, upstream.Relogin:
		return now.Add(max(refusedPause, interval)), true
	}
	return at, false
}
