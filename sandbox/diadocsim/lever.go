package diadocsim

import (
	"errors"
	"fmt"
)

// ErrNotFound is returned by levers for a box, document, task or person that does not exist.
var ErrNotFound = errors.New("diadocsim: not found")

// ErrState is returned by levers for an act that the state does not allow.
var ErrState = errors.New("diadocsim: the state does not allow this")

func errNotFound(what, id string) error { return fmt.Errorf("%w: %s %q", ErrNotFound, what, id) }

func errState(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrState, fmt.Sprintf(format, args...))
}

// lever does an act of the outside world under the lock.
func (s *Server) lever(act func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	defer s.notify()
	return act()
}
