package settings_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/settings"
)

const withIncoming = `connections:
  - {name: box, kind: diadoc, boxId: b, refreshToken: t}
incoming:
  - {types: [Invoice], action: none}
  - {connection: box, types: [UniversalTransferDocument, contract], action: deal, category: 1, stage: NEW, responsible: 12}
  - {action: lead}
`

func TestIncomingRules(t *testing.T) {
	t.Parallel()
	s, problems := settings.Parse([]byte(withIncoming), catalogue{})
	require.Empty(t, problems)
	again, problems := settings.Parse(settings.Show(s), catalogue{})
	require.Empty(t, problems)
	require.Equal(t, s.Incoming, again.Incoming)
	for name, tc := range map[string]struct {
		connection string
		types      []string
		want       string
	}{
		"the first that fits":     {"box", []string{"Invoice"}, settings.IncomingNone},
		"one document is enough":  {"box", []string{"Nonformalized", "Contract"}, settings.IncomingDeal},
		"another box":             {"other", []string{"Contract"}, settings.IncomingLead},
		"any type":                {"box", []string{"Nonformalized"}, settings.IncomingLead},
		"types of any connection": {"other", []string{"Invoice"}, settings.IncomingNone},
	} {
		rule, ok := s.IncomingRule(tc.connection, tc.types)
		require.True(t, ok, name)
		require.Equal(t, tc.want, rule.Action, name)
	}
	require.True(t, s.TakesIncoming("other"))
	require.False(t, settings.Settings{Incoming: s.Incoming[:2]}.TakesIncoming("other"))
	_, ok := settings.Settings{}.IncomingRule("box", nil)
	require.False(t, ok)
	merged, problems := settings.Settings{}.Merge(s)
	require.Empty(t, problems)
	require.Len(t, merged.Incoming, 3)
	merged, _ = settings.Settings{Incoming: []settings.Incoming{}}.Merge(s)
	require.Empty(t, merged.Incoming)
}

func TestIncomingProblems(t *testing.T) {
	t.Parallel()
	_, problems := settings.Parse([]byte(`connections:
  - {name: main, kind: realty, login: l, password: p, accountId: a}
incoming:
  - {connection: main, action: lead}
  - {action: none, stage: NEW, responsible: 3}
  - {action: lead, category: 1}
  - {types: [""]}
reactions:
  - {system: diadoc, state: sigend, comment: "!"}
  - {system: diadoc, requirement: payment, comment: "!"}
`), catalogue{})
	var told []string
	for _, p := range problems {
		told = append(told, p.String())
	}
	require.Len(t, told, 8, "%q", told)
	require.Contains(t, told[0], `incoming[0].connection: there is no diadoc connection "main"`)
	require.Contains(t, told[1], "line 5: incoming[1].responsible")
	require.Contains(t, told[2], "line 5: incoming[1].stage")
	require.Contains(t, told[3], "line 6: incoming[2].category")
	require.Contains(t, told[4], "line 7: incoming[3].action: required")
	require.Contains(t, told[5], "incoming[3].types[0]: empty")
	require.Contains(t, told[6], `unknown state "sigend"`)
	require.Contains(t, told[7], "documents of Диадок have no requirements")
}
