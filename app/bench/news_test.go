package bench_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/internal/testservers"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
	"konturbridge/sandbox/realtysim"
)

const (
	account   = "5ee84ac0-eb9a-4b42-b814-2f5f7c27c255"
	followed  = 2000                        // docflows of the account
	payments  = 4                           // of each, a charge and its payment
	newsItems = followed * (3 + 2*payments) // with its creation, its way to the registrar and its end
	newsPage  = 100
)

// BenchmarkNews follows an account in whose news many docflows live their lives side by side: each page is
// read, understood and stored with the new position, the histories and everything that the cards must show.
func BenchmarkNews(b *testing.B) {
	a := newAccount(b)
	for kind, url := range map[string]func(testing.TB) string{
		"sqlite":   func(b testing.TB) string { return "sqlite://" + filepath.Join(b.TempDir(), "bridge.db") },
		"postgres": testservers.NewDatabase,
	} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				var rates []float64
				for range rounds {
					rates = append(rates, newsItems/a.follow(b, newDatabase(b, url(b))).Seconds())
				}
				b.ReportMetric(median(rates), "items/s")
			}
		})
	}
}

// newsAccount is an account whose news are all written. Its service answers from memory: what is measured
// is the bridge.
type newsAccount struct {
	base, start string
	sim         *realtysim.Server

	mu    sync.Mutex
	pages map[string][]byte // by their query
}

func newAccount(b *testing.B) *newsAccount {
	b.Helper()
	a := &newsAccount{pages: map[string][]byte{}, sim: realtysim.New(realtysim.Config{NewsPage: newsPage})}
	server := httptest.NewServer(a)
	b.Cleanup(server.Close)
	a.base = server.URL + "/realty/v1"
	a.sim.AddAccount("a@b.ru", "123", account)
	client := a.client(b)
	first, err := client.News(b.Context(), "")
	require.NoError(b, err)
	a.start = string(first.Next)
	for i := range followed {
		_, err := client.Create(b.Context(), realty.ObjectRequestKind, newsRecord(i).Body)
		require.NoError(b, err)
	}
	a.live(b)
	items := 0
	for page, err := range client.NewsPages(b.Context(), realty.Token(a.start)) {
		require.NoError(b, err)
		items += len(page.Items)
	}
	require.Equal(b, newsItems, items)
	return a
}

// live takes every docflow through its life, one step of a random one at a time.
func (a *newsAccount) live(b *testing.B) {
	b.Helper()
	var steps []string
	for _, d := range a.sim.Docflows() {
		for range 2 + 2*payments {
			steps = append(steps, d.ID)
		}
	}
	rand.Shuffle(len(steps), func(i, k int) { steps[i], steps[k] = steps[k], steps[i] })
	done := map[string]int{}
	for _, id := range steps {
		var err error
		switch step := done[id]; {
		case step == 0:
			err = a.sim.Dispatch(id)
		case step > 2*payments:
			err = a.sim.Complete(id)
		case step%2 == 1:
			err = a.sim.ChargeDuty(id)
		default:
			err = a.sim.Pay(id, "")
		}
		require.NoError(b, err)
		done[id]++
	}
}

// ServeHTTP implements http.Handler: a page of news is made once.
func (a *newsAccount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	after := r.URL.Query().Get("after")
	if !strings.HasSuffix(r.URL.Path, "/news") || after == "" {
		a.sim.ServeHTTP(w, r)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	page, known := a.pages[after]
	if !known {
		made := httptest.NewRecorder()
		a.sim.ServeHTTP(made, r)
		page = made.Body.Bytes()
		a.pages[after] = page
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(page) // who asked may be gone
}

// oneSession never expires.
type oneSession string

func (s oneSession) Session(context.Context) (string, error)       { return string(s), nil }
func (s oneSession) Renew(context.Context, string) (string, error) { return string(s), nil }

func (a *newsAccount) client(b *testing.B) *realty.Client {
	b.Helper()
	up := upstream.New(upstream.WithInsecure(true))
	answer, err := realty.Login(b.Context(), up, a.base, realty.Credentials{Login: "a@b.ru", Password: "123", AccountID: account})
	require.NoError(b, err)
	return realty.New(up, a.base, oneSession(answer.SessionID))
}

func newsRecord(n int) docflow.Record {
	id := fmt.Sprint("request-", n)
	body, err := realty.NewCreateBody(id, map[string]string{"type": "info", "cadastralNumber": cadastral(n)})
	if err != nil { // two strings always marshal
		body = nil
	}
	return docflow.Record{ID: docflow.ID(id), Portal: member, Card: docflow.Card{EntityType: 2, ID: int64(1000 + n)}, System: docflow.Realty,
		Kind: string(realty.ObjectRequestKind), Connection: "main", RequestID: id, Body: body, State: docflow.Prepared, Created: time.Now()}
}

// follow reads the news from the first item to the last into a database that has just filed the docflows,
// and gives how long that took.
func (a *newsAccount) follow(b *testing.B, db database) time.Duration {
	b.Helper()
	sealer, err := app.Sealer(db.cfg)
	require.NoError(b, err)
	st, err := store.Open(b.Context(), store.Options{URL: app.StoreURL(db.cfg), Sealer: sealer,
		Plan: func(rec docflow.Record, ch docflow.Change, met []docflow.Waiter) []reaction.Effect {
			return reaction.Plan(settings.Settings{}, rec, ch, met)
		}})
	require.NoError(b, err)
	defer func() { require.NoError(b, st.Close()) }()
	conn := portal.Connection{Portal: member, Name: "main", Kind: docflow.Realty, Default: true, Login: "a@b.ru", AccountID: account,
		Secrets: map[string]string{"password": "123"}}
	require.NoError(b, st.SaveSettings(b.Context(), member, nil, []portal.Connection{conn}, nil, nil))
	require.NoError(b, st.TakeCursor(b.Context(), member, "main", a.start))
	var filed []lane.Write
	for i := range followed {
		filed = append(filed, docflow.Prepare{Record: newsRecord(i)})
	}
	require.NoError(b, st.Commit(b.Context(), filed...))
	client := a.client(b)
	news := feed.NewNews(feed.Deps{Store: st, Realty: func(portal.Connection) *realty.Client { return client }, Interval: time.Hour,
		Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	row := lane.Row{Body: feed.Row(conn).Body}
	started := time.Now()
	for pages := 0; ; pages++ {
		result, err := news.Work(b.Context(), row)
		require.NoError(b, err)
		require.NoError(b, st.Commit(b.Context(), result.Writes...))
		if result.At.After(started.Add(30 * time.Minute)) { // nothing new
			require.Equal(b, newsItems/newsPage, pages)
			break
		}
	}
	took := time.Since(started)
	all, err := st.Docflows(b.Context(), member, followed+1)
	require.NoError(b, err)
	require.Len(b, all, followed)
	for _, rec := range all {
		require.Equal(b, docflow.Completed, rec.State)
	}
	return took
}
