package app

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// drainListener knows the connections on which nothing was ever sent. Clients and proxies keep such
// spare ones open, and the HTTP server waits for them when it stops, as if a request were under way.
type drainListener struct {
	net.Listener
	mu    sync.Mutex
	fresh map[*drainConn]struct{}
}

type drainConn struct {
	net.Conn
	owner *drainListener
	once  sync.Once
}

func newDrainListener(l net.Listener) *drainListener {
	return &drainListener{Listener: l, fresh: map[*drainConn]struct{}{}}
}

// Accept implements net.Listener.
func (l *drainListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &drainConn{Conn: conn, owner: l}
	l.mu.Lock()
	l.fresh[c] = struct{}{}
	l.mu.Unlock()
	return c, nil
}

// Read implements net.Conn: the first bytes make the connection one that is waited for.
func (c *drainConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.used()
	}
	return n, err
}

// Close implements net.Conn.
func (c *drainConn) Close() error {
	c.used()
	return c.Conn.Close()
}

func (c *drainConn) used() {
	c.once.Do(func() {
		c.owner.mu.Lock()
		delete(c.owner.fresh, c)
		c.owner.mu.Unlock()
	})
}

// closeFresh ends the connections on which nothing was sent.
func (l *drainListener) closeFresh() {
	l.mu.Lock()
	conns := make([]*drainConn, 0, len(l.fresh))
	for c := range l.fresh {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// shutdown stops accepting and lets requests that are under way finish within the grace. What is not
// finished then was not answered, so nothing was promised for it: that is no failure of the process.
func (a *App) shutdown(server *fiber.App, l *drainListener) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- server.ShutdownWithContext(ctx) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		l.closeFresh()
		select {
		case err := <-stopped:
			if errors.Is(err, context.DeadlineExceeded) {
				a.log.Warn("requests were still under way when the grace ended")
				return nil
			}
			return err
		case <-tick.C:
		}
	}
}
