package realtysim

import "time"

// fault is what the next call of an operation suffers; faults of one operation queue up.
type fault struct {
	status int
	drop   bool
	lose   bool
	hang   time.Duration
}

// FailNext makes the next n calls of op answer status with an Error body and do nothing else.
// Operations are those of Call.Op.
func (s *Server) FailNext(op string, status, n int) {
	for range n {
		s.addFault(op, fault{status: status})
	}
}

// DropAnswerNext does the work of the next call of op and then cuts the connection without an answer.
func (s *Server) DropAnswerNext(op string) { s.addFault(op, fault{drop: true}) }

// LoseRequestNext cuts the connection of the next call of op without doing its work.
func (s *Server) LoseRequestNext(op string) { s.addFault(op, fault{lose: true}) }

// HangNext keeps the next call of op waiting for d and then serves it, unless the caller leaves first.
func (s *Server) HangNext(op string, d time.Duration) { s.addFault(op, fault{hang: d}) }

// ExpireSessions ends every session: the next call of each gets 401 and must log in again.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
	s.notify()
}

// ForgetNews makes every news token given out so far unknown, as if the service had dropped old events.
func (s *Server) ForgetNews() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		a.events, a.tokens, a.start = nil, map[string]int{}, ""
	}
	s.notify()
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
