package bitrix_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"konturbridge/bitrix"
)

// crowd is a Limiter that has room as soon as a batch is full, or nobody else comes.
type crowd struct {
	waiting func() int
	asked   int
}

func (l *crowd) Take(context.Context) (time.Duration, error) {
	if l.asked++; l.asked > 1 && (l.waiting() >= bitrix.MaxBatch || l.asked > 50) {
		l.asked = 0
		return 0, nil
	}
	return 10 * time.Microsecond, nil
}

func (l *crowd) Exceeded(context.Context) {}

// BenchmarkPacker measures one packed call, from the typed parameters to the decoded answer, with the portal's
// side of the request in the same process and without a network.
func BenchmarkPacker(b *testing.B) {
	for _, callers := range []int{100, 500} {
		b.Run(fmt.Sprint(callers, " callers"), func(b *testing.B) {
			p := newCounter()
			var requests, commands atomic.Int64
			l := &crowd{}
			c := p.pack(l, bitrix.PackerOptions{Sent: func(s bitrix.Sent) {
				requests.Add(1)
				commands.Add(int64(s.Commands))
			}})
			l.waiting = c.Waiting
			b.ReportAllocs()
			b.SetParallelism(callers)
			b.RunParallel(func(pb *testing.PB) {
				fields := map[string]any{"UF_CRM_KB_REALTY_STATE": "Отправлен", "UF_CRM_KB_ERROR": ""}
				for pb.Next() {
					if _, err := bitrix.Call[string](b.Context(), c, "crm.item.update", map[string]any{"entityTypeId": 2, "id": 7405, "fields": fields}); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(commands.Load())/float64(requests.Load()), "calls/request")
		})
	}
}

// BenchmarkUnpacked is the same call while there is room, alone in its request.
func BenchmarkUnpacked(b *testing.B) {
	p := newCounter()
	c := p.pack(&limiter{}, bitrix.PackerOptions{})
	fields := map[string]any{"UF_CRM_KB_REALTY_STATE": "Отправлен", "UF_CRM_KB_ERROR": ""}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bitrix.Call[string](b.Context(), c, "crm.item.update", map[string]any{"entityTypeId": 2, "id": 7405, "fields": fields}); err != nil {
			b.Fatal(err)
		}
	}
}
