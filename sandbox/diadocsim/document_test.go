package diadocsim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/diadocsim"
)

func TestContractIsSignedByBothSides(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{Pace: time.Minute})
	message, entity := r.sent()
	before := r.document(message, entity)
	require.Equal(t, "WaitingForRecipientSignature", before.str("RecipientResponseStatus"))
	require.Equal(t, "SenderSignatureCheckedAndValid", before.str("SenderSignatureStatus"))
	require.NotContains(t, before.json(), "DeliveryTimestampTicks", "200 guarantees only the sender's box")
	require.Error(t, r.sim.Sign(r.demo.Partner, message, entity), "it has not arrived")
	r.clock.Add(time.Minute)
	require.Contains(t, r.document(message, entity).json(), "DeliveryTimestampTicks")
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, entity))
	r.clock.Add(time.Minute)
	require.Equal(t, "WithRecipientSignature", r.document(message, entity).str("RecipientResponseStatus"))
	require.Equal(t, "Success", r.document(message, entity).str("DocflowStatus", "PrimaryStatus", "Severity"))

	whole := r.get("/V6/GetMessage", query{"boxId": r.demo.Box, "messageId": message, "injectEntityContent": "true"})
	original := r.get("/V6/GetMessage", query{"boxId": r.demo.Box, "messageId": message, "originalSignature": ""})
	require.Len(t, original.at("Entities"), 3, "the document and two signatures")
	require.Len(t, whole.at("Entities"), 5, "each signature has an improved form below it")
	require.Equal(t, b64([]byte("договор")), whole.str("Entities", 0, "Content", "Data"))
	require.NotContains(t, original.at("Entities", 0, "Content"), "Data")
	content := r.get("/V4/GetEntityContent", query{"boxId": r.demo.Box, "messageId": message, "entityId": entity})
	require.Equal(t, "договор", content.text())
	signature := original.str("Entities", 2, "EntityId")
	require.Equal(t, "5400000002", r.get("/GetSignatureInfo", query{"boxId": r.demo.Box, "messageId": message, "entityId": signature}).str("OrgInn"))
}

func TestPostMessageIsChecked(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	docs := func(change func(object)) object {
		body := r.contract("договор")
		change(body["DocumentAttachments"].([]any)[0].(object))
		return body
	}
	with := func(name string, value any) object {
		body := r.contract("договор")
		body[name] = value
		return body
	}
	many := make([]any, 41)
	for i := range many {
		many[i] = r.contract("договор")["DocumentAttachments"].([]any)[0]
	}
	for name, tc := range map[string]struct {
		body   any
		status int
		text   string
	}{
		"not an object":        {[]int{1}, 400, "object"},
		"no sender":            {object{"ToBoxId": r.demo.Partner}, 400, "FromBoxId"},
		"foreign sender":       {with("FromBoxId", r.demo.Partner), 403, "denied"},
		"to itself":            {with("ToBoxId", r.demo.Box), 400, "differ"},
		"no recipient":         {with("ToBoxId", ""), 400, "ToBoxId"},
		"unknown recipient":    {with("ToBoxId", "11111111-2222-4333-8444-555555555555"), 400, "not found"},
		"partners only":        {with("ToBoxId", r.demo.Closed), 409, "partners only"},
		"no documents":         {with("DocumentAttachments", []any{}), 400, "40"},
		"too many documents":   {with("DocumentAttachments", many), 400, "40"},
		"unknown lock":         {with("LockMode", "Half"), 400, "LockMode"},
		"custom id twice":      {with("DocumentAttachments", many[:2]), 400, "CustomDocumentId"},
		"no signature":         {docs(func(d object) { d["SignedContent"] = object{"Content": "UEs="} }), 400, "draft"},
		"two contents":         {docs(func(d object) { d["SignedContent"] = object{"Content": "UEs=", "NameOnShelf": "x"} }), 400, "exactly one"},
		"unknown shelf name":   {docs(func(d object) { d["SignedContent"] = object{"NameOnShelf": "x"} }), 400, "File not found in temporary file storage: x"},
		"signature is not CMS": {docs(func(d object) { d["SignedContent"].(object)["Signature"] = "UEs=" }), 400, "CMS"},
		"two powers": {docs(func(d object) {
			d["SignedContent"].(object)["PowerOfAttorney"] = object{"UseDefault": true, "UseDocumentContent": true}
		}), 400, "PowerOfAttorney"},
		"power without default": {docs(func(d object) { d["SignedContent"].(object)["PowerOfAttorney"] = object{} }), 400, "UseDefault"},
		"no file name":          {docs(func(d object) { d["Metadata"] = []any{} }), 400, "FileName"},
		"unknown type":          {docs(func(d object) { d["TypeNamedId"] = "nonformalized" }), 400, "TypeNamedId"},
		"unknown function":      {docs(func(d object) { d["Function"] = "x" }), 400, "function"},
		"workflow not allowed":  {docs(func(d object) { d["WorkflowId"] = 17 }), 400, "WorkflowId"},
		"long comment":          {docs(func(d object) { d["Comment"] = strings.Repeat("я", 5001) }), 400, "Comment"},
		"bad tag":               {docs(func(d object) { d["CustomData"] = []any{object{"Key": "a b", "Value": "1"}} }), 400, "Tag"},
		"unknown linked":        {docs(func(d object) { d["InitialDocumentIds"] = []any{object{"MessageId": "", "EntityId": "x"}} }), 400, "Linked"},
		"title is not XML":      {docs(func(d object) { d["TypeNamedId"], d["Function"] = "UniversalTransferDocument", "СЧФДОП" }), 400, "Invalid data"},
		"internal to a partner": {with("IsInternal", true), 400, "ToBoxId"},
		"department of nobody":  {with("FromDepartmentId", r.demo.Partner), 400, "Department"},
		"text for a flag":       {with("IsDraft", "true"), 400, "IsDraft"},
	} {
		a := r.post("/V3/PostMessage", nil, tc.body)
		require.Equal(t, tc.status, a.status, "%s: %s", name, a.text())
		require.Contains(t, a.text(), tc.text, name)
	}
	require.Empty(t, r.sim.Documents(), "nothing was sent")
	require.Equal(t, 200, r.post("/V3/PostMessage", nil, with("Surprise", 1)).status, "unknown names are ignored")
	require.Equal(t, []string{"Surprise"}, r.sim.Calls("PostMessage")[len(r.sim.Calls("PostMessage"))-1].Unknown)
	r.sim.SetSwitches(diadocsim.Switches{RefuseUnknown: true})
	require.Equal(t, 400, r.post("/V3/PostMessage", nil, with("Surprise", 1)).status)
}

func TestOperationIDSendsOnce(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	body := r.contract("договор")
	first := r.post("/V3/PostMessage", query{"operationId": "Op-1"}, body)
	again := r.post("/V3/PostMessage", query{"operationId": "oP-1"}, body)
	require.Equal(t, first.str("MessageId"), again.str("MessageId"), "ids are case-insensitive")
	other := r.post("/V3/PostMessage", query{"operationId": "op-1"}, r.contract("другой"))
	require.Equal(t, first.str("MessageId"), other.str("MessageId"), "another body brings the first result too")
	require.Len(t, r.sim.Documents(), 1)
	require.Equal(t, 1, r.sim.Stats().Misused)
	r.sim.SetSwitches(diadocsim.Switches{RefuseReusedOperation: true})
	require.Equal(t, 409, r.post("/V3/PostMessage", query{"operationId": "op-1"}, r.contract("другой")).status)
	r.sim.SetSwitches(diadocsim.Switches{})

	same := r.post("/V3/PostMessage", nil, body)
	require.Equal(t, same.str("MessageId"), r.post("/V3/PostMessage", nil, body).str("MessageId"), "the MD5 of the body by default")

	r.sim.DropAnswerNext("PostMessage")
	header := map[string]string{"Accept": "application/json", "Content-Type": "application/json"}
	_, err := r.try("POST", "/diadoc/V3/PostMessage?operationId=lost", header, []byte(fmt.Sprintf(`{"FromBoxId":%q,"ToBoxId":%q,"IsDraft":true,"DocumentAttachments":[
		{"TypeNamedId":"Nonformalized","CustomDocumentId":"lost","SignedContent":{"Content":"UEs="},"Metadata":[{"Key":"FileName","Value":"a"}]}]}`, r.demo.Box, r.demo.Partner)))
	require.Error(t, err)
	r.sim.RetryLaterNext("PostMessage", 204)
	running := r.post("/V3/PostMessage", query{"operationId": "lost"}, body)
	require.Equal(t, 204, running.status)
	require.NotEmpty(t, running.header.Get("Retry-After"))
	require.Equal(t, "Draft", r.post("/V3/PostMessage", query{"operationId": "lost"}, body).str("MessageType"))
	found := r.get("/GetDocumentsByCustomId", query{"boxId": r.demo.Box, "customDocumentId": "lost"})
	require.Len(t, found.at("Documents"), 1, "did my send succeed?")
}

func TestReceivedDocumentIsAnswered(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.received(diadocsim.Paper{FileName: "Акт.pdf", Content: []byte("акт"), NeedReply: true})
	sign := func(over string) object {
		return object{"Signatures": []any{object{"ParentEntityId": entity, "Signature": b64(r.signature(r.demo.Box, []byte(over)))}}}
	}
	require.Equal(t, "Inbound", r.document(message, entity).str("DocumentDirection"))
	require.Equal(t, 404, r.patch(r.demo.Box, sign("акт")).status)
	require.Equal(t, 200, r.patch(message, sign("другое")).status, "an invalid signature is accepted and shown")
	require.Equal(t, "InvalidRecipientSignature", r.document(message, entity).str("RecipientResponseStatus"))
	require.Equal(t, 200, r.patch(message, sign("акт")).status)
	require.Equal(t, "WithRecipientSignature", r.document(message, entity).str("RecipientResponseStatus"))
	require.Equal(t, 409, r.patch(message, sign("акт")).status)
	require.Equal(t, 400, r.patch(message, object{}).status, "a patch that does nothing")
}

func TestFourthInvalidSignatureIsRefused(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.received(diadocsim.Paper{FileName: "Акт.pdf", Content: []byte("акт"), NeedReply: true})
	wrong := object{"Signatures": []any{object{"ParentEntityId": entity, "Signature": b64(r.signature(r.demo.Box, nil))}}}
	for _, want := range []int{200, 200, 200, 409} {
		require.Equal(t, want, r.patch(message, wrong).status)
	}
	r.clock.Add(24 * time.Hour)
	r.as(r.demo.Login)
	require.Equal(t, 200, r.patch(message, wrong).status)
}

// generated asks for a service file and signs what came, byte for byte.
func (r *rig) generated(path string, q query, body any) object {
	r.t.Helper()
	a := r.post(path, q, body)
	require.Equal(r.t, 200, a.status, a.text())
	require.Contains(r.t, a.header.Get("Content-Disposition"), ".xml")
	return object{"Content": b64(a.body), "Signature": b64(r.signature(r.demo.Box, a.body))}
}

func TestRejectionAndRevocation(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	box := query{"boxId": r.demo.Box}
	message, entity := r.received(diadocsim.Paper{FileName: "Акт.pdf", Content: []byte("акт"), NeedReply: true})
	refusal := r.generated("/V2/GenerateSignatureRejectionXml", box, object{"MessageId": message, "AttachmentId": entity, "ErrorMessage": "не тот объект", "SignerContent": "UEs="})
	require.Equal(t, 200, r.patch(message, object{"XmlSignatureRejections": []any{object{"ParentEntityId": entity, "SignedContent": refusal}}}).status)
	require.Equal(t, "RecipientSignatureRequestRejected", r.document(message, entity).str("RecipientResponseStatus"))

	message, entity = r.sent()
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, entity))
	ids := query{"boxId": r.demo.Box, "messageId": message, "attachmentId": entity, "contentTypeId": "revocation_request_02"}
	ask := func() answer {
		request := r.generated("/V2/GenerateRevocationRequestXml", ids, object{"Comment": "ошибка"})
		return r.patch(message, object{"RevocationRequests": []any{object{"ParentEntityId": entity, "SignedContent": request}}})
	}
	require.Equal(t, 200, ask().status)
	require.Equal(t, "RevocationIsRequestedByMe", r.document(message, entity).str("RevocationStatus"))
	require.Equal(t, 409, r.post("/V2/GenerateRevocationRequestXml", ids, object{}).status)
	require.NoError(t, r.sim.RefuseRevocation(r.demo.Partner, message, entity, "нет"))
	require.Equal(t, "RevocationRejected", r.document(message, entity).str("RevocationStatus"))
	require.Equal(t, 200, ask().status)
	require.NoError(t, r.sim.AcceptRevocation(r.demo.Partner, message, entity))
	require.Equal(t, "RevocationAccepted", r.document(message, entity).str("RevocationStatus"))
}

func TestRevocationThatTheyAskFor(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.received(diadocsim.Paper{FileName: "Акт.pdf", Content: []byte("акт")})
	require.NoError(t, r.sim.AskRevocation(r.demo.Partner, message, entity, "ошибка"))
	require.Equal(t, "RequestsMyRevocation", r.document(message, entity).str("RevocationStatus"))
	whole := r.get("/V6/GetMessage", query{"boxId": r.demo.Box, "messageId": message, "originalSignature": "", "injectEntityContent": "true"})
	var request string
	for i := range whole.at("Entities").([]any) {
		if whole.at("Entities", i, "AttachmentType") == "RevocationRequest" {
			request = whole.str("Entities", i, "EntityId")
		}
	}
	content := r.get("/V4/GetEntityContent", query{"boxId": r.demo.Box, "messageId": message, "entityId": request}).body
	sign := func(parent string) answer {
		return r.patch(message, object{"Signatures": []any{object{"ParentEntityId": parent, "Signature": b64(r.signature(r.demo.Box, content))}}})
	}
	require.Equal(t, 409, sign(entity).status, "the document is not what is to be signed")
	require.Equal(t, 200, sign(request).status)
	require.Equal(t, "RevocationAccepted", r.document(message, entity).str("RevocationStatus"))
}

func TestTitleIsGeneratedSentAndAnswered(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	title := query{"boxId": r.demo.Box, "documentTypeNamedId": "UniversalTransferDocument", "documentFunction": "СЧФДОП", "documentVersion": "utd970_05_02_01", "titleIndex": "0"}
	data := `<UniversalTransferDocument DocumentNumber="1187" DocumentDate="20.11.2026"><Table/></UniversalTransferDocument>`
	made := r.raw("/GenerateTitleXml", title, "application/xml", []byte(data))
	require.Equal(t, 200, made.status, made.text())
	require.Equal(t, data, r.raw("/ParseTitleXml", title, "application/xml", made.body).text())
	require.Equal(t, 400, r.raw("/GenerateTitleXml", title, "application/xml", []byte("<a>")).status)
	a := r.post("/V3/PostMessage", nil, object{"FromBoxId": r.demo.Box, "ToBoxId": r.demo.Partner, "DocumentAttachments": []any{object{
		"TypeNamedId": "UniversalTransferDocument", "Function": "СЧФДОП", "Version": "utd970_05_02_01",
		"SignedContent": object{"Content": b64(made.body), "Signature": b64(r.signature(r.demo.Box, made.body))}}}})
	message, entity := a.str("MessageId"), a.str("Entities", 0, "EntityId")
	doc := r.document(message, entity)
	require.Equal(t, "1187", doc.str("DocumentNumber"))
	require.Equal(t, "WaitingForReceipt", doc.str("RecipientReceiptMetadata", "ReceiptStatus"))
	require.Equal(t, "Finished", doc.str("ConfirmationMetadata", "ReceiptStatus"))
	require.NoError(t, r.sim.Receipt(r.demo.Partner, message, entity))
	require.NoError(t, r.sim.AskAmendment(r.demo.Partner, message, entity, "не та сумма"))
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, entity), "a title answers")
	doc = r.document(message, entity)
	require.Equal(t, "Finished", doc.str("RecipientReceiptMetadata", "ReceiptStatus"))
	require.Equal(t, "WithRecipientSignature", doc.str("RecipientResponseStatus"))
	require.Equal(t, "1", fmt.Sprint(doc.at("AmendmentRequestMetadata", "AmendmentFlags")))
	flow := r.post("/V5/GetDocflows", query{"boxId": r.demo.Box}, object{"Requests": []any{object{"DocumentId": object{"MessageId": message, "EntityId": entity}}}})
	require.Len(t, flow.at("Documents", 0, "Docflow", "Titles"), 2)
}

func TestOurAnswerTitleAndReceipt(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.received(diadocsim.Paper{Type: "UniversalTransferDocument", Function: "СЧФДОП", Content: []byte(`<Файл ИдФайл="a"/>`)})
	sign := object{"Signatures": []any{object{"ParentEntityId": entity, "Signature": b64(r.signature(r.demo.Box, []byte(`<Файл ИдФайл="a"/>`)))}}}
	require.Equal(t, 409, r.patch(message, sign).status, "a title is wanted")
	receipt := r.generated("/V2/GenerateReceiptXml", query{"boxId": r.demo.Box}, object{"MessageId": message, "AttachmentId": entity, "SignerContent": "UEs="})
	require.Equal(t, 200, r.patch(message, object{"Receipts": []any{object{"ParentEntityId": entity, "SignedContent": receipt}}}).status)
	require.Equal(t, 409, r.patch(message, object{"Receipts": []any{object{"ParentEntityId": entity, "SignedContent": receipt}}}).status)
	title := query{"boxId": r.demo.Box, "documentTypeNamedId": "UniversalTransferDocument", "documentFunction": "СЧФДОП", "documentVersion": "utd970_05_02_01", "titleIndex": "1"}
	require.Equal(t, 400, r.raw("/GenerateTitleXml", title, "application/xml", []byte("<Buyer/>")).status, "letterId and documentId are wanted")
	title["letterId"], title["documentId"] = message, entity
	made := r.raw("/GenerateTitleXml", title, "application/xml", []byte("<Buyer/>"))
	answer := object{"ParentEntityId": entity, "SignedContent": object{"Content": b64(made.body), "Signature": b64(r.signature(r.demo.Box, made.body))}}
	require.Contains(t, r.patch(message, object{"RecipientTitles": []any{answer}}).text(), "NeedReceipt")
	answer["NeedReceipt"] = false
	require.Equal(t, 200, r.patch(message, object{"RecipientTitles": []any{answer}}).status)
	require.Equal(t, "WithRecipientSignature", r.document(message, entity).str("RecipientResponseStatus"))
}

func TestDraftAndDelayedSend(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	body := r.contract("договор")
	body["IsDraft"] = true
	body["DocumentAttachments"].([]any)[0].(object)["SignedContent"] = object{"Content": b64([]byte("договор"))}
	draft := r.post("/V3/PostMessage", nil, body)
	signatures := []any{object{"ParentEntityId": draft.str("Entities", 0, "EntityId"), "Signature": b64(r.signature(r.demo.Box, []byte("договор")))}}
	require.Equal(t, 400, r.post("/SendDraft", nil, object{"BoxId": r.demo.Box, "DraftId": draft.str("MessageId")}).status, "documents must be signed")
	made := r.post("/SendDraft", query{"operationId": "send"}, object{"BoxId": r.demo.Box, "DraftId": draft.str("MessageId"), "DocumentSignatures": signatures})
	require.NotEqual(t, draft.str("MessageId"), made.str("MessageId"))
	require.Equal(t, draft.str("MessageId"), made.str("CreatedFromDraftId"))
	gone := r.get("/V6/GetMessage", query{"boxId": r.demo.Box, "messageId": draft.str("MessageId")})
	require.Equal(t, made.str("MessageId"), gone.str("DraftIsTransformedToMessageIdList", 0))
	bin := query{"boxId": r.demo.Box, "draftId": draft.str("MessageId")}
	require.Equal(t, 200, r.post("/RecycleDraft", bin, nil).status)
	require.Equal(t, 409, r.post("/RecycleDraft", bin, nil).status)

	delete(body, "IsDraft")
	body["DelaySend"] = true
	delayed := r.post("/V3/PostMessage", nil, body)
	message, entity := delayed.str("MessageId"), delayed.str("Entities", 0, "EntityId")
	waiting := r.get("/V3/GetDocuments", query{"boxId": r.demo.Box, "filterCategory": "Any.OutboundWaitingForSenderSignature"})
	require.Equal(t, message, waiting.str("Documents", 0, "MessageId"))
	sign := object{"Signatures": []any{object{"ParentEntityId": entity, "Signature": b64(r.signature(r.demo.Box, []byte("договор")))}}}
	require.Equal(t, 200, r.patch(message, sign).status)
	sent, err := r.sim.Document(message, entity)
	require.NoError(t, err)
	require.True(t, sent.Delivered, "the main signature sends")
}

func TestPreparedContentIsWhatMustBeSigned(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	file := []byte(`<Файл ИдФайл="a"></Файл>`)
	delayed := r.post("/V3/PostMessage", nil, object{"FromBoxId": r.demo.Box, "ToBoxId": r.demo.Partner, "DelaySend": true, "DocumentAttachments": []any{object{
		"TypeNamedId": "XmlAcceptanceCertificate", "Function": "ДОП", "SignedContent": object{"Content": b64(file)}}}})
	id := object{"MessageId": delayed.str("MessageId"), "EntityId": delayed.str("Entities", 0, "EntityId")}
	made := r.post("/PrepareDocumentsToSign", nil, object{"BoxId": r.demo.Box, "Documents": []any{object{"DocumentId": id}}})
	sign := func(over []byte) answer {
		return r.patch(id["MessageId"].(string), object{"Signatures": []any{object{"ParentEntityId": id["EntityId"], "Signature": b64(r.signature(r.demo.Box, over)),
			"PatchedContentId": made.str("DocumentPatchedContents", 0, "PatchedContentId")}}})
	}
	require.Equal(t, 200, sign(file).status)
	require.Equal(t, "SenderSignatureCheckedAndInvalid", r.document(id["MessageId"].(string), id["EntityId"].(string)).str("SenderSignatureStatus"), "the original was signed")
}

func TestClosedPacketIsAnsweredWhole(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	papers := []diadocsim.Paper{{FileName: "1", Content: []byte("1"), NeedReply: true, Lock: "Full"}, {FileName: "2", Content: []byte("2"), NeedReply: true}}
	message, err := r.sim.Send(r.demo.Partner, r.demo.Box, papers...)
	require.NoError(t, err)
	var signatures []any
	for i, d := range r.sim.Documents() {
		signatures = append(signatures, object{"ParentEntityId": d.EntityID, "Signature": b64(r.signature(r.demo.Box, papers[i].Content))})
	}
	require.Equal(t, 409, r.patch(message, object{"Signatures": signatures[:1]}).status)
	require.Equal(t, 200, r.patch(message, object{"Signatures": signatures}).status)
}

func TestTagsResolutionsAndMoves(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.received(diadocsim.Paper{FileName: "Акт.pdf", Content: []byte("акт")})
	set := func(key, value string) answer {
		return r.patch(message, object{"CustomDataPatches": []any{object{"ParentEntityId": entity, "Operation": "Set", "Key": key, "Value": value}}})
	}
	require.Equal(t, 200, set("crm", "17").status)
	require.Equal(t, 200, set("CRM", "18").status)
	require.Equal(t, []any{object{"Key": "CRM", "Value": "18"}}, r.document(message, entity).at("CustomData"), "keys are case-insensitive")
	for range 8 {
		require.Equal(t, 200, set("crm", "19").status)
	}
	require.Equal(t, 409, set("crm", "20").status, "ten edits in all")

	resolve := func(kind string) answer {
		return r.patch(message, object{"Resolutions": []any{object{"InitialDocumentId": entity, "ResolutionType": kind, "Comment": "да"}}})
	}
	require.Equal(t, 200, resolve("Approve").status)
	require.Equal(t, "Approved", r.document(message, entity).str("ResolutionStatus", "Type"))
	require.Equal(t, 400, resolve("Maybe").status)
	request := r.patch(message, object{"ResolutionRequests": []any{object{"InitialDocumentId": entity, "Type": "ApprovementRequest", "TargetDepartmentId": r.demo.Law}}})
	require.Equal(t, "ApprovementRequested", r.document(message, entity).str("ResolutionStatus", "Type"))
	deny := object{"ResolutionRequestDenials": []any{object{"InitialResolutionRequestId": request.str("Entities", 0, "EntityId")}}}
	require.Equal(t, 200, r.patch(message, deny).status)
	require.Equal(t, "SignatureDenied", r.document(message, entity).str("ResolutionStatus", "Type"))

	id := object{"MessageId": message, "EntityId": entity}
	require.Equal(t, 200, r.post("/MoveDocuments", nil, object{"BoxId": r.demo.Box, "ToDepartmentId": r.demo.Sales, "DocumentIds": []any{id}}).status)
	require.Equal(t, r.demo.Sales, r.document(message, entity).str("DepartmentId"))
	require.Equal(t, 409, r.post("/admin/DeleteDepartment", query{"boxId": r.demo.Box, "departmentId": r.demo.Sales}, nil).status, "it has documents")
	require.NoError(t, r.sim.Hire(r.demo.Box, r.demo.Login, diadocsim.Employee{AccessLevel: "DepartmentOnly"}))
	require.Equal(t, 403, r.document(message, entity).status)
}
