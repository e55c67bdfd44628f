package bench_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// client is one connection that is kept open. It reads no more of an answer than it must: the load must
// cost little beside the server.
type client struct {
	conn net.Conn
	buf  [2048]byte
}

func dial(addr string) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn}, nil
}

var (
	statusOK = []byte("HTTP/1.1 200")
	headEnd  = []byte("\r\n\r\n")
	lengthIs = []byte("Content-Length: ")
)

// do sends a request and reads its answer; anything but 200 is an error.
func (c *client) do(request []byte) error {
	if _, err := c.conn.Write(request); err != nil {
		return err
	}
	for n, want := 0, 0; want == 0 || n < want; {
		if n == len(c.buf) {
			return errors.New("the answer is too long")
		}
		got, err := c.conn.Read(c.buf[n:])
		if err != nil {
			return err
		}
		n += got
		if want > 0 {
			continue
		}
		head := bytes.Index(c.buf[:n], headEnd)
		if head < 0 {
			continue
		}
		if !bytes.HasPrefix(c.buf[:n], statusOK) {
			return fmt.Errorf("answered: %.200q", c.buf[:n])
		}
		at := bytes.Index(c.buf[:head], lengthIs)
		if at < 0 {
			return errors.New("the answer has no length")
		}
		digits, _, _ := bytes.Cut(c.buf[at+len(lengthIs):head], []byte("\r"))
		length, err := strconv.Atoi(string(digits))
		if err != nil {
			return err
		}
		want = head + len(headEnd) + length
	}
	return nil
}

// load is what senders share over a whole run.
type load struct {
	b      *testing.B
	series atomic.Uint64
}

func newLoad(b *testing.B) *load {
	l := &load{b: b}
	l.series.Store(uint64(time.Now().UnixNano()>>20) & 0xffff << 12) // another run's tokens are others
	return l
}

// each runs work in one goroutine per connection and fails the benchmark on the first error.
func (l *load) each(addr string, conns int, s *shot, work func(*client, *shot) error) {
	l.b.Helper()
	var wg sync.WaitGroup
	errs := make(chan error, conns)
	for range conns {
		c, err := dial(addr)
		require.NoError(l.b, err)
		own := s.of(l.series.Add(1))
		wg.Go(func() {
			defer c.conn.Close()
			if err := work(c, own); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	require.NoError(l.b, <-errs)
}

// closed sends as fast as answers come for a while, and gives how many were answered in how long.
func (l *load) closed(addr string, conns int, s *shot, window time.Duration) (int, time.Duration) {
	l.b.Helper()
	var (
		count atomic.Int64
		over  atomic.Bool
	)
	started := time.Now()
	timer := time.AfterFunc(window, func() { over.Store(true) })
	defer timer.Stop()
	l.each(addr, conns, s, func(c *client, s *shot) error {
		n := int64(0)
		defer func() { count.Add(n) }()
		for ; !over.Load(); n++ {
			if err := c.do(s.next()); err != nil {
				return err
			}
		}
		return nil
	})
	return int(count.Load()), time.Since(started)
}

// rate is what closed reaches in a second.
func (l *load) rate(addr string, conns int, s *shot, window time.Duration) float64 {
	l.b.Helper()
	n, took := l.closed(addr, conns, s, window)
	return float64(n) / took.Seconds()
}

// sent is one request of a fixed schedule.
type sent struct {
	at   time.Time // as scheduled
	took time.Duration
}

// open sends on a fixed schedule until it is over, whatever the answers do: what comes late because an
// earlier answer was late counts from its scheduled time.
func (l *load) open(addr string, conns int, s *shot, perSecond int, over func() bool) []sent {
	l.b.Helper()
	var (
		mu    sync.Mutex
		all   []sent
		next  atomic.Int64
		start = time.Now()
		gap   = time.Second / time.Duration(perSecond)
	)
	l.each(addr, conns, s, func(c *client, s *shot) error {
		for !over() {
			at := start.Add(time.Duration(next.Add(1)) * gap)
			<-time.After(time.Until(at))
			if err := c.do(s.next()); err != nil {
				return err
			}
			took := time.Since(at)
			mu.Lock()
			all = append(all, sent{at, took})
			mu.Unlock()
		}
		return nil
	})
	return all
}
