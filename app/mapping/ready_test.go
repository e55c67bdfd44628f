package mapping_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/mapping"
	"konturbridge/realty/schema"
)

// checker is the real check of what a mapping makes.
type checker struct{ set *schema.Set }

func newChecker(t testing.TB) checker {
	t.Helper()
	set, err := schema.Load()
	require.NoError(t, err)
	return checker{set}
}

func (c checker) Check(kind string, options any) []mapping.SchemaProblem {
	var out []mapping.SchemaProblem
	for _, p := range c.set.Check(kind, options) {
		severity := mapping.SeverityError
		if p.Severity == schema.Warn {
			severity = mapping.SeverityWarning
		}
		out = append(out, mapping.SchemaProblem{Path: p.Path, Rule: p.Rule, Severity: severity, MessageRU: p.MessageRU, MessageEN: p.MessageEN, Value: p.Value})
	}
	return out
}

// filler fills every field that a ready mapping reads.
type filler struct {
	kind    string
	options map[string]mapping.Option
	files   int
	people  int
}

// value is something for a field; only the form of some of them matters.
func (f *filler) value(field mapping.Field) any {
	one := func() any {
		switch field.Type {
		case "file":
			f.files++
			return map[string]any{"id": float64(f.files), "url": "https://portal.example/x"}
		case "date":
			return "2018-05-05T03:00:00+03:00"
		case "enumeration":
			return f.option(field.Choices()[0])
		}
		switch name := strings.TrimPrefix(field.Name, "UF_CRM_KB_"); {
		case strings.HasSuffix(name, "CADASTRAL"):
			return "54:35:021060:1683"
		case name == "SNILS":
			f.people++
			return fmt.Sprintf("000-000-%03d 00", f.people)
		case strings.HasSuffix(name, "_CODE"):
			return "540021"
		case name == "ADDR_FIAS", name == "PARENT":
			return "ae310163-848f-49dc-82d3-7cb166d18ab6"
		case name == "SHARE":
			return "1 / 2"
		case name == "DOC_SERIES":
			return "1234"
		case name == "MORE_TYPE":
			return "Земельный участок"
		case field.Words == "documentType":
			return "Доверенность"
		case name == "ADDR_APARTMENT_TYPE":
			return "пом"
		case name == "ADDR_HOUSE_TYPE":
			return "влд"
		case name == "ADDR_BUILDING_TYPE":
			return "к"
		case name == "ADDR_STRUCTURE_TYPE":
			return "литера"
		}
		return field.RU
	}
	if !field.Multiple || field.Type == "enumeration" {
		return one()
	}
	return []any{one(), one()}
}

func (f *filler) option(w mapping.Word) string {
	id := fmt.Sprint(1000 + len(f.options))
	f.options[id] = mapping.Option{Text: w.RU, Code: w.Code}
	return id
}

// holder makes a card, a contact or a company with all of its fields.
func (f *filler) holder(t testing.TB, on mapping.Holder, into map[string]any) map[string]any {
	t.Helper()
	fields, err := mapping.FieldsFor(f.kind)
	require.NoError(t, err)
	for _, field := range fields {
		if field.On != on {
			continue
		}
		if _, given := into[field.Name]; !given {
			into[field.Name] = f.value(field)
		}
	}
	for name, value := range into {
		if value == nil {
			delete(into, name)
		}
	}
	return into
}

// contact is a person with all fields; roles and what is not to be filled are said.
func (f *filler) contact(t testing.TB, role string, special map[string]any) map[string]any {
	t.Helper()
	c := map[string]any{"ID": fmt.Sprint(11 + f.people), "NAME": "Тест", "LAST_NAME": "Тестов", "SECOND_NAME": "Тестович", "BIRTHDATE": "1990-01-01",
		"UF_CRM_KB_ROLE": []any{role}, "UF_CRM_KB_PARTY": "person", "UF_CRM_KB_REPRESENTS": nil}
	for name, value := range special {
		c[name] = value
	}
	return f.holder(t, mapping.OnContact, c)
}

func requisites() []any {
	return []any{map[string]any{"RQ_COMPANY_FULL_NAME": "ООО «Тест»", "RQ_INN": "7707083893", "RQ_KPP": "773601001", "RQ_OGRN": "1027700132195",
		"RQ_COMPANY_REG_DATE": "06.04.2007", "ADDRESSES": []any{
			map[string]any{"TYPE_ID": "1", "PROVINCE": "Томская область"},
			map[string]any{"TYPE_ID": "6", "PROVINCE": "Москва", "CITY": "Москва", "ADDRESS_1": "ул. Тестовая, д. 1", "ADDRESS_2": "оф. 5"},
		}}}
}

// full is a card with everything that the ready mapping of a docflow type reads: variant 0 is a deal with sole owners,
// 1 a lead with couples, 2 an item of a smart process with shares.
func full(t testing.TB, kind string, variant int) mapping.Card {
	t.Helper()
	f := &filler{kind: kind, options: map[string]mapping.Option{}}
	how := []string{"", "joint", ""}[variant]
	fields := f.holder(t, mapping.OnCard, map[string]any{"ID": "410", "UF_CRM_KB_SELLER_OWNERSHIP": how, "UF_CRM_KB_BUYER_OWNERSHIP": how,
		"UF_CRM_KB_RESTRICTED_OWNERSHIP": how})
	card := mapping.Card{Options: f.options}
	bank := map[string]any{"ID": "8", "TITLE": "ПАО «Банк»", "REQUISITES": requisites()}
	card.Contacts = append(card.Contacts, f.contact(t, "encumbrancer", map[string]any{"UF_CRM_KB_PARTY": nil, "COMPANY": bank}),
		f.contact(t, "developer", map[string]any{"UF_CRM_KB_PARTY": "Организация"}))
	card.Company = f.holder(t, mapping.OnCompany, map[string]any{"ID": "9", "TITLE": "Застройщик", "REQUISITES": requisites()})
	card.Requisites = card.Company["REQUISITES"].([]any)[0].(map[string]any)
	for _, side := range []string{"seller", "buyer", "restricted", "applicant"} {
		share := map[string]any{"UF_CRM_KB_SHARE": nil}
		switch {
		case variant == 1:
			card.Contacts = append(card.Contacts, f.contact(t, side, share), f.contact(t, side+"_spouse", share))
		case variant == 2 && (side == "seller" || side == "buyer"):
			first, second := f.contact(t, side, nil), f.contact(t, side, nil)
			card.Contacts = append(card.Contacts, first, second, f.contact(t, "helper", map[string]any{"UF_CRM_KB_REPRESENTS": "C_" + first["ID"].(string)}))
		default:
			card.Contacts = append(card.Contacts, f.contact(t, side, share), f.contact(t, side+"_representative", nil))
		}
	}
	switch variant {
	case 0:
		card.Deal = fields
	case 1:
		card.Lead = fields
	default:
		card.Item = map[string]any{}
		for name, value := range fields {
			card.Item[strings.Replace(name, "UF_CRM_KB_", "UF_CRM_7_KB_", 1)] = value
		}
	}
	return card
}

// TestCompleteCards: a card in which everything is filled in, of each kind of card and of ownership, gives options
// that the check lets pass; those of the deals are in testdata.
func TestCompleteCards(t *testing.T) {
	t.Parallel()
	check := newChecker(t)
	for _, kind := range schema.Kinds() {
		for variant := range 3 {
			t.Run(fmt.Sprintf("%s %d", kind, variant), func(t *testing.T) {
				t.Parallel()
				card := full(t, kind, variant)
				result, problems := compilePreset(t, kind).Render(card)
				require.Empty(t, problems)
				for _, p := range mapping.Check(check, kind, result) {
					require.Equal(t, mapping.SeverityWarning, p.Severity, p.Text())
				}
				if variant > 0 {
					return
				}
				options, err := result.Resolve(func(use mapping.FileUse) (any, error) {
					return mapping.Content("pdf", "file "+use.Ref.ID, use.Ref.Signatures), nil
				})
				require.NoError(t, err)
				made, err := json.MarshalIndent(options, "", " ")
				require.NoError(t, err)
				golden(t, "testdata/ready/"+kind+".json", append(made, '\n'))
			})
		}
	}
}

func golden(t *testing.T, file string, made []byte) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(file, made, 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(made))
}

var typed = regexp.MustCompile(`UF_CRM_(\d+_)?KB_`)

// TestFieldsAreThoseOfThePresets: what a ready mapping reads is what the list of fields says of it, no more and no less.
func TestFieldsAreThoseOfThePresets(t *testing.T) {
	t.Parallel()
	for _, kind := range schema.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			read := map[string]bool{}
			for variant := range 3 {
				card := full(t, kind, variant)
				for _, empty := range []bool{false, true} {
					if empty { // what is looked at when nothing is filled in
						card = mapping.Card{Deal: map[string]any{}, Contacts: []map[string]any{{"ID": "1"}}, Company: map[string]any{"ID": "2"}}
					}
					result, _ := compilePreset(t, kind).Render(card)
					for _, fields := range result.Sources {
						for _, source := range fields {
							holder, name, _ := strings.Cut(source, ".")
							on := map[string]mapping.Holder{"deal": mapping.OnCard, "lead": mapping.OnCard, "item": mapping.OnCard, "company": mapping.OnCompany}[holder]
							if on == "" {
								on = mapping.OnContact
							}
							if strings.HasPrefix(name, "COMPANY.") {
								on, name = mapping.OnCompany, strings.TrimPrefix(name, "COMPANY.")
							}
							if typed.MatchString(name) {
								read[string(on)+" "+typed.ReplaceAllString(name, "UF_CRM_KB_")] = true
							}
						}
					}
				}
			}
			fields, err := mapping.FieldsFor(kind)
			require.NoError(t, err)
			var declared []string
			for _, field := range fields {
				declared = append(declared, string(field.On)+" "+field.Name)
				if field.Written {
					require.False(t, read[string(field.On)+" "+field.Name], field.Name)
					continue
				}
				if !read[string(field.On)+" "+field.Name] && !companyless(kind, field) {
					t.Errorf("%s %s is listed for %s, whose mapping does not read it", field.On, field.Name, kind)
				}
			}
			for name := range read {
				if kind == "right_movement_request" && name == "card UF_CRM_KB_MORE_CADASTRAL" {
					continue // read to be refused
				}
				require.Contains(t, declared, name, "read by the mapping of %s, but not listed", kind)
			}
		})
	}
}

// companyless: the parties of these cards are people; which company field an organization would need is the same for
// every docflow type.
func companyless(kind string, field mapping.Field) bool {
	return field.On == mapping.OnCompany && kind != "equity_agreement_registration_request"
}

// TestIncompleteCards: an empty card, one with parties but no data of them, and one with everything wrong: all problems
// at once, each with its place, rule and CRM field. The texts are in testdata.
func TestIncompleteCards(t *testing.T) {
	t.Parallel()
	check := newChecker(t)
	for _, kind := range schema.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, tc := range []struct {
				name string
				card mapping.Card
			}{
				{"nothing", mapping.Card{Deal: map[string]any{"ID": "1"}}},
				{"parties without data", bare()},
				{"wrong data", wrong(t, kind)},
			} {
				result, problems := compilePreset(t, kind).Render(tc.card)
				problems = append(problems, mapping.Check(check, kind, result)...)
				errors := slices.DeleteFunc(problems, func(p mapping.Problem) bool { return p.Severity != mapping.SeverityError })
				require.NotEmpty(t, errors, tc.name)
				fmt.Fprintf(&b, "%s\n", tc.name)
				for _, p := range errors {
					require.NotEmpty(t, p.Rule)
					if tc.name == "wrong data" {
						require.NotEmpty(t, p.Fields, "%s: no field to correct", p.Text())
					}
					fmt.Fprintf(&b, "\t%s [%s]\n", p.Text(), p.Rule)
				}
			}
			golden(t, "testdata/ready/"+kind+".problems.txt", []byte(b.String()))
		})
	}
}

// bare is a card whose contacts have nothing but roles.
func bare() mapping.Card {
	card := mapping.Card{Lead: map[string]any{"ID": "1"}}
	for i, role := range []string{"seller", "buyer", "restricted", "encumbrancer", "developer", "applicant"} {
		card.Contacts = append(card.Contacts, map[string]any{"ID": fmt.Sprint(i + 1), "UF_CRM_KB_ROLE": role})
	}
	return card
}

// wrong is a complete card in which single values are broken.
func wrong(t *testing.T, kind string) mapping.Card {
	t.Helper()
	card := full(t, kind, 0)
	for name, value := range map[string]any{"CADASTRAL": "54-35-021060", "OBJECT_TYPE": "", "AREA_UNIT": "сотка", "REG_DATE": "давно",
		"EXTRACT_TYPE": "полная", "ENC_TYPE": "аренда", "ACTION": "отозвать", "PARENT": "15", "CAUSE": " ", "SELLER_OWNERSHIP": "общая"} {
		if _, has := card.Deal["UF_CRM_KB_"+name]; has {
			card.Deal["UF_CRM_KB_"+name] = value
		}
	}
	for _, contact := range card.Contacts {
		contact["UF_CRM_KB_SNILS"] = "112"
		contact["UF_CRM_KB_GENDER"] = "да"
		contact["UF_CRM_KB_ADDR_HOUSE_TYPE"] = "дом"
	}
	return card
}

// TestWordsAreTheServices: the words of the lists are those that the check takes, and every label is understood.
func TestWordsAreTheServices(t *testing.T) {
	t.Parallel()
	for list, place := range map[string][]string{
		"extractType":        {"object_request", "type"},
		"encumbranceType":    {"cessation_encumbrance_request", "encumbranceType"},
		"actionType":         {"action_request", "actionType"},
		"documentType":       {"", "appliedDocument", "documentType"},
		"identityType":       {"", "identityDocument", "documentType"},
		"gender":             {"", "person", "gender"},
		"representativeType": {"", "representative", "representativeType"},
		"benefit":            {"", "member", "benefitCategory"},
		"objectType":         {"", "landPlot", "objectType"},
	} {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			for _, word := range enum(t, place) {
				for _, text := range []string{word, strings.ToUpper(word)} {
					values, problems := mapping.RenderValue(fmt.Sprintf("{{ word('%s', '%s') }}", list, text), mapping.Card{})
					require.Empty(t, problems)
					if word != "ussrHero" { // the other spelling
						require.Equal(t, word, values)
					}
				}
			}
		})
	}
}

// enum reads the values that a schema takes at a place: a docflow type's own field, or one of a shared object.
func enum(t *testing.T, place []string) []string {
	t.Helper()
	kind := place[0]
	if kind == "" {
		kind = "right_movement_request"
	}
	raw, err := schema.JSON(kind)
	require.NoError(t, err)
	var doc struct {
		Properties map[string]struct{ Enum, Examples []string }
		Defs       map[string]struct {
			Properties map[string]struct{ Enum, Examples []string }
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	found := doc.Properties[place[1]]
	if place[0] == "" {
		found = doc.Defs[place[1]].Properties[place[2]]
	}
	words := append(found.Enum, found.Examples...)
	require.NotEmpty(t, words)
	return words
}

// TestFieldsCanBeMade: names fit into Bitrix24's 50 characters also on a smart process, and each field is complete.
func TestFieldsCanBeMade(t *testing.T) {
	t.Parallel()
	fields, err := mapping.Fields()
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, f := range fields {
		require.Regexp(t, `^UF_CRM_KB_[A-Z_]+$`, f.Name)
		require.LessOrEqual(t, len(strings.Replace(f.Name, "UF_CRM_", "UF_CRM_1234567_", 1)), 50, f.Name)
		require.Contains(t, []string{"string", "date", "file", "enumeration"}, f.Type, f.Name)
		require.NotEmpty(t, f.RU, f.Name)
		require.NotEmpty(t, f.EN, f.Name)
		require.NotEmpty(t, f.Kinds, f.Name)
		require.Equal(t, f.Type == "enumeration", len(f.Choices()) > 0, f.Name)
		for _, kind := range f.Kinds {
			require.Contains(t, schema.Kinds(), kind, f.Name)
		}
		require.False(t, seen[string(f.On)+f.Name], "%s twice", f.Name)
		seen[string(f.On)+f.Name] = true
	}
}

// BenchmarkSlowestType fills the ready mapping of each docflow type from a card that has every field, in every
// form of ownership, checks what came out, and tells the type that takes longest.
func BenchmarkSlowestType(b *testing.B) {
	check := newChecker(b)
	for b.Loop() {
		var mapped, checked time.Duration
		for _, kind := range schema.Kinds() {
			ready := compilePreset(b, kind)
			for variant := range 3 {
				card := full(b, kind, variant)
				result, problems := ready.Render(card)
				require.Empty(b, problems)
				mapped = max(mapped, typical(func() { ready.Render(card) }))
				checked = max(checked, typical(func() { mapping.Check(check, kind, result) }))
			}
		}
		b.ReportMetric(float64(mapped.Microseconds())/1000, "ms-to-map(<1)")
		b.ReportMetric(float64(checked.Microseconds())/1000, "ms-to-check(<1)")
	}
}

// typical is the median of how long something takes.
func typical(do func()) time.Duration {
	all := make([]time.Duration, 200)
	for i := range all {
		started := time.Now()
		do()
		all[i] = time.Since(started)
	}
	slices.Sort(all)
	return all[len(all)/2]
}
