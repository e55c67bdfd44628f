package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
)

// TestTriggersMayLeaveOutWhatTheCardTells: a robot's form asks for an INN, a trigger may take it from the card's company.
func TestTriggersMayLeaveOutWhatTheCardTells(t *testing.T) {
	t.Parallel()
	required := app.Knowledge{}.Parameters("diadoc_group_add")
	require.Equal(t, map[string]bool{"group_id": true, "inn": false, "kpp": false, "box_id": false, "connection": false}, required)
}
