package chaos_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/testservers"
	"konturbridge/sandbox/bitrixsim"
)

// TestOneRefresh lets a hundred robot calls meet an expired access token, in one process and in three
// that share the work.
func TestOneRefresh(t *testing.T) {
	t.Parallel()
	const calls = 100
	for name, g := range map[string]func(t *testing.T) ground{
		"one process": func(*testing.T) ground { return ground{} },
		"three processes": func(t *testing.T) ground {
			return ground{nodes: 3, database: testservers.Postgres(t).NewDatabase(t), redis: testservers.Redis(t).URL}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ground := g(t)
			ground.tenants, ground.deals = 1, calls+3
			w := newWorld(t, ground)
			n := w.tenants[0]
			n.PauseDelivery(true)
			for _, deal := range n.deals[:calls] {
				require.NoError(t, n.MoveStage(bitrixsim.Deal, deal, stage))
			}
			n.ExpireAccessTokens()
			refreshes := w.box.Bitrix.TokenRefreshes()
			n.PauseDelivery(false)
			n.deals = n.deals[calls:]
			w.written(n, calls)
			require.Equal(t, refreshes+1, w.box.Bitrix.TokenRefreshes())

			// Whoever takes the work over uses the same pair.
			for _, stopped := range w.nodes[1:] {
				code, _ := stopped.terminate()
				require.Zero(t, code)
			}
			w.move(n, 3)
			w.written(n, calls+3)
			require.Equal(t, refreshes+1, w.box.Bitrix.TokenRefreshes())
			for _, c := range w.calls() {
				require.True(t, c.answered)
			}
			require.Len(t, w.filings(), calls+3)
			w.once()
		})
	}
}

// written waits until so many cards of a portal show that their docflow is filed.
func (w *world) written(n *tenant, count int) {
	w.t.Helper()
	until(w.t, "the cards show their docflows", func() bool {
		shown := 0
		for _, item := range n.Items(bitrixsim.Deal) {
			if state, _ := item["UF_CRM_KB_REALTY_STATE"].(string); state != "" {
				shown++
			}
		}
		return shown == count
	})
}
