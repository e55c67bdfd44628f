package diadoc_test

import (
	"bufio"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
)

// documented is a field as the documentation's list of structures has it: its type, and req, opt, list or legacy.
type documented struct{ name, kind, card string }

// structures reads testdata/structures.txt: the name of a structure, and below it its fields, each indented.
func structures(t *testing.T) map[string][]documented {
	t.Helper()
	out, current := map[string][]documented{}, ""
	lines := bufio.NewScanner(strings.NewReader(string(file(t, "structures.txt"))))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if len(words) == 1 {
			current = words[0]
			require.NotContains(t, out, current)
			out[current] = nil
			continue
		}
		require.Len(t, words, 3, lines.Text())
		out[current] = append(out[current], documented{words[0], words[1], words[2]})
	}
	require.NoError(t, lines.Err())
	return out
}

// renamed are the structures that have another name here than in the documentation.
var renamed = map[string]string{
	"DocumentID": "DocumentId", "ForwardedDocumentID": "ForwardedDocumentId", "PowerOfAttorneyID": "PowerOfAttorneyFullId",
	"ContentV2": "Content_v2", "ContentV3": "Content_v3", "XMLSignatureRejectionAttachment": "XmlSignatureRejectionAttachment",
	"DocflowAttachment": "Attachment", "DocflowRoamingNotification": "RoamingNotification", "DocumentsMove": "DocumentsMoveOperation",
	"GetDocflowsByPacketIDRequest": "GetDocflowsByPacketIdRequest", "GetDocflowsByPacketIDResponseV5": "GetDocflowsByPacketIdResponseV5",
}

// besideStructures are types that are never a body or an answer: queries, tasks, what the client itself gives.
var besideStructures = []string{
	"AcquireTask", "Answer", "AutoSignReceiptsTask", "CloudSignConfirmTask", "CloudSignTask", "CounteragentEventQuery", "CounteragentQuery",
	"DocumentQuery", "Download", "DssSignTask", "EventQuery", "File", "MessageOptions", "Operation", "OrganizationQuery", "Parameter",
	"RegisterPowerTask", "Text", "Title", "TitleOptions",
}

// undescribed are structures that the documentation names without listing their fields, or describes in words alone.
// All of them are answers.
var undescribed = []string{
	"CertificateList", "DetectDocumentTypesResponse", "GetDocflowBatchResponseV3", "GetDocflowBatchResponseV4",
	"GetDocumentTypesResponseV3", "LegacyMetadata[konturbridge/diadoc.InvoiceStatus]", "LegacyMetadata[konturbridge/diadoc.LegacyStatus]",
	"LegacyMetadata[konturbridge/diadoc.NonformalizedDocumentStatus]", "LegacyMetadata[konturbridge/diadoc.UniversalTransferDocumentStatus]",
	"MessageValidationError", "MessageValidationResult", "PowerOfAttorneyRegisterResult", "RegistrationResponse",
}

// reached lists the structures that the client's methods take or give.
func reached(give bool) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for method := range reflect.TypeFor[*diadoc.Client]().Methods() {
		if give {
			for i := range method.Type.NumOut() {
				reach(method.Type.Out(i), out)
			}
			continue
		}
		for i := 1; i < method.Type.NumIn(); i++ {
			reach(method.Type.In(i), out)
		}
	}
	return out
}

func reach(t reflect.Type, into map[string]reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		reach(t.Elem(), into)
	case reflect.Struct:
		if t.PkgPath() != reflect.TypeFor[diadoc.Client]().PkgPath() || into[t.Name()] != nil {
			return
		}
		into[t.Name()] = t
		for field := range t.Fields() {
			reach(field.Type, into)
		}
	}
}

func contractName(t reflect.Type) string {
	if name := renamed[t.Name()]; name != "" {
		return name
	}
	return t.Name()
}

func wireName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		return field.Name
	}
	return name
}

func TestStructuresAreThoseOfTheDocumentation(t *testing.T) {
	t.Parallel()
	known := structures(t)
	requests := reached(false)
	all := reached(true)
	for name, of := range requests {
		all[name] = of
	}
	met := map[string]bool{
		"AsyncMethodResult": true, // a task's id is all that a method gives of it
		"User":              true, // of the first version of GetMyUser, which is not offered
	}
	for name, of := range all {
		fields, ok := known[contractName(of)]
		met[contractName(of)] = true
		unlisted := slices.Contains(besideStructures, name) || slices.Contains(undescribed, name)
		require.Equal(t, !unlisted, ok, "%s is documented, beside the structures, or not described", name)
		if unlisted {
			continue
		}
		checkStructure(t, of, fields, known, requests[name] != nil)
	}
	for name := range known {
		require.True(t, met[name], "%s is documented, but no method takes or gives it", name)
	}
}

// TestDescribedBodiesAreTyped: a body or an answer whose structure is documented is that structure, not raw JSON.
func TestDescribedBodiesAreTyped(t *testing.T) {
	t.Parallel()
	known := structures(t)
	client := reflect.TypeFor[*diadoc.Client]()
	for _, op := range diadoc.Operations() {
		method, ok := client.MethodByName(op.Name)
		if !ok {
			continue
		}
		if _, described := known[op.Request]; described {
			var takes []string
			for i := 1; i < method.Type.NumIn(); i++ {
				takes = append(takes, contractName(method.Type.In(i)))
			}
			if !slices.Contains(takes, op.Request) {
				t.Errorf("%s takes %v, not %s", op.Name, takes, op.Request)
			}
		}
		if _, described := known[op.Response]; described && op.Response != "AsyncMethodResult" && op.Removed == "" {
			if gives := contractName(method.Type.Out(0)); gives != op.Response {
				t.Errorf("%s gives %s, not %s", op.Name, gives, op.Response)
			}
		}
	}
}

func checkStructure(t *testing.T, of reflect.Type, fields []documented, known map[string][]documented, request bool) {
	t.Helper()
	want := map[string]documented{}
	for _, f := range fields {
		want[f.name] = f
	}
	written, err := json.Marshal(reflect.New(of).Elem().Interface())
	require.NoError(t, err)
	var zero map[string]any
	require.NoError(t, json.Unmarshal(written, &zero), of.Name())
	for field := range of.Fields() {
		name := wireName(field)
		if name == "-" || !field.IsExported() {
			continue
		}
		f, ok := want[name]
		if !ok {
			t.Errorf("%s.%s is not documented", of.Name(), name)
			continue
		}
		delete(want, name)
		if problem := fits(field.Type, f, known); problem != "" {
			t.Errorf("%s.%s: %s", of.Name(), name, problem)
		}
		if _, there := zero[name]; request && f.card == "req" && !there {
			t.Errorf("%s.%s is required and not always written", of.Name(), name)
		}
	}
	for name, f := range want {
		if f.card != "legacy" {
			t.Errorf("%s.%s %s %s is missing", of.Name(), name, f.kind, f.card)
		}
	}
}

func fits(of reflect.Type, f documented, known map[string][]documented) string {
	if f.card == "legacy" {
		return ""
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if f.card == "list" {
		if of.Kind() != reflect.Slice || of == reflect.TypeFor[diadoc.Raw]() {
			return "not a list: " + of.String()
		}
		of = of.Elem()
	}
	raw := of == reflect.TypeFor[diadoc.Raw]()
	switch f.kind {
	case "string":
		if of.Kind() != reflect.String {
			return "not a string: " + of.String()
		}
	case "bytes":
		if raw || of.Kind() != reflect.Slice || of.Elem().Kind() != reflect.Uint8 {
			return "not bytes: " + of.String()
		}
	case "bool":
		if of.Kind() != reflect.Bool {
			return "not a bool: " + of.String()
		}
	case "int32", "sfixed32", "sfixed64":
		if !of.ConvertibleTo(reflect.TypeFor[int64]()) || of.Kind() == reflect.String {
			return "not a number: " + of.String()
		}
	default:
		_, structure := known[f.kind]
		switch {
		case of.Kind() == reflect.Struct && structure:
			if contractName(of) != f.kind {
				return "is " + of.Name() + " and not " + f.kind
			}
		case structure:
			return "is " + of.String() + " and not the structure " + f.kind
		case raw, of.Kind() == reflect.String: // an enumeration, or a structure that is not described
		default:
			return "is " + of.String() + " and not " + f.kind
		}
	}
	return ""
}

// compared are structures that are compared as a whole, and so hold nothing but their fields: the two ids of a
// document, and a moment, whose DateTime the service computes.
var compared = []string{"DocumentID", "Timestamp"}

// TestAnswersKeepWhatIsNew: a field and a value of an enumeration that are newer than the package are written again as
// they came, in every structure of every answer.
func TestAnswersKeepWhatIsNew(t *testing.T) {
	t.Parallel()
	checked := 0
	for name, of := range reached(true) {
		if slices.Contains(besideStructures, name) {
			continue
		}
		come := map[string]any{"ZzNewField": "new"}
		if slices.Contains(compared, name) {
			delete(come, "ZzNewField")
		}
		for field := range of.Fields() {
			wire := wireName(field)
			switch {
			case wire == "-" || !field.IsExported():
			case isEnum(field.Type):
				come[wire] = "ZzNewValue"
			case field.Type.Kind() == reflect.Slice && isEnum(field.Type.Elem()):
				come[wire] = []any{"ZzNewValue"}
			}
		}
		raw, err := json.Marshal(come)
		require.NoError(t, err)
		value := reflect.New(of)
		require.NoError(t, json.Unmarshal(raw, value.Interface()), name)
		written, err := json.Marshal(value.Elem().Interface())
		require.NoError(t, err)
		if gone := lost("", tree(t, raw), tree(t, written)); len(gone) > 0 {
			t.Errorf("%s loses %v", name, gone)
		}
		checked++
	}
	require.Greater(t, checked, 120)
}

func isEnum(t reflect.Type) bool {
	_, known := t.MethodByName("Known")
	return t.Kind() == reflect.String && (known || t == reflect.TypeFor[diadoc.Symbol]())
}
