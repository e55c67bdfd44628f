package app

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/cache"
	"konturbridge/internal/seal"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/sandbox/bitrixsim"
)

// office is one installed portal with the real clients and setup, wired as in life.
type office struct {
	sim       *bitrixsim.Portal
	clients   *clients
	directory *portal.Directory
	setup     *portal.Setup
	portal    portal.Portal
}

func newOffice(t *testing.T) *office {
	t.Helper()
	const client = "local.1"
	sim := bitrixsim.New(bitrixsim.Config{})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	sim.SetBaseURL(server.URL)
	sim.AddApp(bitrixsim.App{ClientID: client, ClientSecret: "s", HandlerURL: server.URL + "/app", InstallURL: server.URL + "/install",
		Scopes: []string{"crm", "bizproc", "placement", "userfieldconfig"}, NoUI: true})
	o := &office{sim: sim.AddPortal("agency")}

	box, err := seal.New(make([]byte, seal.KeySize), nil)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "bridge.db"), Sealer: box})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	up := upstream.New(upstream.WithInsecure(true))
	servers, err := oauth.NewServers(up, []string{server.URL})
	require.NoError(t, err)
	memory, log := cache.NewMemory(time.Now), slog.New(slog.DiscardHandler)
	o.directory = portal.NewDirectory(st, log)
	keys := oauth.Keys{ClientID: client, ClientSecret: "s"}
	o.clients = &clients{up: up, portals: o.directory, servers: servers, store: st, budgets: newBudgets(memory, time.Now),
		keys: map[string]oauth.Keys{client: keys}, deps: oauth.Deps{Cache: memory, Locks: memory, Sealer: box, Now: time.Now, Log: log},
		moved: func(context.Context, portal.ID, string) {}, sent: func(bitrix.Sent) {},
		pairs: map[string]*oauth.PairKeeper{}, bitrix: map[string]*bitrix.Client{}, sessions: map[string]*oauth.SessionKeeper{}}
	installer := portal.NewInstaller(portal.InstallerDeps{Portals: o.directory, Store: st, Pairs: st, Pending: st, Rows: st, Servers: servers,
		Upstream: up, Keys: []oauth.Keys{keys}, Memory: memory, Replaced: o.clients.forget, Log: log})
	_, form := o.sim.OpenPage(client, "", "", 1)
	opening, err := bitrix.ParsePage(nil, []byte(form.Encode()))
	require.NoError(t, err)
	out, err := installer.Install(t.Context(), portal.FromPage(opening))
	require.NoError(t, err)
	require.Empty(t, out.Pending)
	o.portal, _ = o.directory.Get(out.Portal)
	o.setup = portal.NewSetup(portal.SetupDeps{Portals: o.directory, Store: st, Client: o.clients.ForSetup, Tokens: o.clients.tokens,
		Robots: Robots(), PublicURL: server.URL, Memory: memory, Log: log})
	return o
}

// TestSetupIsThrifty: a portal's budget belongs to its cards.
func TestSetupIsThrifty(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sim.LimitRate(true)
	o.sim.ResetStats()
	report, err := o.setup.Run(t.Context(), o.portal)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	first := o.sim.Stats()
	require.LessOrEqual(t, first.Requests, 25)
	require.Empty(t, first.Errors)

	o.sim.ResetStats()
	report, err = o.setup.Check(t.Context(), o.portal)
	require.NoError(t, err)
	require.False(t, report.Repaired())
	check := o.sim.Stats()
	require.LessOrEqual(t, check.Requests, 2, "everything is read at once")

	o.sim.DeleteRobots("")
	o.sim.DeleteBindings("")
	o.sim.ResetStats()
	report, err = o.setup.Check(t.Context(), o.portal)
	require.NoError(t, err)
	require.Len(t, report.Added, len(Robots())+26)
	repair := o.sim.Stats()
	require.LessOrEqual(t, repair.Requests, 6)
}
