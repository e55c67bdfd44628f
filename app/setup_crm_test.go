package app

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/page/setup"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/oauth"
	"konturbridge/realty"
)

// TestFunnels: stages stand in their funnels, in the portal's order, whatever other dictionaries there are.
func TestFunnels(t *testing.T) {
	t.Parallel()
	statuses := []bitrix.Status{
		{EntityID: "DEAL_STAGE_3", StatusID: "C3:WON", Name: "Готово", Sort: 20}, {EntityID: "DEAL_STAGE", StatusID: "NEW", Name: "Новая", Sort: 10},
		{EntityID: "DEAL_STAGE_3", StatusID: "C3:NEW", Sort: 10}, {EntityID: "STATUS", StatusID: "IN_PROCESS", Name: "В работе", Sort: 10},
		{EntityID: "SOURCE", StatusID: "CALL", Name: "Звонок"}, {EntityID: "DEAL_STAGE_9", StatusID: "C9:NEW", Name: "Чужая"},
		{EntityID: "DYNAMIC_147_STAGE_7", StatusID: "DT147_7:NEW", Name: "Начало"}, {EntityID: "DYNAMIC_1470_STAGE_8", StatusID: "DT1470_8:NEW", Name: "Не то"},
	}
	require.Equal(t, []setup.Funnel{
		{ID: 3, Name: "Регистрация", Stages: []setup.Stage{{Code: "C3:NEW", Name: "C3:NEW"}, {Code: "C3:WON", Name: "Готово"}}},
		{ID: 0, Name: "Общая", Stages: []setup.Stage{{Code: "NEW", Name: "Новая"}}},
	}, funnels(bitrix.EntityDeal, []bitrix.Category{{ID: 0, Name: "Общая", Sort: 20}, {ID: 3, Name: "Регистрация", Sort: 10}}, statuses))
	require.Equal(t, []setup.Funnel{{Stages: []setup.Stage{{Code: "IN_PROCESS", Name: "В работе"}}}}, funnels(bitrix.EntityLead, nil, statuses))
	require.Equal(t, []setup.Funnel{{Stages: []setup.Stage{{Code: "DT147_7:NEW", Name: "Начало"}}}}, funnels(147, nil, statuses), "a smart process without funnels")
	require.Empty(t, funnels(200, nil, statuses))
}

// TestToldInWords: what a service says to an account, and what to do about it.
func TestToldInWords(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"не принимает логин":   realty.ErrLoginRefused,
		"чтобы не заблокиров":  oauth.ErrLoginRefused,
		"Войдите ещё раз":      diadoc.ErrGrantRefused,
		"проверьте accountId":  realty.ErrNoAccess,
		"Доступны: первый":     &UnseenBoxError{Seen: []string{"первый"}},
		"ни один ящик":         &UnseenBoxError{},
		"ответил отказом: что": errors.New("что"),
	} {
		said := told("Сервис", err, "", "")
		require.False(t, said.OK)
		require.Contains(t, said.RU, want)
		require.NotEmpty(t, said.EN)
	}
	require.Equal(t, setup.Checked{OK: true, RU: "да", EN: "yes"}, told("Сервис", nil, "да", "yes"))
}
