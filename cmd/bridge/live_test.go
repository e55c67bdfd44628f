package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/testservers"
)

// running is a command that serves.
type running struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
	ended chan error
}

// start runs a serving command and collects what it prints.
func (s *shell) start(args ...string) *running {
	s.t.Helper()
	cmd := s.command(context.WithoutCancel(s.t.Context()), args...)
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	require.NoError(s.t, cmd.Start())
	r := &running{t: s.t, cmd: cmd, lines: make(chan string, 10_000), ended: make(chan error, 1)}
	go func() {
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			r.lines <- scanner.Text()
		}
		close(r.lines)
	}()
	go func() {
		err := cmd.Wait()
		_ = writer.Close()
		r.ended <- err
	}()
	s.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return r
}

// stop sends a signal and says how long the end took; what was printed comes back.
func (r *running) stop(signal os.Signal) (time.Duration, string) {
	r.t.Helper()
	started := time.Now()
	require.NoError(r.t, r.cmd.Process.Signal(signal))
	require.NoError(r.t, <-r.ended)
	took := time.Since(started)
	var text strings.Builder
	for line := range r.lines {
		text.WriteString(line + "\n")
	}
	return took, text.String()
}

// answers waits for an address to answer 200 and gives the body.
func answers(t *testing.T, address string) string {
	t.Helper()
	var body string
	require.Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		body = string(text)
		return err == nil && answer.StatusCode == http.StatusOK
	}, 20*time.Second, 5*time.Millisecond, address)
	return body
}

func TestServe(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, ops := freeAddress(t), freeAddress(t)
			s := newShell(t, "BRIDGE_LISTEN="+address, "BRIDGE_OPS_LISTEN="+ops, "BRIDGE_PUBLIC_URL=https://bridge.example.ru")
			started := time.Now()
			r := s.start("serve")
			require.JSONEq(t, `{"status":"ok"}`, answers(t, "http://"+address+"/healthz"))
			require.Less(t, time.Since(started), time.Second)
			answers(t, "http://"+address+"/readyz")
			require.Regexp(t, `(?m)^bridge_lanes_held `, answers(t, "http://"+ops+"/metrics"))
			second := s.run("serve")
			require.Equal(t, 1, second.code)
			require.Contains(t, second.errout, "another bridge already serves this database")
			require.Equal(t, "[]\n", s.done("portals", "--json"), "a command runs beside it")

			took, text := r.stop(signal)
			require.Less(t, took, time.Second)
			require.Contains(t, text, "bridge stopped")
			for line := range strings.Lines(text) {
				require.True(t, json.Valid([]byte(line)), "logs are JSON where nobody looks on: %s", line)
			}
			key, err := os.ReadFile(filepath.Join(s.folder, "data", "bridge.key"))
			require.NoError(t, err)
			require.NotContains(t, text, strings.TrimSpace(string(key)))
			info, err := os.Stat(filepath.Join(s.folder, "data", "bridge.key"))
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		})
	}
}

func TestServeNeedsItsAddress(t *testing.T) {
	t.Parallel()
	s := newShell(t, "BRIDGE_LISTEN=192.0.2.1:80", "BRIDGE_OPS_LISTEN=", "BRIDGE_PUBLIC_URL=https://bridge.example.ru")
	o := s.run("serve")
	require.Equal(t, 1, o.code)
	require.Contains(t, o.errout, "BRIDGE_LISTEN")
}

// TestSandboxGuide does what the sandbox tells a person to do, and asks the doctor before and after.
func TestSandboxGuide(t *testing.T) {
	t.Parallel()
	sandboxAt, bridgeAt := freeAddress(t), freeAddress(t)
	outside := newShell(t)
	box := outside.start("sandbox", "--listen", sandboxAt, "--bridge", "http://"+bridgeAt)
	answers(t, "http://"+sandboxAt+"/")
	guide := box.guide()

	s := newShell(t, "BRIDGE_LISTEN="+bridgeAt, "BRIDGE_OPS_LISTEN=", "BRIDGE_LOG_FORMAT=text")
	s.env = append(s.env, regexp.MustCompile(`BRIDGE_[A-Z_]+=\S+`).FindAllString(guide, -1)...)
	early := s.run("doctor")
	require.Equal(t, 1, early.code)
	require.Contains(t, early.out, "failed  public URL")
	require.Contains(t, early.out, "ok      authorization server http://"+sandboxAt)
	require.Contains(t, early.out, "ok      Реестро http://"+sandboxAt)
	require.Contains(t, early.out, "ok      Диадок http://"+sandboxAt+"/diadoc: answers")
	require.Contains(t, early.out, "is not made yet")
	require.NoDirExists(t, filepath.Join(s.folder, "sandbox"), "looking makes nothing")

	bridge := s.start("serve")
	answers(t, "http://"+bridgeAt+"/readyz")
	s.install(guide)
	id := regexp.MustCompile(`--portal (\S+) -`).FindStringSubmatch(guide)[1]
	o := s.feed(regexp.MustCompile(`echo '(.+)' \|`).FindStringSubmatch(guide)[1], "settings", "apply", "--portal", id, "-")
	require.Equal(t, 0, o.code, o.errout)

	var healthy outcome
	require.Eventually(t, func() bool { // the account's news and the box's events are followed within seconds
		healthy = s.run("doctor")
		return healthy.code == 0 && strings.Contains(healthy.out, "logs in, news read") && strings.Contains(healthy.out, "ok      Диадок box box of")
	}, 30*time.Second, 100*time.Millisecond)
	require.NotContains(t, healthy.out, "failed")
	require.Contains(t, healthy.out, "ok      portal "+id)
	require.Contains(t, healthy.out, "none is lost")
	require.Contains(t, healthy.out, "ok      public URL: http://"+bridgeAt+"/healthz answers")
	require.Contains(t, healthy.out, "ok      self-check of ")
	require.Contains(t, healthy.out, "user 1 does the work and nobody can take over")

	for lever, with := range map[string]string{"deleterobots": `{"code":"realty_extract"}`, "deletebindings": `{"code":"ONCRMDEALUPDATE"}`,
		"deleteplacements": `{"placement":"CRM_DEAL_DETAIL_TAB"}`, "deletetriggers": `{"code":"kb_duty_charged"}`,
		"deletefield": `{"entityTypeId":2,"name":"UF_CRM_KB_ERROR"}`} {
		s.post("http://"+sandboxAt+"/control/bitrix/demo/levers/"+lever, with)
	}
	repaired := s.run("doctor")
	require.Equal(t, 0, repaired.code, repaired.out)
	require.Contains(t, repaired.out, ": repaired: added robot realty_extract, event ONCRMDEALUPDATE, offline event ONCRMDEALUPDATE, "+
		"field UF_CRM_KB_ERROR of DEAL, tab CRM_DEAL_DETAIL_TAB, trigger kb_duty_charged")
	require.Contains(t, s.run("doctor").out, ": everything that the bridge needs in the portal is there")
	shown := s.done("portals", "show", id)
	require.Contains(t, shown, "everything was there")
	require.Regexp(t, `administrator +user 1 of \S+, works`, shown)

	_, log := bridge.stop(syscall.SIGTERM)
	require.NotContains(t, log+healthy.out, "sandbox-client-secret")
	took, _ := box.stop(syscall.SIGTERM)
	require.Less(t, took, 3*time.Second)
}

// guide reads what the sandbox prints, up to its last line.
func (r *running) guide() string {
	r.t.Helper()
	var text strings.Builder
	for line := range r.lines {
		text.WriteString(line + "\n")
		if line == "  bridge doctor" {
			return text.String()
		}
	}
	r.t.Fatal("the guide has no end")
	return ""
}

// install presses what the guide's curl line presses.
func (s *shell) install(guide string) {
	s.t.Helper()
	line := regexp.MustCompile(`curl -d '([^']+)' (\S+)`).FindStringSubmatch(guide)
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, line[2], strings.NewReader(line[1]))
	require.NoError(s.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, answer.StatusCode, string(text))
}

// post presses a lever of the sandbox.
func (s *shell) post(address, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(s.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	require.Equal(s.t, http.StatusOK, answer.StatusCode, address)
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	const nowhere = "http://127.0.0.1:1"
	away := []string{"BRIDGE_ALLOW_INSECURE_UPSTREAMS=true", "BRIDGE_BITRIX_OAUTH_URL=" + nowhere, "BRIDGE_REALTY_URL=" + nowhere + "/realty/v1", "BRIDGE_DIADOC_URL=" + nowhere,
		"BRIDGE_PUBLIC_URL=" + nowhere}
	worked := func(t *testing.T) *shell {
		t.Helper()
		s := prepared(t)
		s.env = append(s.env, away...)
		return s
	}
	t.Run("a misspelt key ends it", func(t *testing.T) {
		t.Parallel()
		o := newShell(t, "BRIDGE_LISTN=x").run("doctor")
		require.Equal(t, 1, o.code)
		require.Contains(t, o.out, "failed  settings: BRIDGE_LISTN")
		require.Empty(t, o.errout, "what is wrong is said once")
	})
	t.Run("nothing answers", func(t *testing.T) {
		t.Parallel()
		s := worked(t)
		s.env = append(s.env, "BRIDGE_REDIS_URL=redis://:hunter2@127.0.0.1:1/0")
		o := s.run("doctor")
		require.Equal(t, 1, o.code)
		for _, line := range []string{"ok      database: sqlite://", "failed  Redis", "failed  authorization server " + nowhere, "failed  Реестро " + nowhere, "failed  Диадок " + nowhere,
			"failed  public URL", "failed  portal " + member, "the keys of local.1.2 are not in the settings",
			"failed  installation of local.3.4 in waits: the application's keys are not in the settings"} {
			require.Contains(t, o.out, line)
		}
		require.NotContains(t, o.out, "hunter2")
	})
	t.Run("the key is gone", func(t *testing.T) {
		t.Parallel()
		s := worked(t)
		require.NoError(t, os.Remove(filepath.Join(s.folder, "b.key")))
		o := s.run("doctor")
		require.Equal(t, 1, o.code)
		require.Contains(t, o.out, "failed  secret key: the database is there but its key")
		require.NoFileExists(t, filepath.Join(s.folder, "b.key"), "no other key takes its place")
	})
	t.Run("another key", func(t *testing.T) {
		t.Parallel()
		s := worked(t)
		s.env = append(s.env, "BRIDGE_SECRET_KEY="+strings.TrimSpace(s.done("keygen")))
		o := s.run("doctor")
		require.Equal(t, 1, o.code)
		require.Contains(t, o.out, "failed  database")
		require.Contains(t, o.out, "BRIDGE_SECRET_KEY_OLD")
	})
	t.Run("a key that others can read", func(t *testing.T) {
		t.Parallel()
		s := worked(t)
		require.NoError(t, os.Chmod(filepath.Join(s.folder, "b.key"), 0o644))
		require.Contains(t, s.run("doctor").out, "failed  secret key: others can read")
	})
	t.Run("no place for a database", func(t *testing.T) {
		t.Parallel()
		s := newShell(t, away...)
		s.env = append(s.env, "BRIDGE_DATABASE_URL=sqlite://"+s.file("plain", "")+"/b.db")
		o := s.run("doctor")
		require.Equal(t, 1, o.code)
		require.Contains(t, o.out, "failed  database")
	})
}

// TestSharedServers: the commands work on PostgreSQL as they do on a file.
func TestSharedServers(t *testing.T) {
	t.Parallel()
	s := newShell(t, "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true", "BRIDGE_BITRIX_OAUTH_URL=http://127.0.0.1:1", "BRIDGE_REALTY_URL=http://127.0.0.1:1", "BRIDGE_DIADOC_URL=http://127.0.0.1:1",
		"BRIDGE_DATABASE_URL="+testservers.Postgres(t).URL, "BRIDGE_REDIS_URL="+testservers.Redis(t).URL,
		"BRIDGE_PUBLIC_URL=http://127.0.0.1:1")
	keyless := s.run("serve")
	require.Equal(t, 1, keyless.code)
	require.Contains(t, keyless.errout, "BRIDGE_SECRET_KEY")
	address := freeAddress(t)
	s.env = append(s.env, "BRIDGE_SECRET_KEY="+strings.TrimSpace(s.done("keygen")), "BRIDGE_LISTEN="+address, "BRIDGE_OPS_LISTEN=")
	bridge := s.start("serve")
	answers(t, "http://"+address+"/readyz")
	require.Equal(t, "[]\n", s.done("portals", "--json"))
	report := s.run("doctor").out
	require.Contains(t, report, "ok      Redis: answers")
	require.Contains(t, report, "ok      database: postgres://")
	took, log := bridge.stop(syscall.SIGTERM)
	require.Less(t, took, time.Second)
	require.NotContains(t, log, "BRIDGE_REDIS_URL", "with Redis there is nothing to warn of")
}
