package bitrix_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

const tooMany = `{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}`

// TestARefusedRateIsWaitedOut: the portal's bucket is full, whoever filled it; what it refused was not executed
// and goes again, later each time, in its order.
func TestARefusedRateIsWaitedOut(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p, l := newCounter(), &bucket{perSecond: 2, size: 40}
		p.whole = func(_ *http.Request, n int, _ hit) (*http.Response, error, bool) {
			<-time.After(10 * time.Millisecond)
			return said(503, tooMany), nil, n <= 6
		}
		for _, a := range p.together(t.Context(), p.pack(l, bitrix.PackerOptions{}), "crm.item.add", 5) {
			require.NoError(t, a.err)
		}
		require.Len(t, p.hits, 7, "five alone, then all of them together")
		require.Zero(t, p.hits[4].at)
		first, second := p.hits[5].at, p.hits[6].at-p.hits[5].at
		require.GreaterOrEqual(t, first, time.Second)
		require.LessOrEqual(t, first, 1750*time.Millisecond, "five refusals at once are one")
		require.GreaterOrEqual(t, second, 1500*time.Millisecond, "longer than the first")
		require.Len(t, p.hits[6].commands, 5)
		require.Equal(t, 2, l.exceeded)
	})
}

func TestARateThatStaysRefusedSetsTheCallAside(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		p.whole = func(*http.Request, int, hit) (*http.Response, error, bool) { return said(503, tooMany), nil, true }
		for _, a := range p.together(t.Context(), p.pack(&bucket{perSecond: 2, size: 40}, bitrix.PackerOptions{}), "crm.item.add", 3) {
			require.ErrorIs(t, a.err, bitrix.ErrRateLimited)
			require.Equal(t, upstream.Wait, upstream.ClassOf(a.err))
			require.False(t, upstream.MaybeDone(a.err))
			require.True(t, upstream.RetryAt(a.err).After(time.Now().Add(-time.Second)))
			require.GreaterOrEqual(t, a.at, 20*time.Second)
			require.LessOrEqual(t, a.at, 60*time.Second)
		}
		require.LessOrEqual(t, len(p.hits), 3+8, "ever more rarely")
	})
}

func TestAWaitBeyondPatience(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		l := &bucket{perSecond: 0.01, size: 1, level: 1, at: time.Now()} // room in 100 s
		for _, a := range p.together(t.Context(), p.pack(l, bitrix.PackerOptions{}), "crm.item.add", 3) {
			require.ErrorIs(t, a.err, bitrix.ErrRateLimited)
			require.Zero(t, a.at, "there is nothing to wait for")
			require.Equal(t, 100*time.Second, upstream.RetryAt(a.err).Sub(p.opened))
		}
		l = &bucket{perSecond: 2, size: 40, level: 40, at: time.Now()}
		c := p.pack(l, bitrix.PackerOptions{Size: 1, Patience: 2 * time.Second})
		late := 0
		for _, a := range p.together(t.Context(), c, "crm.item.get", 10) {
			if a.err == nil {
				continue
			}
			late++
			require.ErrorIs(t, a.err, bitrix.ErrRateLimited)
			require.Equal(t, upstream.Wait, upstream.ClassOf(a.err))
			require.Equal(t, 2*time.Second, a.at)
		}
		require.InDelta(t, 6, late, 1)
	})
}

// operating answers with a method's run time, and refuses it from limit on. Windows begin every ten minutes.
type operating struct {
	mu    sync.Mutex
	used  map[string]float64
	cost  float64
	limit float64
	began time.Time
}

func (o *operating) serve(method string, q url.Values) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	reset := o.began.Add(10 * time.Minute)
	if !time.Now().Before(reset) {
		clear(o.used)
		o.began = reset
		reset = reset.Add(10 * time.Minute)
	}
	if o.used[method] >= o.limit {
		return `{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit."}`
	}
	if method == "crm.item.list" {
		o.used[method] += o.cost
	}
	return fmt.Sprintf(`{"result":%q,"time":{"operating":%f,"operating_reset_at":%d}}`, q.Get("id"), o.used[method], reset.Unix())
}

func newOperating(cost float64) *operating {
	return &operating{used: map[string]float64{}, cost: cost, limit: 480, began: time.Now()}
}

// TestAMethodNearItsLimitIsHeldAlone: the last fifth of its run time stays in reserve.
func TestAMethodNearItsLimitIsHeldAlone(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p, o := newCounter(), newOperating(100)
		p.serve = o.serve
		c := p.pack(&bucket{perSecond: 2, size: 40}, bitrix.PackerOptions{})
		for range 4 {
			require.NoError(t, p.together(t.Context(), c, "crm.item.list", 1)[0].err)
		}
		held := p.together(t.Context(), c, "CRM.item.list", 1)[0]
		require.ErrorIs(t, held.err, bitrix.ErrOperatingLimit)
		require.Equal(t, upstream.Wait, upstream.ClassOf(held.err))
		require.False(t, upstream.MaybeDone(held.err))
		require.Equal(t, 10*time.Minute, upstream.RetryAt(held.err).Sub(p.opened))
		require.Len(t, p.hits, 4, "nothing was sent")
		require.NoError(t, p.together(t.Context(), c, "crm.item.get", 1)[0].err, "other methods go on")

		<-time.After(10*time.Minute - 20*time.Second)
		all := p.together(t.Context(), c, "crm.item.list", 3)
		for _, a := range all { // so near its time it is waited for
			require.NoError(t, a.err)
			require.Equal(t, 10*time.Minute, a.at)
		}
		require.Equal(t, 300.0, o.used["crm.item.list"])
		require.Equal(t, "10m0s crm.item.list", p.requests()[5], "the first alone: its answer tells whether the others may")
	})
}

// TestAPortalWhoseClockIsAhead holds a method no longer than the window of its run time.
func TestAPortalWhoseClockIsAhead(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p, o := newCounter(), newOperating(400)
		o.began = o.began.Add(3 * time.Hour)
		p.serve = o.serve
		c := p.pack(&bucket{perSecond: 2, size: 40}, bitrix.PackerOptions{})
		require.NoError(t, p.together(t.Context(), c, "crm.item.list", 1)[0].err)
		require.Equal(t, 10*time.Minute, upstream.RetryAt(p.together(t.Context(), c, "crm.item.list", 1)[0].err).Sub(p.opened))
	})
}

func TestAHeldMethodHoldsNobodyElse(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p, o := newCounter(), newOperating(400)
		p.serve = o.serve
		l := &bucket{perSecond: 2, size: 40}
		c := p.pack(l, bitrix.PackerOptions{Patience: 15 * time.Minute})
		p.together(t.Context(), c, "crm.item.list", 1)
		l.Exceeded(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			for _, a := range p.together(t.Context(), c, "crm.item.list", 20) {
				require.NoError(t, a.err)
				require.GreaterOrEqual(t, a.at, 10*time.Minute)
			}
		})
		synctest.Wait()
		for _, a := range p.together(t.Context(), c, "crm.item.get", 60) {
			require.NoError(t, a.err)
			require.LessOrEqual(t, a.at, time.Second)
		}
		o.mu.Lock()
		o.cost = 1
		o.mu.Unlock()
		group.Wait()
	})
}

// TestASpentMethodIsWaitedFor: the portal counts otherwise than we think, and refuses.
func TestASpentMethodIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, packed := range map[string]bool{"alone": false, "in a batch": true} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T) {
				p, o := newCounter(), newOperating(100)
				p.serve = o.serve
				o.limit = 200
				if !packed {
					p.whole = func(_ *http.Request, _ int, h hit) (*http.Response, error, bool) {
						if body := o.serve(h.method, nil); h.method == "crm.item.list" && len(body) > 0 && o.used[h.method] >= 200 {
							return said(429, `{"error":"OPERATION_TIME_LIMIT"}`), nil, true
						}
						return nil, nil, false
					}
				}
				l := &bucket{perSecond: 2, size: 40}
				c := p.pack(l, bitrix.PackerOptions{})
				p.together(t.Context(), c, "crm.item.list", 1) // tells the reset
				if packed {
					l.Exceeded(t.Context())
				}
				refused := 0
				for _, a := range p.together(t.Context(), c, "crm.item.list", 3) {
					if a.err == nil {
						continue
					}
					refused++
					require.ErrorIs(t, a.err, bitrix.ErrOperatingLimit)
					require.Equal(t, 10*time.Minute, upstream.RetryAt(a.err).Sub(p.opened), "the reset of the last success")
				}
				require.Positive(t, refused)
				n := len(p.hits)
				require.ErrorIs(t, p.together(t.Context(), c, "crm.item.list", 1)[0].err, bitrix.ErrOperatingLimit)
				require.Len(t, p.hits, n, "nothing is sent until then")
			})
		})
	}
}

func TestHooksRunRightBeforeTheRequest(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		c := p.pack(drained(), bitrix.PackerOptions{})
		var group sync.WaitGroup
		ran := make(chan time.Duration, 10)
		for i := range 4 {
			group.Go(func() {
				ctx := bitrix.OnSend(t.Context(), func(ctx context.Context) error {
					require.NoError(t, ctx.Err())
					ran <- time.Since(p.opened)
					if i == 0 {
						return errStop
					}
					return nil
				})
				_, err := bitrix.Call[string](ctx, c, "crm.item.add", map[string]int{"id": i})
				if i > 0 {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, errStop)
				require.False(t, upstream.MaybeDone(err), "its hook failed: it was not sent")
			})
		}
		group.Wait()
		require.Len(t, ran, 4)
		for range 4 {
			require.Equal(t, 500*time.Millisecond, <-ran)
		}
		require.Equal(t, []string{"500ms batch of 3"}, p.requests())
	})
}

// TestAHookRunsOnce: also when the call goes again, alone or in a batch, and without any limiter.
func TestAHookRunsOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limiter func() bitrix.Limiter
		calls   int
	}{
		"alone":      {func() bitrix.Limiter { return &bucket{perSecond: 2, size: 40} }, 1},
		"in a batch": {func() bitrix.Limiter { return drained() }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T) {
				p := newCounter()
				p.whole = func(_ *http.Request, n int, _ hit) (*http.Response, error, bool) {
					return said(503, tooMany), nil, n == 1
				}
				c := p.pack(tc.limiter(), bitrix.PackerOptions{})
				ran := make(chan bool, 10)
				var group sync.WaitGroup
				for range tc.calls {
					group.Go(func() {
						ctx := bitrix.OnSend(t.Context(), func(context.Context) error { ran <- true; return nil })
						_, err := bitrix.Call[string](ctx, c, "crm.item.add", map[string]int{"id": 1})
						require.NoError(t, err)
					})
				}
				group.Wait()
				require.Len(t, ran, tc.calls)
				require.Len(t, p.hits, 2)
			})
		})
	}
	p := newPortal(t, ok(`{"result":true}`))
	ran := 0
	ctx := bitrix.OnSend(t.Context(), func(context.Context) error { ran++; return nil })
	_, err := bitrix.Call[bool](ctx, newClient(t, p), "crm.item.add", nil)
	require.NoError(t, err)
	require.Equal(t, 1, ran)
	_, err = bitrix.Call[bool](bitrix.OnSend(t.Context(), func(context.Context) error { return errStop }), newClient(t, p), "crm.item.add", nil)
	require.ErrorIs(t, err, errStop)
	require.Len(t, p.requests(), 1)
}

func TestABatchOfHooksThatAllFailIsNotSent(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		c := p.pack(drained(), bitrix.PackerOptions{})
		ctx := context.Context(t.Context())
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				_, err := bitrix.Call[string](bitrix.OnSend(ctx, func(context.Context) error { return errStop }), c, "crm.item.add", nil)
				require.ErrorIs(t, err, errStop)
			})
		}
		group.Wait()
		require.Empty(t, p.requests())
	})
}

func TestWaitErrorSaysWhatAndUntilWhen(t *testing.T) {
	t.Parallel()
	err := error(&bitrix.WaitError{Method: "crm.item.list", Until: moment, Cause: bitrix.ErrOperatingLimit})
	require.EqualError(t, err, "bitrix: crm.item.list: not sent before 2026-05-14T08:26:32Z: the method's run time is used up")
	require.True(t, errors.Is(err, bitrix.ErrOperatingLimit))
	require.False(t, errors.Is(err, bitrix.ErrRateLimited))
	require.Equal(t, moment, upstream.RetryAt(err))
}
