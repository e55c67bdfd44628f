package action

// The actions on documents that Диадок has.

func signWithParam() Param {
	return Param{Name: "sign_with", Type: "string",
		Label: Text{"Сертификат подписи (пусто: из подключения)", "Certificate to sign with (empty: the connection's)"}}
}

func commentParam(required bool, ru, en string) Param {
	return Param{Name: "comment", Type: "text", Required: required, Label: Text{ru, en}}
}

func diadocRejectAction() Action {
	return Action{
		Code: "diadoc_reject", run: runDiadocReject,
		Name: Text{"Диадок: отказать в подписи", "Diadoc: refuse to sign"},
		Description: Text{"Отказывает в подписи входящего документа. Если контрагент просит аннулировать документ, отказывает в аннулировании.",
			"Refuses to sign an incoming document, or to revoke it where the other side asks for that."},
		Params:  []Param{messageIDParam(), entityIDParam(), commentParam(true, "Причина отказа", "Why"), signWithParam()},
		Returns: returned(returnMessage, returnStatus),
	}
}

func diadocRevokeAction() Action {
	return Action{
		Code: "diadoc_revoke", run: runDiadocRevoke,
		Name:        Text{"Диадок: аннулировать документ", "Diadoc: revoke"},
		Description: Text{"Просит контрагента аннулировать документ и ждёт его ответа.", "Asks the other side to revoke a document and waits for the answer."},
		Params:      []Param{messageIDParam(), entityIDParam(), commentParam(true, "Причина аннулирования", "Why"), signWithParam()},
		Returns:     returned(returnMessage, returnStatus),
	}
}

func diadocRequestApprovalAction() Action {
	return Action{
		Code: "diadoc_request_approval", run: runDiadocRequestApproval,
		Name:        Text{"Диадок: передать на согласование", "Diadoc: ask for approval"},
		Description: Text{"Просит сотрудника или подразделение нашей организации согласовать или подписать документ.", "Asks a colleague or a department to approve or to sign a document."},
		Params: []Param{messageIDParam(), entityIDParam(),
			{Name: "user", Type: "string", Label: Text{"Сотрудник Диадока (имя, логин или идентификатор)", "Diadoc user (name, login or id)"}},
			{Name: "department", Type: "string", Label: Text{"Подразделение (имя или идентификатор)", "Department (name or id)"}},
			commentParam(false, "Комментарий", "Comment"),
			{Name: "decision", Type: "select", Default: decideApprove, Label: Text{"Что нужно", "What is asked"}, Options: []Option{
				{decideApprove, Text{"согласовать", "approve"}}, {decideSign, Text{"подписать", "sign"}}}}},
		Returns: returned(returnMessage, returnStatus),
	}
}

func diadocResolveAction() Action {
	return Action{
		Code: "diadoc_resolve", run: runDiadocResolve,
		Name:        Text{"Диадок: согласовать документ", "Diadoc: approve or disapprove"},
		Description: Text{"Согласует документ внутри организации или отказывает в согласовании от имени пользователя подключения.", "Decides about a document inside the company, in the name of the connection's user."},
		Params: []Param{messageIDParam(), entityIDParam(), commentParam(false, "Комментарий (при отказе обязателен)", "Comment (required to disapprove)"),
			{Name: "decision", Type: "select", Required: true, Default: decideApprove, Label: Text{"Решение", "Decision"}, Options: []Option{
				{decideApprove, Text{"согласовать", "approve"}}, {decideReject, Text{"отказать", "disapprove"}}}}},
		Returns: returned(returnMessage, returnStatus),
	}
}

func diadocForwardAction() Action {
	return Action{
		Code: "diadoc_forward", run: runDiadocForward,
		Name:        Text{"Диадок: передать документ третьей стороне", "Diadoc: forward"},
		Description: Text{"Даёт организации, которой документ не отправляли, копию для чтения.", "Gives a third organisation a copy to read."},
		Params:      append([]Param{messageIDParam(), entityIDParam()}, peerParams()...),
		Returns:     returned(Param{Name: "forwarded_id", Type: "string", Label: Text{"Идентификатор передачи", "Id of the forwarding"}}),
	}
}

func diadocMoveAction() Action {
	return Action{
		Code: "diadoc_move", run: runDiadocMove,
		Name:        Text{"Диадок: переместить в подразделение", "Diadoc: move to a department"},
		Description: Text{"Перемещает документ в другое подразделение нашей организации.", "Moves a document to another department of ours."},
		Params: []Param{messageIDParam(), entityIDParam(),
			{Name: "department_id", Type: "string", Required: true, Label: Text{"Подразделение (имя или идентификатор)", "Department (name or id)"}}},
		Returns: returned(),
	}
}

func diadocDeleteAction() Action {
	return Action{
		Code: "diadoc_delete", run: runDiadocDelete,
		Name:        Text{"Диадок: удалить документ", "Diadoc: delete"},
		Description: Text{"Помечает сообщение или один его документ как удалённые в нашем ящике.", "Marks a message, or one of its documents, as deleted in our box."},
		Params:      []Param{messageIDParam(), wholeMessageParam()},
		Returns:     returned(returnMessage, returnStatus),
	}
}

func diadocRestoreAction() Action {
	return Action{
		Code: "diadoc_restore", run: runDiadocRestore,
		Name:        Text{"Диадок: восстановить документ", "Diadoc: restore"},
		Description: Text{"Возвращает удалённое сообщение или один его документ.", "Takes a deletion back."},
		Params:      []Param{messageIDParam(), wholeMessageParam()},
		Returns:     returned(returnMessage, returnStatus),
	}
}

func wholeMessageParam() Param {
	return Param{Name: "entity_id", Type: "string",
		Label: Text{"Документ в сообщении (пусто: всё сообщение)", "Document of the message (empty: the whole message)"}}
}

var returnFile = Param{Name: "file", Type: "string", Label: Text{"Имя файла", "Name of the file"}}

func diadocPrintFormAction() Action {
	return Action{
		Code: "diadoc_print_form", run: runDiadocPrintForm,
		Name:        Text{"Диадок: печатная форма", "Diadoc: print form"},
		Description: Text{"Кладёт печатную форму документа (PDF) в карточку.", "Puts a document's print form (PDF) into the card."},
		Params:      []Param{messageIDParam(), entityIDParam()},
		Returns:     returned(returnFile),
	}
}

func diadocProtocolAction() Action {
	return Action{
		Code: "diadoc_protocol", run: runDiadocProtocol,
		Name:        Text{"Диадок: протокол передачи", "Diadoc: protocol"},
		Description: Text{"Кладёт протокол передачи документа (PDF с подписью оператора) в карточку.", "Puts the protocol of a document's way (PDF, signed by the operator) into the card."},
		Params:      []Param{messageIDParam(), entityIDParam()},
		Returns:     returned(returnFile),
	}
}

func diadocZipAction() Action {
	return Action{
		Code: "diadoc_zip", run: runDiadocZip,
		Name:        Text{"Диадок: архив документа", "Diadoc: archive"},
		Description: Text{"Кладёт архив с документом и подписями в карточку.", "Puts an archive of a document and its signatures into the card."},
		Params: []Param{messageIDParam(), entityIDParam(),
			{Name: "full", Type: "bool", Default: "Y", Label: Text{"Со всеми служебными документами", "With all service documents"}}},
		Returns: returned(returnFile),
	}
}
