package sandbox

// exchangeWords holds the words for documents: buttons by control call, then states and statuses.
func exchangeWords() map[string][2]string {
	return map[string][2]string{
		"diadoc":        {"Диадок", "Diadoc"},
		"counteragents": {"Контрагенты в Диадоке", "Counteragents in Diadoc"},
		"no_papers":     {"Документов пока нет.", "No documents yet."},
		"from_us":       {"от нас → ", "from us → "},
		"to_us":         {"нам ← ", "to us ← "},
		"phone":         {"Код из СМС", "Code from the text message"},
		"paper_name":    {"Документ от контрагента.pdf", "Counteragent's document.pdf"},
		"paper_text":    {"Не согласны с условиями", "The terms are not right"},

		"paper_sign":             {"Подписать", "Sign"},
		"paper_reject":           {"Отказать", "Reject"},
		"paper_receipt":          {"Извещение о получении", "Receipt"},
		"paper_askrevocation":    {"Запросить аннулирование", "Ask for revocation"},
		"paper_acceptrevocation": {"Согласиться на аннулирование", "Accept the revocation"},
		"paper_refuserevocation": {"Отказать в аннулировании", "Refuse the revocation"},
		"peer_accept":            {"Принять приглашение", "Accept the invitation"},
		"peer_reject":            {"Отклонить приглашение", "Reject the invitation"},
		"peer_invite":            {"Пригласить нас", "Invite us"},
		"peer_break":             {"Порвать", "Break up"},
		"peer_send":              {"Прислать документ", "Send a document"},
		"confirm":                {"Подтвердить подпись", "Confirm the signature"},

		"paper_waiting":     {"ждёт подписи", "waits for a signature"},
		"paper_signed":      {"подписан", "signed"},
		"paper_rejected":    {"отказано в подписи", "rejected"},
		"paper_revoking":    {"запрошено аннулирование", "revocation asked for"},
		"paper_revoked":     {"аннулирован", "revoked"},
		"paper_underway":    {"в пути", "on its way"},
		"paper_undelivered": {"не доставлен", "not delivered"},
		"paper_delivered":   {"доставлен", "delivered"},

		"status_IsMyCounteragent":      {"партнёры", "partners"},
		"status_InvitesMe":             {"мы пригласили", "we invited them"},
		"status_IsInvitedByMe":         {"пригласил нас", "they invited us"},
		"status_RejectsMe":             {"мы отказали", "we refused"},
		"status_IsRejectedByMe":        {"отказал нам", "they refused"},
		"status_NotInCounteragentList": {"нет связи", "no relation"},
	}
}

func diadocLevers() leverTable {
	return leverTable{"diadoc", [][5]string{
		{"diadoc_tokens", "Истёк токен", "Expire the token", "Все токены доступа стали старыми", "Every access token is old now"},
		{"diadoc_refresh", "Отозвать доступ", "Revoke the access", "Токены обновления отозваны: подключение нужно настроить заново", "Refresh tokens are revoked: connect again"},
		{"diadoc_answer", "Потерять ответ на отправку", "Lose the sending's answer", "Документ отправлен, но ответ не дойдёт", "Sent, but the answer never comes"},
		{"diadoc_request", "Потерять отправку", "Lose the sending", "Запрос не дойдёт", "The request never arrives"},
		{"diadoc_down", "События недоступны", "Events down", "Три ответа 500", "Three answers 500"},
		{"diadoc_limit", "Превышен лимит", "Rate limit", "Следующий запрос событий получит 429", "The next look at events gets 429"},
		{"diadoc_delivery", "Не доставить", "Fail the delivery", "Следующее сообщение не дойдёт до получателя", "The next message will not be delivered"},
		{"diadoc_slow", "Медленные файлы", "Slow files", "Печатные формы, протоколы и архивы готовятся долго", "Print forms, protocols and archives take long"},
	}}
}
