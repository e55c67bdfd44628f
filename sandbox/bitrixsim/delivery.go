package bitrixsim

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// delivery is one call that waits in the queue. The body is made at the time of sending, for its ts.
type delivery struct {
	url   string
	event string
	code  string
	body  func() string
	done  chan Delivery // buffered, for the one who waits for the outcome; else nil
}

// PauseDelivery holds back all deliveries while on; turning it off sends what was held, in order.
func (p *Portal) PauseDelivery(on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.paused = on
	if !on {
		held := p.held
		p.held = nil
		for _, d := range held {
			p.enqueue(d)
		}
	}
	p.s.notify()
}

// SuspendOnline loses every online event while on, as when the application is away: each is recorded as dropped and
// never sent again, while the offline queues go on gathering. Robots and webhook steps are still called.
func (p *Portal) SuspendOnline(on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.suspended = on
	p.s.notify()
}

// DropNextDeliveries makes the queue lose the next n calls without trying.
func (p *Portal) DropNextDeliveries(n int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.dropNext += n
}

// Deliveries lists every attempt that ended, in the order in which they ended.
func (p *Portal) Deliveries() []Delivery {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.Clone(p.deliveries)
}

// DroppedDeliveries lists the attempts that the receiver did not acknowledge with 2xx; they are lost for good.
func (p *Portal) DroppedDeliveries() []Delivery {
	return slices.DeleteFunc(p.Deliveries(), func(d Delivery) bool { return d.Err == "" && d.Status/100 == 2 })
}

// PendingDeliveries counts the calls that are held or under way.
func (p *Portal) PendingDeliveries() int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.inFlight + len(p.held)
}

// enqueue hands a call to the queue; the caller holds mu.
func (p *Portal) enqueue(d *delivery) {
	switch {
	case p.s.closed:
		p.record(d, Delivery{Err: "queue closed"})
	case p.suspended && d.event != "":
		p.record(d, Delivery{Err: "online events are suspended"})
	case p.dropNext > 0:
		p.dropNext--
		p.record(d, Delivery{Err: "dropped by the queue"})
	case p.paused:
		p.held = append(p.held, d)
	default:
		p.inFlight++
		p.s.wg.Add(1)
		go p.send(d)
	}
}

// send makes the only attempt. At most cap(p.sends) run side by side.
func (p *Portal) send(d *delivery) {
	defer p.s.wg.Done()
	out := Delivery{}
	select {
	case p.sends <- struct{}{}:
		out = p.post(d)
		<-p.sends
	case <-p.s.ctx.Done():
		out.Err = "queue closed"
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.inFlight--
	p.record(d, out)
}

func (p *Portal) post(d *delivery) Delivery {
	p.s.mu.Lock()
	body := d.body()
	p.s.mu.Unlock()
	out := Delivery{Body: body}
	ctx, cancel := context.WithCancel(p.s.ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, strings.NewReader(body))
	if err != nil {
		out.Err = err.Error()
		return out
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Bitrix24 Webhook Engine")
	resp, err := p.s.cfg.Client.Do(req)
	if err != nil {
		out.Err = err.Error()
		return out
	}
	drain(resp.Body)
	out.Status = resp.StatusCode
	return out
}

// record keeps the outcome; the caller holds mu.
func (p *Portal) record(d *delivery, out Delivery) {
	out.URL, out.Event, out.Code, out.At = d.url, d.event, d.code, p.s.now()
	p.deliveries = append(p.deliveries, out)
	if d.done != nil {
		d.done <- out
	}
	p.s.notify()
}
