package diadoc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

const (
	myBox    = diadoc.BoxID("aaaaaaaa-0000-4000-8000-000000000001")
	otherBox = diadoc.BoxID("bbbbbbbb-0000-4000-8000-000000000002")
)

var document = diadoc.DocumentID{MessageID: "6f0e6f0e-0000-4000-8000-000000000003", EntityID: "c21ac21a-0000-4000-8000-000000000004"}

// tokens hands out token-0, token-1, … and counts what was asked of it.
type tokens struct {
	mu       sync.Mutex
	renewed  []diadoc.Authorization // the stale ones
	tokenErr error
	renewErr error
}

func (s *tokens) Token(context.Context) (diadoc.Authorization, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return diadoc.Bearer(fmt.Sprintf("token-%d", len(s.renewed))), s.tokenErr
}

func (s *tokens) Renew(_ context.Context, stale diadoc.Authorization) (diadoc.Authorization, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewed = append(s.renewed, stale)
	return diadoc.Bearer(fmt.Sprintf("token-%d", len(s.renewed))), s.renewErr
}

// seen is one request as it reached the service.
type seen struct {
	method, path, query, body string
	header                    http.Header
}

// answer is what the service says; body is sent as it is.
type answer struct {
	status int
	body   string
	header map[string]string
}

func ok(body string) answer { return answer{status: 200, body: body} }

// service answers in turn, the last answer again and again, and keeps the requests.
type service struct {
	mu       sync.Mutex
	answers  []answer
	requests []seen
	url      string
	tokens   *tokens
}

func newService(t testing.TB, answers ...answer) *service {
	t.Helper()
	s := &service{answers: answers, tokens: &tokens{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, seen{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone()})
	now := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.mu.Unlock()
	for name, value := range now.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(now.status)
	_, _ = io.WriteString(w, now.body)
}

func (s *service) client(opts ...diadoc.Option) *diadoc.Client {
	opts = append([]diadoc.Option{diadoc.WithClock(fixed)}, opts...)
	return diadoc.New(upstream.New(upstream.WithInsecure(true)), s.url, s.tokens, opts...)
}

func (s *service) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.requests...)
}

// one is the only request that was made.
func (s *service) one(t testing.TB) seen {
	t.Helper()
	require.Len(t, s.seen(), 1)
	return s.seen()[0]
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

func read[T any](t testing.TB, raw string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(raw), &value))
	return value
}

func apiError(t testing.TB, err error) *diadoc.APIError {
	t.Helper()
	failure, ok := errors.AsType[*diadoc.APIError](err)
	require.True(t, ok, "no *APIError: %v", err)
	return failure
}

func fixed() time.Time { return time.Date(2026, 11, 21, 3, 4, 5, 0, time.UTC) }
