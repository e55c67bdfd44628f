package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
)

// newService logs in to Реестро and returns a function that posts to it.
func newService(t *testing.T, sim http.Handler, demo sandbox.Demo) func(path, media, body string) (int, map[string]any) {
	t.Helper()
	sid := ""
	call := func(path, media, body string) (int, map[string]any) {
		req := httptest.NewRequest(http.MethodPost, "/realty/v1"+path, strings.NewReader(body))
		req.Header.Set("Content-Type", media)
		req.Header.Set("Authorization", "auth.sid "+sid)
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, req)
		var out map[string]any
		if w.Body.Len() > 0 {
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body.String())
		}
		return w.Code, out
	}
	code, out := call("/auth", "application/json", `{"login":"`+demo.Login+`","password":"`+demo.Password+`","accountId":"`+demo.AccountID+`"}`)
	require.Equal(t, 200, code, out)
	sid = out["sessionId"].(string)
	return call
}

// newCaller logs in to Реестро and returns a function that files an extract and gives its id.
func newCaller(t *testing.T, sim http.Handler, demo sandbox.Demo) func(cadastral string) string {
	t.Helper()
	call := newService(t, sim, demo)
	return func(cadastral string) string {
		code, out := call("/docflows/object_request", "application/json",
			`{"requestId":"request-of-`+cadastral+`","options":{"type":"info","cadastralNumber":"`+cadastral+`"}}`)
		require.Equal(t, 200, code, out)
		return out["docflowId"].(string)
	}
}

func TestRegistrarOnThePage(t *testing.T) {
	t.Parallel()
	box, demo, base := start(t)
	file := newCaller(t, box.Realty, demo)
	id := file("47:14:1203001:814")
	require.Equal(t, "47:14:1203001:814", look(t, base).Docflows[0].Object)
	for _, step := range []struct{ verb, state, waits string }{
		{"dispatch", "sent", ""}, {"charge", "suspended", "payment"}, {"pay", "sent", ""}, {"suspend", "suspended", "packet"},
		{"complete", "completed", ""},
	} {
		resp, body := send(t, "POST", base+"/control/realty/"+id+"/"+step.verb, "application/json", "{}")
		require.Equal(t, 200, resp.StatusCode, body)
		got := look(t, base).Docflows[0]
		require.Equal(t, step.state, got.State, step.verb)
		require.Equal(t, step.waits, got.Waits, step.verb)
	}
	require.Len(t, look(t, base).Docflows[0].Files, 3)
	require.NoError(t, box.Realty.Fail(file("47:14:1203001:815"), "", "нет такого объекта"))
	require.Equal(t, "нет такого объекта", look(t, base).Docflows[0].Error, "newest first")
}

func TestLevers(t *testing.T) {
	t.Parallel()
	box, demo, base := start(t)
	pull := func(lever string) {
		code, body := act(t, base, "lever", map[string]any{"portal": "demo", "lever": lever})
		require.Equal(t, 200, code, body)
	}
	hook := demo.Portal.AddWebhook(1, "crm")
	call := func() (int, string) {
		resp, body := send(t, "POST", hook+"crm.deal.get", "application/json", `{"id":`+strconv.Itoa(demo.Sale)+`}`)
		return resp.StatusCode, body
	}
	pull("portal_limit")
	code, body := call()
	require.Equal(t, 503, code)
	require.Contains(t, body, "QUERY_LIMIT_EXCEEDED")
	pull("portal_down")
	code, _ = call()
	require.Equal(t, 502, code)
	code, _ = call()
	require.Equal(t, 200, code, "one call each")
	pull("portal_answer")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook+"crm.deal.get", strings.NewReader("{}"))
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(req)
	require.Error(t, err)

	pull("portal_pause")
	require.True(t, look(t, base).Paused)
	pull("portal_pause")
	require.False(t, look(t, base).Paused)
	pull("realty_automatic")
	require.True(t, look(t, base).Automatic)
	for _, lever := range []string{
		"portal_tokens", "portal_event", "realty_sessions", "realty_answer", "realty_request", "realty_down", "realty_egron",
		"realty_forget", "realty_step", "realty_automatic",
	} {
		pull(lever)
	}
	require.False(t, box.Realty.IsAutomatic())
	// The page's own list names no lever that does nothing.
	_, page := send(t, "GET", base+"/", "", "")
	for _, part := range strings.Split(page, `data-lever="`)[1:] {
		lever, _, _ := strings.Cut(part, `"`)
		pull(lever)
	}
}

// The demo's people pass the strict simulator, so that what a mapping makes of them can be filed.
func TestSeededPeopleAreFilable(t *testing.T) {
	t.Parallel()
	_, demo, _ := start(t)
	codes := map[int]string{}
	for _, f := range demo.Portal.UserFields(bitrixsim.Contact) {
		for _, o := range f.Options {
			codes[o.ID] = o.XMLID
		}
	}
	for id, role := range map[int]string{demo.Seller: "seller", demo.Buyer: "buyer"} {
		item, ok := demo.Portal.Item(bitrixsim.Contact, id)
		require.True(t, ok)
		require.Regexp(t, `^\d{3}-\d{3}-\d{3} \d{2}$`, item["UF_CRM_KB_SNILS"])
		require.Regexp(t, `^\d{3}-\d{3}$`, item["UF_CRM_KB_DOC_CODE"])
		for _, name := range []string{"GENDER", "BIRTHPLACE", "CITIZENSHIP", "DOC_SERIES", "DOC_NUMBER", "DOC_DATE", "DOC_ISSUER", "ADDR_REGION", "ADDR_HOUSE"} {
			require.NotEmpty(t, item["UF_CRM_KB_"+name], name)
		}
		roles, _ := item["UF_CRM_KB_ROLE"].([]any)
		require.Len(t, roles, 1)
		require.Equal(t, role, codes[roles[0].(int)])
	}
	for _, deal := range []int{demo.Equity, demo.Assignment, demo.Pledge, demo.Lifting} {
		item, ok := demo.Portal.Item(bitrixsim.Deal, deal)
		require.True(t, ok)
		require.NotZero(t, item[sandbox.FilingField])
	}
}
