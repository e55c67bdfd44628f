package bitrixsim

import (
	"bytes"
	"encoding/xml"
	"regexp"
)

// xmlName is a key that can stand as the name of an element.
var xmlName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// encodeXML is the spelling of an answer for METHOD.xml (doc: settings/how-to-call-rest-api/general-principles). The
// page shows no list: elements of one are named item.
func encodeXML(body any) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	writeXML(&b, "response", fromGo(body))
	return b.Bytes()
}

func writeXML(b *bytes.Buffer, name string, v any) {
	if !xmlName.MatchString(name) {
		name = "item"
	}
	b.WriteString("<" + name + ">")
	if a := asArray(v); a != nil {
		for _, k := range a.keys {
			writeXML(b, k, a.vals[k])
		}
	} else {
		_ = xml.EscapeText(b, []byte(str(v))) // a bytes.Buffer takes everything
	}
	b.WriteString("</" + name + ">")
}
