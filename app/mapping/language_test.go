package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/mapping"
	"konturbridge/app/mapping/tree"
)

func sampleCard() mapping.Card {
	return mapping.Card{
		Deal: map[string]any{
			"ID": "410", "TITLE": "Сделка", "OPPORTUNITY": "1000000.00", "NUM": float64(58), "FLAG": "Y", "OFF": "N", "BLANK": "  ", "KIND": "7",
			"BEGINDATE": "2024-08-30T02:00:00+02:00", "MULTI": []any{"a", "b"}, "NOTHING": nil,
			"DOC":  map[string]any{"id": float64(15), "urlMachine": "https://portal.example/rest/x.json?auth=hidden"},
			"SIGS": []any{map[string]any{"id": float64(16), "url": "u"}, map[string]any{"id": float64(17), "url": "u"}},
		},
		Contacts: []map[string]any{
			{"ID": "1", "NAME": "Анна", "UF_CRM_KB_ROLE": "Продавец", "REQUISITES": []any{map[string]any{"RQ_INN": "540",
				"ADDRESSES": []any{map[string]any{"TYPE_ID": "1", "CITY": "Омск"}, map[string]any{"TYPE_ID": float64(4), "CITY": "Томск"}}}}},
			{"ID": "2", "NAME": "Иван", "UF_CRM_KB_ROLE": []any{"91"}, "UF_CRM_KB_REPRESENTS": "C_1"},
			{"ID": "3", "NAME": "Олег"},
		},
		Options: map[string]mapping.Option{"7": {Text: "Квартира", Code: "flat"}, "91": {Text: "Покупатель", Code: "buyer"}, "13": {Text: "Гектар", Code: "HA-1"}},
		Docflow: map[string]any{"id": "d1", "state": "suspended", "amount": int64(70000)},
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	requireValues(t, map[string]any{
		"plain":                              "plain",
		"{{ deal.TITLE }}":                   "Сделка",
		" {{ deal.NUM }} ":                   float64(58),
		"№ {{ deal.NUM }}, {{ deal.TITLE }}": "№ 58, Сделка",
		"{{ deal.MULTI }}":                   []any{"a", "b"},
		"all: {{ deal.MULTI }}":              "all: a, b",
		"{{ 1 + 2 }}":                        3,
		"{{ 1.5 + 1 }}":                      2.5,
		"{{ deal.FLAG == 'Y' ? 'да' : 'нет' }}":           "да",
		"{{ contacts[0].REQUISITES[0].RQ_INN }}":          "540",
		"{{ contacts[9].REQUISITES[0].RQ_INN }}":          nil,
		"{{ contacts[-1].NAME }}":                         "Олег",
		"{{ map(contacts, .NAME) }}":                      []any{"Анна", "Иван", "Олег"},
		"{{ filter(contacts, .NAME != 'Иван')[1].NAME }}": "Олег",
		"{{ company == nil }}":                            true,
		"{{ company.TITLE }}":                             nil,
		"{{ {'a': {'b': 1}}['a'] }}":                      map[string]any{"b": 1},
		"{{ '}}' }}":                                      "}}",
		"{{ let x = deal.NUM; x * 2 }}":                   float64(116),
		"{{ card.TITLE }}":                                "Сделка",
		"{{ docflow.amount }}":                            70000,
		"{{ docflow.amount / 100 }}":                      float64(700),
		"{{ docflow.state }}":                             "suspended",
		"{{ [1..3] }}":                                    []any{[]any{1, 2, 3}},
	})
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	requireValues(t, map[string]any{
		"{{ date(deal.BEGINDATE) }}":                             "2024-08-30",
		"{{ date('06.04.2007') }}":                               "2007-04-06",
		"{{ dmy(deal.BEGINDATE) }}":                              "30.08.2024",
		"{{ date(deal.BLANK) }}":                                 nil,
		"{{ digits('+7 (383) 1') }}":                             "73831",
		"{{ snils('00000000055') }}":                             "000-000-000 55",
		"{{ snils('12') }}":                                      "12",
		"{{ unit_code('050005') }}":                              "050-005",
		"{{ upper('ёж') + lower('Ё') }}":                         "ЁЖё",
		"{{ replace('a-b', '-', '') }}":                          "ab",
		"{{ join(split('a,b', ','), '; ') }}":                    "a; b",
		"{{ default(deal.BLANK, deal.NO, 'x') }}":                "x",
		"{{ default(deal.BLANK, '') == '' }}":                    true,
		"{{ yes(deal.FLAG) && !yes(deal.OFF) }}":                 true,
		"{{ list('a') }}":                                        []any{"a"},
		"{{ text(deal.KIND) }} {{ code(deal.KIND) }}":            "Квартира flat",
		"{{ code('own') }}":                                      "own",
		"{{ code(['7', 'x']) }}":                                 []any{"flat", "x"},
		"{{ gender('ж') }}":                                      "female",
		"{{ gender('Мужской') }}":                                "male",
		"{{ share('1/2') }}":                                     map[string]any{"numerator": "1", "denominator": "2"},
		"{{ share('1') }}":                                       map[string]any{"numerator": "1", "denominator": "1"},
		"{{ word('objectType', deal.KIND) }}":                    "flat",
		"{{ word('objectType', 'земельный Участок') }}":          "landPlot",
		"{{ word('objectType', 'LANDPLOT') }}":                   "landPlot",
		"{{ word('areaUnit', '13') }}":                           "га", // a list whose external codes are the portal's own
		"{{ word('objectType', 'дача') }}":                       "дача",
		"{{ word('objectType', deal.NO) }}":                      nil,
		"{{ word('role', ['Банк', 'buyer']) }}":                  []any{"encumbrancer", "buyer"},
		"{{ money('1500.5|RUB') }} {{ currency('1500.5|RUB') }}": "1500.50 RUB",
		"{{ money(1000000) }}":                                   "1000000.00",
		"{{ money(deal.NO) }}":                                   nil,
		"{{ currency('1500') }}":                                 nil,
		"{{ address(contacts[0].REQUISITES[0]).CITY }}":          "Томск",
		"{{ address(contacts[2]) }}":                             nil,
		"{{ has_role(contacts[0], 'buyer', 'seller') }}":         true,
		"{{ has_role(contacts[2], 'buyer') }}":                   false,
		"{{ has_role(nil, 'buyer') }}":                           false,
		"{{ map(by_role('buyer', 'seller'), .NAME) }}":           []any{"Анна", "Иван"},
		"{{ contact('seller').NAME }}":                           "Анна",
		"{{ contact('buyer').NAME }}":                            "Иван",
		"{{ contact('developer').NAME }}":                        nil,
		"{{ representative(contact('seller')).NAME }}":           "Иван",
		"{{ representative(contact('buyer')) }}":                 nil,
		"{{ len(by_role('seller')) }}":                           1,
		"{{ yes(docflow.amount) }}":                              true,
	})
}

// requireValues renders each text for the sample card.
func requireValues(t *testing.T, cases map[string]any) {
	t.Helper()
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, problems := mapping.RenderValue(text, sampleCard())
			require.Empty(t, problems)
			require.Equal(t, want, got)
		})
	}
}

func TestTrees(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ from, want string }{
		"blank places vanish":            {`{a: "{{ deal.NO }}", b: "{{ deal.TITLE }}"}`, `{"b":"Сделка"}`},
		"literals alone keep no map":     {`{a: {type: кв, name: "{{ deal.NO }}"}, b: 1}`, `{"b":1}`},
		"a map of literals stays":        {`{a: {type: кв}, b: {}, c: []}`, `{"a":{"type":"кв"},"b":{},"c":[]}`},
		"an empty list vanishes":         {`{a: ["{{ deal.NO }}"], b: 1}`, `{"b":1}`},
		"nothing at all is an empty map": {`{a: "{{ deal.NO }}"}`, `{}`},
		"a blank mixture vanishes":       {`{a: "кв. {{ deal.NO }}", b: 1}`, `{"b":1}`},
		"$if holds":                      {`{a: {$if: deal.FLAG, x: 1}}`, `{"a":{"x":1}}`},
		"$if fails":                      {`{a: {$if: deal.OFF, x: 1}, b: 2}`, `{"b":2}`},
		"$else":                          {`{a: {$if: "{{ deal.OFF }}", $value: 1, $else: 2}}`, `{"a":2}`},
		"$else of nothing":               {`{a: {$if: deal.OFF, x: 1, $else: {y: "{{ deal.NO }}"}}}`, `{}`},
		"$each":                          {`{a: {$each: contacts, $as: c, n: "{{ c.NAME }}", i: "{{ c_index }}"}}`, `{"a":[{"i":0,"n":"Анна"},{"i":1,"n":"Иван"},{"i":2,"n":"Олег"}]}`},
		"$each of values":                {`{a: {$each: deal.MULTI, $as: m, $value: "{{ m }}!"}}`, `{"a":["a!","b!"]}`},
		"$each with $if picks":           {`{a: {$each: contacts, $as: c, $if: c.ID != '2', $value: "{{ c.ID }}"}}`, `{"a":["1","3"]}`},
		"$each of a single value":        {`{a: {$each: deal.TITLE, $as: t, $value: "{{ t }}"}}`, `{"a":["Сделка"]}`},
		"$each of nothing":               {`{a: {$each: deal.NO, $as: t, x: 1}, b: 1}`, `{"b":1}`},
		"$each among elements":           {`{a: [0, {$each: deal.MULTI, $as: m, $value: "{{ m }}"}, {$let: {x: "'c'"}, $each: deal.MULTI, $as: m, $value: "{{ x }}"}, {$let: {x: "1"}, $value: {$let: {y: "2"}, $each: "[x, y]", $as: m, $value: "{{ m }}"}}]}`, `{"a":[0,"a","b","c","c",1,2]}`},
		"$each of nothing among them":    {`{a: ["{{ deal.TITLE }}", {$each: deal.NO, $as: m, x: 1}], b: [{$each: deal.NO, $as: m, x: 1}]}`, `{"a":["Сделка"]}`},
		"a list in a list":               {`{a: [{$let: {x: "1"}, $value: ["{{ x }}"]}]}`, `{"a":[[1]]}`},
		"$keep":                          {`{a: {$keep: true, x: "{{ deal.NO }}", y: {z: "{{ deal.NO }}"}}, b: {$keep: false, x: "{{ deal.NO }}"}}`, `{"a":{}}`},
		"$let":                           {`{$let: {p: "contacts[0]", n: "1 + 1"}, a: "{{ p.NAME }}", b: "{{ n }}"}`, `{"a":"Анна","b":2}`},
		"$let hides and gives back":      {`{$let: {x: "1"}, a: {$let: {x: x + 1}, b: "{{ x }}"}, c: "{{ x }}"}`, `{"a":{"b":2},"c":1}`},
		"lists keep literals":            {`{a: [1, "{{ deal.TITLE }}", "{{ deal.NO }}"]}`, `{"a":[1,"Сделка"]}`},
		"dates stay as written":          {`{a: 2018-05-05, b: 007, c: true, d: null, e: 1.5}`, `{"a":"2018-05-05","b":"007","c":true,"e":1.5}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, err := tree.Parse([]byte(tc.from))
			require.NoError(t, err)
			m, err := mapping.Compile(from)
			require.NoError(t, err)
			result, problems := m.Render(sampleCard())
			require.Empty(t, problems)
			got, err := json.Marshal(result.Options)
			require.NoError(t, err)
			require.JSONEq(t, tc.want, string(got))
		})
	}
}

func TestRenderValueKeepsEmptyPlaces(t *testing.T) {
	t.Parallel()
	got, problems := mapping.RenderValue(map[string]any{"a": "{{ deal.NO }}", "b": "Причина: {{ deal.NO }}", "c": nil, "d": []any{"{{ deal.NO }}"}}, sampleCard())
	require.Empty(t, problems)
	require.Equal(t, map[string]any{"a": nil, "b": "Причина: ", "c": nil, "d": []any{nil}}, got)

	_, problems = mapping.RenderValue("{{ 1 + }}", sampleCard())
	require.Len(t, problems, 1)
}

func TestCompileErrorsAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := mapping.Compile(map[string]any{
		"a": "{{ deal.X + }}",
		"b": map[string]any{"c": "x {{ unknown.X }}"},
		"d": "{{ open",
		"e": "{{ system('x') }}",
		"f": "{{ date() }}",
		"g": map[string]any{"$when": "x"},
		"h": map[string]any{"$each": "contacts"},
		"i": map[string]any{"$as": "x"},
		"j": map[string]any{"$else": 1},
		"k": map[string]any{"$value": 1, "x": 2},
		"l": map[string]any{"$let": "x"},
		"m": map[string]any{"$let": map[string]any{"1x": "1"}},
		"n": "{{ }}",
		"o": struct{}{},
		"p": map[string]any{"$if": "a {{ 1 }}", "x": 1},
		"q": map[string]any{"$if": 5, "x": 1},
		"r": "{{ now() }}",
		"s": "{{ repeat('x', 9) }}",
		"t": "{{ deal.TITLE() }}",
		"u": "{{ $env }}",
		"v": "{{ __get(deal, 'X') }}",
		"w": "{{ " + strings.Repeat("1+", 3000) + "1 }}",
		"x": "{{ __run }}",
		"y": map[string]any{"$keep": "yes", "x": 1},
		"z": map[string]any{"$keep": true, "$value": 1},
	})
	var all mapping.CompileErrors
	require.ErrorAs(t, err, &all)
	at := map[string]mapping.CompileError{}
	for _, one := range all {
		at[one.Path] = one
	}
	for _, path := range []string{"a", "b.c", "d", "e", "f", "g.$when", "h", "i.$as", "j.$else", "k", "l.$let", "m.$let.1x", "y.$keep", "z.$keep", "n", "o",
		"p.$if", "q.$if", "r", "s", "t", "u", "v", "w", "x"} {
		require.Contains(t, at, path)
	}
	require.Equal(t, 6, at["b.c"].Column, "the column counts from the string's beginning")
	require.Contains(t, at["b.c"].Error(), "b.c column 6: unknown name unknown; known: card, deal")
	require.Contains(t, at["f"].Message, "date(value)")
	require.Contains(t, err.Error(), "; ")
}

func TestReads(t *testing.T) {
	t.Parallel()
	reads, err := mapping.Reads(map[string]any{
		"a": "{{ deal.TITLE }}", "b": "{{ contact('seller').NAME }}",
		"c": map[string]any{"$each": "files", "$as": "f", "x": "{{ f.REQUISITES }}"},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"company.REQUISITES", "contacts", "contacts.REQUISITES", "deal", "deal.TITLE", "files"}, reads)

	reads, err = mapping.Reads("{{ contacts[0].COMPANY.TITLE }}")
	require.NoError(t, err)
	require.Contains(t, reads, "contacts.COMPANY")

	_, err = mapping.Reads("{{ x }}")
	require.Error(t, err)
}

func TestExpressionProblems(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"no date":           {"{{ date(deal.TITLE) }}", "is not a date"},
		"no day":            {"{{ date('2018-02-31') }}", "is not a date"},
		"no share":          {"{{ share('half') }}", "is not a share"},
		"divided by nobody": {"{{ share('1/0') }}", "is not a share"},
		"no money":          {"{{ money('много') }}", "is not an amount of money"},
		"no list of words":  {"{{ word('colours', 'red') }}", "no list of words"},
		"no file":           {"{{ file(deal.TITLE) }}", "not a file"},
		"too many files":    {"{{ file(deal.SIGS) }}", "several files"},
		"a list's field":    {"{{ contacts.NAME }}", "name an element"},
		"a text's field":    {"{{ deal.TITLE.X }}", "has no fields"},
		"a list in digits":  {"{{ digits(deal.MULTI) }}", "not a single value"},
		"a map in a text":   {"x {{ contacts[0] }}", "not for a text"},
		"endless turns":     {"{{ count(1..9000, count(1..9000, true) > 0) }}", "memory budget exceeded"},
		"many turns":        {"{{ let a = 1..3000; all(a, all(a, all(a, true))) }}", "too many steps"},
		"much text":         {"{{ let a = join(1..9000, '0123456789'); let b = a + a; let c = b + b; let d = c + c; let e = d + d; let f = e + e; f + f }}", "too much text"},
		"much in one go":    {"{{ let a = join(1..9000, '0123456789'); replace(a, '1', a) }}", "too much text"},
		"a great tree":      {"{{ let a = [1,1,1,1,1,1,1,1]; let b = [a,a,a,a,a,a,a,a]; let c = [b,b,b,b,b,b,b,b]; let d = [c,c,c,c,c,c,c,c]; let e = [d,d,d,d,d,d,d,d]; [e,e,e,e,e,e,e,e] }}", "too many values"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := mapping.Compile(map[string]any{"at": map[string]any{"x": tc.text}})
			require.NoError(t, err)
			_, problems := m.Render(sampleCard())
			require.Len(t, problems, 1)
			require.Equal(t, "at.x", problems[0].Path)
			require.Equal(t, mapping.RuleExpression, problems[0].Rule)
			require.Contains(t, problems[0].EN, tc.want)
			if tc.want != "memory budget exceeded" { // the language's own text
				require.NotRegexp(t, `[a-z]{3,} [a-z]{3,}`, problems[0].RU)
			}
		})
	}
}
