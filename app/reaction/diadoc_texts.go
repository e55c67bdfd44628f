package reaction

import (
	"fmt"
	"slices"
	"strings"

	"konturbridge/app/docflow"
)

// diadocText says a state of a message of Диадок in plain Russian, as our side sees it.
func diadocText(r docflow.Record) string {
	at := slices.IndexFunc(r.Documents, func(d docflow.Document) bool { return d.State == r.State })
	if at >= 0 {
		return DocumentText(r.Documents[at])
	}
	return DocumentText(docflow.Document{State: r.State})
}

// DocumentText says a document's state in plain Russian, as our side sees it.
func DocumentText(d docflow.Document) string {
	in := d.Direction == docflow.Inbound
	switch {
	case d.State == docflow.AwaitingAnswer && d.OurTurn:
		return "ждёт нашей подписи"
	case d.State == docflow.Unsent && in:
		return "не подписан отправителем"
	case d.State == docflow.Rejected && in:
		return "мы отказали в подписи"
	case d.State == docflow.Amendment && in:
		return "мы запросили уточнение"
	case d.State == docflow.Sent && in:
		return "получен"
	case d.State == docflow.Finished && in:
		return "получен, действий не требуется"
	}
	texts := map[docflow.State]string{
		docflow.Prepared: "готовится к отправке в Диадок", docflow.Uncertain: "неизвестно, отправлено ли",
		docflow.Draft: "черновик в Диадоке", docflow.Unsent: "не отправлен: нужна наша подпись", docflow.Sent: "отправлен",
		docflow.AwaitingAnswer: "ожидает подписи контрагента", docflow.AllSigned: "подписан", docflow.PartiallySigned: "подписан с разногласиями",
		docflow.Rejected: "контрагент отказал в подписи", docflow.RevocationIn: "контрагент просит аннулировать", docflow.RevocationOut: "мы запросили аннулирование",
		docflow.Revoked: "аннулирован", docflow.ProxyWait: "ожидает подписи посредника", docflow.ProxyRejected: "посредник отказал в подписи",
		docflow.Amendment: "контрагент просит уточнить", docflow.ReceiptDue: "нужно извещение о получении", docflow.DeliveryError: "не доставлен",
		docflow.Finished: "документооборот завершён", docflow.Deleted: "удалён в Диадоке", docflow.Invited: "приглашение отправлено",
		docflow.Partner: "контрагент принят", docflow.Failed: "ошибка",
	}
	if text, ok := texts[d.State]; ok {
		return text
	}
	return string(d.State)
}

// heading begins a timeline line: what came says so first.
func heading(r docflow.Record, ch docflow.Change) string {
	if ch.From == "" && slices.ContainsFunc(r.Documents, func(d docflow.Document) bool { return d.Direction == docflow.Inbound }) {
		return "получен документ от контрагента, " + StateText(r)
	}
	return StateText(r)
}

// detail is what is known of a document beside its state: why it was refused, or who signed it.
func detail(d docflow.Document) string {
	switch {
	case d.Comment != "":
		return d.Comment
	case d.State == docflow.AllSigned || d.State == docflow.PartiallySigned:
		return d.SignedBy
	case d.State == docflow.AwaitingAnswer && !d.OurTurn && d.Delivered:
		return "доставлен"
	}
	return ""
}

// step says what is to be done about a document next; "" where nothing is, or it is the other side's turn.
func step(d docflow.Document) string {
	switch {
	case d.State == docflow.AwaitingAnswer && d.OurTurn:
		return "Подпишите документ или откажите в подписи: роботом на карточке либо в Диадоке"
	case d.State == docflow.Unsent && d.OurTurn:
		return "Подпишите документ, чтобы он был отправлен: роботом на карточке либо в Диадоке"
	case d.State == docflow.RevocationIn:
		return "Согласитесь на аннулирование или откажите в нём"
	case d.State == docflow.ReceiptDue && d.OurTurn:
		return "Отправьте извещение о получении в Диадоке"
	case d.State == docflow.Amendment && d.Direction != docflow.Inbound:
		return "Исправьте документ и отправьте его заново"
	case d.State == docflow.Rejected && d.Direction != docflow.Inbound:
		return "Выясните причину отказа; исправленный документ отправьте заново"
	case d.State == docflow.DeliveryError:
		return "Проверьте, что контрагент принимает документы через Диадок, и отправьте документ заново"
	}
	return ""
}

// nextSteps lists what is to be done about some documents, each thing once.
func nextSteps(documents []docflow.Document) []string {
	var steps []string
	for _, d := range documents {
		if s := step(d); s != "" && !slices.Contains(steps, s+".") {
			steps = append(steps, s+".")
		}
	}
	return steps
}

// documentTodos lists what people have to do after documents have become ours to act on: a line for each thing,
// with the documents that it is about.
func documentTodos(r docflow.Record, ch docflow.Change) []string {
	if r.Signing != nil { // the owner of the certificate is told what to do
		return nil
	}
	var (
		lines []string
		about = map[string][]string{}
	)
	for _, d := range ch.Ours {
		s := step(d)
		if s == "" {
			continue
		}
		if about[s] == nil {
			lines = append(lines, s)
		}
		about[s] = append(about[s], d.Title)
	}
	for i, s := range lines {
		lines[i] = fmt.Sprintf("%s (%s)", s, strings.Join(about[s], ", "))
	}
	return lines
}

// arrivedFiles are the documents of a message that has just come, to be shown in the card.
func arrivedFiles(r docflow.Record, ch docflow.Change) []FileItem {
	if ch.From != "" {
		return nil
	}
	var files []FileItem
	for _, d := range r.Documents {
		if d.Direction == docflow.Inbound && d.EntityID != "" && d.State != docflow.Deleted {
			files = append(files, FileItem{ID: d.EntityID, Name: orText(d.File, d.Title)})
		}
	}
	return files
}

// documentsSnapshot is what expressions see of a message's documents.
func documentsSnapshot(r docflow.Record) []any {
	all := make([]any, 0, len(r.Documents))
	for _, d := range r.Documents {
		signed := signedReturns(d)
		all = append(all, map[string]any{"entity_id": d.EntityID, "title": d.Title, "type": d.Type, "number": d.Number, "file": d.File,
			"state": string(d.State), "state_text": DocumentText(d), "direction": string(d.Direction), "our_turn": d.OurTurn, "delivered": d.Delivered,
			"resolution": d.Resolution, "comment": d.Comment, "signed_by": signed["signed_by"], "signed_at": signed["signed_at"]})
	}
	return all
}
