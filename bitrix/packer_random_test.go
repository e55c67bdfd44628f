package bitrix_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// unruly is a portal that fails in every way that is known, at random.
type unruly struct {
	*counter
	random   *rand.Rand
	executed map[string]int // by id
}

func (u *unruly) fails(share int) bool { return u.random.IntN(share) == 0 }

// request decides about a request before it is done.
func (u *unruly) request(r *http.Request, _ int, _ hit) (*http.Response, error, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case r.Context().Err() != nil:
		return nil, r.Context().Err(), true
	case u.fails(8):
		return said(503, tooMany), nil, true
	case u.fails(20):
		return said(502, "<html>"), nil, true
	case u.fails(20):
		return nil, errors.New("connection reset"), true
	case u.fails(30):
		return said(500, `{"error":"INTERNAL_SERVER_ERROR"}`), nil, true
	}
	return nil, nil, false
}

func (u *unruly) packed(method string, q url.Values) string {
	if method == "crm.odd" {
		return `{"error":"ERROR_BATCH_METHOD_NOT_ALLOWED"}`
	}
	return u.command(method, q)
}

// command does one command, or refuses it before it is done.
func (u *unruly) command(_ string, q url.Values) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.fails(40):
		return fmt.Sprintf(`{"error":"OPERATION_TIME_LIMIT","time":{"operating_reset_at":%d}}`, time.Now().Add(5*time.Second).Unix())
	case u.fails(40):
		return `{"error":"NOT_FOUND"}`
	}
	u.executed[q.Get("id")]++
	if u.fails(40) {
		return `lost`
	}
	return fmt.Sprintf(`{"result":%q,"time":{"duration":%f,"operating":%d,"operating_reset_at":%d}}`, q.Get("id"), u.random.Float64(),
		u.random.IntN(450), time.Now().Add(10*time.Second).Unix())
}

func (u *unruly) done(id string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.executed[id]
}

// RoundTrip is slow, before and after.
func (u *unruly) RoundTrip(r *http.Request) (*http.Response, error) {
	u.mu.Lock()
	before, after := time.Duration(u.random.IntN(900)), time.Duration(u.random.IntN(900))
	u.mu.Unlock()
	<-time.After(before * time.Millisecond)
	resp, err := u.counter.RoundTrip(r)
	select {
	case <-time.After(after * time.Millisecond):
		return resp, err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// TestThePackerInDisorder: whatever fails and whoever gives up, every call ends, with its own answer, and none is
// done twice or by a batch that says that it was not.
func TestThePackerInDisorder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := &unruly{counter: newCounter(), random: rand.New(rand.NewPCG(seed, 1)), executed: map[string]int{}}
				u.whole, u.counter.serve, u.counter.packed = u.request, u.command, u.packed
				up := upstream.New(upstream.WithInsecure(true), upstream.WithTransport(u))
				c := bitrix.New(up, &tokens{access: "TOKEN-OF-TEST", endpoint: "http://portal.test/rest/"},
					bitrix.WithPacker(drained(), bitrix.PackerOptions{Patience: 10 * time.Second}))
				choose := rand.New(rand.NewPCG(seed, 2))
				type plan struct {
					group, method string
					start, leave  time.Duration
				}
				var group sync.WaitGroup
				ended := make(chan error, 400)
				for i := range 400 {
					p := plan{fmt.Sprint(choose.IntN(3)), []string{"crm.a.add", "crm.b.add", "crm.odd"}[choose.IntN(3)],
						time.Duration(choose.IntN(6000)) * time.Millisecond, time.Duration(choose.IntN(20_000)) * time.Millisecond}
					group.Go(func() {
						<-time.After(p.start)
						ctx, cancel := context.WithTimeout(bitrix.InGroup(t.Context(), p.group), p.leave)
						defer cancel()
						id := fmt.Sprint(i)
						got, err := bitrix.Call[string](ctx, c, p.method, map[string]any{"id": id})
						done := u.done(id)
						switch {
						case err == nil && (got != id || done != 1):
							err = fmt.Errorf("call %s got %q and was done %d times", id, got, done)
						case err == nil:
						case done > 1, done == 1 && !upstream.MaybeDone(err):
							err = fmt.Errorf("call %s was done %d times, and says %w", id, done, err)
						case upstream.ClassOf(err) == upstream.Broken && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, bitrix.ErrBadAnswer):
							err = fmt.Errorf("call %s: %w", id, err)
						default:
							err = nil
						}
						ended <- err
					})
				}
				group.Wait()
				require.Len(t, ended, 400)
				for range 400 {
					require.NoError(t, <-ended)
				}
				require.Zero(t, c.Waiting())
				<-time.After(time.Minute)
			})
		})
	}
}
