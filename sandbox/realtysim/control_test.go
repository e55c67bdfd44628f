package realtysim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/realtysim"
)

func (r *rig) control(path, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/control/realty/"+path, bytes.NewReader([]byte(body)))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, req)
	return w
}

func (r *rig) controlled(path, body string) {
	r.t.Helper()
	w := r.control(path, body)
	require.Equal(r.t, 200, w.Code, w.Body.String())
}

func TestControlDrivesARegistration(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{Control: true})
	id, _ := r.registration()
	r.controlled(id+"/sign", "")
	r.controlled(id+"/submit", "{}")
	r.controlled(id+"/dispatch", "")
	r.controlled(id+"/charge", `{"charges":[{"uin":"42","sum":70000}]}`)
	require.Equal(t, 409, r.control(id+"/pay", `{"uin":"43"}`).Code)
	r.controlled(id+"/pay", `{"uin":"42"}`)
	require.Equal(t, "sent", r.state(id))
}

func TestControlLevers(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{Control: true})
	id := r.extract("1")
	r.controlled(id+"/dispatch", "")
	r.controlled(id+"/suspend", `{"files":[{"type":"outdoc","name":"a.zip","data":"UEs="}]}`)
	require.Equal(t, 2, r.docflow(id).Files[0].Size)
	r.controlled(id+"/complete", "")
	require.Equal(t, 409, r.control(id+"/pay", `{"uin":""}`).Code)
	require.Equal(t, 409, r.control(id+"/fail", `{"code":"x","message":"y"}`).Code)

	r.controlled("levers/fail", `{"op":"news","status":503}`)
	require.Equal(t, 503, r.get("/news").status)
	require.Equal(t, 200, r.get("/news").status)
	for _, lever := range []string{"drop", "lose"} {
		r.controlled("levers/"+lever, `{"op":"news"}`)
		_, err := r.try("GET", "/news", "", nil)
		require.Error(t, err)
	}
	r.controlled("levers/hang", `{"op":"news","ms":1}`)
	require.Equal(t, 200, r.get("/news").status)
	r.controlled("levers/forget", "")
	r.controlled("levers/automatic", `{"on":true}`)
	second := r.extract("2")
	r.controlled("levers/step", "")
	require.Equal(t, "sent", r.state(second))
	r.controlled("levers/expire", "")
	require.Equal(t, 401, r.get("/news").status)
	r.controlled("accounts", `{"login":"l","password":"p","accountId":"`+strangers+`"}`)
	r.sid = r.login("l", "p", strangers)
	r.controlled("switches", `{"switches":{"newsKey":"news"}}`)
	require.Contains(t, r.get("/news").json(), "news")
	r.controlled("switches", ``)
	require.Equal(t, realtysim.Switches{}, r.sim.Switches())
}

func TestControlState(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{Control: true})
	r.registration()
	req := httptest.NewRequest(http.MethodGet, "/control/realty/state", nil)
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, req)
	require.Equal(t, 200, w.Code)
	var got struct {
		Docflows []realtysim.Docflow
		Accounts []string
		Calls    []realtysim.Call
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Len(t, got.Docflows[0].Statements, 3)
	require.Equal(t, []string{accountID}, got.Accounts)
	require.Equal(t, "create", got.Calls[len(got.Calls)-1].Op)
	require.NotContains(t, w.Body.String(), r.sid, "sessions stay inside")
	require.NotContains(t, w.Body.String(), `"123"`, "so do passwords")
}

func TestControlRefusals(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{Control: true})
	require.Equal(t, 404, r.control(strangers+"/dispatch", "").Code)
	require.Equal(t, 404, r.control(strangers+"/dance", "").Code)
	require.Equal(t, 404, r.control("levers/dance", "").Code)
	require.Equal(t, 400, r.control("levers/fail", `{"opp":"x"}`).Code)
	req := httptest.NewRequest(http.MethodPost, "/control/realty/levers/expire", nil)
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, req)
	require.Equal(t, 415, w.Code, "a page of another origin can send a form, not JSON")
	w = httptest.NewRecorder()
	r.sim.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/control/realty/state", nil))
	require.Equal(t, 405, w.Code)
}
