package bitrixsim

import "net/http"

// verdict is an administrator's answer to one token's use of one method.
type verdict struct {
	decided, allowed bool
	in               *installation // nil for an inbound webhook
	method, token    string
}

// RequireConfirm makes methods wait for the administrator's word, once per access token (doc:
// api-reference/scopes/confirmation).
func (p *Portal) RequireConfirm(methods ...string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, m := range methods {
		p.confirmed[methodName(m)] = map[string]*verdict{}
	}
}

// Confirm decides every request for a method that waits for the administrator, tells the applications by
// ONAPPMETHODCONFIRM, and returns how many there were.
func (p *Portal) Confirm(method string, allow bool) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	n := 0
	for _, v := range p.confirmed[methodName(method)] {
		if v.decided {
			continue
		}
		v.decided, v.allowed = true, allow
		n++
		if v.in != nil {
			data := pairs("TOKEN", v.token, "METHOD", v.method, "CONFIRMED", itoa(btoi(allow)), "LANGUAGE_ID", "ru")
			p.tell(v.in, "ONAPPMETHODCONFIRM", data, true)
		}
	}
	p.s.notify()
	return n
}

// confirm refuses a method until the administrator allowed it for this token.
func (c *call) confirm(name string) *restError {
	asked, needed := c.p.confirmed[name]
	if !needed {
		return nil
	}
	token := c.token
	if c.hook != nil {
		token = c.hook.secret
	}
	v := asked[token]
	if v == nil {
		v = &verdict{in: c.in, method: name, token: token}
		asked[token] = v
	}
	switch {
	case !v.decided:
		return fail(http.StatusUnauthorized, "METHOD_CONFIRM_WAITING", "Waiting for confirmation")
	case !v.allowed:
		return fail(http.StatusForbidden, "METHOD_CONFIRM_DENIED", "Method call denied")
	}
	return nil
}

// tell sends a lifecycle event without any tokens to the handlers bound to it; the application_token goes along when
// the event is one that carries it.
func (p *Portal) tell(in *installation, event string, data *array, proof bool) {
	for _, b := range in.bindings {
		if b.Event != event || b.Offline {
			continue
		}
		p.enqueue(&delivery{url: b.Handler, event: event, body: func() string {
			var f form
			f.add("event", event)
			f.addValue("data", data)
			f.add("ts", itoa(int(p.s.now().Unix())))
			p.writeShortAuth(&f)
			if proof {
				f.add("auth[application_token]", in.appToken)
			}
			return f.String()
		}})
	}
}

// Payment tells the application that it was paid for, or that the paid time is over, by ONAPPPAYMENT; a real portal
// does so for market applications only.
func (p *Portal) Payment(clientID string, expired bool, days int) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	in := p.installs[clientID]
	if in == nil {
		return ErrUnknownApp
	}
	p.tell(in, "ONAPPPAYMENT", pairs("CODE", in.app.ClientID, "VERSION", itoa(in.version), "STATUS", "P", "PAYMENT_EXPIRED", flag(expired),
		"DAYS", itoa(days), "LANGUAGE_ID", "ru"), false)
	p.s.notify()
	return nil
}
