package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
	"konturbridge/sandbox/realtysim"
)

const (
	member  = "m1"
	account = "5ee84ac0-eb9a-4b42-b814-2f5f7c27c255"
)

// rig follows one account of a simulated Реестро.
type rig struct {
	*apptest.Clock
	sim      *realtysim.Server
	base     string
	client   *realty.Client
	store    *store.Store
	news     *feed.News
	lag      []time.Duration
	password string
}

func setup(t *testing.T, cfg realtysim.Config) *rig {
	t.Helper()
	r := &rig{Clock: apptest.NewClock(), password: "123"}
	cfg.Now = r.Now
	r.sim = realtysim.New(cfg)
	server := httptest.NewServer(r.sim)
	t.Cleanup(server.Close)
	r.sim.AddAccount("a@b.ru", "123", account)
	r.follow(t, server.URL+"/realty/v1")
	return r
}

func (r *rig) follow(t *testing.T, base string) {
	t.Helper()
	r.store, _ = apptest.OpenStore(t, r.Now, func(rec docflow.Record, ch docflow.Change, _ []docflow.Waiter) []reaction.Effect {
		return []reaction.Effect{{Portal: rec.Portal, Card: rec.Card, Docflow: rec.ID, Kind: reaction.Comment, Params: []byte(`"` + string(ch.To) + `"`)}}
	})
	require.NoError(t, r.store.SavePortal(t.Context(), portal.Portal{ID: member, State: portal.Active, Installed: r.Now()}, portal.Application{ClientID: "c", State: portal.Active}))
	r.settle(t)
	r.base = base
	r.client = r.clientWith(&r.password)
	r.news = feed.NewNews(feed.Deps{Store: r.store, Realty: func(portal.Connection) *realty.Client { return r.client }, Interval: 15 * time.Second,
		Now: r.Now, Log: slog.New(slog.DiscardHandler), Lag: func(d time.Duration) { r.lag = append(r.lag, d) }})
}

func (r *rig) clientWith(password *string) *realty.Client {
	return realty.New(apptest.Calls(), r.base, &session{base: r.base, password: password})
}

// settle applies the settings with the account, as an administrator does.
func (r *rig) settle(t *testing.T) {
	t.Helper()
	require.NoError(t, r.store.SaveSettings(t.Context(), member, nil, []portal.Connection{{Portal: member, Name: "main", Kind: docflow.Realty,
		Default: true, Login: "a@b.ru", AccountID: account, Secrets: map[string]string{"password": "123"}}}, nil, nil))
}

// session logs in anew for every call that was refused.
type session struct {
	base     string
	password *string
	id       string
}

func (s *session) Session(ctx context.Context) (string, error) {
	if s.id != "" {
		return s.id, nil
	}
	return s.Renew(ctx, "")
}

func (s *session) Renew(ctx context.Context, _ string) (string, error) {
	answer, err := realty.Login(ctx, apptest.Calls(), s.base, realty.Credentials{Login: "a@b.ru", Password: *s.password, AccountID: account})
	s.id = answer.SessionID
	return s.id, err
}

func (r *rig) conn(t *testing.T) portal.Connection {
	t.Helper()
	all, err := r.store.Connections(t.Context(), member)
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

// poll works the feed's row once and commits what it read.
func (r *rig) poll(t *testing.T) lane.Result {
	t.Helper()
	result := r.read(t)
	require.NoError(t, r.store.Commit(t.Context(), result.Writes...))
	return result
}

func (r *rig) read(t *testing.T) lane.Result {
	t.Helper()
	result, err := r.news.Work(t.Context(), lane.Row{Body: feed.Row(portal.Connection{Login: "a@b.ru", AccountID: account}).Body})
	require.NoError(t, err)
	return result
}

// file stores a record and files it, as an action does.
func (r *rig) file(t *testing.T, id string) docflow.Record {
	t.Helper()
	body, err := realty.NewCreateBody(id, map[string]string{"type": "info", "cadastralNumber": "47:14:1203001:814"})
	require.NoError(t, err)
	rec := docflow.Record{ID: docflow.ID(id), Portal: member, Card: docflow.Card{EntityType: 2, ID: 57}, System: docflow.Realty,
		Kind: "object_request", Connection: "main", RequestID: id, Body: body, State: docflow.Prepared, Created: r.Now()}
	require.NoError(t, r.store.Commit(t.Context(), docflow.Prepare{Record: rec}))
	_, err = r.client.Create(t.Context(), realty.ObjectRequestKind, body)
	require.NoError(t, err)
	return rec
}

func (r *rig) record(t *testing.T, id string) docflow.Record {
	t.Helper()
	rec, err := r.store.Docflow(t.Context(), docflow.ID(id))
	require.NoError(t, err)
	return rec
}

func (r *rig) effects(t *testing.T) []string {
	t.Helper()
	all, err := r.store.WaitingEffects(t.Context(), member, docflow.Card{EntityType: 2, ID: 57})
	require.NoError(t, err)
	var texts []string
	for _, e := range all {
		texts = append(texts, strings.Trim(string(e.Params), `"`))
	}
	return texts
}

func TestTheFirstReadTakesThePosition(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	result := r.poll(t)
	require.Equal(t, lane.Again, result.Verdict)
	require.Equal(t, r.Now().Add(15*time.Second), result.At)
	require.Empty(t, result.Writes)
	first := r.conn(t).Cursor
	require.NotEmpty(t, first)
	result = r.poll(t)
	require.Empty(t, result.Writes, "an empty page writes nothing: idle accounts cost no disk")
	require.Equal(t, first, r.conn(t).Cursor)
}

func TestNewsMoveRecordsAndPositionTogether(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	r.poll(t)
	before := r.conn(t).Cursor
	r.file(t, "r1")
	stranger, err := realty.NewCreateBody("of another program", map[string]string{"type": "info", "cadastralNumber": "47:14:1203001:814"})
	require.NoError(t, err)
	_, err = r.client.Create(t.Context(), realty.ObjectRequestKind, stranger)
	require.NoError(t, err)
	r.Add(7 * time.Second)
	result := r.read(t)
	require.Equal(t, r.Now(), result.At, "a page with items is followed at once")
	require.Equal(t, before, r.conn(t).Cursor, "nothing moved yet")
	require.Equal(t, docflow.Prepared, r.record(t, "r1").State)
	require.NoError(t, r.store.Commit(t.Context(), result.Writes...))
	require.NotEqual(t, before, r.conn(t).Cursor)
	rec := r.record(t, "r1")
	require.Equal(t, docflow.Queued, rec.State)
	require.NotEmpty(t, rec.ExternalID, "it is known by its request id")
	require.Equal(t, []string{"queued"}, r.effects(t), "docflows of others change nothing")
	require.Equal(t, []time.Duration{7 * time.Second, 7 * time.Second}, r.lag)
	require.Error(t, r.store.Commit(t.Context(), result.Writes...), "a page counts once")
	require.Equal(t, []string{"queued"}, r.effects(t))
}

func TestPages(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{NewsPage: 2})
	r.poll(t)
	r.file(t, "r1")
	ext := r.sim.Find("r1")[0].ID
	require.NoError(t, r.sim.Dispatch(ext))
	require.NoError(t, r.sim.Complete(ext))
	require.Equal(t, r.Now(), r.poll(t).At)
	require.Equal(t, docflow.Sent, r.record(t, "r1").State)
	require.Equal(t, r.Now(), r.poll(t).At)
	require.Equal(t, docflow.Completed, r.record(t, "r1").State)
	require.Equal(t, r.Now().Add(15*time.Second), r.poll(t).At)
	require.Equal(t, []string{"queued", "sent", "completed"}, r.effects(t))
}

func TestAFullLife(t *testing.T) {
	t.Parallel()
	for name, sw := range map[string]realtysim.Switches{
		"as recommended": {}, "wrapped get": {WrappedGet: true}, "renamed array": {NewsKey: "newsItems"}, "old words": {OldStateNames: true, CamelTypes: true},
		"bare results": {ResultArray: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, realtysim.Config{})
			r.sim.SetSwitches(sw)
			r.poll(t)
			r.file(t, "r1")
			ext := r.sim.Find("r1")[0].ID
			require.NoError(t, r.sim.Dispatch(ext))
			require.NoError(t, r.sim.Complete(ext))
			r.poll(t)
			rec := r.record(t, "r1")
			require.Equal(t, docflow.Completed, rec.State)
			require.Len(t, rec.Files, 3)
			require.Equal(t, ext, rec.ExternalID)
		})
	}
}

func TestARefusedPositionStartsOver(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 404, 410} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			r := setup(t, realtysim.Config{})
			r.sim.SetSwitches(realtysim.Switches{RefusedToken: status})
			r.poll(t)
			r.file(t, "r1")
			r.poll(t)
			ext := r.sim.Find("r1")[0].ID
			require.NoError(t, r.sim.Dispatch(ext))
			old := r.conn(t).Cursor
			r.sim.ForgetNews()
			result := r.poll(t)
			require.Equal(t, r.Now(), result.At)
			require.NotEqual(t, old, r.conn(t).Cursor)
			require.Equal(t, docflow.Sent, r.record(t, "r1").State, "what happened in between was read one by one")
			require.NoError(t, r.sim.Complete(ext))
			r.poll(t)
			require.Equal(t, docflow.Completed, r.record(t, "r1").State)
		})
	}
}

func TestSilenceIsChecked(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	r.poll(t)
	r.file(t, "r1")
	r.poll(t)
	gets := func() (n int) {
		for _, c := range r.sim.Calls() {
			if c.Op == "get" {
				n++
			}
		}
		return n
	}
	r.poll(t)
	require.Zero(t, gets(), "what moved just now is not asked about")
	r.Add(7 * time.Hour)
	r.poll(t)
	require.Equal(t, 1, gets())
	r.poll(t)
	require.Equal(t, 1, gets(), "not at every poll")
	require.Equal(t, docflow.Queued, r.record(t, "r1").State)
}

func TestFaultsRestAndReadOn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fail  func(*rig)
		pause time.Duration
		state string
	}{
		"unavailable":         {func(r *rig) { r.sim.FailNext("news", 503, 1) }, 15 * time.Second, ""},
		"cut off":             {func(r *rig) { r.sim.LoseRequestNext("news") }, 15 * time.Second, ""},
		"no access":           {func(r *rig) { r.sim.FailNext("news", 403, 1) }, 10 * time.Minute, "refused"},
		"credentials refused": {func(r *rig) { r.password = "wrong"; r.sim.ExpireSessions() }, 10 * time.Minute, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, realtysim.Config{})
			r.poll(t)
			before := r.conn(t).Cursor
			tc.fail(r)
			result := r.poll(t)
			require.Equal(t, lane.Again, result.Verdict, "a feed never dies")
			require.Equal(t, r.Now().Add(tc.pause), result.At)
			require.NotEmpty(t, result.Note)
			require.NotContains(t, result.Note, "wrong")
			conn := r.conn(t)
			require.Equal(t, before, conn.Cursor)
			require.Equal(t, tc.state, conn.State)
			r.password = "123"
			r.poll(t)
			require.Empty(t, r.conn(t).State, "a good read clears the mark")
		})
	}
}

func TestARemovedConnectionEndsItsFeed(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	require.NoError(t, r.store.SaveSettings(t.Context(), member, nil, nil, nil, nil))
	require.Equal(t, lane.Done, r.read(t).Verdict)
	_, err := r.news.Work(t.Context(), lane.Row{Body: []byte("{")})
	require.Error(t, err)
	require.NoError(t, r.store.Close())
	_, err = r.news.Work(t.Context(), lane.Row{Body: feed.Row(portal.Connection{Login: "a@b.ru", AccountID: account}).Body})
	require.Error(t, err, "a database that is down is not the feed's fault")
	require.NotEqual(t, upstream.Refused, upstream.ClassOf(err))
}

// TestAStrangeItem: what can't be read stops nothing, and our docflows are asked about at once.
func TestAStrangeItem(t *testing.T) {
	t.Parallel()
	r := &rig{Clock: apptest.NewClock()}
	const ext = "d20bd506-6325-43e1-b2e4-105ec5d63417"
	page := `{"docflowNewsItem":[],"lastToken":"t0"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case strings.HasSuffix(q.URL.Path, "/auth"):
			fmt.Fprint(w, `{"userId":"u","sessionId":"38f31d7246b148c8abcdf0e240a5e39d"}`)
		case strings.HasSuffix(q.URL.Path, "/news"):
			fmt.Fprint(w, page)
		default:
			fmt.Fprint(w, `{"docflowId":"`+ext+`","state":"sent"}`)
		}
	}))
	t.Cleanup(server.Close)
	r.follow(t, server.URL)
	r.poll(t)
	require.NoError(t, r.store.Commit(t.Context(), docflow.Prepare{Record: docflow.Record{ID: "r1", Portal: member, System: docflow.Realty,
		Connection: "main", RequestID: "r1", ExternalID: ext, State: docflow.Queued, Created: r.Now()}}))
	page = `{"docflowNewsItem":[{"token":"t1","date":"yesterday","docflow":{"state":"completed"}},{"token":"t2","docflow":{"docflowId":"00000000-0000-4000-8000-000000000001","state":"sent"}}],"lastToken":null}`
	r.poll(t)
	require.Equal(t, "t2", r.conn(t).Cursor, "without lastToken the last item's token is the position")
	require.Equal(t, docflow.Sent, r.record(t, "r1").State)
}
