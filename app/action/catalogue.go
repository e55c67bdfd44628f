package action

import (
	"context"

	"konturbridge/app/lane"
)

// Text is a text for people: Russian first, English beside.
type Text struct{ RU, EN string }

// Param describes a parameter or a returned value of an action.
type Param struct {
	Name     string
	Type     string // as robots know it: string, text, select, file, …
	Required bool
	Filled   bool // required in a robot's form, but the action finds a value of its own where a webhook or a trigger gives none
	Multiple bool
	Label    Text
	Options  []Option // of a select, in order
	Open     bool     // the action knows more values than the options
	List     List     // what a settings page offers to choose from
	Default  string
}

// List names what a parameter's value is chosen from, where that differs from portal to portal.
type List string

// The lists.
const (
	ListMappings    List = "mappings"    // for a docflow type: of the portal's settings, and the ready ones
	ListConnections List = "connections" // accounts of Реестро
	ListBoxes       List = "boxes"       // connections to Диадок
)

// Option is one choice of a select.
type Option struct {
	Key   string
	Label Text
}

// Action is one entry of the catalogue. Every robot's workflow waits for its answer, also for those
// that are answered at once: only so can it return anything, and only so does the next step come after it.
type Action struct {
	Code        string
	Name        Text
	Description Text
	Params      []Param
	Returns     []Param
	// Settings says that the rule is set up on a page of the bridge, because some of its values are the
	// portal's own and can't be offered by the designer.
	Settings bool
	run      func(context.Context, *runner, *call) (lane.Result, error)
}

// Catalogue lists every action.
func Catalogue() []Action {
	return []Action{extractAction(), createAction(), signAction(), submitAction(), statusAction(), waitAction(),
		actionAction(), extraPackageAction(), cadastreSuggestAction(),
		diadocCheckCounteragentAction(), diadocInviteAction(), diadocBreakAction(),
		diadocGroupCreateAction(), diadocGroupUpdateAction(), diadocGroupDeleteAction(), diadocGroupAddAction(),
		diadocSendAction(), diadocSendDraftAction(), diadocSignAction(), diadocStatusAction(), diadocWaitAction(),
		diadocDeleteAction(), diadocRestoreAction(), diadocRejectAction(), diadocRevokeAction(),
		diadocRequestApprovalAction(), diadocResolveAction(), diadocForwardAction(), diadocMoveAction(),
		diadocPrintFormAction(), diadocProtocolAction(), diadocZipAction(), diadocCallAction()}
}

// Codes lists the codes of the catalogue.
func Codes() []string {
	var codes []string
	for _, a := range Catalogue() {
		codes = append(codes, a.Code)
	}
	return codes
}

// returned adds what every action returns beside its own values.
func returned(own ...Param) []Param {
	return append(own,
		Param{Name: "state", Type: "string", Label: Text{"Статус", "State"}},
		Param{Name: "error", Type: "text", Label: Text{"Ошибка", "Error"}},
		Param{Name: "error_code", Type: "string", Label: Text{"Код ошибки", "Error code"}},
	)
}

func docflowIDParam() Param {
	return Param{Name: "docflow_id", Type: "string",
		Label: Text{"Документооборот (пусто: последний в карточке)", "Docflow (empty: the card's latest)"}}
}

func connectionParam() Param {
	return Param{Name: "connection", Type: "string", List: ListConnections,
		Label: Text{"Подключение к Реестро (пусто: основное)", "Reestro connection (empty: the default)"}}
}

var (
	returnDocflow     = Param{Name: "docflow_id", Type: "string", Label: Text{"Документооборот", "Docflow"}}
	returnRequirement = Param{Name: "requirement", Type: "string", Label: Text{"Что требуется (signature, payment, result)", "Requirement"}}
	returnUIN         = Param{Name: "uin", Type: "string", Multiple: true, Label: Text{"УИН", "UIN"}}
	returnAmount      = Param{Name: "amount", Type: "double", Label: Text{"Сумма пошлины, руб.", "Duty, RUB"}}
	returnFiles       = Param{Name: "files", Type: "string", Multiple: true, Label: Text{"Файлы результата", "Result files"}}
	returnLeft        = Param{Name: "left_to_sign", Type: "int", Label: Text{"Осталось подписать", "Left to sign"}}
)

func extractAction() Action {
	return Action{
		Code: "realty_extract", run: runExtract,
		Name:        Text{"Реестро: заказать выписку ЕГРН", "Reestro: order an extract"},
		Description: Text{"Заказывает выписку из ЕГРН и кладёт файлы в карточку.", "Orders an extract from the register and puts its files into the card."},
		Params: []Param{
			{Name: "cadastral_number", Type: "string", Required: true, Label: Text{"Кадастровый номер", "Cadastral number"}},
			{Name: "type", Type: "select", Default: "info", Label: Text{"Вид выписки", "Kind of extract"}, Options: []Option{
				{"info", Text{"Расширенная выписка об объекте", "Extended extract"}},
				{"base", Text{"Базовая выписка об объекте", "Basic extract"}},
				{"ownership", Text{"Выписка о переходе прав", "Extract on transfers of title"}}}},
			connectionParam(),
		},
		Returns: returned(returnDocflow, returnFiles),
	}
}

func createAction() Action {
	return Action{
		Code: "realty_create", run: runCreate, Settings: true,
		Name:        Text{"Реестро: подать документы на регистрацию", "Reestro: file for registration"},
		Description: Text{"Создаёт документооборот по данным карточки.", "Creates a docflow from the card's data."},
		Params: []Param{
			{Name: "docflow_type", Type: "select", Required: true, Open: true, Default: "right_movement_request",
				Label: Text{"Тип документооборота", "Docflow type"}, Options: docflowTypes()},
			{Name: "mapping", Type: "string", List: ListMappings, Label: Text{"Сопоставление полей (пусто: обычное для типа)", "Mapping (empty: the type's own)"}},
			connectionParam(),
		},
		Returns: returned(returnDocflow, returnRequirement),
	}
}

func signAction() Action {
	return Action{
		Code: "realty_sign", run: runSign,
		Name:        Text{"Реестро: приложить подписи", "Reestro: add signatures"},
		Description: Text{"Передаёт файлы откреплённых подписей к заявлениям.", "Hands detached signature files of the statements over."},
		Params: []Param{
			docflowIDParam(),
			{Name: "signatures", Type: "file", Required: true, Multiple: true, Label: Text{"Файлы подписей (или ссылки на загруженные в Реестро)", "Signature files (or links to what Reestro has)"}},
			{Name: "file_id", Type: "string", Label: Text{"Заявление (пусто: по порядку)", "Statement (empty: in order)"}},
		},
		Returns: returned(returnDocflow, returnLeft),
	}
}

func submitAction() Action {
	return Action{
		Code: "realty_submit", run: runSubmit,
		Name:        Text{"Реестро: отправить в Росреестр", "Reestro: submit"},
		Description: Text{"Отправляет подписанный документооборот и ждёт, пока его примет Росреестр.", "Submits a signed docflow and waits until the registrar has it."},
		Params:      []Param{docflowIDParam()},
		Returns:     returned(returnDocflow),
	}
}

func statusAction() Action {
	return Action{
		Code: "realty_status", run: runStatus,
		Name:        Text{"Реестро: узнать статус", "Reestro: status"},
		Description: Text{"Возвращает статус, требования и пошлину документооборота.", "Returns a docflow's state, requirement and duty."},
		Params:      []Param{docflowIDParam()},
		Returns:     returned(returnDocflow, returnRequirement, returnUIN, returnAmount, returnFiles),
	}
}

func waitAction() Action {
	return Action{
		Code: "realty_wait", run: runWait,
		Name:        Text{"Реестро: дождаться статуса", "Reestro: wait"},
		Description: Text{"Ждёт, пока документооборот изменится, потребует действия или завершится.", "Waits until a docflow changes, wants something or ends."},
		Params: []Param{
			docflowIDParam(),
			{Name: "until", Type: "select", Required: true, Default: "completed", Label: Text{"Чего ждать", "Until"}, Options: []Option{
				{"any", Text{"любого изменения", "any change"}},
				{"suspended", Text{"требования (подпись, оплата)", "a requirement"}},
				{"completed", Text{"завершения", "completion"}}}},
		},
		Returns: returned(returnDocflow, returnRequirement, returnUIN, returnAmount, returnFiles),
	}
}
