package incoming

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
)

// Store finds records of messages.
type Store interface {
	BoxMessages(ctx context.Context, portal, connection string, externalIDs, requestIDs []string) ([]docflow.Record, error)
}

// Portals gives what a portal's administrator has set.
type Portals interface {
	Settings(ctx context.Context, id portal.ID) (settings.Settings, error)
	Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error)
}

// Clients gives clients that are ready to call.
type Clients interface {
	Bitrix(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	Diadoc(c portal.Connection) (*diadoc.Client, error)
}

// Worker works the rows of messages that came.
type Worker struct {
	Store   Store
	Portals Portals
	Clients Clients
	Now     func() time.Time
}

// How long, and how often, a message is waited for that the service has told of and does not show yet.
const (
	shownWithin = 2 * time.Minute
	lookAgain   = 10 * time.Second
)

// letter is a message that came, with where it came to.
type letter struct {
	portal portal.ID
	conn   portal.Connection
	client *diadoc.Client
	box    diadoc.BoxID
	diadoc.Message
	update docflow.Update
}

// Work implements lane.Worker. Everything before the last write only looks, but for a lead, which is looked for
// before it is made: a row that runs twice makes one card and one record.
func (w Worker) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var came feed.Arrived
	if err := json.Unmarshal(row.Body, &came); err != nil {
		return lane.Result{}, err
	}
	l := letter{portal: portal.ID(row.Lane)}
	done, err := w.read(ctx, row, came, &l)
	if err != nil || done.Note != "" {
		return done, err
	}
	set, err := w.Portals.Settings(ctx, l.portal)
	if err != nil {
		return lane.Result{}, err
	}
	rule, ok := set.IncomingRule(l.conn.Name, typesOf(l.update))
	if !ok || rule.Action == settings.IncomingNone {
		return lane.Result{Note: "правило incoming оставляет документ без карточки"}, nil
	}
	card, err := w.card(ctx, l, rule)
	if err != nil {
		return lane.Result{}, fmt.Errorf("для документа Диадока не нашлась карточка: %w", err)
	}
	id := docflow.ID(uuid.NewSHA1(uuid.NameSpaceOID, []byte("konturbridge/incoming/"+row.Lane+"/"+l.conn.Name+"/"+came.Message)).String())
	rec := docflow.Record{ID: id, Portal: row.Lane, Card: card, System: docflow.Diadoc, Kind: cmp.Or(first(typesOf(l.update)), "Nonformalized"),
		Connection: l.conn.Name, RequestID: string(id), ExternalID: l.update.ExternalID, Created: w.Now()}
	return lane.Result{Note: "документ Диадока отнесён к карточке " + card.String(),
		Writes: []lane.Write{docflow.Prepare{Record: rec}, docflow.Settle{ID: id, Update: l.update}}}, nil
}

// read reads the message; a result with a note ends the row.
func (w Worker) read(ctx context.Context, row lane.Row, came feed.Arrived, l *letter) (lane.Result, error) {
	conns, err := w.Portals.Connections(ctx, l.portal)
	if err != nil {
		return lane.Result{}, err
	}
	at := slices.IndexFunc(conns, func(c portal.Connection) bool { return c.Name == came.Connection && c.Kind == docflow.Diadoc })
	if at < 0 {
		return lane.Result{Note: "подключения " + came.Connection + " больше нет в настройках"}, nil
	}
	l.conn, l.box = conns[at], diadoc.BoxID(conns[at].AccountID)
	known, err := w.Store.BoxMessages(ctx, row.Lane, came.Connection, []string{came.Message}, nil)
	if err != nil {
		return lane.Result{}, err
	}
	if len(known) > 0 {
		return lane.Result{Note: "у документа уже есть карточка " + known[0].Card.String()}, nil
	}
	if l.client, err = w.Clients.Diadoc(l.conn); err != nil {
		return lane.Result{}, err
	}
	l.Message, err = l.client.GetMessage(ctx, l.box, diadoc.MessageID(came.Message), diadoc.MessageOptions{OriginalSignature: true})
	switch {
	case errors.Is(err, diadoc.ErrNotFound) && w.Now().Sub(row.Received) < shownWithin:
		return lane.Result{Verdict: lane.Aside, At: w.Now().Add(lookAgain), Note: "Диадок ещё не показывает документ"}, nil
	case errors.Is(err, diadoc.ErrNotFound), errors.Is(err, diadoc.ErrNoAccess):
		return lane.Result{Verdict: lane.Dead, Note: "Диадок не показывает документ пользователю подключения: " + err.Error()}, nil
	case err != nil:
		return lane.Result{}, err
	case l.IsDeleted:
		return lane.Result{Note: "документ удалён в Диадоке"}, nil
	}
	moment := l.TimestampTicks.Time()
	if moment.IsZero() {
		moment = w.Now()
	}
	l.update = feed.FromDiadoc(l.Message, l.box, docflow.CauseNews, "", moment)
	if l.update.State == "" {
		return lane.Result{Note: "в сообщении нет документов"}, nil
	}
	return lane.Result{}, nil
}

func typesOf(u docflow.Update) []string {
	var types []string
	for _, d := range u.Documents {
		types = append(types, d.Type)
	}
	return types
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}
