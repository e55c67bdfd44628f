package app

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSpareConnections: a connection on which nothing was sent is closed at shutdown, one that was used is
// left to the server.
func TestSpareConnections(t *testing.T) {
	t.Parallel()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := newDrainListener(raw)
	t.Cleanup(func() { _ = l.Close() })
	dial := func() (client, server net.Conn) {
		client, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		server, err = l.Accept()
		require.NoError(t, err)
		t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
		return client, server
	}
	spare, _ := dial()
	busy, atServer := dial()
	_, err = busy.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadFull(atServer, make([]byte, 1))
	require.NoError(t, err)

	l.closeFresh()

	require.NoError(t, spare.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = spare.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	_, err = atServer.Write([]byte("y"))
	require.NoError(t, err)
	_, err = io.ReadFull(busy, make([]byte, 1))
	require.NoError(t, err)
	require.Empty(t, l.fresh)
}
