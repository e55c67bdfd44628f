package action_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/internal/seal"
	"konturbridge/realty"
	"konturbridge/realty/schema"
	"konturbridge/sandbox"
)

// world is the sandbox's demo portal and Реестро with a worker of actions between them.
type world struct {
	*clock
	box    *sandbox.Sandbox
	demo   sandbox.Demo
	member string
	base   string
	b24    *bitrix.Client
	client *realty.Client
	office *diadoc.Client // of tests about Диадок
	store  *store.Store
	seal   *seal.Box
	worker *action.Worker
	set    settings.Settings
	lease  lane.Lease
	rows   int64
	// onSession runs before each call to Реестро.
	onSession func()
	// instead may answer a request in the sandbox's place.
	instead func(rw http.ResponseWriter, r *http.Request) bool
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{clock: newClock()}
	w.box = sandbox.New(sandbox.Config{Now: w.Now})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.instead == nil || !w.instead(rw, r) {
			w.box.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(w.box.Close)
	w.box.SetBaseURL(server.URL)
	w.base = server.URL + "/realty/v1"
	w.demo = w.box.SeedDemo()
	w.member = w.demo.Portal.MemberID()
	w.b24 = installed(t, w.box.Bitrix, w.demo.Portal, server.URL)
	w.store, w.seal = openStore(t, w.Now, func(rec docflow.Record, ch docflow.Change, met []docflow.Waiter) []reaction.Effect {
		return reaction.Plan(w.set, rec, ch, met)
	})
	w.client = realty.New(calls(), w.base, &session{w: w})
	w.connect(t, "main")
	w.lease = w.leased(t)
	w.restart(t)
	return w
}

// schemaSet is read once: every test, and every new process in one, uses the same.
var schemaSet = sync.OnceValues(schema.Load)

// restart is a new process over the same database.
func (w *world) restart(t *testing.T) {
	t.Helper()
	schemas, err := schemaSet()
	require.NoError(t, err)
	w.worker = action.New(action.Deps{Store: w.store, Messages: w.store, Portals: w, Clients: w, Check: checker{schemas}, Now: w.Now, NotFound: store.ErrNotFound})
}

// connect makes the portal's accounts those of the names.
func (w *world) connect(t *testing.T, names ...string) {
	t.Helper()
	require.NoError(t, w.store.SavePortal(t.Context(), portal.Portal{ID: portal.ID(w.member), State: portal.Active, Installed: w.Now()}, portal.Application{ClientID: "c", State: portal.Active}))
	var conns []portal.Connection
	for i, name := range names {
		conns = append(conns, portal.Connection{Portal: portal.ID(w.member), Name: name, Kind: docflow.Realty, Default: i == 0,
			AccountID: w.demo.AccountID, Secrets: map[string]string{}})
	}
	require.NoError(t, w.store.SaveSettings(t.Context(), portal.ID(w.member), nil, conns, nil, nil))
}

func (w *world) leased(t *testing.T) lane.Lease {
	t.Helper()
	require.NoError(t, w.store.EnsureRows(t.Context(), lane.NewRow{Lane: w.member, Part: "x", Kind: "x"}))
	leases, err := w.store.Claim(t.Context(), "node", time.Hour, 10)
	require.NoError(t, err)
	require.Len(t, leases, 1)
	return leases[0]
}

type checker struct{ set *schema.Set }

func (c checker) Check(kind string, options any) (out []mapping.SchemaProblem) {
	for _, p := range c.set.Check(kind, options) {
		severity := mapping.SeverityWarning
		if p.Severity == schema.Refuse {
			severity = mapping.SeverityError
		}
		out = append(out, mapping.SchemaProblem{Path: p.Path, Rule: p.Rule, Severity: severity, MessageRU: p.MessageRU, MessageEN: p.MessageEN, Value: p.Value})
	}
	return out
}

type session struct {
	w  *world
	id string
}

func (s *session) Session(ctx context.Context) (string, error) {
	if s.w.onSession != nil {
		s.w.onSession()
	}
	if s.id != "" {
		return s.id, nil
	}
	return s.Renew(ctx, "")
}

func (s *session) Renew(ctx context.Context, _ string) (string, error) {
	d := s.w.demo
	answer, err := realty.Login(ctx, calls(), s.w.base, realty.Credentials{Login: d.Login, Password: d.Password, AccountID: d.AccountID})
	s.id = answer.SessionID
	return s.id, err
}

func (w *world) Bitrix(context.Context, portal.ID) (*bitrix.Client, error) { return w.b24, nil }
func (w *world) Diadoc(portal.Connection) (*diadoc.Client, error) {
	return w.office, nil
}

func (w *world) Realty(portal.Connection) *realty.Client                        { return w.client }
func (w *world) Settings(context.Context, portal.ID) (settings.Settings, error) { return w.set, nil }
func (w *world) Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error) {
	return w.store.Connections(ctx, id)
}

// props are a robot's parameters.
type props = map[string]any

// call makes the row of a robot that waits.
func (w *world) call(t *testing.T, code string, deal int, p props) lane.Row {
	t.Helper()
	c := inbox.Call{Card: docflow.Card{EntityType: 2, ID: int64(deal)}, Properties: bitrix.Properties{}, EventToken: []byte("sealed " + code)}
	for name, value := range p {
		switch v := value.(type) {
		case string:
			c.Properties[name] = bitrix.PropertyValue{Values: []string{v}}
		case []string:
			c.Properties[name] = bitrix.PropertyValue{Values: v, List: true}
		}
	}
	body, err := json.Marshal(c)
	require.NoError(t, err)
	w.rows++
	return lane.Row{ID: w.rows, Lane: w.member, Kind: inbox.KindRobot, Code: code, Body: body, Received: w.Now(), Lease: w.lease}
}

// run works a row and commits its outcome.
func (w *world) run(t *testing.T, row lane.Row) lane.Result {
	t.Helper()
	result, err := w.worker.Work(t.Context(), row)
	require.NoError(t, err)
	require.NoError(t, w.store.Commit(t.Context(), result.Writes...))
	return result
}

func (w *world) do(t *testing.T, code string, deal int, p props) lane.Result {
	t.Helper()
	return w.run(t, w.call(t, code, deal, p))
}

// news reads what the registrar did and commits it.
func (w *world) news(t *testing.T) {
	t.Helper()
	conns, err := w.store.Connections(t.Context(), portal.ID(w.member))
	require.NoError(t, err)
	page, err := w.client.News(t.Context(), realty.Token(conns[0].Cursor))
	require.NoError(t, err)
	a := feed.Advance{Portal: w.member, Connection: conns[0].Name, From: conns[0].Cursor, Cursor: string(page.Next), At: w.Now()}
	for _, item := range page.Items {
		u := feed.FromRealty(item.Docflow, docflow.CauseNews, item.Token, w.Now())
		a.Items = append(a.Items, feed.Item{ExternalID: u.ExternalID, RequestID: item.Docflow.RequestID, Update: u})
	}
	require.NoError(t, w.store.Commit(t.Context(), a))
}

func (w *world) record(t *testing.T) docflow.Record {
	t.Helper()
	all, err := w.store.Docflows(t.Context(), w.member, 10)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all[0]
}

// answers lists what waiting robots of a deal are told, and takes it.
func (w *world) answers(t *testing.T, deal int) (told []map[string]any) {
	t.Helper()
	effects, err := w.store.WaitingEffects(t.Context(), w.member, docflow.Card{EntityType: 2, ID: int64(deal)})
	require.NoError(t, err)
	for _, e := range effects {
		if e.Kind == reaction.RobotReturn {
			var p reaction.ReturnParams
			require.NoError(t, json.Unmarshal(e.Params, &p))
			told = append(told, p.Values)
		}
		require.NoError(t, w.store.Commit(t.Context(), reaction.Ended{ID: e.ID}))
	}
	return told
}

// refusal runs an action that must be refused and gives its text, as the card and the robot see it.
func (w *world) refusal(t *testing.T, code string, row lane.Row) string {
	t.Helper()
	w.answers(t, w.demo.Sale)
	result := w.run(t, row)
	require.Equal(t, lane.Done, result.Verdict, result.Note)
	var c inbox.Call
	require.NoError(t, json.Unmarshal(row.Body, &c))
	told := w.answers(t, int(c.Card.ID))
	require.Len(t, told, 1, result.Note)
	require.Equal(t, "error", told[0]["state"])
	require.Equal(t, code, told[0]["error_code"], told[0]["error"])
	text, _ := told[0]["error"].(string)
	require.NotContains(t, text, "bitrix:")
	require.NotContains(t, text, "realty:")
	return text
}

// ops counts the calls that Реестро has seen.
func (w *world) ops(op string) (n int) {
	for _, c := range w.box.Realty.Calls() {
		if c.Op == op {
			n++
		}
	}
	return n
}

func (w *world) methods() (all []string) {
	for _, c := range w.demo.Portal.Calls() {
		if !slices.Contains(all, c.Method) {
			all = append(all, c.Method)
		}
	}
	return all
}
