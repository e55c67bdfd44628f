package realty_test

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

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

const (
	docflowID   = realty.DocflowID("d20bd506-6325-43e1-b2e4-105ec5d63417")
	fileID      = realty.FileID("c5e78cb0-5234-4bae-9300-9b6d926afbe1")
	signatureID = realty.ContentID("65157a54-9f59-434f-9e19-9cac35b8094c")
)

// sessions hands out s0, s1, … and counts what was asked of it.
type sessions struct {
	mu       sync.Mutex
	renewed  []string // the stale ids
	sessErr  error
	renewErr error
}

func (s *sessions) Session(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("s%d", len(s.renewed)), s.sessErr
}

func (s *sessions) Renew(_ context.Context, stale string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewed = append(s.renewed, stale)
	return fmt.Sprintf("s%d", len(s.renewed)), s.renewErr
}

// seen is one request as it reached the service.
type seen struct {
	method, uri, auth, contentType, body string
	length                               int64
}

// answer is what the service says; body is sent as it is.
type answer struct {
	status int
	body   string
	header map[string]string
}

// service answers in turn, the last answer again and again, and keeps the requests.
type service struct {
	t        *testing.T
	mu       sync.Mutex
	answers  []answer
	requests []seen
	url      string
	sessions *sessions
}

func newService(t *testing.T, answers ...answer) *service {
	t.Helper()
	s := &service{t: t, answers: answers, sessions: &sessions{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL + "/realty/v1"
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, seen{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"),
		r.Header.Get("Content-Type"), string(body), r.ContentLength})
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

func (s *service) client(opts ...realty.Option) *realty.Client {
	return realty.New(upstream.New(upstream.WithInsecure(true)), s.url, s.sessions, opts...)
}

func (s *service) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.requests...)
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

func tree(t testing.TB, raw []byte) any {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(raw, &value))
	return value
}

func apiError(t *testing.T, err error) *realty.APIError {
	t.Helper()
	failure, ok := errors.AsType[*realty.APIError](err)
	require.True(t, ok, "no *APIError: %v", err)
	return failure
}

func fixed() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
