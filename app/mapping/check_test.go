package mapping_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/mapping"
)

// answers is a Checker with fixed answers; it keeps what it was asked.
type answers struct {
	answers []mapping.SchemaProblem
	kind    string
	options any
}

func (s *answers) Check(kind string, options any) []mapping.SchemaProblem {
	s.kind, s.options = kind, options
	return s.answers
}

func TestCheckNamesTheFieldToCorrect(t *testing.T) {
	t.Parallel()
	m, err := mapping.Compile(map[string]any{
		"object": map[string]any{"cadastralNumber": "{{ deal.UF_CRM_CADASTRAL }}"},
		"seller": map[string]any{"$let": map[string]any{"p": "contact('seller')"}, "person": map[string]any{
			"snils": "{{ p.UF_CRM_KB_SNILS }}", "inn": "{{ p.REQUISITES[0].RQ_INN }}", "name": "{{ p.NAME }} {{ user.NAME }}",
		}},
		"file": "{{ file(deal.DOC, deal.SIGS) }}",
	})
	require.NoError(t, err)
	card := sampleCard()
	card.Deal["UF_CRM_CADASTRAL"] = "47-14"
	result, problems := m.Render(card)
	require.Empty(t, problems)

	checker := &answers{answers: []mapping.SchemaProblem{
		{Path: "object.cadastralNumber", Rule: "pattern", Severity: mapping.SeverityError, Value: "47-14",
			MessageRU: "«Кадастровый номер» должен состоять из четырёх частей через двоеточие", MessageEN: "must have four parts"},
		{Path: "seller.person.snils", Rule: "required", Severity: mapping.SeverityError, MessageRU: "не заполнено", MessageEN: "missing"},
		{Path: "seller.person.inn", Rule: "length", Severity: mapping.SeverityWarning, MessageRU: "мало цифр в «540»", MessageEN: "short", Value: "540"},
		{Path: "seller", Rule: "oneOf", Severity: mapping.SeverityError, MessageRU: "нет собственника", MessageEN: "no owner"},
		{Path: "nothing.at.all", Rule: "extra", Severity: mapping.SeverityWarning, MessageRU: "лишнее", MessageEN: "extra", Value: []any{"a"}},
	}}
	found := mapping.Check(checker, "right_movement_request", result)
	require.Equal(t, "right_movement_request", checker.kind)
	require.Equal(t, []string{
		"object.cadastralNumber: «Кадастровый номер» должен состоять из четырёх частей через двоеточие, сейчас «47-14»; поле сделки UF_CRM_CADASTRAL",
		"seller: нет собственника; поля контакта 1 UF_CRM_KB_ROLE, контакта 2 UF_CRM_KB_ROLE",
		"seller.person.snils: не заполнено; поле контакта 1 UF_CRM_KB_SNILS",
		"nothing.at.all: лишнее",
		"seller.person.inn: мало цифр в «540»; поле реквизитов контакта 1 RQ_INN",
	}, texts(found, mapping.Problem.Text))
	require.Equal(t, "object.cadastralNumber: must have four parts, now «47-14»; field of the deal UF_CRM_CADASTRAL", found[0].English())
	require.Equal(t, "mapping: object.cadastralNumber (pattern)", mapping.Problems(found[:1]).Error(), "no value of the card in an error")

	checked := checker.options.(map[string]any)["file"].(map[string]any)
	require.Len(t, checked["signatures"], 2, "files count as uploaded")
}

func texts(problems []mapping.Problem, text func(mapping.Problem) string) []string {
	var out []string
	for _, p := range problems {
		out = append(out, text(p))
	}
	return out
}

func TestSourcesOfPlaces(t *testing.T) {
	t.Parallel()
	m, err := mapping.Compile(map[string]any{
		"own":   "{{ default(card.UF_CRM_KB_C, card.UF_CRM_KB_A) }}",
		"blank": "{{ default(card.UF_CRM_KB_C, card.UF_CRM_KB_B) }}",
		"list":  map[string]any{"$each": "contacts", "$as": "c", "$if": "c.ID != '2'", "n": "{{ c.NAME }}"},
		"empty": map[string]any{"$each": "card.UF_CRM_KB_B", "$as": "b", "$value": "{{ b }}"},
		"multi": "{{ join(map(contacts, .NAME), ' ') }} {{ card.TITLE }}",
	})
	require.NoError(t, err)
	card := sampleCard()
	card.Item = map[string]any{"ID": "9", "TITLE": "x", "UF_CRM_7_KB_A": "a", "UF_CRM_7_KB_B": nil}
	card.Entity = "item"
	result, problems := m.Render(card)
	require.Empty(t, problems)
	require.Equal(t, []string{"item.UF_CRM_7_KB_A"}, result.Sources["own"], "the field's real name on a smart process, and the one that was taken")
	require.Equal(t, []string{"item.UF_CRM_7_KB_B", "item.UF_CRM_KB_C"}, result.Sources["blank"], "whichever is filled in would do")
	require.Equal(t, []string{"contacts[2].NAME"}, result.Sources["list[1].n"], "places are those of the result")
	require.Equal(t, []string{"item.UF_CRM_7_KB_B"}, result.FieldsOf("empty"))
	require.Equal(t, []string{"contacts[0].NAME", "contacts[1].NAME", "contacts[2].NAME", "item.TITLE"}, result.Sources["multi"])
	require.Equal(t, []string{"item.UF_CRM_7_KB_A"}, result.FieldsOf("own.deeper[0].still"), "the nearest place above")
}

func TestMessageNamesFewFields(t *testing.T) {
	t.Parallel()
	p := mapping.Problem{Path: "seller", RU: "нет", EN: "none", Fields: []string{"lead.A", "company.B", "user.C", "docflow.D", "files[0].E"}}
	require.Equal(t, "seller: нет; поля лида A, компании B, сотрудника C, документооборота D, …", p.Text())
	p.Path, p.Fields = "", []string{"files[0].E"}
	require.Equal(t, "none; field of the file files[0] E", p.English())
	p.Fields = []string{"odd"}
	require.Equal(t, "нет; поле odd", p.Text())
}

func TestFilesOfACard(t *testing.T) {
	t.Parallel()
	m, err := mapping.Compile(map[string]any{
		"a": "{{ file(deal.DOC, deal.SIGS, deal.SIGS[0]) }}", "b": []any{"{{ file(deal.SIGS[1]) }}"},
		"c": "{{ file(deal.NOTHING) }}", "d": "{{ file('77') }}",
	})
	require.NoError(t, err)
	card := sampleCard()
	result, problems := m.Render(card)
	require.Empty(t, problems)
	require.Equal(t, []mapping.FileUse{
		{Path: "a", Ref: mapping.FileRef{ID: "15", Signatures: []string{"16", "17"}}},
		{Path: "b[0]", Ref: mapping.FileRef{ID: "17"}},
		{Path: "d", Ref: mapping.FileRef{ID: "77"}},
	}, result.Files)

	_, err = json.Marshal(result.Options)
	require.ErrorContains(t, err, "not uploaded yet")
	_, err = result.Resolve(func(mapping.FileUse) (any, error) { return nil, errors.New("no room") })
	require.ErrorContains(t, err, "file at a: no room")
	options, err := result.Resolve(func(use mapping.FileUse) (any, error) { return mapping.Content("xml", "c-"+use.Ref.ID, nil), nil })
	require.NoError(t, err)
	raw, err := json.Marshal(options)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "auth=hidden", "an address with a token in it never gets into a result")
	require.Contains(t, string(raw), `"contentPointer":{"id":"c-15"},"type":"xml"`)

	value, ok := card.FindFile("15")
	require.True(t, ok)
	require.Contains(t, value["urlMachine"], "auth=")
	_, ok = card.FindFile("99")
	require.False(t, ok)
	_, ok = mapping.Card{Contacts: []map[string]any{{"F": []any{map[string]any{"id": "5", "url": "u"}}}}}.FindFile("5")
	require.True(t, ok)
}

// TestOrganizationWithRepresentative: the contact that acts for a company brings it in, the card's own or the
// contact's, and a person may have a representative too.
func TestOrganizationWithRepresentative(t *testing.T) {
	t.Parallel()
	company := map[string]any{"ID": "9", "TITLE": "ООО Ромашка", "UF_CRM_KB_ADDR_FIAS": "2f745e33-020e-4e4b-8d3c-0b145fafc6c4"}
	card := mapping.Card{
		Deal: map[string]any{"UF_CRM_KB_CADASTRAL": "54:35:021060:1683"},
		Contacts: []map[string]any{
			{"ID": "1", "NAME": "Анна", "UF_CRM_KB_ROLE": "seller", "UF_CRM_KB_PARTY": "Организация",
				"UF_CRM_KB_ATTORNEY": map[string]any{"id": float64(5), "url": "u"}, "UF_CRM_KB_ATTORNEY_SIG": map[string]any{"id": float64(6), "url": "u"}},
			{"ID": "2", "NAME": "Иван", "UF_CRM_KB_ROLE": "buyer"},
			{"ID": "3", "NAME": "Олег", "UF_CRM_KB_ROLE": "buyer_representative"},
		},
		Company: company,
		Requisites: map[string]any{"RQ_COMPANY_NAME": "Ромашка", "RQ_INN": "0123456789", "RQ_KPP": "540101001", "RQ_OGRN": "1045400000000",
			"RQ_COMPANY_REG_DATE": "06.04.2007"},
	}
	result, problems := compilePreset(t, "right_movement_request").Render(card)
	require.Empty(t, problems)
	raw, err := json.Marshal(upload(t, result, map[string]string{"5": "attorney", "6": "signature"}))
	require.NoError(t, err)
	var got struct {
		Seller struct {
			IndividualOwnership struct{ Owner json.RawMessage }
		}
		Buyer struct {
			IndividualOwnership struct {
				Owner struct {
					Representative struct {
						RepresentativeType string
						Person             struct{ Name string }
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &got))
	require.JSONEq(t, `{
		"organization": {"name": "Ромашка", "inn": "0123456789", "kpp": "540101001", "ogrn": "1045400000000", "regDate": "2007-04-06",
			"address": {"fiasId": "2f745e33-020e-4e4b-8d3c-0b145fafc6c4"}},
		"representative": {
			"representativeType": "confidant",
			"person": {"personId": "1", "name": "Анна", "citizenship": "Российская Федерация", "identityDocument": {"documentType": "russPassport"}},
			"attorney": {"type": "powerOfAttorney", "appliedDocument": {
				"info": {"type": "pdf", "contentPointer": {"id": "attorney"}}, "signatures": [{"id": "signature"}]}}
		}}`, string(got.Seller.IndividualOwnership.Owner))
	representative := got.Buyer.IndividualOwnership.Owner.Representative
	require.Equal(t, "Олег", representative.Person.Name)
	require.Equal(t, "authorized", representative.RepresentativeType)
}

// TestOwnershipIsNotGuessed: two sellers without shares and without a word about their ownership give no ownership.
func TestOwnershipIsNotGuessed(t *testing.T) {
	t.Parallel()
	card := mapping.Card{Deal: map[string]any{}, Contacts: []map[string]any{
		{"ID": "1", "NAME": "Анна", "UF_CRM_KB_ROLE": "seller"}, {"ID": "2", "NAME": "Иван", "UF_CRM_KB_ROLE": "seller"},
	}}
	result, problems := compilePreset(t, "right_movement_request").Render(card)
	require.Empty(t, problems)
	require.NotContains(t, result.Options, "seller")
	require.Contains(t, result.FieldsOf("seller"), "deal.UF_CRM_KB_SELLER_OWNERSHIP")
}
