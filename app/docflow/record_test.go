package docflow_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
)

func TestKopecks(t *testing.T) {
	t.Parallel()
	for sum, want := range map[docflow.Kopecks]string{
		0: "0,00", 5: "0,05", 70: "0,70", 70000: "700,00", 200000: "2\u00a0000,00", 123456789: "1\u00a0234\u00a0567,89",
		100000000000: "1\u00a0000\u00a0000\u00a0000,00", -150: "-1,50", -100050: "-1\u00a0000,50",
	} {
		require.Equal(t, want, sum.String())
	}
	require.Equal(t, docflow.Kopecks(105), docflow.Record{Charges: []docflow.Charge{{UIN: "1", Sum: 100}, {UIN: "2", Sum: 5}}}.Duty())
}

func TestCard(t *testing.T) {
	t.Parallel()
	for kind, want := range map[int]string{1: "lead", 2: "deal", 31: "item", 147: "item"} {
		require.Equal(t, want, docflow.Card{EntityType: kind}.Entity())
	}
	require.Equal(t, "147:12", docflow.Card{EntityType: 147, ID: 12}.String())
}

func TestRefusalIsAnError(t *testing.T) {
	t.Parallel()
	r := &docflow.Refusal{Code: "no_access", CRMText: "нет доступа", Cause: io.EOF}
	require.ErrorIs(t, r, io.EOF)
	require.Equal(t, "no_access: нет доступа", errors.Join(r).Error())
}

// TestGoals is the whole table of what ends a robot's wait.
func TestGoals(t *testing.T) {
	t.Parallel()
	type goals = map[docflow.Until]bool
	all := func(met bool, but ...docflow.Until) goals {
		g := goals{docflow.UntilFirst: met, docflow.UntilSent: met, docflow.UntilAny: met, docflow.UntilSuspended: met, docflow.UntilCompleted: met}
		for _, u := range but {
			g[u] = !met
		}
		g[docflow.UntilNow] = true
		return g
	}
	changed := docflow.Change{Changed: true}
	for name, tc := range map[string]struct {
		record docflow.Record
		change docflow.Change
		want   goals
	}{
		"prepared":             {docflow.Record{State: docflow.Prepared}, docflow.Change{}, all(false)},
		"queued":               {at(docflow.Queued), changed, all(false, docflow.UntilFirst, docflow.UntilAny)},
		"queued, as it was":    {at(docflow.Queued), docflow.Change{}, all(false, docflow.UntilFirst)},
		"verified":             {at(docflow.Verified), changed, all(false, docflow.UntilFirst, docflow.UntilAny)},
		"sent":                 {at(docflow.Sent), changed, all(false, docflow.UntilFirst, docflow.UntilAny, docflow.UntilSent)},
		"requirements unknown": {at(docflow.Suspended), docflow.Change{}, all(false)},
		"signature":            {at(docflow.Suspended, requiring(docflow.RequireSignature)), changed, all(true, docflow.UntilSent, docflow.UntilCompleted)},
		"payment":              {at(docflow.Suspended, requiring(docflow.RequirePayment)), changed, all(true, docflow.UntilCompleted)},
		"registrar's question": {at(docflow.Suspended, requiring(docflow.RequireAnswer)), changed, all(true, docflow.UntilCompleted)},
		"completed":            {at(docflow.Completed), docflow.Change{}, all(true)},
		"error":                {at(docflow.Failed), docflow.Change{}, all(true)},
		"uncertain":            {docflow.Record{State: docflow.Uncertain}, docflow.Change{}, all(true)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for goal, want := range tc.want {
				require.Equal(t, want, docflow.Waiter{Until: goal}.Met(tc.record, tc.change), goal)
			}
		})
	}
}
