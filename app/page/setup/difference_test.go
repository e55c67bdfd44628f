package setup

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDifference: what a person reads of two versions; an entry that was put in between changes no other.
func TestDifference(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		old, now string
		want     []change
	}{
		"nothing":     {"a: 1\n", "a: 1\n", nil},
		"the first":   {"", "files: {deal: X}\n", []change{{"files", "", "deal: X"}}},
		"one value":   {"files: {deal: X, lead: Y}\n", "files: {deal: Z, lead: Y}\n", []change{{"files.deal", "X", "Z"}}},
		"put between": {"triggers: [{a: 1}, {a: 2}]\n", "triggers: [{a: 1}, {b: 9}, {a: 2}]\n", []change{{"triggers[1]", "", "b: 9"}}},
		"taken away":  {"triggers: [{a: 1}, {a: 2}]\n", "triggers: [{a: 2}]\n", []change{{"triggers[0]", "a: 1", ""}}},
		"by its name": {"mappings: [{name: m, options: {a: 1, b: 2}}]\n", "mappings: [{name: x, options: {}}, {name: m, options: {a: 1, b: 3}}]\n",
			[]change{{"mappings[m].options.b", "2", "3"}, {"mappings[x]", "", "name: x\noptions: {}"}}},
		"a changed one": {"triggers: [{entity: deal, stage: NEW, action: a}]\n", "triggers: [{entity: deal, stage: WON, action: a}]\n", []change{{"triggers[0].stage", "NEW", "WON"}}},
		"doubled":       {"t: [1, 1]\n", "t: [1]\n", []change{{"t[1]", "1", ""}}},
		"no YAML":       {"a: [", "a: 1\n", []change{{"", "a: [", "a: 1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, difference([]byte(tc.old), []byte(tc.now)))
		})
	}
}

// TestTreeOfADocflowType: what the schemas say stands at its place of the form, in their order.
func TestTreeOfADocflowType(t *testing.T) {
	t.Parallel()
	root := specOf("right_movement_request")
	require.NotNil(t, root)
	require.Equal(t, []string{"rightMovementType", "object", "seller", "buyer", "appliedDocuments"}, root.names)
	require.True(t, root.requires("seller"))
	require.Equal(t, []word{{"sale", "Договор купли-продажи"}}, root.below("rightMovementType").words)
	number := root.below("object").items().below("cadastralNumber")
	require.Equal(t, "Кадастровый номер", number.title)
	require.Contains(t, number.hint, "четыре части")
	require.True(t, root.below("appliedDocuments").below("contractOfSale").below("content").file())
	require.Nil(t, root.below("nothing"))
	require.Nil(t, specOf("nothing"))

	// The ready mapping's places are all found again by the paths that the form sends.
	for _, kind := range []string{"object_request", "right_movement_request"} {
		ready, _, err := usedReady(kind)
		require.NoError(t, err)
		top := rootBranch(kind, ready)
		seen := 0
		top.walk(0, func(b branch) {
			found, ok := top.find(b.path)
			require.True(t, ok, b.path)
			require.Equal(t, b.target, found.target)
			seen++
		})
		require.Greater(t, seen, 2)
	}
}

// TestProblemsFindTheirPlace: the leaf that makes a value, else what is above it.
func TestProblemsFindTheirPlace(t *testing.T) {
	t.Parallel()
	top := rootBranch("right_movement_request", map[string]any{
		"rightMovementType": "sale",
		"object":            map[string]any{"$if": "card.X", "$value": []any{map[string]any{"cadastralNumber": "1"}}, "$else": map[string]any{"cadastralNumber": "{{ 2 }}"}},
		"own":               map[string]any{"field": "x"},
	})
	spots := top.spots()
	for target, want := range map[string][]string{
		"rightMovementType": {"rightMovementType"}, "object.cadastralNumber": {"object", "$value", "0", "cadastralNumber"},
		"object.address.region": {"object", "$value", "0", "address"}, "seller.person": {"seller"}, "own.field": {"own", "field"}, "nowhere": nil, "": nil,
	} {
		require.Equal(t, want, locate(spots, target).path, target)
	}
	require.Equal(t, []string{"object", "$value"}, top.reach([]string{"object", "$value", "7", "x"}))
	require.Equal(t, "object.cadastralNumber", plainPath("object.$value[0].cadastralNumber"))
	require.Equal(t, "object.$if", rulePath("object.$if"))
}

func TestPut(t *testing.T) {
	t.Parallel()
	tree := map[string]any{"a": map[string]any{"b": 1}, "l": []any{map[string]any{"x": 1}}, "e": "{{ x }}"}
	for name, tc := range map[string]struct {
		path  []string
		value any
		want  map[string]any
	}{
		"a new place":         {[]string{"c", "d"}, "v", map[string]any{"a": map[string]any{"b": 1}, "l": []any{map[string]any{"x": 1}}, "e": "{{ x }}", "c": map[string]any{"d": "v"}}},
		"the last of a place": {[]string{"a", "b"}, nil, map[string]any{"l": []any{map[string]any{"x": 1}}, "e": "{{ x }}"}},
		"in a list":           {[]string{"l", "0", "x"}, 2, map[string]any{"a": map[string]any{"b": 1}, "l": []any{map[string]any{"x": 2}}, "e": "{{ x }}"}},
		"no such element":     {[]string{"l", "7", "x"}, 2, tree},
		"below an expression": {[]string{"e", "x"}, 2, tree},
		"nothing of nothing":  {[]string{"n", "x"}, nil, tree},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, put(tree, tc.path, tc.value))
		})
	}
	require.Equal(t, map[string]any{"b": 1}, tree["a"], "what was given stays as it is")
}

func TestCardAddresses(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]struct {
		kind string
		id   int64
		ok   bool
	}{
		"7405": {"lead", 7405, true}, "https://a.bitrix24.ru/crm/deal/details/12/": {"deal", 12, true}, "https://a.bitrix24.ru/crm/lead/details/9/?x=1": {"lead", 9, true},
		"https://a.bitrix24.ru/crm/type/147/details/3/": {"item:147", 3, true}, "": {"lead", 0, false}, "-1": {"lead", -1, false}, "https://a/details": {"lead", 0, false},
		"https://a.bitrix24.ru/crm/deal/details/x/": {"deal", 0, false}, "%zz": {"lead", 0, false},
	} {
		kind, id, ok := cardOf(typed, "lead")
		require.Equal(t, want.ok, ok, typed)
		if ok {
			require.Equal(t, want.kind, kind, typed)
			require.Equal(t, want.id, id, typed)
		}
	}
}
