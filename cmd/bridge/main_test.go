package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/config"
)

// binary is the built command: everything here is tried as a person or a script would.
var binary string

func TestMain(m *testing.M) {
	code, err := func() (int, error) {
		folder, err := os.MkdirTemp("", "bridge-cmd-")
		if err != nil {
			return 1, err
		}
		defer os.RemoveAll(folder)
		binary = filepath.Join(folder, "bridge")
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
			return 1, fmt.Errorf("%w: %s", err, out)
		}
		return m.Run(), nil
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// outcome is how a command ended.
type outcome struct {
	code        int
	out, errout string
}

// shell runs commands in a folder of its own with settings of its own.
type shell struct {
	t      *testing.T
	folder string
	env    []string
}

func newShell(t *testing.T, env ...string) *shell {
	t.Helper()
	return &shell{t: t, folder: t.TempDir(), env: env}
}

func (s *shell) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = s.folder
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "TZ=UTC"}, s.env...)
	return cmd
}

func (s *shell) run(args ...string) outcome { return s.feed("", args...) }

// feed runs a command with text on its standard input.
func (s *shell) feed(input string, args ...string) outcome {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, args...)
	var out, errout bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errout
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(s.t, err)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errout.String()}
}

// done runs a command that must succeed and gives what it prints.
func (s *shell) done(args ...string) string {
	s.t.Helper()
	o := s.run(args...)
	require.Equal(s.t, 0, o.code, "%v: %s%s", args, o.out, o.errout)
	return o.out
}

func (s *shell) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.folder, name)
	require.NoError(s.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		env  []string
		code int
		says string
	}{
		"help":                    {[]string{"--help"}, nil, 0, ""},
		"help of a command":       {[]string{"jobs", "--help"}, nil, 0, ""},
		"nothing":                 {nil, nil, 2, "expected one of"},
		"unknown command":         {[]string{"dance"}, nil, 2, "dance"},
		"unknown flag":            {[]string{"jobs", "--fast"}, nil, 2, "--fast"},
		"no number":               {[]string{"jobs", "retry", "x"}, nil, 2, "x"},
		"no such state":           {[]string{"jobs", "--state", "lost"}, nil, 2, "lost"},
		"no portal named":         {[]string{"settings", "show"}, nil, 2, "--portal"},
		"no file named":           {[]string{"settings", "apply", "--portal", "p"}, nil, 2, "<file>"},
		"misspelt key":            {[]string{"serve"}, []string{"BRIDGE_LISTN=:1"}, 1, "BRIDGE_LISTN: unknown setting; did you mean BRIDGE_LISTEN?"},
		"malformed key":           {[]string{"serve"}, []string{"BRIDGE_NEWS_INTERVAL=soon"}, 1, "BRIDGE_NEWS_INTERVAL"},
		"malformed key elsewhere": {[]string{"jobs"}, []string{"BRIDGE_NEWS_INTERVAL=soon"}, 1, "BRIDGE_NEWS_INTERVAL"},
		"no public address":       {[]string{"serve"}, nil, 1, "BRIDGE_PUBLIC_URL"},
		"no settings file":        {[]string{"--config", "none.yaml", "serve"}, nil, 1, "none.yaml"},
		"a file without a store":  {[]string{"settings", "apply", "--portal", "p", "none.yaml"}, nil, 1, "none.yaml"},
		"no database":             {[]string{"jobs", "show", "1"}, nil, 1, "there is no database at data/bridge.db"},
		"database unreachable": {[]string{"jobs"}, []string{"BRIDGE_DATABASE_URL=postgres://u:hunter2@127.0.0.1:1/b",
			"BRIDGE_SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}, 1, "postgres://127.0.0.1:1/b"},
		"port taken by nobody we are": {[]string{"sandbox", "--listen", "256.0.0.1:1"}, nil, 1, "--listen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShell(t, tc.env...)
			o := s.run(tc.args...)
			require.Equal(t, tc.code, o.code, o.errout)
			require.Contains(t, o.errout, tc.says)
			require.NotContains(t, o.out+o.errout, "hunter2")
			if tc.code != 0 {
				require.Empty(t, o.out)
				require.Equal(t, 1, strings.Count(o.errout, "\n"), "one line: %q", o.errout)
				require.True(t, strings.HasPrefix(o.errout, "bridge: "), o.errout)
			}
			entries, err := os.ReadDir(s.folder)
			require.NoError(t, err)
			require.Empty(t, entries, "a refused command leaves nothing behind")
		})
	}
}

// TestListsBeforeTheFirstStart: looking makes no database.
func TestListsBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"portals", "docflows", "jobs"} {
		s := newShell(t)
		o := s.run(name, "--json")
		require.Equal(t, 0, o.code)
		require.Equal(t, "[]\n", o.out)
		require.Contains(t, o.errout, "there is no database")
		require.Equal(t, 0, s.run(name).code)
		require.NoDirExists(t, filepath.Join(s.folder, "data"))
	}
}

func TestSettingsFileOfTheProcess(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.file("bridge.yaml", "BRIDGE_LISTN: ':1'\n")
	o := s.run("--config", "bridge.yaml", "jobs")
	require.Equal(t, 1, o.code)
	require.Contains(t, o.errout, "BRIDGE_LISTN")
	s.file("bridge.yaml", "BRIDGE_DATABASE_URL: sqlite://elsewhere/b.db\n")
	require.Contains(t, s.run("--config", "bridge.yaml", "jobs").errout, "elsewhere/b.db")
}

func TestKeygen(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	first, second := s.done("keygen"), s.done("keygen")
	require.NotEqual(t, first, second)
	_, err := config.DecodeKey(config.Secret(strings.TrimSpace(first)))
	require.NoError(t, err)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(newShell(t).done("version")), "\n")
	require.Len(t, lines, 3)
	require.Regexp(t, `^bridge \S+$`, lines[0])
	require.Regexp(t, `^commit \S+`, lines[1])
	require.Regexp(t, `^go1\.`, lines[2])
}

func TestBuiltFrom(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		info debug.BuildInfo
		want built
	}{
		"a release": {debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}}},
			built{"v1.2.3", "abc", "go1.26.0"}},
		"a work tree": {debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "(devel)"},
			Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "abc"}}},
			built{"(devel)", "abc with changes", "go1.26.0"}},
		"nothing known": {debug.BuildInfo{GoVersion: "go1.26.0"}, built{"(devel)", "unknown", "go1.26.0"}},
	} {
		require.Equal(t, tc.want, builtFrom(&tc.info), name)
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a; b; c", oneLine(errors.Join(errors.New("a\n\n b"), errors.New("c"))))
	require.Equal(t, "", oneLine(errQuiet))
}
