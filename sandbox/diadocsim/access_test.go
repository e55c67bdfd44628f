package diadocsim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/cmssim"
	"konturbridge/sandbox/diadocsim"
)

func TestRequestsAreCheckedInOrder(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	for name, tc := range map[string]struct {
		method, path string
		header       map[string]string
		body         string
		auth         string
		status       int
	}{
		"no such method":       {"GET", "/diadoc/V9/GetNewEvents", wantJSON, "", r.auth, 404},
		"wrong verb":           {"DELETE", "/diadoc/Delete", wantJSON, "", r.auth, 405},
		"removed":              {"POST", "/diadoc/PostDraft", wantJSON, "{}", "", 410},
		"removed shelf":        {"POST", "/diadoc/ShelfUpload", nil, "x", "", 410},
		"not simulated":        {"GET", "/diadoc/V1/ParseGarAddress?address=x", wantJSON, "", r.auth, 501},
		"no authorization":     {"GET", "/diadoc/V2/GetMyUser", wantJSON, "", "", 401},
		"bad token":            {"GET", "/diadoc/V2/GetMyUser", wantJSON, "", "Bearer no", 401},
		"protobuf is default":  {"GET", "/diadoc/V2/GetMyUser", nil, "", r.auth, 501},
		"wrong content type":   {"POST", "/diadoc/V3/PostMessage", map[string]string{"Accept": "application/json", "Content-Type": "text/xml"}, "{}", r.auth, 415},
		"no content type":      {"POST", "/diadoc/V3/PostMessage", wantJSON, "{}", r.auth, 415},
		"missing parameter":    {"GET", "/diadoc/V8/GetNewEvents", wantJSON, "", r.auth, 400},
		"not a box":            {"GET", "/diadoc/V8/GetNewEvents?boxId=1", wantJSON, "", r.auth, 400},
		"foreign box":          {"GET", "/diadoc/V8/GetNewEvents?boxId=" + r.demo.Partner, wantJSON, "", r.auth, 403},
		"our box, both forms":  {"GET", "/diadoc/V8/GetNewEvents?boxId=" + strings.ToUpper(strings.ReplaceAll(r.demo.Box, "-", "")) + "@diadoc.ru", wantJSON, "", r.auth, 200},
		"bad key":              {"GET", "/diadoc/V8/GetNewEvents?boxId=" + r.demo.Box + "&afterIndexKey=+/", wantJSON, "", r.auth, 400},
		"number out of bounds": {"GET", "/diadoc/V8/GetNewEvents?limit=101&boxId=" + r.demo.Box, wantJSON, "", r.auth, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := *r
			one.t, one.auth = t, tc.auth
			a := one.do(tc.method, tc.path, tc.header, []byte(tc.body))
			require.Equal(t, tc.status, a.status, a.text())
			if a.status != 200 {
				require.Contains(t, a.header.Get("Content-Type"), "text/plain")
			}
		})
	}
}

func TestSubscriptionRightsAndDismissal(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	require.NoError(t, r.sim.SuspendSubscription(r.demo.Box, true))
	require.Equal(t, 402, r.get("/GetMyEmployee", query{"boxId": r.demo.Box}).status)
	require.NoError(t, r.sim.SuspendSubscription(r.demo.Box, false))

	require.NoError(t, r.sim.Hire(r.demo.Box, r.demo.Login, diadocsim.Employee{AccessLevel: "DepartmentOnly", Actions: []string{"SignDocuments"}}))
	require.Equal(t, 403, r.post("/V3/PostMessage", nil, r.contract("договор")).status)
	require.Equal(t, 403, r.get("/V8/GetNewEvents", query{"boxId": r.demo.Box}).status, "departmentId is mandatory without AllDocuments")
	require.Equal(t, 200, r.get("/V8/GetNewEvents", query{"boxId": r.demo.Box, "departmentId": "00000000-0000-0000-0000-000000000000"}).status)
	require.Equal(t, 403, r.get("/V8/GetNewEvents", query{"boxId": r.demo.Box, "departmentId": r.demo.Sales}).status)

	require.NoError(t, r.sim.Dismiss(r.demo.Box, r.demo.Login))
	require.Equal(t, 403, r.get("/GetMyEmployee", query{"boxId": r.demo.Box}).status)
	require.Equal(t, 200, r.get("/V2/GetMyUser", nil).status, "the token is still good")
}

func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{RPS: 2})
	for _, want := range []int{200, 200, 429} {
		require.Equal(t, want, r.get("/V2/GetMyUser", nil).status)
	}
	require.Equal(t, "1", r.get("/V2/GetMyUser", nil).header.Get("Retry-After"))
	r.clock.Add(time.Second)
	require.Equal(t, 200, r.get("/V2/GetMyUser", nil).status)
	require.Equal(t, 2, r.sim.Stats().TooMany)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	r.sim.FailNext("GetMyUser", 503, 1)
	require.Equal(t, 503, r.get("/V2/GetMyUser", nil).status)
	r.sim.RetryLaterNext("GetMyUser", 200)
	require.Equal(t, "1", r.get("/V2/GetMyUser", nil).header.Get("Retry-After"))
	for _, lever := range []func(string){r.sim.DropAnswerNext, r.sim.LoseRequestNext} {
		lever("PostMessage")
		_, err := r.try("POST", "/diadoc/V3/PostMessage", map[string]string{"Accept": "application/json", "Content-Type": "application/json"}, []byte("{}"))
		require.Error(t, err)
	}
	r.sim.HangNext("GetMyUser", time.Millisecond)
	require.Equal(t, 200, r.get("/V2/GetMyUser", nil).status)
	r.sim.ExpireTokens()
	require.Equal(t, 401, r.get("/V2/GetMyUser", nil).status)
	require.NotEmpty(t, r.sim.Calls("PostMessage"))
}

func TestRefreshTokenRotates(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	r.auth = ""
	ask := func(token string) answer {
		return r.form("/connect/token", query{"grant_type": "refresh_token", "refresh_token": token, "client_id": r.demo.ClientID, "client_secret": r.demo.ClientSecret})
	}
	first := ask(r.demo.RefreshToken)
	require.Equal(t, "3600", string(first.at("expires_in").(interface{ String() string }).String()))
	again := ask(r.demo.RefreshToken)
	require.Equal(t, 400, again.status)
	require.Contains(t, again.text(), `"invalid_grant"`)
	second := ask(first.str("refresh_token"))
	r.auth = "Bearer " + second.str("access_token")
	require.Equal(t, 200, r.get("/V2/GetMyUser", nil).status)
	r.clock.Add(time.Hour)
	require.Equal(t, 401, r.get("/V2/GetMyUser", nil).status, "an access token ends")

	r.sim.SetSwitches(diadocsim.Switches{KeepRefreshToken: true})
	kept := ask(second.str("refresh_token"))
	require.NotContains(t, kept.json(), "refresh_token")
	r.sim.RevokeRefreshTokens()
	require.Equal(t, 400, ask(second.str("refresh_token")).status)
	require.Equal(t, 401, r.form("/connect/token", query{"grant_type": "refresh_token", "client_id": r.demo.ClientID, "client_secret": "wrong"}).status)
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	r.auth = ""
	found := r.do("GET", "/identity/.well-known/openid-configuration", nil, nil)
	page := strings.TrimPrefix(found.str("authorization_endpoint"), r.base)
	q := query{"response_type": "code", "client_id": r.demo.ClientID, "redirect_uri": redirect, "state": "st", "nonce": "n",
		"scope": "openid profile email offline_access Diadoc.PublicAPI.Staging"}
	require.Contains(t, r.do("GET", address(page, q), nil, nil).text(), "<form")
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	require.Contains(t, r.do("POST", address(page, q), form, []byte("login=robot%40example.test&password=no")).text(), "Неверный")
	back, err := url.Parse(r.do("POST", address(page, q), form, []byte("login=robot%40example.test&password=demo")).header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "st", back.Query().Get("state"))
	exchange := query{"grant_type": "authorization_code", "code": back.Query().Get("code"), "redirect_uri": redirect,
		"client_id": r.demo.ClientID, "client_secret": r.demo.ClientSecret}
	got := r.form("/connect/token", exchange)
	require.Len(t, strings.Split(got.str("id_token"), "."), 3)
	require.NotEmpty(t, got.str("refresh_token"))
	require.Equal(t, 400, r.form("/connect/token", exchange).status, "a code is good once")

	q["redirect_uri"] = redirect + "/"
	require.Equal(t, 400, r.do("GET", address(page, q), nil, nil).status)
	q["redirect_uri"], q["scope"] = redirect, "openid Diadoc.PublicAPI"
	require.Contains(t, r.do("GET", address(page, q), nil, nil).header.Get("Location"), "invalid_scope")
}

func TestDeviceFlow(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	asked := r.form("/connect/deviceauthorization", query{"client_id": r.demo.ClientID, "client_secret": r.demo.ClientSecret, "scope": "openid Diadoc.PublicAPI.Staging"})
	poll := func() answer {
		return r.form("/connect/token", query{"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": asked.str("device_code"),
			"client_id": r.demo.ClientID, "client_secret": r.demo.ClientSecret})
	}
	require.Contains(t, poll().text(), "authorization_pending")
	require.Contains(t, poll().text(), "slow_down")
	require.Error(t, r.sim.ApproveDevice("no", r.demo.Login))
	require.NoError(t, r.sim.ApproveDevice(asked.str("user_code"), r.demo.Login))
	require.NotContains(t, poll().json(), "refresh_token", "offline_access was not asked for")
}

func TestLegacyLogin(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	key := "DiadocAuth ddauth_api_client_id=" + r.demo.ClientID
	r.auth = key
	password := r.raw("/V3/Authenticate", query{"type": "password"}, "application/json", []byte(`{"login":"robot@example.test","password":"demo"}`))
	require.Equal(t, 200, password.status, password.text())
	sid := r.raw("/V3/Authenticate", query{"type": "sid"}, "text/plain", []byte("demo-sid"))
	for _, token := range []string{password.text(), sid.text()} {
		r.auth = key + ",ddauth_token=" + token
		require.Equal(t, 200, r.get("/V2/GetMyUser", nil).status)
	}
	r.auth = key
	require.Equal(t, 401, r.get("/V2/GetMyUser", nil).status, "the key alone opens reference methods only")
	require.Equal(t, 200, r.get("/GetBox", query{"boxId": r.demo.Partner}).status)
	require.Equal(t, 401, r.raw("/V3/Authenticate", query{"type": "password"}, "application/json", []byte(`{"login":"robot@example.test","password":"no"}`)).status)
	require.Equal(t, 415, r.raw("/V3/Authenticate", query{"type": "sid"}, "application/json", []byte("x")).status)
	require.NoError(t, r.sim.BlockClient(r.demo.ClientID, true))
	require.Equal(t, 401, r.get("/GetBox", query{"boxId": r.demo.Partner}).status)
}

func TestLoginWithCertificate(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Мостовой Робот"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	key := "DiadocAuth ddauth_api_client_id=" + r.demo.ClientID
	r.auth = key
	require.Equal(t, 401, r.raw("/V3/Authenticate", query{"type": "certificate"}, "application/octet-stream", der).status)
	require.NoError(t, r.sim.AddCertificate(r.demo.Login, der))
	blob := r.raw("/V3/Authenticate", query{"type": "certificate"}, "application/octet-stream", der)
	plain, err := cmssim.Decrypt(private, blob.body)
	require.NoError(t, err)
	require.Equal(t, 401, r.raw("/V3/AuthenticateConfirm", query{"token": b64([]byte("no"))}, "application/octet-stream", der).status)
	token := r.raw("/V3/AuthenticateConfirm", query{"token": b64(plain), "saveBinding": "true"}, "application/octet-stream", der)
	require.Equal(t, 200, token.status, token.text())
	r.auth = key + ",ddauth_token=" + token.text()
	require.Equal(t, 200, r.get("/V2/GetMyUser", nil).status)
	r.clock.Add(24 * time.Hour)
	require.Equal(t, 401, r.get("/V2/GetMyUser", nil).status)
}

func TestOrganizations(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	mine := r.get("/GetMyOrganizations", query{"autoRegister": "false"})
	require.Equal(t, r.demo.Box, mine.str("Organizations", 0, "Boxes", 0, "BoxIdGuid"))
	require.Len(t, mine.at("Organizations", 0, "Departments"), 2)
	require.Len(t, mine.at("Organizations"), 1)
	require.Equal(t, "AllDocuments", r.get("/GetMyEmployee", query{"boxId": r.demo.Box}).str("Permissions", "DocumentAccessLevel"))
	require.Equal(t, r.demo.Partner, r.get("/GetOrganization", query{"inn": "5400000002"}).str("Boxes", 0, "BoxIdGuid"))
	require.Equal(t, 400, r.get("/GetOrganization", nil).status)
	require.Equal(t, 400, r.get("/GetOrganization", query{"inn": "5400000002", "boxId": r.demo.Box}).status)
	require.Equal(t, 404, r.get("/GetOrganization", query{"inn": "5400000009"}).status)
	r.sim.AddOrganization(diadocsim.Organization{INN: "5400000002", KPP: "540001002", FullName: "Филиал"})
	require.Equal(t, 404, r.get("/GetOrganization", query{"inn": "5400000002"}).status, "one INN, two organizations")
	require.Equal(t, "Филиал", r.get("/GetOrganization", query{"inn": "5400000002", "kpp": "540001002"}).str("FullName"))
	require.Equal(t, r.demo.Partner, r.get("/GetOrganization", query{"inn": "5400000002", "kpp": "999999999"}).str("Boxes", 0, "BoxIdGuid"), "the head answers for an unknown kpp")
	rows := r.post("/V2/GetOrganizationsByInnList", query{"myBoxId": r.demo.Box}, object{"InnList": []string{"6600000003"}})
	require.Equal(t, "InvitesMe", rows.str("Organizations", 0, "CounteragentStatus"))
	rows = r.post("/V2/GetOrganizationsByInnList", nil, object{"InnList": []string{"6600000003"}})
	require.Equal(t, "NotInCounteragentList", rows.str("Organizations", 0, "CounteragentStatus"))
	require.Len(t, r.get("/V2/GetOrganizationUsers", query{"boxId": r.demo.Box}).at("Users"), 1)
	require.Len(t, r.get("/GetEmployees", query{"boxId": r.demo.Box, "count": "1", "page": "2"}).at("Employees"), 0)

	inactive := r.sim.AddOrganization(diadocsim.Organization{INN: "1", FullName: "Спящая", Inactive: true})
	require.Len(t, r.get("/GetMyOrganizations", query{"autoRegister": "false"}).at("Organizations"), 1)
	require.Len(t, r.get("/GetMyOrganizations", nil).at("Organizations"), 2, "the default registers the user: %s", inactive)
}

func TestDepartments(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	box := query{"boxId": r.demo.Box}
	body := object{"Name": "Ипотека", "Abbreviation": "ИП", "ParentDepartmentId": r.demo.Sales, "Routing": object{"Kpp": true, "Address": false}}
	made := r.post("/admin/CreateDepartment", box, body)
	id := made.str("Id")
	delete(body, "Routing")
	require.Contains(t, r.post("/admin/CreateDepartment", box, body).text(), "Routing")
	at := query{"boxId": r.demo.Box, "departmentId": id}
	require.Equal(t, r.demo.Sales, r.get("/V2/GetDepartment", at).str("ParentDepartmentId"))
	require.Equal(t, 400, r.post("/admin/UpdateDepartment", query{"boxId": r.demo.Box, "departmentId": r.demo.Sales},
		object{"ParentDepartment": object{"ParentDepartmentId": id}}).status, "no circles")
	require.Equal(t, 409, r.post("/admin/DeleteDepartment", query{"boxId": r.demo.Box, "departmentId": r.demo.Sales}, nil).status)
	require.Equal(t, 200, r.post("/admin/DeleteDepartment", at, nil).status)
	require.Equal(t, 404, r.get("/admin/GetDepartment", at).status)
	require.Len(t, r.get("/admin/GetDepartments", box).at("Departments"), 3, "the head is among them")
}
