package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"konturbridge/realty/archive"
)

// entry is a file for pack: name as raw bytes.
type entry struct {
	name  string
	body  string
	extra []byte
	mode  os.FileMode
	plain bool // name not marked as UTF-8
}

func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		head := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Extra: e.extra, NonUTF8: e.plain}
		if e.mode != 0 {
			head.SetMode(e.mode)
		}
		body, err := w.CreateHeader(head)
		require.NoError(t, err)
		_, err = io.WriteString(body, e.body)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func open(t testing.TB, data []byte, limits archive.Limits) (*archive.Archive, error) {
	t.Helper()
	a, err := archive.Open(bytes.NewReader(data), int64(len(data)), limits)
	if err == nil {
		t.Cleanup(func() { require.NoError(t, a.Close()) })
	}
	return a, err
}

// listing shows an archive as lines: path, name when it differs, signatures behind ←.
func listing(a *archive.Archive) []string {
	var lines []string
	for _, f := range a.Files {
		line := f.Path
		if !strings.HasSuffix(f.Path, "/"+f.Name) && f.Path != f.Name {
			line += " = " + f.Name
		}
		for _, s := range f.Signatures {
			line += " ← " + s.Name
		}
		lines = append(lines, line)
	}
	return lines
}

func read(t testing.TB, f *archive.File) string {
	t.Helper()
	r, err := f.Open()
	require.NoError(t, err)
	raw, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Len(t, raw, int(f.Size))
	return string(raw)
}

// dos writes Russian letters in code page 866.
func dos(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b.WriteByte(byte(r))
		case r >= 'А' && r <= 'п':
			b.WriteByte(byte(r - 'А' + 0x80))
		case r >= 'р' && r <= 'я':
			b.WriteByte(byte(r - 'р' + 0xe0))
		case r == 'ё':
			b.WriteByte(0xf1)
		case r == '№':
			b.WriteByte(0xfc)
		}
	}
	return b.String()
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		entry entry
		want  string
	}{
		"Latin":                 {entry{name: "extract.xml"}, "extract.xml"},
		"UTF-8, marked":         {entry{name: "Выписка №1.xml"}, "Выписка №1.xml"},
		"UTF-8, not marked":     {entry{name: "Выписка.xml", plain: true}, "Выписка.xml"},
		"DOS":                   {entry{name: dos("Выписка №1 (жильё).xml"), plain: true}, "Выписка №1 (жильё).xml"},
		"DOS, folders":          {entry{name: dos(`Пакет\Акт.pdf`), plain: true}, "Пакет/Акт.pdf"},
		"a second name":         {entry{name: "___.xml", extra: second("___.xml", "Выписка.xml"), plain: true}, "Выписка.xml"},
		"a stale second name":   {entry{name: "new.xml", extra: second("old.xml", "Выписка.xml"), plain: true}, "new.xml"},
		"a broken second name":  {entry{name: "new.xml", extra: []byte{0x75, 0x70, 0x02, 0, 1, 2}, plain: true}, "new.xml"},
		"upwards":               {entry{name: "../../etc/passwd"}, "etc/passwd"},
		"upwards, DOS":          {entry{name: `..\..\Windows\system.ini`}, "Windows/system.ini"},
		"from the root":         {entry{name: "/etc/passwd"}, "etc/passwd"},
		"a drive":               {entry{name: `C:\акт.pdf`}, "C_/акт.pdf"},
		"nothing but dots":      {entry{name: "../.."}, "файл"},
		"forbidden marks":       {entry{name: "a<b>:c?\x01\x7f.pdf. "}, "a_b__c_.pdf"},
		"writing turned around": {entry{name: "акт\u202efdp.exe"}, "актfdp.exe"},
		"long":                  {entry{name: strings.Repeat("я", 300) + ".xml"}, strings.Repeat("я", 116) + ".xml"},
		"long signature":        {entry{name: strings.Repeat("я", 300) + ".xml.sig"}, strings.Repeat("я", 112) + ".xml.sig"},
		"long extension":        {entry{name: "a." + strings.Repeat("я", 300)}, "a." + strings.Repeat("я", 118)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := open(t, pack(t, tc.entry), archive.Limits{})
			require.NoError(t, err)
			require.Len(t, a.Files, 1)
			require.Equal(t, tc.want, a.Files[0].Path)
			require.Equal(t, filepath.Base(tc.want), a.Files[0].Name)
		})
	}
}

// second is the field with a name in UTF-8 that Info-ZIP adds.
func second(plain, name string) []byte {
	body := append([]byte{1}, binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(plain)))...)
	body = append(body, name...)
	field := binary.LittleEndian.AppendUint16([]byte{0x75, 0x70}, uint16(len(body)))
	return append(field, body...)
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files string
		want  []string
	}{
		"behind the whole name":      {"выписка.xml выписка.xml.sig", []string{"выписка.xml ← выписка.xml.sig"}},
		"in the place of the ending": {"выписка.sig выписка.xml", []string{"выписка.xml ← выписка.sig"}},
		"an ending that fits two":    {"a.sig a.xml a.pdf", []string{"a.sig", "a.xml", "a.pdf"}},
		"each its own":               {"a.xml a.pdf a.xml.sig a.pdf.sig", []string{"a.xml ← a.xml.sig", "a.pdf ← a.pdf.sig"}},
		"several":                    {"a.pdf a.pdf.1.sig a.pdf.2.sig a.pdf(3).sgn a.pdf.p7s", []string{"a.pdf ← a.pdf.1.sig ← a.pdf.2.sig ← a.pdf(3).sgn ← a.pdf.p7s"}},
		"other letters":              {"Акт.PDF акт.pdf.SIG", []string{"Акт.PDF ← акт.pdf.SIG"}},
		"other folder":               {"1/a.pdf 2/a.pdf.sig", []string{"1/a.pdf", "2/a.pdf.sig"}},
		"same names":                 {"1/a.pdf 1/a.pdf.sig 2/a.pdf 2/A.pdf.sig", []string{"1/a.pdf ← a.pdf.sig", "2/a.pdf = a (2).pdf ← A.pdf (2).sig"}},
		"alone":                      {"a.pdf.sig", []string{"a.pdf.sig"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var entries []entry
			for file := range strings.FieldsSeq(tc.files) {
				entries = append(entries, entry{name: file, body: file})
			}
			a, err := open(t, pack(t, entries...), archive.Limits{})
			require.NoError(t, err)
			require.Equal(t, tc.want, listing(a))
			for _, f := range a.Files {
				require.Equal(t, f.Path, read(t, f))
				for _, s := range f.Signatures {
					require.Equal(t, s.Path, read(t, s))
				}
			}
		})
	}
}

func TestArchivesInside(t *testing.T) {
	t.Parallel()
	inner := pack(t, entry{name: dos("Выписка.xml"), body: "<x/>", plain: true}, entry{name: dos("Выписка.xml.sig"), body: "sig", plain: true})
	middle := pack(t, entry{name: "внутри.zip", body: string(inner)}, entry{name: "опись.txt", body: "1"})
	outer := pack(t, entry{name: "пакет/", mode: os.ModeDir | 0o755}, entry{name: "пакет/ответ.ZIP", body: string(middle)},
		entry{name: "нет.zip", body: "not an archive"}, entry{name: "link", body: "/etc/passwd", mode: os.ModeSymlink | 0o777})
	a, err := open(t, outer, archive.Limits{})
	require.NoError(t, err)
	require.Equal(t, []string{"пакет/ответ.ZIP/внутри.zip/Выписка.xml ← Выписка.xml.sig", "пакет/ответ.ZIP/опись.txt", "нет.zip"}, listing(a))
	require.Equal(t, "<x/>", read(t, a.Files[0]))
	require.Equal(t, "sig", read(t, a.Files[0].Signatures[0]))
	require.Equal(t, "not an archive", read(t, a.Files[2]))

	_, err = open(t, outer, archive.Limits{Depth: 1})
	require.ErrorIs(t, err, archive.ErrTooLarge)
}

func TestTemporaryFilesGo(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	inner := pack(t, entry{name: "a.xml", body: "1"})
	a, err := open(t, pack(t, entry{name: "a.zip", body: string(inner)}), archive.Limits{})
	require.NoError(t, err)
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.NoError(t, a.Close())
	_, err = open(t, pack(t, entry{name: "a.zip", body: string(inner)}, entry{name: "b"}), archive.Limits{Files: 2})
	require.ErrorIs(t, err, archive.ErrTooLarge)
	left, err = os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	two := pack(t, entry{name: "a", body: "12345"}, entry{name: "b", body: "67890"})
	for name, tc := range map[string]struct {
		limits archive.Limits
		fits   bool
	}{
		"both fit":       {archive.Limits{Files: 2, Bytes: 10}, true},
		"too many files": {archive.Limits{Files: 1}, false},
		"too many bytes": {archive.Limits{Bytes: 9}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t, two, tc.limits)
			require.Equal(t, !tc.fits, errors.Is(err, archive.ErrTooLarge), err)
		})
	}
}

// TestBomb: an archive that holds more than it promises ends at its promise, and one that promises much is refused
// before anything is unpacked.
func TestBomb(t *testing.T) {
	t.Parallel()
	bomb := pack(t, entry{name: "a.xml", body: strings.Repeat("0", 10<<20)})
	require.Less(t, len(bomb), 64<<10)
	_, err := open(t, bomb, archive.Limits{Bytes: 1 << 20})
	require.ErrorIs(t, err, archive.ErrTooLarge)

	honest := binary.LittleEndian.AppendUint32(nil, 10<<20)
	lie := bytes.ReplaceAll(bomb, honest, binary.LittleEndian.AppendUint32(nil, 5))
	require.NotEqual(t, bomb, lie)
	a, err := open(t, lie, archive.Limits{Bytes: 1 << 20})
	require.NoError(t, err)
	r, err := a.Files[0].Open()
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, r)
	require.Error(t, err)
	require.LessOrEqual(t, n, int64(5))
	require.NoError(t, r.Close())
}

func TestNotAnArchive(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{"nothing": "", "a PDF": "%PDF-1.4", "cut off": string(pack(t, entry{name: "a"})[:20])} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t, []byte(data), archive.Limits{})
			require.ErrorIs(t, err, archive.ErrNotZip)
		})
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(pack(f, entry{name: "a.xml", body: "1"}, entry{name: "a.xml.sig"}))
	f.Add(pack(f, entry{name: dos("Пакет.zip"), body: string(pack(f, entry{name: "../x"})), plain: true}))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := archive.Open(bytes.NewReader(data), int64(len(data)), archive.Limits{Bytes: 1 << 20})
		if err != nil {
			return
		}
		defer func() { require.NoError(t, a.Close()) }()
		for _, file := range a.Files {
			require.True(t, filepath.IsLocal(file.Path), file.Path)
			require.NotContains(t, file.Name, "/")
			require.NotEmpty(t, file.Name)
			if r, err := file.Open(); err == nil {
				n, _ := io.Copy(io.Discard, r) // broken contents are an error, not a fault
				require.LessOrEqual(t, n, file.Size)
				_ = r.Close()
			}
		}
	})
}
