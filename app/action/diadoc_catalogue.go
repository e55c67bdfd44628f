package action

// The parameters and returned values that actions of Диадок share.

func messageIDParam() Param {
	return Param{Name: "message_id", Type: "string",
		Label: Text{"Сообщение Диадока (пусто: последнее в карточке)", "Diadoc message (empty: the card's latest)"}}
}

func entityIDParam() Param {
	return Param{Name: "entity_id", Type: "string",
		Label: Text{"Документ в сообщении (пусто: первый)", "Document of the message (empty: the first)"}}
}

func boxParam() Param {
	return Param{Name: "connection", Type: "string", List: ListBoxes,
		Label: Text{"Ящик Диадока (пусто: основной)", "Diadoc box (empty: the default)"}}
}

func innParams() []Param {
	return []Param{
		{Name: "inn", Type: "string", Required: true, Filled: true, Label: Text{"ИНН контрагента (в вебхуке пусто: компания карточки)", "The counteragent's INN (in a webhook empty: the card's company)"}},
		{Name: "kpp", Type: "string", Label: Text{"КПП контрагента", "The counteragent's KPP"}},
	}
}

var (
	returnMessage = Param{Name: "message_id", Type: "string", Label: Text{"Сообщение Диадока", "Diadoc message"}}
	returnStatus  = Param{Name: "status", Type: "string", Label: Text{"Статус документа", "The document's status"}}
)

func diadocStatusAction() Action {
	return Action{
		Code: "diadoc_status", run: runDiadocStatus,
		Name:        Text{"Диадок: узнать статус", "Diadoc: status"},
		Description: Text{"Возвращает статус документа.", "Returns a document's status."},
		Params:      []Param{messageIDParam(), entityIDParam()},
		Returns: returned(returnMessage, returnStatus,
			Param{Name: "signed_by", Type: "string", Label: Text{"Кто подписал", "Signed by"}},
			Param{Name: "signed_at", Type: "datetime", Label: Text{"Когда подписан", "Signed at"}}),
	}
}

func diadocWaitAction() Action {
	return Action{
		Code: "diadoc_wait", run: runDiadocWait,
		Name:        Text{"Диадок: дождаться статуса", "Diadoc: wait"},
		Description: Text{"Ждёт, пока документ изменится, будет подписан или закончится.", "Waits until a document changes, is signed or ends."},
		Params: []Param{messageIDParam(), entityIDParam(),
			{Name: "until", Type: "select", Required: true, Default: "signed", Label: Text{"Чего ждать", "Until"}, Options: []Option{
				{"any", Text{"любого изменения", "any change"}},
				{"signed", Text{"подписи (или отказа)", "signature (or refusal)"}},
				{"finished", Text{"завершения", "the end"}}}}},
		Returns: returned(returnMessage, returnStatus),
	}
}
