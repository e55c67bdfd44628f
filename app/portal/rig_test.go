package portal_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/cache"
	"konturbridge/internal/seal"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/sandbox/bitrixsim"
)

const (
	clientID  = "local.65376655f59849.09090704"
	publicURL = "https://bridge.example"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

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

// clocked are authorization servers whose tokens live by the clock of the test.
type clocked struct {
	*oauth.Servers
	clock *clock
}

func (c clocked) Exchange(ctx context.Context, server string, keys oauth.Keys, refresh string) (oauth.Pair, error) {
	p, err := c.Servers.Exchange(ctx, server, keys, refresh)
	p.Expires = c.clock.Now().Add(time.Hour)
	return p, err
}

// rig is one bridge's portals against a simulated Bitrix24, on a real database.
type rig struct {
	clock     *clock
	sim       *bitrixsim.Server
	portal    *bitrixsim.Portal
	store     *store.Store
	directory *portal.Directory
	installer *portal.Installer
	setup     *portal.Setup
	deps      portal.InstallerDeps
	memory    *cache.Memory
	client    *bitrix.Client
	box       *seal.Box
	processes []int // smart processes that the settings name

	mu       sync.Mutex
	worker   *bitrix.Client
	keepers  map[string]*oauth.PairKeeper
	replaced []string
}

// newRig simulates a portal and one application, and others that may be installed too.
func newRig(t *testing.T, others ...string) *rig {
	t.Helper()
	r := &rig{clock: &clock{now: time.Date(2026, 5, 14, 10, 0, 0, 0, time.UTC)}, keepers: map[string]*oauth.PairKeeper{}}
	r.sim = bitrixsim.New(bitrixsim.Config{Now: r.clock.Now})
	server := httptest.NewServer(r.sim)
	t.Cleanup(server.Close)
	t.Cleanup(r.sim.Close)
	r.sim.SetBaseURL(server.URL)
	keys := []oauth.Keys{{ClientID: clientID, ClientSecret: "app-secret"}}
	r.sim.AddApp(app(true))
	for _, other := range others {
		a := app(true)
		a.ClientID = other
		r.sim.AddApp(a)
		keys = append(keys, oauth.Keys{ClientID: other, ClientSecret: "app-secret"})
	}
	r.portal = r.sim.AddPortal("agency")

	key := make([]byte, seal.KeySize)
	box, err := seal.New(key, nil)
	require.NoError(t, err)
	r.box = box
	r.store, err = store.Open(t.Context(), store.Options{
		URL: "sqlite://" + filepath.Join(t.TempDir(), "bridge.db"), Sealer: box, Now: r.clock.Now,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.store.Close()) })
	up := upstream.New(upstream.WithInsecure(true))
	servers, err := oauth.NewServers(up, []string{server.URL})
	require.NoError(t, err)
	r.directory = portal.NewDirectory(r.store, nil)
	require.NoError(t, r.directory.Reload(t.Context()))
	r.memory = cache.NewMemory(r.clock.Now)
	r.deps = portal.InstallerDeps{
		Memory:  r.memory,
		Portals: r.directory, Store: r.store, Pairs: r.store, Pending: r.store, Rows: r.store, Servers: clocked{servers, r.clock}, Upstream: up,
		Keys:     keys,
		Replaced: r.replacedPair, Now: r.clock.Now,
	}
	r.installer = portal.NewInstaller(r.deps)
	r.setup = r.newSetup(publicURL, robots("realty_extract", "realty_create"))
	return r
}

func app(noUI bool) bitrixsim.App {
	return bitrixsim.App{
		ClientID: clientID, ClientSecret: "app-secret", HandlerURL: publicURL + "/bitrix/app", InstallURL: publicURL + "/bitrix/install",
		Scopes: []string{"crm", "bizproc", "placement"}, NoUI: noUI,
	}
}

func (r *rig) newSetup(public string, robots []portal.RobotSpec) *portal.Setup {
	return portal.NewSetup(portal.SetupDeps{
		Portals: r.directory, Store: r.store, Robots: robots, PublicURL: public, Memory: r.memory,
		Now: r.clock.Now, Tokens: r.tokens, Processes: func(context.Context, portal.ID) ([]int, error) { return r.processes, nil },
		Client: func(_ context.Context, id portal.ID, clientID string) (*bitrix.Client, error) {
			client := bitrix.New(r.deps.Upstream, r.tokens(id, clientID))
			if clientID == "" {
				r.client = client
			}
			return client, nil
		},
	})
}

// tokens gives the real tokens of an application of the portal.
func (r *rig) tokens(id portal.ID, clientID string) *portal.Tokens {
	return portal.NewTokens(portal.TokensDeps{Portals: r.directory, Store: r.store, Keeper: r.keeper, Now: r.clock.Now, Log: r.deps.Log,
		Moved: func(ctx context.Context, id portal.ID, endpoint string) { _ = r.installer.Move(ctx, id, endpoint) }}, id, clientID)
}

func (r *rig) keeper(key, clientID string) portal.Keeper {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keepers[key] == nil {
		keys := oauth.Keys{ClientID: clientID, ClientSecret: "app-secret"}
		r.keepers[key] = oauth.NewPairKeeper(key, keys, r.deps.Servers.(clocked), r.store, oauth.Deps{Cache: r.memory, Locks: r.memory,
			Sealer: r.box, Now: r.clock.Now})
	}
	return r.keepers[key]
}

// replacedPair is what the bridge does when a pair was replaced.
func (r *rig) replacedPair(ctx context.Context, key string) {
	r.mu.Lock()
	r.replaced = append(r.replaced, key)
	k := r.keepers[key]
	delete(r.keepers, key)
	r.mu.Unlock()
	if k != nil {
		k.Forget(ctx)
	}
}

func robots(codes ...string) []portal.RobotSpec {
	var specs []portal.RobotSpec
	for _, code := range codes {
		specs = append(specs, portal.RobotSpec{
			Code: code, Wait: true,
			Name:        map[string]string{"ru": "Действие " + code, "en": "Action " + code},
			Description: map[string]string{"ru": "Что делает", "en": "What it does"},
			Properties: []portal.PropertySpec{
				{ID: "cadastral_number", Type: "string", Required: true, Name: map[string]string{"ru": "Кадастровый номер", "en": "Cadastral number"}},
				{ID: "type", Type: "select", Default: "info", Name: map[string]string{"ru": "Вид", "en": "Kind"},
					Options: []portal.OptionSpec{{Key: "info", Title: "Расширенная"}, {Key: "base", Title: "Базовая"}}},
			},
			Returns: []portal.PropertySpec{{ID: "state", Type: "string", Name: map[string]string{"ru": "Статус", "en": "State"}}},
		})
	}
	return specs
}

// page makes the installation request of a user who opens the installer page.
func (r *rig) page(t *testing.T, user int) bitrix.PageOpening {
	t.Helper()
	query, form := r.portal.OpenPage(clientID, "", "", user)
	o, err := bitrix.ParsePage([]byte(query.Encode()), []byte(form.Encode()))
	require.NoError(t, err)
	return o
}

// stored reloads and gets the simulated portal.
func (r *rig) stored(t *testing.T) (portal.Portal, bool) {
	t.Helper()
	require.NoError(t, r.directory.Reload(t.Context()))
	return r.directory.Get(portal.ID(r.portal.MemberID()))
}

// rows lists the portal's unfinished work.
func (r *rig) rows(t *testing.T) []lane.Row {
	t.Helper()
	rows, err := r.store.Load(t.Context(), r.portal.MemberID(), 0, 100)
	require.NoError(t, err)
	return rows
}

func (r *rig) pending(t *testing.T) []portal.Pending {
	t.Helper()
	list, err := r.store.Pendings(t.Context())
	require.NoError(t, err)
	return list
}

// requireNothing proves that a request left no trace.
func (r *rig) requireNothing(t *testing.T) {
	t.Helper()
	_, known := r.stored(t)
	require.False(t, known)
	require.Empty(t, r.pending(t))
	require.Empty(t, r.rows(t))
	require.Zero(t, r.sim.TokenRefreshes())
}

func (r *rig) install(t *testing.T) portal.Portal {
	t.Helper()
	return r.installAs(t, clientID)
}

func (r *rig) installAs(t *testing.T, client string) portal.Portal {
	t.Helper()
	query, form := r.portal.OpenPage(client, "", "", 1)
	o, err := bitrix.ParsePage([]byte(query.Encode()), []byte(form.Encode()))
	require.NoError(t, err)
	out, err := r.installer.Install(t.Context(), portal.FromPage(o))
	require.NoError(t, err)
	require.Empty(t, out.Pending)
	require.NoError(t, r.portal.FinishInstall(client))
	p, ok := r.stored(t)
	require.True(t, ok)
	return p
}
