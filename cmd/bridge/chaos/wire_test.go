package chaos_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
)

// wire stands between the bridge and the sandbox. It hears the secrets that are handed out, can strike at a
// chosen request, and can take the portals away.
type wire struct {
	box  http.Handler
	away atomic.Bool // the portals answer that they can't now

	mu      sync.Mutex
	blow    *blow
	secrets map[string]string // a secret and what it is
}

// blow strikes at one request of the bridge.
type blow struct {
	at     func(r *http.Request) bool
	left   int  // requests that pass before it
	served bool // the request is done and only its answer is lost; else nothing is done
	strike func()
	landed chan struct{}
}

// The requests that a blow may wait for.
func anyCall(*http.Request) bool { return true }
func creation(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/realty/v1/docflow")
}
func news(r *http.Request) bool        { return strings.HasSuffix(r.URL.Path, "/news") }
func portalCall(r *http.Request) bool  { return strings.HasPrefix(r.URL.Path, "/portal/") }
func robotAnswer(r *http.Request) bool { return strings.Contains(r.URL.Path, "/bizproc.event.send") }

// arm sets the next blow.
func (w *wire) arm(b *blow) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.landed = make(chan struct{})
	w.blow = b
}

// take gives the blow when this request is the one.
func (w *wire) take(r *http.Request) *blow {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.blow
	if b == nil || !b.at(r) {
		return nil
	}
	if b.left--; b.left > 0 {
		return nil
	}
	w.blow = nil
	return b
}

// ServeHTTP implements http.Handler.
func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if w.away.Load() && portalCall(r) {
		http.Error(rw, "", http.StatusServiceUnavailable)
		return
	}
	b := w.take(r)
	if b != nil && !b.served {
		b.strike()
		close(b.landed)
		panic(http.ErrAbortHandler) // the documented way to cut a connection
	}
	gives := r.URL.Path == "/oauth/token/" || r.URL.Path == "/realty/v1/auth" || strings.HasSuffix(r.URL.Path, "/connect/token")
	if b == nil && !gives {
		w.box.ServeHTTP(rw, r)
		return
	}
	answer := httptest.NewRecorder()
	w.box.ServeHTTP(answer, r)
	if gives {
		w.hear(answer.Body.Bytes())
	}
	if b != nil {
		b.strike()
		close(b.landed)
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes()) // the bridge may be gone
}

// hear keeps the credentials of an answer.
func (w *wire) hear(answer []byte) {
	var given map[string]any
	if json.Unmarshal(answer, &given) != nil {
		return
	}
	for field, name := range map[string]string{"access_token": "access token", "refresh_token": "refresh token", "sessionId": "auth.sid"} {
		if secret, _ := given[field].(string); secret != "" {
			w.keep(name, secret)
		}
	}
}

func (w *wire) keep(name, secret string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets[secret] = name
}
