package chaos_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binary is the built command, with the race detector when the tests have it.
var binary string

// plainBinary builds the command without the race detector, which slows the embedded database down ten times.
var plainBinary = sync.OnceValues(func() (string, error) {
	if !raceDetector {
		return binary, nil
	}
	plain := binary + "-plain"
	return plain, build(plain)
})

func build(out string, flags ...string) error {
	args := append([]string{"build", "-buildvcs=false", "-o", out}, flags...)
	if said, err := exec.Command("go", append(args, "konturbridge/cmd/bridge")...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

func TestMain(m *testing.M) {
	code, err := func() (int, error) {
		folder, err := os.MkdirTemp("", "bridge-chaos-")
		if err != nil {
			return 1, err
		}
		defer os.RemoveAll(folder)
		binary = filepath.Join(folder, "bridge")
		var flags []string
		if raceDetector {
			flags = []string{"-race"}
		}
		if err := build(binary, flags...); err != nil {
			return 1, err
		}
		return m.Run(), nil
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// patience is how long a test waits for one thing to happen. What stands in its way is a lease of 15 s
// and the pauses of the retry policy, on a machine that works for several tests at once.
const patience = 90 * time.Second

// until waits for a condition that nothing announces, looking again every few milliseconds.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-t.Context().Done():
			require.FailNow(t, "the test ended before "+what)
		case <-deadline.C:
			require.FailNow(t, "waited in vain until "+what)
		case <-tick.C:
		}
	}
}
