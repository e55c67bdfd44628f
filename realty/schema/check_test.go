package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
	"konturbridge/realty/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestExamplesPass(t *testing.T) {
	t.Parallel()
	set := load(t)
	var all bytes.Buffer
	for _, file := range slices.Sorted(maps.Keys(examples())) {
		problems := set.Check(examples()[file], options(t, file))
		require.Empty(t, pairs(only(problems, schema.Refuse)), file)
		require.False(t, schema.Refused(problems))
		for _, p := range problems {
			fmt.Fprintf(&all, "%s: %s %s\n\t%s\n\t%s\n", file, p.Severity, p.Rule, p.MessageRU, p.MessageEN)
		}
	}
	golden(t, "testdata/examples.golden", all.Bytes())
}

func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	tree := options(t, movement)
	set(t, tree, "rightMovementType", gone{})
	set(t, tree, buyer+".snils", "1")
	set(t, tree, buyer+".gender", "")
	set(t, tree, "seller.cooperativeOwnership.spouse1.person.name", gone{})
	problems := only(load(t).Check("right_movement_request", tree), schema.Refuse)
	require.Equal(t, []string{buyer + ".gender required", buyer + ".snils pattern", "rightMovementType required",
		"seller.cooperativeOwnership.spouse1.person.name required"}, pairs(problems))
	require.Equal(t, "1", problems[1].Value)
	require.Nil(t, problems[2].Value)
}

func TestMessages(t *testing.T) {
	t.Parallel()
	checker := load(t)
	for name, tc := range map[string]struct {
		file, at string
		value    any
		ru, en   string
	}{
		"number": {extract, "cadastralNumber", "1", "Поле «Кадастровый номер»: неверный вид, нужно: четыре части через двоеточие, например 47:14:1203001:814",
			"cadastralNumber: must be four parts joined by colons, such as 47:14:1203001:814"},
		"object's number": {movement, "object.cadastralNumber", nil, "Не заполнено поле «Кадастровый номер объекта»", "object.cadastralNumber: required"},
		"buyer's snils":   {movement, buyer + ".snils", nil, "Не заполнено поле «СНИЛС покупателя»", buyer + ".snils: required"},
		"gender": {movement, buyer + ".gender", "f", "Поле «Пол покупателя»: недопустимое значение; можно: male (мужчина), female (женщина)",
			buyer + ".gender: must be one of male, female"},
		"spouse": {movement, "seller.cooperativeOwnership.spouse2.person.surname", nil, "Не заполнено поле «Фамилия второго супруга продавца»",
			"seller.cooperativeOwnership.spouse2.person.surname: required"},
		"share": {shared, "buyer.sharedOwnership.shares[1].owner.person.name", nil, "Не заполнено поле «Имя владельца доли 2 покупателя»",
			"buyer.sharedOwnership.shares[1].owner.person.name: required"},
		"inn": {pledge, bank + ".organization.inn", "1", "Поле «ИНН организации залогодержателя»: неверная длина, нужно: 10 символов",
			bank + ".organization.inn: must be 10 characters"},
		"ownership": {movement, "buyer", map[string]any{}, "«Покупатель»: укажите ровно одну форму собственности", "buyer: give exactly one form of ownership"},
		"list":      {shared, "buyer.sharedOwnership.shares", []any{}, "Список «Доли покупателя» пуст", "buyer.sharedOwnership.shares: at least one element is required"},
		"type":      {movement, "buyer", "Иванов", "Поле «Покупатель»: значение не того типа, нужно: группа полей", "buyer: must be object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := options(t, tc.file)
			set(t, tree, tc.at, tc.value)
			problems := only(checker.Check(examples()[tc.file], tree), schema.Refuse)
			require.Len(t, problems, 1)
			require.Equal(t, tc.ru, problems[0].MessageRU)
			require.Equal(t, tc.en, problems[0].MessageEN)
		})
	}
}

func TestCheckTakesAnyGoValue(t *testing.T) {
	t.Parallel()
	checker := load(t)
	type extractOptions struct {
		Type   string `json:"type"`
		Number string `json:"cadastralNumber"`
	}
	for name, value := range map[string]any{
		"map":     map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814"},
		"struct":  extractOptions{"info", "47:14:1203001:814"},
		"pointer": &extractOptions{"info", "47:14:1203001:814"},
		"bytes":   []byte(`{"type":"info","cadastralNumber":"47:14:1203001:814"}`),
		"message": json.RawMessage(`{"type":"info","cadastralNumber":"47:14:1203001:814"}`),
		"strings": map[string]string{"type": "info", "cadastralNumber": "47:14:1203001:814"},
		"padded":  map[string]any{"type": "info", "cadastralNumber": " 47:14:1203001:814 "},
		"nulls":   map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814", "extra": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, checker.Check("object_request", value))
		})
	}
	for name, value := range map[string]any{
		"nothing": nil, "text": "x", "list": []any{}, "broken": []byte("{"), "channel": make(chan int), "null": []byte("null"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := checker.Check("object_request", value)
			require.Len(t, problems, 1)
			require.Equal(t, "type", problems[0].Rule)
			require.True(t, schema.Refused(problems))
		})
	}
}

func TestCheckLeavesTheOptionsAlone(t *testing.T) {
	t.Parallel()
	tree := options(t, movement)
	tree["empty"] = nil
	load(t).Check("right_movement_request", tree)
	require.Contains(t, tree, "empty")
}

// TestTypedOptions checks that what the client's types write is what the schemas want.
func TestTypedOptions(t *testing.T) {
	t.Parallel()
	checker := load(t)
	for file, read := range map[string]func([]byte) (any, error){
		extract:    typed[realty.ObjectRequest],
		movement:   typed[realty.RightMovement],
		shared:     typed[realty.RightMovement],
		joint:      typed[realty.RightMovement],
		equity:     typed[realty.EquityAgreement],
		assignment: typed[realty.RightAssignment],
		pledge:     typed[realty.Encumbrance],
		release:    typed[realty.EncumbranceCessation],
		extra:      typed[realty.AdditionalPackage],
		action:     typed[realty.Action],
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			raw, err := json.Marshal(options(t, file))
			require.NoError(t, err)
			value, err := read(raw)
			require.NoError(t, err)
			for _, p := range checker.Check(examples()[file], value) {
				require.Equal(t, schema.Warn, p.Severity, p.Path)
				if p.Rule == "unknown" {
					require.Equal(t, "object.usagePurpose", p.Path, "a field of ours that the schema does not know")
				}
			}
		})
	}
}

func typed[T any](raw []byte) (any, error) { return realty.ReadOptions[T](raw) }

func TestKindsAreTheClients(t *testing.T) {
	t.Parallel()
	var kinds []string
	for _, docflowKind := range realty.Kinds() {
		kinds = append(kinds, string(docflowKind))
	}
	require.Equal(t, kinds, schema.Kinds())
}

func TestUnknownKind(t *testing.T) {
	t.Parallel()
	problems := load(t).Check("ecumbrance_request", map[string]any{})
	require.Len(t, problems, 1)
	require.Equal(t, "kind", problems[0].Rule)
	require.True(t, schema.Refused(problems))
	_, err := schema.JSON("../common")
	require.ErrorIs(t, err, schema.ErrUnknownKind)
}

func TestSetIsSharedByGoroutines(t *testing.T) {
	t.Parallel()
	checker := load(t)
	var group sync.WaitGroup
	for file, docflowKind := range examples() {
		tree := options(t, file)
		want := pairs(checker.Check(docflowKind, tree))
		for range 4 {
			group.Go(func() {
				if got := pairs(checker.Check(docflowKind, tree)); !slices.Equal(got, want) {
					t.Errorf("%s: %v, want %v", file, got, want)
				}
			})
		}
	}
	group.Wait()
}

func TestPublishedSchemas(t *testing.T) {
	t.Parallel()
	for _, docflowKind := range schema.Kinds() {
		raw, err := schema.JSON(docflowKind)
		require.NoError(t, err)
		require.True(t, json.Valid(raw))
		require.NotContains(t, string(raw), "common.json")
		var doc struct {
			Schema string `json:"$schema"`
			Title  string `json:"title"`
			Defs   map[string]json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &doc))
		require.Equal(t, "https://json-schema.org/draft/2020-12/schema", doc.Schema)
		require.NotEmpty(t, doc.Title)
	}
}

func BenchmarkCheck(b *testing.B) {
	checker := load(b)
	for _, file := range []string{extract, movement, shared} {
		tree := options(b, file)
		b.Run(file, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				checker.Check(examples()[file], tree)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	checker := load(f)
	for file, docflowKind := range examples() {
		raw, err := json.Marshal(options(f, file))
		require.NoError(f, err)
		f.Add(docflowKind, raw)
	}
	f.Fuzz(func(t *testing.T, docflowKind string, raw []byte) {
		for _, p := range checker.Check(docflowKind, raw) {
			if p.MessageRU == "" || p.MessageEN == "" || p.Rule == "" {
				t.Fatalf("a problem without words: %+v", p)
			}
		}
	})
}

func TestLabel(t *testing.T) {
	t.Parallel()
	checker := load(t)
	for path, want := range map[string]string{
		"object.cadastralNumber":                               "Кадастровый номер",
		"buyer.sharedOwnership.shares[1].owner.person.surname": "Фамилия",
		"weather":                 "",
		"object.weather.tomorrow": "",
		"buyer.sharedOwnership.shares[1].owner.person.snils[": "СНИЛС",
		"": "",
	} {
		got := checker.Label("right_movement_request", path)
		if want == "" {
			require.Empty(t, got, path)
			continue
		}
		require.Contains(t, got, want, path)
	}
	require.Empty(t, checker.Label("lease_request", "object"))
}
