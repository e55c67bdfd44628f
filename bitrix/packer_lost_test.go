package bitrix_test

import (
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// TestALostBatch: each call gets the error that it would have got alone.
func TestALostBatch(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		resp        *http.Response
		err         error
		class       upstream.Class
		write, read bool // may be done
	}{
		"no connection":  {nil, errors.New("connection refused"), upstream.Retry, false, false},
		"a proxy's page": {said(502, "<html>"), nil, upstream.Retry, true, false},
		"a fault":        {said(500, `{"error":"INTERNAL_SERVER_ERROR"}`), nil, upstream.Retry, true, false},
		"blocked":        {said(503, `{"error":"OVERLOAD_LIMIT"}`), nil, upstream.Broken, false, false},
		"a changed API":  {said(200, `{"result":7}`), nil, upstream.Broken, true, false},
		"no application": {said(401, `{"error":"ERROR_OAUTH"}`), nil, upstream.Broken, false, false},
		"wrong token":    {said(401, `{"error":"NO_AUTH_FOUND"}`), nil, upstream.Relogin, false, false},
		"not paid for":   {said(402, `{"error":"PAYMENT_REQUIRED"}`), nil, upstream.Refused, false, false},
		"a named pause":  {said(429, `wait`), nil, upstream.Wait, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T) {
				p := newCounter()
				p.whole = func(*http.Request, int, hit) (*http.Response, error, bool) { return tc.resp, tc.err, true }
				c := p.pack(drained(), bitrix.PackerOptions{})
				var writes, reads []answered
				var group sync.WaitGroup
				group.Go(func() { writes = p.together(t.Context(), c, "crm.item.add", 2) })
				group.Go(func() { reads = p.together(t.Context(), c, "crm.item.get", 2) })
				group.Wait()
				require.Len(t, p.requests(), 1)
				for _, a := range writes {
					require.Equal(t, tc.class, upstream.ClassOf(a.err), a.err)
					require.Equal(t, tc.write, upstream.MaybeDone(a.err), a.err)
					require.Contains(t, a.err.Error(), "crm.item.add")
				}
				for _, a := range reads {
					require.Equal(t, tc.class, upstream.ClassOf(a.err), a.err)
					require.Equal(t, tc.read, upstream.MaybeDone(a.err), a.err)
					require.Contains(t, a.err.Error(), "crm.item.get")
				}
			})
		})
	}
}

func TestACutBatchMakesSmallerOnes(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		p.whole = func(_ *http.Request, n int, _ hit) (*http.Response, error, bool) {
			return said(504, "<html>"), nil, n <= 2
		}
		c := p.pack(drained(), bitrix.PackerOptions{})
		all := p.together(t.Context(), c, "crm.item.get", 150)
		failed := 0
		for _, a := range all {
			if a.err != nil {
				failed++
			}
		}
		require.Equal(t, 75, failed)
		require.Equal(t, []string{"500ms batch of 50", "1s batch of 25", "1.5s batch of 12", "2s batch of 24", "2.5s batch of 39"}, p.requests())
	})
}

// TestSlowCommandsFitIntoAMinute: what is known of a method's duration bounds the batch.
func TestSlowCommandsFitIntoAMinute(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		p.serve = func(string, url.Values) string { return `{"result":"a","time":{"duration":2.5}}` }
		c := p.pack(drained(), bitrix.PackerOptions{})
		p.together(t.Context(), c, "crm.slow.list", 50)
		p.together(t.Context(), c, "crm.slow.list", 25)
		require.Equal(t, []string{"500ms batch of 50", "1s batch of 10", "1.5s batch of 10", "2s batch of 5"}, p.requests())
	})
}
