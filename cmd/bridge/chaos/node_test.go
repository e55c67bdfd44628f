package chaos_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// grace is what a process that is asked to stop may take: 10 s for its work and a little for the rest.
const grace = 12 * time.Second

// node is one serving process.
type node struct {
	t       *testing.T
	name    string
	address string
	cmd     *exec.Cmd
	said    *output
	ended   chan struct{}
}

// output is what a process says, on both of its streams.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// launch starts a serving process without waiting for it.
func launch(t *testing.T, command, name, folder, address string, env []string) *node {
	t.Helper()
	n := &node{t: t, name: name, address: address, said: &output{}, ended: make(chan struct{})}
	n.cmd = exec.Command(command, "serve")
	n.cmd.Dir, n.cmd.Env = folder, append([]string{"BRIDGE_LISTEN=" + address}, env...)
	n.cmd.Stdout, n.cmd.Stderr = n.said, n.said
	n.cmd.SysProcAttr = &syscall.SysProcAttr{}
	dieWithParent(n.cmd.SysProcAttr)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the kernel watches the thread, not the process
		defer runtime.UnlockOSThread()
		err := n.cmd.Start()
		started <- err
		if err == nil {
			_ = n.cmd.Wait() // read from ProcessState by whoever wants to know
			close(n.ended)
		}
	}()
	require.NoError(t, <-started)
	t.Cleanup(n.kill)
	return n
}

func (n *node) url() string { return "http://" + n.address }

func (n *node) running() bool {
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// ready waits until the node takes work.
func (n *node) ready() {
	n.t.Helper()
	until(n.t, n.name+" is ready", func() bool {
		require.True(n.t, n.running(), "%s ended: %s", n.name, tail(n.said.String()))
		return healthy(n.t.Context(), n.url())
	})
}

func healthy(ctx context.Context, base string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// kill ends the process as kill -9 does and returns when it is dead.
func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may have ended by itself
	<-n.ended
}

// terminate asks the process to stop and gives its exit code and how long it took.
func (n *node) terminate() (code int, took time.Duration) {
	n.t.Helper()
	asked := time.Now()
	require.NoError(n.t, n.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-n.ended:
	case <-time.After(patience):
		require.FailNow(n.t, n.name+" does not stop", tail(n.said.String()))
	}
	return n.cmd.ProcessState.ExitCode(), time.Since(asked)
}

// worked counts the finished runs of a kind of work in the node's log; an empty lane means any.
func (n *node) worked(kind, lane string) int {
	count := 0
	for line := range strings.Lines(n.said.String()) {
		if strings.Contains(line, `"msg":"work"`) && strings.Contains(line, `"kind":"`+kind+`"`) &&
			(lane == "" || strings.Contains(line, `"lane":"`+lane+`"`)) {
			count++
		}
	}
	return count
}

// tail is the end of a long text.
func tail(text string) string {
	const keep = 16 << 10
	if len(text) > keep {
		return "…" + text[len(text)-keep:]
	}
	return text
}

// freeAddress finds a port that stays free while nobody listens on it: below the range from which the
// kernel takes the ports of outgoing connections.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		if err != nil {
			continue
		}
		require.NoError(t, listener.Close())
		return address
	}
	require.FailNow(t, "no free port")
	return ""
}
