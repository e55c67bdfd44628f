package portal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// TestOfflineBindingsFollowThePlan: a queue under the bridge's own name can be read only while the plan knows
// names, and the portal does not show what name a binding has.
func TestOfflineBindingsFollowThePlan(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	names := func() map[string]int {
		all := map[string]int{}
		for _, b := range r.portal.Bindings() {
			if b.Offline {
				all[b.Connector]++
			}
		}
		return all
	}
	for _, step := range []struct {
		features []string
		want     string
		added    int
	}{
		{[]string{bitrix.FeatureOfflineExtended, bitrix.FeatureAuthConnector}, portal.Connector, len(portal.CardEvents())},
		{[]string{bitrix.FeatureOfflineExtended, bitrix.FeatureAuthConnector}, portal.Connector, 0},
		{nil, "", len(portal.CardEvents())},
		{nil, "", 0},
		{[]string{bitrix.FeatureAuthConnector}, portal.Connector, len(portal.CardEvents())},
	} {
		r.portal.SetPlan("pro", step.features...)
		report, err := r.setup.Run(t.Context(), p)
		require.NoError(t, err)
		require.Empty(t, report.Problems)
		added := 0
		for _, name := range report.Added {
			if len(name) > 7 && name[:7] == "offline" {
				added++
			}
		}
		require.Equal(t, step.added, added)
		require.Equal(t, map[string]int{step.want: len(portal.CardEvents())}, names())
	}
}

func TestMissesEvents(t *testing.T) {
	t.Parallel()
	without := func(events ...string) []bitrix.EventBinding {
		var bound []bitrix.EventBinding
		for _, event := range portal.CardEvents() {
			skip := false
			for _, e := range events {
				skip = skip || e == event
			}
			if !skip {
				bound = append(bound, bitrix.EventBinding{Event: event, Offline: true})
			}
		}
		return bound
	}
	items := []string{"ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMUPDATE", "ONCRMDYNAMICITEMDELETE"}
	for name, tc := range map[string]struct {
		bound []bitrix.EventBinding
		want  bool
	}{
		"all":                             {without(), false},
		"none":                            {nil, true},
		"one is missing":                  {without("ONCRMLEADUPDATE"), true},
		"one of the items' is missing":    {without("ONCRMDYNAMICITEMADD"), true},
		"an edition without items":        {without(items...), false},
		"bound online, which is no queue": {append(without("ONCRMLEADUPDATE"), bitrix.EventBinding{Event: "ONCRMLEADUPDATE", Handler: "https://x"}), true},
	} {
		require.Equal(t, tc.want, portal.MissesEvents(tc.bound), name)
	}
}
