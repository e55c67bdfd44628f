package action_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/realty"
)

// TestCatalogue: what Bitrix24 demands of rules, and what every action promises.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md
func TestCatalogue(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"realty_extract", "realty_create", "realty_sign", "realty_submit", "realty_status", "realty_wait",
		"realty_action", "realty_extra_package", "realty_cadastre_suggest",
		"diadoc_check_counteragent", "diadoc_invite", "diadoc_break",
		"diadoc_group_create", "diadoc_group_update", "diadoc_group_delete", "diadoc_group_add",
		"diadoc_send", "diadoc_send_draft", "diadoc_sign", "diadoc_status", "diadoc_wait",
		"diadoc_delete", "diadoc_restore", "diadoc_reject", "diadoc_revoke",
		"diadoc_request_approval", "diadoc_resolve", "diadoc_forward", "diadoc_move",
		"diadoc_print_form", "diadoc_protocol", "diadoc_zip", "diadoc_call"}, action.Codes())
	code, property := regexp.MustCompile(`^[A-Za-z0-9._-]+$`), regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	types := []string{"bool", "int", "double", "string", "text", "date", "datetime", "select", "user", "file"}
	for _, a := range action.Catalogue() {
		require.Regexp(t, code, a.Code)
		require.NotEmpty(t, a.Name.RU+a.Description.RU)
		require.NotEmpty(t, a.Name.EN+a.Description.EN)
		var returns []string
		for _, p := range slices.Concat(a.Params, a.Returns) {
			require.Regexp(t, property, p.Name)
			require.Contains(t, types, p.Type)
			require.NotEmpty(t, p.Label.RU, p.Name)
			require.NotEmpty(t, p.Label.EN, p.Name)
			require.Equal(t, p.Type == "select", len(p.Options) > 0, p.Name)
			if p.Default != "" && p.Type == "select" {
				require.True(t, slices.ContainsFunc(p.Options, func(o action.Option) bool { return o.Key == p.Default }), p.Name)
			}
		}
		for _, p := range a.Returns {
			returns = append(returns, p.Name)
		}
		require.Subset(t, returns, []string{"state", "error", "error_code"}, a.Code)
	}
	require.Len(t, action.Catalogue()[1].Params[0].Options, len(realty.Kinds()))
}
