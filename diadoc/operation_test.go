package diadoc_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// besides are the methods that are not operations: iterators, helpers and other ways into an operation.
var besides = map[string]string{
	"Do": "", "PostStoredMessage": "PostMessage", "PostStoredPatch": "PostMessagePatch", "SendStoredDraft": "SendDraft",
	"OpenPrintForm": "GeneratePrintForm", "UploadToShelf": "", "ReadEntity": "GetEntityContent", "OpenZip": "ShelfDownload", "ReadExtendedSignerDetails": "ExtendedSignerDetails",
	"NewEvents": "GetNewEvents", "CounteragentEvents": "GetCounteragentEvents", "Counteragents": "GetCounteragents",
	"CounteragentGroups": "GetCounteragentGroups", "GroupMembers": "GetCounteragentsFromGroup", "Departments": "GetDepartments",
	"Employees": "GetEmployees", "Documents": "GetDocuments", "FilteredDocuments": "GetDocumentsV4", "DocflowEvents": "GetDocflowEvents",
	"FoundDocflows": "SearchDocflows", "PacketDocflows": "GetDocflowsByPacketId", "PartnerEvents": "GetPartnerEvents",
	"SecurityEvents": "GetSecurityEvents", "ForwardedDocumentEvents": "GetForwardedDocumentEvents",
}

// loggingIn are the operations that hand out tokens: they need none and are methods of DiadocLogin.
var loggingIn = []string{"Authenticate", "AuthenticateConfirm"}

func TestEveryOperationHasOneMethod(t *testing.T) {
	t.Parallel()
	operations := diadoc.Operations()
	require.Len(t, operations, 171)
	client := reflect.TypeFor[*diadoc.Client]()
	names := map[string]bool{}
	for _, op := range operations {
		require.False(t, names[op.Name], "%s is listed twice", op.Name)
		names[op.Name] = true
		_, has := client.MethodByName(op.Name)
		require.Equal(t, !slices.Contains(loggingIn, op.Name), has, op.Name)
	}
	for method := range client.Methods() {
		of, other := besides[method.Name]
		require.True(t, names[method.Name] != other, "%s is neither an operation nor listed beside them", method.Name)
		require.True(t, of == "" || names[of], "%s belongs to an unknown operation", method.Name)
	}
	for name := range besides {
		_, has := client.MethodByName(name)
		require.True(t, has, name)
	}
}

// TestMethodsCallTheirOperation calls every method with all of its parameters filled in and compares what
// reaches the service with the operation's description: verb, path, every name of the query, the body.
func TestMethodsCallTheirOperation(t *testing.T) {
	t.Parallel()
	for _, op := range diadoc.Operations() {
		if slices.Contains(loggingIn, op.Name) {
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			recorder := &recording{op: op}
			client := diadoc.New(upstream.New(upstream.WithTransport(recorder)), "https://diadoc.example", &tokens{})
			results := callFilled(t, client, op.Name)
			if op.Removed != "" {
				require.Empty(t, recorder.seen, "it is gone and must not be called")
				err, _ := results[len(results)-1].Interface().(error)
				require.ErrorIs(t, err, diadoc.ErrGone)
				require.Equal(t, op.ReplacedBy, apiError(t, err).Successor)
				return
			}
			err, _ := results[len(results)-1].Interface().(error)
			require.NoError(t, err)
			require.Len(t, recorder.seen, 1)
			checkRequest(t, op, recorder.seen[0])
		})
	}
}

func checkRequest(t *testing.T, op diadoc.Operation, r *http.Request) {
	t.Helper()
	require.Equal(t, op.Verb, r.Method)
	require.Equal(t, op.Path, r.URL.Path)
	sent := r.URL.Query()
	for _, p := range op.Query {
		if slices.Contains(excluded[op.Name], p.Name) {
			require.NotContains(t, sent, p.Name)
			continue
		}
		require.Contains(t, sent, p.Name)
		require.Equal(t, p.Flag, sent.Get(p.Name) == "", "%s", p.Name)
		delete(sent, p.Name)
	}
	require.Empty(t, sent)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, op.Body != diadoc.KindNone, len(body) > 0)
	require.Equal(t, op.Body != diadoc.KindNone, r.Header.Get("Content-Type") != "", "a content type goes with a body alone")
	if op.Body == diadoc.KindJSON {
		require.Equal(t, "application/json; charset=utf-8", r.Header.Get("Content-Type"))
		require.Equal(t, byte('{'), body[0])
	}
	if op.Answer == diadoc.KindJSON {
		require.Equal(t, "application/json", r.Header.Get("Accept"))
	}
	require.Equal(t, "Bearer token-0", r.Header.Get("Authorization"))
}

// excluded are parameters that exclude others, so that a call never has them all.
var excluded = map[string][]string{
	"GetOrganization":  {"orgId", "fnsParticipantId", "inn", "kpp", "foreignTaxpayerCode"},
	"GetCounteragents": {"query"},
	"GetNewEvents":     {"afterEventId"},
	"GetNewEventsV7":   {"afterEventId"},
	"GetDocuments":     {"documentNumber", "fromDocumentDate", "toDocumentDate"},
}

// chosen are the parameters of methods whose fields exclude each other.
func chosen(name string) map[reflect.Type]any {
	content := diadoc.SignedContent{Content: []byte("x"), Signature: []byte("s")}
	return map[string]map[reflect.Type]any{
		"GetOrganization":  {reflect.TypeFor[diadoc.OrganizationQuery](): diadoc.OrganizationQuery{BoxID: myBox}},
		"GetCounteragents": {reflect.TypeFor[diadoc.CounteragentQuery](): diadoc.CounteragentQuery{Status: "x", AfterIndexKey: "x", PageSize: 1}},
		"PostMessage": {reflect.TypeFor[diadoc.MessageToPost](): diadoc.MessageToPost{FromBoxID: myBox, ToBoxID: otherBox,
			DocumentAttachments: []diadoc.DocumentAttachment{{TypeNamedID: "Nonformalized", SignedContent: content}}}},
		"PostMessagePatch":        {reflect.TypeFor[diadoc.MessagePatchToPostV2](): diadoc.MessagePatchToPostV2{BoxID: myBox, MessageID: "m"}},
		"PostMessagePatchV3":      {reflect.TypeFor[diadoc.MessagePatchToPost](): diadoc.MessagePatchToPost{BoxID: myBox, MessageID: "m"}},
		"SendDraft":               {reflect.TypeFor[diadoc.DraftToSend](): diadoc.DraftToSend{BoxID: myBox, DraftID: "d"}},
		"AcquireCounteragent":     {reflect.TypeFor[diadoc.AcquireCounteragentRequest](): diadoc.AcquireCounteragentRequest{INN: "7700000000"}},
		"DssSign":                 {reflect.TypeFor[diadoc.DssSignRequestV2](): diadoc.DssSignRequestV2{SignDataSource: diadoc.CertificateSign}},
		"UpdateCounteragentGroup": {reflect.TypeFor[diadoc.CounteragentGroupToUpdate](): diadoc.CounteragentGroupToUpdate{Name: "n"}},
		"GetDocuments": {reflect.TypeFor[diadoc.DocumentQuery](): diadoc.DocumentQuery{Category: "x", CounteragentBoxID: "x", FromDepartmentID: "x",
			ToDepartmentID: "x", From: 1, To: 1, DepartmentID: "x", ExcludeSubdepartments: true, AfterIndexKey: "x", SortDirection: "x", Count: 1}},
		"GetNewEvents":   {reflect.TypeFor[diadoc.EventQuery](): events()},
		"GetNewEventsV7": {reflect.TypeFor[diadoc.EventQuery](): events()},
	}[name]
}

func events() diadoc.EventQuery {
	return diadoc.EventQuery{AfterIndexKey: "x", Department: "x", MessageTypes: []diadoc.MessageType{"x"}, TypeNamedIDs: []string{"x"},
		Directions: []diadoc.DocumentDirection{"x"}, From: 1, To: 1, CounteragentBoxID: "x", OrderBy: "x", Limit: 1}
}

// callFilled calls a method with every parameter set.
func callFilled(t *testing.T, client *diadoc.Client, name string) []reflect.Value {
	t.Helper()
	method := reflect.ValueOf(client).MethodByName(name)
	in := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < method.Type().NumIn(); i++ {
		parameter := method.Type().In(i)
		if value, ok := chosen(name)[parameter]; ok {
			in = append(in, reflect.ValueOf(value))
			continue
		}
		value := reflect.New(parameter).Elem()
		fill(value, 0)
		in = append(in, value)
	}
	return method.Call(in)
}

func fill(v reflect.Value, depth int) {
	switch {
	case v.Type() == reflect.TypeFor[diadoc.Raw]():
		v.SetBytes([]byte(`{"x":1}`))
		return
	case depth > 3:
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte("x"))
			return
		}
		fill(v.Index(0), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}

// recording answers as the operation's description says and keeps the requests.
type recording struct {
	op   diadoc.Operation
	seen []*http.Request
}

func (r *recording) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body == nil {
		request.Body = http.NoBody
	}
	r.seen = append(r.seen, request)
	body := map[diadoc.Kind]string{
		diadoc.KindJSON: `{"TaskId":"t","PrintForm":"JVBERg==","ZipFileNameOnShelf":"z"}`, diadoc.KindText: "name",
		diadoc.KindFile: "<xml/>", diadoc.KindStream: "bytes",
	}[r.op.Answer]
	if r.op.Name == "ShelfUploadPart" {
		body = "[]"
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: request}, nil
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	for _, op := range diadoc.Operations() {
		require.Contains(t, []string{"GET", "POST"}, op.Verb, op.Name)
		require.True(t, strings.HasPrefix(op.Path, "/"), op.Name)
		require.Equal(t, op.Request == "", op.Body == diadoc.KindNone, op.Name)
		require.Equal(t, op.Response == "", op.Answer == diadoc.KindNone, op.Name)
		require.False(t, op.Verb == "GET" && (op.Body != diadoc.KindNone || op.Write), op.Name)
		require.Equal(t, op.Removed != "", slices.Equal(op.Statuses, []int{410}) || op.Name == "ShelfUploadV1", op.Name)
		require.False(t, op.Conflict != nil && !slices.Contains(op.Statuses, 409), op.Name)
		if op.RetryAfter {
			require.Contains(t, op.Statuses, 204, op.Name)
		}
		if op.Deprecated && op.ReplacedBy != "" && !strings.Contains(op.ReplacedBy, " ") {
			successor, known := diadoc.LookupOperation(op.ReplacedBy)
			require.True(t, known, op.Name)
			require.Empty(t, successor.Removed, op.Name)
		}
		if _, sends := op.Parameter("operationId"); sends {
			require.True(t, op.Write && op.RetryAfter, op.Name)
		}
	}
	_, known := diadoc.LookupOperation("GetUserContracts")
	require.False(t, known)
}

// TestDeprecatedMethodsSaySo compares the methods' comments with the table.
func TestDeprecatedMethodsSaySo(t *testing.T) {
	t.Parallel()
	comments := map[string]string{}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, declared := range parsed.Decls {
			if method, is := declared.(*ast.FuncDecl); is && method.Recv != nil {
				comments[method.Name.Name] += method.Doc.Text()
			}
		}
	}
	for _, op := range diadoc.Operations() {
		if slices.Contains(loggingIn, op.Name) {
			continue
		}
		comment := comments[op.Name]
		require.NotEmpty(t, comment, op.Name)
		require.Equal(t, op.Deprecated, strings.Contains(comment, "\nDeprecated: "), op.Name)
		if op.ReplacedBy != "" {
			require.Contains(t, comment, "[Client."+op.ReplacedBy+"]", op.Name)
		}
		if op.Ends != "" {
			day, err := time.Parse(time.DateOnly, op.Ends)
			require.NoError(t, err)
			require.Contains(t, strings.Join(strings.Fields(comment), " "), "ends after "+day.Format("2 January 2006"), op.Name)
		}
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		operation string
		query     url.Values
		body      any
		want      error
		request   string // method, path, query; empty when no call may be made
	}{
		"read":                 {"GetBox", url.Values{"boxId": {"b+/="}}, nil, nil, "GET /GetBox boxId=b%2B%2F%3D"},
		"write":                {"Delete", url.Values{"boxId": {"b"}, "messageId": {"m"}}, nil, nil, "POST /Delete boxId=b&messageId=m"},
		"raw body":             {"PostMessage", url.Values{"operationId": {"o"}}, []byte(`{"FromBoxId":"b"}`), nil, "POST /V3/PostMessage operationId=o"},
		"structure":            {"MoveDocuments", nil, diadoc.DocumentsMove{BoxID: "b"}, nil, "POST /MoveDocuments "},
		"flag set":             {"PrepareDocumentsToSign", url.Values{"excludeContent": {"true"}}, []byte(`{}`), nil, "POST /PrepareDocumentsToSign excludeContent"},
		"flag left out":        {"PrepareDocumentsToSign", url.Values{"excludeContent": {"false"}}, []byte(`{}`), nil, "POST /PrepareDocumentsToSign "},
		"the reading twin":     {"ExtendedSignerDetails", url.Values{"boxId": {"b"}, "thumbprint": {"t"}, "documentTitleType": {"0"}}, nil, nil, "GET /V2/ExtendedSignerDetails boxId=b&documentTitleType=0&thumbprint=t"},
		"download":             {"ShelfDownload", url.Values{"fileName": {"n"}}, nil, nil, "GET /V2/ShelfDownload fileName=n"},
		"unknown operation":    {"GetUserContracts", nil, nil, diadoc.ErrUnknownOperation, ""},
		"gone":                 {"PostDraft", nil, nil, diadoc.ErrGone, ""},
		"gone shelf":           {"ShelfUploadV1", nil, nil, diadoc.ErrGone, ""},
		"hands out a token":    {"Authenticate", url.Values{"type": {"sid"}}, []byte("sid"), diadoc.ErrBadCall, ""},
		"unknown parameter":    {"GetBox", url.Values{"boxId": {"b"}, "box": {"b"}}, nil, diadoc.ErrBadCall, ""},
		"missing parameter":    {"GetBox", nil, nil, diadoc.ErrBadCall, ""},
		"empty parameter":      {"GetBox", url.Values{"boxId": {""}}, nil, diadoc.ErrBadCall, ""},
		"repeated parameter":   {"GetBox", url.Values{"boxId": {"a", "b"}}, nil, diadoc.ErrBadCall, ""},
		"no operation id":      {"PostMessage", nil, []byte(`{}`), diadoc.ErrBadCall, ""},
		"silent registration":  {"GetMyOrganizations", nil, nil, diadoc.ErrBadCall, ""},
		"flag of another kind": {"PrepareDocumentsToSign", url.Values{"excludeContent": {"1"}}, []byte(`{}`), diadoc.ErrBadCall, ""},
		"no body":              {"MoveDocuments", nil, nil, diadoc.ErrBadCall, ""},
		"empty body":           {"MoveDocuments", nil, []byte{}, diadoc.ErrBadCall, ""},
		"body of another kind": {"MoveDocuments", nil, []byte(`[1]`), diadoc.ErrBadCall, ""},
		"broken JSON":          {"MoveDocuments", nil, []byte(`{"BoxId":`), diadoc.ErrBadCall, ""},
		"superfluous body":     {"GetBox", url.Values{"boxId": {"b"}}, []byte(`{}`), diadoc.ErrBadCall, ""},
		"broken limit":         {"AcquireCounteragent", url.Values{"myBoxId": {"b"}}, diadoc.AcquireCounteragentRequest{}, diadoc.ErrBadCall, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answer{status: 200, body: "{}", header: map[string]string{
				"Content-Type": "application/json", "Content-Disposition": `attachment; filename*=UTF-8''%D0%90%D0%BA%D1%82.xml`}})
			got, err := s.client().Do(t.Context(), tc.operation, tc.query, tc.body)
			if tc.want != nil {
				require.ErrorIs(t, err, tc.want)
				require.Empty(t, s.seen())
				require.NotEqual(t, upstream.Retry, upstream.ClassOf(err))
				return
			}
			require.NoError(t, err)
			r := s.one(t)
			require.Equal(t, tc.request, r.method+" "+r.path+" "+r.query)
			require.Equal(t, "{}", string(got.Body))
			require.Equal(t, "Акт.xml", got.FileName)
			require.Equal(t, tc.operation, got.Operation.Name)
		})
	}
}

func TestSignerDetailsAreReadByAGet(t *testing.T) {
	t.Parallel()
	s := newService(t, ok(`{"JobTitle":"директор"}`))
	details, err := s.client().ReadExtendedSignerDetails(t.Context(), myBox, "ab", 0)
	require.NoError(t, err)
	require.Equal(t, "GET /V2/ExtendedSignerDetails", s.one(t).method+" "+s.one(t).path)
	require.Contains(t, s.one(t).query, "documentTitleType=0")
	var read struct{ JobTitle string }
	require.NoError(t, details.Decode(&read))
	require.Equal(t, "директор", read.JobTitle)
}

func TestDoNamesTheFault(t *testing.T) {
	t.Parallel()
	_, err := newService(t, ok("{}")).client().Do(t.Context(), "GetBox", url.Values{"box": {"b"}}, nil)
	fault, is := errors.AsType[*diadoc.CallError](err)
	require.True(t, is)
	require.Equal(t, "box", fault.Field)
	require.Equal(t, "diadoc: GetBox: box is not a parameter of this operation", err.Error())
	require.Equal(t, "box: у операции нет такого параметра", fault.Explanation().RU)
	_, err = newService(t, ok("{}")).client().Do(context.Background(), "SendMessage", nil, nil)
	require.Equal(t, "diadoc: SendMessage: the service has ended this operation: it was removed after 2025-04-07; use SendDraft", err.Error())
}
