package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

func TestRobotSettings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	open := func(options string) answer {
		query, body := r.portal.OpenPage(clientID, bitrix.PlacementRobotSettings, options, 2)
		return r.post(t, "/bitrix/placements/robot_settings?"+query.Encode(), body.Encode())
	}
	got := open(`{"code":"realty_extract","activity_name":"A1","properties":[],"current_values":{"x":"1"},"document_type":["crm","CCrmDocumentDeal","DEAL"],"document_fields":[]}`)
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Contains(t, got.body, string(p.ID)+" ru realty_extract")
	policy := got.header.Get("Content-Security-Policy")
	require.True(t, strings.HasSuffix(policy, "frame-ancestors 'self' "+origin(r)), policy)
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.NotContains(t, got.body, "data-session")
	require.Contains(t, got.body, "https://api.bitrix24.com/api/v1/")
	for name, options := range map[string]string{"no code": `{"activity_name":"A1"}`, "another shape": `[1,2]`, "nothing": ""} {
		got := open(options)
		require.Equal(t, http.StatusBadRequest, got.status, name)
		require.Equal(t, "malformed", got.failure(t), name)
	}
	forged := r.post(t, "/bitrix/placements/robot_settings", "AUTH_ID=guess&member_id="+r.portal.MemberID()+`&PLACEMENT_OPTIONS={"code":"realty_extract"}`)
	require.Equal(t, http.StatusForbidden, forged.status)
}
