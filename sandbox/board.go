package sandbox

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// pageState is everything that the page shows at a glance.
type pageState struct {
	Portals   []string      `json:"portals"`
	Portal    string        `json:"portal"`
	Paused    bool          `json:"paused"`
	Automatic bool          `json:"automatic"`
	Boards    []board       `json:"boards"`
	Apps      []application `json:"apps"`
	Users     []user        `json:"users"`
	Docflows  []docflow     `json:"docflows"` // newest first
	Notes     []note        `json:"notes"`    // newest first
	Exchange  exchange      `json:"exchange"`
}

type board struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Stages []stage `json:"stages"`
}

type stage struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Tone  string `json:"tone"` // P, S or F, as the portal's semantics
	Cards []card `json:"cards"`
}

type card struct {
	Type    int      `json:"type"`
	ID      int      `json:"id"`
	Title   string   `json:"title"`
	Amount  string   `json:"amount,omitempty"`
	People  []string `json:"people,omitempty"`
	Docflow string   `json:"docflow,omitempty"` // what the bridge wrote into the card
	Problem string   `json:"problem,omitempty"`
	// Signs is the id of the docflow whose signatures the card has a field for.
	Signs string `json:"signs,omitempty"`
}

type docflow struct {
	ID        string             `json:"id"`
	Type      string             `json:"type"`
	RequestID string             `json:"requestId"`
	State     string             `json:"state"`
	Waits     string             `json:"waits,omitempty"` // signature, payment or packet
	Object    string             `json:"object,omitempty"`
	Charges   []realtysim.Charge `json:"charges,omitempty"`
	Signers   int                `json:"signers"`
	Signed    int                `json:"signed"`
	Files     []string           `json:"files,omitempty"`
	Error     string             `json:"error,omitempty"`
	History   []realtysim.Step   `json:"history"`
}

func (s *Sandbox) pageState(name string) pageState {
	out := pageState{Portals: []string{}, Apps: []application{}, Users: []user{}, Boards: []board{}, Docflows: []docflow{}, Notes: []note{}, Automatic: s.Realty.IsAutomatic(), Exchange: s.exchange()}
	for _, p := range s.Bitrix.Portals() {
		out.Portals = append(out.Portals, p.Name())
	}
	if p := s.portal(name); p != nil {
		out.Portal, out.Boards, out.Apps, out.Users = p.Name(), boards(p), applications(p), users(p)
	}
	for _, d := range s.Realty.Docflows() {
		out.Docflows = append(out.Docflows, toDocflow(d))
	}
	slices.Reverse(out.Docflows)
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Paused = s.paused[out.Portal]
	out.Notes = append(out.Notes, s.notes...)
	slices.Reverse(out.Notes)
	return out
}

// portal finds a portal by name; an unknown or empty name means the first one.
func (s *Sandbox) portal(name string) *bitrixsim.Portal {
	all := s.Bitrix.Portals()
	for _, p := range all {
		if p.Name() == name {
			return p
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// boards shows every funnel of deals, leads and smart processes with its cards.
func boards(p *bitrixsim.Portal) []board {
	var (
		out    = []board{}
		people = names(p)
		types  []int
	)
	for _, st := range p.Stages() {
		if st.EntityTypeID == bitrixsim.Quote || st.EntityTypeID == bitrixsim.SmartInvoice {
			continue // nothing in the demonstration works on them
		}
		id := boardID(st.EntityTypeID, st.CategoryID)
		if len(out) == 0 || out[len(out)-1].ID != id {
			out = append(out, board{ID: id, Name: boardName(st.EntityTypeID, st.CategoryID)})
		}
		b := &out[len(out)-1]
		b.Stages = append(b.Stages, stage{ID: st.Code, Name: st.Name, Tone: st.Semantics, Cards: []card{}})
		if !slices.Contains(types, st.EntityTypeID) {
			types = append(types, st.EntityTypeID)
		}
	}
	for _, typ := range types {
		_, signs := signatureField(p, typ)
		for _, item := range p.Items(typ) {
			funnel, _ := item["categoryId"].(int)
			if i := slices.IndexFunc(out, func(b board) bool { return b.ID == boardID(typ, funnel) }); i >= 0 {
				c := toCard(typ, item, people)
				if signs {
					c.Signs = docflowOf(item)
				}
				out[i].put(c, text(item["stageId"]))
			}
		}
	}
	// Deals are what people come for.
	slices.SortStableFunc(out, func(a, b board) int { return rank(a) - rank(b) })
	return out
}

func boardID(typ, funnel int) string { return fmt.Sprintf("%d-%d", typ, funnel) }

func rank(b board) int {
	if strings.HasPrefix(b.ID, boardID(bitrixsim.Lead, 0)) {
		return 1
	}
	return 0
}

func boardName(typ, funnel int) string {
	switch {
	case typ == bitrixsim.Lead:
		return "Лиды"
	case typ != bitrixsim.Deal:
		return fmt.Sprintf("Смарт-процесс %d", typ)
	case funnel == 0:
		return "Сделки"
	case funnel == 1:
		return "Регистрация прав"
	}
	return fmt.Sprintf("Сделки, направление %d", funnel)
}

// put places a card in the column of its stage.
func (b *board) put(c card, id string) {
	if i := slices.IndexFunc(b.Stages, func(st stage) bool { return st.ID == id }); i >= 0 {
		b.Stages[i].Cards = append(b.Stages[i].Cards, c)
	}
}

func toCard(typ int, item map[string]any, people map[int]string) card {
	c := card{
		Type: typ, Title: text(item["title"]), Amount: amount(item["opportunity"], text(item["currencyId"])),
		Docflow: text(item["UF_CRM_KB_REALTY_STATE"]), Problem: text(item["UF_CRM_KB_ERROR"]),
	}
	c.ID, _ = item["id"].(int)
	ids, _ := item["contactIds"].([]any)
	for _, id := range ids {
		if n, ok := id.(int); ok && people[n] != "" {
			c.People = append(c.People, people[n])
		}
	}
	return c
}

// names maps contacts to "Name Surname".
func names(p *bitrixsim.Portal) map[int]string {
	out := map[int]string{}
	for _, item := range p.Items(bitrixsim.Contact) {
		if id, ok := item["id"].(int); ok {
			out[id] = strings.TrimSpace(text(item["name"]) + " " + text(item["lastName"]))
		}
	}
	return out
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// amount groups whole units by thin spaces: 4 500 000 ₽.
func amount(v any, currency string) string {
	sum, _ := v.(float64)
	if sum == 0 {
		return ""
	}
	digits := strconv.FormatInt(int64(math.Round(sum)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u00a0" + digits[i:]
	}
	if currency == "RUB" || currency == "" {
		currency = "₽"
	}
	return digits + "\u00a0" + currency
}

func toDocflow(d realtysim.Docflow) docflow {
	out := docflow{
		ID: d.ID, Type: d.Type, RequestID: d.RequestID, State: strings.TrimSpace(d.State), Waits: d.Waits, Charges: d.Charges,
		Signed: len(d.SignedBy), History: d.History, Object: object(d.Options),
	}
	for _, st := range d.Statements {
		out.Signers += len(st.Persons)
	}
	for _, f := range d.Files {
		out.Files = append(out.Files, f.Name)
	}
	if d.Error != nil {
		out.Error = d.Error.Message
	}
	return out
}

// object finds the first cadastral number of the options.
func object(options any) string {
	o, _ := options.(map[string]any)
	if number, ok := o["cadastralNumber"].(string); ok {
		return number
	}
	for _, key := range []string{"object", "objects"} {
		switch v := o[key].(type) {
		case map[string]any:
			return text(v["cadastralNumber"])
		case []any:
			if len(v) > 0 {
				first, _ := v[0].(map[string]any)
				return text(first["cadastralNumber"])
			}
		}
	}
	return ""
}
