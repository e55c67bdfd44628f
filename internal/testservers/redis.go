package testservers

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// RedisServer is a private Redis that keeps nothing on disk: stopped, it has lost everything.
type RedisServer struct {
	// URL is redis://:password@127.0.0.1:port/0; it stays the same over Stop and Start.
	URL string

	tb     testing.TB
	daemon *daemon
}

// Redis starts a private server and removes it when the test ends.
func Redis(tb testing.TB) *RedisServer {
	tb.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Fatal("redis-server is missing: run ./test.sh, or apt-get install redis-server")
	}
	dir, err := os.MkdirTemp("", "bridge-redis-")
	if err != nil {
		tb.Fatal(err)
	}
	// The password also makes sure that the server which answers on the port is this one.
	password := strings.ToLower(rand.Text())
	s := &RedisServer{tb: tb, daemon: &daemon{
		name: "redis", program: program, dir: dir, death: syscall.SIGKILL,
		args: func(port int) []string {
			return []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
				"--save", "", "--appendonly", "no", "--requirepass", password}
		},
		ready: func(ctx context.Context, port int) error { return pingRedis(ctx, port, password) },
	}}
	tb.Cleanup(func() {
		if err := errors.Join(s.daemon.stop(syscall.SIGKILL), os.RemoveAll(dir)); err != nil {
			tb.Error(err)
		}
	})
	s.Start()
	s.URL = fmt.Sprintf("redis://:%s@%s/0", password, s.daemon.address())
	return s
}

// Stop ends the server at once, as a crash would. Its data are gone.
func (s *RedisServer) Stop() {
	s.tb.Helper()
	if err := s.daemon.stop(syscall.SIGKILL); err != nil {
		s.tb.Fatal(err)
	}
}

// Start brings a stopped server back on its port, empty, and returns when it answers.
func (s *RedisServer) Start() {
	s.tb.Helper()
	if err := s.daemon.start(); err != nil {
		s.tb.Fatal(err)
	}
}

func pingRedis(ctx context.Context, port int, password string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\n", password); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "+OK") {
		return errors.New("another server answers on this port")
	}
	return nil
}
