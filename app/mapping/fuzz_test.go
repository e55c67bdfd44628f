package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/mapping"
	"konturbridge/app/mapping/tree"
)

// FuzzCompile: whatever a person types either compiles and renders within the bounds, or is refused with a
// place; it never panics and never runs away.
func FuzzCompile(f *testing.F) {
	presets, err := mapping.Presets()
	require.NoError(f, err)
	for _, p := range presets {
		f.Add([]byte(p.Source))
	}
	for _, seed := range []string{
		`{a: "{{ deal.UF_CRM_CADASTRAL }}", b: {$if: yes(deal.X), c: 1}}`, `{$each: contacts, $as: c, $value: "{{ c.NAME }}"}`,
		`"{{ let a = 1..100; map(a, {'x': #}) }}"`, `"{{ file(deal.DOC, deal.SIGS) }} {{"`, `{$let: {x: "1"}, $value: "{{ x | string() }}"}`,
		`&a [*a]`, `{<<: {a: 1}, b: 2018-05-05}`, `"{{ reduce([1,2], #acc + #) }}"`, `"{{ deal?.X ?? contacts[1:][0].NAME }}"`,
		`"{{ sortBy(contacts, .NAME)[0] }} {{ 'a' in ['a'] && 'x' matches '.*' }}"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		from, err := tree.Parse(text)
		if err != nil {
			return
		}
		m, err := mapping.Compile(from)
		if err != nil {
			var all mapping.CompileErrors
			require.ErrorAs(t, err, &all)
			return
		}
		result, _ := m.Render(sampleCard())
		_, err = result.Resolve(func(mapping.FileUse) (any, error) { return "file", nil })
		require.NoError(t, err)
		m.RenderValue(sampleCard())
	})
}

func BenchmarkCompileLargestPreset(b *testing.B) {
	preset, _, err := mapping.PresetFor("right_movement_request")
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.Compile(preset.Options); err != nil {
			b.Fatal(err)
		}
	}
}
