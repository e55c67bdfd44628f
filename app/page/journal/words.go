package journal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/journal"
	"konturbridge/app/page"
)

func text(ru, en string) page.Text { return page.Text{RU: ru, EN: en} }

// known looks a word up; what the bridge does not know goes by its own.
func known(words map[string]page.Text, word, lang string) string {
	if t, ok := words[word]; ok {
		return t.In(lang)
	}
	return word
}

// serviceWord names rows that run no action of the catalogue.
func serviceWord(job journal.Job, lang string) string {
	return known(map[string]page.Text{
		"event":              text("Изменение карточки", "A change of the card"),
		"decide":             text("Решение о неясной подаче", "A decision about an unclear filing"),
		"follow":             text("Ожидание ответа контрагента", "Waiting for a counteragent's answer"),
		"effects":            text("Запись в Битрикс24", "Writing into Bitrix24"),
		"robot-deadline":     text("Ответ роботу к его сроку", "An answer to a rule by its deadline"),
		"offline":            text("Чтение пропущенных событий", "Reading of missed events"),
		"notice":             text("Сигнал о пропущенных событиях", "A notice of missed events"),
		"sweep":              text("Поиск пропущенных изменений", "A search for missed changes"),
		"watchdog":           text("Поиск зависших процессов", "A search for stuck workflows"),
		"end-workflow":       text("Завершение процесса", "Ending of a workflow"),
		"setup":              text("Настройка портала", "Setup of the portal"),
		"setup-check":        text("Проверка настройки портала", "A check of the portal's setup"),
		"connection-refused": text("Сообщение об отказе подключения", "A word about a refused connection"),
		"incoming":           text("Карточка для документа из Диадока", "A card for a document from Diadoc"),
		"erase":              text("Удаление данных портала", "Erasing of the portal's data"),
	}, job.Kind, lang)
}

// arrival says how a row came.
func arrival(job journal.Job, lang string) string {
	return known(map[string]page.Text{
		"robot":  text("Робот", "Automation rule"),
		"hook":   text("Вебхук процесса", "Webhook of a workflow"),
		"event":  text("Событие", "Event"),
		"action": text("Триггер", "Trigger"),
		"page":   text("Страница", "Page"),
		"decide": text("Страница", "Page"),
	}, job.Kind, lang)
}

// arrives reports whether rows of a kind were asked for by somebody outside.
func arrives(kind string) bool { return arrival(journal.Job{Kind: kind}, "ru") != kind }

// jobChip is a row's state in a word.
func jobChip(job journal.Job, lang string) page.Chip {
	kind, word := "plain", text(job.State, job.State)
	switch job.State {
	case "waiting":
		kind, word = "wait", text("В работе", "In work")
		if job.Tries > 0 {
			kind, word = "warn", text("Повторяется", "Trying again")
		}
	case "done":
		kind, word = "good", text("Выполнено", "Done")
	case "dead":
		kind, word = "bad", text("Не выполнено", "Failed")
	case "canceled":
		kind, word = "plain", text("Отменено", "Canceled")
	}
	return page.Chip{Kind: kind, Text: word.In(lang)}
}

// cardOf names the card of a row and links it; "" when the row is about none.
func cardOf(part, origin, lang string) (name, link string) {
	kind, id, ok := strings.Cut(strings.TrimPrefix(part, "fx/"), ":")
	entity, err := strconv.Atoi(kind)
	number, err2 := strconv.ParseInt(id, 10, 64)
	if !ok || err != nil || err2 != nil {
		return "", ""
	}
	return cardName(docflow.Card{EntityType: entity, ID: number}, lang), cardLink(docflow.Card{EntityType: entity, ID: number}, origin)
}

func cardName(card docflow.Card, lang string) string {
	switch card.Entity() {
	case "lead":
		return fmt.Sprintf("%s %d", text("Лид", "Lead").In(lang), card.ID)
	case "deal":
		return fmt.Sprintf("%s %d", text("Сделка", "Deal").In(lang), card.ID)
	default:
		return fmt.Sprintf("%s %d (%s %d)", text("Элемент", "Item").In(lang), card.ID, text("тип", "type").In(lang), card.EntityType)
	}
}

func cardLink(card docflow.Card, origin string) string {
	if origin == "" {
		return ""
	}
	return origin + page.CardPath(card)
}

// kindWord names a docflow.
func kindWord(rec docflow.Record, lang string) string { return page.KindName(rec).In(lang) }

// stateChip is a docflow's state in words.
func stateChip(state docflow.State, needs docflow.Requirement, lang string) page.Chip {
	kind := "wait"
	switch state {
	case docflow.Completed, docflow.AllSigned, docflow.Partner, docflow.Finished:
		kind = "good"
	case docflow.Failed, docflow.Rejected, docflow.ProxyRejected, docflow.DeliveryError, docflow.Uncertain:
		kind = "bad"
	case docflow.Suspended, docflow.Amendment, docflow.RevocationIn, docflow.Unsent:
		kind = "warn"
	}
	return page.Chip{Kind: kind, Text: stateWord(state, needs, lang)}
}

func stateWord(state docflow.State, needs docflow.Requirement, lang string) string {
	if state == docflow.Suspended && needs != "" {
		return known(map[string]page.Text{
			string(docflow.RequireSignature): text("Нужны подписи", "Signatures are needed"),
			string(docflow.RequirePayment):   text("Нужна оплата госпошлины", "The duty is to be paid"),
			string(docflow.RequireAnswer):    text("Нужен ответ регистратору", "The registrar awaits an answer"),
		}, string(needs), lang)
	}
	return known(map[string]page.Text{
		string(docflow.Prepared):        text("Подготовлен", "Prepared"),
		string(docflow.Uncertain):       text("Неизвестно, подан ли", "Not known whether filed"),
		string(docflow.Queued):          text("В очереди на отправку", "Waiting to be sent"),
		string(docflow.Verified):        text("Проверка подписей", "Check of signatures"),
		string(docflow.Sent):            text("Отправлен", "Sent"),
		string(docflow.Suspended):       text("Нужны действия", "Something is needed"),
		string(docflow.Completed):       text("Завершён", "Completed"),
		string(docflow.Failed):          text("Ошибка", "Error"),
		string(docflow.Draft):           text("Черновик", "Draft"),
		string(docflow.Unsent):          text("Ждёт нашей подписи", "Awaits our signature"),
		string(docflow.AwaitingAnswer):  text("Ждёт подписи контрагента", "Awaits the counteragent"),
		string(docflow.AllSigned):       text("Подписан", "Signed"),
		string(docflow.PartiallySigned): text("Подписан с разногласиями", "Signed with reservations"),
		string(docflow.Rejected):        text("Отказано в подписи", "Signature refused"),
		string(docflow.RevocationIn):    text("Нас просят аннулировать", "They ask to revoke it"),
		string(docflow.RevocationOut):   text("Просим аннулировать", "We ask to revoke it"),
		string(docflow.Revoked):         text("Аннулирован", "Revoked"),
		string(docflow.ProxyWait):       text("Ждёт посредника", "Awaits the intermediary"),
		string(docflow.ProxyRejected):   text("Отказ посредника", "Refused by the intermediary"),
		string(docflow.Amendment):       text("Просят уточнить", "A correction is asked for"),
		string(docflow.ReceiptDue):      text("Нужно извещение", "A receipt is due"),
		string(docflow.DeliveryError):   text("Ошибка доставки", "Not delivered"),
		string(docflow.Finished):        text("Завершён", "Finished"),
		string(docflow.Deleted):         text("Удалён", "Deleted"),
		string(docflow.Invited):         text("Приглашение отправлено", "Invited"),
		string(docflow.Partner):         text("Контрагент принял приглашение", "Accepted"),
	}, string(state), lang)
}

// causeWord says what brought a state.
func causeWord(cause, lang string) string {
	return known(map[string]page.Text{
		docflow.CausePrepared: text("мост подготовил запрос", "the bridge prepared the request"),
		docflow.CauseNews:     text("новость сервиса", "the service's news"),
		docflow.CauseGet:      text("сверка с сервисом", "a look at the service"),
		docflow.CauseCreate:   text("ответ на подачу", "the answer to the filing"),
		docflow.CauseSubmit:   text("ответ на отправку", "the answer to the submission"),
		docflow.CauseSearch:   text("найден в новостях после потерянного ответа", "found in the news after a lost answer"),
		docflow.CausePerson:   text("решил человек", "a person decided"),
		docflow.CauseAct:      text("прочитан сразу после действия", "read right after an act"),
	}, cause, lang)
}

// effectWord names an effect.
func effectWord(kind, lang string) string {
	return known(map[string]page.Text{
		"set_fields":         text("Поля карточки", "Fields of the card"),
		"attach_files":       text("Файлы в карточке", "Files in the card"),
		"comment":            text("Запись в таймлайне", "A line of the timeline"),
		"move_stage":         text("Перевод по стадии", "Move to a stage"),
		"todo":               text("Дело", "A to-do"),
		"notify":             text("Уведомление", "A notice"),
		"start_workflow":     text("Запуск процесса", "Start of a workflow"),
		"end_workflow":       text("Завершение процесса", "Ending of a workflow"),
		"automation_trigger": text("Триггер автоматизации", "An automation trigger"),
		"robot_log":          text("Строка в журнале процесса", "A line of the workflow's log"),
		"robot_return":       text("Ответ роботу", "The answer to a rule"),
	}, kind, lang)
}

// systemWord names who was called.
func systemWord(system, lang string) string {
	return known(map[string]page.Text{
		"bitrix": text("Битрикс24", "Bitrix24"), "bitrix-oauth": text("Сервер авторизации", "Authorization server"),
		"realty": text("Реестро", "Reestro"), "diadoc": text("Диадок", "Diadoc"),
	}, system, lang)
}

// answerWord says what an answer was.
func answerWord(c journal.Call, lang string) string {
	word := known(map[string]page.Text{
		"": text("успешно", "good"), "retry": text("сбой", "fault"), "wait": text("просит подождать", "asks to wait"),
		"relogin": text("вход не принят", "login not taken"), "refused": text("отказ", "refused"), "broken": text("ответ не понят", "not understood"),
	}, c.Class, lang)
	if c.Status == 0 {
		return word + ", " + text("ответа нет", "no answer").In(lang)
	}
	return fmt.Sprintf("%s (%d)", word, c.Status)
}

// advice says what a person may do about a failure of that class.
func advice(class, lang string) string {
	return known(map[string]page.Text{
		"":        text("Прочитайте причину, исправьте карточку или настройки и нажмите «Повторить».", "Read why, put the card or the settings in order, and press Retry."),
		"retry":   text("Сервис не отвечал, и повторы не помогли. Когда он заработает, нажмите «Повторить»: дважды ничего не подаётся.", "The service did not answer, and trying again did not help. Press Retry once it works: nothing is filed twice."),
		"wait":    text("Сервис просил подождать. Нажмите «Повторить» позже.", "The service asked to wait. Press Retry later."),
		"relogin": text("Вход не принят. Проверьте логин, пароль или права на странице настроек, затем нажмите «Повторить».", "The login was not taken. Check login, password or rights on the settings page, then press Retry."),
		"refused": text("Сервис отказал: повтор без изменений даст то же. Исправьте то, что названо в причине, затем нажмите «Повторить».", "The service refused, and will refuse the same again. Put in order what the reason names, then press Retry."),
		"broken":  text("Мост не понял ответ или ошибся сам. Если повтор не поможет, передайте администратору сервера номер работы.", "The bridge did not understand the answer, or is at fault. If a retry does not help, tell the server's administrator the number of this work."),
	}, class, lang)
}

// inWords tells a time as people say it.
func inWords(d time.Duration, lang string) string {
	d = max(d, 0)
	units := []string{"мс", "с", "мин", "ч", "д"}
	point := ","
	if lang == "en" {
		units, point = []string{"ms", "s", "min", "h", "d"}, "."
	}
	two := func(a int64, au string, b int64, bu string) string {
		if b == 0 {
			return fmt.Sprintf("%d %s", a, au)
		}
		return fmt.Sprintf("%d %s %d %s", a, au, b, bu)
	}
	switch {
	case d < time.Millisecond:
		return text("до 1 мс", "under 1 ms").In(lang)
	case d < time.Second:
		return fmt.Sprintf("%d %s", d.Milliseconds(), units[0])
	case d < 10*time.Second:
		return strings.Replace(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".", point, 1) + " " + units[1]
	case d < time.Minute:
		return fmt.Sprintf("%d %s", int64(d.Seconds()), units[1])
	case d < time.Hour:
		return two(int64(d/time.Minute), units[2], int64(d%time.Minute/time.Second), units[1])
	case d < 24*time.Hour:
		return two(int64(d/time.Hour), units[3], int64(d%time.Hour/time.Minute), units[2])
	default:
		return two(int64(d/(24*time.Hour)), units[4], int64(d%(24*time.Hour)/time.Hour), units[3])
	}
}
