package reaction

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
)

// diadocHome is where people read documents of Диадок. The documentation gives no address of a single document.
const diadocHome = "https://diadoc.kontur.ru"

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
	fmt.Fprintf(&b, "[B]Диадок[/B]: %s.", heading(r, ch))
	for _, d := range ch.Documents {
		fmt.Fprintf(&b, "\n• %s: %s", d.Title, DocumentText(d))
		if said := detail(d); said != "" {
			fmt.Fprintf(&b, " (%s)", said)
		}
	}
	if r.Signing == nil { // else the owner of the certificate is told what to do
		for _, step := range nextSteps(ch.Documents) {
			b.WriteString("\n" + step)
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
		relation := string(r.State)
		if r.State == docflow.Prepared || r.State == docflow.Failed {
			relation = "" // where it stands with them is not known
		}
		return map[string]any{"relation": relation, "box_id": r.ExternalID, "state": string(r.State), "error": s["error"], "error_code": s["error_code"]}
	}
	entities := make([]string, 0, len(r.Documents))
	for _, d := range r.Documents {
		entities = append(entities, d.EntityID)
	}
	values := map[string]any{"message_id": r.ExternalID, "entity_ids": entities, "status": string(r.State), "state": string(r.State),
		"link": diadocHome, "error": s["error"], "error_code": s["error_code"]}
	for _, d := range r.Documents {
		if d.SignedBy != "" {
			maps.Copy(values, signedReturns(d))
			break
		}
	}
	return values
}

// documentReturns are what a robot gets that waits for one document: its own status instead of the message's.
func documentReturns(r docflow.Record, entity string) map[string]any {
	values := ReturnValues(r)
	if d, ok := r.Document(entity); ok && r.State != docflow.Uncertain && r.State != docflow.Failed {
		values["status"], values["state"] = string(d.State), string(d.State)
		maps.Copy(values, signedReturns(d))
	}
	return values
}

// signedReturns tell who signed on the other side, or here where the document came in.
func signedReturns(d docflow.Document) map[string]any {
	at := ""
	if !d.SignedAt.IsZero() {
		at = d.SignedAt.UTC().Format(time.RFC3339)
	}
	return map[string]any{"signed_by": d.SignedBy, "signed_at": at}
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

// Unsigned has the card remind people of a signature that was not given.
func Unsigned(r docflow.Record, refusal *docflow.Refusal) []Effect {
	return []Effect{effect(r.Portal, r.Card, r.ID, Todo, TextParams{Text: refusal.CRMText, Plain: true})}
}

// ToConfirm has the card say what the owner of a cloud certificate must do for a message to be signed.
func ToConfirm(r docflow.Record, line string) []Effect {
	return []Effect{
		effect(r.Portal, r.Card, r.ID, Comment, CommentParams{Text: "[B]Диадок[/B]: " + line}),
		effect(r.Portal, r.Card, r.ID, Todo, TextParams{Text: line, Plain: true}),
	}
}
