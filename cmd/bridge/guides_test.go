package main

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/demo"
)

var pictures = flag.String("pictures", "", "take the guides' pictures from this folder of the browser tests' screenshots")

// guide is a page of docs/ that people follow step by step.
type guide struct {
	path, text     string
	images, played []string // names of pictures; for each numbered step what plays it
}

// TestGuides keeps the guides true: every numbered step names a test that plays it, every word in bold stands in the
// code, every picture and link is there, and both languages have the same steps.
func TestGuides(t *testing.T) {
	t.Parallel()
	tests, sources := readTree(t)
	var shown []string
	for _, name := range []string{"installer.md", "administrator.md", "card.md"} {
		ru, en := readGuide(t, "ru", name), readGuide(t, "en", name)
		require.Equal(t, ru.played, en.played, "%s: a step of one language is not in the other", name)
		for _, g := range []guide{ru, en} {
			g.requirePlayed(t, tests)
			g.requireWords(t, sources)
			g.requireLinks(t)
			shown = append(shown, g.images...)
		}
	}
	slices.Sort(shown)
	shown = slices.Compact(shown)
	if *pictures != "" {
		for _, name := range shown {
			keepPicture(t, filepath.Join(*pictures, name), imagePath(name))
		}
	}
	kept, err := os.ReadDir(imagePath(""))
	require.NoError(t, err)
	var names []string
	for _, f := range kept {
		names = append(names, f.Name())
		info, err := f.Info()
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(80<<10), f.Name())
	}
	require.Equal(t, shown, names, "docs/images has what the guides show; run `./test.sh screenshots`")
}

func imagePath(name string) string { return filepath.Join("..", "..", "docs", "images", name) }

func readGuide(t *testing.T, lang, name string) guide {
	t.Helper()
	path := filepath.Join("..", "..", "docs", lang, name)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	g := guide{path: path, text: string(text)}
	for _, m := range regexp.MustCompile(`!\[[^]]+\]\(\.\./images/([^)]+)\)`).FindAllStringSubmatch(g.text, -1) {
		g.images = append(g.images, m[1])
	}
	for _, block := range strings.Split(g.text, "\n\n") {
		for _, step := range regexp.MustCompile(`(?m)^\d+\. `).Split(block, -1)[1:] {
			m := regexp.MustCompile(`<!-- (played by .+|by hand: .+) -->\s*$`).FindStringSubmatch(step)
			require.NotNil(t, m, "%s: nothing plays this step: %s", path, step)
			g.played = append(g.played, m[1])
		}
	}
	require.NotEmpty(t, g.played, path)
	return g
}

// requirePlayed: the tests are there, and by hand is done only what is not the bridge's own.
func (g guide) requirePlayed(t *testing.T, tests map[string]bool) {
	t.Helper()
	var hands []string
	for _, step := range g.played {
		names, ok := strings.CutPrefix(step, "played by ")
		if !ok {
			hands = append(hands, strings.TrimPrefix(step, "by hand: "))
			continue
		}
		for _, name := range strings.Fields(names) {
			name, scenario, _ := strings.Cut(name, "/")
			require.True(t, tests[name], "%s: there is no %s", g.path, name)
			require.True(t, scenario == "" || slices.ContainsFunc(demo.Scenarios(), func(s demo.Scenario) bool { return s.Name == scenario }),
				"%s: there is no scenario %s", g.path, scenario)
		}
	}
	if len(hands) > 0 {
		require.Equal(t, []string{"systemd and docker are the machine's own", "the proxy and its certificate are outside the bridge",
			"the form is Bitrix24's own", "pg_dump is PostgreSQL's own"}, hands)
	}
}

// requireWords: what is in bold is a word of the bridge's pages or commands.
func (g guide) requireWords(t *testing.T, sources string) {
	t.Helper()
	var unknown []string
	for _, m := range regexp.MustCompile(`(?s)\*\*(.+?)\*\*`).FindAllStringSubmatch(g.text, -1) {
		word := strings.Join(strings.Fields(m[1]), " ")
		if !slices.Contains([]string{"Жирным", "bold", "и", "and"}, word) && !strings.Contains(sources, word) {
			unknown = append(unknown, word)
		}
	}
	require.Empty(t, unknown, "%s: no page says so", g.path)
}

func (g guide) requireLinks(t *testing.T) {
	t.Helper()
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`).FindAllStringSubmatch(g.text, -1) {
		if strings.Contains(m[1], "://") || strings.HasSuffix(m[1], ".png") {
			continue
		}
		_, err := os.Stat(filepath.Join(filepath.Dir(g.path), m[1]))
		require.NoError(t, err, "%s: a link leads nowhere", g.path)
	}
}

// readTree gives the names of all tests, and the text of what the bridge shows.
func readTree(t *testing.T) (tests map[string]bool, sources string) {
	t.Helper()
	tests = map[string]bool{}
	var text strings.Builder
	require.NoError(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		isTest, shown := strings.HasSuffix(path, "_test.go"), strings.HasPrefix(path, "../../app/") || strings.HasPrefix(path, "../../cmd/")
		if err != nil || d.IsDir() || !isTest && (!shown || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".html")) {
			return err
		}
		raw, err := os.ReadFile(path)
		if !isTest {
			text.Write(raw)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(raw), -1) {
			tests[m[1]] = true
		}
		return err
	}))
	return tests, text.String()
}

// keepPicture keeps a screenshot with the 256 colours that it has most of: a page has few, and the file is a third.
func keepPicture(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	require.NoError(t, err)
	full, err := png.Decode(in)
	require.NoError(t, err)
	require.NoError(t, in.Close())
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	area := full.Bounds()
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	var colours []color.RGBA
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	palette := color.Palette{}
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range colours {
		nearest[c] = uint8(palette.Index(c))
	}
	small := image.NewPaletted(area, palette)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			small.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	out, err := os.Create(to)
	require.NoError(t, err)
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, small))
	require.NoError(t, out.Close())
}
