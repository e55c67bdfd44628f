package diadocsim_test

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/cmssim"
	"konturbridge/sandbox/diadocsim"
)

func TestFeedIsWalkedByKeys(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	box := query{"boxId": r.demo.Box}
	require.Equal(t, 204, r.get("/V2/GetLastEvent", box).status, "an empty box")
	message, entity := r.sent()
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, entity))
	r.received(diadocsim.Paper{Type: "Contract", FileName: "a", Number: "1", Date: "20.11.2026", Content: []byte("x")})
	all := r.feed("100", nil)
	require.Len(t, all, 4)
	require.Equal(t, all, r.feed("1", nil), "a small page brings the same")
	require.Equal(t, message, walk(t, all[0], "Message", "MessageId"))
	require.Equal(t, true, walk(t, all[1], "Patch", "MessageIsDelivered"))
	require.Equal(t, "Signature", walk(t, all[2], "Patch", "Entities", 0, "EntityType"))
	require.Contains(t, walk(t, all[2], "Patch", "Entities", 0, "SignerBoxId"), "@diadoc.ru", "the old form must be brought to a GUID")
	require.NotContains(t, walk(t, all[0], "Message", "Entities", 0, "Content"), "Data", "no contents in the feed")
	require.Equal(t, walk(t, all[3], "EventId"), r.get("/V2/GetLastEvent", box).str("EventId"))
	require.Equal(t, 404, r.get("/V3/GetEvent", query{"boxId": r.demo.Box, "eventId": "x"}).status)

	require.Len(t, r.feed("100", query{"documentDirection": "Inbound"}), 1)
	require.Len(t, r.feed("100", query{"typeNamedId": "Contract,Nonformalized"}), 4)
	require.Len(t, r.feed("100", query{"typeNamedId": "Contract"}), 1)
	require.Len(t, r.feed("100", query{"messageType": "Draft"}), 0)
	require.Len(t, r.feed("100", query{"counteragentBoxId": r.demo.Stranger}), 0)
	down := r.get("/V8/GetNewEvents", query{"boxId": r.demo.Box, "orderBy": "Descending", "limit": "1"})
	require.Equal(t, walk(t, all[3], "EventId"), down.str("Events", 0, "EventId"))
	for _, wrong := range []query{{"messageType": "Post"}, {"documentDirection": "Up"}, {"orderBy": "Up"}, {"timestampFromTicks": "now"}, {"afterIndexKey": "a", "afterEventId": "b"}, {"departmentId": r.demo.Partner}} {
		wrong["boxId"] = r.demo.Box
		require.Equal(t, 400, r.get("/V8/GetNewEvents", wrong).status, wrong)
	}
	key, _ := walk(t, all[0], "IndexKey").(string)
	spoilt := strings.ReplaceAll(key, "+", " ")
	require.NotEqual(t, key, spoilt)
	require.Equal(t, "cursor must have valid value", r.get("/V8/GetNewEvents", query{"boxId": r.demo.Box, "afterIndexKey": spoilt}).text())
	old := r.get("/V7/GetNewEvents", box)
	require.NotEmpty(t, old.header.Get("Sunset"))
	require.NotEmpty(t, old.header.Get("Link"))
}

func TestEventsShowDocumentsNowOrThen(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.sent()
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, entity))
	state := func() any {
		return walk(t, r.feed("1", nil)[0], "Message", "Entities", 0, "DocumentInfo", "RecipientResponseStatus")
	}
	require.Equal(t, "WithRecipientSignature", state())
	r.sim.SetSwitches(diadocsim.Switches{EventsShowThen: true, NullForAbsent: true, DateTimes: true, GUIDBoxIDs: true})
	require.Equal(t, "WaitingForRecipientSignature", state())
}

func TestDocumentLists(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	for _, day := range []string{"19.11.2026", "20.11.2026", "21.11.2026"} {
		r.clock.Add(time.Second)
		r.received(diadocsim.Paper{Type: "Contract", FileName: "a", Number: day[:2], Date: day, Content: []byte("x"), NeedReply: true})
	}
	list := func(q query) []string {
		q["boxId"] = r.demo.Box
		if q["filterCategory"] == "" {
			q["filterCategory"] = "Any.Inbound"
		}
		var out []string
		a := r.get("/V3/GetDocuments", q)
		for i := range a.at("Documents").([]any) {
			out = append(out, a.str("Documents", i, "DocumentNumber"))
		}
		return out
	}
	require.Equal(t, []string{"19", "20", "21"}, list(query{}))
	require.Equal(t, []string{"21", "20"}, list(query{"sortDirection": "Descending", "count": "2"}))
	require.Equal(t, []string{"20"}, list(query{"documentNumber": "20"}))
	require.Equal(t, []string{"20", "21"}, list(query{"fromDocumentDate": "20.11.2026"}))
	require.Equal(t, []string{"19", "20", "21"}, list(query{"filterCategory": "Contract.InboundWaitingForRecipientSignature"}))
	require.Empty(t, list(query{"filterCategory": "Any.InboundWithRecipientSignature"}))
	require.Empty(t, list(query{"departmentId": r.demo.Sales}))
	first := r.get("/V3/GetDocuments", query{"boxId": r.demo.Box, "filterCategory": "Any.InboundNotRevoked", "count": "1"})
	require.Equal(t, true, first.at("HasMoreResults"))
	key := first.str("Documents", 0, "IndexKey")
	require.Equal(t, []string{"20", "21"}, list(query{"afterIndexKey": key}))
	for name, wrong := range map[string]query{
		"unknown type": {"filterCategory": "AnyInvoiceDocumentType.Inbound"}, "unknown status": {"filterCategory": "Any.InboundMaybe"},
		"no class": {"filterCategory": "Any"}, "number with times": {"documentNumber": "1", "timestampFromTicks": "1"},
		"times with dates": {"toDocumentDate": "20.11.2026", "timestampFromTicks": "1"}, "not a date": {"toDocumentDate": "2026-11-20"},
		"a key of the other order": {"fromDocumentDate": "19.11.2026", "afterIndexKey": key}, "count": {"count": "101"},
	} {
		wrong["boxId"] = r.demo.Box
		if wrong["filterCategory"] == "" {
			wrong["filterCategory"] = "Any.Inbound"
		}
		require.Equal(t, 400, r.get("/V3/GetDocuments", wrong).status, name)
	}
	found := r.post("/V4/GetDocuments", query{"boxId": r.demo.Box}, object{"DocumentCategory": "Inbound", "DocumentNumbers": []string{"20"}, "SortDirection": "Ascending"})
	require.Len(t, found.at("Documents"), 1)
	require.Equal(t, 400, r.post("/V4/GetDocuments", query{"boxId": r.demo.Box}, object{}).status)
}

func TestDocflowFeedAndPacket(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.sent()
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, entity))
	body := object{"Filter": object{}, "PopulateDocuments": true, "Limit": 2}
	page := r.post("/V5/GetDocflowEvents", query{"boxId": r.demo.Box}, body)
	require.Len(t, page.at("Events"), 2)
	body["AfterIndexKey"] = page.str("Events", 1, "IndexKey")
	rest := r.post("/V5/GetDocflowEvents", query{"boxId": r.demo.Box}, body)
	require.Len(t, rest.at("Events"), 1)
	require.Equal(t, "TitleParticipantResponseStatusSigned", rest.str("Events", 0, "Document", "Docflow", "Titles", 0, "ParticipantDocflows", 0, "Response", "Status"))
	require.Equal(t, 400, r.post("/V5/GetDocflowEvents", query{"boxId": r.demo.Box}, object{}).status, "Filter is required")
	packet := r.document(message, entity).str("PacketId")
	got := r.post("/V5/GetDocflowsByPacketId", query{"boxId": r.demo.Box}, object{"PacketId": packet})
	require.Len(t, got.at("Documents"), 1)
	require.NotContains(t, got.json(), "NextPageIndexKey")
	for _, version := range []string{"/V5", "/V4", "/V3"} {
		found := r.post(version+"/SearchDocflows", query{"boxId": r.demo.Box}, object{"QueryString": "договор deal-17", "Scope": "SearchScopeOutgoing"})
		require.Len(t, found.at("Documents"), 1)
		require.Equal(t, false, found.at("HaveMoreDocuments"))
	}
}

func TestPrintFormsProtocolsAndArchives(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{RetryAfter: 3})
	message, entity := r.sent()
	q := query{"boxId": r.demo.Box, "messageId": message, "documentId": entity}
	later := r.get("/GeneratePrintForm", q)
	require.Equal(t, 204, later.status)
	require.Equal(t, "3", later.header.Get("Retry-After"))
	form := r.get("/GeneratePrintForm", q)
	require.Contains(t, form.text(), "%PDF")
	require.Contains(t, form.header.Get("Content-Disposition"), "filename*=utf-8''")

	r.sim.SetSwitches(diadocsim.Switches{NotReady: 200})
	running := r.get("/GenerateDocumentProtocol", q)
	require.Equal(t, 200, running.status)
	require.Equal(t, "3", running.header.Get("Retry-After"), "only the header tells")
	protocol := r.get("/GenerateDocumentProtocol", q)
	require.NotEmpty(t, protocol.str("Signature"))
	q["fullDocflow"] = "true"
	require.NotContains(t, r.get("/GenerateDocumentZip", q).json(), "ZipFileNameOnShelf")
	data := r.get("/V2/ShelfDownload", query{"fileName": r.get("/GenerateDocumentZip", q).str("ZipFileNameOnShelf")}).body
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	require.Len(t, archive.File, 2)

	id := r.raw("/GeneratePrintFormFromAttachment", query{"documentType": "Contract", "fromBoxId": r.demo.Box}, "application/octet-stream", []byte("x")).text()
	require.NotEmpty(t, r.get("/GetGeneratedPrintForm", query{"printFormId": id}).header.Get("Retry-After"))
	require.Contains(t, r.get("/GetGeneratedPrintForm", query{"printFormId": id}).text(), "%PDF")
	require.Equal(t, 409, r.get("/GetGeneratedPrintForm", query{"printFormId": "no"}).status)
}

func TestCloudSignature(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	files := object{"Files": []any{object{"FileName": "a", "Content": object{"Content": b64([]byte("договор"))}}}}
	require.Equal(t, 400, r.post("/CloudSign", query{"certificateThumbprint": "AB"}, files).status)
	require.NoError(t, r.sim.AddCloudCertificate(r.demo.Login, "ab"))
	task := query{"taskId": r.post("/CloudSign", query{"certificateThumbprint": "AB"}, files).str("TaskId")}
	require.Equal(t, 204, r.get("/CloudSignResult", task).status)
	token := r.get("/CloudSignResult", task).str("Token")
	confirm := func(code string) answer {
		q := query{"taskId": r.post("/CloudSignConfirm", query{"token": token, "confirmationCode": code, "return": "Content"}, nil).str("TaskId")}
		require.Equal(t, 204, r.get("/CloudSignConfirmResult", q).status)
		return r.get("/CloudSignConfirmResult", q)
	}
	require.Equal(t, 409, confirm("wrong").status)
	require.NotEmpty(t, confirm(r.sim.Signings()[0].Code).str("Signatures", 0, "Content"))
}

func TestDssSignature(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	require.NoError(t, r.sim.AddCloudCertificate(r.demo.Login, "AB"))
	body := object{"SignDataSource": "CertificateSign", "CertificateData": object{"Thumbprint": "AB"},
		"Files": []any{object{"Content": object{"Content": b64([]byte("договор"))}}}}
	task := query{"boxId": r.demo.Box, "taskId": r.post("/V2/DssSign", query{"boxId": r.demo.Box}, body).str("TaskId")}
	require.Equal(t, "InProgress", r.get("/DssSignResult", task).str("OperationStatus"))
	require.NoError(t, r.sim.ConfirmSigning(task["taskId"]))
	require.Len(t, r.get("/DssSignResult", task).at("FileSigningResults"), 1)
	r.sim.SetSwitches(diadocsim.Switches{DssSampleName: true})
	require.Len(t, r.get("/DssSignResult", task).at("DssFileSigningResult"), 1)
	require.Error(t, r.sim.EndSigning(task["taskId"], "Lost"))
	require.NoError(t, r.sim.EndSigning(task["taskId"], "Timeout"))
	require.Equal(t, "Timeout", r.get("/DssSignResult", task).str("OperationStatus"))
	body["SignDataSource"] = "GosKeySign"
	require.Equal(t, 400, r.post("/V2/DssSign", query{"boxId": r.demo.Box}, body).status)
}

func TestDocumentTypes(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	types := r.get("/V3/GetDocumentTypes", query{"boxId": r.demo.Box})
	schema := 0
	for i := range types.at("DocumentTypes").([]any) {
		if types.at("DocumentTypes", i, "Name") != "UniversalTransferDocument" {
			continue
		}
		link := types.str("DocumentTypes", i, "Functions", 0, "Versions", 0, "Titles", 0, "UserDataXsdUrl")
		require.Contains(t, r.do("GET", "/diadoc"+link, nil, nil).text(), "schema")
		schema++
	}
	require.Equal(t, 1, schema)
	require.Equal(t, "Nonformalized", r.raw2("/DetectDocumentTitles", query{"boxId": r.demo.Box}, []byte("%PDF")).str("DocumentTitles", 0, "TypeNamedId"))
	require.Greater(t, len(r.raw2("/DetectDocumentTitles", query{"boxId": r.demo.Box}, []byte(`<Файл ИдФайл="a"/>`)).at("DocumentTitles").([]any)), 4, "one file may be sent as several types")
}

// raw2 sends bytes and asks for JSON.
func (r *rig) raw2(path string, q query, body []byte) answer {
	r.t.Helper()
	return r.do("POST", "/diadoc"+address(path, q), map[string]string{"Content-Type": "application/octet-stream", "Accept": "application/json"}, body)
}

func TestControl(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{Control: true})
	press := func(path, body string) int {
		return r.do("POST", "/control/diadoc/"+path, map[string]string{"Content-Type": "application/json"}, []byte(body)).status
	}
	message, entity := r.sent()
	document := "documents/" + message + "/" + entity
	partner := `{"box":"` + r.demo.Partner + `","peer":"` + r.demo.Box + `","text":"x"}`
	for _, step := range []struct {
		path, body string
		status     int
	}{
		{document + "/sign", partner, 200}, {document + "/sign", partner, 409}, {document + "/askrevocation", partner, 200},
		{document + "/acceptrevocation", `{"box":"` + r.demo.Box + `"}`, 200}, {document + "/nothing", partner, 404},
		{"documents/x/y/sign", partner, 404}, {"boxes/break", partner, 200}, {"boxes/invite", partner, 200},
		{"boxes/accept", `{"box":"` + r.demo.Box + `","peer":"` + r.demo.Partner + `"}`, 200},
		{"boxes/send", `{"box":"` + r.demo.Partner + `","peer":"` + r.demo.Box + `","papers":[{"fileName":"a","content":"UEs=","needReply":true}]}`, 200},
		{"levers/fail", `{"op":"GetMyUser","status":500}`, 200}, {"levers/expire", `{}`, 200}, {"levers/nothing", `{}`, 404},
		{"boxes/route", partner, 200}, {document + "/malware", partner, 200}, {"levers/polls", `{"n":3}`, 200}, {"levers/undeliverable", `{"text":"x"}`, 200},
		{"levers/device", `{"code":"x"}`, 404}, {"switches", `{"switches":{"notReady":200}}`, 200}, {"switches", `{"surprise":1}`, 400},
	} {
		require.Equal(t, step.status, press(step.path, step.body), "%s %s", step.path, step.body)
	}
	require.Equal(t, 415, r.do("POST", "/control/diadoc/levers/expire", nil, nil).status)
	state := r.do("GET", "/control/diadoc/state", nil, nil)
	require.Len(t, state.at("documents"), 2)
	require.Len(t, state.at("boxes"), 5)
	require.Equal(t, 404, setup(t, diadocsim.Config{}).do("GET", "/control/diadoc/state", nil, nil).status)
}

func TestOtherLevers(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.received(diadocsim.Paper{FileName: "a", Content: []byte("x"), NeedReply: true})
	require.ErrorIs(t, r.sim.Sign(r.demo.Partner, message, entity), diadocsim.ErrState, "it is not their turn")
	require.ErrorIs(t, r.sim.Sign(r.demo.Stranger, message, entity), diadocsim.ErrState)
	require.ErrorIs(t, r.sim.Sign("x", message, entity), diadocsim.ErrNotFound)
	require.NoError(t, r.sim.Resolve(r.demo.Box, message, entity, false, "нет"))
	require.NoError(t, r.sim.Reject(r.demo.Box, message, entity, "нет"))
	ours, doc := r.sent()
	require.NoError(t, r.sim.SignBadly(r.demo.Partner, ours, doc))
	require.Equal(t, "InvalidRecipientSignature", r.document(ours, doc).str("RecipientResponseStatus"))
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, r.sim.Wait(ctx, func() bool { return len(r.sim.Documents()) == 2 }))
	cancel()
	require.ErrorIs(t, r.sim.Wait(ctx, func() bool { return false }), context.Canceled)
	require.NotEmpty(t, diadocsim.Unsimulated())
	signature, err := r.sim.Signature(r.demo.Partner, []byte("x"))
	require.NoError(t, err)
	read, err := cmssim.Read(signature)
	require.NoError(t, err)
	require.True(t, read.Over([]byte("x")))
}
