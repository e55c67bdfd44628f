package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

// papers are the stories of work on documents of Диадок.
func papers() []Scenario {
	return []Scenario{
		{"diadoc-reject", "Входящий документ отклонён роботом, причина дошла до контрагента", playReject},
		{"diadoc-revoke", "Аннулирование: контрагент согласился с нашим, его собственное отклонено", playRevoke},
		{"diadoc-invite", "Контрагент приглашён, принял приглашение, робот дождался и добавил его в группу", playInvite},
		{"diadoc-files", "Печатная форма, протокол и архив в карточке, пауза Retry-After выдержана", playPrinted},
		{"diadoc-approval", "Документ передан на согласование юристам и согласован", playApproval},
		{"diadoc-call", "Любая операция API по имени: метка на документе поставлена, опечатка названа до обращения", playCall},
	}
}

// robots puts steps on a stage of deals and moves the demo's deal there.
func (w *World) robots(steps ...bitrixsim.Step) error {
	for _, step := range steps {
		w.Portal.PlaceRobot(bitrixsim.Deal, stageOrder, step)
	}
	return w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Sale, stageOrder)
}

func robot(code string, properties map[string]any) bitrixsim.Step {
	return bitrixsim.Step{Robot: code, Properties: properties}
}

// returned waits until the deal's workflow is over, and gives what its robots have returned.
func (w *World) returned(ctx context.Context) ([]map[string]any, error) {
	wf, err := w.ended(ctx, bitrixsim.Deal, w.Demo.Sale)
	if err != nil {
		return nil, err
	}
	for _, values := range wf.Returns {
		if text, _ := values["error"].(string); text != "" {
			return wf.Returns, fmt.Errorf("a robot was told: %s", text)
		}
	}
	return wf.Returns, nil
}

// exchanged sends a document from one box to the other, as people do, and waits until it is there.
func (w *World) exchanged(ctx context.Context, from, to, name string, needReply bool) (message, entity string, err error) {
	message, err = w.Box.Diadoc.Send(from, to, diadocsim.Paper{FileName: name, Content: []byte("%PDF " + name), NeedReply: needReply})
	if err != nil {
		return "", "", err
	}
	return message, w.paper(message).EntityID, w.Until(ctx, "the document is delivered", func() bool { return w.paper(message).Delivered })
}

func (w *World) paper(message string) diadocsim.Document {
	all := w.Box.Diadoc.Documents()
	at := slices.IndexFunc(all, func(d diadocsim.Document) bool { return d.MessageID == message })
	if at < 0 {
		return diadocsim.Document{}
	}
	return all[at]
}

func playReject(ctx context.Context, w *World) error {
	ours, partner := w.Demo.Diadoc.Box, w.Demo.Diadoc.Partner
	message, _, err := w.exchanged(ctx, partner, ours, "Акт.pdf", true)
	if err != nil {
		return err
	}
	w.Say("контрагент прислал документ %s и ждёт подписи", message)
	if err := w.robots(robot("diadoc_reject", map[string]any{"message_id": message, "comment": "В акте неверная сумма", "sign_with": "test"})); err != nil {
		return err
	}
	values, err := w.returned(ctx)
	if err != nil {
		return err
	}
	w.Say("робот вернул статус %v, у контрагента: %s", values[0]["status"], w.paper(message).Response)
	if values[0]["status"] != "rejected" || w.paper(message).Response != "RecipientSignatureRequestRejected" {
		return fmt.Errorf("the document was not rejected: %v, %s", values[0], w.paper(message).Response)
	}
	return nil
}

func playRevoke(ctx context.Context, w *World) error {
	ours, partner := w.Demo.Diadoc.Box, w.Demo.Diadoc.Partner
	mistaken, mistakenEntity, err := w.exchanged(ctx, ours, partner, "Ошибочный счёт.pdf", false)
	if err != nil {
		return err
	}
	valid, validEntity, err := w.exchanged(ctx, ours, partner, "Договор.pdf", true)
	if err != nil {
		return err
	}
	if err := w.Box.Diadoc.Sign(partner, valid, validEntity); err != nil {
		return err
	}
	if err := w.robots(robot("diadoc_revoke", map[string]any{"message_id": mistaken, "comment": "Счёт выставлен по ошибке", "sign_with": "test"}),
		robot("diadoc_reject", map[string]any{"message_id": valid, "comment": "Договор исполняется", "sign_with": "test"})); err != nil {
		return err
	}
	if err := w.Until(ctx, "the partner is asked to revoke", func() bool { return w.paper(mistaken).Revocation == "requested" }); err != nil {
		return err
	}
	w.Say("мост попросил контрагента аннулировать %s", mistaken)
	if err := w.Box.Diadoc.AskRevocation(partner, valid, validEntity, "Передумали"); err != nil {
		return err
	}
	if err := w.Until(ctx, "the request is delivered", func() bool { return w.Box.Diadoc.AcceptRevocation(partner, mistaken, mistakenEntity) == nil }); err != nil {
		return err
	}
	values, err := w.returned(ctx)
	if err != nil {
		return err
	}
	w.Say("робот дождался согласия: %v; на встречную просьбу отвечено отказом, договор в силе: %v", values[0]["status"], values[1]["status"])
	if values[0]["status"] != "revoked" || values[1]["status"] != "signed" || w.paper(valid).Revocation != "rejected" {
		return fmt.Errorf("got %v and %v", values[0], values[1])
	}
	return nil
}

func playInvite(ctx context.Context, w *World) error {
	const stranger = "7800000004"
	ours := w.Demo.Diadoc.Box
	if err := w.robots(robot("diadoc_check_counteragent", map[string]any{"inn": stranger}),
		robot("diadoc_invite", map[string]any{"inn": stranger, "message": "Давайте обмениваться документами в Диадоке"}),
		robot("diadoc_group_create", map[string]any{"name": "Оценщики", "departments": []string{"Отдел продаж"}}),
		robot("diadoc_group_add", map[string]any{"group_id": "Оценщики", "inn": stranger})); err != nil {
		return err
	}
	if err := w.Until(ctx, "the stranger has the invitation", func() bool {
		status, err := w.Box.Diadoc.CounteragentStatus(w.Demo.Diadoc.Stranger, ours)
		return err == nil && status == "InvitesMe"
	}); err != nil {
		return err
	}
	w.Say("приглашение у контрагента")
	if err := w.Box.Diadoc.AcceptInvitation(w.Demo.Diadoc.Stranger, ours); err != nil {
		return err
	}
	if err := w.Until(ctx, "the bridge looks at the relation again", func() bool { // as it does every minute at first
		w.Pass(10 * time.Second)
		status := w.step(1)["relation"]
		return status == "partner"
	}); err != nil {
		return err
	}
	values, err := w.returned(ctx)
	if err != nil {
		return err
	}
	w.Say("сначала: %v; приглашение принято: %v; группа %v", values[0]["relation"], values[1]["relation"], values[2]["group_id"])
	if values[0]["relation"] != "none" || values[2]["group_id"] == "" {
		return fmt.Errorf("got %v", values)
	}
	return nil
}

// step is what the robot of a number in the deal's workflow has returned so far.
func (w *World) step(n int) map[string]any {
	for _, wf := range w.Portal.Workflows() {
		if wf.TemplateID == 0 && len(wf.Returns) > n {
			return wf.Returns[n]
		}
	}
	return nil
}

func playPrinted(ctx context.Context, w *World) error {
	message, _, err := w.exchanged(ctx, w.Demo.Diadoc.Box, w.Demo.Diadoc.Partner, "Договор.pdf", true)
	if err != nil {
		return err
	}
	p := map[string]any{"message_id": message}
	if err := w.robots(robot("diadoc_print_form", p), robot("diadoc_protocol", p), robot("diadoc_zip", p)); err != nil {
		return err
	}
	values, err := w.returned(ctx)
	if err != nil {
		return err
	}
	names := func() (all []string) {
		for _, e := range w.Portal.Timeline(bitrixsim.Deal, w.Demo.Sale) {
			for _, f := range e.Files {
				all = append(all, f.Name)
			}
		}
		return all
	}
	for _, v := range values {
		if err := w.Until(ctx, "the file is in the timeline", func() bool { return slices.Contains(names(), fmt.Sprint(v["file"])) }); err != nil {
			return err
		}
	}
	w.Say("в таймлайне: %s", strings.Join(names(), "; "))
	for _, op := range []string{"GeneratePrintForm", "GenerateDocumentProtocol", "GenerateDocumentZip"} {
		calls := w.Box.Diadoc.Calls(op)
		if len(calls) < 2 || calls[1].At.Sub(calls[0].At) < time.Second {
			return fmt.Errorf("%s was asked for %d times, not after the second that the service wanted", op, len(calls))
		}
	}
	return nil
}

func playApproval(ctx context.Context, w *World) error {
	message, _, err := w.exchanged(ctx, w.Demo.Diadoc.Partner, w.Demo.Diadoc.Box, "Договор.pdf", true)
	if err != nil {
		return err
	}
	with := func(more map[string]any) map[string]any {
		more["message_id"] = message
		return more
	}
	if err := w.robots(robot("diadoc_move", with(map[string]any{"department_id": "Юридический отдел"})),
		robot("diadoc_request_approval", with(map[string]any{"department": "Юридический отдел", "comment": "Проверьте условия", "decision": "approve"})),
		robot("diadoc_resolve", with(map[string]any{"decision": "approve", "comment": "Можно подписывать"}))); err != nil {
		return err
	}
	if _, err := w.returned(ctx); err != nil {
		return err
	}
	decided := len(w.Box.Diadoc.Calls("PostMessagePatch"))
	w.Say("документ перемещён к юристам, согласование запрошено и дано: дополнений к сообщению %d", decided)
	if decided != 2 {
		return fmt.Errorf("%d patches were sent", decided)
	}
	return nil
}

func playCall(ctx context.Context, w *World) error {
	message, entity, err := w.exchanged(ctx, w.Demo.Diadoc.Partner, w.Demo.Diadoc.Box, "Договор.pdf", true)
	if err != nil {
		return err
	}
	body := fmt.Sprintf(`{"BoxId":%q,"MessageId":%q,"CustomDataPatches":[{"ParentEntityId":%q,"Operation":"Set","Key":"deal","Value":"17"}]}`, w.Demo.Diadoc.Box, message, entity)
	if err := w.robots(robot("diadoc_call", map[string]any{"operation": "PostMessagePatch", "body": body}),
		robot("diadoc_call", map[string]any{"operation": "GetDocument", "query": "messageId=" + message + "&entityId=" + entity}),
		robot("diadoc_call", map[string]any{"operation": "GetDocument", "query": "messageID=" + message})); err != nil {
		return err
	}
	wf, err := w.ended(ctx, bitrixsim.Deal, w.Demo.Sale)
	if err != nil {
		return err
	}
	read, refused := fmt.Sprint(wf.Returns[1]["result"]), fmt.Sprint(wf.Returns[2]["error"])
	w.Say("метка в ответе: %t; опечатка: %s", strings.Contains(read, `"deal"`), strings.ReplaceAll(refused, "\n", " "))
	if !strings.Contains(read, `"deal"`) || !strings.Contains(refused, "query.messageID") {
		return fmt.Errorf("got %v", wf.Returns)
	}
	return nil
}
