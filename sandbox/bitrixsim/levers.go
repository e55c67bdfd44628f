package bitrixsim

import (
	"slices"
	"time"
)

// htmlPage marks a failure that answers as a proxy would.
const htmlPage = "\x00html"

type leverKind int

const (
	leverFail leverKind = iota
	leverDrop
	leverLose
	leverHang
)

// lever is a one-shot fault waiting for its method.
type lever struct {
	kind   leverKind
	method string // lower case; empty: any
	status int
	code   string
	wait   time.Duration
}

func (p *Portal) pull(l lever, n int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	l.method = methodName(l.method)
	for range n {
		p.levers = append(p.levers, l)
	}
}

// FailNext makes the next n calls of a method (also inside batches; "batch" is the outer call, "" any method) fail
// without being done. An empty code answers an HTML page with the status, as a proxy would.
func (p *Portal) FailNext(method string, status int, code string, n int) {
	p.pull(lever{kind: leverFail, method: method, status: status, code: code}, n)
}

// DropAnswerNext makes the next call of a method do its work and then cut the connection.
func (p *Portal) DropAnswerNext(method string) { p.pull(lever{kind: leverDrop, method: method}, 1) }

// LoseRequestNext cuts the connection of the next request with the method before anything is done.
func (p *Portal) LoseRequestNext(method string) { p.pull(lever{kind: leverLose, method: method}, 1) }

// HangNext makes the next request with the method wait before it is done.
func (p *Portal) HangNext(method string, d time.Duration) {
	p.pull(lever{kind: leverHang, method: method, wait: d}, 1)
}

// takeLever removes and returns the first waiting lever of a kind for one of the methods, or nil.
func (p *Portal) takeLever(kind leverKind, methods []string) *lever {
	for i, l := range p.levers {
		if l.kind == kind && (l.method == "" || slices.Contains(methods, l.method)) {
			p.levers = slices.Delete(p.levers, i, i+1)
			return &l
		}
	}
	return nil
}

func (p *Portal) takeHang(methods []string) time.Duration {
	if l := p.takeLever(leverHang, methods); l != nil {
		return l.wait
	}
	return 0
}

func (p *Portal) takeFailure(method string) *restError {
	l := p.takeLever(leverFail, []string{method})
	if l == nil {
		return nil
	}
	if l.code == "" {
		return fail(l.status, "", htmlPage)
	}
	return fail(l.status, l.code, "Ordered failure")
}

// Rename gives the portal a new address; the old one answers 302 to the new one, whatever the method.
func (p *Portal) Rename(newName string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	old := p.name
	delete(p.s.portals, old)
	delete(p.s.renamed, newName)
	for from, to := range p.s.renamed {
		if to == old {
			p.s.renamed[from] = newName
		}
	}
	p.s.renamed[old] = newName
	p.s.portals[newName] = p
	p.name = newName
	p.s.notify()
}

// SetPlan changes the plan family ("ent" has the larger rate limits) and the features that feature.get knows:
// rest_offline_extended, rest_auth_connector.
func (p *Portal) SetPlan(family string, features ...string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.family = family
	clear(p.features)
	for _, f := range features {
		p.features[f] = true
	}
	p.s.notify()
}
