package app

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"
)

func TestCalmConnections(t *testing.T) {
	t.Parallel()
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := calmListener{inner}
	dialed, err := new(net.Dialer).DialContext(t.Context(), "tcp", inner.Addr().String())
	require.NoError(t, err)
	defer func() { _ = dialed.Close() }()
	conn, err := listener.Accept()
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(-time.Second)), "deadlines hold while it is open")
	_, err = conn.Read(make([]byte, 1))
	require.ErrorContains(t, err, "timeout")
	require.NoError(t, conn.Close())
	for _, set := range []func(time.Time) error{conn.SetDeadline, conn.SetReadDeadline, conn.SetWriteDeadline} {
		require.NoError(t, set(time.Now()))
	}
	_, err = conn.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)
	require.NoError(t, listener.Close())
	_, err = listener.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

// TestClosedWhileServed closes a connection while its request is served, as a stop does to one that it
// takes for idle. Without calm connections the process panics.
func TestClosedWhileServed(t *testing.T) {
	t.Parallel()
	server := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: time.Second, WriteTimeout: time.Second, IdleTimeout: time.Second})
	server.Get("/closed", func(c *fiber.Ctx) error { return c.Context().Conn().Close() })
	server.Get("/", func(c *fiber.Ctx) error { return c.SendStatus(http.StatusOK) })
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- server.Listener(calmListener{inner}) }()
	get := func(path string) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+inner.Addr().String()+path, nil)
		require.NoError(t, err)
		resp, err := new(http.Transport).RoundTrip(req)
		if err == nil {
			require.NoError(t, resp.Body.Close())
		}
		return err
	}
	require.Error(t, get("/closed"))
	require.NoError(t, get("/"), "the others are served")
	require.NoError(t, server.ShutdownWithTimeout(5*time.Second))
	require.NoError(t, <-ended)
}
