package bitrixsim

import (
	"maps"
	"slices"
)

// Stats is what a portal counted since it was made or since ResetStats.
type Stats struct {
	// Requests counts HTTP requests to REST, refused ones included; a batch is one.
	Requests int `json:"requests"`
	// Batches holds the number of commands of every batch, in order.
	Batches []int `json:"batches"`
	// Commands counts the commands by method (lower case), inside batches or not; batch itself is not one.
	Commands map[string]int `json:"commands"`
	// Errors counts refusals by code, of commands and of whole requests; "" stands for the empty code.
	Errors map[string]int `json:"errors"`
	// MaxBucket is the highest level that the rate bucket of any source address reached; it is watched even
	// while LimitRate is off, and may then be over the limit.
	MaxBucket float64 `json:"maxBucket"`
}

// Stats tells what the portal counted.
func (p *Portal) Stats() Stats {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	out := p.stats
	out.Batches, out.Commands, out.Errors = slices.Clone(out.Batches), maps.Clone(out.Commands), maps.Clone(out.Errors)
	return out
}

// ResetStats starts the counting anew; the rate bucket keeps its level.
func (p *Portal) ResetStats() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.stats = newStats()
}

func newStats() Stats { return Stats{Commands: map[string]int{}, Errors: map[string]int{}} }

// CommandsPerRequest is the mean number of commands in an HTTP request; zero when there was none.
func (s Stats) CommandsPerRequest() float64 {
	if s.Requests == 0 {
		return 0
	}
	total := 0
	for _, n := range s.Commands {
		total += n
	}
	return float64(total) / float64(s.Requests)
}
