package action_test

import (
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/internal/seal"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/bitrixsim"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 5, 14, 10, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tokens are a fixed pair.
type tokens struct{ access, endpoint string }

func (t tokens) Token(context.Context) (string, string, error) { return t.access, t.endpoint, nil }
func (t tokens) Refresh(context.Context, string) (string, string, error) {
	return t.access, t.endpoint, nil
}

// calls makes each call on a connection of its own: on a kept one the transport repeats a GET whose answer was cut.
func calls() *upstream.Client {
	return upstream.New(upstream.WithInsecure(true), upstream.WithTransport(&http.Transport{DisableKeepAlives: true}))
}

// installed makes a client of a portal in which the application is installed.
func installed(t testing.TB, sim *bitrixsim.Server, portal *bitrixsim.Portal, base string) *bitrix.Client {
	t.Helper()
	const client = "local.1"
	sim.AddApp(bitrixsim.App{ClientID: client, ClientSecret: "s", HandlerURL: base + "/nobody", InstallURL: base + "/nobody",
		Scopes: []string{"crm", "bizproc", "im", "disk"}, NoUI: true})
	require.Error(t, portal.Install(t.Context(), client), "nobody answers, and it counts as installed")
	access, _ := portal.IssueTokens(client, 1)
	require.NotEmpty(t, access)
	return bitrix.New(calls(), tokens{access, portal.Endpoint()})
}

func openStore(t testing.TB, now func() time.Time, plan store.Planner) (*store.Store, *seal.Box) {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize), nil)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "bridge.db"), Sealer: box, Now: now, Plan: plan})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st, box
}
