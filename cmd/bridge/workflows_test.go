package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/store"
	"konturbridge/app/watchdog"
)

func TestWorkflows(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	require.Equal(t, "[]\n", s.done("jobs", "workflows", "--json"))
	s.store(func(st *store.Store) {
		require.NoError(t, st.Commit(t.Context(), watchdog.Found{Portal: member, Stuck: []watchdog.Stuck{{Portal: member, Workflow: "66e81a64.56521481",
			Template: 212, Document: "DEAL_57", Started: time.UnixMilli(1_780_000_000_000), Modified: time.UnixMilli(1_780_000_100_000), Missing: []string{"realty_extract"}}}}))
	})
	text := s.done("jobs", "workflows", "--portal", member)
	require.Contains(t, text, "66e81a64.56521481")
	require.Contains(t, text, "DEAL_57")
	require.Contains(t, text, "ни один вызов не пришёл")
	require.Equal(t, "[]\n", s.done("jobs", "workflows", "--portal", "another", "--json"))
	all := decode[[]map[string]any](t, s.done("jobs", "workflows", "--json"))
	require.Equal(t, []any{"realty_extract"}, all[0]["missing"])
	require.Equal(t, 212.0, all[0]["template"])
	require.NotEmpty(t, all[0]["reason"])

	require.Contains(t, s.done("jobs", "end-workflow", "66e81a64.56521481"), "ends workflow 66e81a64.56521481")
	order := decode[[]store.Job](t, s.done("jobs", "--json"))[0]
	require.Equal(t, []string{watchdog.KindEnd, "waiting", member}, []string{order.Kind, order.State, order.Portal})
	order = decode[store.Job](t, s.done("jobs", "end-workflow", "unlisted.1", "--portal", member, "--kill", "--json"))
	require.Equal(t, "unlisted.1", order.Code)
	for _, args := range [][]string{{"unlisted.2"}, {"66e81a64.56521481", "--portal", "nobody"}} {
		o := s.run(append([]string{"jobs", "end-workflow"}, args...)...)
		require.Equal(t, 1, o.code)
		require.Contains(t, o.errout, "portal")
	}
}
