package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/sandbox/bitrixsim"
)

// cardDetails is what the panel of one card shows.
type cardDetails struct {
	card
	Stage     string     `json:"stage"`
	Fields    []field    `json:"fields"`
	Contacts  []contact  `json:"contacts"`
	Timeline  []line     `json:"timeline"` // newest first
	Workflows []workflow `json:"workflows"`
	Tabs      []tab      `json:"tabs"`
}

type field struct {
	Name     string                 `json:"name"`
	Label    string                 `json:"label"`
	Type     string                 `json:"type"`
	Multiple bool                   `json:"multiple"`
	Editable bool                   `json:"editable"`
	Signs    bool                   `json:"signs,omitempty"` // takes the signatures of the card's docflow
	Value    string                 `json:"value"`
	Options  []bitrixsim.EnumOption `json:"options,omitempty"`
	Files    []file                 `json:"files,omitempty"`
}

type file struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Size int    `json:"size"`
}

type contact struct {
	Name   string  `json:"name"`
	Fields []field `json:"fields"`
}

type line struct {
	Kind  string    `json:"kind"`
	Text  string    `json:"text"`
	Files []file    `json:"files,omitempty"`
	At    time.Time `json:"at"`
}

type workflow struct {
	Name    string    `json:"name"`
	State   string    `json:"state"`
	Waiting string    `json:"waiting,omitempty"`
	Log     []string  `json:"log"`
	At      time.Time `json:"at"`
}

// tab is a page of an application in the card.
type tab struct {
	Title     string `json:"title"`
	Client    string `json:"client"`
	Placement string `json:"placement"`
}

func details(p *bitrixsim.Portal, typ, id int) (cardDetails, bool) {
	item, ok := p.Item(typ, id)
	if !ok {
		return cardDetails{}, false
	}
	out := cardDetails{
		card: toCard(typ, item, names(p)), Stage: text(item["stageId"]), Fields: fields(p, typ, item),
		Contacts: []contact{}, Timeline: []line{}, Workflows: workflows(p, typ, id), Tabs: tabs(p, typ),
	}
	ids, _ := item["contactIds"].([]any)
	for _, ref := range ids {
		n, _ := ref.(int)
		if who, ok := p.Item(bitrixsim.Contact, n); ok {
			name := strings.Join(strings.Fields(text(who["lastName"])+" "+text(who["name"])+" "+text(who["secondName"])), " ")
			out.Contacts = append(out.Contacts, contact{Name: name, Fields: filled(fields(p, bitrixsim.Contact, who))})
		}
	}
	for _, e := range p.Timeline(typ, id) {
		out.Timeline = append(out.Timeline, line{Kind: e.Kind, Text: e.Text, Files: toFiles(e.Files), At: e.Created})
	}
	slices.SortStableFunc(out.Timeline, func(a, b line) int { return b.At.Compare(a.At) })
	return out, true
}

// fields shows a comment and every user field; values people edit by hand are marked.
func fields(p *bitrixsim.Portal, typ int, item map[string]any) []field {
	out := []field{}
	if comments := text(item["comments"]); comments != "" {
		out = append(out, field{Name: "comments", Label: "Комментарий", Type: "string", Value: comments})
	}
	if born := text(item["birthdate"]); born != "" {
		out = append(out, field{Name: "birthdate", Label: "Дата рождения", Type: "date", Value: day(born)})
	}
	signs, _ := signatureField(p, typ)
	for _, uf := range p.UserFields(typ) {
		f := field{Name: uf.Name, Label: uf.Label, Type: uf.Type, Multiple: uf.Multiple, Options: uf.Options, Signs: uf.Name == signs}
		if f.Label == "" {
			f.Label = uf.Name
		}
		if uf.Type == "file" {
			for _, id := range list(item[uf.Name]) {
				n, _ := id.(int)
				if name, data, ok := p.File(n); ok {
					f.Files = append(f.Files, file{ID: n, Name: name, Size: len(data)})
				}
			}
			out = append(out, f)
			continue
		}
		f.Editable = !uf.Multiple && slices.Contains([]string{"string", "integer", "double", "date", "enumeration", "url"}, uf.Type)
		var values []string
		for _, v := range list(item[uf.Name]) {
			value := text(v)
			if uf.Type == "date" {
				value = day(value)
			}
			values = append(values, value)
		}
		f.Value = strings.Join(values, ", ")
		out = append(out, f)
	}
	return out
}

// day cuts the time off a date, which the portal gives as midnight.
func day(moment string) string {
	date, _, _ := strings.Cut(moment, "T")
	return date
}

// filled drops empty fields and names options instead of numbering them: contacts are only shown.
func filled(all []field) []field {
	out := []field{}
	for _, f := range all {
		if f.Value == "" && len(f.Files) == 0 {
			continue
		}
		values := strings.Split(f.Value, ", ")
		for _, o := range f.Options {
			if i := slices.Index(values, fmt.Sprint(o.ID)); i >= 0 {
				values[i] = o.Value
			}
		}
		f.Value = strings.Join(values, ", ")
		f.Options = nil
		out = append(out, f)
	}
	return out
}

func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func toFiles(all []bitrixsim.File) []file {
	var out []file
	for _, f := range all {
		out = append(out, file{ID: f.ID, Name: f.Name, Size: len(f.Data)})
	}
	return out
}

func workflows(p *bitrixsim.Portal, typ, id int) []workflow {
	document := fmt.Sprintf("DYNAMIC_%d_%d", typ, id)
	switch typ {
	case bitrixsim.Lead:
		document = fmt.Sprintf("LEAD_%d", id)
	case bitrixsim.Deal:
		document = fmt.Sprintf("DEAL_%d", id)
	}
	out := []workflow{}
	for _, w := range p.Workflows() {
		if w.Document[2] != document {
			continue
		}
		name := "Автоматизация стадии"
		if w.TemplateID != 0 {
			name = fmt.Sprintf("Бизнес-процесс %d", w.TemplateID)
		}
		out = append(out, workflow{Name: name, State: w.State, Waiting: w.WaitingFor, Log: w.Log, At: w.Started})
	}
	slices.Reverse(out)
	return out
}

func tabs(p *bitrixsim.Portal, typ int) []tab {
	code := fmt.Sprintf("CRM_DYNAMIC_%d_DETAIL_TAB", typ)
	switch typ {
	case bitrixsim.Lead:
		code = "CRM_LEAD_DETAIL_TAB"
	case bitrixsim.Deal:
		code = "CRM_DEAL_DETAIL_TAB"
	}
	out := []tab{}
	for _, pl := range p.Placements() {
		if pl.Placement == code {
			out = append(out, tab{Title: pl.Title, Client: pl.ClientID, Placement: code})
		}
	}
	return out
}
