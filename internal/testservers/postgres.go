package testservers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const postgresUser = "bridge"

// PostgresServer is a private PostgreSQL. fsync is on unless NoSync was given.
type PostgresServer struct {
	// URL is postgres://… of the server's maintenance database; it stays the same over restarts.
	URL string

	tb testing.TB
	postgres
}

// Postgres starts a private server, for a test that stops, restarts or crashes it, and removes it when
// the test ends. It takes a second or two: a test that only needs a database takes [NewDatabase].
func Postgres(tb testing.TB, opts ...Option) *PostgresServer {
	tb.Helper()
	s := &PostgresServer{tb: tb}
	tb.Cleanup(func() {
		if err := s.remove(); err != nil {
			tb.Error(err)
		}
	})
	if err := s.create(apply(opts)); err != nil {
		tb.Fatal(err)
	}
	s.URL = s.database("postgres")
	return s
}

// NewDatabase creates an empty database on this server and gives its URL.
func (s *PostgresServer) NewDatabase(tb testing.TB) string {
	tb.Helper()
	return s.newDatabase(tb)
}

// Stop shuts the server down in good order, cutting its clients off.
func (s *PostgresServer) Stop() { s.tb.Helper(); s.must(s.daemon.stop(syscall.SIGINT)) }

// Kill ends the server as a crash would: nothing is flushed, the next Start recovers from its log.
func (s *PostgresServer) Kill() { s.tb.Helper(); s.must(s.daemon.stop(syscall.SIGQUIT)) }

// Start brings a stopped server back on its port and returns when it answers.
func (s *PostgresServer) Start() { s.tb.Helper(); s.must(s.daemon.start()) }

// Restart is Stop and Start.
func (s *PostgresServer) Restart() { s.tb.Helper(); s.Stop(); s.Start() }

func (s *PostgresServer) must(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatal(err)
	}
}

// postgres is the server without a test that it belongs to.
type postgres struct {
	dir      string
	password string
	daemon   *daemon
	made     atomic.Int64 // databases
}

// create makes the folder and the cluster and starts the server. What a failed create left behind is
// removed by remove.
func (p *postgres) create(s settings) error {
	initdb, server, err := postgresPrograms()
	if err != nil {
		return err
	}
	owner, err := postgresOwner()
	if err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp("", "bridge-postgres-"); err != nil {
		return err
	}
	p.password = strings.ToLower(rand.Text())
	if err := p.initialise(initdb, owner); err != nil {
		return err
	}
	p.daemon = &daemon{
		name: "postgres", program: server, dir: p.dir, owner: owner,
		death: syscall.SIGQUIT, // at SIGKILL its helpers would linger
		args:  func(port int) []string { return p.arguments(port, s) },
		ready: p.ready,
	}
	return p.daemon.start()
}

func (p *postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *postgres) initialise(initdb string, owner *syscall.Credential) error {
	secret := filepath.Join(p.dir, "password")
	if err := os.WriteFile(secret, []byte(p.password), 0o600); err != nil {
		return err
	}
	if owner != nil {
		for _, path := range []string{p.dir, secret} {
			if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
				return err
			}
		}
	}
	cmd := exec.Command(initdb, "--pgdata", p.data(), "--username", postgresUser, "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	cmd.Dir, cmd.SysProcAttr = p.dir, &syscall.SysProcAttr{Credential: owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func (p *postgres) arguments(port int, s settings) []string {
	args := []string{"-D", p.data(), "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "max_connections=300", "-c", "shared_buffers=64MB"}
	if s.noSync {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	return args
}

func (p *postgres) database(name string) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", postgresUser, p.password, p.daemon.address(), name)
}

// ready proves by the password that the answering server is this one.
func (p *postgres) ready(ctx context.Context, port int) error {
	conn, err := pgx.Connect(ctx, fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/postgres?sslmode=disable",
		postgresUser, p.password, port))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func (p *postgres) newDatabase(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test_%d", p.made.Add(1))
	if err := p.execute("CREATE DATABASE " + name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// A test may leave its private server stopped; then the database goes with the folder.
		if err := p.execute("DROP DATABASE " + name + " WITH (FORCE)"); err != nil && p.daemon.running() {
			tb.Error(err)
		}
	})
	return p.database(name)
}

func (p *postgres) execute(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.database("postgres"))
	if err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// remove stops the server and deletes its folder.
func (p *postgres) remove() error {
	var stopped error
	if p.daemon != nil {
		stopped = p.daemon.stop(syscall.SIGQUIT)
	}
	if p.dir == "" {
		return stopped
	}
	return errors.Join(stopped, os.RemoveAll(p.dir))
}

// postgresPrograms looks in PATH and then where Debian keeps what it leaves out of PATH.
func postgresPrograms() (initdb, server string, err error) {
	initdb, initErr := exec.LookPath("initdb")
	server, serverErr := exec.LookPath("postgres")
	if initErr == nil && serverErr == nil {
		return initdb, server, nil
	}
	best := 0
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well formed
	for _, path := range found {
		bin := filepath.Dir(path)
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
		if err == nil && version > best {
			best, initdb, server = version, path, filepath.Join(bin, "postgres")
		}
	}
	if best == 0 {
		return "", "", errors.New("PostgreSQL is missing: run ./test.sh, or apt-get install postgresql")
	}
	return initdb, server, nil
}

// postgresOwner is nil unless the test runs as root, which PostgreSQL refuses to.
func postgresOwner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root and there is no user postgres or nobody")
}
