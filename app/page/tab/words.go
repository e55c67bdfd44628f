package tab

import (
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
)

func text(ru, en string) page.Text { return page.Text{RU: ru, EN: en} }

// Words names a docflow and its state as the tab does, and the state's colour.
func Words(rec docflow.Record) (kind, state page.Text, colour string) {
	return page.KindName(rec), stateText(rec), mood(rec)
}

// key is a place in a line of steps: a state with what it waits for.
func key(state docflow.State, needs docflow.Requirement) string {
	if state == docflow.Suspended && needs != "" {
		return string(state) + "/" + string(needs)
	}
	return string(state)
}

// The places of Реестро that are more than a state.
var (
	toSign   = key(docflow.Suspended, docflow.RequireSignature)
	toPay    = key(docflow.Suspended, docflow.RequirePayment)
	toAnswer = key(docflow.Suspended, docflow.RequireAnswer)
)

// stepText names a place in a line of steps; a state that the bridge does not know goes by its own word.
func stepText(at string) page.Text {
	known := map[string]page.Text{
		string(docflow.Prepared):  text("Подготовлен", "Prepared"),
		string(docflow.Uncertain): text("Неизвестно, подан ли", "Not known whether filed"),
		string(docflow.Queued):    text("В очереди на отправку", "Waiting to be sent"),
		string(docflow.Verified):  text("Проверка подписей", "Check of signatures"),
		string(docflow.Sent):      text("В Росреестре", "With the registrar"),
		string(docflow.Suspended): text("Нужны действия", "Something is needed"),
		string(docflow.Completed): text("Готово", "Done"),
		string(docflow.Failed):    text("Ошибка", "Error"),
		toSign:                    text("Подписание", "Signatures"),
		toPay:                     text("Оплата пошлины", "Duty"),
		toAnswer:                  text("Приостановлен Росреестром", "Suspended by the registrar"),
	}
	if t, ok := known[at]; ok {
		return t
	}
	if t, ok := documentText(docflow.State(at)); ok {
		return t
	}
	return text(at, at)
}

// documentText names a state of what lives in Диадок.
func documentText(state docflow.State) (page.Text, bool) {
	known := map[docflow.State]page.Text{
		docflow.Prepared:        text("Подготовлен", "Prepared"),
		docflow.Uncertain:       text("Неизвестно, отправлен ли", "Not known whether sent"),
		docflow.Failed:          text("Не отправлен", "Not sent"),
		docflow.Draft:           text("Черновик", "Draft"),
		docflow.Unsent:          text("Ждёт нашей подписи", "Waits for our signature"),
		docflow.Sent:            text("Отправлен", "Sent"),
		docflow.AwaitingAnswer:  text("Ждёт подписи контрагента", "Waits for the counteragent"),
		docflow.AllSigned:       text("Подписан", "Signed"),
		docflow.PartiallySigned: text("Подписан с оговорками", "Signed with reservations"),
		docflow.Rejected:        text("Контрагент отказал", "Refused by the counteragent"),
		docflow.RevocationIn:    text("Контрагент просит аннулировать", "They ask to revoke it"),
		docflow.RevocationOut:   text("Мы просим аннулировать", "We ask to revoke it"),
		docflow.Revoked:         text("Аннулирован", "Revoked"),
		docflow.ProxyWait:       text("Ждёт промежуточного получателя", "Waits for the intermediary"),
		docflow.ProxyRejected:   text("Промежуточный получатель отказал", "Refused by the intermediary"),
		docflow.Amendment:       text("Просят исправить", "A correction is asked for"),
		docflow.ReceiptDue:      text("Ждёт нашего извещения", "Waits for our receipt"),
		docflow.DeliveryError:   text("Не доставлен", "Not delivered"),
		docflow.Finished:        text("Завершён", "Finished"),
		docflow.Deleted:         text("Удалён", "Deleted"),
		docflow.Invited:         text("Приглашение отправлено", "Invited"),
		docflow.Partner:         text("Контрагент принял приглашение", "The counteragent accepted"),
	}
	t, ok := known[state]
	return t, ok
}

// ownText names a document's state as our side sees it: what they send us is named otherwise than what we send.
func ownText(d docflow.Document) page.Text {
	in := d.Direction == docflow.Inbound
	switch {
	case d.State == docflow.AwaitingAnswer && (in || d.OurTurn):
		return text("Ждёт нашей подписи", "Waits for our signature")
	case d.State == docflow.Unsent && in:
		return text("Не подписан отправителем", "Not signed by the sender")
	case d.State == docflow.Rejected && in:
		return text("Мы отказали в подписи", "We refused")
	case d.State == docflow.Amendment && in:
		return text("Мы попросили исправить", "We asked for a correction")
	case d.State == docflow.Sent && in:
		return text("Получен", "Received")
	}
	if t, ok := documentText(d.State); ok {
		return t
	}
	return text(string(d.State), string(d.State))
}

// signingText says what a signing of Диадок waits for; "" when no person is awaited.
func signingText(s *docflow.Signing) page.Text {
	if s == nil {
		return page.Text{}
	}
	switch s.Stage {
	case docflow.SigningAsked:
		return text("Подтвердите подпись на телефоне владельца сертификата.", "Confirm the signature on the phone of the certificate's owner.")
	case docflow.SigningCode:
		return text("Диадок отправил владельцу сертификата код. Откройте «Подписать» у документа и введите код.", "Diadoc has sent the certificate's owner a code. Open \"Sign\" at the document and tell the code.")
	default:
		return text("Идёт подписание.", "It is being signed.")
	}
}

// mood is the colour of a state.
func mood(rec docflow.Record) string {
	switch rec.State {
	case docflow.Completed, docflow.AllSigned, docflow.Partner, docflow.Finished, docflow.PartiallySigned:
		return "good"
	case docflow.Failed, docflow.Uncertain, docflow.Rejected, docflow.ProxyRejected, docflow.DeliveryError:
		return "bad"
	case docflow.Suspended, docflow.Unsent, docflow.RevocationIn, docflow.Amendment, docflow.ReceiptDue, docflow.Draft:
		return "warn"
	case docflow.Revoked, docflow.Deleted:
		return "plain"
	default:
		return "wait"
	}
}

// fileText names a file of a docflow by the service's word for it, such as egrn:extract_info:xml. The words are
// open-ended: one that is not known is shown as it is.
func fileText(kind string) page.Text {
	name, format, _ := strings.Cut(strings.TrimPrefix(kind, "egrn:"), ":")
	known := map[string]page.Text{
		"statement":         text("Заявление", "Statement"),
		"outdoc":            text("Архив документов из ЕГРН", "Archive of documents from the register"),
		"extract_info":      text("Выписка об объекте недвижимости", "Extract about the object"),
		"extract_base":      text("Выписка об основных характеристиках", "Extract of the main characteristics"),
		"extract_ownership": text("Выписка о переходе прав", "Extract on transfers of title"),
		"extract_agreement": text("Выписка о договорах долевого участия", "Extract on equity agreements"),
	}
	t, ok := known[name]
	if !ok {
		return text("Файл «"+kind+"»", "File "+kind)
	}
	if format != "" {
		t = text(t.RU+", "+strings.ToUpper(format), t.EN+", "+strings.ToUpper(format))
	}
	return t
}
