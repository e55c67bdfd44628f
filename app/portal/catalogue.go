package portal

import (
	"konturbridge/bitrix"
)

// RobotSpec is an action of the catalogue as an automation rule offers it. Texts are by language, "ru"
// first and "en" beside.
type RobotSpec struct {
	Code        string // [A-Za-z0-9._-]+
	Wait        bool   // whether the workflow waits for the answer
	Name        map[string]string
	Description map[string]string
	Properties  []PropertySpec // in the order in which the designer shows them
	Returns     []PropertySpec
	// Placement says that the rule has a settings page of the bridge, which opens in a slider.
	Placement bool
}

// robotSettings is the name of that page in the bridge's own address.
const robotSettings = "robot_settings"

// PropertySpec is an input or an output of a robot.
type PropertySpec struct {
	ID          string // [A-Za-z][A-Za-z0-9_]*
	Type        string // bool, int, double, string, text, date, datetime, select, user, file
	Name        map[string]string
	Description map[string]string
	Required    bool
	Multiple    bool
	Default     string
	Options     []OptionSpec // of a select, in order
}

// OptionSpec is one choice of a select: the key is what arrives. The platform takes one title for all
// languages.
type OptionSpec struct{ Key, Title string }

// robot writes the rule as the portal registers it.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md
func (s RobotSpec) robot(handler, placement string, user int64) bitrix.Robot {
	r := bitrix.Robot{
		Code: s.Code, Handler: handler, AuthUserID: bitrix.ID(user), Subscription: bitrix.SubscriptionNo,
		Name: s.Name, Description: s.Description, Properties: properties(s.Properties), ReturnProperties: properties(s.Returns),
		Filter: &bitrix.RobotFilter{Include: []any{[]string{"crm"}}}, UsePlacement: "N",
	}
	if s.Wait {
		r.Subscription = bitrix.SubscriptionYes
	}
	if s.Placement {
		r.UsePlacement, r.PlacementHandler = "Y", placement
	}
	return r
}

func properties(specs []PropertySpec) bitrix.RobotProperties {
	var all bitrix.RobotProperties
	for _, s := range specs {
		p := bitrix.RobotProperty{
			ID: s.ID, Name: s.Name, Description: s.Description, Type: s.Type,
			Required: bitrix.Flag(s.Required), Multiple: bitrix.Flag(s.Multiple),
		}
		for _, o := range s.Options {
			p.Options = append(p.Options, bitrix.PropertyOption(o))
		}
		if s.Default != "" {
			p.Default = s.Default
		}
		all = append(all, p)
	}
	return all
}

// The fields that the bridge adds to deals and leads; on a smart process the part after UF_CRM_ follows
// its own prefix.
const (
	FieldRealtyID     = "UF_CRM_KB_REALTY_ID"
	FieldRealtyState  = "UF_CRM_KB_REALTY_STATE"
	FieldRealtyUIN    = "UF_CRM_KB_REALTY_UIN"
	FieldRealtyDuty   = "UF_CRM_KB_REALTY_DUTY"  // money: "2000|RUB"
	FieldRealtyFiles  = "UF_CRM_KB_REALTY_FILES" // several files
	FieldDiadocID     = "UF_CRM_KB_DIADOC_ID"
	FieldDiadocStatus = "UF_CRM_KB_DIADOC_STATUS"
	FieldDiadocLink   = "UF_CRM_KB_DIADOC_LINK" // address
	FieldError        = "UF_CRM_KB_ERROR"
)

// Fields are the definitions of the bridge's own fields.
func Fields() []bitrix.UserField {
	return []bitrix.UserField{
		ownField(FieldRealtyID, "string", "Реестро: документооборот", "Reestro: docflow"),
		ownField(FieldRealtyState, "string", "Реестро: статус", "Reestro: state"),
		ownField(FieldRealtyUIN, "string", "Реестро: УИН госпошлины", "Reestro: duty UIN"),
		ownField(FieldRealtyDuty, "money", "Реестро: госпошлина", "Reestro: state duty"),
		ownField(FieldRealtyFiles, "file", "Реестро: файлы", "Reestro: files"),
		ownField(FieldDiadocID, "string", "Диадок: документ", "Diadoc: document"),
		ownField(FieldDiadocStatus, "string", "Диадок: статус", "Diadoc: status"),
		ownField(FieldDiadocLink, "url", "Диадок: ссылка", "Diadoc: link"),
		ownField(FieldError, "string", "Контур: ошибка", "Kontur: error"),
	}
}

func ownField(name, kind, ru, en string) bitrix.UserField {
	label := bitrix.Texts{"ru": ru, "en": en}
	return bitrix.UserField{
		FieldName: name, UserTypeID: kind, XMLID: bitrix.Text(name), Multiple: kind == "file",
		ShowFilter: "Y", ShowInList: "Y", EditInList: "Y", EditFormLabel: label, ListLabel: label, FilterLabel: label,
	}
}
