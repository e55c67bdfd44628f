package tab

import (
	"net/url"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
)

// button makes the way to an action's form with what is known for it.
func button(lang, code string, title page.Text, known ...string) step {
	q := url.Values{"code": {code}}
	for i := 0; i+1 < len(known); i += 2 {
		if known[i+1] != "" {
			q.Set(known[i], known[i+1])
		}
	}
	return step{Code: code, Title: title.In(lang), Query: q.Encode()}
}

// nextOf lists what else makes sense with a docflow of Реестро. What is needed has a panel of its own.
func nextOf(lang string, rec docflow.Record) []step {
	if rec.System == docflow.Diadoc {
		return nil
	}
	id := string(rec.ID)
	var all []step
	registration := rec.Kind != "object_request" && rec.Kind != "action_request" && rec.Kind != "additional_packet_request"
	if registration && (rec.State == docflow.Sent || rec.State == docflow.Suspended && rec.Requirement != docflow.RequireSignature) {
		all = append(all,
			button(lang, "realty_extra_package", text("Донести документы", "Bring more documents"), "docflow_id", id),
			button(lang, "realty_action", text("Приостановить или отменить", "Suspend or cancel"), "docflow_id", id))
	}
	if rec.State == docflow.Failed {
		if rec.Kind == "object_request" {
			all = append(all, button(lang, "realty_extract", text("Заказать заново", "Order again")))
		} else if registration {
			all = append(all, button(lang, "realty_create", text("Подать заново", "File again"), "docflow_type", rec.Kind))
		}
	}
	return all
}

// documentNext lists what makes sense with a document of a message.
func documentNext(lang string, rec docflow.Record, d docflow.Document) []step {
	of := func(code string, title page.Text) step {
		return button(lang, code, title, "message_id", rec.ExternalID, "entity_id", d.EntityID)
	}
	var (
		sign     = of("diadoc_sign", text("Подписать", "Sign"))
		reject   = of("diadoc_reject", text("Отказать", "Refuse"))
		revoke   = of("diadoc_revoke", text("Аннулировать", "Revoke"))
		print    = of("diadoc_print_form", text("Печатная форма в карточку", "Print form into the card"))
		protocol = of("diadoc_protocol", text("Протокол в карточку", "Protocol into the card"))
	)
	switch d.State {
	case docflow.Draft:
		return []step{of("diadoc_send_draft", text("Отправить", "Send")), of("diadoc_delete", text("Удалить черновик", "Delete the draft"))}
	case docflow.Unsent:
		return []step{sign, of("diadoc_delete", text("Удалить", "Delete"))}
	case docflow.RevocationIn, docflow.ReceiptDue:
		return []step{sign, reject}
	case docflow.Deleted:
		return []step{of("diadoc_restore", text("Восстановить", "Restore"))}
	case docflow.AllSigned, docflow.PartiallySigned:
		return []step{print, protocol, revoke}
	default:
		if d.OurTurn {
			return []step{sign, reject}
		}
		if d.EntityID == "" {
			return nil
		}
		return []step{print, revoke}
	}
}
