package testservers

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
)

// binary owns what the tests of one test binary share.
type binary struct {
	settings settings
	once     sync.Once
	postgres postgres
	err      error
}

// current is set by Main for the time of its run. A test has no other way to reach what its TestMain
// owns.
var current atomic.Pointer[binary]

// Main runs the tests of a package that uses [NewDatabase] and exits with their code. The shared
// server is started by the first test that needs it and removed at the end.
func Main(m *testing.M, opts ...Option) {
	os.Exit(run(m.Run, opts))
}

func run(tests func() int, opts []Option) int {
	b := &binary{settings: apply(opts)}
	current.Store(b)
	code := tests()
	current.Store(nil)
	if err := b.postgres.remove(); err != nil {
		fmt.Fprintln(os.Stderr, "testservers:", err)
		return max(code, 1)
	}
	return code
}

// NewDatabase creates an empty database on the PostgreSQL server that the test binary shares, and
// gives its postgres:// URL. It is dropped when the test ends.
func NewDatabase(tb testing.TB) string {
	tb.Helper()
	b := current.Load()
	if b == nil {
		tb.Fatal("the package needs: func TestMain(m *testing.M) { testservers.Main(m) }")
	}
	b.once.Do(func() { b.err = b.postgres.create(b.settings) })
	if b.err != nil {
		tb.Fatal(b.err)
	}
	return b.postgres.newDatabase(tb)
}
