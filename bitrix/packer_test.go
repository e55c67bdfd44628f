package bitrix_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// inTime runs a test on a clock of its own.
func inTime(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		test(t)
		<-time.After(time.Minute) // what asks the limiter ends by itself when nobody waits
	})
}

func TestCallsGoAsThemselvesWhileThereIsRoom(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p, l := newCounter(), &bucket{perSecond: 2, size: 40}
		for _, a := range p.together(t.Context(), p.pack(l, bitrix.PackerOptions{}), "crm.item.get", 40) {
			require.NoError(t, a.err)
			require.Zero(t, a.at)
		}
		require.Len(t, p.requests(), 40)
		require.NotContains(t, strings.Join(p.requests(), ","), "batch")
	})
}

func TestWaitingCallsGoTogether(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		var sent []bitrix.Sent
		c := p.pack(drained(), bitrix.PackerOptions{Sent: func(s bitrix.Sent) { sent = append(sent, s) }})
		for i, a := range p.together(t.Context(), c, "crm.item.get", 121) {
			require.NoError(t, a.err)
			require.Equal(t, fmt.Sprint(i), a.id, "each gets its own answer")
		}
		require.Equal(t, []string{"500ms batch of 50", "1s batch of 50", "1.5s batch of 21"}, p.requests())
		require.Equal(t, bitrix.Sent{Batch: true, Commands: 21, Waited: 1500 * time.Millisecond}, sent[2])
		require.Zero(t, c.Waiting())
	})
}

func TestALoneCallThatWaitedGoesAsItself(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		require.NoError(t, p.together(t.Context(), p.pack(drained(), bitrix.PackerOptions{}), "crm.item.get", 1)[0].err)
		require.Equal(t, []string{"500ms crm.item.get"}, p.requests())
	})
}

func TestWithoutPackingCallsWaitOneByOne(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		up := upstream.New(upstream.WithInsecure(true), upstream.WithTransport(p))
		c := bitrix.New(up, &tokens{access: "TOKEN-OF-TEST", endpoint: "http://portal.test/rest/"}, bitrix.WithLimiter(drained()))
		p.together(t.Context(), c, "crm.item.get", 3)
		require.Equal(t, []string{"500ms crm.item.get", "1s crm.item.get", "1.5s crm.item.get"}, p.requests())
	})
}

// TestPackedErrorsAreTheirOwn: a command's failure is what the call alone would have got.
func TestPackedErrorsAreTheirOwn(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		p.serve = func(_ string, q url.Values) string {
			switch q.Get("id") {
			case "1":
				return `{"error":"NOT_FOUND","error_description":"Element not found"}`
			case "2":
				return `{"error":"INTERNAL_SERVER_ERROR"}`
			case "3":
				return `nothing`
			case "4":
				return `{"result":["c"],"total":143,"next":50}`
			default:
				return `{"result":"a"}`
			}
		}
		c := p.pack(drained(), bitrix.PackerOptions{})
		var list bitrix.ListAnswer[[]string]
		var group sync.WaitGroup
		group.Go(func() {
			var err error
			list, err = bitrix.CallList[[]string](t.Context(), c, "crm.item.list", map[string]string{"id": "4"})
			require.NoError(t, err)
		})
		all := p.together(t.Context(), c, "crm.item.add", 4)
		group.Wait()
		require.Len(t, p.requests(), 1)
		require.NoError(t, all[0].err)
		require.ErrorIs(t, all[1].err, bitrix.ErrNotFound)
		require.False(t, upstream.MaybeDone(all[1].err))
		require.Equal(t, upstream.Retry, upstream.ClassOf(all[2].err))
		require.True(t, upstream.MaybeDone(all[2].err))
		require.ErrorIs(t, all[3].err, bitrix.ErrBadAnswer)
		require.True(t, upstream.MaybeDone(all[3].err), "nothing says that it did not run")
		require.Equal(t, bitrix.ListAnswer[[]string]{Result: []string{"c"}, Total: 143, Next: 50}, list)
	})
}

func TestWhatABatchCannotCarryGoesAlone(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		c := p.pack(drained(), bitrix.PackerOptions{})
		many := map[string]int{}
		for i := range 950 {
			many[fmt.Sprint("f", i)] = i
		}
		var group sync.WaitGroup
		for method, params := range map[string]any{
			"with.file":      map[string]any{"fields": map[string]any{"FILES": []string{"a"}}},
			"with.null":      map[string]any{"fields": map[string]any{"a": nil}},
			"with.nothing":   map[string]any{"fields": map[string]any{"a": []int{}}},
			"with.length":    map[string]any{"a": strings.Repeat("x", 70<<10)},
			"with.many":      many,
			"with.reference": map[string]any{"a": "$result[c00]"},
			"disk.upload":    map[string]any{"a": 1},
			"packed.null":    map[string]any{"a": "null"},
			"packed.one":     map[string]any{"a": 1},
		} {
			group.Go(func() {
				_, err := bitrix.Call[string](t.Context(), c, method, params)
				require.NoError(t, err)
			})
		}
		group.Wait()
		alone := 0
		for _, h := range p.hits {
			if h.method == "batch" {
				require.ElementsMatch(t, []string{"packed.null", "packed.one"}, h.commands)
				continue
			}
			alone++
		}
		require.Equal(t, 7, alone)
		require.Len(t, p.hits, 8)
	})
}

func TestABatchIsNoLargerThanWhatTheWireTakes(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		c := p.pack(drained(), bitrix.PackerOptions{})
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				_, err := bitrix.Call[string](t.Context(), c, "crm.timeline.comment.add", map[string]any{"text": strings.Repeat("x", 60<<10)})
				require.NoError(t, err)
			})
		}
		group.Wait()
		require.Equal(t, []string{"500ms batch of 17", "1s batch of 17", "1.5s batch of 6"}, p.requests())
	})
}

func TestGroupsTakeTurns(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		c := p.pack(drained(), bitrix.PackerOptions{})
		var group sync.WaitGroup
		group.Go(func() { p.together(bitrix.InGroup(t.Context(), "effects"), c, "crm.item.update", 200) })
		synctest.Wait()
		group.Go(func() {
			all := p.together(bitrix.InGroup(t.Context(), "action"), c, "crm.item.get", 3)
			for _, a := range all {
				require.Equal(t, 500*time.Millisecond, a.at, "in the next request, whatever else waits")
			}
		})
		group.Wait()
		require.Len(t, p.requests(), 5)
	})
}

func TestACanceledCallLeavesTheLine(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		var parked atomic.Int32
		c := p.pack(drained(), bitrix.PackerOptions{Park: func(context.Context) (func(), bool) {
			parked.Add(1)
			return func() { parked.Add(-1) }, true
		}})
		ctx, cancel := context.WithCancelCause(t.Context())
		var group sync.WaitGroup
		group.Go(func() { require.NoError(t, p.together(t.Context(), c, "crm.item.get", 2)[1].err) })
		group.Go(func() {
			sent := false
			called := bitrix.OnSend(ctx, func(context.Context) error { sent = true; return nil })
			_, err := bitrix.Call[string](called, c, "crm.item.add", nil)
			require.ErrorIs(t, err, errStop)
			require.False(t, upstream.MaybeDone(err))
			require.False(t, sent)
		})
		synctest.Wait()
		require.Equal(t, 3, c.Waiting())
		require.EqualValues(t, 3, parked.Load())
		cancel(errStop)
		synctest.Wait()
		require.Equal(t, 2, c.Waiting())
		group.Wait()
		require.Equal(t, []string{"500ms batch of 2"}, p.requests())
		require.Zero(t, parked.Load())
	})
}

var errStop = errors.New("stop")

// TestACanceledCallLeavesItsBatch: the batch goes on for the others.
func TestACanceledCallLeavesItsBatch(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		p.whole = func(*http.Request, int, hit) (*http.Response, error, bool) {
			<-time.After(time.Second)
			return nil, nil, false
		}
		c := p.pack(drained(), bitrix.PackerOptions{})
		ctx, cancel := context.WithCancelCause(t.Context())
		var group sync.WaitGroup
		group.Go(func() { requireUnderWay(t, p.together(ctx, c, "crm.item.add", 2)) })
		group.Go(func() { require.NoError(t, p.together(t.Context(), c, "crm.item.add", 1)[0].err) })
		<-time.After(700 * time.Millisecond)
		cancel(errStop)
		group.Wait()
		require.Equal(t, []string{"500ms batch of 3"}, p.requests())
	})
}

func requireUnderWay(t *testing.T, all []answered) {
	t.Helper()
	for _, a := range all {
		require.ErrorIs(t, a.err, errStop)
		require.True(t, upstream.MaybeDone(a.err))
		require.Equal(t, upstream.Retry, upstream.ClassOf(a.err))
	}
}

func TestABatchThatNobodyWaitsForIsGivenUp(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		ended := make(chan error, 1)
		p.whole = func(r *http.Request, _ int, _ hit) (*http.Response, error, bool) {
			<-r.Context().Done()
			ended <- r.Context().Err()
			return nil, r.Context().Err(), true
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(700*time.Millisecond, func() { cancel(errStop) })
		requireUnderWay(t, p.together(ctx, p.pack(drained(), bitrix.PackerOptions{}), "crm.item.add", 3))
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Equal(t, []string{"500ms batch of 3"}, p.requests())
	})
}

func TestWhatThePortalRefusesInABatchGoesAlone(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		inBatch := true
		p.whole = func(_ *http.Request, _ int, h hit) (*http.Response, error, bool) {
			inBatch = h.method == "batch"
			return nil, nil, false
		}
		p.serve = func(method string, q url.Values) string {
			if method == "crm.odd" && inBatch {
				return `{"error":"ERROR_BATCH_METHOD_NOT_ALLOWED","error_description":"Method is not allowed for batch usage"}`
			}
			return fmt.Sprintf(`{"result":%q}`, q.Get("id"))
		}
		c := p.pack(drained(), bitrix.PackerOptions{})
		for range 2 {
			var group sync.WaitGroup
			group.Go(func() { p.together(t.Context(), c, "crm.item.get", 2) })
			group.Go(func() {
				for i, a := range p.together(t.Context(), c, "crm.odd", 2) {
					require.NoError(t, a.err)
					require.Equal(t, fmt.Sprint(i), a.id)
				}
			})
			group.Wait()
		}
		require.Equal(t, "500ms batch of 4", p.requests()[0])
		require.Equal(t, []string{"1s crm.odd", "1.5s crm.odd"}, p.requests()[1:3])
		require.NotContains(t, p.requests()[3:], "batch of 4", "it is remembered")
	})
}

func TestTheLimiterFails(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p, l := newCounter(), drained()
		c := p.pack(l, bitrix.PackerOptions{})
		l.fail = errStop
		for _, a := range p.together(t.Context(), c, "crm.item.add", 5) {
			require.ErrorIs(t, a.err, errStop)
			require.False(t, upstream.MaybeDone(a.err))
		}
		require.Empty(t, p.requests())
	})
}

func TestParkingIsRefused(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		c := p.pack(drained(), bitrix.PackerOptions{Park: func(context.Context) (func(), bool) { return nil, false }})
		for _, a := range p.together(t.Context(), c, "crm.item.add", 5) {
			require.Equal(t, upstream.Wait, upstream.ClassOf(a.err))
			require.ErrorIs(t, a.err, bitrix.ErrRateLimited)
			require.True(t, upstream.RetryAt(a.err).After(time.Now()))
		}
		require.Empty(t, p.requests())
		require.Zero(t, c.Waiting())
	})
}

func TestARenewedTokenCostsAnotherRequest(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		p.whole = func(_ *http.Request, n int, _ hit) (*http.Response, error, bool) {
			return said(401, expired), nil, n == 1
		}
		up := upstream.New(upstream.WithInsecure(true), upstream.WithTransport(p))
		source := &tokens{access: "old", endpoint: "http://portal.test/rest/", next: []string{"new"}}
		c := bitrix.New(up, source, bitrix.WithPacker(drained(), bitrix.PackerOptions{}))
		for _, a := range p.together(t.Context(), c, "crm.item.get", 3) {
			require.NoError(t, a.err)
		}
		require.Equal(t, []string{"500ms batch of 3", "1s batch of 3"}, p.requests())
	})
}
