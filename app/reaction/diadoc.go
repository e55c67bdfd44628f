package reaction

import (
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
)

// diadocHome is where people read documents of Диадок. The documentation gives no address of a single document.
const diadocHome = "https://diadoc.kontur.ru"

// diadocText says a state in plain Russian.
func diadocText(state docflow.State) string {
	texts := map[docflow.State]string{
		docflow.Prepared: "готовится к отправке в Диадок", docflow.Uncertain: "неизвестно, отправлено ли",
		docflow.Draft: "черновик в Диадоке", docflow.Unsent: "не отправлен: нужна наша подпись", docflow.Sent: "отправлен",
		docflow.AwaitingAnswer: "ожидает подписи контрагента", docflow.AllSigned: "подписан", docflow.PartiallySigned: "подписан с разногласиями",
		docflow.Rejected: "в подписи отказано", docflow.RevocationIn: "контрагент просит аннулировать", docflow.RevocationOut: "запрошено аннулирование",
		docflow.Revoked: "аннулирован", docflow.ProxyWait: "ожидает подписи посредника", docflow.ProxyRejected: "посредник отказал в подписи",
		docflow.Amendment: "контрагент просит уточнить", docflow.ReceiptDue: "нужно извещение о получении", docflow.DeliveryError: "не доставлен",
		docflow.Finished: "документооборот завершён", docflow.Deleted: "удалён в Диадоке", docflow.Invited: "приглашение отправлено",
		docflow.Partner: "контрагент принят", docflow.Failed: "ошибка",
	}
	if text, ok := texts[state]; ok {
		return text
	}
	return string(state)
}

// diadocFields are the bridge's own fields of a message.
// An invitation is no message: it leaves the fields of those alone.
func diadocFields(r docflow.Record) map[string]any {
	s := Snapshot(r)
	if r.Kind == docflow.KindInvitation {
		return map[string]any{portal.FieldError: s["error"]}
	}
	link := ""
	if r.ExternalID != "" {
		link = diadocHome
	}
	return map[string]any{portal.FieldDiadocID: r.ExternalID, portal.FieldDiadocStatus: StateText(r), portal.FieldDiadocLink: link,
		portal.FieldError: s["error"]}
}

// diadocComment is the timeline line of a change.
func diadocComment(r docflow.Record, ch docflow.Change) string {
	var b strings.Builder
	if r.Kind == docflow.KindInvitation {
		return invitationComment(r)
	}
	fmt.Fprintf(&b, "[B]Диадок[/B]: %s.", StateText(r))
	for _, d := range ch.Documents {
		fmt.Fprintf(&b, "\n• %s: %s", d.Title, diadocText(d.State))
		if d.Comment != "" {
			fmt.Fprintf(&b, " (%s)", d.Comment)
		}
	}
	if r.Refusal != nil {
		b.WriteString("\n" + r.Refusal.CRMText)
	}
	return b.String()
}

// diadocReturns are what a robot gets of a message's record.
func diadocReturns(r docflow.Record) map[string]any {
	s := Snapshot(r)
	if r.Kind == docflow.KindInvitation {
		return map[string]any{"relation": string(r.State), "box_id": r.ExternalID, "state": string(r.State), "error": s["error"], "error_code": s["error_code"]}
	}
	entities := make([]string, 0, len(r.Documents))
	for _, d := range r.Documents {
		entities = append(entities, d.EntityID)
	}
	return map[string]any{"message_id": r.ExternalID, "entity_ids": entities, "status": string(r.State), "state": string(r.State),
		"link": diadocHome, "error": s["error"], "error_code": s["error_code"]}
}

// invitationComment is the timeline line of an invitation.
func invitationComment(r docflow.Record) string {
	var b strings.Builder
	b.WriteString("[B]Диадок[/B]: ")
	for _, d := range r.Documents {
		fmt.Fprintf(&b, "%s – ", d.Title)
	}
	if r.State == docflow.Rejected {
		b.WriteString("приглашение отклонено.")
	} else {
		b.WriteString(StateText(r) + ".")
	}
	for _, d := range r.Documents {
		if d.Comment != "" {
			b.WriteString("\n" + d.Comment)
		}
	}
	if r.Refusal != nil {
		b.WriteString("\n" + r.Refusal.CRMText)
	}
	return b.String()
}
