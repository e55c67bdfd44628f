package diadocsim_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/diadocsim"
)

// The operations that a bridge seldom meets.

func (r *rig) ours() query { return query{"boxId": r.demo.Box} }

// docQuery names a document.
func (r *rig) docQuery(message, entity, name string) query {
	return query{"boxId": r.demo.Box, "messageId": message, name: entity}
}

func (r *rig) outcome(boxID, message, entity string) diadocsim.Document {
	r.t.Helper()
	d, err := r.sim.Document(message, entity)
	require.NoError(r.t, err)
	return d
}

func TestDocflowsOfTwoParties(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.received(diadocsim.Paper{Type: "UniversalTransferDocument", Function: "СЧФДОП", Content: []byte(`<Файл ИдФайл="a"/>`)})
	universal := object{"ParentEntityId": entity, "CodeGroup": "Receipt", "UniversalMessageContent": object{"Content": b64([]byte("<УС/>"))}}
	require.Equal(t, 200, r.patch(message, object{"UniversalMessages": []any{universal}}).status)
	require.NoError(t, r.sim.AskAmendment(r.demo.Box, message, entity, "не та сумма"))
	require.NoError(t, r.sim.Sign(r.demo.Box, message, entity))
	require.NoError(t, r.sim.AskRevocation(r.demo.Partner, message, entity, "ошибка"))
	require.NoError(t, r.sim.RefuseRevocation(r.demo.Box, message, entity, "нет"))
	require.NoError(t, r.sim.Resolve(r.demo.Box, message, entity, true, "да"))
	body := object{"Requests": []any{object{"DocumentId": object{"MessageId": message, "EntityId": entity}, "InjectEntityContent": true}}}
	at := func(version string, path ...any) any {
		return r.post(version+"/GetDocflows", r.ours(), body).at(append([]any{"Documents", 0}, path...)...)
	}
	v4, v3 := at("/V4", "Docflow"), at("/V3", "Docflow")
	require.Equal(t, "WithRecipientSignature", walk(t, v4, "RecipientResponse", "ResponseStatus"))
	require.NotNil(t, walk(t, v4, "RecipientResponse", "Title", "Signature"))
	require.Equal(t, "Finished", walk(t, v4, "RecipientReceipt", "Status"))
	require.Equal(t, "Receipt", walk(t, v4, "RecipientReceipt", "UniversalMessage", "MessageInfo", "CodeGroup"))
	require.NotContains(t, walk(t, v3, "RecipientReceipt"), "UniversalMessage", "V3 has none")
	require.Equal(t, "не та сумма", walk(t, v4, "AmendmentRequest", "PlainText"))
	require.Equal(t, "RevocationRejected", walk(t, v4, "Revocation", "RevocationStatus"))
	require.Equal(t, "нет", walk(t, v4, "Revocation", "RevocationResponse", "SignatureRejection", "PlainText"))
	require.Equal(t, "Approved", walk(t, v4, "Resolution", "ResolutionStatus"))
	require.Equal(t, false, at("/V4", "DocumentInfo", "Participants", "IsInternal"))
	v5 := at("/V5", "Docflow")
	require.Equal(t, "нет", walk(t, v5, "Revocation", "RevocationResponse", 0, "Rejection", "PlainText"))
	require.Equal(t, "ошибка", walk(t, v5, "Revocation", "RevocationRequest", "PlainText"))
	require.Equal(t, "не та сумма", walk(t, v5, "AmendmentRequests", 0, "PlainText"))
	require.Equal(t, "Receipt", walk(t, v5, "Titles", 0, "ParticipantDocflows", 0, "Receipt", "UniversalMessage", "MessageInfo", "CodeGroup"))
	require.Len(t, walk(t, v5, "Titles"), 2)

	for _, version := range []string{"/V5", "/V4", "/V3"} {
		events := r.post(version+"/GetDocflowEvents", r.ours(), object{"Filter": object{}, "PopulateDocuments": true})
		require.Equal(t, events.str("Events", 0, "EventId"), events.str("Events", 1, "PreviousEventId"))
		packet := r.document(message, entity).str("PacketId")
		require.Len(t, r.post(version+"/GetDocflowsByPacketId", r.ours(), object{"PacketId": packet}).at("Documents"), 1)
	}
	require.NotEmpty(t, r.post("/V3/GetDocflows", r.ours(), body).header.Get("Sunset"))
	require.Empty(t, r.post("/V4/GetDocflows", r.ours(), body).header.Get("Sunset"))
}

func TestSearchPages(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	for range 3 {
		r.received(diadocsim.Paper{FileName: "Смета.pdf", Content: []byte("x")})
	}
	gone, _ := r.received(diadocsim.Paper{FileName: "Смета.pdf", Content: []byte("x")})
	require.Equal(t, 200, r.post("/Delete", r.docQuery(gone, "", "x"), nil).status)
	search := func(first int, scope string) answer {
		return r.post("/V5/SearchDocflows", r.ours(), object{"QueryString": "смета 5400000002", "Count": 2, "FirstIndex": first, "Scope": scope})
	}
	require.Len(t, search(0, "SearchScopeIncoming").at("Documents"), 2)
	require.Equal(t, true, search(0, "SearchScopeAny").at("HaveMoreDocuments"))
	require.Len(t, search(2, "SearchScopeAny").at("Documents"), 1)
	require.Len(t, search(0, "SearchScopeDeleted").at("Documents"), 1)
	require.Len(t, search(0, "SearchScopeOutgoing").at("Documents"), 0)
	require.Equal(t, 400, search(-1, "SearchScopeAny").status)
	r.sim.AddUser(diadocsim.User{Login: "law"})
	require.NoError(t, r.sim.Hire(r.demo.Box, "law", diadocsim.Employee{AccessLevel: "DepartmentOnly", DepartmentID: r.demo.Law}))
	r.as("law")
	require.Equal(t, false, search(0, "SearchScopeAny").at("HaveMoreDocuments"))
	r.sim.SetSwitches(diadocsim.Switches{SearchCountsHidden: true})
	require.Equal(t, true, search(0, "SearchScopeAny").at("HaveMoreDocuments"), "an empty page is not the end")
	require.Len(t, search(0, "SearchScopeAny").at("Documents"), 0)
}

func TestTemplatesBecomeMessages(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	r.sim.AddUser(diadocsim.User{Login: "partner"})
	require.NoError(t, r.sim.Hire(r.demo.Partner, "partner", diadocsim.Employee{}))
	body := object{"FromBoxId": r.demo.Box, "ToBoxId": r.demo.Partner, "MessageFromBoxId": r.demo.Partner, "MessageToBoxId": r.demo.Box,
		"DocumentAttachments": []any{object{"TypeNamedId": "Nonformalized", "NeedRecipientSignature": true, "Unheard": 1,
			"UnsignedContent": object{"Content": b64([]byte("анкета"))}, "Metadata": []any{object{"Key": "FileName", "Value": "Анкета.pdf"}}}}}
	made := r.post("/PostTemplate", query{"operationId": "t"}, body)
	id, entity := made.str("MessageId"), made.str("Entities", 0, "EntityId")
	require.Equal(t, id, r.post("/PostTemplate", query{"operationId": "T"}, body).str("MessageId"), "once")
	require.Equal(t, "Template", r.get("/V6/GetMessage", query{"boxId": r.demo.Box, "messageId": id}).str("MessageType"))
	require.Len(t, r.feed("100", query{"messageType": "Template"}), 2)
	require.Equal(t, 409, r.patch(id, object{}).status)
	require.Len(t, r.get("/V3/GetDocuments", query{"boxId": r.demo.Box, "filterCategory": "Any.Outbound"}).at("Documents"), 0)
	transform := func(box string) answer {
		return r.post("/TransformTemplateToMessage", nil, object{"BoxId": box, "TemplateId": id, "DocumentTransformations": []any{object{}}})
	}
	require.Equal(t, 403, transform(r.demo.Box).status, "the message is the partner's")
	r.as("partner")
	require.Equal(t, "Nonformalized", r.get("/GetTemplate", query{"boxId": r.demo.Partner, "templateId": id, "entityId": entity}).str("Entities", 0, "AttachmentType"))
	sent := transform(r.demo.Partner)
	require.Equal(t, 409, transform(r.demo.Partner).status, "used")
	message, document := sent.str("MessageId"), sent.str("Entities", 0, "EntityId")
	require.Equal(t, "WaitingForSenderSignature", sent.str("Entities", 0, "DocumentInfo", "SenderSignatureStatus"))
	require.Equal(t, "Template", sent.str("Entities", 0, "DocumentInfo", "Origin", "MessageType"))
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, document))
	require.True(t, r.outcome(r.demo.Box, message, document).Delivered)

	r.as(r.demo.Login)
	second := r.post("/PostTemplate", nil, body).str("MessageId")
	r.as("partner")
	refuse := func() answer {
		return r.post("/PostTemplatePatch", query{"boxId": r.demo.Partner, "templateId": second}, object{})
	}
	require.Equal(t, "TemplateRefusal", refuse().str("Entities", 0, "AttachmentType"))
	require.Equal(t, 409, refuse().status)
	require.Equal(t, 409, r.post("/TransformTemplateToMessage", nil, object{"BoxId": r.demo.Partner, "TemplateId": second}).status)
	require.Equal(t, 404, r.get("/GetTemplate", query{"boxId": r.demo.Partner, "templateId": message}).status)
}

func TestForwardedDocumentsAreReadByTheThirdBox(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.sent()
	id := object{"MessageId": message, "EntityId": entity}
	made := r.post("/V2/ForwardDocument", r.ours(), object{"ToBoxId": r.demo.Stranger, "DocumentId": id})
	r.sim.AddUser(diadocsim.User{Login: "stranger"})
	require.NoError(t, r.sim.Hire(r.demo.Stranger, "stranger", diadocsim.Employee{}))
	r.as("stranger")
	box := query{"boxId": r.demo.Stranger}
	require.Equal(t, 404, r.get("/V6/GetMessage", query{"boxId": r.demo.Stranger, "messageId": message}).status, "a copy to read, not the message")
	events := r.post("/V2/GetForwardedDocumentEvents", box, object{"Filter": object{}, "PopulateForwardedDocuments": true})
	require.Len(t, events.at("Events"), 1)
	forward := events.str("Events", 0, "ForwardedDocumentId", "ForwardEventId")
	require.Equal(t, made.str("ForwardedDocumentId", "ForwardEventId"), forward)
	require.Equal(t, "WaitingForRecipientSignature", events.str("Events", 0, "ForwardedDocument", "Docflow", "RecipientResponse", "ResponseStatus"))
	require.Len(t, r.post("/V2/GetForwardedDocumentEvents", box, object{"Filter": object{}, "AfterIndexKey": events.str("Events", 0, "IndexKey")}).at("Events"), 0)
	wanted := object{"FromBoxId": r.demo.Box, "DocumentId": id, "ForwardEventId": forward}
	require.Len(t, r.post("/V2/GetForwardedDocuments", box, object{"ForwardedDocumentIds": []any{wanted}}).at("ForwardedDocuments"), 1)
	q := query{"boxId": r.demo.Stranger, "fromBoxId": r.demo.Box, "messageId": message, "documentId": entity, "forwardEventId": forward, "entityId": entity}
	require.Equal(t, "договор", r.get("/V2/GetForwardedEntityContent", q).text())
	delete(q, "entityId")
	for _, path := range []string{"/V2/GenerateForwardedDocumentProtocol", "/GenerateForwardedDocumentPrintForm"} {
		require.Equal(t, 204, r.get(path, q).status)
		require.Equal(t, 200, r.get(path, q).status)
	}
	q["forwardEventId"] = message
	require.Equal(t, 404, r.get("/GenerateForwardedDocumentPrintForm", q).status)
}

func TestRoutesEditsAndVerifications(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	route, err := r.sim.AddRoute(r.demo.Box, "Юристы")
	require.NoError(t, err)
	require.Equal(t, route, r.get("/GetResolutionRoutes", r.ours()).str("ResolutionRoutes", 0, "RouteId"))
	org := r.get("/GetOrganization", query{"boxId": r.demo.Box}).str("OrgId")
	require.Equal(t, route, r.get("/GetResolutionRoutesForOrganization", query{"orgId": org}).str("ResolutionRoutes", 0, "RouteId"))
	require.Equal(t, true, r.get("/GetMyPermissions", query{"orgId": org}).at("CanSignDocuments"))
	require.Equal(t, 404, r.get("/GetMyPermissions", query{"orgId": "x"}).status)
	message, entity := r.received(diadocsim.Paper{FileName: "a", Content: []byte("x")})
	assign := object{"InitialDocumentId": entity, "RouteId": route}
	require.Equal(t, 200, r.patch(message, object{"ResolutionRouteAssignments": []any{assign}}).status)
	require.Equal(t, route, r.document(message, entity).str("ResolutionRouteId"))
	remove := object{"ResolutionRouteRemovals": []any{object{"ParentEntityId": entity, "RouteId": route}}}
	require.Equal(t, 200, r.patch(message, remove).status)
	require.Equal(t, 409, r.patch(message, remove).status)
	assign["RouteId"] = "x"
	require.Equal(t, 404, r.patch(message, object{"ResolutionRouteAssignments": []any{assign}}).status)
	require.Equal(t, 409, r.patch(message, object{"SignatureVerifications": []any{object{"InitialDocumentId": entity, "IsValid": true}}}).status, "not encrypted")
	require.Equal(t, 409, r.patch(message, object{"TtGisFixationCancellationRequests": []any{object{}}}).status)
	require.Equal(t, 409, r.post("/GenerateTtGisFixationCancellationRequest", r.docQuery(message, entity, "documentId"), nil).status)

	body := r.contract("было")
	body["DelaySend"] = true
	attachment := body["DocumentAttachments"].([]any)[0].(object)
	attachment["SignedContent"] = object{"Content": b64([]byte("было"))}
	edit := func(posted answer) answer {
		return r.patch(posted.str("MessageId"), object{"EditingPatches": []any{object{"ParentEntityId": posted.str("Entities", 0, "EntityId"),
			"Content": object{"Content": b64([]byte("стало"))}, "Labels": []any{"bridge"}}}})
	}
	require.Equal(t, 409, edit(r.post("/V3/PostMessage", nil, body)).status, "no editing setting")
	attachment["EditingSettingId"] = "setting"
	posted := r.post("/V3/PostMessage", nil, body)
	require.Equal(t, true, edit(posted).at("EntityPatches", 0, "ContentIsPatched"))
	changed := r.document(posted.str("MessageId"), posted.str("Entities", 0, "EntityId"))
	require.Equal(t, b64([]byte("стало")), changed.str("Content", "Data"))
	for _, label := range []string{"подпись", strings.Repeat("a", 21), ""} {
		resolution := object{"InitialDocumentId": entity, "ResolutionType": "Approve", "Labels": []any{label}}
		require.Equal(t, 400, r.patch(message, object{"Resolutions": []any{resolution}}).status, label)
	}
}

func TestPeopleAndTheirSettings(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	r.sim.AddUser(diadocsim.User{Login: "new@example.test", Surname: "Новая"})
	create := func(login string) answer {
		return r.post("/CreateEmployee", r.ours(), object{"Credentials": object{"Login": login}, "Position": "Юрист",
			"Permissions": object{"UserDepartmentId": r.demo.Law, "IsAdministrator": false, "DocumentAccessLevel": "DepartmentOnly",
				"Actions": []any{object{"Name": "SignDocuments", "IsAllowed": true}}}})
	}
	made := create("new@example.test")
	require.Equal(t, r.demo.Law, made.str("Permissions", "UserDepartmentId"))
	require.Equal(t, 409, create("new@example.test").status)
	require.Equal(t, 400, create("nobody").status)
	who := query{"boxId": r.demo.Box, "userId": made.str("User", "UserId")}
	require.Equal(t, "Главный юрист", r.post("/UpdateEmployee", who, object{"Position": object{"Position": "Главный юрист"}}).str("Position"))
	require.Equal(t, object{}, r.get("/GetSubscriptions", who).json())
	require.Equal(t, 200, r.post("/UpdateSubscriptions", who, object{"News": true}).status)
	require.Equal(t, true, r.get("/GetSubscriptions", who).at("News"))

	number := object{"RegistrationNumber": "n-1", "IssuerInn": "7700000001"}
	require.Equal(t, true, r.post("/V2/AddEmployeePowerOfAttorney", who, number).at("IsDefault"))
	require.Equal(t, false, r.post("/V2/UpdateEmployeePowerOfAttorney", who, object{"FullId": number, "IsDefault": false}).at("IsDefault"))
	require.Len(t, r.get("/GetEmployeePowersOfAttorney", who).at("PowersOfAttorney"), 1)
	require.Equal(t, 200, r.post("/V2/DeleteEmployeePowerOfAttorney", who, number).status)
	require.Equal(t, 404, r.post("/V2/DeleteEmployeePowerOfAttorney", who, number).status)
	require.Equal(t, 200, r.post("/DeleteEmployee", who, nil).status)
	require.Equal(t, 404, r.post("/DeleteEmployee", who, nil).status)
	task := r.post("/RegisterPowerOfAttorney", r.ours(), object{"FullId": number}).str("TaskId")
	state := func() answer {
		return r.get("/RegisterPowerOfAttorneyResult", query{"boxId": r.demo.Box, "taskId": task})
	}
	require.NotContains(t, state().json(), "PowerOfAttorney")
	require.Equal(t, "n-1", state().str("PowerOfAttorney", "FullId", "RegistrationNumber"))
	require.Equal(t, "IsValid", r.post("/V2/PrevalidatePowerOfAttorney", r.ours(), object{"FullId": number}).str("Status", "StatusNamedId"))

	require.Equal(t, 200, r.post("/V2/KeyValueStoragePut", r.ours(), object{"Entries": []any{object{"Key": "k", "Value": "v"}}}).status)
	got := r.post("/V2/KeyValueStorageGet", r.ours(), object{"Keys": []any{"k", "other"}})
	require.Equal(t, []any{object{"Key": "k", "Value": "v"}}, got.at("Entries"))
	signer := query{"boxId": r.demo.Box, "thumbprint": "AB", "documentTitleType": "12"}
	require.Equal(t, 404, r.get("/V2/ExtendedSignerDetails", signer).status)
	require.Equal(t, 200, r.post("/V2/ExtendedSignerDetails", signer, object{"JobTitle": "директор"}).status)
	require.Equal(t, "директор", r.get("/V2/ExtendedSignerDetails", signer).str("JobTitle"))
	require.Equal(t, 409, r.post("/SendFnsRegistrationMessage", r.ours(), object{}).status)
	require.Len(t, r.get("/V2/GetCounteragentCertificates", query{"myBoxId": r.demo.Box, "counteragentBoxId": r.demo.Partner}).at("Certificates"), 1)
	r.sim.AddOrganization(diadocsim.Organization{FullName: "Foreign", ForeignCode: "F-1"})
	require.Equal(t, "Foreign", r.get("/GetOrganizationsByForeignTaxpayerCode", query{"foreignTaxpayerCode": "F-1"}).str("Organizations", 0, "FullName"))
	require.Equal(t, "Foreign", r.get("/GetOrganization", query{"foreignTaxpayerCode": "F-1"}).str("FullName"))
	for n := range 5 { // every reading registers the user in one more organisation
		r.sim.AddOrganization(diadocsim.Organization{INN: "7712345678", Inactive: true})
		require.Equal(t, n >= 3, r.get("/GetMyOrganizations", nil).status == 409, n)
	}
}

func TestPowersOfAttorneyGoWithSignatures(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	body := r.contract("договор")
	content := body["DocumentAttachments"].([]any)[0].(object)["SignedContent"].(object)
	content["PowerOfAttorney"] = object{"UseDefault": false, "Content": object{"Content": object{"Content": b64([]byte("<Доверенность/>"))},
		"Signature": object{"Content": b64([]byte("CMS"))}}}
	posted := r.post("/V3/PostMessage", nil, body)
	var power string
	for i, e := range posted.at("Entities").([]any) {
		if walk(t, e, "AttachmentType") == "PowerOfAttorney" {
			power = posted.str("Entities", i, "EntityId")
		}
	}
	q := r.docQuery(posted.str("MessageId"), power, "entityId")
	require.Equal(t, "IsValid", r.get("/GetPowerOfAttorneyInfo", q).str("Status", "StatusNamedId"))
	require.Equal(t, b64([]byte("<Доверенность/>")), r.get("/V2/GetPowerOfAttorneyContent", q).str("Contents", 0, "Content"))
	message, entity := r.received(diadocsim.Paper{FileName: "a", Content: []byte("x"), NeedReply: true})
	require.Equal(t, 200, r.post("/V2/AddEmployeePowerOfAttorney", r.ours(), object{"RegistrationNumber": "n-2", "IssuerInn": "7700000001"}).status)
	signed := r.patch(message, object{"Signatures": []any{object{"ParentEntityId": entity, "Signature": b64(r.signature(r.demo.Box, []byte("x"))),
		"PowerOfAttorney": object{"UseDefault": true}}}})
	require.Equal(t, "n-2", signed.str("Entities", 1, "PowerOfAttorneyInfo", "FullId", "RegistrationNumber"))
	q = r.docQuery(message, signed.str("Entities", 1, "EntityId"), "entityId")
	require.Equal(t, 404, r.get("/V2/GetPowerOfAttorneyContent", q).status, "only its number was sent")
	require.Equal(t, 404, r.get("/GetPowerOfAttorneyInfo", r.docQuery(message, entity, "entityId")).status)
}

func TestGeneratedFilesAreReadBack(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	require.NoError(t, r.sim.AddCloudCertificate(r.demo.Login, "AB"))
	utd := diadocsim.Paper{Type: "UniversalTransferDocument", Function: "СЧФДОП", Content: []byte(`<Файл ИдФайл="a"/>`)}
	message, entity := r.received(utd)
	ask := object{"MessageId": message, "AttachmentId": entity, "SignerContent": b64([]byte("<П/>")), "ErrorMessage": "не та «сумма»"}
	read := func(path string, file []byte) answer {
		return r.do("POST", "/diadoc"+path, map[string]string{"Accept": "application/json", "Content-Type": "application/xml"}, file)
	}
	rejection := r.post("/V2/GenerateSignatureRejectionXml", r.ours(), ask)
	require.Equal(t, "не та «сумма»", read("/ParseSignatureRejectionXml", rejection.body).str("ErrorMessage"))
	revocation := r.post("/V2/GenerateRevocationRequestXml", r.docQuery(message, entity, "attachmentId"), object{"Comment": "ошибка"})
	require.Equal(t, "ошибка", read("/ParseRevocationRequestXml", revocation.body).str("Comment"))
	require.Equal(t, 400, read("/ParseRevocationRequestXml", []byte("<other/>")).status)
	amendment := r.post("/V2/GenerateInvoiceCorrectionRequestXml", r.ours(), ask)
	patched := r.patch(message, object{"CorrectionRequests": []any{object{"ParentEntityId": entity, "SignedContent": r.signed(r.demo.Box, amendment.body)}}})
	require.Equal(t, "не та «сумма»", r.get("/GetInvoiceCorrectionRequestInfo", r.docQuery(message, patched.str("Entities", 0, "EntityId"), "entityId")).str("ErrorMessage"))
	require.Equal(t, 404, r.get("/GetInvoiceCorrectionRequestInfo", r.docQuery(message, entity, "entityId")).status)

	universal := r.raw("/GenerateUniversalMessage", r.docQuery(message, entity, "attachmentId"), "application/xml", []byte(`<УС><Код>1999</Код></УС>`))
	require.Equal(t, "<Код>1999</Код>", r.raw("/ParseUniversalMessageXml", nil, "application/xml", universal.body).text())
	posted := r.patch(message, object{"UniversalMessages": []any{object{"ParentEntityId": entity, "Behaviour": "DoesNotAffectWorkflow",
		"UniversalMessageContent": object{"Content": b64(universal.body)}}}})
	require.Equal(t, "<Код>1999</Код>", r.post("/ParseUniversalMessage", r.docQuery(message, posted.str("Entities", 0, "EntityId"), "attachmentId"), nil).text())
	require.Equal(t, 409, r.post("/ParseUniversalMessage", r.docQuery(message, entity, "attachmentId"), nil).status)

	kind := query{"boxId": r.demo.Box, "documentTypeNamedId": utd.Type, "documentFunction": utd.Function, "documentVersion": "utd970_05_02_01"}
	title := r.raw("/GenerateSenderTitleXml", kind, "application/xml", []byte(`<Seller DocumentNumber="5"/>`))
	require.Contains(t, title.header.Get("Content-Disposition"), "UTD970")
	answer := r.raw("/GenerateRecipientTitleXml", query{"boxId": r.demo.Box, "senderTitleMessageId": message, "senderTitleAttachmentId": entity}, "application/xml", []byte(`<Buyer/>`))
	require.Contains(t, answer.text(), "<Buyer>")
	detected := r.raw("/DetectDocumentTypes", r.ours(), "application/octet-stream", title.body)
	require.Equal(t, 501, detected.status, "the answer is a structure, and protobuf is the default")
	detected = r.do("POST", "/diadoc"+address("/DetectDocumentTypes", r.ours()), map[string]string{"Accept": "application/json", "Content-Type": "application/octet-stream"}, title.body)
	require.NotContains(t, detected.at("DocumentTypes", 0), "TitleIndex")
	shelf := r.raw("/V2/ShelfUpload", nil, "application/octet-stream", []byte("x")).text()
	require.Equal(t, "Nonformalized", r.get("/DetectDocumentTypes", query{"boxId": r.demo.Box, "nameOnShelf": shelf}).str("DocumentTypes", 0, "TypeNamedId"))
	for _, path := range []string{"/GenerateInvoiceDocumentReceiptXml", "/GenerateDocumentReceiptXml"} {
		require.Equal(t, 200, r.post(path, r.docQuery(message, entity, "attachmentId"), object{"SignerCertificateThumbprint": "AB"}).status)
	}

	task := r.post("/AutoSignReceipts", query{"boxId": r.demo.Box, "thumbprint": "AB"}, nil).str("TaskId")
	require.Equal(t, 204, r.get("/AutoSignReceiptsResult", query{"taskId": task}).status)
	require.Equal(t, 200, r.get("/AutoSignReceiptsResult", query{"taskId": task}).status)
	require.Equal(t, "done", r.outcome(r.demo.Box, message, entity).Receipt)
}

func TestDeliveryFailureAndMalware(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	r.sim.FailNextDelivery("оператор получателя не принял")
	message, entity := r.sent()
	feed := r.feed("100", nil)
	last := feed[len(feed)-1]
	require.Equal(t, walk(t, feed[0], "EventId"), walk(t, last, "Patch", "NotDeliveredEventId"))
	require.Equal(t, "DeliveryFailureNotification", walk(t, last, "Patch", "Entities", 0, "AttachmentType"))
	require.False(t, r.outcome(r.demo.Partner, message, entity).Delivered)
	require.Len(t, r.get("/V1/GetSecurityEvents", r.ours()).at("Events"), 0)
	for range 2 {
		require.NoError(t, r.sim.FindMalware(r.demo.Box, message, entity))
	}
	first := r.get("/V1/GetSecurityEvents", query{"boxId": r.demo.Box, "count": "1"})
	require.Len(t, first.at("Events"), 1)
	rest := r.get("/V1/GetSecurityEvents", query{"boxId": r.demo.Box, "afterIndexKey": first.str("Events", 0, "IndexKey")})
	require.Len(t, rest.at("Events"), 1)
	r.sim.SetPolls(-1)
	require.Equal(t, 200, r.get("/GeneratePrintForm", r.docQuery(message, entity, "documentId")).status, "at once")
	_, err := base64.StdEncoding.DecodeString(first.str("Events", 0, "IndexKey"))
	require.NoError(t, err)
}

func TestDocumentsByLists(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	for _, sum := range []string{"100.00", "200.00", "300.00"} {
		r.clock.Add(1)
		body := r.contract("счет " + sum)
		body["FromDepartmentId"] = r.demo.Sales
		attachment := body["DocumentAttachments"].([]any)[0].(object)
		attachment["TypeNamedId"] = "ProformaInvoice"
		attachment["Metadata"] = []any{object{"Key": "FileName", "Value": "Счет.pdf"}, object{"Key": "TotalSum", "Value": sum}}
		require.Equal(t, 200, r.post("/V3/PostMessage", nil, body).status)
	}
	sums := func(filter object) (found []string) {
		filter["DocumentCategory"] = "Outbound"
		for _, d := range r.post("/V4/GetDocuments", r.ours(), filter).at("Documents").([]any) {
			found = append(found, walk(t, d, "Metadata", 1, "Value").(string))
		}
		return found
	}
	require.Equal(t, []string{"100.00", "200.00", "300.00"}, sums(object{}))
	require.Equal(t, []string{"200.00"}, sums(object{"FromTotalSum": "150", "ToTotalSum": "250.5"}))
	require.Equal(t, []string{"300.00"}, sums(object{"TotalSums": []any{"300.00"}}))
	down := r.post("/V4/GetDocuments", r.ours(), object{"DocumentCategory": "Outbound", "SortDirection": "Descending", "Count": 1})
	require.Equal(t, true, down.at("HasMoreResults"))
	require.Equal(t, []string{"200.00", "100.00"}, sums(object{"SortDirection": "Descending", "AfterIndexKey": down.str("Documents", 0, "IndexKey")}))
	require.Len(t, sums(object{"FromDepartmentIds": []any{r.demo.Sales}, "Departments": []any{object{"DepartmentId": r.demo.Sales}}}), 3)
	require.Empty(t, sums(object{"Departments": []any{object{"DepartmentId": r.demo.Law}}}))
	for _, wrong := range []object{{"FromTotalSum": "x"}, {"DocumentStatuses": []any{"x"}}, {"Count": 101}, {"SortDirection": "Up"}, {"DocumentCategory": "x"}} {
		if wrong["DocumentCategory"] == nil {
			wrong["DocumentCategory"] = "Outbound"
		}
		require.Equal(t, 400, r.post("/V4/GetDocuments", r.ours(), wrong).status, wrong)
	}
}
