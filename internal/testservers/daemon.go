package testservers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Ports are taken below the range from which the kernel gives out local ports (32768 and up on
// Linux): there, a client that calls a stopped server could be given the server's own port.
const (
	firstPort = 20000
	lastPort  = 32000
)

const (
	startTimeout = 30 * time.Second
	startTries   = 5 // another process may take a port between the check and the start
)

// daemon is a server that can be stopped and started again on its port. Safe for concurrent use.
type daemon struct {
	name    string
	program string
	dir     string
	owner   *syscall.Credential
	death   syscall.Signal
	args    func(port int) []string
	ready   func(ctx context.Context, port int) error

	mu   sync.Mutex
	port int // 0 until the first start
	run  *process
}

func (d *daemon) log() string { return filepath.Join(d.dir, d.name+".log") }

// start returns once the server answers. The first start finds a port, later ones keep it.
func (d *daemon) start() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run != nil {
		return nil
	}
	if d.port != 0 {
		return d.startOn(d.port)
	}
	var failures error
	for range startTries {
		port, err := freePort()
		if err == nil {
			if err = d.startOn(port); err == nil {
				d.port = port
				return nil
			}
		}
		failures = errors.Join(failures, err)
	}
	return failures
}

func (d *daemon) startOn(port int) error {
	p, err := spawn(command{
		program: d.program, args: d.args(port), dir: d.dir, log: d.log(), owner: d.owner, death: d.death,
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		if err = d.ready(ctx, port); err == nil {
			d.run = p
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s stopped at once: %s", d.name, tail(d.log()))
		case <-ctx.Done():
			_ = p.end(syscall.SIGKILL)
			return fmt.Errorf("%s does not answer: %w: %s", d.name, err, tail(d.log()))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop sends signal and returns when the server is gone; stopping a stopped server does nothing.
func (d *daemon) stop(signal syscall.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run == nil {
		return nil
	}
	err := d.run.end(signal)
	d.run = nil
	return err
}

func (d *daemon) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port)) }

func freePort() (int, error) {
	var failure error
	for range 50 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, listener.Close()
		}
		failure = err
	}
	return 0, fmt.Errorf("find a free port: %w", failure)
}

func (d *daemon) running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.run != nil
}
