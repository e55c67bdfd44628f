package diadocsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/diadocsim"
)

// acquire invites and polls until the task ends.
func (r *rig) acquire(body object) answer {
	r.t.Helper()
	task := r.post("/V3/AcquireCounteragent", query{"myBoxId": r.demo.Box}, body).str("TaskId")
	q := query{"myBoxId": r.demo.Box, "taskId": task}
	running := r.get("/V3/AcquireCounteragentResult", q)
	require.Equal(r.t, 204, running.status)
	require.Equal(r.t, "1", running.header.Get("Retry-After"))
	return r.get("/V3/AcquireCounteragentResult", q)
}

func (r *rig) status(peer string) string {
	r.t.Helper()
	word, err := r.sim.CounteragentStatus(r.demo.Box, peer)
	require.NoError(r.t, err)
	return word
}

func TestInvitationsAndTheirAnswers(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	at := query{"myBoxId": r.demo.Box, "counteragentBoxId": r.demo.Stranger}
	require.Equal(t, 404, r.get("/V3/GetCounteragent", at).status, "no relation")
	require.Equal(t, r.demo.Stranger, r.acquire(object{"BoxId": r.demo.Stranger, "MessageToCounteragent": "Предлагаем"}).str("BoxId"))
	require.Equal(t, "IsInvitedByMe", r.get("/V3/GetCounteragent", at).str("CurrentStatus"))
	require.NoError(t, r.sim.RejectInvitation(r.demo.Stranger, r.demo.Box, "нет"))
	refused := r.get("/V3/GetCounteragent", at)
	require.Equal(t, "RejectsMe", refused.str("CurrentStatus"))
	require.Equal(t, "нет", refused.str("MessageFromCounteragent"))
	r.acquire(object{"BoxId": r.demo.Stranger})
	require.NoError(t, r.sim.AcceptInvitation(r.demo.Stranger, r.demo.Box))
	partner := r.get("/V3/GetCounteragent", at)
	require.Equal(t, "IsMyCounteragent", partner.str("CurrentStatus"))
	require.Equal(t, "00000000-0000-0000-0000-000000000000", partner.str("CounteragentGroupId"))
	r.acquire(object{"BoxId": r.demo.Stranger})
	require.Equal(t, "IsMyCounteragent", r.status(r.demo.Stranger), "a repeat does nothing")

	breakUp := func() answer { return r.post("/V2/BreakWithCounteragent", at, nil) }
	require.Equal(t, 200, breakUp().status)
	require.Equal(t, "IsRejectedByMe", r.status(r.demo.Stranger))
	require.Equal(t, 200, breakUp().status, "no effect, still 200")
	r.acquire(object{"BoxId": r.demo.Stranger})
	require.Equal(t, 200, breakUp().status)
	require.Equal(t, "IsRejectedByMe", r.status(r.demo.Stranger), "a withdrawn invitation goes back")

	r.acquire(object{"BoxId": r.demo.Inviter})
	require.Equal(t, "IsMyCounteragent", r.status(r.demo.Inviter), "their invitation is accepted")
}

func TestInvitationsAreChecked(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	roaming := r.sim.AddOrganization(diadocsim.Organization{INN: "7700000007", FullName: "Роуминг", Roaming: true})
	for name, tc := range map[string]struct {
		body   any
		status int
	}{
		"no target":       {object{}, 400},
		"two targets":     {object{"BoxId": r.demo.Stranger, "Inn": "7800000004"}, 400},
		"unknown box":     {object{"BoxId": "11111111-2222-4333-8444-555555555555"}, 404},
		"bad inn":         {object{"Inn": "12"}, 400},
		"long text":       {object{"BoxId": r.demo.Stranger, "MessageToCounteragent": strings.Repeat("я", 2001)}, 400},
		"roaming":         {object{"BoxId": roaming}, 409},
		"unsigned paper":  {object{"BoxId": r.demo.Stranger, "InvitationDocument": object{"FileName": "a.pdf", "SignedContent": object{"Content": "UEs="}}}, 400},
		"not base64":      {object{"BoxId": r.demo.Stranger, "InvitationDocument": object{"FileName": "a.pdf", "SignedContent": object{"Content": "UEs"}}}, 400},
		"number for text": {object{"BoxId": 7}, 400},
	} {
		require.Equal(t, tc.status, r.post("/V3/AcquireCounteragent", query{"myBoxId": r.demo.Box}, tc.body).status, name)
	}
	require.Equal(t, 404, r.get("/V3/AcquireCounteragentResult", query{"myBoxId": r.demo.Box, "taskId": "no"}).status)
	require.NotEmpty(t, r.acquire(object{"Inn": "7799999999"}).str("BoxId"), "the service makes a box for a company that has none")
	require.NoError(t, r.sim.Hire(r.demo.Box, r.demo.Login, diadocsim.Employee{Actions: []string{"CreateDocuments"}}))
	require.Equal(t, 403, r.post("/V3/AcquireCounteragent", query{"myBoxId": r.demo.Box}, object{"BoxId": r.demo.Stranger}).status)
}

func TestInvitationWithDocument(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	paper := object{"FileName": "Приглашение.pdf", "SignatureRequested": true, "SignedContent": r.signed(r.demo.Box, []byte("приглашаем"))}
	made := r.acquire(object{"BoxId": r.demo.Stranger, "InvitationDocument": paper})
	message, entity := made.str("InvitationDocumentId", "MessageId"), made.str("InvitationDocumentId", "EntityId")
	require.Error(t, r.sim.AcceptInvitation(r.demo.Stranger, r.demo.Box), "it must be signed")
	require.Equal(t, 409, r.post("/V2/BreakWithCounteragent", query{"myBoxId": r.demo.Box, "counteragentBoxId": r.demo.Stranger}, nil).status)
	require.NoError(t, r.sim.Sign(r.demo.Stranger, message, entity))
	require.Equal(t, "IsMyCounteragent", r.status(r.demo.Stranger))

	counter := object{"BoxId": r.demo.Inviter, "InvitationDocument": paper}
	r.acquire(counter)
	require.Equal(t, "InvitesMe", r.status(r.demo.Inviter), "a counter-request with a document never accepts")
	r.sim.SetSwitches(diadocsim.Switches{ForbiddenAcceptance: true})
	require.Equal(t, 409, r.acquire(counter).status)
}

func TestCounteragentLists(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	box := query{"myBoxId": r.demo.Box, "pageSize": "1"}
	var seen []string
	for {
		page := r.get("/V3/GetCounteragents", box)
		require.Equal(t, "2", string(page.at("TotalCount").(interface{ String() string }).String()))
		list, _ := page.at("Counteragents").([]any)
		if len(list) == 0 {
			break
		}
		seen = append(seen, page.str("Counteragents", 0, "CurrentStatus"))
		key := page.str("Counteragents", 0, "IndexKey")
		require.True(t, strings.ContainsAny(key, "+/"), "a key must be escaped")
		box["afterIndexKey"] = key
	}
	require.Equal(t, []string{"IsMyCounteragent", "InvitesMe"}, seen)
	require.Len(t, r.get("/V3/GetCounteragents", query{"myBoxId": r.demo.Box, "counteragentStatus": "InvitesMe"}).at("Counteragents"), 1)
	require.Len(t, r.get("/V3/GetCounteragents", query{"myBoxId": r.demo.Box, "query": "мнимый"}).at("Counteragents"), 1)
	box["query"] = "мнимый"
	require.Equal(t, 400, r.get("/V3/GetCounteragents", box).status, "query excludes afterIndexKey")
	require.Equal(t, 400, r.get("/V3/GetCounteragents", query{"myBoxId": r.demo.Box, "counteragentStatus": "RejectsMe"}).status)

	r.clock.Add(time.Second)
	require.NoError(t, r.sim.BreakUp(r.demo.Inviter, r.demo.Box, ""))
	events := r.get("/V1/GetCounteragentEvents", query{"boxId": r.demo.Box, "limit": "2"})
	require.Equal(t, "IMadeCounteragent", events.str("Events", 0, "EventTypes", 0))
	require.Equal(t, "CounteragentInvitedMe", events.str("Events", 1, "EventTypes", 0))
	rest := r.get("/V1/GetCounteragentEvents", query{"boxId": r.demo.Box, "afterIndexKey": events.str("Events", 1, "IndexKey")})
	require.Equal(t, "CounteragentWithdrewInvitation", rest.str("Events", 0, "EventTypes", 0))
	require.Equal(t, 400, r.get("/V1/GetCounteragentEvents", query{"boxId": r.demo.Box, "afterIndexKey": box["afterIndexKey"]}).status, "a key of another listing")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	box := query{"boxId": r.demo.Box}
	made := r.post("/CreateCounteragentGroup", box, object{"Name": "Опт", "Departments": object{"DepartmentIds": []string{r.demo.Law}}})
	group := query{"boxId": r.demo.Box, "counteragentGroupId": made.str("CounteragentGroupId")}
	common := query{"boxId": r.demo.Box, "counteragentGroupId": "00000000-0000-0000-0000-000000000000"}
	many := make([]string, 420)
	for i := range many {
		many[i] = r.demo.Law
	}
	for name, tc := range map[string]struct {
		path   string
		q      query
		body   any
		status int
	}{
		"name taken":                 {"/CreateCounteragentGroup", box, object{"Name": "Опт"}, 409},
		"no name":                    {"/CreateCounteragentGroup", box, object{}, 400},
		"long name":                  {"/CreateCounteragentGroup", box, object{"Name": strings.Repeat("я", 1025)}, 400},
		"unknown department":         {"/CreateCounteragentGroup", box, object{"Name": "А", "Departments": object{"DepartmentIds": []string{r.demo.Box}}}, 404},
		"too many departments":       {"/CreateCounteragentGroup", box, object{"Name": "А", "Departments": object{"DepartmentIds": many}}, 400},
		"rename default":             {"/UpdateCounteragentGroup", common, object{"Name": "А"}, 400},
		"any with a list":            {"/UpdateCounteragentGroup", group, object{"GroupDepartments": object{"AnyDepartment": true, "Departments": object{"DepartmentIds": []string{r.demo.Law}}}}, 400},
		"some without a list":        {"/UpdateCounteragentGroup", group, object{"GroupDepartments": object{"AnyDepartment": false}}, 400},
		"text for true":              {"/UpdateCounteragentGroup", group, object{"GroupDepartments": object{"AnyDepartment": "true"}}, 400},
		"unknown group":              {"/UpdateCounteragentGroup", query{"boxId": r.demo.Box, "counteragentGroupId": "x"}, object{}, 404},
		"delete default":             {"/DeleteCounteragentGroup", common, nil, 409},
		"add one that is no partner": {"/AddCounteragentToGroup", query{"boxId": r.demo.Box, "counteragentGroupId": group["counteragentGroupId"], "counteragentBoxId": r.demo.Inviter}, nil, 409},
	} {
		a := r.post(tc.path, tc.q, tc.body)
		require.Equal(t, tc.status, a.status, "%s: %s", name, a.text())
	}
	require.Equal(t, 200, r.post("/AddCounteragentToGroup", query{"boxId": r.demo.Box, "counteragentGroupId": group["counteragentGroupId"], "counteragentBoxId": r.demo.Partner}, nil).status)
	require.Equal(t, r.demo.Partner, r.get("/GetCounteragentsFromGroup", group).str("CounteragentBoxId", 0))
	_, err := r.sim.Send(r.demo.Partner, r.demo.Box, diadocsim.Paper{FileName: "a.pdf", Content: []byte("x")})
	require.ErrorContains(t, err, "department", "the group lets its members into one department only")
	require.NotContains(t, r.post("/UpdateCounteragentGroup", group, object{"GroupDepartments": object{"AnyDepartment": true}}).json(), "Departments")
	require.Len(t, r.get("/GetCounteragentGroups", box).at("Groups"), 2)
	require.Equal(t, 200, r.post("/DeleteCounteragentGroup", group, nil).status)
	require.Equal(t, 404, r.get("/GetCounteragentGroup", group).status)
	require.Equal(t, r.demo.Partner, r.get("/GetCounteragentsFromGroup", common).str("CounteragentBoxId", 0), "members fall back to the default group")
	require.NoError(t, r.sim.Hire(r.demo.Box, r.demo.Login, diadocsim.Employee{Actions: []string{"ManageCounteragents"}}))
	require.Equal(t, 403, r.post("/CreateCounteragentGroup", box, object{"Name": "Б"}).status, "administrators only")
	require.Equal(t, 200, r.get("/GetCounteragentGroups", box).status)
}

func TestGroupPages(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	require.NoError(t, r.sim.Partner(r.demo.Box, r.demo.Stranger))
	q := query{"boxId": r.demo.Box, "counteragentGroupId": "00000000-0000-0000-0000-000000000000", "count": "1"}
	first := r.get("/GetCounteragentsFromGroup", q)
	q["afterIndexKey"] = first.str("AfterIndexKey")
	last := r.get("/GetCounteragentsFromGroup", q)
	require.Equal(t, r.demo.Stranger, last.str("CounteragentBoxId", 0))
	require.NotContains(t, last.json(), "AfterIndexKey")
	r.sim.SetSwitches(diadocsim.Switches{KeyOnLastPage: true})
	require.Contains(t, r.get("/GetCounteragentsFromGroup", q).json(), "AfterIndexKey")
}
