package app_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/apptest"
	"konturbridge/app/mapping"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// token is a fixed one.
type token struct{ access, endpoint string }

func (t token) Token(context.Context) (string, string, error) { return t.access, t.endpoint, nil }
func (t token) Refresh(context.Context, string) (string, string, error) {
	return t.access, t.endpoint, nil
}

// openPortal is a portal with an application of the given scopes.
func openPortal(t *testing.T, scopes ...string) (*bitrixsim.Portal, *bitrix.Client) {
	t.Helper()
	sim := bitrixsim.New(bitrixsim.Config{Now: apptest.NewClock().Now})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	sim.SetBaseURL(server.URL)
	sim.AddApp(bitrixsim.App{ClientID: "local.1", ClientSecret: "s", HandlerURL: server.URL + "/nobody", InstallURL: server.URL + "/nobody", Scopes: scopes, NoUI: true})
	portal := sim.AddPortal("agency")
	require.Error(t, portal.Install(t.Context(), "local.1"), "nobody answers, and it counts as installed")
	access, _ := portal.IssueTokens("local.1", 1)
	return portal, bitrix.New(apptest.Calls(), token{access, portal.Endpoint()})
}

// makeFields runs it and gives the lines by state.
func makeFields(t *testing.T, client *bitrix.Client, wanted app.FieldsWanted) (map[app.FieldState][]string, error) {
	t.Helper()
	lines := map[app.FieldState][]string{}
	err := app.MakeFields(t.Context(), client, wanted, func(l app.FieldLine) {
		lines[l.State] = append(lines[l.State], strings.TrimSpace(l.Holder+" "+l.Name+" "+l.Note))
	})
	return lines, err
}

func sale(card bitrix.EntityTypeID) app.FieldsWanted {
	return app.FieldsWanted{Types: []string{"right_movement_request"}, Card: card}
}

func TestMakeFields(t *testing.T) {
	t.Parallel()
	fields, err := mapping.FieldsFor("right_movement_request")
	require.NoError(t, err)
	for name, card := range map[string]bitrix.EntityTypeID{"deal": bitrix.EntityDeal, "lead": bitrix.EntityLead} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			portal, client := openPortal(t, "crm")
			dry := sale(card)
			dry.DryRun = true
			lines, err := makeFields(t, client, dry)
			require.NoError(t, err)
			require.Len(t, lines[app.FieldMissing], len(fields))
			require.Empty(t, portal.UserFields(int(card)), "a dry run makes nothing")

			lines, err = makeFields(t, client, sale(card))
			require.NoError(t, err, lines[app.FieldFailed])
			require.Len(t, lines[app.FieldMade], len(fields))
			require.Contains(t, lines[app.FieldMade], name+" UF_CRM_KB_CONTRACT")
			require.Contains(t, lines[app.FieldMade], "contact UF_CRM_KB_SNILS")
			require.Contains(t, lines[app.FieldMade], "company UF_CRM_KB_ADDR_REGION")
			requireField(t, portal, int(card), "UF_CRM_KB_OBJECT_TYPE", "enumeration", false, "Вид объекта", "flat room landPlot structure unfinishedObject")
			requireField(t, portal, int(card), "UF_CRM_KB_CONTRACT_SIG", "file", true, "Договор купли-продажи: подписи", "")
			requireField(t, portal, bitrixsim.Contact, "UF_CRM_KB_GENDER", "enumeration", false, "Пол", "male female")

			lines, err = makeFields(t, client, sale(card))
			require.NoError(t, err)
			require.Len(t, lines[app.FieldThere], len(fields), "a second time nothing is made")
			require.Len(t, lines, 1)
			adds := 0
			for _, call := range portal.Calls() {
				if strings.HasSuffix(call.Method, ".userfield.add") {
					adds++
				}
			}
			require.Equal(t, len(fields), adds, "it looks before it makes, also where the list was cut")
		})
	}
}

func requireField(t *testing.T, portal *bitrixsim.Portal, card int, name, kind string, multiple bool, label, codes string) {
	t.Helper()
	all := portal.UserFields(card)
	at := slices.IndexFunc(all, func(f bitrixsim.UserField) bool { return f.Name == name })
	require.GreaterOrEqual(t, at, 0, name)
	require.Equal(t, kind, all[at].Type)
	require.Equal(t, multiple, all[at].Multiple)
	require.Equal(t, label, all[at].Label)
	require.Equal(t, name, all[at].XMLID)
	var have []string
	for _, o := range all[at].Options {
		have = append(have, o.XMLID)
		require.NotEmpty(t, o.Value)
	}
	require.Equal(t, codes, strings.Join(have, " "))
}

// TestMakeFieldsOfASmartProcess: names carry the number of the definition, which is not the entityTypeId.
func TestMakeFieldsOfASmartProcess(t *testing.T) {
	t.Parallel()
	portal, client := openPortal(t, "crm", "userfieldconfig")
	const process = 1038
	number := portal.AddType(process, "Сделки с недвижимостью")
	wanted := sale(process)
	wanted.Types = []string{"object_request", "action_request"}
	lines, err := makeFields(t, client, wanted)
	require.NoError(t, err)
	prefix := fmt.Sprintf("UF_CRM_%d_KB_", number)
	require.Contains(t, lines[app.FieldMade], "item "+prefix+"CADASTRAL")
	require.Contains(t, lines[app.FieldMade], "item "+prefix+"CAUSE")
	requireField(t, portal, process, prefix+"EXTRACT_TYPE", "enumeration", false, "Вид выписки", "info base ownership")
	lines, err = makeFields(t, client, wanted)
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.Contains(t, lines[app.FieldThere], "item "+prefix+"CADASTRAL")

	wanted.Card = 4444
	_, err = makeFields(t, client, wanted)
	require.ErrorIs(t, err, app.ErrNoSmartProcess)
	require.ErrorContains(t, err, "4444")
}

// TestFieldsThatDiffer: a field of another type stays as it is, and a person is told.
func TestFieldsThatDiffer(t *testing.T) {
	t.Parallel()
	portal, client := openPortal(t, "crm")
	portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_KB_EXTRACT_TYPE", Type: "string"})
	portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_KB_CADASTRAL", Type: "string", Multiple: true})
	lines, err := makeFields(t, client, app.FieldsWanted{Types: []string{"object_request"}, Card: bitrix.EntityDeal})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"deal UF_CRM_KB_CADASTRAL it is string, multiple and not string",
		"deal UF_CRM_KB_EXTRACT_TYPE it is string and not enumeration; the mapping understands its words as text too",
	}, lines[app.FieldDiffers])
	require.Len(t, lines[app.FieldMade], 8, "the others")
}

// TestFieldsAndFaults: a lost answer is looked up, one refused field does not stop the others, and without rights
// nothing more is tried.
func TestFieldsAndFaults(t *testing.T) {
	t.Parallel()
	wanted := app.FieldsWanted{Types: []string{"object_request"}, Card: bitrix.EntityDeal}
	for name, tc := range map[string]struct {
		fault func(p *bitrixsim.Portal)
		made  int
		fail  string
		adds  int
	}{
		"the answer is lost":  {func(p *bitrixsim.Portal) { p.DropAnswerNext("crm.deal.userfield.add") }, 10, "", 10},
		"the request is lost": {func(p *bitrixsim.Portal) { p.LoseRequestNext("crm.deal.userfield.add") }, 0, "UF_CRM_KB_CADASTRAL", 0},
		"one is refused":      {func(p *bitrixsim.Portal) { p.FailNext("crm.deal.userfield.add", 400, "ERROR_CORE", 1) }, 9, "not all fields", 10},
		"no rights":           {func(p *bitrixsim.Portal) { p.FailNext("crm.deal.userfield.add", 403, "ACCESS_DENIED", 1) }, 0, "UF_CRM_KB_CADASTRAL", 1},
		"no list":             {func(p *bitrixsim.Portal) { p.FailNext("crm.deal.userfield.list", 500, "INTERNAL", 1) }, 0, "list the fields of deal", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			portal, client := openPortal(t, "crm")
			tc.fault(portal)
			lines, err := makeFields(t, client, wanted)
			if tc.fail == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.fail)
			}
			require.Len(t, lines[app.FieldMade], tc.made)
			adds := 0
			for _, call := range portal.Calls() {
				if call.Method == "crm.deal.userfield.add" {
					adds++
				}
			}
			require.Equal(t, tc.adds, adds)

			_, err = makeFields(t, client, wanted)
			require.NoError(t, err, "repeated, it makes what was missing")
			require.Len(t, portal.UserFields(bitrixsim.Deal), 10)
		})
	}
}

// TestGentle: a few requests at once, then two a second; after a refusal none for two seconds.
func TestGentle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := app.NewGentle(time.Now)
		started := time.Now()
		take := func() {
			for {
				wait, err := g.Take(t.Context())
				require.NoError(t, err)
				if wait == 0 {
					return
				}
				time.Sleep(wait)
			}
		}
		for range 11 {
			take()
		}
		require.Zero(t, time.Since(started))
		for range 20 {
			take()
		}
		require.Equal(t, 10*time.Second, time.Since(started))
		g.Exceeded(t.Context())
		take()
		require.Equal(t, 12*time.Second, time.Since(started))
	})
}
