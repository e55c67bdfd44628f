package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/cache"
	"konturbridge/internal/seal"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/bitrixsim"
)

// flood is lanes, reactions, clients and budgets as they are wired, over an embedded database and simulated
// portals, without a network and on a clock of its own.
type flood struct {
	sim     *bitrixsim.Server
	store   *store.Store
	budgets budgets
	portals map[portal.ID]*floodPortal
	commits atomic.Int64
	work    dispatcher
	stop    func()
}

// floodPortal is one simulated portal and the bridge's client of it.
type floodPortal struct {
	*bitrixsim.Portal
	client *bitrix.Client
	cards  []int
	latest atomic.Int64 // when a request was answered last, in nanoseconds of the clock
}

// inMemory carries requests to the simulated portals; each answer takes a while.
type inMemory struct {
	sim       http.Handler
	took      time.Duration
	completed func()
}

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	defer m.completed()
	in := r.Clone(context.WithoutCancel(r.Context()))
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "198.51.100.7:4321"
	w := httptest.NewRecorder()
	cut := m.serve(w, in)
	select {
	case <-time.After(m.took):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if cut != nil {
		return nil, cut
	}
	return w.Result(), nil
}

// serve reports whether the portal cut the connection instead of answering.
func (m inMemory) serve(w http.ResponseWriter, r *http.Request) (cut error) {
	defer func() {
		if recover() != nil {
			cut = errors.New("connection reset")
		}
	}()
	httptrace.ContextClientTrace(r.Context()).WroteHeaders()
	m.sim.ServeHTTP(w, r)
	return nil
}

type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody answers")
}

type pair struct{ access, endpoint string }

func (p pair) Token(context.Context) (string, string, error) { return p.access, p.endpoint, nil }
func (p pair) Refresh(context.Context, string) (string, string, error) {
	return p.access, p.endpoint, nil
}

// openFlood opens portals with so many cards each. Those that are old were used before the bridge started,
// nearly to the limit.
func openFlood(t *testing.T, cards map[portal.ID]int, old map[portal.ID]bool) *flood {
	t.Helper()
	f := &flood{portals: map[portal.ID]*floodPortal{}, budgets: newBudgets(cache.NewMemory(time.Now), time.Now)}
	f.sim = bitrixsim.New(bitrixsim.Config{BaseURL: "http://sim.test", Client: &http.Client{Transport: nobody{}}})
	f.sim.AddApp(bitrixsim.App{ClientID: "local.1", ClientSecret: "s", HandlerURL: "http://nobody.test/", InstallURL: "http://nobody.test/", Scopes: []string{"crm"}, NoUI: true})
	box, err := seal.New(make([]byte, seal.KeySize), nil)
	require.NoError(t, err)
	f.store, err = store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "bridge.db"), Sealer: box, Now: time.Now,
		Observe: func(store.Commit) { f.commits.Add(1) }})
	require.NoError(t, err)
	for id, n := range cards {
		f.open(t, id, n, old[id])
	}
	f.work = dispatcher{store.EffectsKind: reaction.New(reaction.Deps{Store: f.store, Sealer: box, Now: time.Now, TokenBind: func(p string) string { return p },
		Bitrix: func(_ context.Context, id portal.ID) (*bitrix.Client, error) { return f.portals[id].client, nil }})}
	f.start(t)
	return f
}

// start runs the scheduler until stop, which gives nothing that runs the time to finish.
func (f *flood) start(t *testing.T) {
	t.Helper()
	scheduler := lane.New(lane.Config{Node: fmt.Sprint("n", time.Now().UnixNano())}, f.store, f.work)
	f.store.SetScheduler(scheduler)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- scheduler.Run(ctx, 0) }()
	f.stop = func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func (f *flood) close(t *testing.T) {
	t.Helper()
	f.stop()
	require.NoError(t, f.store.Close())
	f.sim.Close()
	<-time.After(time.Minute)
}

func (f *flood) open(t *testing.T, id portal.ID, cards int, old bool) {
	t.Helper()
	p := &floodPortal{Portal: f.sim.AddPortal(string(id))}
	f.portals[id] = p
	require.Error(t, p.Install(t.Context(), "local.1"), "nobody answers, and it counts as installed")
	p.LimitRate(true)
	for _, field := range portal.Fields() {
		p.AddUserField(2, bitrixsim.UserField{Name: field.FieldName, Type: string(field.UserTypeID), Multiple: bool(field.Multiple)})
	}
	for range cards {
		p.cards = append(p.cards, p.CreateItem(2, map[string]any{}))
	}
	access, _ := p.IssueTokens("local.1", 1)
	installed := time.Now()
	if old {
		installed = installed.Add(-time.Hour)
	}
	wire := func(took time.Duration) *upstream.Client {
		return upstream.New(upstream.WithInsecure(true), upstream.WithTransport(inMemory{sim: f.sim, took: took,
			completed: func() { p.latest.Store(time.Now().UnixNano()) }}))
	}
	if old { // the process before this one, and others on this address
		earlier := bitrix.New(wire(0), pair{access, p.Endpoint()})
		var calls sync.WaitGroup
		for range 48 {
			calls.Go(func() { _, err := earlier.Profile(t.Context()); require.NoError(t, err) })
		}
		calls.Wait()
		p.ResetStats()
	}
	p.client = bitrix.New(wire(time.Second), pair{access, p.Endpoint()},
		f.budgets.packing(id, func() portal.Portal { return portal.Portal{ID: id, Installed: installed} }, func(bitrix.Sent) {}))
}

// change stores changes of state of some cards, each with its own effects.
func (f *flood) change(t *testing.T, id portal.ID, cards []int, effects ...func(card docflow.Card) reaction.Effect) {
	t.Helper()
	for len(cards) > 0 {
		n := min(len(cards), 500)
		var all []reaction.Effect
		for _, card := range cards[:n] {
			for _, effect := range effects {
				e := effect(docflow.Card{EntityType: 2, ID: int64(card)})
				e.Portal, e.Card = string(id), docflow.Card{EntityType: 2, ID: int64(card)}
				all = append(all, e)
			}
		}
		require.NoError(t, f.store.Commit(t.Context(), reaction.Enqueue{Effects: all}))
		cards = cards[n:]
	}
}

func setState(state string) func(docflow.Card) reaction.Effect {
	return made(reaction.SetFields, reaction.FieldsParams{Values: map[string]any{portal.FieldRealtyState: state, portal.FieldError: ""}})
}

func comment(text string) func(docflow.Card) reaction.Effect {
	return made(reaction.Comment, reaction.CommentParams{Text: text})
}

func made(kind reaction.Kind, params any) func(docflow.Card) reaction.Effect {
	raw, err := json.Marshal(params)
	return func(docflow.Card) reaction.Effect {
		if err != nil {
			panic(err)
		}
		return reaction.Effect{Kind: kind, Params: raw}
	}
}

// settled waits until a portal has got no request for that long, and tells when the last was answered.
func (p *floodPortal) settled(quiet time.Duration) time.Time {
	for {
		last := p.latest.Load()
		<-time.After(quiet)
		if p.latest.Load() == last {
			return time.Unix(0, last)
		}
	}
}

// lines are the timeline's comments of a card.
func (p *floodPortal) lines(card int) (lines []string) {
	for _, e := range p.Timeline(2, card) {
		if e.Kind == bitrixsim.KindComment {
			lines = append(lines, e.Text)
		}
	}
	return lines
}

// TestAFloodIsPacked: ten thousand status changes of ten thousand cards wait for one portal at two requests a
// second; another portal works beside it.
func TestAFloodIsPacked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const flooded, calm = portal.ID("flooded"), portal.ID("calm")
		f := openFlood(t, map[portal.ID]int{flooded: 10_000, calm: 20}, map[portal.ID]bool{flooded: true})
		p, q := f.portals[flooded], f.portals[calm]
		began, before := time.Now(), f.commits.Load()
		f.change(t, flooded, p.cards, setState("Отправлен"))
		<-time.After(10 * time.Second)
		asked := time.Now()
		f.change(t, calm, q.cards, setState("Отправлен"))
		require.LessOrEqual(t, q.settled(10*time.Second).Sub(asked), 1100*time.Millisecond, "one call, as if the other portal did not exist")
		took := p.settled(10 * time.Second).Sub(began)

		stats := p.Stats()
		t.Logf("%d requests, %.1f commands each, bucket at most %.1f, %v, %d commits", stats.Requests, stats.CommandsPerRequest(), stats.MaxBucket, took, f.commits.Load()-before)
		require.Empty(t, stats.Errors)
		require.Equal(t, 10_000, stats.Commands["crm.item.update"], "each once")
		require.GreaterOrEqual(t, stats.CommandsPerRequest(), 45.0)
		require.Greater(t, stats.MaxBucket, 40.0, "it was nearly full when the bridge started")
		require.LessOrEqual(t, stats.MaxBucket, 50.0)
		require.LessOrEqual(t, took, 115*time.Second, "two requests a second leave 100 s at best")
		require.LessOrEqual(t, f.commits.Load()-before, int64(5*stats.Requests), "outcomes of a batch are stored together")
		for _, card := range p.cards {
			item, _ := p.Item(2, card)
			require.Equal(t, "Отправлен", item[portal.FieldRealtyState])
		}
		require.Equal(t, 20, q.Stats().Requests, "while there is room, calls go as themselves")
		f.close(t)
	})
}

// TestAFloodKeepsTheOrderOfEachCard: several changes of each card, some of which come while earlier ones wait.
func TestAFloodKeepsTheOrderOfEachCard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const id = portal.ID("flooded")
		f := openFlood(t, map[portal.ID]int{id: 200}, map[portal.ID]bool{id: true})
		p := f.portals[id]
		stage := func(name string) func(docflow.Card) reaction.Effect {
			return made(reaction.MoveStage, reaction.StageParams{Stage: name})
		}
		f.change(t, id, p.cards, setState("раз"), comment("раз"), stage("PREPARATION"), setState("два"))
		<-time.After(2 * time.Second)
		f.change(t, id, p.cards, comment("два"), setState("три"), stage("EXECUTING"), comment("три"))
		p.settled(10 * time.Second)
		require.Empty(t, p.Stats().Errors)
		require.GreaterOrEqual(t, p.Stats().CommandsPerRequest(), 40.0)
		for _, card := range p.cards {
			item, _ := p.Item(2, card)
			require.Equal(t, "три", item[portal.FieldRealtyState])
			require.Equal(t, "EXECUTING", item["stageId"])
			lines := p.lines(card)
			require.Len(t, lines, 3, fmt.Sprint(card))
			require.Contains(t, lines[0], "раз")
			require.Contains(t, lines[1], "два")
			require.Contains(t, lines[2], "три")
		}
		f.close(t)
	})
}

// TestLostBatchesAreDoneOnce: the portal has carried a batch out, and its answer was lost.
func TestLostBatchesAreDoneOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const id = portal.ID("flooded")
		f := openFlood(t, map[portal.ID]int{id: 120}, map[portal.ID]bool{id: true})
		p := f.portals[id]
		p.DropAnswerNext("crm.item.update")
		p.DropAnswerNext("crm.timeline.comment.add")
		f.change(t, id, p.cards, setState("раз"), comment("раз"))
		p.settled(time.Minute)
		stats := p.Stats()
		require.Greater(t, stats.Commands["crm.item.update"], 120, "fields are set again to the same")
		require.Equal(t, 120, stats.Commands["crm.timeline.comment.add"])
		require.Positive(t, stats.Commands["crm.timeline.comment.list"], "it was looked for before it would be written again")
		for _, card := range p.cards {
			require.Len(t, p.lines(card), 1)
			item, _ := p.Item(2, card)
			require.Equal(t, "раз", item[portal.FieldRealtyState])
		}
		f.close(t)
	})
}

// TestAStopWhileBatchesAreUnderWay: some calls wait, some are under way and done by the portal already. The next
// start does each once, and looks only for those that may have been sent.
func TestAStopWhileBatchesAreUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const id = portal.ID("flooded")
		f := openFlood(t, map[portal.ID]int{id: 300}, map[portal.ID]bool{id: true})
		p := f.portals[id]
		f.change(t, id, p.cards, comment("раз"))
		<-time.After(1200 * time.Millisecond)
		f.stop()
		done := 0
		for _, card := range p.cards {
			done += len(p.lines(card))
		}
		require.Equal(t, 100, done, "two batches, unanswered")
		f.start(t)
		p.settled(10 * time.Second)
		stats := p.Stats()
		require.Equal(t, 100, stats.Commands["crm.timeline.comment.list"])
		require.Equal(t, 300, stats.Commands["crm.timeline.comment.add"])
		for _, card := range p.cards {
			require.Len(t, p.lines(card), 1)
		}
		f.close(t)
	})
}
