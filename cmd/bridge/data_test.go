package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/oauth"
)

const member = "0123456789abcdef0123456789abcdef"

// prepared is a shell with a database that somebody has worked with.
func prepared(t *testing.T) *shell {
	t.Helper()
	s := newShell(t, "BRIDGE_PUBLIC_URL=https://bridge.example.ru", "BRIDGE_REALTY_URL=https://127.0.0.1:1", "BRIDGE_DIADOC_URL=https://127.0.0.1:1",
		"BRIDGE_BITRIX_OAUTH_URL=https://127.0.0.1:1", "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true")
	s.env = append(s.env, "BRIDGE_DATABASE_URL=sqlite://"+filepath.Join(s.folder, "b.db"))
	s.store(func(st *store.Store) {
		ctx := t.Context()
		require.NoError(t, st.SavePortal(ctx, portal.Portal{ID: member, Domain: "agency.bitrix24.ru", Endpoint: "https://agency.bitrix24.ru/rest/",
			State: portal.Active, Family: "pro", HookSecret: "hook-secret-of-the-agency", Installed: time.UnixMilli(1_780_000_000_000)},
			portal.Application{ClientID: "local.1.2", Token: "app-token", Scope: []string{"crm", "bizproc"}, Status: "L", UserID: 7, State: portal.Active}))
		_, err := st.AddPending(ctx, portal.Pending{ID: "w", ClientID: "local.3.4", MemberID: "waits", Reason: string(portal.NoKeys),
			Body: []byte("AUTH_ID=secret-token"), Created: time.Now()}, portal.MaxPending)
		require.NoError(t, err)
		require.NoError(t, st.Commit(ctx,
			lane.NewRow{Lane: member, Part: "2:57", Kind: "robot", Code: "realty_extract", Body: []byte(`{}`)},
			lane.NewRow{Lane: "other", Part: "2:58", Kind: "hook", Code: "realty_create", Body: []byte(`{}`), RunAt: time.Now().Add(time.Hour)},
			docflow.Prepare{Record: docflow.Record{ID: "d1", Portal: member, Card: docflow.Card{EntityType: 2, ID: 57}, System: docflow.Realty,
				Kind: "object_request", Connection: "main", RequestID: "r1", Body: []byte(`{"person":"Тайный"}`), State: docflow.Prepared,
				Charges: []docflow.Charge{{UIN: "123", Sum: 200_000}}, Created: time.UnixMilli(1_780_000_000_000)}}))
		bury(t, st)
	})
	return s
}

func (s *shell) store(work func(*store.Store)) {
	s.t.Helper()
	cfg, err := config.Load(s.env, "")
	require.NoError(s.t, err)
	st, err := app.OpenStore(s.t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(s.t, err)
	work(st)
	require.NoError(s.t, st.Close())
}

// bury ends the portal's first row as dead, as the scheduler does.
func bury(t *testing.T, st *store.Store) {
	t.Helper()
	leases, err := st.Claim(t.Context(), "test", time.Minute, 10)
	require.NoError(t, err)
	for _, lease := range leases {
		rows, err := st.Load(t.Context(), lease.Lane, 0, 10)
		require.NoError(t, err)
		if lease.Lane != member {
			continue
		}
		rows[0].Lease = lease
		done := make(chan error, 1)
		st.Finish(rows[0], lane.Result{Verdict: lane.Dead, Note: "no Реестро account"}, 3, func(err error) { done <- err })
		require.NoError(t, <-done)
	}
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func TestPortals(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	all := decode[[]map[string]any](t, s.done("portals", "--json"))
	require.Len(t, all, 2)
	require.Equal(t, member, all[0]["member_id"])
	require.Equal(t, "active", all[0]["state"])
	require.Equal(t, "pro", all[0]["plan"])
	require.Equal(t, "https://bridge.example.ru/bitrix/hooks/***/{code}", all[0]["hook_url"])
	require.Equal(t, []any{map[string]any{"client_id": "local.1.2", "state": "active", "status": "L", "scope": []any{"crm", "bizproc"},
		"user_id": 7.0}}, all[0]["applications"])
	require.Equal(t, []any{}, all[0]["connections"])
	require.Equal(t, "pending", all[1]["state"])
	require.Equal(t, string(portal.NoKeys), all[1]["reason"])

	text := s.done("portals", "list")
	require.Contains(t, text, "agency.bitrix24.ru")
	require.Contains(t, text, "local.3.4")
	one := s.done("portals", "show", member)
	require.Contains(t, one, "crm,bizproc")
	for _, printed := range []string{text, one, s.done("portals", "show", "waits")} {
		for _, secret := range []string{"hook-secret", "app-token", "secret-token"} {
			require.NotContains(t, printed, secret)
		}
	}
	require.Contains(t, s.done("portals", "show", member, "--secret"), "/bitrix/hooks/hook-secret-of-the-agency/{code}")
	require.Equal(t, "https://bridge.example.ru/bitrix/hooks/hook-secret-of-the-agency/{code}",
		decode[map[string]any](t, s.done("portals", "show", member, "--secret", "--json"))["hook_url"])
	o := s.run("portals", "show", "nobody")
	require.Equal(t, 1, o.code)
	require.Contains(t, o.errout, "nobody")
}

func TestPortalThatNeedsReconnecting(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	s.store(func(st *store.Store) {
		for _, user := range []int64{7, 9} {
			_, err := st.SavePair(t.Context(), portal.PairKey(member, "local.1.2", user), 0, oauth.Pair{Access: "secret-access", UserID: user})
			require.NoError(t, err)
		}
		require.NoError(t, st.SaveCheck(t.Context(), member, portal.Report{At: time.Now(), Added: []string{"robot realty_extract"},
			Problems: []string{"a thing to do"}}))
	})
	states := func() string {
		one := decode[struct {
			Reason       string `json:"reason"`
			Applications []struct {
				Administrators []struct {
					UserID int    `json:"user_id"`
					State  string `json:"state"`
				} `json:"administrators"`
			} `json:"applications"`
			Check struct {
				Added []string `json:"added"`
			} `json:"check"`
		}](t, s.done("portals", "show", member, "--json"))
		require.Equal(t, []string{"robot realty_extract"}, one.Check.Added)
		var all []string
		for _, a := range one.Applications[0].Administrators {
			all = append(all, fmt.Sprintf(" %d %s", a.UserID, a.State))
		}
		slices.Sort(all)
		return one.Reason + strings.Join(all, "")
	}
	require.Equal(t, " 7 works 9 spare", states())
	end := func(user int64) {
		s.store(func(st *store.Store) {
			require.NoError(t, st.EndPair(t.Context(), portal.PairEnd{Portal: member, ClientID: "local.1.2", UserID: user, Version: 1, Why: "dismissed"}))
		})
	}
	end(7)
	require.Equal(t, " 7 ended 9 works", states())
	end(9)
	require.Contains(t, states(), "needs reconnecting: an administrator of the portal has to open the application's page")
	require.Contains(t, s.done("portals"), "needs reconnecting")
	shown := s.done("portals", "show", member)
	require.Contains(t, shown, "user 7 of local.1.2, ended: dismissed")
	require.Contains(t, shown, "repaired: added robot realty_extract")
	require.Contains(t, shown, "a thing to do")
	require.NotContains(t, shown, "secret-access")
	doctor := s.run("doctor")
	require.Equal(t, 1, doctor.code)
	require.Contains(t, doctor.out, "failed  portal "+member+" (agency.bitrix24.ru): needs reconnecting")
}

func TestDocflows(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	all := decode[[]map[string]any](t, s.done("docflows", "--json"))
	require.Len(t, all, 1)
	require.Equal(t, "d1", all[0]["id"])
	require.Equal(t, map[string]any{"entity": "deal", "entity_type_id": 2.0, "id": 57.0}, all[0]["card"])
	require.Equal(t, []any{map[string]any{"uin": "123", "kopecks": 200_000.0}}, all[0]["charges"])
	require.NotContains(t, all[0], "history")
	require.Equal(t, "[]\n", s.done("docflows", "--json", "--portal", "another"))

	shown := s.done("docflows", "show", "d1", "--json")
	one := decode[map[string]any](t, shown)
	require.Len(t, one["history"], 1)
	require.Equal(t, "prepared", one["history"].([]any)[0].(map[string]any)["state"])
	text := s.done("docflows", "show", "d1")
	require.Contains(t, text, "UIN 123")
	require.NotContains(t, shown+text, "Тайный", "the request's personal data stay where they are")
	require.Contains(t, s.done("docflows"), "deal 57")
	o := s.run("docflows", "show", "d2")
	require.Equal(t, 1, o.code)
	require.Contains(t, o.errout, "there is no docflow d2")
}

func TestJobs(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	all := decode[[]store.Job](t, s.done("jobs", "--json"))
	require.Len(t, all, 2)
	waiting, dead := all[0], all[1]
	require.Equal(t, []string{"waiting", "dead"}, []string{waiting.State, dead.State})
	require.Equal(t, "no Реестро account", dead.Note)
	require.Equal(t, []store.Job{dead}, decode[[]store.Job](t, s.done("jobs", "list", "--state", "dead", "--json")))
	require.Len(t, decode[[]store.Job](t, s.done("jobs", "--limit", "1", "--json")), 1)
	require.Contains(t, s.done("jobs"), "no Реестро account")

	id := strconv.FormatInt(dead.ID, 10)
	require.Contains(t, s.done("jobs", "show", id), "realty_extract")
	require.Contains(t, s.done("jobs", "retry", id), "waits")
	again := decode[store.Job](t, s.done("jobs", "show", id, "--json"))
	require.Equal(t, "waiting", again.State)
	require.Zero(t, again.Tries)
	require.Equal(t, "canceled", decode[store.Job](t, s.done("jobs", "cancel", id, "--json")).State)
	twice := s.run("jobs", "cancel", id)
	require.Equal(t, 1, twice.code)
	require.Contains(t, twice.errout, "is canceled")
	require.Equal(t, "waiting", decode[store.Job](t, s.done("jobs", "retry", id, "--json")).State, "a canceled one can be retried")
	for _, verb := range []string{"show", "retry", "cancel"} {
		o := s.run("jobs", verb, "999999")
		require.Equal(t, 1, o.code)
		require.Contains(t, o.errout, "there is no job 999999")
	}
}

const goodSettings = `connections:
  - {name: main, kind: realty, login: a@b.ru, password: hunter2, accountId: 5ee84ac0-0000-4000-8000-000000000000}
triggers:
  - entity: deal
    category: 0
    stage: PREPARATION
    action: realty_extract
    parameters: {cadastral_number: "{{ deal.UF_CRM_CADASTRAL }}", type: info}
reactions:
  - {system: realty, state: completed, comment: "{{ docflow.state }}"}
`

func TestSettings(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	before := s.done("settings", "show", "--portal", member)
	require.Contains(t, before, "hook_secret: hook-secret-of-the-agency")

	require.Contains(t, s.done("settings", "apply", "--portal", member, s.file("good.yaml", goodSettings)), "stored")
	shown := s.done("settings", "show", "--portal", member)
	require.Contains(t, shown, `password: '***'`)
	require.NotContains(t, shown, "hunter2")
	jobs := decode[[]store.Job](t, s.done("jobs", "--json", "--state", "waiting"))
	require.Equal(t, "news", jobs[0].Kind, "the account's feed begins with the settings")

	broken := s.run("settings", "apply", "--portal", member, s.file("broken.yaml",
		strings.Replace(strings.Replace(goodSettings, "realty_extract", "realty_extrakt", 1), "state: completed", "state: finished", 1)))
	require.Equal(t, 1, broken.code)
	require.Contains(t, broken.errout, "line 7: triggers[0].action")
	require.Contains(t, broken.errout, "line 10: reactions[0].state", "all problems at once")
	require.Contains(t, broken.errout, "nothing was changed")
	require.Equal(t, 1, strings.Count(broken.errout, "\n"))
	require.Equal(t, shown, s.done("settings", "show", "--portal", member), "a broken file changes nothing")

	o := s.feed(shown, "settings", "apply", "--portal", member, "-")
	require.Equal(t, 0, o.code, o.errout)
	require.Equal(t, shown, s.done("settings", "show", "--portal", member), "what was shown can be applied")
	s.store(func(st *store.Store) {
		conns, err := st.Connections(t.Context(), member)
		require.NoError(t, err)
		require.Equal(t, "hunter2", conns[0].Secrets["password"], "*** keeps what is stored")
	})
	unknown := s.run("settings", "show", "--portal", "nobody")
	require.Equal(t, 1, unknown.code)
	require.Contains(t, unknown.errout, member, "the message names the portals that there are")
}
