package realtysim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/realtysim"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	for name, tc := range map[string]struct {
		media, body string
		status      int
	}{
		"wrong password": {"application/json", `{"login":"email@yandex.ru","password":"1","accountId":"` + accountID + `"}`, 400},
		"wrong account":  {"application/json", `{"login":"email@yandex.ru","password":"123","accountId":"` + strangers + `"}`, 400},
		"nobody":         {"application/json", `{"login":"x","password":"","accountId":"` + accountID + `"}`, 400},
		"unknown login":  {"application/json", `{"login":"x","password":"x","accountId":"` + accountID + `"}`, 400},
		"no account":     {"application/json", `{"login":"email@yandex.ru","password":"123"}`, 400},
		"not JSON":       {"application/json", `login=x`, 400},
		"form":           {"application/x-www-form-urlencoded", `login=x`, 415},
	} {
		a := r.post("/auth", tc.media, []byte(tc.body))
		require.Equal(t, tc.status, a.status, name)
		require.NotContains(t, a.text(), "123", "no password comes back")
	}
	require.Equal(t, 1, r.sim.Logins())
	r.sim.SetSwitches(realtysim.Switches{LoginFailure: 403})
	a := r.post("/auth", "application/json", []byte(`{"login":"x","password":"x","accountId":"`+accountID+`"}`))
	require.Equal(t, 403, a.status)
	require.NotEqual(t, r.sid, r.login("email@yandex.ru", "123", strings.ToUpper(accountID)), "GUIDs have no case")
}

func TestSessions(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{SessionLife: time.Hour})
	good := r.sid
	for _, sid := range []string{"", strings.Repeat("0", 32), good + "x"} {
		r.sid = sid
		for _, path := range []string{"/news", "/docflows/" + strangers, "/contents/" + strangers} {
			require.Equal(t, 401, r.get(path).status)
		}
		require.Equal(t, 401, r.post("/location/cadastre/suggest", "application/json", []byte(`{}`)).status)
	}
	req := httptest.NewRequest(http.MethodGet, "/realty/v1/news", nil)
	req.Header.Set("Authorization", "Bearer "+good)
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, req)
	require.Equal(t, 401, w.Code, "the scheme is auth.sid")

	r.sid = good
	require.Equal(t, 200, r.get("/news").status)
	r.clock.Add(time.Hour)
	require.Equal(t, 401, r.get("/news").status, "the session has ended")
	r.sid = r.login("email@yandex.ru", "123", accountID)
	require.Equal(t, 200, r.get("/news").status)
	r.sim.ExpireSessions()
	require.Equal(t, 401, r.get("/news").status)
}

func TestAnotherAccountIsForbidden(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id, files := r.registration()
	content := r.post("/contents", "application/xml", []byte("<x/>")).at("id").(string)
	r.sim.AddAccount("email@yandex.ru", "123", strangers)
	r.sid = r.login("email@yandex.ru", "123", strangers)
	require.Equal(t, 403, r.get("/docflows/"+id).status)
	require.Equal(t, 403, r.post("/docflows/"+id, "", nil).status)
	require.Equal(t, 403, r.get("/docflows/"+id+"/files/"+files[0]).status)
	require.Equal(t, 403, r.post("/docflows/"+id+"/files/"+files[0]+"/signatures", "", []byte("x")).status)
	require.Equal(t, 403, r.get("/contents/"+content).status)
	other := r.create("additional_packet_request", edit(t, read(t, "additional_packet_request.json"), "options.docflowId", id))
	require.Equal(t, 400, other.status, "the parent is not this account's, nor are the contents")
}

func TestContents(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	for media, status := range map[string]int{
		"Application/PDF": 201, "application/xml": 201, "application/x-pkcs7-signature": 201, "application/pgp-signature": 201,
		"": 415, "application/json": 415, "multipart/form-data; boundary=x": 415,
	} {
		a := r.post("/contents", media, []byte("bytes\x00"))
		require.Equal(t, status, a.status, media)
		if status != 201 {
			continue
		}
		require.Equal(t, a.at("contentLink"), a.header.Get("Location"))
		back := r.get("/contents/" + strings.ToUpper(a.at("id").(string)))
		require.Equal(t, "bytes\x00", back.text())
		require.Equal(t, strings.ToLower(media), back.header.Get("Content-Type"))
	}
	require.Equal(t, 400, r.post("/contents", "application/pdf", nil).status)
	require.Equal(t, 404, r.get("/contents/"+strangers).status)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id, files := r.registration()
	for name, tc := range map[string]struct {
		method, path string
		status       int
	}{
		"get, singular":             {"GET", "/docflow/" + id, 200},
		"get, upper case":           {"GET", "/docflows/" + strings.ToUpper(id), 200},
		"get by a type name":        {"GET", "/docflows/object_request", 404},
		"get of nothing":            {"GET", "/docflows/" + strangers, 404},
		"submit of nothing":         {"POST", "/docflows/" + strangers, 404},
		"submit without an id":      {"POST", "/docflows/", 404},
		"neither type nor id":       {"POST", "/docflows/d20bd506", 400},
		"file, singular":            {"GET", "/docflow/" + id + "/files/" + files[0], 200},
		"unknown file":              {"GET", "/docflows/" + id + "/files/" + strangers, 404},
		"space in a path":           {"GET", "/docflows/" + id + "/files/%20" + files[0], 404},
		"files of nothing":          {"GET", "/docflows/" + strangers + "/files/" + files[0], 404},
		"wrong verb":                {"DELETE", "/docflows/" + id, 405},
		"list":                      {"GET", "/docflows", 404},
		"upload by get":             {"GET", "/contents", 405},
		"signatures can't be read":  {"GET", "/docflows/" + id + "/files/" + files[0] + "/signatures", 405},
		"too deep":                  {"POST", "/docflows/" + id + "/files/" + files[0] + "/signatures/a/b", 404},
		"not signatures":            {"POST", "/docflows/" + id + "/files/" + files[0] + "/marks", 404},
		"short suggest wants JSON":  {"POST", "/cadastre/suggest", 415},
		"singular signature by id":  {"POST", "/docflows/" + id + "/files/" + files[0] + "/signature/" + strangers, 404},
		"root":                      {"GET", "/", 404},
		"control is off by default": {"GET", "/../../control/realty/state", 404},
	} {
		require.Equal(t, tc.status, r.do(tc.method, tc.path, "", nil).status, name)
	}
}

func TestSubmitIgnoresABody(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id, _ := r.registration()
	require.NoError(t, r.sim.Sign(id))
	require.Equal(t, 200, r.post("/docflows/"+id, "application/json", read(t, "object_request.json")).status)
	require.Len(t, r.sim.Docflows(), 1)
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	r.sim.AddPlace("77:01:0001001:5", "Арбат", "1", "2", "г Москва, ул Арбат, д. 1, 2")
	for name, tc := range map[string]struct {
		body   string
		status int
		found  int
	}{
		"near matches":     {`{"region":{"name":"Новосибирский"},"city":{"name":"Новосибирск"},"street":{"name":"Татьяны Снежиной"},"house":{"number":"39"}}`, 200, 2},
		"nulls":            {`{"region":{"name":"x"},"district":null,"street":{"name":"арбат"},"house":{"number":"1","buildingNumber":null,"sructureNumber":null}}`, 200, 1},
		"no match":         {`{"region":{"name":"x"},"street":{"name":"Ленина"}}`, 200, 0},
		"no region":        {`{"street":{"name":"Ленина"}}`, 400, 0},
		"region as text":   {`{"region":"x"}`, 400, 0},
		"number of number": {`{"region":{"name":"x"},"house":{"number":39}}`, 400, 0},
		"trailing comma":   {`{"region":{"name":"x"},}`, 400, 0},
	} {
		a := r.post("/cadastre/suggest", "application/json", []byte(tc.body))
		require.Equal(t, tc.status, a.status, name)
		if tc.status == 200 {
			require.Equal(t, tc.found, strings.Count(a.text(), "objectCn"), name)
			require.True(t, strings.HasPrefix(a.text(), "["), "an empty array, not null")
		}
	}
}

func TestFailureLevers(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	body := read(t, "object_request.json")

	r.sim.FailNext("create", 501, 2)
	require.Equal(t, 501, r.create("object_request", body).status)
	require.Equal(t, 501, r.create("object_request", body).status)
	require.Empty(t, r.sim.Docflows())

	r.sim.LoseRequestNext("create")
	_, err := r.try("POST", "/docflows/object_request", "application/json", body)
	require.Error(t, err)
	require.Empty(t, r.sim.Docflows(), "lost before the work")

	r.sim.DropAnswerNext("create")
	_, err = r.try("POST", "/docflows/object_request", "application/json", body)
	require.Error(t, err)
	require.Len(t, r.sim.Find("client-request-12345"), 1, "the work was done")

	calls := r.sim.Calls()
	require.Equal(t, []int{200, 501, 501, 0, 0}, []int{
		calls[0].Status, calls[1].Status, calls[2].Status, calls[3].Status, calls[4].Status,
	})
	require.Equal(t, r.sim.Docflows()[0].ID, calls[4].DocflowID)
	require.Equal(t, "auth", calls[0].Op)
}

// Every operation has a lever under its own name.
func TestEveryOperationHasAName(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id := "/docflows/" + strangers
	for op, tc := range map[string][2]string{
		"auth": {"POST", "/auth"}, "create": {"POST", "/docflows/object_request"}, "get": {"GET", id}, "submit": {"POST", id},
		"news": {"GET", "/news"}, "sign": {"POST", id + "/files/x/signatures"}, "sign_link": {"POST", id + "/files/x/signatures/y"},
		"upload": {"POST", "/contents"}, "content": {"GET", "/contents/x"}, "file": {"GET", id + "/files/x"},
		"suggest": {"POST", "/location/cadastre/suggest"},
	} {
		r.sim.FailNext(op, 599, 1)
		require.Equal(t, 599, r.do(tc[0], tc[1], "", nil).status, op)
	}
}

func TestHangNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := realtysim.New(realtysim.Config{})
		sim.AddAccount("a", "b", accountID)
		sim.HangNext("auth", time.Minute)
		start := time.Now()
		require.NotEmpty(t, fuzzLogin(sim))
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	req := httptest.NewRequest(http.MethodPost, "/realty/v1/contents", io.LimitReader(zeros{}, 65<<20))
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, req)
	require.Equal(t, 413, w.Code)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestParallelCallers(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{Pace: time.Nanosecond})
	r.sim.Automatic(true)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				a, err := r.try("POST", "/docflows/object_request", "application/json", []byte(`{"options":{"type":"base","cadastralNumber":"1:2:3:4"}}`))
				if err != nil || a.status != 200 {
					t.Errorf("create: %d, %v", a.status, err)
				}
				_, _ = r.try("GET", "/news", "", nil)
				r.clock.Add(time.Second)
			}
		})
	}
	require.NoError(t, r.sim.Wait(t.Context(), func() bool {
		r.clock.Add(time.Second)
		done := 0
		for _, d := range r.sim.Docflows() {
			if d.State == "completed" {
				done++
			}
		}
		return done == 80
	}))
	wg.Wait()
}

func FuzzRequest(f *testing.F) {
	for _, path := range []string{
		"auth", "news?after=3254tsadf5", "docflows/object_request", "docflows/" + strangers, "docflow/" + strangers + "/files/ c5e7",
		"docflows/x/files/y/signatures/z", "contents/%2e%2e", "location/cadastre/suggest", "cadastre/suggest",
	} {
		f.Add("POST", path, "application/json", []byte(`{"region":{"name":"x"}}`))
		f.Add("GET", path, "", []byte(nil))
	}
	sim := realtysim.New(realtysim.Config{})
	sim.AddAccount("a", "b", accountID)
	sid := fuzzLogin(sim)
	f.Fuzz(func(t *testing.T, method, path, media string, body []byte) {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://host/realty/v1/"+path, strings.NewReader(string(body)))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", media)
		req.Header.Set("Authorization", "auth.sid "+sid)
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, req)
		require.GreaterOrEqual(t, w.Code, 200)
		require.NotEqual(t, 500, w.Code)
	})
}
