package testservers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// logTail is how many bytes of a server's log an error shows.
const logTail = 2000

// process is one running server.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// command is what spawn starts.
type command struct {
	program string
	args    []string
	dir     string
	log     string              // file that gets the output
	owner   *syscall.Credential // nil: whoever runs the test
	death   syscall.Signal      // sent when the test process dies
}

// spawn starts the command from a goroutine that keeps its thread until the server is gone: Linux
// sends the death signal when the starting *thread* ends, and Go ends idle threads at will.
func spawn(c command) (*process, error) {
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(c.program, c.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	dieWithParent(cmd.SysProcAttr, c.death)
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer func() { _ = log.Close() }()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // the exit status of a stopped server says nothing
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// end sends signal and waits; a server that ignores it is killed after ten seconds and reported.
func (p *process) end(signal syscall.Signal) error {
	_ = p.cmd.Process.Signal(signal) // fails only when it has already exited
	select {
	case <-p.exited:
		return nil
	case <-time.After(10 * time.Second):
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
	return fmt.Errorf("%s ignored signal %d and was killed", filepath.Base(p.cmd.Path), signal)
}

// tail is the end of a log file, for an error that a person can act on.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if len(text) > logTail {
		text = text[len(text)-logTail:]
	}
	return strings.TrimSpace(string(text))
}
