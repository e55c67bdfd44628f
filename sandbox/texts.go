package sandbox

import "net/http"

// pageTexts is what the template reads; T is also handed to the script.
type pageTexts struct {
	Lang, Other string
	T           map[string]string
	Levers      []leverGroup
}

type leverGroup struct {
	Title string
	Items []leverItem
}

type leverItem struct{ ID, Name, Hint string }

// texts picks Russian, or English by ?lang=en.
func texts(r *http.Request) pageTexts {
	n, out := 0, pageTexts{Lang: "ru", Other: "en", T: map[string]string{}}
	if r.URL.Query().Get("lang") == "en" {
		n, out.Lang, out.Other = 1, "en", "ru"
	}
	for _, words := range []map[string][2]string{pageWords(), cardWords(), registryWords(), exchangeWords()} {
		for key, pair := range words {
			out.T[key] = pair[n]
		}
	}
	for _, group := range append(levers(), diadocLevers()) {
		g := leverGroup{Title: out.T[group.title]}
		for _, row := range group.rows {
			g.Items = append(g.Items, leverItem{ID: row[0], Name: row[1+n], Hint: row[3+n]})
		}
		out.Levers = append(out.Levers, g)
	}
	return out
}

func pageWords() map[string][2]string {
	return map[string][2]string{
		"title":       {"Песочница", "Sandbox"},
		"subtitle":    {"ненастоящие Битрикс24, Росреестр и Диадок", "pretended Bitrix24, land registry and Diadoc"},
		"language":    {"English", "Русский"},
		"skip":        {"К карточкам", "Skip to cards"},
		"board":       {"Воронка", "Pipeline"},
		"portal":      {"Портал", "Portal"},
		"open_as":     {"Открывать как", "Open as"},
		"admin":       {"администратор", "administrator"},
		"app_page":    {"Приложение «Контур»", "Kontur application"},
		"registry":    {"Росреестр", "Land registry"},
		"no_docflows": {"Документооборотов пока нет. Переведите сделку на стадию, на которой мост подаёт заявление.", "No docflows yet. Move a deal to the stage at which the bridge files it."},
		"levers":      {"Рычаги", "Levers"},
		"notes":       {"Что делает мост", "What the bridge does"},
		"no_notes":    {"Пока тихо.", "Quiet so far."},
		"bitrix":      {"Битрикс24", "Bitrix24"},
		"reestro":     {"Реестро", "Reestro"},
		"empty":       {"Пусто", "Empty"},
		"move_to":     {"Стадия", "Stage"},
		"next_stage":  {"На следующую стадию", "To the next stage"},
		"offline":     {"Нет связи с песочницей", "The sandbox does not answer"},
	}
}

func cardWords() map[string][2]string {
	return map[string][2]string{
		"close":      {"Закрыть", "Close"},
		"fields":     {"Поля", "Fields"},
		"people":     {"Участники", "People"},
		"timeline":   {"Хронология", "Timeline"},
		"workflows":  {"Бизнес-процессы", "Workflows"},
		"tabs":       {"Вкладки приложений", "Application tabs"},
		"more":       {"Незаполненные поля", "Empty fields"},
		"attach":     {"Приложить файл", "Attach a file"},
		"sign_card":  {"Подписи в карточку", "Signatures into the card"},
		"sign_hint":  {"Откреплённые подписи всех участников, каждая над своим заявлением", "Detached signatures of everybody, each over its own statement"},
		"nothing":    {"ничего", "none"},
		"waits_for":  {"ждёт", "waits for"},
		"running":    {"выполняется", "running"},
		"done":       {"завершён", "done"},
		"terminated": {"прерван", "terminated"},
		"comment":    {"комментарий", "comment"},
		"log":        {"запись", "log"},
		"todo":       {"дело", "to-do"},
		"history":    {"История", "History"},
		"files":      {"Файлы", "Files"},
		"duty":       {"Пошлина", "Duty"},
		"uin":        {"УИН", "UIN"},
		"signed":     {"подписали", "signed"},
		"of":         {"из", "of"},
	}
}

// registryWords holds the words for docflows: buttons by lever, then states, requirements and types by wire name.
func registryWords() map[string][2]string {
	return map[string][2]string{
		"act_sign":     {"Подписать мимо карточки", "Sign past the card"},
		"act_submit":   {"Отправить на проверку", "Submit"},
		"act_dispatch": {"Отправить в Росреестр", "Send to the registry"},
		"act_charge":   {"Начислить пошлину", "Charge duty"},
		"act_pay":      {"Оплатить", "Pay"},
		"act_complete": {"Завершить", "Complete"},
		"act_suspend":  {"Приостановить", "Suspend"},
		"act_fail":     {"Отказать", "Refuse"},
		"fail_text":    {"Отказ Росреестра", "Refused by the registry"},

		"state_queued":    {"ожидает отправки", "queued"},
		"state_verified":  {"проверка подписей", "verified"},
		"state_sent":      {"в Росреестре", "sent"},
		"state_suspended": {"нужны действия", "suspended"},
		"state_completed": {"исполнено", "completed"},
		"state_error":     {"ошибка", "error"},
		"waits_signature": {"нужны подписи", "wants signatures"},
		"waits_payment":   {"нужна оплата", "wants payment"},
		"waits_packet":    {"приостановлено, нужен допакет", "suspended, wants a packet"},

		"type_object_request":                        {"Выписка из ЕГРН", "Register extract"},
		"type_right_movement_request":                {"Переход права", "Transfer of title"},
		"type_equity_agreement_registration_request": {"Регистрация ДДУ", "Equity agreement"},
		"type_right_assignment_request":              {"Уступка права", "Assignment of rights"},
		"type_encumbrance_request":                   {"Обременение", "Encumbrance"},
		"type_cessation_encumbrance_request":         {"Снятие обременения", "Lifting an encumbrance"},
		"type_additional_packet_request":             {"Дополнительный пакет", "Additional packet"},
		"type_action_request":                        {"Сопроводительный запрос", "Action request"},
	}
}

type leverTable struct {
	title string
	rows  [][5]string // id, name ru, name en, hint ru, hint en
}

func levers() []leverTable {
	return []leverTable{
		{"bitrix", [][5]string{
			{"portal_tokens", "Истёк токен", "Expire the token", "Все токены доступа портала стали старыми", "Every access token of the portal is old now"},
			{"portal_limit", "Превышен лимит", "Rate limit", "Следующий вызов ответит QUERY_LIMIT_EXCEEDED", "The next call answers QUERY_LIMIT_EXCEEDED"},
			{"portal_down", "Страница 502", "502 page", "Следующий вызов получит страницу ошибки", "The next call gets an error page"},
			{"portal_answer", "Потерять ответ", "Lose the answer", "Портал сделает работу и оборвёт связь", "The portal works, then cuts the line"},
			{"portal_event", "Потерять событие", "Lose an event", "Следующее событие или вызов робота пропадёт", "The next event or robot call is lost"},
			{"portal_pause", "Придержать события", "Hold events", "Копить события до повторного нажатия", "Keep events until pressed again"},
		}},
		{"reestro", [][5]string{
			{"realty_sessions", "Истёк сеанс", "Expire sessions", "Следующий вызов получит 401", "The next call gets 401"},
			{"realty_answer", "Потерять ответ на подачу", "Lose the filing's answer", "Заявление принято, но ответ не дойдёт", "Filed, but the answer never comes"},
			{"realty_request", "Потерять подачу", "Lose the filing", "Запрос не дойдёт", "The request never arrives"},
			{"realty_down", "Новости недоступны", "News down", "Три ответа 503", "Three answers 503"},
			{"realty_egron", "ЕГРОН: 501", "EGRON: 501", "Следующая подача не поддерживается", "The next filing is not supported"},
			{"realty_forget", "Забыть новости", "Forget news", "Старые позиции новостей неизвестны", "Old news tokens are unknown"},
			{"realty_automatic", "Регистратор сам", "Automatic registrar", "Росреестр сам делает следующий шаг", "The registry takes the steps itself"},
			{"realty_step", "Шаг регистратора", "Registrar's step", "Каждый документооборот делает шаг", "Every docflow takes one step"},
		}},
	}
}
