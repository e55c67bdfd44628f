package upstream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
)

const secret = "t0ps3cret"

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func request(url string) upstream.Request {
	return upstream.Request{API: "test", Op: "GET /thing/{id}", Method: http.MethodGet, URL: url + "/thing/1?auth=" + secret}
}

func TestDoGivesEveryAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 204, 302, 404, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(status)
				if status != 204 {
					_, _ = fmt.Fprint(w, r.Method)
				}
			})
			var calls []upstream.Call
			c := upstream.New(upstream.WithInsecure(true), upstream.WithObserver(func(call upstream.Call) { calls = append(calls, call) }))
			resp, err := c.Do(t.Context(), request(url))
			require.NoError(t, err)
			require.Equal(t, status, resp.Status, "a redirect is an answer and is not followed")
			require.Len(t, calls, 1)
			require.Equal(t, status, calls[0].Status)
			require.Equal(t, "GET /thing/{id}", calls[0].Op)
		})
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	big := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 100)) })
	badRedirect := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://%zz/?auth="+secret)
		w.WriteHeader(http.StatusFound)
	})
	for name, tc := range map[string]struct {
		url       string
		insecure  bool
		class     upstream.Class
		maybeDone bool
		cause     error
	}{
		"nobody listens":      {gone.URL, true, upstream.Retry, false, nil},
		"connection cut":      {cut, true, upstream.Retry, true, nil},
		"answer too large":    {big, true, upstream.Broken, true, upstream.ErrAnswerTooLarge},
		"plain HTTP":          {"http://portal.example", false, upstream.Broken, false, upstream.ErrInsecure},
		"loopback by name":    {"https://localhost", false, upstream.Broken, false, upstream.ErrInsecure},
		"loopback by address": {"https://127.0.0.1:1", false, upstream.Broken, false, upstream.ErrInsecure},
		"not a URL":           {"ftp://portal.example", true, upstream.Broken, false, upstream.ErrBadAddress},
		"bad redirect":        {badRedirect, true, upstream.Retry, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			c := upstream.New(upstream.WithInsecure(tc.insecure), upstream.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			req := request(tc.url)
			req.Method, req.MaxAnswer = http.MethodPost, 50
			_, err := c.Do(t.Context(), req)
			require.Error(t, err)
			require.Equal(t, tc.class, upstream.ClassOf(err), err)
			require.Equal(t, tc.maybeDone, upstream.MaybeDone(err))
			if tc.cause != nil {
				require.ErrorIs(t, err, tc.cause)
			}
			require.NotContains(t, err.Error()+log.String(), secret)
			require.Contains(t, log.String(), "upstream call failed")
		})
	}
}

// TestDeadline proves on a fake clock that a call ends at its own deadline, whatever the caller's is.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c := upstream.New(upstream.WithInsecure(true), upstream.WithTransport(stuck))
		started := time.Now()
		req := request("http://portal.example")
		req.Timeout = 7 * time.Second
		_, err := c.Do(t.Context(), req)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 7*time.Second, time.Since(started))
		require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestStream(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("y", 1000)) })
	c := upstream.New(upstream.WithInsecure(true))

	resp, err := c.Stream(t.Context(), request(url))
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Len(t, body, 1000)
	require.NoError(t, resp.Body.Close())

	capped := request(url)
	capped.MaxAnswer = 10
	resp, err = c.Stream(t.Context(), capped)
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, upstream.ErrAnswerTooLarge)
	require.NoError(t, resp.Body.Close())
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 14, 10, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Time{
		"30":                            now.Add(30 * time.Second),
		" 0 ":                           now,
		"Thu, 14 May 2026 10:01:00 GMT": now.Add(time.Minute),
		"":                              {},
		"soon":                          {},
		"-5":                            {},
	} {
		at, ok := upstream.ParseRetryAfter(value, now)
		require.Equal(t, !want.IsZero(), ok, value)
		require.True(t, want.Equal(at), value)
	}
}

func TestClassOfUnknownError(t *testing.T) {
	t.Parallel()
	require.Equal(t, upstream.Broken, upstream.ClassOf(errors.New("new")))
	require.False(t, upstream.MaybeDone(net.ErrClosed))
	require.True(t, upstream.RetryAt(net.ErrClosed).IsZero())
	names := map[string]bool{}
	for c := upstream.Broken; c <= upstream.Refused; c++ {
		names[c.String()] = true
	}
	require.Len(t, names, 5)
}
