package action_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

// The counteragents of the sandbox.
const (
	partnerINN  = "5400000002"
	inviterINN  = "6600000003"
	strangerINN = "7800000004"
	closedINN   = "2300000005"
)

// TestCheckingCounteragents: an organisation is found by its INN, or by that of the card's company, and its relation
// is told in words that processes can compare.
func TestCheckingCounteragents(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	for inn, relation := range map[string]string{partnerINN: "partner", inviterINN: "invites_us", strangerINN: "none", closedINN: "none"} {
		told := d.fine(t, "diadoc_check_counteragent", props{"inn": inn})
		require.Equal(t, "Y", told["found"])
		require.Equal(t, relation, told["relation"], inn)
		require.NotEmpty(t, told["box_id"])
		require.Contains(t, told["organization"], "ООО")
	}
	told := d.fine(t, "diadoc_check_counteragent", props{"inn": "7700000099"})
	require.Equal(t, "N", told["found"], "that is an answer")
	require.Contains(t, d.no(t, "invalid_field", "diadoc_check_counteragent", props{"inn": "77000"}), "10 цифр")
	require.Contains(t, d.no(t, "own_box", "diadoc_check_counteragent", props{"inn": "7700000001"}), "нашей же")

	branch := d.sim.AddOrganization(diadocsim.Organization{INN: strangerINN, KPP: "780043001", FullName: "Филиал", ShortName: "Филиал"})
	require.Contains(t, d.no(t, "counteragent_ambiguous", "diadoc_check_counteragent", props{"inn": strangerINN}), branch, "a person chooses")
	require.Equal(t, "Филиал", d.fine(t, "diadoc_check_counteragent", props{"inn": strangerINN, "kpp": "780043001"})["organization"])
	require.Equal(t, branch, d.fine(t, "diadoc_check_counteragent", props{"inn": strangerINN, "box_id": branch})["box_id"])

	require.Contains(t, d.no(t, "invalid_field", "diadoc_check_counteragent", props{}), "реквизитов с ИНН", "the deal has no company")
	company := d.demo.Portal.CreateItem(bitrixsim.Company, map[string]any{"title": "Застройщик"})
	d.demo.Portal.AddRequisite(bitrixsim.Company, company, map[string]any{"RQ_INN": partnerINN, "RQ_KPP": "540001001"})
	require.NoError(t, d.demo.Portal.UpdateItem(bitrixsim.Deal, d.demo.Sale, map[string]any{"companyId": company}))
	require.Equal(t, "partner", d.fine(t, "diadoc_check_counteragent", props{})["relation"])

	require.Equal(t, "rejected_by_us", d.fine(t, "diadoc_break", props{"inn": partnerINN, "comment": "Договор закончился"})["relation"])
	require.Equal(t, "rejected_by_us", d.fine(t, "diadoc_break", props{"inn": partnerINN})["relation"], "once more changes nothing")
	require.Contains(t, d.no(t, "invalid_field", "diadoc_break", props{"inn": partnerINN, "comment": strings.Repeat("я", 5001)}), "5000")
}

// TestInviting: an invitation is followed until it is answered, whatever is lost on the way, and robots hear of it.
func TestInviting(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	for name, c := range map[string]struct {
		act   func() error
		state docflow.State
		inn   string
	}{
		"accepted": {func() error { return d.sim.AcceptInvitation(d.demo.Diadoc.Stranger, d.demo.Diadoc.Box) }, docflow.Partner, strangerINN},
		"rejected": {func() error {
			return d.sim.RejectInvitation(d.demo.Diadoc.Closed, d.demo.Diadoc.Box, "Не работаем с агентствами")
		}, docflow.Rejected, closedINN},
	} {
		d.sim.DropAnswerNext("AcquireCounteragent")
		row := d.call(t, "diadoc_invite", d.demo.Sale, props{"inn": c.inn, "message": "Давайте обмениваться"})
		_, err := d.worker.Work(t.Context(), row)
		require.Error(t, err)
		calls := d.sent("AcquireCounteragent")
		follow := followRow(t, d, d.run(t, row))
		require.Equal(t, calls, d.sent("AcquireCounteragent"), "the relation tells that the invitation arrived")
		require.Empty(t, d.answers(t, d.demo.Sale), "the robot waits")
		result := d.follow(t, follow)
		require.Equal(t, lane.Aside, result.Verdict, name)
		require.Equal(t, d.Now().Add(time.Minute), result.At)
		require.Equal(t, docflow.Invited, d.record(t).State)
		d.Add(20 * time.Hour)
		result = d.follow(t, follow)
		require.Equal(t, d.Now().Add(time.Hour), result.At, "less and less often")
		d.sim.FailNext("GetCounteragent", 500, 1)
		require.Equal(t, lane.Aside, d.follow(t, follow).Verdict, "a failure ends nothing")
		require.NoError(t, c.act())
		require.Equal(t, lane.Done, d.follow(t, follow).Verdict)
		require.Equal(t, c.state, d.record(t).State)
		told := d.answers(t, d.demo.Sale)
		require.Len(t, told, 1)
		require.Equal(t, string(c.state), told[0]["relation"])
		require.NotEmpty(t, told[0]["box_id"])
		require.Equal(t, lane.Done, d.follow(t, follow).Verdict)
	}
	require.Equal(t, "partner", d.fine(t, "diadoc_invite", props{"inn": partnerINN})["relation"], "at once")

	row := d.call(t, "diadoc_invite", d.demo.Sale, props{"inn": inviterINN})
	follow := followRow(t, d, d.run(t, row))
	result, err := d.worker.Follower().Work(t.Context(), follow)
	require.NoError(t, err)
	require.Equal(t, lane.Aside, result.Verdict, "the task runs")
	d.Add(2 * time.Second)
	require.Equal(t, lane.Done, d.follow(t, follow).Verdict)
	require.Equal(t, "partner", d.answers(t, d.demo.Sale)[0]["relation"], "their invitation is accepted")

	follow = followRow(t, d, d.do(t, "diadoc_invite", d.demo.Sale, props{"inn": "7800000099", "message": "Приходите в Диадок"}))
	d.Add(2 * time.Second)
	_, err = d.worker.Follower().Work(t.Context(), follow)
	require.NoError(t, err)
	d.Add(2 * time.Second)
	d.follow(t, follow)
	require.Equal(t, docflow.Invited, d.record(t).State, "the service makes a box for who has none")
	require.NotEmpty(t, d.record(t).ExternalID)

	require.Contains(t, d.no(t, "counteragent_not_found", "diadoc_invite", props{"inn": "7800000098", "kpp": "780001009"}), "нет организации")
	require.Contains(t, d.no(t, "invalid_field", "diadoc_invite", props{"inn": "7800000097", "message": strings.Repeat("я", 2001)}), "2000")
}

// TestInvitingRefused: what the service says to an invitation that it can't carry out comes to the robot.
func TestInvitingRefused(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	roaming := d.sim.AddOrganization(diadocsim.Organization{INN: "9900000009", KPP: "990001001", FullName: "Роуминг", ShortName: "ООО «Роуминг»", Roaming: true})
	require.NotEmpty(t, roaming)
	told := d.told(t, "diadoc_invite", props{"inn": "9900000009"})
	require.Equal(t, "error", told["state"])
	require.Contains(t, told["error"], "роуминга")
	require.Equal(t, "conflict", told["error_code"])
}

// TestGroups: groups have unique names, and only partners can be in them; a lost answer makes no second group.
func TestGroups(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.sim.DropAnswerNext("CreateCounteragentGroup")
	row := d.stored(t, d.call(t, "diadoc_group_create", d.demo.Sale, props{"name": "Опт", "departments": []string{"Отдел продаж", d.demo.Diadoc.Law}}))
	_, err := d.worker.Work(t.Context(), row)
	require.Error(t, err)
	row = d.reload(t, "diadoc_group_create") // the process died
	d.run(t, row)
	group, _ := d.answers(t, d.demo.Sale)[0]["group_id"].(string)
	require.NotEmpty(t, group)
	require.Equal(t, 1, d.sent("CreateCounteragentGroup"))

	require.Contains(t, d.no(t, "name_taken", "diadoc_group_create", props{"name": "Опт"}), "«Опт»")
	require.Contains(t, d.no(t, "invalid_field", "diadoc_group_create", props{"name": strings.Repeat("я", 1025)}), "1024")
	many := make([]string, 420)
	for i := range many {
		many[i] = d.demo.Diadoc.Law
	}
	require.Contains(t, d.no(t, "invalid_field", "diadoc_group_create", props{"name": "Все", "departments": many}), "419")

	d.fine(t, "diadoc_group_update", props{"group_id": "опт", "name": "Опт, СЗФО", "departments": "any"})
	there, err := d.office.GetCounteragentGroup(t.Context(), diadoc.BoxID(d.demo.Diadoc.Box), diadoc.GroupID(group))
	require.NoError(t, err)
	require.Equal(t, "Опт, СЗФО", there.Name)
	require.Nil(t, there.Departments)
	require.Contains(t, d.no(t, "invalid_field", "diadoc_group_update", props{"group_id": group}), "новое имя")
	require.Contains(t, d.no(t, "default_group", "diadoc_group_update", props{"group_id": "По умолчанию", "name": "Иначе"}), "переименовать")
	require.Contains(t, d.no(t, "not_found", "diadoc_group_update", props{"group_id": "Розница", "name": "Иначе"}), "Опт, СЗФО")

	d.fine(t, "diadoc_group_add", props{"group_id": "Опт, СЗФО", "inn": partnerINN})
	require.Contains(t, d.no(t, "not_a_partner", "diadoc_group_add", props{"group_id": group, "inn": strangerINN}), "пригласите")

	d.sim.DropAnswerNext("DeleteCounteragentGroup")
	row = d.stored(t, d.call(t, "diadoc_group_delete", d.demo.Sale, props{"group_id": group}))
	_, err = d.worker.Work(t.Context(), row)
	require.Error(t, err)
	d.run(t, d.reload(t, "diadoc_group_delete"))
	require.Empty(t, d.answers(t, d.demo.Sale)[0]["error"])
	require.Contains(t, d.no(t, "default_group", "diadoc_group_delete", props{"group_id": string(diadoc.DefaultGroup)}), "удалить")
	_, err = d.office.GetCounteragentGroup(t.Context(), diadoc.BoxID(d.demo.Diadoc.Box), diadoc.GroupID(group))
	require.True(t, errors.Is(err, diadoc.ErrNotFound))

	require.NoError(t, d.sim.Hire(d.demo.Diadoc.Box, d.demo.Diadoc.Login, diadocsim.Employee{Position: "Стажёр"}))
	require.Contains(t, d.no(t, "no_access", "diadoc_group_create", props{"name": "Ещё"}), "администратор")
}

// TestInvitingWithADocument: the document goes with its signature, and only its revocation takes such an invitation back.
func TestInvitingWithADocument(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"Соглашение.pdf", "соглашение"})
	p := props{"inn": strangerINN, "document": filesField}
	require.Contains(t, d.no(t, "invalid_field", "diadoc_invite", p), "должен быть подписан")
	d.attach(t, [2]string{"Соглашение.pdf", "соглашение"}, [2]string{"Соглашение.pdf.sig", d.signature(t, "другой файл")})
	require.Contains(t, d.no(t, "invalid_field", "diadoc_invite", p), "подписан другой")
	require.Zero(t, d.sent("AcquireCounteragent"))

	d.attach(t, [2]string{"Соглашение.pdf", "соглашение"}, [2]string{"Соглашение.pdf.sig", d.signature(t, "соглашение")})
	follow := followRow(t, d, d.do(t, "diadoc_invite", d.demo.Sale, p))
	d.Add(pace)
	_, err := d.worker.Follower().Work(t.Context(), follow)
	require.NoError(t, err)
	d.Add(pace)
	d.follow(t, follow)
	require.Equal(t, docflow.Invited, d.record(t).State)
	require.Contains(t, d.no(t, "conflict", "diadoc_break", props{"inn": strangerINN}), "Аннулируйте этот документ")
	require.Contains(t, d.no(t, "wrong_state", "diadoc_invite", props{"inn": inviterINN, "document": filesField}), "без документа")
}
