package diadocsim

import (
	"net/http"
	"strings"
	"time"
)

// fault is what the next call of an operation suffers; faults of one operation queue up.
type fault struct {
	status int
	drop   bool
	lose   bool
	hang   time.Duration
	later  int // status of an answer with Retry-After and no body
}

// FailNext makes the next n calls of op answer status with a text and do nothing else. Operations are named as
// in the documentation; the identity provider's are token, authorize, device and discovery.
func (s *Server) FailNext(op string, status, n int) {
	for range n {
		s.addFault(op, fault{status: status})
	}
}

// DropAnswerNext does the work of the next call of op and then cuts the connection without an answer.
func (s *Server) DropAnswerNext(op string) { s.addFault(op, fault{drop: true}) }

// LoseRequestNext cuts the connection of the next call of op without doing its work.
func (s *Server) LoseRequestNext(op string) { s.addFault(op, fault{lose: true}) }

// HangNext keeps the next call of op waiting for d and then serves it, unless the caller leaves first. Meanwhile
// calls with the same operationId are answered 204 with Retry-After.
func (s *Server) HangNext(op string, d time.Duration) { s.addFault(op, fault{hang: d}) }

// RetryLaterNext answers the next call of op with status and Retry-After, without a body and without work: 204
// for an operation that is still in progress, 200 for a print form that is not ready in the library's reading.
func (s *Server) RetryLaterNext(op string, status int) { s.addFault(op, fault{later: status}) }

// SetPolls replaces Config.Polls: how long print forms, protocols, archives and tasks are in the making.
func (s *Server) SetPolls(n int) {
	_ = s.lever(func() error { // can't fail
		s.cfg.Polls = n
		return nil
	})
}

// ExpireTokens ends every access token and legacy token: the next call of each gets 401.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
	s.notify()
}

// RevokeRefreshTokens ends every refresh token: an exchange answers invalid_grant.
func (s *Server) RevokeRefreshTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.refresh)
	s.notify()
}

// waitOut keeps a call waiting, in progress for every other call with the same operationId; false: the caller left.
func (s *Server) waitOut(r *http.Request, op string, d time.Duration) bool {
	key := op + " " + strings.ToLower(r.URL.Query().Get("operationId"))
	count := func(n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running[key] += n
		s.notify()
	}
	count(1)
	defer count(-1)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// Busy tells whether a call of op with an operationId is being kept waiting.
func (s *Server) Busy(op, operationID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[op+" "+strings.ToLower(operationID)] > 0
}

func (s *Server) addFault(op string, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[op] = append(s.faults[op], f)
	s.notify()
}

func (s *Server) takeFault(op string) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.faults[op]
	if len(queue) == 0 {
		return fault{}
	}
	s.faults[op] = queue[1:]
	return queue[0]
}
