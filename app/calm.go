package app

import (
	"net"
	"time"
)

// calmListener keeps a stop in good order from ending in a panic. While it shuts down, fasthttp closes
// connections that it takes for idle, as drainListener does with spare ones, and panics when a request that
// comes in at that moment cannot set its deadline. The read or write that follows tells of it all the same.
type calmListener struct{ net.Listener }

// Accept implements net.Listener.
func (l calmListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return calmConn{conn}, nil
}

type calmConn struct{ net.Conn }

func (c calmConn) SetDeadline(at time.Time) error {
	_ = c.Conn.SetDeadline(at)
	return nil
}

func (c calmConn) SetReadDeadline(at time.Time) error {
	_ = c.Conn.SetReadDeadline(at)
	return nil
}

func (c calmConn) SetWriteDeadline(at time.Time) error {
	_ = c.Conn.SetWriteDeadline(at)
	return nil
}
