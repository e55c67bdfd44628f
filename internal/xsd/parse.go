package xsd

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// namespace of XML schemas.
const namespace = "http://www.w3.org/2001/XMLSchema"

// node is an element of a schema file.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
}

func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

func (n *node) is(name string) bool {
	return n.XMLName.Local == name && n.XMLName.Space == namespace
}

// Schema is a schema file.
type Schema struct {
	roots  map[string]*node
	types  map[string]*node
	groups map[string]*node // groups and attribute groups, by "group/name"
}

// Parse reads a schema, in UTF-8 or windows-1251.
//
// Errors: what is no schema.
func Parse(data []byte) (*Schema, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = charset
	var file node
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	if !file.is("schema") {
		return nil, errors.New("read the schema: it is not an XML schema")
	}
	s := &Schema{roots: map[string]*node{}, types: map[string]*node{}, groups: map[string]*node{}}
	for i := range file.Children {
		n := &file.Children[i]
		switch {
		case n.is("element"):
			s.roots[n.attr("name")] = n
		case n.is("complexType"), n.is("simpleType"):
			s.types[n.attr("name")] = n
		case n.is("group"), n.is("attributeGroup"):
			s.groups[n.XMLName.Local+"/"+n.attr("name")] = n
		}
	}
	return s, nil
}

// charset reads windows-1251; of it the Russian letters and a few signs, which is all that names and values of such
// schemas have.
func charset(label string, input io.Reader) (io.Reader, error) {
	if !strings.EqualFold(label, "windows-1251") {
		return input, nil
	}
	data, err := io.ReadAll(input)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	for _, b := range data {
		switch {
		case b >= 0xc0:
			out.WriteRune('А' + rune(b) - 0xc0)
		case b == 0xa8:
			out.WriteRune('Ё')
		case b == 0xb8:
			out.WriteRune('ё')
		case b == 0xb9:
			out.WriteRune('№')
		case b < 0x80 || b == 0xab || b == 0xbb:
			out.WriteRune(rune(b))
		default:
			out.WriteRune('\uFFFD')
		}
	}
	return strings.NewReader(out.String()), nil
}

// local takes the prefix off a name: xs:string, tns:Item.
func local(name string) string {
	if at := strings.LastIndexByte(name, ':'); at >= 0 {
		return name[at+1:]
	}
	return name
}

// element is a declared element with how often it may come.
type element struct {
	name     string
	decl     *node
	min, max int // max -1: any number
}

// content is what an element may hold.
type content struct {
	elements   []element
	choices    [][]string // at least one of each is required
	attributes []*node
	text       *node  // simple type of the text; nil: see base
	base       string // built-in type of the text
	mixed      bool   // it has text
	open       bool   // nothing is said, or xs:any: everything goes
}

// contentOf reads the type of an element's declaration.
func (s *Schema) contentOf(decl *node) content {
	var c content
	if name := local(decl.attr("type")); name != "" {
		s.named(name, &c, 0)
		return c
	}
	for i := range decl.Children {
		switch n := &decl.Children[i]; {
		case n.is("complexType"):
			s.complex(n, &c, 0)
			return c
		case n.is("simpleType"):
			c.mixed, c.text = true, n
			return c
		}
	}
	c.open = true
	return c
}

// deep bounds types that extend themselves.
const deep = 20

func (s *Schema) named(name string, c *content, depth int) {
	t, ok := s.types[name]
	switch {
	case depth > deep:
	case !ok: // built-in
		c.mixed, c.base = true, name
		c.open = c.open || name == "anyType"
	case t.is("simpleType"):
		c.mixed, c.text = true, t
	default:
		s.complex(t, c, depth+1)
	}
}

func (s *Schema) complex(t *node, c *content, depth int) {
	if t.attr("mixed") == "true" {
		c.mixed = true
	}
	for i := range t.Children {
		s.particle(&t.Children[i], c, depth, false)
	}
}

// particle adds what a part of a complex type allows; loose is within a choice, where nothing by itself is required.
func (s *Schema) particle(n *node, c *content, depth int, loose bool) {
	if depth > deep {
		return
	}
	each := func(loose bool) {
		for i := range n.Children {
			s.particle(&n.Children[i], c, depth+1, loose)
		}
	}
	switch n.XMLName.Local {
	case "sequence", "all", "complexContent", "simpleContent":
		each(loose || n.attr("minOccurs") == "0")
	case "choice":
		before := len(c.elements)
		each(true)
		var alternatives []string
		for _, e := range c.elements[before:] {
			alternatives = append(alternatives, e.name)
		}
		if many := n.attr("maxOccurs"); many != "" && many != "1" {
			for i := range c.elements[before:] {
				c.elements[before+i].max = -1
			}
		}
		if !loose && n.attr("minOccurs") != "0" && len(alternatives) > 0 {
			c.choices = append(c.choices, alternatives)
		}
	case "extension", "restriction":
		if base := local(n.attr("base")); base != "" && n.XMLName.Local == "extension" {
			s.named(base, c, depth+1)
		} else if base != "" && s.types[base] == nil {
			c.base = base
		}
		each(loose)
	case "group", "attributeGroup":
		if ref := s.groups[n.XMLName.Local+"/"+local(n.attr("ref"))]; ref != nil {
			for i := range ref.Children {
				s.particle(&ref.Children[i], c, depth+1, loose)
			}
		}
	case "element":
		decl := n
		if ref := s.roots[local(n.attr("ref"))]; ref != nil {
			decl = ref
		}
		e := element{name: decl.attr("name"), decl: decl, min: times(n.attr("minOccurs")), max: times(n.attr("maxOccurs"))}
		if loose {
			e.min = 0
		}
		c.elements = append(c.elements, e)
	case "attribute":
		c.attributes = append(c.attributes, n)
	case "any", "anyAttribute":
		c.open = true
	}
}

func times(text string) int {
	if text == "unbounded" {
		return -1
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return 1
}
