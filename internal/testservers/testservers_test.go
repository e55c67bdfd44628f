package testservers

import (
	"bufio"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// childMark turns the test that reads it into the process that is killed.
const childMark = "BRIDGE_TESTSERVERS_CHILD"

func TestMain(m *testing.M) { Main(m, NoSync()) }

func redisClient(t *testing.T, raw string) *redis.Client {
	t.Helper()
	opts, err := redis.ParseURL(raw)
	require.NoError(t, err)
	opts.MaxRetries, opts.DialerRetries = -1, 1
	client := redis.NewClient(opts)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func TestRedisStopLosesAllAndStartKeepsThePort(t *testing.T) {
	t.Parallel()
	server := Redis(t)
	client := redisClient(t, server.URL)
	require.NoError(t, client.Set(t.Context(), "k", "v", 0).Err())

	server.Stop()
	require.Error(t, client.Ping(t.Context()).Err())
	server.Stop() // stopping twice is harmless

	server.Start()
	server.Start()
	require.ErrorIs(t, client.Get(t.Context(), "k").Err(), redis.Nil)
}

func TestTwoRedisServersAreApart(t *testing.T) {
	t.Parallel()
	a, b := Redis(t), Redis(t)
	require.NotEqual(t, a.URL, b.URL)
	require.NoError(t, redisClient(t, a.URL).Set(t.Context(), "k", "v", 0).Err())
	require.ErrorIs(t, redisClient(t, b.URL).Get(t.Context(), "k").Err(), redis.Nil)
}

func query[T any](t *testing.T, database, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var value T
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func execute(t *testing.T, database, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	tag, err := conn.Exec(t.Context(), sql)
	require.NoError(t, err)
	return tag.String()
}

func TestSharedDatabasesAreApartAndDropped(t *testing.T) {
	t.Parallel()
	var first string
	t.Run("inner", func(t *testing.T) {
		first = NewDatabase(t)
		second := NewDatabase(t)
		require.NotEqual(t, first, second)
		require.Equal(t, "CREATE TABLE", execute(t, first, "CREATE TABLE mine (a int)"))
		require.Equal(t, 0, query[int](t, second, "SELECT count(*) FROM pg_tables WHERE tablename = 'mine'"))
		require.Equal(t, "off", query[string](t, first, "SHOW fsync"), "Main was given NoSync")
	})
	_, err := pgx.Connect(t.Context(), first)
	require.ErrorContains(t, err, "does not exist")
}

func TestPostgresSurvivesKillAndRestart(t *testing.T) {
	t.Parallel()
	server := Postgres(t)
	database := server.NewDatabase(t)
	require.Equal(t, "on", query[string](t, database, "SHOW fsync"))
	require.Equal(t, "CREATE TABLE", execute(t, database, "CREATE TABLE kept (a int)"))
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)

	server.Kill()
	require.Error(t, conn.Ping(t.Context()))
	_, err = pgx.Connect(t.Context(), server.URL)
	require.Error(t, err)

	server.Start()
	require.Equal(t, 0, query[int](t, database, "SELECT count(*) FROM kept"))
	server.Restart()
	require.Equal(t, 0, query[int](t, database, "SELECT count(*) FROM kept"))
}

func TestDaemonReportsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &daemon{
		name: "broken", program: "/bin/sh", dir: dir, death: syscall.SIGKILL,
		args:  func(int) []string { return []string{"-c", "echo no such luck; exit 3"} },
		ready: func(context.Context, int) error { return net.ErrClosed },
	}
	require.ErrorContains(t, d.start(), "no such luck")
	require.False(t, d.running())

	d.program = filepath.Join(dir, "absent")
	require.ErrorIs(t, d.start(), os.ErrNotExist)
}

func TestRunGivesTheCodeOfTheTests(t *testing.T) {
	// Not parallel: run replaces the shared owner of this binary for its time.
	saved := current.Load()
	defer current.Store(saved)
	require.Equal(t, 7, run(func() int { return 7 }, nil))
}

// TestServersDieWithTheTestProcess runs itself as a second process and kills that one while its
// servers run.
func TestServersDieWithTheTestProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv(childMark) != "" {
		serveUntilKilled(t)
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), childMark+"=1", "TMPDIR="+openDir(t))
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	var addresses []string
	for lines := bufio.NewScanner(out); len(addresses) < 2 && lines.Scan(); {
		if address, ok := strings.CutPrefix(lines.Text(), "serves "); ok {
			addresses = append(addresses, address)
		}
	}
	require.Len(t, addresses, 2)
	for _, address := range addresses {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	for _, address := range addresses {
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		}, 20*time.Second, 20*time.Millisecond, address)
	}
}

// openDir is a folder that the user PostgreSQL runs as can enter, removed with what a killed child
// left in it.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bridge-child-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() {
		require.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, 10*time.Second, 50*time.Millisecond)
	})
	return dir
}

func serveUntilKilled(t *testing.T) {
	t.Helper()
	for _, raw := range []string{Redis(t).URL, Postgres(t, NoSync()).URL} {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		_, err = os.Stdout.WriteString("serves " + u.Host + "\n")
		require.NoError(t, err)
	}
	<-t.Context().Done() // never: the parent kills this process
}

func TestFreePortIsBelowTheKernelsRange(t *testing.T) {
	t.Parallel()
	port, err := freePort()
	require.NoError(t, err)
	require.GreaterOrEqual(t, port, firstPort)
	require.Less(t, port, lastPort)
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	require.NoError(t, err)
	require.NoError(t, listener.Close())
}

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 2*logTail)+"the end\n"), 0o600))
	require.Len(t, tail(path), logTail-1)
	require.True(t, strings.HasSuffix(tail(path), "the end"))
	require.Contains(t, tail(path+"absent"), "no such file")
}
