package chaos_test

import (
	"net/url"
	"strings"
)

// inspect looks through everything that the processes have said: no secret may be in it, and no race.
// On a failure it shows what the processes said last.
func (w *world) inspect() {
	said := map[string]string{"the command line": w.printed.String()}
	for _, n := range w.nodes {
		said[n.name] = n.said.String()
	}
	secrets := w.secrets()
	heard := map[string]bool{}
	for _, name := range secrets {
		heard[name] = true
	}
	for _, name := range []string{"secret key", "client secret", "password", "application_token", "access token", "refresh token", "auth.sid",
		"event token", "hook secret"} {
		if !heard[name] && !w.t.Failed() {
			w.t.Errorf("no %s went over the wire: it was not looked for", name)
		}
	}
	for who, text := range said {
		for secret, name := range secrets {
			for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
				if at := strings.Index(text, form); at >= 0 {
					start := strings.LastIndex(text[:at], "\n") + 1
					w.t.Errorf("%s shows a secret, the %s: %s…", who, name, text[start:at])
					break
				}
			}
		}
		if at := strings.Index(text, "DATA RACE"); at >= 0 {
			w.t.Errorf("%s: %s", who, text[at:min(len(text), at+4000)])
		}
	}
	if w.t.Failed() {
		for _, n := range w.nodes {
			faults, rest := sorted(n.said.String())
			w.t.Logf("%s: its faults, and what it said at last:\n%s\n%s", n.name, tail(faults), tail(rest))
		}
	}
}

// sorted takes the faults out of a log, and leaves out what a process says while nothing happens.
func sorted(text string) (faults, rest string) {
	var bad, other strings.Builder
	for line := range strings.Lines(text) {
		switch {
		case !strings.Contains(line, `"level":"DEBUG"`) && !strings.Contains(line, `"level":"INFO"`):
			bad.WriteString(line)
		case !strings.Contains(line, `"op":"GET /news","status":200`) && !strings.Contains(line, `"outcome":"again"`):
			other.WriteString(line)
		}
	}
	return bad.String(), other.String()
}

// secrets lists everything secret that went over the wire, and what it is.
func (w *world) secrets() map[string]string {
	for _, n := range w.tenants {
		for _, d := range n.Deliveries() {
			form, err := url.ParseQuery(d.Body)
			if err != nil {
				continue
			}
			for field, name := range map[string]string{"auth[access_token]": "access token", "auth[refresh_token]": "refresh token",
				"auth[application_token]": "application_token", "event_token": "event token"} {
				if secret := form.Get(field); secret != "" {
					w.wire.keep(name, secret)
				}
			}
		}
	}
	w.wire.mu.Lock()
	defer w.wire.mu.Unlock()
	return w.wire.secrets
}
