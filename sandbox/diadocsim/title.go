package diadocsim

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// title is what the service reads from the XML of a formalized document.
type title struct {
	id, number, date, sum string
}

// parseTitle reads a title's XML: the file id from its root and the first number, date and sum below. The
// simulator has no schemas; it takes any XML whose root is Файл.
func parseTitle(data []byte) (title, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = windows1251
	var out title
	root := ""
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return title{}, bad("Invalid data: the XML can't be read: %s", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if root == "" {
			root = start.Name.Local
		}
		for _, attr := range start.Attr {
			out.note(attr.Name.Local, attr.Value)
		}
	}
	if root != "Файл" {
		return title{}, bad("Invalid data: the root of a title must be Файл, not %q", root)
	}
	return out, nil
}

func (t *title) note(name, value string) {
	for _, one := range []struct {
		to    *string
		names []string
	}{
		{&t.id, []string{"ИдФайл"}}, {&t.number, []string{"НомерДок", "НомерСчФ"}}, {&t.date, []string{"ДатаДок", "ДатаСчФ"}},
		{&t.sum, []string{"СтТовУчНалВсего"}},
	} {
		for _, known := range one.names {
			if name == known && *one.to == "" {
				*one.to = value
			}
		}
	}
}

// windows1251 decodes the charset of the service's XML files; the standard library knows UTF-8 only.
func windows1251(charset string, input io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(input)
	if err != nil || !strings.EqualFold(charset, "windows-1251") {
		return bytes.NewReader(data), err
	}
	var out strings.Builder
	for _, b := range data {
		out.WriteRune(rune1251(b))
	}
	return strings.NewReader(out.String()), nil
}

// rune1251 covers the Russian letters and № of the code page; the rest is not used here.
func rune1251(b byte) rune {
	switch {
	case b >= 0xc0:
		return rune(b) - 0xc0 + 'А'
	case b == 0xa8:
		return 'Ё'
	case b == 0xb8:
		return 'ё'
	case b == 0xb9:
		return '№'
	case b == 0xab || b == 0xbb:
		return rune(b)
	}
	return rune(b)
}

// to1251 encodes text for a generated file.
func to1251(text string) []byte {
	var out []byte
	for _, r := range text {
		switch {
		case r >= 'А' && r <= 'я':
			out = append(out, byte(r-'А'+0xc0))
		case r == 'Ё':
			out = append(out, 0xa8)
		case r == 'ё':
			out = append(out, 0xb8)
		case r == '№':
			out = append(out, 0xb9)
		case r < 0x80 || r == '«' || r == '»':
			out = append(out, byte(r))
		default:
			out = append(out, '?')
		}
	}
	return out
}
