package app_test

import (
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/feed"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/internal/seal"
)

const agency = portal.ID("agency")

// desk is a database with two portals and a clock that moves when it is told to.
type desk struct {
	t     *testing.T
	store *store.Store
	clock atomic.Int64
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t}
	d.clock.Store(1_780_000_000_000)
	box, err := seal.New([]byte("0123456789abcdef0123456789abcdef"), nil)
	require.NoError(t, err)
	d.store, err = store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "b.db"), Sealer: box,
		Now: func() time.Time { return time.UnixMilli(d.clock.Load()) }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.store.Close()) })
	for id, secret := range map[portal.ID]string{agency: "hook-secret-of-the-agency", "other": "hook-secret-of-the-other"} {
		require.NoError(t, d.store.SavePortal(t.Context(), portal.Portal{ID: id, Domain: string(id) + ".bitrix24.ru", State: portal.Active,
			HookSecret: secret, Installed: time.UnixMilli(d.clock.Load())}, portal.Application{ClientID: "local.1", State: portal.Active}))
	}
	return d
}

func (d *desk) show() string {
	d.t.Helper()
	text, err := app.ShowSettings(d.t.Context(), d.store, agency)
	require.NoError(d.t, err)
	return string(text)
}

func (d *desk) try(text string) settings.Problems {
	d.t.Helper()
	problems, err := app.ApplySettings(d.t.Context(), d.store, agency, []byte(text), app.CommandLine(store.CauseFile))
	require.NoError(d.t, err)
	return problems
}

func (d *desk) apply(text string) {
	d.t.Helper()
	require.Empty(d.t, d.try(text))
}

func (d *desk) portal() portal.Portal {
	d.t.Helper()
	all, err := d.store.Portals(d.t.Context())
	require.NoError(d.t, err)
	for _, p := range all {
		if p.ID == agency {
			return p
		}
	}
	require.Fail(d.t, "the portal is gone")
	return portal.Portal{}
}

func (d *desk) connections() map[string]portal.Connection {
	d.t.Helper()
	all, err := d.store.Connections(d.t.Context(), agency)
	require.NoError(d.t, err)
	named := map[string]portal.Connection{}
	for _, c := range all {
		named[c.Name] = c
	}
	return named
}

const full = `connections:
  - {name: main, kind: realty, default: true, login: a@b.ru, password: hunter2, accountId: acc-1}
  - {name: box, kind: diadoc, boxId: box-1, login: d@b.ru, password: hunter3, clientKey: hunter4}
triggers:
  - {entity: deal, stage: "C1:NEW", action: realty_extract, parameters: {cadastral_number: "{{ deal.UF_CRM_CADASTRAL }}"}}
files: {deal: UF_CRM_FILES}
`

func TestSettingsOfANewPortal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	text := d.show()
	require.Contains(t, text, "hook_secret: hook-secret-of-the-agency")
	d.apply(text)
	require.Equal(t, text, d.show())
}

func TestApplyStoresSecretsApart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(full)
	shown := d.show()
	for _, text := range []string{shown, string(d.portal().Settings)} {
		require.NotContains(t, text, "hunter")
		require.Contains(t, text, "password: '***'")
	}
	require.NotContains(t, string(d.portal().Settings), "hook-secret", "it is sealed in a place of its own")
	conns := d.connections()
	require.Equal(t, map[string]string{"password": "hunter2"}, conns["main"].Secrets)
	require.Equal(t, map[string]string{"password": "hunter3", "clientKey": "hunter4"}, conns["box"].Secrets)
	require.Equal(t, "box-1", conns["box"].AccountID)
	require.True(t, conns["main"].Default)

	jobs, err := d.store.Jobs(t.Context(), -1, 10)
	require.NoError(t, err)
	require.Len(t, jobs, 2, "each account is followed, once")
	require.ElementsMatch(t, []string{feed.Row(conns["main"]).Lane, feed.Row(conns["box"]).Lane}, []string{jobs[0].Portal, jobs[1].Portal})
	d.apply(shown)
	require.Equal(t, shown, d.show())
	require.Equal(t, conns, d.connections(), "*** keeps what is stored")
	jobs, err = d.store.Jobs(t.Context(), -1, 10)
	require.NoError(t, err)
	require.Len(t, jobs, 2)
}

func TestApplyKeepsWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(full)
	d.apply("reactions:\n  - {state: completed, comment: done}\n")
	shown := d.show()
	for _, kept := range []string{"name: main", "stage: C1:NEW", "deal: UF_CRM_FILES", "comment: done"} {
		require.Contains(t, shown, kept)
	}
	d.apply("connections:\n  - {name: main, kind: realty, login: a@b.ru, password: '***', accountId: acc-1}\nfiles: {}\n")
	require.Len(t, d.connections(), 1)
	require.Equal(t, "hunter2", d.connections()["main"].Secrets["password"])
	require.NotContains(t, d.show(), "UF_CRM_FILES")
}

func TestApplyRefusesTheWholeFile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"no YAML":          {"triggers: [", []string{"not YAML"}},
		"unknown action":   {"files: {}\ntriggers:\n  - {entity: deal, stage: NEW, action: fly}\n", []string{"line 3: triggers[0].action"}},
		"several at once":  {"files: {house: X}\nreactions:\n  - {state: completed}\n", []string{"line 1: files.house", "line 3: reactions[0]"}},
		"bad expression":   {"reactions:\n  - {state: completed, comment: \"{{ ( }}\"}\n", []string{"line 2: reactions[0].comment"}},
		"nothing to keep":  {"connections:\n  - name: fresh\n    kind: realty\n    login: a\n    accountId: b\n    password: '***'\n", []string{"line 6: connections[0].password"}},
		"renamed account":  {strings.Replace(full, "{name: main, kind: realty, default: true, login: a@b.ru, password: hunter2", "{name: new, kind: realty, login: a@b.ru, password: '***'", 1), []string{"line 2: connections[0].password"}},
		"another's secret": {"hook_secret: hook-secret-of-the-other\n", []string{"line 1: hook_secret: another portal has this secret"}},
		"guessable secret": {"hook_secret: short\n", []string{"line 1: hook_secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.apply(full)
			before, conns, version := d.show(), d.connections(), d.portal().Version
			message := d.try(tc.text).Error()
			for _, want := range tc.want {
				require.Contains(t, message, want)
			}
			require.NotContains(t, message, "hunter")
			require.Equal(t, before, d.show())
			require.Equal(t, conns, d.connections())
			require.Equal(t, version, d.portal().Version)
		})
	}
}

func TestApplyReplacesTheHookSecret(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply("hook_secret: new\n")
	fresh := d.portal().HookSecret
	require.NotEqual(t, "hook-secret-of-the-agency", fresh)
	require.GreaterOrEqual(t, len(fresh), 24)
	d.apply("hook_secret: '***'\n")
	require.Equal(t, fresh, d.portal().HookSecret)
	d.apply("hook_secret: chosen-by-an-administrator\n")
	require.Equal(t, "chosen-by-an-administrator", d.portal().HookSecret)
}

// TestWatchingBeginsOnce: cards that entered their stage before anybody watched cards of their kind run
// nothing; a further trigger for a kind that is watched takes nothing away from what is under way.
func TestWatchingBeginsOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(full)
	since := d.portal().Since
	require.Contains(t, since, "deal")
	d.apply("reactions:\n  - {state: completed, comment: done}\n")
	require.Equal(t, since, d.portal().Since, "other sections leave the triggers' beginning")
	d.apply(strings.Replace(full, "C1:NEW", "C1:WON", 1))
	require.Equal(t, since, d.portal().Since, "deals are watched already")
	d.apply("triggers:\n  - {entity: lead, stage: NEW, action: realty_status, parameters: {}}\n")
	now := d.portal().Since
	require.NotContains(t, now, "deal")
	require.False(t, now["lead"].Before(since["deal"]))
}

func TestUnknownPortals(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := app.ShowSettings(t.Context(), d.store, "nobody")
	require.ErrorIs(t, err, portal.ErrUnknown)
	require.ErrorContains(t, err, "agency (agency.bitrix24.ru)")
	_, err = app.ApplySettings(t.Context(), d.store, "nobody", []byte(full), app.CommandLine(store.CauseFile))
	require.ErrorIs(t, err, portal.ErrUnknown)

	require.NoError(t, d.store.RemoveApplication(t.Context(), agency, "local.1", false))
	_, err = app.ShowSettings(t.Context(), d.store, agency)
	require.ErrorContains(t, err, "was removed from portal agency")
	require.NoError(t, d.store.RemoveApplication(t.Context(), "other", "local.1", false))
	_, err = app.ShowSettings(t.Context(), d.store, "nobody")
	require.ErrorContains(t, err, "no portal is installed yet")
}

// TestSettingsOfAnotherVersion: what can't be read is shown as it is and can be replaced as a whole.
func TestSettingsOfAnotherVersion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(full)
	stored := strings.Replace(string(d.portal().Settings), "realty_extract", "realty_of_the_future", 1)
	conns := d.connections()
	require.NoError(t, d.store.SaveSettings(t.Context(), agency, []byte(stored),
		[]portal.Connection{conns["main"], conns["box"]}, nil, nil))
	require.Contains(t, d.show(), "# line")
	require.Contains(t, d.show(), stored)
	_, err := app.ApplySettings(t.Context(), d.store, agency, []byte("reactions: []\n"), app.CommandLine(store.CauseFile))
	require.ErrorIs(t, err, app.ErrStoredSettings)
	d.apply("connections: [{name: main, kind: realty, login: a, password: '***', accountId: acc-1}]\n" +
		"triggers: []\nmappings: []\nreactions: []\nfiles: {}\n")
	require.Equal(t, "hunter2", d.connections()["main"].Secrets["password"])
	require.NotContains(t, d.show(), "#")
}

func TestSmartProcessesAreSetUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	setups := func() (n int) {
		rows, err := d.store.Load(t.Context(), string(agency), 0, 100)
		require.NoError(t, err)
		for _, row := range rows {
			if row.Kind == portal.KindSetup {
				n++
			}
		}
		return n
	}
	d.apply("triggers: [{entity: deal, stage: NEW, action: realty_extract, parameters: {cadastral_number: x}}]")
	require.Zero(t, setups())
	item := "triggers: [{entity: item, entityTypeId: 147, stage: \"DT147_7:NEW\", action: realty_extract, parameters: {cadastral_number: x}}]"
	d.apply(item)
	require.Equal(t, 1, setups(), "its fields and tab are made at once")
	d.apply(item)
	require.Equal(t, 1, setups())
	d.apply("files: {\"item:188\": UF_CRM_9_FILES}")
	require.Equal(t, 2, setups())
	d.apply("reactions: [{system: realty, entity: item, entityTypeId: 190, state: completed, comment: done}]")
	require.Equal(t, 3, setups())
}
