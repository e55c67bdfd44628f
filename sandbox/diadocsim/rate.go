package diadocsim

import "net/http"

// rate counts the calls of one client id in one second.
type rate struct {
	second int64
	calls  int
}

// withinRate answers 429 beyond the documented hard limit.
func (c *call) withinRate() error {
	if c.cfg.RPS < 0 || c.client == nil {
		return nil
	}
	now := c.cfg.Now().Unix()
	r := c.rates[c.client.id]
	if r == nil || r.second != now {
		r = &rate{second: now}
		c.rates[c.client.id] = r
	}
	r.calls++
	if r.calls > c.cfg.RPS {
		return &refusal{status: http.StatusTooManyRequests, text: "Too many requests", later: c.cfg.RetryAfter}
	}
	return nil
}
