package portal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The bodies are the contract's examples (page sections 1.3 and 1.4).
const (
	openedPage = "AUTH_ID=be45f066007184&AUTH_EXPIRES=3600&REFRESH_ID=aec41767007184&SERVER_ENDPOINT=https%3A%2F%2Foauth.bitrix.info%2Frest%2F" +
		"&APPLICATION_TOKEN=51856fefc120afa4b628cc82d3935cce&APPLICATION_SCOPE=crm%2Cbizproc%2Cplacement" +
		"&member_id=a223c6b3710f85df22e9377d6c4f7553&status=L&PLACEMENT=DEFAULT"
	installEvent = "event=ONAPPINSTALL&data%5BVERSION%5D=1&data%5BLANGUAGE_ID%5D=ru&ts=1696527000&auth%5Baccess_token%5D=s6p6ecl" +
		"&auth%5Brefresh_token%5D=4s386p3&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix.info%2Frest%2F" +
		"&auth%5Bmember_id%5D=a223c6b3710f85df22e9377d6c4f7553&auth%5Bapplication_token%5D=51856fefc120afa4b628cc82d3935cce"
)

func TestRequestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ form, access, refresh string }{
		"page":  {openedPage, "be45f066007184", "aec41767007184"},
		"event": {installEvent, "s6p6ecl", "4s386p3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := readRequest([]byte(tc.form))
			require.NoError(t, err)
			require.Equal(t, "a223c6b3710f85df22e9377d6c4f7553", r.Member)
			require.Equal(t, "https://oauth.bitrix.info/rest/", r.Server)
			require.EqualValues(t, "51856fefc120afa4b628cc82d3935cce", r.AppToken)
			require.EqualValues(t, tc.access, r.Access)
			require.EqualValues(t, tc.refresh, r.Refresh)
			again, err := readRequest(r.Form)
			require.NoError(t, err)
			require.Equal(t, r, again)
			fresh, err := r.withTokens("new-access", "new-refresh")
			require.NoError(t, err)
			kept, err := readRequest(fresh.Form)
			require.NoError(t, err)
			require.EqualValues(t, "new-access", kept.Access)
			require.EqualValues(t, "new-refresh", kept.Refresh)
			require.Equal(t, r.AppToken, kept.AppToken)
		})
	}
	_, err := Request{Form: []byte("%zz")}.withTokens("a", "b")
	require.Error(t, err)
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://portal.example/rest/":       "https://portal.example",
		"http://127.0.0.1:8080/portal/rest/": "http://127.0.0.1:8080",
		"javascript://x/":                    "",
		"":                                   "",
		"%":                                  "",
	} {
		require.Equal(t, want, Portal{Endpoint: endpoint}.Origin(), endpoint)
	}
}

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte(openedPage))
	f.Add([]byte(installEvent))
	f.Add([]byte("event=&member_id=x"))
	f.Fuzz(func(t *testing.T, form []byte) {
		r, err := readRequest(form)
		if err != nil {
			return
		}
		again, err := readRequest(r.Form)
		require.NoError(t, err)
		require.Equal(t, r.Member, again.Member)
		require.Equal(t, r.Access, again.Access)
		require.Equal(t, r.Refresh, again.Refresh)
		require.Equal(t, r.AppToken, again.AppToken)
	})
}
