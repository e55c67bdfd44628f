package realtysim

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
)

// keep stores files under new ids and returns what a result shows of them.
func (d *docflow) keep(files []ResultFile) []resultFile {
	out := make([]resultFile, 0, len(files))
	for _, f := range files {
		one := resultFile{id: newGUID(), typ: f.Type, name: f.Name, size: len(f.Data)}
		d.blobs[one.id] = blob{media: mediaOf(f.Type), data: bytes.Clone(f.Data)}
		for _, sig := range f.Signatures {
			id := newGUID()
			one.signatures = append(one.signatures, id)
			d.blobs[id] = blob{media: "application/x-pkcs7-signature", data: bytes.Clone(sig)}
		}
		out = append(out, one)
	}
	return out
}

// mediaOf guesses by the tables of result types; the service's own header is not documented.
func mediaOf(typ string) string {
	switch {
	case strings.HasSuffix(typ, ":xml"):
		return "application/xml"
	case strings.HasSuffix(typ, ":pdf"):
		return "application/pdf"
	case strings.HasSuffix(typ, "outdoc"):
		return "application/zip"
	}
	return "application/octet-stream"
}

// defaultFiles are the documented result types in the new form of the register.
func defaultFiles(d *docflow) []ResultFile {
	if registration(d.typ) {
		return []ResultFile{archive(d, "egrn:outdoc", "Документы регистрации")}
	}
	if d.typ != TypeObject {
		return nil // nothing is documented for packets and actions
	}
	kind := "extract_info" // no type is named after base
	if d.options["type"] == "ownership" {
		kind = "extract_ownership"
	}
	number := fmt.Sprint(d.options["cadastralNumber"])
	signature := [][]byte{[]byte("signature of the registry, " + number)}
	return []ResultFile{
		archive(d, "egrn:outdoc", "Выписка из ЕГРН"),
		{
			Type: "egrn:" + kind + ":xml", Name: "Выписка.xml", Signatures: signature,
			Data: extractXML(kind, number, d.requestID),
		},
		{Type: kind + ":pdf", Name: "Выписка.pdf", Data: fmt.Appendf(nil, "%%PDF-1.4\n%% %s\n%%%%EOF\n", number)},
	}
}

// extractXML is an extract in the register's new form, as far as its published schemas name the elements
// (extract_about_property_room, extract_transfer_rights_property). Everybody in it is made up.
func extractXML(kind, number, request string) []byte {
	right := `<right_record><record_info><registration_date>2018-04-23T10:40:55+03:00</registration_date></record_info>` +
		`<right_data><right_type><code>001001000000</code><value>Собственность</value></right_type>` +
		`<right_number>` + escapeXML(number) + `-54/001/2018-1</right_number></right_data>` +
		`<right_holders><right_holder><individual><surname>Выдуманный</surname><name>Виктор</name>` +
		`<patronymic>Образцович</patronymic></individual></right_holder></right_holders></right_record>`
	head := `<details_statement><group_top_requisites><date_formation>2026-05-14</date_formation>` +
		`<registration_number>КУВИ-001/` + escapeXML(request) + `</registration_number></group_top_requisites></details_statement>`
	object := `<object><common_data><type><code>002001003000</code><value>Помещение</value></type>` +
		`<cad_number>` + escapeXML(number) + `</cad_number></common_data></object>`
	if kind == "extract_ownership" {
		return []byte(`<?xml version="1.0" encoding="UTF-8"?><extract_transfer_rights_property>` + head +
			`<base_data><room_record>` + object + `</room_record></base_data><right_records>` + right + `</right_records></extract_transfer_rights_property>` + "\n")
	}
	return []byte(`<?xml version="1.0" encoding="UTF-8"?><extract_about_property_room>` + head + `<room_record>` + object +
		`<params><area>58.3</area><name>Квартира</name><purpose><code>206002000000</code><value>Жилое</value></purpose></params>` +
		`<address_room><address><address><readable_address>г Новосибирск, ул Образцовая, д 14, кв 81</readable_address></address></address></address_room>` +
		`<cost><value>2100500.75</value></cost></room_record><right_records>` + right + `</right_records>` +
		`<restrict_records><restrict_record><restrictions_encumbrances_data><restriction_encumbrance_type><code>022006000000</code>` +
		`<value>Ипотека</value></restriction_encumbrance_type></restrictions_encumbrances_data></restrict_record></restrict_records>` +
		`</extract_about_property_room>` + "\n")
}

func escapeXML(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// archive makes a real ZIP with one text file and the same bytes for the same filing.
func archive(d *docflow, typ, title string) ResultFile {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	if w, err := z.Create("readme.txt"); err == nil { // writing to memory never fails
		_, _ = fmt.Fprintf(w, "%s\n%s\n%s\n", title, d.typ, d.requestID)
	}
	_ = z.Close()
	return ResultFile{
		Type: typ, Name: title + ".zip", Data: buf.Bytes(),
		Signatures: [][]byte{[]byte("signature of the registry, " + d.requestID)},
	}
}
