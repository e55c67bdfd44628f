package app_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/settings"
	"konturbridge/app/store"
)

func anna(read int64) app.Editor {
	return app.Editor{Author: store.Author{UserID: 7, Name: "Анна"}, Roles: true, Read: read, Cause: store.CausePage}
}

func (d *desk) edit(by app.Editor, edit func(*settings.Settings) error) (settings.Problems, error) {
	return app.EditSettings(d.t.Context(), d.store, agency, by, edit)
}

func (d *desk) version() int64 { return d.portal().Version }

// TestEditing: a page changes one thing, checked as a file would be, and nothing half.
func TestEditing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(full)
	read, err := app.ReadSettings(t.Context(), d.store, agency)
	require.NoError(t, err)
	require.Empty(t, read.Problems)
	require.EqualValues(t, settings.Masked, read.Settings.Connections[0].Password)

	problems, err := d.edit(anna(read.Version), func(s *settings.Settings) error {
		s.Triggers = append([]settings.Trigger{{Entity: settings.Lead, Stage: "NEW", Action: "realty_extract",
			Parameters: map[string]any{"cadastral_number": "{{ ( }}"}}}, s.Triggers...)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, problems, 1)
	require.Equal(t, "triggers[0].parameters.cadastral_number", problems[0].Path)
	require.Zero(t, problems[0].Line)
	require.Equal(t, read.Version, d.version(), "nothing was changed")

	stop := errors.New("stop")
	_, err = d.edit(anna(read.Version), func(*settings.Settings) error { return stop })
	require.ErrorIs(t, err, stop)

	problems, err = d.edit(anna(read.Version), func(s *settings.Settings) error { s.Triggers = nil; return nil })
	require.NoError(t, err)
	require.Empty(t, problems)
	require.NotContains(t, d.show(), "C1:NEW")
	require.Equal(t, "hunter2", d.connections()["main"].Secrets["password"])
	_, err = d.edit(anna(read.Version), func(s *settings.Settings) error { s.Reactions = nil; return nil })
	require.ErrorIs(t, err, store.ErrSettingsChanged, "somebody saved meanwhile")

	// The only account of its service is the default one.
	_, err = d.edit(anna(store.AnyVersion), func(s *settings.Settings) error {
		s.Connections = []settings.Connection{{Name: "only", Kind: settings.Realty, Login: "a", Password: "hunter5", AccountID: "b"}}
		return nil
	})
	require.NoError(t, err)
	require.True(t, d.connections()["only"].Default)
	require.Equal(t, "hunter5", d.connections()["only"].Secrets["password"])
}

// TestRolesAreForAdministrators: who may change settings can't give themselves more.
func TestRolesAreForAdministrators(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(full + "roles: {settings: [7]}\n")
	by := anna(store.AnyVersion)
	by.Roles = false
	problems, err := d.edit(by, func(s *settings.Settings) error { s.Roles = &settings.Roles{}; return nil })
	require.NoError(t, err)
	require.Equal(t, "roles", problems[0].Path)
	problems, err = app.ApplySettings(t.Context(), d.store, agency, []byte("files: {}\nroles: {settings: [7, 8]}\n"), by)
	require.NoError(t, err)
	require.Equal(t, 2, problems[0].Line)
	problems, err = app.ApplySettings(t.Context(), d.store, agency, []byte("files: {}\nroles: {settings: [7]}\n"), by)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// TestUndo: an older version is applied as a new change; what was secret stays what is stored.
func TestUndo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(full)
	undo := func(version int64, keep bool) settings.Problems {
		problems, err := app.UndoSettings(t.Context(), d.store, agency, anna(d.version()), version, keep)
		require.NoError(t, err)
		return problems
	}
	d.apply("connections: [{name: main, kind: realty, login: a@b.ru, password: hunter9, accountId: acc-1}]\n" +
		"triggers: []\nfiles: {lead: UF_CRM_X}\nroles: {act: [1]}\nhook_secret: chosen-by-an-administrator\n")
	require.Contains(t, undo(1, false).Error(), "connections[1].", "the box is gone with its secrets")
	require.EqualValues(t, 2, d.version())
	require.Empty(t, undo(1, true))
	require.Contains(t, d.show(), "deal: UF_CRM_FILES")
	require.Contains(t, d.show(), "C1:NEW")
	require.NotContains(t, d.show(), "UF_CRM_X", "what the version had not is gone again")
	require.NotContains(t, d.show(), "act:")
	require.Len(t, d.connections(), 1)
	require.Equal(t, "hunter9", d.connections()["main"].Secrets["password"])
	require.Equal(t, "chosen-by-an-administrator", d.portal().HookSecret)
	d.apply(full)
	require.Empty(t, undo(1, false))
	first, err := d.store.SettingsVersion(t.Context(), agency, 1)
	require.NoError(t, err)
	require.Equal(t, string(first.YAML), string(d.portal().Settings))

	_, err = app.UndoSettings(t.Context(), d.store, agency, anna(1), 1, false)
	require.ErrorIs(t, err, store.ErrSettingsChanged)
	_, err = app.UndoSettings(t.Context(), d.store, agency, anna(d.version()), 99, false)
	require.ErrorIs(t, err, store.ErrNoVersion)

	all, err := d.store.SettingsVersions(t.Context(), agency, 10)
	require.NoError(t, err)
	require.Len(t, all, int(d.version()))
	require.Equal(t, store.CauseUndo, all[0].Cause)
	require.EqualValues(t, 1, all[0].UndoOf)
	require.Equal(t, "Анна", all[0].Author.Name)
	require.Equal(t, store.Author{Name: "command line"}, all[len(all)-1].Author)
	for _, v := range all {
		one, err := d.store.SettingsVersion(t.Context(), agency, v.Number)
		require.NoError(t, err)
		require.NotContains(t, string(one.YAML), "hunter")
		require.NotContains(t, string(one.YAML), "hook")
	}
}
