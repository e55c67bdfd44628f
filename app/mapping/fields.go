package mapping

import (
	"bytes"
	_ "embed" // for fields.yaml
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// fieldsFile describes the user fields that the ready mappings read.
//
//go:embed fields.yaml
var fieldsFile []byte

// Holder is what a user field belongs to.
type Holder string

// The holders of user fields. A card is a deal, a lead or an item of a smart process.
const (
	OnCard    Holder = "card"
	OnContact Holder = "contact"
	OnCompany Holder = "company"
)

// Field is a user field that ready mappings read, or that the bridge fills.
type Field struct {
	Name     string // UF_CRM_KB_CADASTRAL; on a smart process of the type 7 UF_CRM_7_KB_CADASTRAL
	On       Holder
	Type     string // string, date, file or enumeration, as Bitrix24 names it
	Multiple bool
	RU, EN   string   // label
	Note     string   // what more there is to say, in English
	Kinds    []string // docflow types whose mappings read it, in their usual order
	Written  bool     // the bridge fills it with a result; no mapping reads it
	Words    string   // the list of words that it holds, see the function word; "" for none
}

// Choices are the values of an enumeration.
func (f Field) Choices() []Word {
	if f.Type != "enumeration" {
		return nil
	}
	return slices.Clone(dictionary().lists[f.Words])
}

// Word is a word of the service with what people see.
type Word struct {
	Code   string   // the service's own, and the external code (XML_ID) of a list field's value
	RU, EN string   // what people see
	Also   []string // what else is understood
}

// Fields lists every field that a ready mapping reads, those of the card first.
//
// Errors: the embedded file can't be read, which the tests exclude.
func Fields() ([]Field, error) {
	all, err := described()
	return slices.Clone(all.fields), err
}

// FieldsFor lists the fields that the ready mapping of a docflow type reads. An unknown type has none.
//
// Errors: as for Fields.
func FieldsFor(docflowType string) ([]Field, error) {
	all, err := Fields()
	return slices.DeleteFunc(all, func(f Field) bool { return !slices.Contains(f.Kinds, docflowType) }), err
}

// description is fields.yaml, ready for use; it is read once and never changed.
type description struct {
	fields []Field
	words  words
}

var described = sync.OnceValues(func() (description, error) { return describe(fieldsFile) })

// dictionary is the lists of words. The tests exclude that they can't be read.
func dictionary() words {
	all, _ := described()
	return all.words
}

// words finds codes by what people see.
type words struct {
	lists map[string][]Word
	codes map[string]map[string]string // of each list, by everything that is understood, in lower case
}

func (w words) has(list string) bool { return w.lists[list] != nil }

// knows reports whether a list has this very code.
func (w words) knows(list, code string) bool {
	return slices.ContainsFunc(w.lists[list], func(word Word) bool { return word.Code == code })
}

// code gives the code of a word, or the text as it is.
func (w words) code(list, text string) string {
	text = strings.TrimSpace(text)
	if code, ok := w.codes[list][strings.ToLower(text)]; ok {
		return code
	}
	return text
}

// fieldsYAML is the form of fields.yaml.
type fieldsYAML struct {
	Words         map[string][]Word
	Registrations []string
	Fields        []struct {
		Name, Of, Type, Words, RU, EN, Note string
		Multiple, Written                   bool
		For                                 []string
	}
	Papers []struct {
		Name, RU, EN, Kind, Note string
		List                     bool
		For                      []string
	}
	Address []struct {
		Name, Type, RU, EN, Note string
		Kind                     *string // the usual kind of this level; nil for what has none
	}
}

func describe(file []byte) (description, error) {
	var y fieldsYAML
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	decoder.KnownFields(true)
	if err := decoder.Decode(&y); err != nil {
		return description{}, fmt.Errorf("fields.yaml: %w", err)
	}
	d := description{words: words{lists: y.Words, codes: map[string]map[string]string{}}}
	for list, all := range y.Words {
		d.words.codes[list] = map[string]string{}
		for _, w := range all {
			for _, text := range append([]string{w.Code, w.RU, w.EN}, w.Also...) {
				if code, taken := d.words.codes[list][strings.ToLower(text)]; taken && code != w.Code {
					return description{}, fmt.Errorf("fields.yaml: %s: %q means two things", list, text)
				}
				d.words.codes[list][strings.ToLower(text)] = w.Code
			}
		}
	}
	for _, f := range y.Fields {
		d.fields = append(d.fields, Field{Name: f.Name, On: Holder(f.Of), Type: f.Type, Multiple: f.Multiple,
			RU: f.RU, EN: f.EN, Note: f.Note, Kinds: f.For, Words: f.Words, Written: f.Written})
	}
	d.papers(y)
	d.addresses(y)
	for i := range d.fields {
		d.fields[i].Name = fieldPrefix + d.fields[i].Name
	}
	slices.SortStableFunc(d.fields, func(a, b Field) int { return slices.Index(holders(), a.On) - slices.Index(holders(), b.On) })
	return d, nil
}

const fieldPrefix = "UF_CRM_KB_"

func holders() []Holder { return []Holder{OnCard, OnContact, OnCompany} }

// papers adds the fields of every paper: the file, its details, its signatures.
func (d *description) papers(y fieldsYAML) {
	for _, p := range y.Papers {
		add := func(ending, kind, words, ru, en, note string, multiple bool) {
			if ru != "" {
				ru, en = ": "+ru, ": "+en
			}
			d.fields = append(d.fields, Field{Name: p.Name + ending, On: OnCard, Type: kind, Multiple: multiple, RU: p.RU + ru, EN: p.EN + en,
				Note: note, Kinds: p.For, Words: words})
		}
		add("", "file", "", "", "", p.Note, p.List)
		switch {
		case p.List: // a list field keeps each of its values once and in no order
			add("_TYPE", "string", "documentType", "виды", "kinds", "`other` when empty", true)
		case p.Kind != "":
			add("_TYPE", "enumeration", p.Kind, "вид", "kind", "", false)
		}
		add("_NUMBER", "string", "", "номер", "number", "", p.List)
		add("_DATE", "date", "", "дата", "date", "", p.List)
		add("_ISSUER", "string", "", "кем выдан", "issuer", "", p.List)
		add("_ISSUER_CODE", "string", "", "код подразделения", "issuer's code", "", p.List)
		add("_SIG", "file", "", "подписи", "signatures", "", true)
	}
}

// addresses adds the fields of an address to everything that has one.
func (d *description) addresses(y fieldsYAML) {
	for _, on := range holders() {
		kinds := y.Registrations
		if on != OnCard {
			kinds = slices.Concat(y.Registrations, []string{"additional_packet_request", "action_request"})
		}
		for _, a := range y.Address {
			d.fields = append(d.fields, Field{Name: "ADDR_" + a.Name, On: on, Type: a.Type, RU: a.RU, EN: a.EN, Note: a.Note, Kinds: kinds})
			if a.Kind == nil {
				continue
			}
			note := ""
			if *a.Kind != "" {
				note = "`" + *a.Kind + "` when empty"
			}
			d.fields = append(d.fields, Field{Name: "ADDR_" + a.Name + "_TYPE", On: on, Type: a.Type, RU: a.RU + " (тип)", EN: a.EN + " (kind)",
				Note: note, Kinds: kinds})
		}
	}
}
