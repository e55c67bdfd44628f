package action

func actionAction() Action {
	return Action{
		Code: "realty_action", run: runAction,
		Name:        Text{"Реестро: отменить, приостановить или возобновить", "Reestro: cancel, suspend or resume"},
		Description: Text{"Подаёт запрос об отмене, приостановке или возобновлении регистрации от имени её участников.", "Asks to cancel, suspend or resume a registration in the name of its participants."},
		Params: []Param{
			docflowIDParam(),
			{Name: "action_type", Type: "select", Required: true, Default: "cancel", Label: Text{"Действие", "Action"}, Options: []Option{
				{"cancel", Text{"отменить", "cancel"}}, {"suspend", Text{"приостановить", "suspend"}}, {"resume", Text{"возобновить", "resume"}}}},
			{Name: "cause", Type: "text", Required: true, Label: Text{"Причина", "Cause"}},
			{Name: "documents", Type: "file", Multiple: true, Label: Text{"Документы (PDF, XML) и их подписи", "Documents (PDF, XML) and their signatures"}},
		},
		Returns: returned(Param{Name: "action_docflow_id", Type: "string", Label: Text{"Документооборот запроса", "The request's docflow"}}),
	}
}

func extraPackageAction() Action {
	return Action{
		Code: "realty_extra_package", run: runExtraPackage,
		Name:        Text{"Реестро: отправить дополнительные документы", "Reestro: send more documents"},
		Description: Text{"Отправляет дополнительный пакет документов к поданной регистрации, например после приостановки.", "Sends more documents for a filed registration, for example after its suspension."},
		Params: []Param{
			docflowIDParam(),
			{Name: "documents", Type: "file", Required: true, Multiple: true, Label: Text{"Документы (PDF, XML) и их подписи", "Documents (PDF, XML) and their signatures"}},
		},
		Returns: returned(Param{Name: "package_docflow_id", Type: "string", Label: Text{"Документооборот пакета", "The package's docflow"}}),
	}
}

func cadastreSuggestAction() Action {
	part := func(name, ru, en string) Param { return Param{Name: name, Type: "string", Label: Text{ru, en}} }
	return Action{
		Code: "realty_cadastre_suggest", run: runCadastreSuggest,
		Name:        Text{"Реестро: найти кадастровый номер по адресу", "Reestro: find a cadastral number by address"},
		Description: Text{"Ищет кадастровые номера по адресу. Среди найденных выбирает человек.", "Looks for cadastral numbers by address. A person chooses among them."},
		Params: []Param{
			part("address", "Адрес одной строкой, начиная с региона", "Address in one line, region first"),
			part("region", "Регион", "Region"), part("district", "Район", "District"), part("city", "Город", "City"),
			part("settlement", "Населённый пункт", "Settlement"), part("street", "Улица", "Street"), part("house", "Дом", "House"),
			part("building", "Корпус", "Building"), part("structure", "Строение (литера)", "Structure"), part("room", "Квартира или помещение", "Flat or room"),
		},
		Returns: returned(
			Param{Name: "cadastral_numbers", Type: "string", Multiple: true, Label: Text{"Кадастровые номера", "Cadastral numbers"}},
			Param{Name: "addresses", Type: "string", Multiple: true, Label: Text{"Адреса", "Addresses"}}),
	}
}
