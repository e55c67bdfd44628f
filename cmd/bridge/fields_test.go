package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/oauth"
	"konturbridge/sandbox/bitrixsim"
)

func TestSchema(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	list := s.done("schema")
	require.Contains(t, list, "right_movement_request")
	require.Contains(t, list, "Регистрация перехода права")
	require.Equal(t, 9, strings.Count(list, "\n"), "a head and eight types")

	doc := decode[map[string]any](t, s.done("schema", "right_movement_request"))
	require.Equal(t, "https://json-schema.org/draft/2020-12/schema", doc["$schema"])
	require.Contains(t, doc["$defs"], "person")
	require.True(t, json.Valid([]byte(s.done("schema", "ecumbrance_request"))), "the other spelling of the docs")

	o := s.run("schema", "primary_right_request")
	require.Equal(t, 2, o.code)
	require.Contains(t, o.errout, "primary_right_request")
	require.Contains(t, o.errout, "known: object_request")
	require.Empty(t, o.out)
}

// installed adds a simulated portal to a shell's database: installed, with a fresh token.
func installed(t *testing.T, s *shell, id portal.ID, left time.Duration) *bitrixsim.Portal {
	t.Helper()
	sim := bitrixsim.New(bitrixsim.Config{})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	sim.SetBaseURL(server.URL)
	sim.AddApp(bitrixsim.App{ClientID: "local.1", ClientSecret: "s", HandlerURL: server.URL + "/nobody", InstallURL: server.URL + "/nobody",
		Scopes: []string{"crm", "userfieldconfig"}, NoUI: true})
	p := sim.AddPortal("agency")
	require.Error(t, p.Install(t.Context(), "local.1"), "nobody answers, and it counts as installed")
	access, refresh := p.IssueTokens("local.1", 1)
	s.store(func(st *store.Store) {
		require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: id, Domain: "agency.example", Endpoint: p.Endpoint(), State: portal.Active, HookSecret: "hook-" + string(id)},
			portal.Application{ClientID: "local.1", Token: "t", UserID: 1, State: portal.Active}))
		_, err := st.SavePair(t.Context(), portal.PairKey(id, "local.1", 1), 0, oauth.Pair{Access: access, Refresh: refresh,
			Expires: time.Now().Add(left), Endpoint: p.Endpoint(), MemberID: string(id), UserID: 1})
		require.NoError(t, err)
	})
	return p
}

func TestSettingsFields(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	s.env = append(s.env, "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true")
	p := installed(t, s, "sim", time.Hour)

	dry := s.done("settings", "fields", "--portal", "sim", "--for", "object_request", "--dry-run")
	require.Contains(t, dry, "missing  deal     UF_CRM_KB_CADASTRAL\n")
	require.Contains(t, dry, "0 there, 0 made, 10 missing, 0 different")
	require.Empty(t, p.UserFields(bitrixsim.Deal))

	made := s.done("settings", "fields", "--portal", "sim", "--for", "object_request")
	require.Contains(t, made, "made     deal     UF_CRM_KB_EXTRACT_TYPE\n")
	require.Contains(t, made, "0 there, 10 made, 0 missing, 0 different")
	require.Len(t, p.UserFields(bitrixsim.Deal), 10)
	require.Contains(t, s.done("settings", "fields", "--portal", "sim", "--for", "objectRequest"), "10 there, 0 made")

	every := s.done("settings", "fields", "--portal", "sim", "--for", "all", "--dry-run")
	require.Contains(t, every, "UF_CRM_KB_ENC_TYPE", "of another type")
	require.Contains(t, every, "10 there, 0 made")

	number := p.AddType(1038, "Объекты")
	smart := s.done("settings", "fields", "--portal", "sim", "--for", "object_request", "--entity", "item", "--entity-type", "1038")
	require.Contains(t, smart, fmt.Sprintf("made     item     UF_CRM_%d_KB_CADASTRAL\n", number))
}

func TestSettingsFieldsRefused(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	s.env = append(s.env, "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true")
	installed(t, s, "old", -time.Minute)
	p := installed(t, s, "sim", time.Hour)
	p.FailNext("crm.deal.userfield.add", 400, "ERROR_CORE", 1)
	for name, tc := range map[string]struct {
		args string
		code int
		want string
	}{
		"no type":                    {"--portal sim", 2, "--for"},
		"unknown type":               {"--portal sim --for sale", 2, "bridge schema lists them"},
		"an item of no process":      {"--portal sim --for object_request --entity item", 2, "--entity-type"},
		"a process of deals":         {"--portal sim --for object_request --entity-type 1038", 2, "go together"},
		"not a process":              {"--portal sim --for object_request --entity item --entity-type 2", 2, "128 or more"},
		"unknown entity":             {"--portal sim --for object_request --entity order", 2, "deal"},
		"unknown portal":             {"--portal nobody --for object_request", 1, "bridge portals lists them"},
		"no process":                 {"--portal sim --for object_request --entity item --entity-type 4444", 1, "entityTypeId 4444"},
		"nobody renewed the token":   {"--portal old --for object_request", 1, "start it and repeat"},
		"no token":                   {"--portal " + member + " --for object_request", 1, "open the application again"},
		"the portal refuses a field": {"--portal sim --for object_request", 1, "repeat the command"},
	} {
		t.Run(name, func(t *testing.T) { // in order: the last one pulls a lever
			o := s.run(append([]string{"settings", "fields"}, strings.Fields(tc.args)...)...)
			require.Equal(t, tc.code, o.code, o.errout)
			require.Contains(t, o.errout, tc.want)
			require.Equal(t, 1, strings.Count(o.errout, "\n"), "one line: %s", o.errout)
		})
	}
}
