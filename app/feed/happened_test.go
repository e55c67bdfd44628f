package feed

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
)

// TestRowsOfTheQueue reads them in the shapes that the page and portals show.
func TestRowsOfTheQueue(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	r := &reading{Offline: &Offline{OfflineDeps: OfflineDeps{Now: func() time.Time { return noon }}}}
	for name, tc := range map[string]struct {
		event, data, at string
		want            docflow.Card
		known, blind    bool
	}{
		"deal":                    {"ONCRMDEALUPDATE", `{"FIELDS":{"ID":"57"}}`, "2026-05-14T14:59:59+03:00", docflow.Card{EntityType: 2, ID: 57}, true, false},
		"lower case":              {"onCrmLeadAdd", `{"FIELDS":{"ID":7}}`, "2026-05-14T14:59:59+03:00", docflow.Card{EntityType: 1, ID: 7}, true, false},
		"smart process":           {"ONCRMDYNAMICITEMUPDATE", `{"FIELDS":{"ID":"1","ENTITY_TYPE_ID":"147"}}`, "", docflow.Card{EntityType: 147, ID: 1}, false, false},
		"suffixed":                {"ONCRMDYNAMICITEMADD_147", `{"FIELDS":{"ID":"1"}}`, "14.05.2026 14:59:59", docflow.Card{EntityType: 147, ID: 1}, false, false},
		"as in the page's sample": {"ONCRMLEADADD", `false`, "2026-05-14T14:59:59+03:00", docflow.Card{}, false, true},
		"suffixed, no data":       {"ONCRMDYNAMICITEMUPDATE_147", `false`, "", docflow.Card{}, false, true},
		"nonsense":                {"ONCRMDEALUPDATE", `{"FIELDS":{"ID":"x"}}`, "", docflow.Card{}, false, true},
		"unknown":                 {"ONSOMETHINGNEW", `{"FIELDS":{"ID":"57"}}`, "", docflow.Card{}, false, false},
		"unknown, no data":        {"ONSOMETHINGNEW", `false`, "", docflow.Card{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, blind := r.happened([]bitrix.OfflineEvent{{Name: tc.event, Data: json.RawMessage(tc.data), Timestamp: bitrix.Text(tc.at)}})
			require.Equal(t, tc.blind, blind)
			if tc.want.ID == 0 {
				require.Empty(t, all)
				return
			}
			require.Len(t, all, 1)
			require.Equal(t, tc.want, all[0].Card)
			require.Equal(t, tc.known, !all[0].at.IsZero())
			if tc.known {
				require.True(t, noon.Add(-time.Second).Equal(all[0].at))
			}
		})
	}
}
