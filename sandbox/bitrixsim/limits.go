package bitrixsim

import (
	"net/http"
	"strings"
	"time"
)

// Operating-time budget: the worked example of the docs, over ten one-minute baskets.
const (
	operatingWindow = 10 * time.Minute
	operatingBudget = 480 * time.Second
	operatingCost   = 10 * time.Millisecond
)

// bucket is a leaky bucket of one source address.
type bucket struct {
	level float64
	at    time.Time
}

// spent is the run time of a method within one minute.
type spent struct {
	minute time.Time
	took   time.Duration
}

// LimitRate switches the leaky bucket on or off: 5 a second and 250 on the "ent" plan, else 2 a second and 50.
func (p *Portal) LimitRate(on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.limitRate = on
	p.filled = bucket{}
	clear(p.buckets)
}

// SetOperatingCost makes every call of a method count as so much run time; the default is 10 ms.
func (p *Portal) SetOperatingCost(method string, d time.Duration) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.costs[methodName(method)] = d
}

// rate is the leak a second and the size of the plan's bucket.
func (p *Portal) rate() (leak, size float64) {
	if p.family == "ent" {
		return 5, 250
	}
	return 2, 50
}

// takeToken puts one hit into the bucket of the source address.
func (p *Portal) takeToken(from string, now time.Time) *restError {
	leak, size := p.rate()
	b := p.buckets[from]
	if b == nil {
		b = &bucket{level: p.filled.level, at: p.filled.at}
		p.buckets[from] = b
	}
	b.level = max(0, b.level-leak*now.Sub(b.at).Seconds())
	b.at = now
	if p.limitRate && b.level+1 > size {
		return fail(http.StatusServiceUnavailable, "QUERY_LIMIT_EXCEEDED", "Too many requests")
	}
	b.level++
	p.stats.MaxBucket = max(p.stats.MaxBucket, b.level)
	return nil
}

// operatingKey is (application or webhook, method).
func (c *call) operatingKey(name string) string {
	if c.in != nil {
		return c.in.app.ClientID + " " + name
	}
	return "webhook " + c.hook.secret + " " + name
}

// takeOperating refuses a method whose budget is spent; the call that crosses the line still completes.
func (p *Portal) takeOperating(c *call, name string) *restError {
	key := c.operatingKey(name)
	baskets := p.operating[key]
	now := p.s.now()
	for len(baskets) > 0 && now.Sub(baskets[0].minute) >= operatingWindow {
		baskets = baskets[1:]
	}
	if sum(baskets) >= operatingBudget || now.Before(p.blocked[name]) {
		p.operating[key] = baskets
		return fail(http.StatusTooManyRequests, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
	}
	cost, ok := p.costs[name]
	if !ok {
		cost = operatingCost
	}
	minute := now.Truncate(time.Minute)
	if n := len(baskets); n > 0 && baskets[n-1].minute.Equal(minute) {
		baskets[n-1].took += cost
	} else {
		baskets = append(baskets, spent{minute: minute, took: cost})
	}
	p.operating[key] = baskets
	return nil
}

func sum(baskets []spent) time.Duration {
	var total time.Duration
	for _, b := range baskets {
		total += b.took
	}
	return total
}

// timing is the time block of an answer; batch has no operating time of its own.
func (c *call) timing(name string) map[string]any {
	finish := c.s.now()
	cost := c.p.costs[name]
	block := map[string]any{
		"start": unixFloat(c.at), "finish": unixFloat(finish), "duration": finish.Sub(c.at).Seconds(),
		"processing": cost.Seconds(), "date_start": c.at.Format(time.RFC3339), "date_finish": finish.Format(time.RFC3339),
	}
	if baskets := c.p.operating[c.operatingKey(name)]; len(baskets) > 0 && !strings.EqualFold(name, "batch") {
		block["operating"] = sum(baskets).Seconds()
		block["operating_reset_at"] = baskets[0].minute.Add(operatingWindow).Unix()
	}
	if until := c.p.blocked[name]; finish.Before(until) {
		block["operating_reset_at"] = until.Unix()
	}
	return block
}

func unixFloat(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
