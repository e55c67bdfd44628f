package bitrixsim_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

// Everything may be pressed at once: levers, REST, deliveries and snapshots.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMDEALUPDATE")
	w.ok("event.bind", map[string]any{"event": "ONCRMDEALUPDATE", "event_type": "offline"})
	deal := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"UF_CRM_N": 0})
	const each = 20
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range each {
				_ = w.portal.UpdateItem(bitrixsim.Deal, deal, map[string]any{"UF_CRM_N": worker*each + i + 1})
				_, _ = w.call("crm.item.list", map[string]any{"entityTypeId": 2})
				_ = w.sim.Snapshot()
			}
		})
	}
	wg.Wait()
	w.settle()
	require.Len(t, w.got, 4*each, "every change is told once")
	require.Len(t, w.portal.OfflineRows(), 1)
}
