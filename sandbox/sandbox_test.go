package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
)

// start serves a seeded sandbox on a loopback port.
func start(t *testing.T) (*sandbox.Sandbox, sandbox.Demo, string) {
	t.Helper()
	box := sandbox.New(sandbox.Config{})
	srv := httptest.NewServer(box)
	t.Cleanup(func() {
		srv.Close()
		box.Close()
	})
	box.SetBaseURL(srv.URL)
	return box, box.SeedDemo(), srv.URL
}

func send(t *testing.T, method, address, media, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(data)
}

func act(t *testing.T, base, verb string, body any) (int, string) {
	t.Helper()
	data, err := json.Marshal(body)
	require.NoError(t, err)
	resp, text := send(t, "POST", base+"/control/sandbox/"+verb, "application/json", string(data))
	return resp.StatusCode, text
}

// state is what the page reads, as far as the tests look at it.
type state struct {
	Portal   string
	Exchange struct {
		Papers []struct {
			Message, Entity, State string
			Acts                   []string
		}
	}
	Paused, Automatic bool
	Boards            []struct {
		ID, Name string
		Stages   []struct {
			ID, Name, Tone string
			Cards          []struct {
				Type, ID         int
				Title, Amount    string
				People           []string
				Docflow, Problem string
			}
		}
	}
	Docflows []struct {
		ID, State, Waits, Object, Error string
		Files                           []string
		Signers, Signed                 int
	}
	Notes []struct{ Text string }
}

func look(t *testing.T, base string) state {
	t.Helper()
	resp, body := send(t, "GET", base+"/control/sandbox/state", "", "")
	require.Equal(t, 200, resp.StatusCode)
	var out state
	require.NoError(t, json.Unmarshal([]byte(body), &out))
	return out
}

// Each prefix reaches the system that it belongs to.
func TestOneHandlerServesBothSystems(t *testing.T) {
	t.Parallel()
	_, demo, base := start(t)
	resp, body := send(t, "POST", base+"/realty/v1/auth", "application/json",
		`{"login":"`+demo.Login+`","password":"`+demo.Password+`","accountId":"`+demo.AccountID+`"}`)
	require.Equal(t, 200, resp.StatusCode, body)
	require.Contains(t, body, "sessionId")

	hook := demo.Portal.AddWebhook(1, "crm")
	require.True(t, strings.HasPrefix(hook, base+"/portal/demo/rest/"), hook)
	resp, body = send(t, "POST", hook+"crm.deal.get", "application/json", `{"id":`+strconv.Itoa(demo.Sale)+`}`)
	require.Equal(t, 200, resp.StatusCode, body)
	require.Contains(t, body, "54:35:021060:1683")

	for _, path := range []string{"/control/bitrix/state", "/control/realty/state"} {
		resp, body = send(t, "GET", base+path, "", "")
		require.Equal(t, 200, resp.StatusCode, path)
		require.True(t, json.Valid([]byte(body)))
	}
	resp, _ = send(t, "GET", base+"/oauth/token/", "", "")
	require.NotEqual(t, 404, resp.StatusCode)
	resp, _ = send(t, "GET", base+"/nothing", "", "")
	require.Equal(t, 404, resp.StatusCode)
}

func TestPage(t *testing.T) {
	t.Parallel()
	_, _, base := start(t)
	for lang, word := range map[string]string{"": "Песочница", "?lang=en": "Sandbox", "?lang=xx": "Песочница"} {
		resp, body := send(t, "GET", base+"/"+lang, "", "")
		require.Equal(t, 200, resp.StatusCode)
		require.Contains(t, body, "<h1>"+word+"</h1>")
		require.NotContains(t, body, "ZgotmplZ", "html/template refused nothing")
		csp := resp.Header.Get("Content-Security-Policy")
		require.Contains(t, csp, "default-src 'none'")
		require.NotContains(t, csp, "unsafe")
	}
	for path, status := range map[string]int{
		"/page/sandbox.css": 200, "/page/sandbox.js": 200, "/page/": 404, "/page/open.html": 404, "/page/index.html": 404, "/page/none": 404,
	} {
		resp, _ := send(t, "GET", base+path, "", "")
		require.Equal(t, status, resp.StatusCode, path)
	}
}

// Both languages have every text: a key without one would show as an empty button.
func TestPageTextsAreComplete(t *testing.T) {
	t.Parallel()
	_, _, base := start(t)
	script := func(lang string) map[string]string {
		_, body := send(t, "GET", base+"/?lang="+lang, "", "")
		_, rest, ok := strings.Cut(body, `id="texts">`)
		require.True(t, ok)
		data, _, _ := strings.Cut(rest, "</script>")
		var out map[string]string
		require.NoError(t, json.Unmarshal([]byte(data), &out))
		return out
	}
	ru, en := script("ru"), script("en")
	require.Len(t, en, len(ru))
	_, js := send(t, "GET", base+"/page/sandbox.js", "", "")
	for key := range ru {
		require.NotEmpty(t, ru[key], key)
		require.NotEmpty(t, en[key], key)
	}
	for _, part := range strings.Split(js, "T.")[1:] {
		key := strings.FieldsFunc(part, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
		if len(key) > 0 && strings.HasPrefix(part, key[0]) && key[0] != "target" {
			require.Contains(t, ru, key[0])
		}
	}
}

func TestBoards(t *testing.T) {
	t.Parallel()
	box, demo, base := start(t)
	got := look(t, base)
	require.Equal(t, "demo", got.Portal)
	var names []string
	for _, b := range got.Boards {
		names = append(names, b.Name)
	}
	require.Equal(t, []string{"Сделки", "Регистрация прав", "Лиды"}, names)
	first := got.Boards[0].Stages[0]
	require.Equal(t, "NEW", first.ID)
	require.Len(t, first.Cards, 3)
	require.Equal(t, "4\u00a0500\u00a0000\u00a0₽", first.Cards[0].Amount)
	require.Equal(t, []string{"Виктор Выдуманный", "Нина Несуществующая"}, first.Cards[0].People)

	demo.Portal.AddType(177, "Объекты")
	demo.Portal.CreateItem(177, map[string]any{"title": "Объект"})
	demo.Portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_KB_REALTY_STATE", Type: "string"})
	require.NoError(t, demo.Portal.UpdateItem(bitrixsim.Deal, demo.Sale, map[string]any{"UF_CRM_KB_REALTY_STATE": "sent"}))
	demo.Portal.AddCategory(bitrixsim.Deal, "Третья")
	got = look(t, base)
	require.Len(t, got.Boards, 5)
	require.Equal(t, "sent", got.Boards[0].Stages[0].Cards[0].Docflow)
	box.Note("первое")
	box.Note("второе")
	require.Equal(t, "второе", look(t, base).Notes[0].Text, "newest first")
}

func TestMoveAndEdit(t *testing.T) {
	t.Parallel()
	_, demo, base := start(t)
	deal := map[string]any{"type": bitrixsim.Deal, "id": demo.Sale}
	with := func(extra map[string]any) map[string]any {
		out := map[string]any{}
		for _, m := range []map[string]any{deal, extra} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	value := func(name string) any {
		item, ok := demo.Portal.Item(bitrixsim.Deal, demo.Sale)
		require.True(t, ok)
		return item[name]
	}

	code, body := act(t, base, "move", with(map[string]any{"stage": "EXECUTING"}))
	require.Equal(t, 200, code, body)
	require.Equal(t, "EXECUTING", value("stageId"))
	code, _ = act(t, base, "move", with(map[string]any{"stage": "NOWHERE"}))
	require.Equal(t, 409, code)

	code, body = act(t, base, "field", with(map[string]any{"field": "UF_CRM_CADASTRAL", "value": "1:2:3:4"}))
	require.Equal(t, 200, code, body)
	require.Equal(t, "1:2:3:4", value("UF_CRM_CADASTRAL"))
	code, _ = act(t, base, "field", with(map[string]any{"field": "UF_CRM_KB_OBJECT_TYPE", "value": "room"}))
	require.Equal(t, 409, code, "an option goes by its number")
	code, _ = act(t, base, "field", with(map[string]any{"field": "UF_CRM_NONE", "value": "x"}))
	require.Equal(t, 404, code)

	for _, name := range []string{"a.sig", "б.sig"} {
		code, body = act(t, base, "upload", with(map[string]any{"field": "UF_CRM_STATEMENT_SIG", "name": name, "data": []byte("sig " + name)}))
		require.Equal(t, 200, code, body)
	}
	ids := value("UF_CRM_STATEMENT_SIG").([]any)
	require.Len(t, ids, 2, "a multiple field keeps what it had")
	code, _ = act(t, base, "upload", with(map[string]any{"field": "UF_CRM_CADASTRAL", "name": "x", "data": []byte("x")}))
	require.Equal(t, 404, code, "not a file field")
	code, _ = act(t, base, "upload", with(map[string]any{"field": "UF_CRM_KB_CONTRACT", "name": "new.pdf", "data": []byte("x")}))
	require.Equal(t, 200, code)

	resp, data := send(t, "GET", base+"/control/sandbox/file?id="+strconv.Itoa(ids[1].(int)), "", "")
	require.Equal(t, "sig б.sig", data)
	require.Equal(t, "attachment; filename*=UTF-8''%D0%B1.sig", resp.Header.Get("Content-Disposition"))
	resp, _ = send(t, "GET", base+"/control/sandbox/file?id=1", "", "")
	require.Equal(t, 404, resp.StatusCode)
}

func TestRefusedPosts(t *testing.T) {
	t.Parallel()
	_, demo, base := start(t)
	resp, _ := send(t, "POST", base+"/control/sandbox/move", "application/x-www-form-urlencoded", "stage=WON")
	require.Equal(t, 415, resp.StatusCode, "a form of another origin is not taken")
	resp, _ = send(t, "POST", base+"/control/sandbox/move", "application/json", "{")
	require.Equal(t, 400, resp.StatusCode)
	code, _ := act(t, base, "move", map[string]any{"type": 2, "id": demo.Sale + 1000, "stage": "WON"})
	require.Equal(t, 404, code)
	code, _ = act(t, base, "lever", map[string]any{"lever": "dance"})
	require.Equal(t, 404, code)

	empty := sandbox.New(sandbox.Config{})
	t.Cleanup(empty.Close)
	for path, want := range map[string]int{"state": 200, "card": 404, "file": 404, "open?id=1": 404} {
		w := httptest.NewRecorder()
		empty.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/control/sandbox/"+path, nil))
		require.Equal(t, want, w.Code, path)
	}
	req := httptest.NewRequest(http.MethodPost, "/control/sandbox/lever", strings.NewReader(`{"lever":"realty_step"}`))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	empty.ServeHTTP(w, req)
	require.Equal(t, 404, w.Code, "no portal yet")
}

// evil is what nobody should ever see run.
const evil = `<img src=x onerror="document.title='broken'">`

// enliven gives the sale a comment with a file and a workflow that has run.
func enliven(t *testing.T, demo sandbox.Demo, comment string) {
	t.Helper()
	hook := demo.Portal.AddWebhook(1, "crm", "bizproc")
	id := strconv.Itoa(demo.Sale)
	body, err := json.Marshal(map[string]any{"fields": map[string]any{
		"ENTITY_TYPE": "deal", "ENTITY_ID": demo.Sale, "COMMENT": comment, "FILES": [][]string{{"result.zip", "UEs="}},
	}})
	require.NoError(t, err)
	resp, text := send(t, "POST", hook+"crm.timeline.comment.add", "application/json", string(body))
	require.Equal(t, 200, resp.StatusCode, text)
	template := demo.Portal.AddTemplate(bitrixsim.Template{
		Name: "x", EntityTypeID: bitrixsim.Deal, Steps: []bitrixsim.Step{{SetField: map[string]any{"comments": "done"}}},
	})
	resp, text = send(t, "POST", hook+"bizproc.workflow.start", "application/json",
		`{"TEMPLATE_ID":`+strconv.Itoa(template)+`,"DOCUMENT_ID":["crm","CCrmDocumentDeal","DEAL_`+id+`"]}`)
	require.Equal(t, 200, resp.StatusCode, text)
}

func TestCardPanel(t *testing.T) {
	t.Parallel()
	_, demo, base := start(t)
	enliven(t, demo, evil)
	resp, text := send(t, "GET", base+"/control/sandbox/card?type=2&id="+strconv.Itoa(demo.Sale), "", "")
	require.Equal(t, 200, resp.StatusCode)
	require.NotContains(t, text, "<img", "the JSON itself holds no markup")
	var got struct {
		Stage  string
		Fields []struct {
			Name, Label, Value string
			Editable           bool
			Files              []struct{ Name string }
		}
		Contacts []struct {
			Name   string
			Fields []struct{ Name, Value string }
		}
		Timeline []struct {
			Text  string
			Files []struct{ Name string }
		}
		Workflows []struct{ Name, State string }
	}
	require.NoError(t, json.Unmarshal([]byte(text), &got))
	require.Equal(t, "NEW", got.Stage)
	require.Equal(t, evil, got.Timeline[0].Text)
	require.Equal(t, "result.zip", got.Timeline[0].Files[0].Name)
	require.Equal(t, "Выдуманный Виктор Образцович", got.Contacts[0].Name)
	require.Contains(t, got.Contacts[0].Fields, struct{ Name, Value string }{"UF_CRM_KB_ROLE", "Продавец"})
	require.Contains(t, got.Contacts[0].Fields, struct{ Name, Value string }{"birthdate", "1990-01-01"})
	require.Len(t, got.Workflows, 1)
	for _, f := range got.Fields {
		switch f.Name {
		case "UF_CRM_KB_CONTRACT":
			require.Equal(t, "Договор купли-продажи.pdf", f.Files[0].Name)
		case "UF_CRM_KB_CONTRACT_DATE":
			require.Equal(t, "2026-02-20", f.Value)
			require.True(t, f.Editable)
		}
	}
	resp, _ = send(t, "GET", base+"/control/sandbox/card?type=2&id=1", "", "")
	require.Equal(t, 404, resp.StatusCode)
}

func TestApplicationTabOpensWithFreshTokens(t *testing.T) {
	t.Parallel()
	box, demo, base := start(t)
	app := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(app.Close)
	box.Bitrix.AddApp(bitrixsim.App{ClientID: "local.1", ClientSecret: "s", HandlerURL: app.URL + "/app", InstallURL: app.URL, Scopes: []string{"crm", "placement"}})
	_, form := demo.Portal.OpenPage("local.1", "DEFAULT", "", 1)
	resp, text := send(t, "POST", demo.Portal.Endpoint()+"placement.bind", "application/x-www-form-urlencoded", url.Values{
		"auth": {form.Get("AUTH_ID")}, "PLACEMENT": {"CRM_DEAL_DETAIL_TAB"}, "HANDLER": {app.URL + "/tab?x=1"}, "TITLE": {"Мост"},
	}.Encode())
	require.Equal(t, 200, resp.StatusCode, text)
	require.NoError(t, demo.Portal.FinishInstall("local.1"))

	_, text = send(t, "GET", base+"/control/sandbox/card?type=2&id="+strconv.Itoa(demo.Sale), "", "")
	require.Contains(t, text, `"title":"Мост"`)
	open := base + "/control/sandbox/open?client=local.1&placement=CRM_DEAL_DETAIL_TAB&id="
	resp, text = send(t, "GET", open+strconv.Itoa(demo.Sale), "", "")
	require.Equal(t, 200, resp.StatusCode)
	require.Contains(t, resp.Header.Get("Content-Security-Policy"), "form-action "+app.URL)
	require.Contains(t, text, app.URL+"/tab?")
	require.Contains(t, text, `name="AUTH_ID"`)
	require.Contains(t, text, `{&#34;ID&#34;:&#34;`+strconv.Itoa(demo.Sale)+`&#34;}`)
	for _, wrong := range []string{open + "x", strings.Replace(open, "local.1", "local.2", 1) + "1"} {
		resp, _ = send(t, "GET", wrong, "", "")
		require.Equal(t, 404, resp.StatusCode)
	}
}

func TestRunServesUntilTheEnd(t *testing.T) {
	t.Parallel()
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := free.Addr().String()
	require.NoError(t, free.Close())
	box := sandbox.New(sandbox.Config{Addr: addr, Pace: time.Hour})
	require.Equal(t, "http://"+addr+"/portal/demo/rest/", box.SeedDemo().Portal.Endpoint())
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx) }()
	require.Eventually(t, func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		return err == nil && conn.Close() == nil
	}, 10*time.Second, 5*time.Millisecond)
	stop()
	require.NoError(t, <-done)
	require.Error(t, sandbox.New(sandbox.Config{Addr: "256.0.0.1:1"}).Run(t.Context()))
}
