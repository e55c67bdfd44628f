package extract

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The bounds of one part, a right or the object. The longest have some hundred elements.
const (
	maxParts    = 20_000
	maxElements = 5_000
	maxDepth    = 40
	maxText     = 16 << 10
)

// part is an element with what is below it.
type part struct {
	name       string
	attributes map[string]string
	text       string
	children   []*part
}

// at goes down a path of names; nil when there is none.
func (p *part) at(path ...string) *part {
	for _, name := range path {
		p = p.child(name)
	}
	return p
}

func (p *part) child(name string) *part {
	if p == nil {
		return nil
	}
	for _, c := range p.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// all lists the children of a name.
func (p *part) all(name string) []*part {
	if p == nil {
		return nil
	}
	var found []*part
	for _, c := range p.children {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

// get is the text at a path; "" when there is none.
func (p *part) get(path ...string) string {
	if found := p.at(path...); found != nil {
		return found.text
	}
	return ""
}

// attr is an attribute; "" when there is none.
func (p *part) attr(name string) string {
	if p == nil {
		return ""
	}
	return strings.TrimSpace(p.attributes[name])
}

// decoder reads the document part by part.
type decoder struct {
	from  *bounded
	xml   *xml.Decoder
	parts int
}

func newDecoder(r io.Reader, size int64) *decoder {
	from := &bounded{from: r, size: size, left: size}
	d := &decoder{from: from, xml: xml.NewDecoder(bufio.NewReader(from))}
	d.xml.CharsetReader = charset
	return d
}

// bounded ends with an error when there is more than allowed.
type bounded struct {
	from io.Reader
	size int64
	left int64
	err  error // of from
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, b.size)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// charset reads the encodings of extracts: UTF-8, which the decoder knows itself, and windows-1251.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "windows-1251", "cp1251":
		return &cyrillic{from: in}, nil
	}
	return nil, fmt.Errorf("encoding %q", label)
}

// cyrillic turns windows-1251 into UTF-8.
type cyrillic struct {
	from io.Reader
	rest []byte
}

// cp1251 is the upper half of windows-1251 (Microsoft's code page; the one place that it leaves free is a blank here).
const cp1251 = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–— ™љ›њќћџ\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕї" +
	"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя"

func (c *cyrillic) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		raw := make([]byte, max(1, len(p)/3))
		n, err := c.from.Read(raw)
		letters := []rune(cp1251)
		for _, b := range raw[:n] {
			if b < 0x80 {
				c.rest = append(c.rest, b)
			} else {
				c.rest = append(c.rest, string(letters[b-0x80])...)
			}
		}
		if len(c.rest) == 0 {
			return 0, err
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// root reads to the first element. A document that is no XML, or begins with a definition of its own entities, is
// unknown: extracts have none.
func (d *decoder) root() (name string, known bool, err error) {
	for {
		token, err := d.xml.Token()
		if err != nil {
			if d.from.err != nil {
				return "", false, fmt.Errorf("extract: %w", d.from.err)
			}
			return "", false, nil
		}
		switch token := token.(type) {
		case xml.Directive:
			return "", false, nil
		case xml.StartElement:
			return token.Name.Local, isNew(token.Name.Local) || isOld(token.Name.Local), nil
		}
	}
}

// each reads the elements below the root and hands them over whole; those of the named ones are gone into instead, so
// that no more than one part is held at a time.
func (d *decoder) each(take func(*part), into ...string) error {
	for {
		token, err := d.xml.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return d.broken(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if slices.Contains(into, start.Name.Local) {
			continue
		}
		if d.parts++; d.parts > maxParts {
			return fmt.Errorf("extract: %w: more than %d parts", ErrTooLarge, maxParts)
		}
		one, err := d.part(start, 0, &budget{elements: maxElements})
		if err != nil {
			return d.broken(err)
		}
		take(one)
	}
}

func (d *decoder) broken(err error) error {
	if d.from.err != nil {
		err = d.from.err
	} else if !errors.Is(err, ErrTooLarge) {
		err = fmt.Errorf("%w: %w", ErrNotXML, err)
	}
	return fmt.Errorf("extract: %w", err)
}

// budget is what is left of the bounds of one part.
type budget struct{ elements int }

// heavy are the elements with geometry and pictures: long, and nothing is read of them.
func heavy(name string) bool {
	switch name {
	case "contours_location", "contours", "object_parts", "entity_spatial", "EntitySpatial", "Contours", "SubParcels",
		"objects_of_easement", "Plan", "plans":
		return true
	}
	return false
}

func (d *decoder) part(start xml.StartElement, depth int, left *budget) (*part, error) {
	if left.elements--; left.elements < 0 || depth > maxDepth {
		return nil, fmt.Errorf("%w: one part of it", ErrTooLarge)
	}
	p := &part{name: start.Name.Local, attributes: map[string]string{}}
	for _, a := range start.Attr {
		p.attributes[a.Name.Local] = a.Value
	}
	var text bytes.Buffer
	for {
		token, err := d.xml.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if heavy(token.Name.Local) {
				if err := d.xml.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			child, err := d.part(token, depth+1, left)
			if err != nil {
				return nil, err
			}
			p.children = append(p.children, child)
		case xml.CharData:
			text.Write(token[:min(len(token), maxText-min(text.Len(), maxText))])
		case xml.EndElement:
			p.text = strings.Join(strings.Fields(text.String()), " ")
			return p, nil
		}
	}
}
