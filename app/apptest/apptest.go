// Package apptest sets the scene for the tests of the core packages: a clock, a simulated portal with its
// client, a real embedded database.
package apptest

import (
	"context"
	"net/http"
	"net/http/httptest"
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

// Clock is a time that tests move.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins at a fixed moment.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 5, 14, 10, 0, 0, 0, time.UTC)} }

// Now gives the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock on.
func (c *Clock) Add(d time.Duration) {
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

// Calls makes each call on a connection of its own: on a kept one the transport repeats a GET whose answer was cut.
func Calls() *upstream.Client {
	return upstream.New(upstream.WithInsecure(true), upstream.WithTransport(&http.Transport{DisableKeepAlives: true}))
}

// OpenPortal simulates a portal in which the application is installed.
func OpenPortal(t testing.TB, now func() time.Time) (*bitrixsim.Portal, *bitrix.Client) {
	t.Helper()
	const client = "local.1"
	sim := bitrixsim.New(bitrixsim.Config{Now: now})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	sim.SetBaseURL(server.URL)
	sim.AddApp(bitrixsim.App{ClientID: client, ClientSecret: "s", HandlerURL: server.URL + "/nobody", InstallURL: server.URL + "/nobody",
		Scopes: []string{"crm", "bizproc", "im", "disk"}, NoUI: true})
	portal := sim.AddPortal("agency")
	require.Error(t, portal.Install(t.Context(), client), "nobody answers, and it counts as installed")
	access, _ := portal.IssueTokens(client, 1)
	require.NotEmpty(t, access)
	return portal, bitrix.New(Calls(), tokens{access, portal.Endpoint()})
}

// OpenStore opens an empty embedded database that the test closes.
func OpenStore(t testing.TB, now func() time.Time, plan store.Planner) (*store.Store, *seal.Box) {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize), nil)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "bridge.db"), Sealer: box, Now: now, Plan: plan})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st, box
}
