package page

import (
	"fmt"

	"konturbridge/app/docflow"
)

func text(ru, en string) Text { return Text{ru, en} }

// KindName names a docflow type; one that the bridge does not know goes by its own word.
func KindName(rec docflow.Record) Text {
	if rec.System == docflow.Diadoc {
		if rec.Kind == docflow.KindInvitation {
			return text("Приглашение контрагенту в Диадок", "Invitation of a counteragent to Diadoc")
		}
		return text("Документы в Диадоке", "Documents at Diadoc")
	}
	known := map[string]Text{
		"object_request":                        text("Выписка из ЕГРН", "Extract from the register"),
		"right_movement_request":                text("Регистрация перехода права", "Registration of a transfer of title"),
		"equity_agreement_registration_request": text("Регистрация договора долевого участия", "Registration of an equity agreement"),
		"right_assignment_request":              text("Регистрация уступки права", "Registration of an assignment"),
		"encumbrance_request":                   text("Регистрация обременения", "Registration of an encumbrance"),
		"cessation_encumbrance_request":         text("Снятие обременения", "Cessation of an encumbrance"),
		"additional_packet_request":             text("Дополнительный пакет документов", "Additional package of documents"),
		"action_request":                        text("Сопроводительный запрос", "Accompanying request"),
	}
	if t, ok := known[rec.Kind]; ok {
		return t
	}
	return text(rec.Kind, rec.Kind)
}

// CardPath is where a portal shows a card.
func CardPath(c docflow.Card) string {
	if name := c.Entity(); name != "item" {
		return fmt.Sprintf("/crm/%s/details/%d/", name, c.ID)
	}
	return fmt.Sprintf("/crm/type/%d/details/%d/", c.EntityType, c.ID)
}
