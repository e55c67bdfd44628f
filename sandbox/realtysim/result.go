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
			Data: []byte(`<?xml version="1.0" encoding="UTF-8"?><extract sandbox="true"><cadastral_number>` +
				escapeXML(number) + "</cadastral_number></extract>\n"),
		},
		{Type: kind + ":pdf", Name: "Выписка.pdf", Data: fmt.Appendf(nil, "%%PDF-1.4\n%% %s\n%%%%EOF\n", number)},
	}
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
