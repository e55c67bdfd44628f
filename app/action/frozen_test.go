package action_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
)

// TestWhatIsDoubtfulIsToldAndSent: the service may take it all the same, so a person sees it and nothing stops.
func TestWhatIsDoubtfulIsToldAndSent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.do(t, "realty_extract", w.demo.Extract, props{"cadastral_number": "47:14:12:814"})
	require.Equal(t, 1, w.ops("create"))
	rec := w.record(t)
	require.Equal(t, docflow.Queued, rec.State)
	history, err := w.store.History(t.Context(), rec.ID)
	require.NoError(t, err)
	require.Contains(t, history[0].Note, "параметр cadastral_number")
	effects, err := w.store.WaitingEffects(t.Context(), w.member, rec.Card)
	require.NoError(t, err)
	require.Contains(t, string(effects[0].Params), "отправлено, но проверьте данные")
	require.Contains(t, string(effects[0].Params), "cadastralNumber")
}
