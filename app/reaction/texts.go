package reaction

import (
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/realty"
)

// StateText says a state in plain Russian, for cards and pages.
func StateText(r docflow.Record) string {
	if r.System == docflow.Diadoc {
		return diadocText(r)
	}
	switch r.State {
	case docflow.Prepared:
		return "готовится к отправке в Реестро"
	case docflow.Uncertain:
		return "неизвестно, создан ли документооборот"
	case docflow.Queued:
		return "ожидает отправки в Росреестр"
	case docflow.Verified:
		return "проверяются подписи"
	case docflow.Sent:
		return "на рассмотрении в Росреестре"
	case docflow.Suspended:
		return requirementText(r.Requirement)
	case docflow.Completed:
		return "исполнен"
	case docflow.Failed:
		return "ошибка"
	default:
		return string(r.State)
	}
}

func requirementText(q docflow.Requirement) string {
	switch q {
	case docflow.RequireSignature:
		return "нужны подписи"
	case docflow.RequirePayment:
		return "нужно оплатить госпошлину"
	case docflow.RequireAnswer:
		return "Росреестр приостановил рассмотрение"
	default:
		return "требуются дополнительные действия"
	}
}

// subject names what a record is about: a docflow by its type, a message of Диадок by its first document.
func subject(r docflow.Record) string {
	if r.System != docflow.Diadoc || r.Kind == docflow.KindInvitation || len(r.Documents) == 0 {
		return kindText(r.Kind)
	}
	if more := len(r.Documents) - 1; more > 0 {
		return fmt.Sprintf("%s и ещё %d", orText(r.Documents[0].Title, "Документ Диадока"), more)
	}
	return orText(r.Documents[0].Title, "Документ Диадока")
}

// kindText names a docflow type for people.
func kindText(kind string) string {
	names := map[string]string{
		"object_request":                        "Выписка ЕГРН",
		"right_movement_request":                "Регистрация перехода права",
		"equity_agreement_registration_request": "Регистрация ДДУ",
		"right_assignment_request":              "Регистрация уступки права",
		"encumbrance_request":                   "Регистрация обременения",
		"cessation_encumbrance_request":         "Снятие обременения",
		"additional_packet_request":             "Дополнительный пакет",
		"action_request":                        "Сопроводительный запрос",
		docflow.KindInvitation:                  "Приглашение контрагента",
	}
	if name, ok := names[kind]; ok {
		return name
	}
	return kind
}

// commentText is the timeline line of a change: what happened and what to do next.
func commentText(r docflow.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[B]%s[/B]: %s.", kindText(r.Kind), StateText(r))
	switch {
	case r.State == docflow.Suspended && r.Requirement == docflow.RequireSignature:
		b.WriteString("\nПодпишите заявления (они приложены) и приложите откреплённые подписи:")
		for _, s := range r.Unsigned() {
			fmt.Fprintf(&b, "\n• %s", orText(s.Person, "участник сделки"))
		}
	case r.State == docflow.Suspended && r.Requirement == docflow.RequirePayment:
		b.WriteString("\nОплатите госпошлину, Росреестр увидит оплату в течение суток:")
		for _, c := range r.Charges {
			fmt.Fprintf(&b, "\n• УИН %s — %s", c.UIN, sumText(c.Sum))
		}
	case r.State == docflow.Suspended && r.Requirement == docflow.RequireAnswer:
		b.WriteString("\nПрочитайте приложенные документы Росреестра и отправьте дополнительный пакет.")
	case r.State == docflow.Completed && len(r.Files) > 0:
		b.WriteString(" Файлы результата приложены.")
	}
	if r.Refusal != nil {
		fmt.Fprintf(&b, "\n%s", faultText(r))
	}
	if r.State == docflow.Failed && r.ExternalID != "" && r.Kind != string(realty.ObjectRequestKind) {
		b.WriteString("\nЭтот документооборот завершён. Чтобы подать документы снова, исправьте причину и создайте новый.")
	}
	return b.String()
}

// faultText says what is wrong, in Russian.
func faultText(r docflow.Record) string {
	text, _ := r.Fault()
	return text
}

// sumText says a sum; one that the service did not name is not zero roubles.
func sumText(k docflow.Kopecks) string {
	if k == 0 {
		return "сумма не указана"
	}
	return k.String() + " ₽"
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// fileName names a result file for people. A type that the documentation does not list gets its
// extension when the file is read.
func fileName(r docflow.Record, f docflow.File, n int) string {
	name := fmt.Sprintf("%s %d", kindText(r.Kind), n)
	if format := (realty.File{Type: f.Type}).Format(); format != "" {
		name += "." + format
	}
	return name
}
