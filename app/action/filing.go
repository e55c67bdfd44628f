package action

import (
	"context"
	"errors"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// filing is what a create action wants filed. body is asked for only when nothing is stored yet.
type filing struct {
	kind       realty.Kind
	until      docflow.Until
	connection string // the account to file through; "": the default one
	// about finds the docflow that this one is about, whose account it goes through; nil: none.
	about func(ctx context.Context) (docflow.Record, error)
	body  func(ctx context.Context, client *realty.Client, requestID string) (frozen, error)
}

// file makes one docflow of a row, however often the row runs:
//
//	nothing stored     take the position in the news, make and freeze the body, store it marked as tried, call
//	stored, not tried  an earlier try surely failed: mark the next, call
//	tried, no answer   look for the docflow by its request id before anything else
func (r *runner) file(ctx context.Context, c *call, f filing) (lane.Result, error) {
	id := c.docflowID()
	rec, err := r.Store.Docflow(ctx, id)
	if errors.Is(err, r.NotFound) {
		return r.fileNew(ctx, c, id, f)
	}
	if err != nil {
		return lane.Result{}, err
	}
	c.filed = true
	if rec.State != docflow.Prepared {
		return lane.Result{Note: "filed by an earlier run"}, nil
	}
	client, err := r.client(ctx, rec)
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok {
		return r.stranded(rec, refusal), nil
	}
	if err != nil {
		return lane.Result{}, err
	}
	return r.fileStored(ctx, c.row, client, rec)
}

// fileStored files a stored request once: a try that may have arrived is looked for before another one.
func (r *runner) fileStored(ctx context.Context, row lane.Row, client *realty.Client, rec docflow.Record) (lane.Result, error) {
	if !rec.TriedAt.IsZero() {
		return r.lookFor(ctx, client, rec)
	}
	rec, err := r.tried(ctx, row, rec)
	if err != nil {
		return lane.Result{}, err
	}
	return r.create(ctx, row, client, rec)
}

// fileNew freezes the request and stores it, with whoever waits for it and the mark of the first try, in
// one transaction before the first call.
func (r *runner) fileNew(ctx context.Context, c *call, id docflow.ID, f filing) (lane.Result, error) {
	if f.about != nil {
		parent, err := f.about(ctx)
		if err != nil {
			return lane.Result{}, err
		}
		f.connection = parent.Connection
	}
	conn, err := r.connection(ctx, c.portal, f.connection)
	if err != nil {
		return lane.Result{}, err
	}
	client := r.Clients.Realty(conn)
	if conn.Cursor == "" {
		if conn.Cursor, err = r.takePosition(ctx, client, conn); err != nil {
			return lane.Result{}, err
		}
	}
	made, err := f.body(ctx, client, string(id))
	if err != nil {
		return lane.Result{}, err
	}
	now := r.Now()
	rec := docflow.Record{ID: id, Portal: string(c.portal), Card: c.Card, System: docflow.Realty, Kind: string(f.kind),
		Connection: conn.Name, RequestID: string(id), Body: made.body, State: docflow.Prepared, Created: now, Changed: now, Version: 1}
	mark := docflow.Tried{ID: id, NewsFrom: conn.Cursor, At: now}
	prepare := docflow.Prepare{Record: rec, Waiter: c.waiter(id, f.until), Doubtful: made.doubtful}
	warned := reaction.Enqueue{Effects: reaction.Warned(rec, c.action.Name.RU, made.doubtful)}
	if err := r.Store.Write(ctx, c.row.Lease, prepare, mark, warned); err != nil {
		return lane.Result{}, err
	}
	c.filed = true
	return r.create(ctx, c.row, client, marked(rec, mark))
}

// tried marks a further try: the one before it surely did not reach the service.
func (r *runner) tried(ctx context.Context, row lane.Row, rec docflow.Record) (docflow.Record, error) {
	conn, err := r.connection(ctx, portal.ID(rec.Portal), rec.Connection)
	if err != nil {
		return rec, err
	}
	mark := docflow.Tried{ID: rec.ID, NewsFrom: conn.Cursor, At: r.Now()}
	return marked(rec, mark), r.Store.Write(ctx, row.Lease, mark)
}

// marked is the record as the store has it after the mark.
func marked(rec docflow.Record, mark docflow.Tried) docflow.Record {
	rec.TriedAt, rec.NewsFrom = mark.At, mark.NewsFrom
	rec.Version++
	return rec
}

// stranded ends a filing whose account is gone: nothing was filed, or nobody can look any more.
func (r *runner) stranded(rec docflow.Record, refusal *docflow.Refusal) lane.Result {
	state := docflow.Failed
	if !rec.TriedAt.IsZero() {
		state = docflow.Uncertain
	}
	return lane.Result{Note: refusal.CRMText, Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version,
		Update: docflow.Update{State: state, Refusal: refusal, Cause: docflow.CauseCreate, At: r.Now()}}}}
}

// takePosition stores where the account's news stand before anything can be filed through it.
func (r *runner) takePosition(ctx context.Context, client *realty.Client, conn portal.Connection) (string, error) {
	page, err := client.News(ctx, "")
	if err != nil {
		return "", err
	}
	return string(page.Next), r.Store.TakeCursor(ctx, conn.Portal, conn.Name, string(page.Next))
}

// create makes the one call that files. The try is stored before it, so that a crash from here on is
// seen as a possible filing.
func (r *runner) create(ctx context.Context, row lane.Row, client *realty.Client, rec docflow.Record) (lane.Result, error) {
	answer, err := client.Create(ctx, realty.Kind(rec.Kind), rec.Body)
	if err == nil {
		u := feed.FromRealty(answer, docflow.CauseCreate, "", r.Now())
		return lane.Result{Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: u}}}, nil
	}
	switch {
	case upstream.ClassOf(err) == upstream.Refused:
		refusal := refusalOf(err, realty.Kind(rec.Kind))
		return lane.Result{Note: refusal.Journal(), Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version,
			Update: docflow.Update{State: docflow.Failed, Refusal: refusal, Cause: docflow.CauseCreate, At: r.Now()}}}}, nil
	case ctx.Err() != nil && upstream.MaybeDone(err):
		return lane.Result{}, err // the next run looks for it
	case upstream.MaybeDone(err):
		return r.lookLater(rec), nil
	}
	// Also when the process is being stopped: a mark left behind would cost a search for nothing.
	if unmark := r.Store.Write(context.WithoutCancel(ctx), row.Lease, docflow.Untried{ID: rec.ID}); unmark != nil {
		return lane.Result{}, unmark
	}
	return lane.Result{}, err
}

// lookFor searches the news since the try for the docflow that a lost answer may have made. Nothing is
// created again: while it may still appear the row waits, and then a person decides.
func (r *runner) lookFor(ctx context.Context, client *realty.Client, rec docflow.Record) (lane.Result, error) {
	for page, err := range client.NewsPages(ctx, realty.Token(rec.NewsFrom)) {
		if errors.Is(err, realty.ErrTokenRefused) {
			break // it can't be looked for from there; the feed knows it by its request id when it comes
		}
		if err != nil {
			return lane.Result{}, err
		}
		for _, item := range page.Items {
			if item.Err == nil && item.Docflow.RequestID == rec.RequestID {
				u := feed.FromRealty(item.Docflow, docflow.CauseSearch, item.Token, r.Now())
				return lane.Result{Note: "the answer was lost; found by its request id",
					Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: u}}}, nil
			}
		}
	}
	now := r.Now()
	if now.Sub(rec.TriedAt) < r.Uncertain {
		return r.lookLater(rec), nil
	}
	refusal := &docflow.Refusal{Code: "uncertain",
		CRMText: "Ответ Реестро на создание документооборота потерян, и найти его не удалось. Проверьте в личном кабинете Реестро, создан ли документооборот с номером запроса " + rec.RequestID + ", прежде чем подавать снова.",
		TextEN:  "Reestro's answer was lost and the docflow was not found. Check in Reestro whether request " + rec.RequestID + " exists before filing again."}
	return lane.Result{Note: "uncertain: a person must decide", Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version,
		Update: docflow.Update{State: docflow.Uncertain, Refusal: refusal, Cause: docflow.CauseSearch, At: now}}}}, nil
}

// lookLater sets the row aside: while it looks, the card's other work goes on, except about this docflow.
func (r *runner) lookLater(rec docflow.Record) lane.Result {
	return lane.Result{Verdict: lane.Aside, At: r.Now().Add(r.Look), Key: string(rec.ID),
		Note: "ответ на создание потерян; документооборот ищется в новостях Реестро"}
}
