package bitrix_test

import (
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// TestPackedCallsAreTold proves that a call which went in a batch is told to whoever asked for it, and to nobody
// else.
func TestPackedCallsAreTold(t *testing.T) {
	inTime(t, func(t *testing.T) {
		p := newCounter()
		p.serve = func(_ string, q url.Values) string {
			if q.Get("id") == "1" {
				return `{"error":"NOT_FOUND","error_description":"Element not found"}`
			}
			return `{"result":"a"}`
		}
		c := p.pack(drained(), bitrix.PackerOptions{})
		traces := []*upstream.Trace{upstream.NewTrace(10), upstream.NewTrace(10)}
		var group sync.WaitGroup
		for i, trace := range traces {
			group.Go(func() {
				_, _ = bitrix.Call[string](trace.In(t.Context()), c, "crm.item.get", map[string]int{"id": i})
			})
		}
		group.Wait()
		require.Len(t, p.requests(), 1)
		good, _ := traces[0].Calls()
		require.Len(t, good, 1)
		require.Equal(t, "crm.item.get", good[0].Op)
		require.Equal(t, []any{2, "", ""}, []any{good[0].Packed, good[0].Class, good[0].Words})
		bad, _ := traces[1].Calls()
		require.Len(t, bad, 1)
		require.Equal(t, "refused", bad[0].Class)
		require.Contains(t, bad[0].Words, "Element not found")

		single := upstream.NewTrace(10)
		_, err := bitrix.Call[string](single.In(t.Context()), p.pack(&bucket{perSecond: 2, size: 40}, bitrix.PackerOptions{}), "crm.item.get", map[string]int{"id": 1})
		require.ErrorIs(t, err, bitrix.ErrNotFound)
		calls, _ := single.Calls()
		require.Len(t, calls, 1)
		require.Equal(t, []any{"refused", 1}, []any{calls[0].Class, calls[0].Packed})
		require.Contains(t, calls[0].Words, "Element not found")
	})
}
