package app

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/app/apptest"
	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
)

// formed is an application over a portal with two accounts and one mapping.
func formed(t *testing.T) *App {
	t.Helper()
	st, _ := apptest.OpenStore(t, time.Now, nil)
	require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "m1", State: portal.Active, Installed: time.Now()}, portal.Application{ClientID: "c", State: portal.Active}))
	problems, err := ApplySettings(t.Context(), st, "m1", []byte(`connections:
  - {name: main, kind: realty, default: true, login: a, password: hunter2, accountId: 5ee84ac0-0000-4000-8000-000000000000}
  - {name: second, kind: realty, login: b, password: hunter2, accountId: 5ee84ac0-0000-4000-8000-000000000001}
mappings:
  - {name: own, docflow_type: equity_agreement_registration_request, options: {a: 1}}
`), CommandLine(store.CauseFile))
	require.NoError(t, err)
	require.Empty(t, problems)
	return &App{settings: settingsOver(t, st)}
}

func settingsOver(t *testing.T, st *store.Store) *portalSettings {
	t.Helper()
	directory := portal.NewDirectory(st, slog.New(slog.DiscardHandler))
	require.NoError(t, directory.Reload(t.Context()))
	return &portalSettings{portals: directory, store: st, check: Knowledge{}, log: slog.New(slog.DiscardHandler), parsed: map[portal.ID]parsedSettings{}}
}

func field(t *testing.T, form page.RobotForm, id string) page.RobotField {
	t.Helper()
	for _, f := range form.Fields {
		if f.ID == id {
			return f
		}
	}
	require.Fail(t, "no field "+id)
	return page.RobotField{}
}

func selected(f page.RobotField) (values []string) {
	for _, c := range f.Choices {
		if c.Selected {
			values = append(values, c.Value)
		}
	}
	return values
}

func raw(values map[string]any) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, value := range values {
		out[name], _ = json.Marshal(value)
	}
	return out
}

func TestRobotForm(t *testing.T) {
	t.Parallel()
	a := formed(t)
	form, err := a.robotForm(t.Context(), "m1", "ru", bitrix.RobotSettings{Code: "realty_create"})
	require.NoError(t, err)
	require.Equal(t, "Реестро: подать документы на регистрацию", form.Title)
	require.True(t, form.Fresh, "a new rule gets what is shown")
	kind := field(t, form, "docflow_type")
	require.True(t, kind.Required)
	require.Equal(t, []string{"right_movement_request"}, selected(kind))
	mapping := field(t, form, "mapping")
	require.Equal(t, "docflow_type", mapping.By)
	require.Equal(t, []string{""}, selected(mapping), "the type's own")
	byName := map[string]string{}
	for _, c := range mapping.Choices {
		byName[c.Value] = c.For
	}
	require.Equal(t, "equity_agreement_registration_request", byName["own"])
	require.Greater(t, len(byName), 2, "the ready ones are there too")
	account := field(t, form, "connection")
	require.Equal(t, []string{"", "main", "second"}, []string{account.Choices[0].Value, account.Choices[1].Value, account.Choices[2].Value})
	shown, err := json.Marshal(form)
	require.NoError(t, err)
	require.NotContains(t, string(shown), "hunter2")

	form, err = a.robotForm(t.Context(), "m1", "en", bitrix.RobotSettings{Code: "realty_create", Values: raw(map[string]any{
		"docflow_type": []string{"{=Document:UF_CRM_TYPE}"}, "mapping": "own", "connection": "second"}),
		DocumentFields: raw(map[string]any{"TITLE": map[string]any{"Name": "Title", "Type": "string"}, "UF_CRM_X": "own field", "ID": []int{7}})})
	require.NoError(t, err)
	require.Equal(t, "Reestro: file for registration", form.Title)
	require.False(t, form.Fresh)
	kind = field(t, form, "docflow_type")
	require.True(t, kind.Typed)
	require.Equal(t, "{=Document:UF_CRM_TYPE}", kind.Value)
	require.Equal(t, []string{"own"}, selected(field(t, form, "mapping")))
	require.Equal(t, []string{"second"}, selected(field(t, form, "connection")))
	require.Equal(t, []page.Choice{{Value: "{=Document:ID}", Label: "ID"}, {Value: "{=Document:UF_CRM_X}", Label: "own field"}, {Value: "{=Document:TITLE}", Label: "Title"}}, form.Insert)
}

func TestFormsOfEveryAction(t *testing.T) {
	t.Parallel()
	a := formed(t)
	for _, rule := range action.Catalogue() {
		form, err := a.robotForm(t.Context(), "m1", "ru", bitrix.RobotSettings{Code: rule.Code,
			Values: raw(map[string]any{"signatures": []string{"{=Document:A}", "{=Document:B}"}, "until": map[string]any{"x": []int{1}}})})
		require.NoError(t, err)
		require.Len(t, form.Fields, len(rule.Params), rule.Code)
		if rule.Code == "realty_sign" {
			files := field(t, form, "signatures")
			require.Equal(t, page.FieldLines, files.Kind)
			require.Equal(t, "{=Document:A}\n{=Document:B}", files.Value)
		}
	}
	form, err := a.robotForm(t.Context(), "m1", "ru", bitrix.RobotSettings{Code: "gone"})
	require.NoError(t, err)
	require.Contains(t, form.Fault, "больше нет")
	_, err = a.robotForm(t.Context(), "nobody", "ru", bitrix.RobotSettings{Code: "realty_create"})
	require.ErrorIs(t, err, portal.ErrUnknown)
}
