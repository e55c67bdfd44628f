package realty

import (
	"bytes"
	"io"
	"sync"
)

// replay is a request body that may be sent twice: bytes and seekable streams can, others cannot.
type replay struct {
	body   []byte
	stream io.Reader
	size   int64
	start  int64 // offset of a seekable stream at its first use; -1 when it cannot be sent again
	sent   *stoppable
}

func newReplay(req call) *replay {
	r := &replay{body: req.body, stream: req.stream, size: req.size, start: -1}
	if seeker, ok := req.stream.(io.Seeker); ok {
		if at, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			r.start = at
		}
	}
	return r
}

// open gives the body for one sending and its length, 0 when the transport finds out by itself.
func (r *replay) open() (io.Reader, int64) {
	switch {
	case r.stream != nil && r.size != 0:
		r.sent = &stoppable{from: r.stream}
		return r.sent, max(r.size, 0)
	case len(r.body) > 0:
		return bytes.NewReader(r.body), 0
	}
	return nil, 0
}

// stop keeps the transport away from the caller's stream: it may go on reading for a moment after a
// call has failed or was answered early.
func (r *replay) stop() {
	if r.sent != nil {
		r.sent.stop()
	}
}

// rewind reports whether the body is ready to be sent once more.
func (r *replay) rewind() bool {
	if r.stream == nil {
		return true
	}
	if r.start < 0 {
		return false
	}
	_, err := r.stream.(io.Seeker).Seek(r.start, io.SeekStart)
	return err == nil
}

// stoppable ends for the transport once stop was called, and is never closed by it: the stream belongs
// to the caller.
type stoppable struct {
	mu   sync.Mutex
	from io.Reader
	done bool
}

func (s *stoppable) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return 0, io.ErrClosedPipe
	}
	return s.from.Read(p)
}

func (s *stoppable) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
}
