package diadocsim

import (
	"time"
)

// Call is one request to the API or the identity provider as the server saw it.
type Call struct {
	Op     string    `json:"op"`     // the operation's documented name
	Status int       `json:"status"` // HTTP status; 0 when the connection was cut
	At     time.Time `json:"at"`
	Box    string    `json:"box,omitempty"` // the caller's box, GUID
	// OperationID is the id that the caller gave.
	OperationID string `json:"operationId,omitempty"`
	// Unknown are fields and query parameters that the documentation does not have.
	Unknown []string `json:"unknown,omitempty"`
	// Error is the text of a refusal.
	Error string `json:"error,omitempty"`
}

// Stats counts what a client must not do often, or ever.
type Stats struct {
	Calls int `json:"calls"`
	// Exchanges counts tokens given out, by any flow.
	Exchanges int `json:"exchanges"`
	// Repeats counts calls that were answered with the result of an earlier one with the same operationId;
	// Misused those of them whose body was another.
	Repeats int `json:"repeats"`
	Misused int `json:"misused"`
	// Unauthorized and TooMany count answers 401 and 429.
	Unauthorized int `json:"unauthorized"`
	TooMany      int `json:"tooMany"`
	// MostParallel is the largest number of calls at the same time; the service advises four at the most.
	MostParallel int `json:"mostParallel"`
	parallel     int
}

// Stats returns the counts so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Calls lists the latest calls, oldest first, those of one operation when op is not empty.
func (s *Server) Calls(op string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Call
	for _, c := range s.calls {
		if op == "" || c.Op == op {
			out = append(out, c)
		}
	}
	return out
}
