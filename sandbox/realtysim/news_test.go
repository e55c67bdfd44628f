package realtysim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/realtysim"
)

func TestNewsAlgorithm(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{NewsPage: 2})
	start := r.news("")
	require.Empty(t, start.at("docflowNewsItem"))
	token := start.at("lastToken").(string)
	require.NotEmpty(t, token)
	require.Equal(t, token, r.news("").at("lastToken"), "now does not move by itself")

	id := r.extract("req-1")
	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.Fail(id, "", "no"))

	page := r.news(token)
	require.Len(t, page.at("docflowNewsItem"), 2, "a page holds two")
	require.Equal(t, "queued", page.at("docflowNewsItem", 0, "docflow", "state"))
	require.Equal(t, "req-1", page.at("docflowNewsItem", 0, "docflow", "requestId"))
	require.NotContains(t, page.at("docflowNewsItem", 0, "docflow"), "options", "options come with a get only")
	require.Equal(t, page.at("docflowNewsItem", 1, "token"), page.at("lastToken"))

	first := page.at("docflowNewsItem", 0, "token").(string)
	rest := r.news(first)
	require.Equal(t, "sent", rest.at("docflowNewsItem", 0, "docflow", "state"), "after excludes its event")
	require.Equal(t, "error", rest.at("docflowNewsItem", 1, "docflow", "state"))
	require.Equal(t, "no", rest.at("docflowNewsItem", 1, "docflow", "error", "message"))

	last := rest.at("lastToken").(string)
	empty := r.news(last)
	require.Empty(t, empty.at("docflowNewsItem"))
	require.Equal(t, last, empty.at("lastToken"))
	require.Equal(t, last, r.news("").at("lastToken"), "no after means from now")
}

func TestNewsKeepOldViews(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	token := r.news("").at("lastToken").(string)
	id := r.signed()
	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.ChargeDuty(id, realtysim.Charge{UIN: "7", Sum: 100}, realtysim.Charge{UIN: "8", Sum: 200}))
	require.NoError(t, r.sim.Pay(id, "7"))
	page := r.news(token)
	require.Len(t, page.at("docflowNewsItem", 0, "docflow", "requirements", "signature"), 3)
	require.Len(t, page.at("docflowNewsItem", 3, "docflow", "requirements", "payment"), 2, "as it was when it happened")
}

func TestNewsOfAnAccountStayThere(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	mine := r.news("").at("lastToken").(string)
	r.extract("1")
	r.sim.AddAccount("other", "1", strangers)
	r.sid = r.login("other", "1", strangers)
	token := r.news("").at("lastToken").(string)
	require.Empty(t, r.news(token).at("docflowNewsItem"))
	require.Equal(t, 400, r.news(mine).status, "a token of another account means nothing here")
}

func TestNewsForms(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sw    realtysim.Switches
		check func(t *testing.T, empty, full answer, token string)
	}{
		"other key": {realtysim.Switches{NewsKey: "docflowNews"}, func(t *testing.T, empty, full answer, token string) {
			require.Len(t, full.at("docflowNews"), 1)
			require.NotContains(t, full.json(), "docflowNewsItem")
		}},
		"no last token": {realtysim.Switches{LastToken: realtysim.LastTokenAbsent}, func(t *testing.T, empty, full answer, token string) {
			require.NotContains(t, full.json(), "lastToken")
			require.NotContains(t, empty.json(), "lastToken")
		}},
		"null last token": {realtysim.Switches{LastToken: realtysim.LastTokenNull}, func(t *testing.T, empty, full answer, token string) {
			require.Contains(t, empty.json(), "lastToken")
			require.Nil(t, empty.at("lastToken"))
		}},
		"changing last token": {realtysim.Switches{LastToken: realtysim.LastTokenChanges}, func(t *testing.T, empty, full answer, token string) {
			require.NotEqual(t, token, empty.at("lastToken"))
		}},
		"no content": {realtysim.Switches{LastToken: realtysim.LastTokenNoContent}, func(t *testing.T, empty, full answer, token string) {
			require.Equal(t, 204, empty.status)
			require.Empty(t, empty.body)
		}},
		"old words": {realtysim.Switches{OldStateNames: true, CamelTypes: true}, func(t *testing.T, empty, full answer, token string) {
			require.Equal(t, "queue", full.at("docflowNewsItem", 0, "docflow", "state"))
			require.Equal(t, "objectRequest", full.at("docflowNewsItem", 0, "docflow", "docflowType"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, realtysim.Config{})
			r.sim.SetSwitches(tc.sw)
			token := r.news("").at("lastToken").(string)
			empty := r.news(token)
			r.extract("1")
			tc.check(t, empty, r.news(token), token)
			if next := empty.status == 200 && tc.sw.LastToken == realtysim.LastTokenChanges; next {
				full := r.news(empty.at("lastToken").(string))
				require.Len(t, full.at("docflowNewsItem"), 1, "the changed token stands at the same place")
			}
		})
	}
}

func TestForgottenTokens(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	token := r.news("").at("lastToken").(string)
	r.extract("1")
	r.sim.ForgetNews()
	for _, status := range []int{400, 404, 410} {
		r.sim.SetSwitches(realtysim.Switches{RefusedToken: status})
		require.Equal(t, status, r.news(token).status)
	}
	fresh := r.news("").at("lastToken").(string)
	r.extract("2")
	require.Equal(t, "2", r.news(fresh).at("docflowNewsItem", 0, "docflow", "requestId"))
}

func TestAnswerForms(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	body := r.example("right_movement_request.json")
	r.sim.SetSwitches(realtysim.Switches{RequirementsLater: true, CreateType: true, SummNumber: true, ResultArray: true})
	a := r.create("right_movement_request", body)
	require.Equal(t, 201, a.status)
	require.NotContains(t, a.json(), "requirements")
	require.Equal(t, "right_movement_request", a.at("type"))
	require.NotContains(t, a.json(), "docflowType")
	id := a.at("docflowId").(string)
	require.Len(t, r.get("/docflows/"+id).at("requirements", "signature"), 3)
	require.NoError(t, r.sim.Sign(id))
	require.NoError(t, r.sim.Submit(id))
	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.ChargeDuty(id, realtysim.Charge{UIN: "1", Sum: 35_050}))
	require.InDelta(t, 350.5, r.get("/docflows/"+id).at("requirements", "payment", 0, "summ"), 1e-9)
	require.NoError(t, r.sim.Pay(id, ""))
	require.NoError(t, r.sim.Complete(id))
	require.Equal(t, "egrn:outdoc", r.get("/docflows/"+id).at("result", 0, "type"))

	r.sim.SetSwitches(realtysim.Switches{CreateAlways201: true, LinkBase: "https://api.kontur.ru/realty/v1/"})
	require.Equal(t, 201, r.create("object_request", read(t, "object_request.json")).status)
	require.Equal(t, fmt.Sprintf("https://api.kontur.ru/realty/v1/docflows/%s/files/%s", id, r.docflow(id).Files[0].ID),
		r.get("/docflows/"+id).at("result", "files", 0, "contentLink"))

	r.sim.SetSwitches(realtysim.Switches{EGRON: []string{"77:", "47:14"}})
	require.Equal(t, 501, r.create("object_request", read(t, "object_request.json")).status)
	require.Equal(t, 201, r.create("right_movement_request", body).status, "another district")
	require.Equal(t, []string{"77:", "47:14"}, r.sim.Switches().EGRON)
}
