package bench_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/internal/testservers"
)

// server is a process that is loaded.
type server struct {
	b         *testing.B
	addr, ops string
	cmd       *exec.Cmd
	stdin     io.Closer // its end is ours: when we die, the server ends
}

// start starts the test binary as a server and returns when it listens.
func start(b *testing.B, role string, env ...string) *server {
	b.Helper()
	s := &server{b: b, ops: freeAddress(b)}
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(append(os.Environ(), roleVariable+"="+role, "BRIDGE_OPS_LISTEN="+s.ops), env...)
	s.cmd.Stderr = os.Stderr
	stdin, err := s.cmd.StdinPipe()
	require.NoError(b, err)
	s.stdin = stdin
	out, err := s.cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, s.cmd.Start())
	b.Cleanup(s.kill)
	s.addr, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(b, err)
	s.addr = strings.TrimSpace(s.addr)
	if role != roleBaseline {
		until(b, "the bridge is ready", func() bool { return status("http://"+s.addr+"/readyz") == http.StatusOK })
	}
	return s
}

// stop ends the process in good order.
func (s *server) stop() {
	s.b.Helper()
	require.NoError(s.b, s.stdin.Close())
	require.NoError(s.b, s.cmd.Wait())
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// metric reads one value of the bridge's metrics.
func (s *server) metric(name string) float64 {
	s.b.Helper()
	resp, err := http.Get("http://" + s.ops + "/metrics")
	require.NoError(s.b, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.b, err)
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(s.b, err)
			return v
		}
	}
	s.b.Fatalf("there is no metric %s", name)
	return 0
}

// database is a bridge's database with one installed portal.
type database struct {
	url string
	env []string
	cfg config.Config
}

// databases are the kinds that every rate is measured on.
func databases(b *testing.B, measure func(b *testing.B, db database)) {
	b.Run("sqlite", func(b *testing.B) { measure(b, newDatabase(b, "sqlite://"+filepath.Join(b.TempDir(), "bridge.db"))) })
	b.Run("postgres", func(b *testing.B) { measure(b, newDatabase(b, testservers.NewDatabase(b))) })
}

func newDatabase(b *testing.B, url string) database {
	b.Helper()
	db := database{url: url, env: []string{
		"BRIDGE_DATABASE_URL=" + url, "BRIDGE_PUBLIC_URL=http://127.0.0.1:1", "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true",
		"BRIDGE_SECRET_KEY=" + config.NewSecretKey().Reveal(),
	}}
	var err error
	db.cfg, err = config.Load(db.env, "")
	require.NoError(b, err)
	db.with(b, func(st *store.Store) {
		now := time.Now()
		require.NoError(b, st.SavePortal(b.Context(),
			portal.Portal{ID: member, Domain: "some-agency.bitrix24.ru", Endpoint: "http://127.0.0.1:1/rest/", State: portal.Active,
				HookSecret: portal.NewHookSecret(), Installed: now},
			portal.Application{ClientID: "local.1", Token: appToken, State: portal.Active, Status: "L", UserID: 1}))
	})
	return db
}

// with opens the database while no server has it.
func (db database) with(b *testing.B, use func(*store.Store)) {
	b.Helper()
	st, err := app.OpenStore(b.Context(), db.cfg, nil)
	require.NoError(b, err)
	use(st)
	require.NoError(b, st.Close())
}

func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	require.NoError(b, l.Close())
	return l.Addr().String()
}

// status is the status that an address answers with; 0 for none.
func status(address string) int {
	resp, err := http.Get(address)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// until looks every other millisecond whether something has come true.
func until(b *testing.B, what string, met func() bool) {
	b.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for !met() {
		select {
		case <-tick.C:
		case <-late:
			b.Fatal("waited in vain until " + what)
		}
	}
}

// resident is the memory of a process in MiB.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err)
	_, rest, found := strings.Cut(string(text), "VmRSS:")
	require.True(b, found)
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	require.NoError(b, err)
	return kib / 1024
}
