package bitrixsim

import (
	"slices"
	"strconv"
	"strings"
)

// cardType is one kind of CRM object with its cards.
type cardType struct {
	id         int // entityTypeId
	typeID     int // id of the smart process definition; user fields are named by it
	title      string
	standard   []*fieldDef
	userFields []*UserField
	all        []*fieldDef // standard and user fields, see fields
	categories []category
	required   map[string][]string // stage to names of fields that it requires
	items      map[int]*item
}

// category is a funnel.
type category struct {
	id   int
	name string
	def  bool
}

// status is one row of crm.status.list.
type status struct {
	id        int
	entity    string
	code      string
	name      string
	sort      int
	system    bool
	category  int
	semantics string // "" in progress, S, F
}

// item is a card; values are kept by upper-case name: string, int, float64, []any, []multifield.
type item struct {
	id   int
	vals map[string]any
}

func newCardType(entityTypeID int, title string) *cardType {
	return &cardType{
		id: entityTypeID, title: title, standard: standardFields(entityTypeID),
		required: map[string][]string{}, items: map[int]*item{},
	}
}

// name is the upper-case name of the type: DEAL, DYNAMIC_177.
func (t *cardType) name() string {
	switch t.id {
	case Lead:
		return "LEAD"
	case Deal:
		return "DEAL"
	case Contact:
		return "CONTACT"
	case Company:
		return "COMPANY"
	case Quote:
		return "QUOTE"
	case SmartInvoice:
		return "SMART_INVOICE"
	case requisiteTypeID:
		return "REQUISITE"
	}
	return "DYNAMIC_" + itoa(t.id)
}

// dynamic reports whether the type works like a smart process: events, stamps and names of its own.
func (t *cardType) dynamic() bool { return t.id >= SmartProcessMin || t.id == SmartInvoice }

// short is the prefix of the type in bindings and product rows: D, T80.
func (t *cardType) short() string {
	if t.id >= SmartProcessMin {
		return "T" + strconv.FormatInt(int64(t.id), 16)
	}
	return map[int]string{Lead: "L", Deal: "D", Contact: "C", Company: "CO", Quote: "Q", SmartInvoice: "SI"}[t.id]
}

// fieldEntity is the entity id of user fields: CRM_DEAL, CRM_7 (type id, not entityTypeId).
func (t *cardType) fieldEntity() string {
	if t.id >= SmartProcessMin {
		return "CRM_" + itoa(t.typeID)
	}
	return "CRM_" + t.name()
}

// stageField is the field that holds the stage, or empty for contacts and companies.
func (t *cardType) stageField() string {
	switch t.id {
	case Lead, Quote:
		return "STATUS_ID"
	case Contact, Company:
		return ""
	}
	return "STAGE_ID"
}

// stageEntity is the directory of the stages of a funnel.
func (t *cardType) stageEntity(category int) string {
	switch {
	case t.id == Lead:
		return "STATUS"
	case t.id == Quote:
		return "QUOTE_STATUS"
	case t.id == SmartInvoice:
		return "SMART_INVOICE_STAGE_" + itoa(category)
	case t.id == Deal && category == 0:
		return "DEAL_STAGE"
	case t.id == Deal:
		return "DEAL_STAGE_" + itoa(category)
	}
	return "DYNAMIC_" + itoa(t.id) + "_STAGE_" + itoa(category)
}

// document is the type's part of DOCUMENT_TYPE and DOCUMENT_ID.
func (t *cardType) document() (entity, prefix string) {
	switch t.id {
	case Lead:
		return "CCrmDocumentLead", "LEAD"
	case Deal:
		return "CCrmDocumentDeal", "DEAL"
	case Contact:
		return "CCrmDocumentContact", "CONTACT"
	case Company:
		return "CCrmDocumentCompany", "COMPANY"
	}
	class := map[int]string{Quote: "Quote", SmartInvoice: "SmartInvoice"}[t.id]
	if class == "" {
		class = "Dynamic"
	}
	return `Bitrix\Crm\Integration\BizProc\Document\` + class, t.name()
}

// addBuiltInTypes fills a new portal; the caller holds mu.
func (p *Portal) addBuiltInTypes() {
	for id, title := range map[int]string{
		Lead: "Лид", Deal: "Сделка", Contact: "Контакт", Company: "Компания", Quote: "Предложение", SmartInvoice: "Счёт",
	} {
		p.types[id] = newCardType(id, title)
	}
	p.addStages("STATUS", "", 0, "NEW Новый,IN_PROCESS В работе,PROCESSED Обработан,CONVERTED Качественный S,JUNK Некачественный F")
	p.requisiteType = newCardType(requisiteTypeID, "Реквизит") // only its user fields are of interest
	p.types[Deal].categories = []category{{id: 0, name: "Общая", def: true}}
	p.addStages("DEAL_STAGE", "", 0, dealStages)
	p.addDealCategory("Регистрация прав")
	p.addStages("QUOTE_STATUS", "", 0, "DRAFT Новое,SENT Отправлено,APPROVED Принято S,DECLAINED Отклонено F")
	p.types[SmartInvoice].categories = []category{{id: 1, name: "Общее направление", def: true}}
	p.addStages(p.types[SmartInvoice].stageEntity(1), "DT31_1:", 1, "N Новый,S Отправлен,P Оплачен S,D Не оплачен F")
}

const dealStages = "NEW Новая,PREPARATION Подготовка документов,PREPAYMENT_INVOICE Счёт на предоплату,EXECUTING В работе," +
	"FINAL_INVOICE Финальный счёт,WON Сделка успешна S,LOSE Сделка провалена F,APOLOGY Анализ причины провала F"

func (p *Portal) addDealCategory(name string) int {
	t := p.types[Deal]
	id := p.nextID("deal category", 1)
	t.categories = append(t.categories, category{id: id, name: name})
	p.addStages(t.stageEntity(id), "C"+itoa(id)+":", id, dealStages)
	return id
}

// addStages adds a directory: "CODE Name [S|F]" by commas.
func (p *Portal) addStages(entity, prefix string, category int, table string) {
	for i, row := range strings.Split(table, ",") {
		code, name, _ := strings.Cut(row, " ")
		st := status{
			id: p.nextID("status", 101), entity: entity, code: prefix + code, name: name, sort: (i + 1) * 10, category: category,
		}
		for _, mark := range []string{"S", "F"} {
			if cut, ok := strings.CutSuffix(name, " "+mark); ok {
				st.name, st.semantics, st.system = cut, mark, true
			}
		}
		st.system = st.system || i == 0
		p.statuses = append(p.statuses, st)
	}
}

// AddType makes a smart process with one funnel and returns its type id, which names its user fields
// (UF_CRM_{type id}_X) and differs from entityTypeId. An existing one is left as it is.
func (p *Portal) AddType(entityTypeID int, title string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.addType(entityTypeID, title).typeID
}

func (p *Portal) addType(entityTypeID int, title string) *cardType {
	if t := p.types[entityTypeID]; t != nil {
		return t
	}
	t := newCardType(entityTypeID, title)
	t.typeID = p.nextID("type", 7)
	p.types[entityTypeID] = t
	p.addSmartCategory(t, "Общее направление", true)
	p.fire("ONCRMTYPEADD", itoa(t.typeID), pairs("FIELDS", pairs("ID", itoa(t.typeID))), actor{user: 1})
	p.s.notify()
	return t
}

func (p *Portal) addSmartCategory(t *cardType, name string, def bool) int {
	id := p.nextID("smart category", 7)
	t.categories = append(t.categories, category{id: id, name: name, def: def})
	p.addStages(t.stageEntity(id), "DT"+itoa(t.id)+"_"+itoa(id)+":", id,
		"NEW Начало,PREPARATION Подготовка,CLIENT Согласование,SUCCESS Успех S,FAIL Провал F")
	return id
}

// AddCategory makes a funnel of deals or of a smart process and returns its id.
func (p *Portal) AddCategory(entityTypeID int, name string) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if entityTypeID == Deal {
		return p.addDealCategory(name)
	}
	return p.addSmartCategory(p.addType(entityTypeID, name), name, false)
}

// RequireAtStage makes fields (original names) required for entering a stage within the same funnel.
func (p *Portal) RequireAtStage(entityTypeID int, stage string, fields ...string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if t := p.types[entityTypeID]; t != nil {
		t.required[stage] = fields
	}
}

// stages lists a funnel's stages in order.
func (p *Portal) stages(entity string) []status {
	var out []status
	for _, st := range p.statuses {
		if st.entity == entity {
			out = append(out, st)
		}
	}
	slices.SortStableFunc(out, func(a, b status) int { return a.sort - b.sort })
	return out
}

// stage finds a stage of a funnel, or nil.
func (p *Portal) stage(t *cardType, category int, code string) *status {
	for _, st := range p.stages(t.stageEntity(category)) {
		if st.code == code {
			return &st
		}
	}
	return nil
}

// semantic is the item's P, S or F.
func (st *status) semantic() string {
	if st == nil || st.semantics == "" {
		return "P"
	}
	return st.semantics
}

// UserFields lists the custom fields of a type.
func (p *Portal) UserFields(entityTypeID int) []UserField {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	t := p.types[entityTypeID]
	if t == nil {
		return nil
	}
	out := make([]UserField, 0, len(t.userFields))
	for _, f := range t.userFields {
		c := *f
		c.Options = slices.Clone(f.Options)
		out = append(out, c)
	}
	return out
}

// AddUserField makes a custom field as an administrator would and returns it with its ids. A smart process that
// does not exist yet is made. An existing name is returned as it is.
func (p *Portal) AddUserField(entityTypeID int, f UserField) UserField {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	t := p.cardType(entityTypeID)
	if t == nil {
		return UserField{}
	}
	if d := t.field(f.Name, namesAny); d != nil && d.user != nil {
		return *d.user
	}
	return *p.addUserField(t, f)
}

func (p *Portal) addUserField(t *cardType, f UserField) *UserField {
	f.ID = p.nextID("user field", 501)
	if f.Type == "" {
		f.Type = "string"
	}
	f.Options = slices.Clone(f.Options)
	for i := range f.Options {
		f.Options[i].ID = p.nextID("enum", 41)
	}
	t.userFields = append(t.userFields, &f)
	p.s.notify()
	return &f
}

// cardType finds a type; the levers make smart processes as they need them.
func (p *Portal) cardType(entityTypeID int) *cardType {
	if entityTypeID >= SmartProcessMin {
		return p.addType(entityTypeID, "Смарт-процесс "+strconv.Itoa(entityTypeID))
	}
	return p.types[entityTypeID]
}
