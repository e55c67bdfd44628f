package chaos_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
)

const (
	clientID     = "local.00000000000000.00000001"
	clientSecret = "the-client-secret-of-the-application"
	stage        = "PREPARATION"      // a robot orders an extract here
	cadastral    = "UF_CRM_CADASTRAL" // a number of its own for each deal, by which its docflow is told
)

// ground is what a world stands on.
type ground struct {
	database, redis string        // URLs; no database: an embedded one
	tenants, deals  int           // portals, and deals in each
	pace            time.Duration // of the registrar's steps; zero: the registrar does nothing
	nodes           int           // zero: one, without a front
	plain           bool          // without the race detector in the processes
}

// world is a sandbox with the bridge's processes beside it.
type world struct {
	t       *testing.T
	ground  ground
	binary  string
	folder  string
	wire    *wire
	box     *sandbox.Sandbox
	env     []string
	tenants []*tenant
	nodes   []*node // every process that was started
	printed strings.Builder
}

// tenant is a portal with an account of its own.
type tenant struct {
	*bitrixsim.Portal
	login, password, account string
	deals                    []int // that have not entered the stage yet
}

// newWorld starts the sandbox and the nodes, installs the application in every portal and applies the
// settings as an administrator would.
func newWorld(t *testing.T, g ground) *world {
	t.Helper()
	w := &world{t: t, ground: g, binary: binary, folder: t.TempDir(), wire: &wire{secrets: map[string]string{}}}
	if g.plain {
		plain, err := plainBinary()
		require.NoError(t, err)
		w.binary = plain
	}
	base := w.serve(w.wire)
	w.box = sandbox.New(sandbox.Config{BaseURL: base, Pace: max(g.pace, time.Millisecond)})
	w.wire.box = w.box
	t.Cleanup(w.box.Close)
	t.Cleanup(w.inspect) // after the processes are dead, for what is registered later runs earlier
	w.box.Realty.Automatic(g.pace > 0)
	for i := range g.tenants {
		w.tenants = append(w.tenants, w.rent(i))
	}
	var addresses []string
	for range max(1, g.nodes) {
		addresses = append(addresses, freeAddress(t))
	}
	public := "http://" + addresses[0]
	if g.nodes > 1 {
		f := &front{}
		for _, a := range addresses {
			f.nodes = append(f.nodes, "http://"+a)
		}
		public = w.serve(f)
	}
	w.environ(base, public)
	w.box.Bitrix.AddApp(bitrixsim.App{ClientID: clientID, ClientSecret: clientSecret, NoUI: true,
		HandlerURL: public + "/bitrix/app", InstallURL: public + "/bitrix/install",
		Scopes: []string{"crm", "bizproc", "placement", "user_brief", "disk", "im", "userfieldconfig"}})
	for _, a := range addresses {
		w.start(a).ready()
	}
	w.install()
	return w
}

// serve listens on a port of its own until the test ends.
func (w *world) serve(h http.Handler) (base string) {
	w.t.Helper()
	listener, err := new(net.ListenConfig).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(listener) }()
	w.t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

func (w *world) environ(base, public string) {
	key := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	database := w.ground.database
	if database == "" {
		database = "sqlite://" + filepath.Join(w.folder, "bridge.db")
	}
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.folder, "TZ=UTC",
		"BRIDGE_OPS_LISTEN=", "BRIDGE_PUBLIC_URL=" + public, "BRIDGE_DATABASE_URL=" + database, "BRIDGE_REDIS_URL=" + w.ground.redis,
		"BRIDGE_SECRET_KEY=" + key, "BRIDGE_BITRIX_CLIENT_ID=" + clientID, "BRIDGE_BITRIX_CLIENT_SECRET=" + clientSecret,
		"BRIDGE_BITRIX_OAUTH_URL=" + base, "BRIDGE_REALTY_URL=" + base + "/realty/v1", "BRIDGE_NEWS_INTERVAL=200ms",
		"BRIDGE_DIADOC_URL=" + base + "/diadoc", "BRIDGE_DIADOC_IDENTITY_URL=" + base + "/identity",
		"BRIDGE_DIADOC_CLIENT_ID=bridge-demo", "BRIDGE_DIADOC_CLIENT_SECRET=demo-secret",
		"BRIDGE_ALLOW_INSECURE_UPSTREAMS=true", "BRIDGE_LOG_LEVEL=debug", "BRIDGE_LOG_FORMAT=json",
	}
	w.wire.keep("secret key", key)
	w.wire.keep("client secret", clientSecret)
	for _, address := range []string{w.ground.database, w.ground.redis} {
		if _, rest, ok := strings.Cut(address, "://"); ok {
			if user, _, ok := strings.Cut(rest, "@"); ok {
				if _, password, ok := strings.Cut(user, ":"); ok && password != "" {
					w.wire.keep("password of a server", password)
				}
			}
		}
	}
}

// rent makes a portal with deals that wait to be moved, and its Реестро account.
func (w *world) rent(i int) *tenant {
	n := &tenant{Portal: w.box.Bitrix.AddPortal(fmt.Sprintf("agency%d", i)), login: fmt.Sprintf("agency%d@example.test", i),
		password: fmt.Sprintf("password-of-agency-%d", i), account: fmt.Sprintf("11111111-2222-4333-8444-%012d", i)}
	n.SetPlan("ent", "rest_offline_extended", "rest_auth_connector")
	w.box.Realty.AddAccount(n.login, n.password, n.account)
	w.wire.keep("password", n.password)
	for k := range w.ground.deals {
		n.deals = append(n.deals, n.CreateItem(bitrixsim.Deal, map[string]any{
			"title": "Проверка квартиры", cadastral: fmt.Sprintf("47:14:%07d:%d", 1_000_000+i, k+1)}))
	}
	return n
}

// start starts a process and does not wait for it.
func (w *world) start(address string) *node {
	w.t.Helper()
	n := launch(w.t, w.binary, fmt.Sprintf("process %d", len(w.nodes)+1), w.folder, address, w.env)
	w.nodes = append(w.nodes, n)
	return n
}

// install installs the application in every portal, waits until all of it is set up, and gives each
// portal its settings.
func (w *world) install() {
	w.t.Helper()
	for _, n := range w.tenants {
		require.NoError(w.t, n.Install(w.t.Context(), clientID))
	}
	until(w.t, "every portal is set up", func() bool {
		for _, n := range w.tenants {
			if len(n.Robots()) == 0 || len(n.Bindings()) == 0 {
				return false
			}
		}
		return w.jobs("waiting")["setup"] == nil
	})
	for _, n := range w.tenants {
		n.PlaceRobot(bitrixsim.Deal, stage, bitrixsim.Step{Robot: "realty_extract",
			Properties: map[string]any{"cadastral_number": "{=Document:" + cadastral + "}", "type": "info"}})
		w.bridge(fmt.Sprintf("connections:\n  - {name: main, kind: realty, default: true, login: %s, password: %s, accountId: %s}\n",
			n.login, n.password, n.account), "settings", "apply", "--portal", n.MemberID(), "-")
	}
	require.NoError(w.t, w.box.Realty.Wait(w.t.Context(), func() bool { return w.box.Realty.Logins() >= len(w.tenants) }))
	for _, n := range w.tenants {
		w.acquaint(n)
	}
}

// acquaint waits until every process knows the portal, which takes those that did not install it about a
// second. A webhook about a document that is no card is refused for that, and by who knows the portal only.
func (w *world) acquaint(n *tenant) {
	w.t.Helper()
	var shown struct {
		Address string `json:"hook_url"`
	}
	require.NoError(w.t, json.Unmarshal([]byte(w.output("", "portals", "show", n.MemberID(), "--secret", "--json")), &shown))
	_, path, _ := strings.Cut(shown.Address, "/bitrix/hooks/")
	secret, _, _ := strings.Cut(path, "/")
	require.NotEmpty(w.t, secret)
	w.wire.keep("hook secret", secret)
	form := url.Values{"document_id[0]": {"lists"}, "document_id[1]": {"BizprocDocument"}, "document_id[2]": {"1"}, "auth[member_id]": {n.MemberID()}}
	for _, p := range w.nodes {
		until(w.t, p.name+" knows the portal", func() bool {
			req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, p.url()+"/bitrix/hooks/"+secret+"/realty_extract", strings.NewReader(form.Encode()))
			require.NoError(w.t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := http.DefaultClient.Do(req)
			require.NoError(w.t, err)
			require.NoError(w.t, resp.Body.Close())
			require.Contains(w.t, []int{http.StatusBadRequest, http.StatusForbidden}, resp.StatusCode)
			return resp.StatusCode == http.StatusBadRequest
		})
	}
}

// bridge runs another command beside the serving processes and keeps what it prints: no secret may be in it.
func (w *world) bridge(input string, args ...string) string {
	w.t.Helper()
	out := w.output(input, args...)
	w.printed.WriteString(out)
	return out
}

// output runs a command, which must succeed, and gives what it prints.
func (w *world) output(input string, args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), w.binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = w.folder, w.env, strings.NewReader(input)
	var out, errout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errout
	require.NoError(w.t, cmd.Run(), "bridge %v: %s", args, errout.String())
	return out.String()
}

// job is work as `bridge jobs --json` prints it.
type job struct {
	Lane, Part, Kind, State, Note string
}

// jobs lists work in a state by its kind.
func (w *world) jobs(state string) map[string][]job {
	w.t.Helper()
	var all []job
	require.NoError(w.t, json.Unmarshal([]byte(w.bridge("", "jobs", "--json", "--state", state, "--limit", "65535")), &all))
	kinds := map[string][]job{}
	for _, j := range all {
		kinds[j.Kind] = append(kinds[j.Kind], j)
	}
	return kinds
}

// docflow is one as `bridge docflows --json` prints it.
type docflow struct {
	Portal, State string
	RequestID     string `json:"request_id"`
	ExternalID    string `json:"external_id"`
	Card          struct{ ID int }
}

func (w *world) docflows() []docflow {
	w.t.Helper()
	var all []docflow
	require.NoError(w.t, json.Unmarshal([]byte(w.bridge("", "docflows", "--json", "--limit", "65535")), &all))
	return all
}

// move lets the next deals of a portal enter the stage, few at a time. It stops early when a call finds
// nobody.
func (w *world) move(n *tenant, count int) {
	w.t.Helper()
	lost := len(n.DroppedDeliveries())
	for range count {
		require.NotEmpty(w.t, n.deals)
		if len(n.DroppedDeliveries()) > lost {
			return
		}
		require.NoError(w.t, n.MoveStage(bitrixsim.Deal, n.deals[0], stage))
		n.deals = n.deals[1:]
		require.NoError(w.t, w.box.Bitrix.Wait(w.t.Context(), func() bool { return n.PendingDeliveries() < 8 }))
	}
}
