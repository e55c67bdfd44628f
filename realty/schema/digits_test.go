package schema

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckDigits(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		check func(string) bool
		value string
		want  bool
	}{
		"snils":                       {snilsOK, "112-233-445 95", true},
		"snils, sum over 101":         {snilsOK, "087-654-303 00", true},
		"snils, wrong":                {snilsOK, "112-233-445 94", false},
		"snils, last without digits":  {snilsOK, "001-001-998 99", true},
		"snils, first with digits":    {snilsOK, "001-001-999 99", false},
		"snils, short":                {snilsOK, "112-233-445", false},
		"inn":                         {innOK, "7707083893", true},
		"inn, wrong":                  {innOK, "7707083894", false},
		"inn, letters":                {innOK, "77070838O3", false},
		"inn of a person":             {innOK, "500100732259", false},
		"ogrn":                        {ogrnOK, "1027700132195", true},
		"ogrn, wrong":                 {ogrnOK, "1027700132196", false},
		"ogrn of an entrepreneur":     {ogrnOK, "304500116000157", true},
		"ogrn of an entrepreneur, no": {ogrnOK, "304500116000158", false},
		"ogrn, length":                {ogrnOK, "10277001321", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, tc.check(tc.value))
		})
	}
}

func TestEveryFieldHasARussianName(t *testing.T) {
	t.Parallel()
	set, err := Load()
	require.NoError(t, err)
	for docflowKind, rules := range set.kinds {
		var walk func(path string, n *node)
		walk = func(path string, n *node) {
			for name, child := range n.fields {
				if child.title == "" {
					require.NotNil(t, child.items, "%s: no title at %s.%s", docflowKind, path, name)
				}
				walk(path+"."+name, child)
			}
			if n.items != nil {
				walk(path+"[]", n.items)
			}
		}
		walk("", rules.root)
	}
}
