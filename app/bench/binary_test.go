package bench_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
)

const (
	callsPerSecond = 20
	calls          = 400
)

// BenchmarkFirstCall runs robots that order an extract and measures how long it takes until the request
// that files it has reached the simulated Реестро: since the call was answered, and since it was sent.
func BenchmarkFirstCall(b *testing.B) {
	w := install(b)
	w.start()
	example := w.robotCall()
	l := newLoad(b)
	round := 0
	for b.Loop() {
		var requests [][]byte
		for i := range calls {
			requests = append(requests, post("/bitrix/robots/realty_extract", w.variant(example, round*calls+i)).raw)
		}
		begun, answered := make([]time.Time, calls), make([]time.Time, calls)
		l.each(w.listen, 1, post("/", ""), func(c *client, _ *shot) error {
			tick := time.NewTicker(time.Second / callsPerSecond)
			defer tick.Stop()
			for i, request := range requests {
				<-tick.C
				begun[i] = time.Now()
				if err := c.do(request); err != nil {
					return err
				}
				answered[i] = time.Now()
			}
			return nil
		})
		until(b, "every call is filed", func() bool { return w.count() >= (round+1)*calls })
		whole, rest := make([]float64, calls), make([]float64, calls)
		for i := range calls {
			filed := w.filed[cadastral(round*calls+i)]
			whole[i] = float64(filed.Sub(begun[i]).Microseconds()) / 1000
			rest[i] = float64(filed.Sub(answered[i]).Microseconds()) / 1000
		}
		b.ReportMetric(median(rest), "p50-ms-after-the-answer(<2.5)")
		b.ReportMetric(rest[calls*99/100], "p99-ms-after-the-answer(<10)")
		b.ReportMetric(median(whole), "p50-ms-after-the-call")
		b.ReportMetric(whole[calls*99/100], "p99-ms-after-the-call")
		round++
	}
}

// cadastral is the number that the n-th call asks about.
func cadastral(n int) string { return "54:35:021060:" + strconv.Itoa(1000+n) }

// robotCall lets the simulated portal run the robot once and gives what it sent.
func (w *world) robotCall() url.Values {
	w.b.Helper()
	w.demo.Portal.PlaceRobot(bitrixsim.Deal, "PREPARATION", bitrixsim.Step{Robot: "realty_extract",
		Properties: map[string]any{"cadastral_number": "{=Document:UF_CRM_CADASTRAL}", "type": "info"}})
	require.NoError(w.b, w.demo.Portal.MoveStage(bitrixsim.Deal, w.demo.Extract, "PREPARATION"))
	var form url.Values
	until(w.b, "the robot has run and filed", func() bool {
		for _, d := range w.demo.Portal.Deliveries() {
			if d.Code == "realty_extract" {
				form, _ = url.ParseQuery(d.Body)
			}
		}
		return form != nil && len(w.box.Realty.Docflows()) == 1
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.filed)
	return form
}

// variant is the same call for another card and another object.
func (w *world) variant(example url.Values, n int) string {
	form := maps.Clone(example)
	deal := w.demo.Portal.CreateItem(bitrixsim.Deal, map[string]any{"title": cadastral(n)})
	form.Set("document_id[2]", "DEAL_"+strconv.Itoa(deal))
	form.Set("event_token", example.Get("event_token")+strconv.Itoa(n))
	form.Set("properties[cadastral_number]", cadastral(n))
	return form.Encode()
}

// BenchmarkIdle measures the binary with one installed portal and nothing to do.
func BenchmarkIdle(b *testing.B) {
	w := install(b)
	for b.Loop() {
		var ready []float64
		var memory float64
		for range rounds {
			ready = append(ready, w.start().Seconds())
			<-time.After(3 * time.Second) // its feeds run, its memory settles
			memory = max(memory, resident(b, w.cmd.Process.Pid))
			w.stop()
		}
		b.ReportMetric(median(ready), "s-to-ready(<1)")
		b.ReportMetric(memory, "MiB(<60)")
	}
}

// world is the built binary beside simulated systems.
type world struct {
	b              *testing.B
	box            *sandbox.Sandbox
	demo           sandbox.Demo
	binary, listen string
	env            []string
	cmd            *exec.Cmd

	mu    sync.Mutex
	filed map[string]time.Time // by cadastral number
}

// install builds the binary and lets it install itself in the simulated portal, with one connection.
func install(b *testing.B) *world {
	b.Helper()
	w := &world{b: b, binary: filepath.Join(b.TempDir(), "bridge"), listen: freeAddress(b), filed: map[string]time.Time{}}
	out, err := exec.Command("go", "build", "-o", w.binary, "konturbridge/cmd/bridge").CombinedOutput()
	require.NoError(b, err, string(out))
	w.box = sandbox.New(sandbox.Config{})
	web := httptest.NewServer(http.HandlerFunc(w.serve))
	b.Cleanup(web.Close)
	b.Cleanup(w.box.Close)
	w.box.SetBaseURL(web.URL)
	w.demo = w.box.SeedDemo()
	public := "http://" + w.listen
	w.box.Bitrix.AddApp(bitrixsim.App{ClientID: "local.1", ClientSecret: "s", NoUI: true,
		HandlerURL: public + "/bitrix/app", InstallURL: public + "/bitrix/install",
		Scopes: []string{"crm", "bizproc", "placement", "user_brief", "disk", "im", "userfieldconfig"}})
	w.env = []string{"PATH=" + os.Getenv("PATH"), "BRIDGE_LISTEN=" + w.listen, "BRIDGE_OPS_LISTEN=", "BRIDGE_PUBLIC_URL=" + public,
		"BRIDGE_DATABASE_URL=sqlite://" + filepath.Join(b.TempDir(), "bridge.db"), "BRIDGE_SECRET_KEY=" + config.NewSecretKey().Reveal(),
		"BRIDGE_BITRIX_CLIENT_ID=local.1", "BRIDGE_BITRIX_CLIENT_SECRET=s", "BRIDGE_BITRIX_OAUTH_URL=" + web.URL,
		"BRIDGE_REALTY_URL=" + web.URL + "/realty/v1", "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true"}
	w.start()
	require.NoError(b, w.demo.Portal.Install(b.Context(), "local.1"))
	until(b, "the portal is set up", func() bool {
		return len(w.demo.Portal.Robots()) == len(app.Robots()) && len(w.demo.Portal.Bindings()) > 0
	})
	settings := exec.Command(w.binary, "settings", "apply", "--portal", w.demo.Portal.MemberID(), "/dev/stdin")
	settings.Env = w.env
	settings.Stdin = strings.NewReader(fmt.Sprintf("connections:\n  - {name: main, kind: realty, default: true, login: %s, password: %s, accountId: %s}\n",
		w.demo.Login, w.demo.Password, w.demo.AccountID))
	out, err = settings.CombinedOutput()
	require.NoError(b, err, string(out))
	w.stop()
	return w
}

// serve is the sandbox; it notes when an extract is filed. Nothing else of a robot's call comes before.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/realty/v1/") {
		at := time.Now()
		body, err := io.ReadAll(r.Body)
		if _, rest, found := bytes.Cut(body, []byte(`"cadastralNumber":"`)); err == nil && found {
			number, _, _ := bytes.Cut(rest, []byte(`"`))
			w.mu.Lock()
			w.filed[string(number)] = at
			w.mu.Unlock()
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.box.ServeHTTP(rw, r)
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.filed)
}

// start starts the binary and gives how long it took until it was ready.
func (w *world) start() time.Duration {
	w.b.Helper()
	w.cmd = exec.Command(w.binary, "serve")
	w.cmd.Env, w.cmd.Stderr = w.env, os.Stderr
	started := time.Now()
	require.NoError(w.b, w.cmd.Start())
	cmd := w.cmd
	w.b.Cleanup(func() { _ = cmd.Process.Kill() })
	until(w.b, "the bridge is ready", func() bool { return status("http://"+w.listen+"/readyz") == http.StatusOK })
	return time.Since(started)
}

func (w *world) stop() {
	w.b.Helper()
	require.NoError(w.b, w.cmd.Process.Signal(os.Interrupt))
	require.NoError(w.b, w.cmd.Wait())
}
