package bitrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// moment is the clock of all tests.
var moment = time.Date(2026, 5, 14, 8, 26, 32, 0, time.UTC)

// reply is one answer of the portal double.
type reply struct {
	status int
	body   string
	header map[string]string
}

func ok(body string) reply { return reply{status: 200, body: body} }

// seen is one request that the portal double received.
type seen struct {
	Path   string
	Query  string
	Header http.Header
	Body   string
}

// portal answers requests with its replies in turn and keeps what it was asked.
type portal struct {
	*httptest.Server
	mu      sync.Mutex
	replies []reply
	seen    []seen
}

func newPortal(t *testing.T, replies ...reply) *portal {
	t.Helper()
	p := &portal{replies: replies}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *portal) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, seen{r.URL.Path, r.URL.RawQuery, r.Header.Clone(), string(body)})
	if len(p.replies) == 0 {
		http.Error(w, "one request too many", http.StatusTeapot)
		return
	}
	next := p.replies[0]
	p.replies = p.replies[1:]
	w.Header().Set("Content-Type", "application/json")
	for name, value := range next.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(next.status)
	_, _ = io.WriteString(w, next.body)
}

func (p *portal) requests() []seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]seen(nil), p.seen...)
}

func (p *portal) endpoint() string { return p.URL + "/rest/" }

func (p *portal) host() string { return strings.TrimPrefix(p.URL, "http://") }

// tokens is a TokenSource with prepared refreshes.
type tokens struct {
	mu        sync.Mutex
	access    string
	endpoint  string
	refreshed []string // stale tokens, in order
	next      []string // what Refresh gives
	moveTo    string   // the endpoint after Refresh; "" keeps it
	fail      error
}

func (s *tokens) Token(context.Context) (string, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.access, s.endpoint, nil
}

func (s *tokens) Refresh(_ context.Context, stale string) (string, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshed = append(s.refreshed, stale)
	if s.fail != nil {
		return "", "", s.fail
	}
	if len(s.next) > 0 {
		s.access, s.next = s.next[0], s.next[1:]
	}
	if s.moveTo != "" {
		s.endpoint = s.moveTo
	}
	return s.access, s.endpoint, nil
}

func insecure() *upstream.Client { return upstream.New(upstream.WithInsecure(true)) }

func clock() time.Time { return moment }

// newClient is a client of p with the token TOKEN.
func newClient(t *testing.T, p *portal, opts ...bitrix.Option) *bitrix.Client {
	t.Helper()
	return clientOf(&tokens{access: "TOKEN-OF-TEST", endpoint: p.endpoint()}, opts...)
}

func clientOf(source bitrix.TokenSource, opts ...bitrix.Option) *bitrix.Client {
	return bitrix.New(insecure(), source, append([]bitrix.Option{bitrix.WithClock(clock)}, opts...)...)
}

// line writes values beside each other.
func line(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }

// field is one key of a JSON object.
func field(t *testing.T, object, key string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(object), &fields))
	return string(fields[key])
}
