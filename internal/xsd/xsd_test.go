package xsd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/xsd"
)

// schema is shaped like the contracts of Диадок: named and inline types, extension, choice, all.
const schema = `<?xml version="1.0" encoding="windows-1251"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="Doc"><xs:complexType>
    <xs:all>
      <xs:element name="Side" type="side"/>
      <xs:element name="Rows" minOccurs="0"><xs:complexType><xs:sequence>
        <xs:element name="Row" maxOccurs="2"><xs:complexType>
          <xs:attribute name="Rate" use="required"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="Ten"/><xs:enumeration value="Twenty"/></xs:restriction></xs:simpleType></xs:attribute>
          <xs:attribute name="Sum" type="money"/>
        </xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="Position" minOccurs="0"><xs:complexType><xs:simpleContent><xs:extension base="short">
        <xs:attribute name="Source" use="required"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>
    </xs:all>
    <xs:attribute name="Date" type="date" use="required"/>
  </xs:complexType></xs:element>
  <xs:complexType name="side"><xs:choice>
    <xs:element name="Details" type="details"/>
    <xs:element name="Reference"><xs:complexType><xs:complexContent><xs:extension base="base"><xs:attribute name="BoxId" use="required"/></xs:extension></xs:complexContent></xs:complexType></xs:element>
  </xs:choice></xs:complexType>
  <xs:complexType name="details"><xs:sequence><xs:element name="Name" type="short"/><xs:element name="Inn" minOccurs="0"/></xs:sequence></xs:complexType>
  <xs:complexType name="base"><xs:sequence><xs:element name="Phone" type="xs:string" minOccurs="0"/></xs:sequence><xs:attribute name="Okpo"/></xs:complexType>
  <xs:simpleType name="short"><xs:restriction base="xs:string"><xs:maxLength value="5"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="money"><xs:restriction base="xs:decimal"><xs:fractionDigits value="2"/><xs:minInclusive value="0"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="date"><xs:restriction base="xs:string"><xs:length value="10"/><xs:pattern value="[0-9]{2}\.[0-9]{2}\.20[0-9]{2}"/><xs:pattern value="[0-9]{2}\.[0-9]{2}\.19[0-9]{2}"/></xs:restriction></xs:simpleType>
</xs:schema>`

type tree = map[string]any

func TestWrite(t *testing.T) {
	t.Parallel()
	s, err := xsd.Parse([]byte(schema))
	require.NoError(t, err)
	data, problems := s.Write(tree{"Doc": tree{"Date": "02.03.2026", "Side": tree{"Reference": tree{"BoxId": "b<1>", "Phone": 5.0, "Okpo": "7"}},
		"Rows": tree{"Row": []any{tree{"Rate": "Ten", "Sum": "1.50"}, tree{"Rate": "Twenty"}}}, "Position": tree{"Source": "Manual", "_": "Босс"}}})
	require.Empty(t, problems)
	require.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>
<Doc Date="02.03.2026"><Side><Reference Okpo="7" BoxId="b&lt;1&gt;"><Phone>5</Phone></Reference></Side><Rows><Row Rate="Ten" Sum="1.50"></Row><Row Rate="Twenty"></Row></Rows>`+
		`<Position Source="Manual">Босс</Position></Doc>`, string(data))

	_, problems = s.Write(tree{"Doc": tree{"Date": "02.03.1899", "Rows": tree{"Row": []any{tree{"Rate": "Zero", "Sum": "-1.555"}, tree{}, tree{"Rate": "Ten", "Color": "red"}}},
		"Position": tree{"Source": "Manual", "_": "Начальник"}, "Extra": tree{"x": 1}, "Side": tree{}}})
	var all []string
	for _, p := range problems {
		require.NotEmpty(t, p.EN)
		all = append(all, p.Path+": "+p.RU)
	}
	require.Equal(t, []string{
		"Doc.Date: «02.03.1899» не подходит под образец [0-9]{2}\\.[0-9]{2}\\.20[0-9]{2} | [0-9]{2}\\.[0-9]{2}\\.19[0-9]{2}",
		"Doc.Side: нужно одно из: Details, Reference",
		"Doc.Rows.Row: допускается не больше 2, есть 3",
		"Doc.Rows.Row[0].Rate: «Zero» не допускается; возможны: Ten, Twenty",
		"Doc.Rows.Row[0].Sum: не больше 2 знаков после точки, сейчас «-1.555»",
		"Doc.Rows.Row[0].Sum: должно быть не меньше 0, сейчас -1.555",
		"Doc.Rows.Row[1].Rate: обязательное значение не заполнено",
		"Doc.Rows.Row[2].Color: в схеме такого нет; есть: Rate, Sum",
		"Doc.Position: не больше 5 знаков, сейчас 9",
		"Doc.Extra: в схеме такого нет; есть: Date, Side, Rows, Position",
	}, all)

	_, problems = s.Write(tree{"Other": "x"})
	require.Equal(t, "такого корневого элемента в схеме нет; есть: Doc", problems[0].RU)
	_, problems = s.Write(tree{})
	require.Len(t, problems, 1)
}

// TestOpenSchema: what a schema says nothing about is written as it comes.
func TestOpenSchema(t *testing.T) {
	t.Parallel()
	s, err := xsd.Parse([]byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="UserData"/></xs:schema>`))
	require.NoError(t, err)
	data, problems := s.Write(tree{"UserData": tree{"b": "2", "a": 1.5, "In": []any{tree{"n": true}, "text"}}})
	require.Empty(t, problems)
	require.Contains(t, string(data), `<UserData a="1.5" b="2"><In n="true"></In><In>text</In></UserData>`)
	for _, bad := range []string{"", "<a/>", "<xs:schema", `<?xml version="1.0" encoding="koi8-r"?><x/>`} {
		_, err := xsd.Parse([]byte(bad))
		require.Error(t, err, bad)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(schema))
	f.Add([]byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Doc" type="t"/><xs:complexType name="t"><xs:sequence><xs:element ref="Doc"/></xs:sequence><xs:group ref="t"/></xs:complexType><xs:simpleType name="s"><xs:restriction base="s"/></xs:simpleType></xs:schema>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := xsd.Parse(data)
		if err == nil {
			s.Write(tree{"Doc": tree{"Doc": tree{"Doc": "x"}, "Side": "y", "Date": "1"}})
		}
	})
}
