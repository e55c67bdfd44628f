package extract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"konturbridge/realty/extract"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The documents of testdata are made up after Rosreestr's published schemas; room.xml is in windows-1251, as most are.
func file(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"room", "land", "transfer", "egrp", "kpoks"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok, err := extract.Read(iotest.OneByteReader(bytes.NewReader(file(t, name+".xml"))))
			require.NoError(t, err)
			require.True(t, ok)
			var made bytes.Buffer
			encoder := json.NewEncoder(&made)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			require.NoError(t, encoder.Encode(got))
			golden := filepath.Join("testdata", name+".golden.json")
			if *update {
				require.NoError(t, os.WriteFile(golden, made.Bytes(), 0o600))
			}
			require.Equal(t, string(file(t, name+".golden.json")), made.String())
		})
	}
}

func TestUnknownDocuments(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"nothing":            "",
		"a PDF":              "%PDF-1.4",
		"another root":       "<notification><text>Отказ</text></notification>",
		"blanks":             " \n ",
		"own entities":       `<!DOCTYPE extract_base_params_land [<!ENTITY a SYSTEM "file:///etc/passwd">]><extract_base_params_land><status>&a;</status></extract_base_params_land>`,
		"an unknown charset": `<?xml version="1.0" encoding="koi8-r"?><extract_base_params_land/>`,
		"the plan of a zone": "<extract_cadastral_plan_territory/>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok, err := extract.Read(strings.NewReader(document))
			require.NoError(t, err)
			require.False(t, ok)
			require.Zero(t, got)
		})
	}
}

func TestBrokenDocuments(t *testing.T) {
	t.Parallel()
	const head, tail = "<extract_base_params_land>", "</extract_base_params_land>"
	deep := strings.Repeat("<a>", 60) + strings.Repeat("</a>", 60)
	for name, tc := range map[string]struct {
		document string
		want     error
	}{
		"cut off":           {head + "<status>", extract.ErrNotXML},
		"cut off in a part": {head + "<land_record><params>", extract.ErrNotXML},
		"not closed":        {head + "<status></land>", extract.ErrNotXML},
		"unknown entity":    {head + "<status>&a;</status>" + tail, extract.ErrNotXML},
		"too deep":          {head + deep + tail, extract.ErrTooLarge},
		"too many elements": {head + "<land_record>" + strings.Repeat("<a/>", 5001) + "</land_record>" + tail, extract.ErrTooLarge},
		"too many parts":    {head + "<right_records>" + strings.Repeat("<right_record/>", 20001), extract.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ok, err := extract.Read(strings.NewReader(tc.document))
			require.ErrorIs(t, err, tc.want)
			require.False(t, ok)
		})
	}
	broken := errors.New("connection lost")
	for _, begin := range []string{"", head, head + "<status>"} {
		_, _, err := extract.Read(io.MultiReader(strings.NewReader(begin), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken)
	}
}

// endless is a document that goes on: text of one kind of element, without end.
type endless struct {
	begin string
	again string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.begin == "" {
		e.begin = e.again
	}
	n := copy(p, e.begin)
	e.begin = e.begin[n:]
	return n, nil
}

// TestEndless: neither geometry, which is skipped, nor a text without end is read beyond the bound.
func TestEndless(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]*endless{
		"geometry": {"<extract_base_params_land><land_record><contours_location>", strings.Repeat("<x>1</x>", 100)},
		"text":     {"<extract_base_params_land><status>", strings.Repeat("статус ", 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := extract.ReadAtMost(document, 1<<20)
			require.ErrorIs(t, err, extract.ErrTooLarge)
		})
	}
}

func TestGeometryCostsNothing(t *testing.T) {
	t.Parallel()
	long := strings.Replace(string(file(t, "land.xml")), "<ordinates>", "<ordinates>"+strings.Repeat("<ordinate><x>1</x><y>2</y></ordinate>", 5000), 1)
	got, ok, err := extract.Read(strings.NewReader(long))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "1200", got.Object.Area)
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"room.xml", "land.xml", "transfer.xml", "egrp.xml", "kpoks.xml"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok, err := extract.Read(bytes.NewReader(data))
		if err != nil {
			require.True(t, errors.Is(err, extract.ErrNotXML) || errors.Is(err, extract.ErrTooLarge), err)
		}
		if !ok {
			require.Zero(t, got)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data := file(b, "room.xml")
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, ok, err := extract.Read(bytes.NewReader(data)); !ok || err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleRead() {
	document, err := os.Open("testdata/room.xml")
	if err != nil {
		return
	}
	defer func() { _ = document.Close() }()
	got, ok, err := extract.Read(document)
	if err != nil || !ok {
		return
	}
	fmt.Println(got.Object.CadastralNumber, got.Object.Area, got.Object.AreaUnit)
	for _, right := range got.Rights {
		fmt.Println(right.Type, right.Share, right.Holders[0].Name)
	}
	for _, encumbrance := range got.Encumbrances {
		fmt.Println(encumbrance.Type, encumbrance.Term, encumbrance.Holders[0].Name)
	}
	// Output:
	// 54:35:021060:1683 58.3 кв.м
	// Общая долевая собственность 1/3 Тестов Виталий Иванович
	// Общая долевая собственность две трети ООО «Тестовая строительная компания»
	// Ипотека с 2018-04-23 240 месяцев ПАО «Банк»
}
