package action

func attorneyParam() Param {
	return Param{Name: "power_of_attorney", Type: "bool", Default: "N",
		Label: Text{"Приложить к подписи доверенность (МЧД) сотрудника по умолчанию", "Attach the employee's default power of attorney to the signature"}}
}

var (
	returnEntities = Param{Name: "entity_ids", Type: "string", Multiple: true, Label: Text{"Документы", "Documents"}}
	returnLink     = Param{Name: "link", Type: "string", Label: Text{"Ссылка", "Link"}}
)

func diadocSendAction() Action {
	params := append(innParams(),
		Param{Name: "files", Type: "file", Multiple: true, Label: Text{"Файлы и их подписи (договор.pdf и договор.pdf.sig)", "Files and their signatures (contract.pdf and contract.pdf.sig)"}},
		Param{Name: "document_type", Type: "string", Default: "Nonformalized", Label: Text{"Тип документа", "Document type"}},
		Param{Name: "number", Type: "string", Label: Text{"Номер документа", "Document number"}},
		Param{Name: "date", Type: "date", Label: Text{"Дата документа", "Document date"}},
		Param{Name: "amount", Type: "double", Label: Text{"Сумма, руб.", "Amount, RUB"}},
		Param{Name: "need_signature", Type: "bool", Default: "Y", Label: Text{"Запросить подпись контрагента", "Ask for the counteragent's signature"}},
		Param{Name: "draft", Type: "bool", Default: "N", Label: Text{"Оставить черновиком", "Keep as a draft"}},
		signWithParam(),
		Param{Name: "custom_data", Type: "text", Label: Text{"Теги документа, по строке: ключ=значение", "Tags, one a line: key=value"}},
		Param{Name: "wait", Type: "select", Default: "none", Label: Text{"Чего ждать", "Wait for"}, Options: []Option{
			{"none", Text{"не ждать", "nothing"}},
			{"signed", Text{"подписи контрагента (или отказа)", "the counteragent's signature (or refusal)"}},
			{"finished", Text{"завершения", "the end"}}}},
		Param{Name: "function", Type: "string", Label: Text{"Функция документа (пусто: единственная)", "Function of the document (empty: the only one)"}},
		Param{Name: "mapping", Type: "string", Label: Text{"Сопоставление полей (пусто: обычное для типа)", "Mapping (empty: the type's own)"}},
		Param{Name: "metadata", Type: "text", Label: Text{"Свойства документа, по строке: ключ=значение", "Properties, one a line: key=value"}},
		Param{Name: "comment", Type: "text", Label: Text{"Комментарий для контрагента", "Comment for the counteragent"}},
		attorneyParam(),
		Param{Name: "box_id", Type: "string", Label: Text{"Ящик контрагента, если ИНН и КПП общие", "The counteragent's box, where INN and KPP are shared"}},
		boxParam(),
	)
	return Action{
		Code: "diadoc_send", run: runDiadocSend,
		Name:        Text{"Диадок: отправить документы", "Diadoc: send documents"},
		Description: Text{"Отправляет контрагенту файлы карточки или документ, составленный по её данным.", "Sends a counteragent files of the card, or a document made of its data."},
		Params:      params,
		Returns:     returned(returnMessage, returnEntities, returnLink, returnStatus),
	}
}

func diadocSendDraftAction() Action {
	return Action{
		Code: "diadoc_send_draft", run: runDiadocSendDraft,
		Name:        Text{"Диадок: отправить черновик", "Diadoc: send a draft"},
		Description: Text{"Подписывает черновик Диадока и отправляет его.", "Signs a draft and sends it."},
		Params: []Param{messageIDParam(),
			{Name: "signature", Type: "file", Multiple: true, Label: Text{"Файлы подписей документов", "Signature files of the documents"}},
			signWithParam(), attorneyParam()},
		Returns: returned(returnMessage, returnEntities, returnLink, returnStatus),
	}
}

func diadocSignAction() Action {
	return Action{
		Code: "diadoc_sign", run: runDiadocSign,
		Name:        Text{"Диадок: подписать", "Diadoc: sign"},
		Description: Text{"Подписывает документы сообщения, отправляет неподписанные, отвечает на входящие.", "Signs documents of a message: sends what is unsent, answers what came in."},
		Params: []Param{messageIDParam(), {Name: "entity_id", Type: "string",
			Label: Text{"Документ в сообщении (пусто: все, что ждут нашей подписи)", "Document of the message (empty: all that wait for our signature)"}},
			{Name: "signature", Type: "file", Multiple: true, Label: Text{"Файлы подписей", "Signature files"}},
			signWithParam(),
			{Name: "confirm_code", Type: "string", Label: Text{"Код из SMS (когда подпись подтверждают кодом)", "Code from the SMS"}},
			{Name: "mapping", Type: "string", Label: Text{"Сопоставление для ответного титула (пусто: обычное для типа)", "Mapping of the answering title (empty: the type's own)"}},
			attorneyParam()},
		Returns: returned(returnMessage, returnStatus),
	}
}
