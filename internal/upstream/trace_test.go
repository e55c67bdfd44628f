package upstream_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
)

type refusedError struct{ error }

func (refusedError) UpstreamClass() upstream.Class { return upstream.Refused }
func (refusedError) RetryAt() time.Time            { return time.Time{} }
func (refusedError) MaybeDone() bool               { return false }

func TestTrace(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	c := upstream.New(upstream.WithInsecure(true))
	trace := upstream.NewTrace(5)
	ctx := trace.In(t.Context())
	call := func(method, op, at string) {
		resp, err := c.Do(context.WithoutCancel(ctx), upstream.Request{API: "x", Op: op, Method: method, URL: at + "/?auth=" + secret})
		if err == nil {
			require.NotNil(t, resp)
		}
	}
	call(http.MethodGet, "good", url)
	call(http.MethodPost, "limited", url)
	call(http.MethodPost, "explained", url)
	upstream.Explain(ctx, "x", "explained", refusedError{errors.New(strings.Repeat("ж", 1000))})
	upstream.Explain(ctx, "x", "explained", errors.New("told before"))
	upstream.Explain(ctx, "x", "never made", errors.New("no such call"))
	upstream.Explain(t.Context(), "x", "explained", errors.New("nobody traces"))
	call(http.MethodGet, "nowhere", "http://127.0.0.1:1")
	upstream.Carried(ctx, upstream.Traced{Call: upstream.Call{API: "x", Op: "packed", Status: 200}, Packed: 7}, nil)
	upstream.Carried(t.Context(), upstream.Traced{}, errors.New("nobody traces"))
	call(http.MethodGet, "too many", url)

	calls, more := trace.Calls()
	require.Equal(t, 1, more)
	require.Len(t, calls, 5)
	type told struct {
		op, class string
		status    int
		packed    int
	}
	var all []told
	for _, c := range calls {
		all = append(all, told{c.Op, c.Class, c.Status, c.Packed})
		require.NotContains(t, c.Words, secret)
		require.LessOrEqual(t, len(c.Words), 410)
	}
	require.Equal(t, []told{{"good", "", 200, 1}, {"limited", "wait", 429, 1}, {"explained", "refused", 429, 1}, {"nowhere", "retry", 0, 1},
		{"packed", "", 200, 7}}, all)
	require.Contains(t, calls[2].Words, "ж…")
	require.NotEmpty(t, calls[3].Words)
	require.False(t, calls[0].Began.IsZero())
}
