package action

// The actions on counteragents and their groups.

var (
	returnBox      = Param{Name: "box_id", Type: "string", Label: Text{"Ящик контрагента", "The counteragent's box"}}
	returnRelation = Param{Name: "relation", Type: "string",
		Label: Text{"Отношения: partner, invited, invites_us, rejected, rejected_by_us, none", "Relation"}}
)

// peerParams name a counteragent.
func peerParams() []Param {
	return append(innParams(), Param{Name: "box_id", Type: "string", Label: Text{"Ящик контрагента, если ИНН и КПП общие", "The counteragent's box, where INN and KPP are shared"}})
}

func diadocCheckCounteragentAction() Action {
	return Action{
		Code: "diadoc_check_counteragent", run: runDiadocCheckCounteragent,
		Name:        Text{"Диадок: проверить контрагента", "Diadoc: check a counteragent"},
		Description: Text{"Ищет организацию в Диадоке и говорит, можно ли с ней обмениваться документами.", "Looks an organisation up and tells whether documents can be exchanged with it."},
		Params:      append(peerParams(), boxParam()),
		Returns: returned(Param{Name: "found", Type: "bool", Label: Text{"Найдена", "Found"}}, returnBox,
			Param{Name: "organization", Type: "string", Label: Text{"Организация", "Organisation"}}, returnRelation),
	}
}

func diadocInviteAction() Action {
	return Action{
		Code: "diadoc_invite", run: runDiadocInvite,
		Name:        Text{"Диадок: пригласить контрагента", "Diadoc: invite a counteragent"},
		Description: Text{"Приглашает организацию обмениваться документами (или принимает её приглашение) и ждёт ответа.", "Invites an organisation, or accepts its invitation, and waits for the answer."},
		Params: append(peerParams(),
			Param{Name: "message", Type: "text", Label: Text{"Текст приглашения", "Text of the invitation"}},
			Param{Name: "document", Type: "file", Multiple: true, Label: Text{"Документ к приглашению и его подпись (.sig)", "Document of the invitation and its signature (.sig)"}},
			Param{Name: "need_signature", Type: "bool", Default: "N", Label: Text{"Запросить подпись документа", "Ask for a signature of the document"}},
			signWithParam(), boxParam()),
		Returns: returned(returnRelation, returnBox),
	}
}

func diadocBreakAction() Action {
	return Action{
		Code: "diadoc_break", run: runDiadocBreak,
		Name:        Text{"Диадок: прекратить обмен с контрагентом", "Diadoc: break with a counteragent"},
		Description: Text{"Прекращает обмен, отклоняет приглашение контрагента или отзывает наше.", "Ends a partnership, refuses an invitation or takes ours back."},
		Params:      append(peerParams(), commentParam(false, "Комментарий", "Comment"), boxParam()),
		Returns:     returned(returnRelation),
	}
}

func groupIDParam() Param {
	return Param{Name: "group_id", Type: "string", Required: true, Label: Text{"Группа контрагентов (идентификатор или имя)", "Group of counteragents (id or name)"}}
}

func departmentsParam(ru, en string) Param {
	return Param{Name: "departments", Type: "string", Multiple: true, Label: Text{ru, en}}
}

func diadocGroupCreateAction() Action {
	return Action{
		Code: "diadoc_group_create", run: runDiadocGroupCreate,
		Name:        Text{"Диадок: создать группу контрагентов", "Diadoc: create a group"},
		Description: Text{"Создаёт группу контрагентов, которые могут отправлять документы только в указанные подразделения.", "Creates a group of counteragents who may send into the given departments only."},
		Params: []Param{{Name: "name", Type: "string", Required: true, Label: Text{"Имя группы", "Name"}},
			departmentsParam("Подразделения (имена или идентификаторы; пусто: любые)", "Departments (names or ids; empty: any)"), boxParam()},
		Returns: returned(Param{Name: "group_id", Type: "string", Label: Text{"Группа", "Group"}}),
	}
}

func diadocGroupUpdateAction() Action {
	return Action{
		Code: "diadoc_group_update", run: runDiadocGroupUpdate,
		Name:        Text{"Диадок: изменить группу контрагентов", "Diadoc: change a group"},
		Description: Text{"Переименовывает группу контрагентов или меняет её подразделения.", "Renames a group or changes its departments."},
		Params: []Param{groupIDParam(), {Name: "name", Type: "string", Label: Text{"Новое имя (пусто: прежнее)", "New name (empty: as it is)"}},
			departmentsParam("Подразделения (пусто: прежние; any: любые)", "Departments (empty: as they are; any: all)"), boxParam()},
		Returns: returned(),
	}
}

func diadocGroupDeleteAction() Action {
	return Action{
		Code: "diadoc_group_delete", run: runDiadocGroupDelete,
		Name:        Text{"Диадок: удалить группу контрагентов", "Diadoc: delete a group"},
		Description: Text{"Удаляет группу; её участники переходят в группу «По умолчанию».", "Deletes a group; its members go to the default one."},
		Params:      []Param{groupIDParam(), boxParam()},
		Returns:     returned(),
	}
}

func diadocGroupAddAction() Action {
	return Action{
		Code: "diadoc_group_add", run: runDiadocGroupAdd,
		Name:        Text{"Диадок: добавить контрагента в группу", "Diadoc: add to a group"},
		Description: Text{"Переводит контрагента в группу. Чтобы вывести его из группы, переведите в группу «По умолчанию».", "Puts a counteragent into a group; the default group takes him out of another one."},
		Params:      append(append([]Param{groupIDParam()}, peerParams()...), boxParam()),
		Returns:     returned(),
	}
}
