package diadoc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
)

// golden is one exchange: what an operation is asked and what the service answers.
type golden struct {
	Operation string          `json:"operation"`
	Query     string          `json:"query"`
	Request   json.RawMessage `json:"request"`
	Answer    json.RawMessage `json:"answer"`
}

func readGolden(t testing.TB, name string) golden {
	t.Helper()
	return read[golden](t, string(file(t, name+".json")))
}

// exchange makes one call of a typed method and returns what it gave.
type exchange func(ctx context.Context, c *diadoc.Client) (any, error)

// TestMethodsSpeakAsDocumented sends the central methods against documented exchanges. Everything of an answer
// must be found again when what was read of it is written.
func TestMethodsSpeakAsDocumented(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, group := range []map[string]exchange{sending(), patching(), people(), reading(), docflows()} {
		for name, call := range group {
			used[name+".json"] = true
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := readGolden(t, name)
				s := newService(t, ok(string(g.Answer)))
				got, err := call(t.Context(), s.client())
				require.NoError(t, err)
				r := s.one(t)
				op, known := diadoc.LookupOperation(g.Operation)
				require.True(t, known)
				require.Equal(t, op.Verb+" "+op.Path, r.method+" "+r.path)
				require.Equal(t, g.Query, r.query)
				if g.Request == nil {
					require.Empty(t, r.body)
				} else {
					require.Equal(t, tree(t, g.Request), tree(t, []byte(r.body)))
				}
				keeps(t, g.Answer, got)
			})
		}
	}
	files, err := os.ReadDir("testdata")
	require.NoError(t, err)
	for _, f := range files {
		require.True(t, used[f.Name()] || filepath.Ext(f.Name()) != ".json", "%s is asked by no test", f.Name())
	}
}

// keeps requires that writing got tells everything that the answer told.
func keeps(t *testing.T, answer json.RawMessage, got any) {
	t.Helper()
	if got == nil { // a task or a file: not a structure of the service
		return
	}
	written, err := json.Marshal(got)
	require.NoError(t, err)
	require.Empty(t, lost("", tree(t, answer), tree(t, written)))
}

// tree reads JSON with every digit of its numbers: ticks have more than a float holds.
func tree(t *testing.T, raw []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value))
	return value
}

// lost lists what of told is not in kept. Left out may be what says nothing (false, 0, ""), and DateTime, which
// the service computes from Ticks; one attachment type has two spellings.
func lost(path string, told, kept any) []string {
	if s, is := told.(string); is && s == "ResolutionRouteAssignment" && kept == "ResolutionRouteAssignmentAttachment" {
		return nil
	}
	var all []string
	switch value := told.(type) {
	case map[string]any:
		object, _ := kept.(map[string]any)
		for name, child := range value {
			if other, has := object[name]; has {
				all = append(all, lost(path+"."+name, child, other)...)
			} else if !saysNothing(child) && name != "DateTime" {
				all = append(all, path+"."+name)
			}
		}
	case []any:
		array, _ := kept.([]any)
		if len(array) != len(value) {
			return []string{path + "[]"}
		}
		for i, child := range value {
			all = append(all, lost(fmt.Sprintf("%s[%d]", path, i), child, array[i])...)
		}
	default:
		if !reflect.DeepEqual(told, kept) {
			all = append(all, fmt.Sprintf("%s: %v became %v", path, told, kept))
		}
	}
	return all
}

func saysNothing(value any) bool {
	return value == false || value == json.Number("0") || value == "" || value == nil
}

func give[T any](got T, err error) (any, error) { return got, err }

// task drops a started task, which is not a structure of the service.
func task[T comparable](got, want T, err error) (any, error) {
	if err == nil && got != want {
		err = fmt.Errorf("%v instead of %v", got, want)
	}
	return nil, err
}

func attachment(custom string) diadoc.DocumentAttachment {
	return diadoc.DocumentAttachment{
		TypeNamedID: "Nonformalized", CustomDocumentID: custom, NeedRecipientSignature: true,
		SignedContent: diadoc.SignedContent{Content: []byte("%PDF-1.7\n"), Signature: []byte("CMS!")},
		Metadata:      []diadoc.MetadataItem{{Key: "FileName", Value: "Спецификация.pdf"}},
		CustomData:    []diadoc.CustomDataItem{{Key: "crmDealId", Value: "17"}},
	}
}

func sending() map[string]exchange {
	post := func(id diadoc.OperationID, d diadoc.DocumentAttachment, delay bool) exchange {
		return func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.PostMessage(ctx, id, diadoc.MessageToPost{FromBoxID: myBox, ToBoxID: otherBox, DelaySend: delay,
				DocumentAttachments: []diadoc.DocumentAttachment{d}}))
		}
	}
	return map[string]exchange{
		"post_message": post("row-1", attachment("deal-17/contract"), false),
		"post_message_delayed": post("row-2", diadoc.DocumentAttachment{
			TypeNamedID: "Contract", CustomDocumentID: "contract-381", SignedContent: diadoc.SignedContent{NameOnShelf: "9b0c.f1.pdf"},
			Metadata: []diadoc.MetadataItem{{Key: "FileName", Value: "Договор 381.pdf"}, {Key: "DocumentNumber", Value: "381"},
				{Key: "DocumentDate", Value: "19.11.2026"}, {Key: "ContractType", Value: "Поставка"}, {Key: "ContractPrice", Value: "120000.00"}},
		}, true),
		"post_message_utd": post("row-3", diadoc.DocumentAttachment{
			TypeNamedID: "UniversalTransferDocument", Function: "СЧФДОП", Version: "utd970_05_02_01", CustomDocumentID: "utd-2026-1187",
			SignedContent: diadoc.SignedContent{Content: []byte("<?xml?>"), Signature: []byte("CMS!"),
				PowerOfAttorney: &diadoc.PowerOfAttorneyToPost{UseDefault: true}},
		}, false),
		"send_draft": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.SendDraft(ctx, "row-10", diadoc.DraftToSend{BoxID: myBox, DraftID: document.MessageID, ToBoxID: otherBox,
				DocumentSignatures: []diadoc.DocumentSenderSignature{{ParentEntityID: document.EntityID, Signature: []byte("CMS!"), PatchedContentID: "pc1"}}}))
		},
		"can_post": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.CanPostMessage(ctx, diadoc.Raw(fmt.Sprintf(`{"FromBoxId":%q,"ToBoxId":%q}`, myBox, otherBox))))
		},
		"prepare": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.PrepareDocumentsToSign(ctx, diadoc.PrepareDocumentsToSignRequest{BoxID: myBox,
				Documents: []diadoc.DocumentToPatch{{DocumentID: document, Signer: &diadoc.Signer{SignerCertificateThumbprint: "ab",
					SignerDetails: &diadoc.SignerDetails{Surname: "Орлова", FirstName: "Анна"}}}}}, false))
		},
		"dss_sign": func(ctx context.Context, c *diadoc.Client) (any, error) {
			got, err := c.DssSign(ctx, myBox, diadoc.DssSignRequestV2{SignDataSource: diadoc.CertificateSign,
				CertificateData: &diadoc.DssCertificateData{Thumbprint: "ab"},
				Files:           []diadoc.DssSignFile{{FileName: "a.pdf", Content: diadoc.ContentV3{EntityID: &document}}}})
			return task(got, diadoc.DssSignTask{Box: myBox, ID: "task-2"}, err)
		},
		"dss_result": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(diadoc.DssSignTask{Box: myBox, ID: "task-2"}.Poll(ctx, c))
		},
		"receipt_xml_request": func(ctx context.Context, c *diadoc.Client) (any, error) {
			got, err := c.GenerateReceiptXml(ctx, myBox, diadoc.ReceiptGenerationRequestV2{MessageID: document.MessageID,
				AttachmentID: document.EntityID, SignerContent: []byte("<Подписант/>")})
			return task(string(got.Body), `"<Извещение/>"`, err)
		},
		"forward": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.ForwardDocument(ctx, myBox, diadoc.ForwardDocumentRequest{ToBoxID: otherBox, DocumentID: document}))
		},
	}
}

func patching() map[string]exchange {
	content := func(text string) diadoc.SignedContent {
		return diadoc.SignedContent{Content: []byte(text), Signature: []byte("CMS!")}
	}
	patch := func(id diadoc.OperationID, p diadoc.MessagePatchToPostV2) exchange {
		return func(ctx context.Context, c *diadoc.Client) (any, error) {
			p.MessageID = document.MessageID
			return give(c.PostMessagePatch(ctx, id, p))
		}
	}
	title := content("<?xml?>")
	title.PowerOfAttorney = &diadoc.PowerOfAttorneyToPost{FullID: &diadoc.PowerOfAttorneyID{RegistrationNumber: "n", IssuerINN: "7700000000"}}
	return map[string]exchange{
		"patch_sign": patch("row-4", diadoc.MessagePatchToPostV2{BoxID: otherBox, Signatures: []diadoc.DocumentSignature{{
			ParentEntityID: document.EntityID, Signature: []byte("CMS!"), PowerOfAttorney: &diadoc.PowerOfAttorneyToPost{UseDefault: true}}}}),
		"patch_reject": patch("row-5", diadoc.MessagePatchToPostV2{BoxID: otherBox, XMLSignatureRejections: []diadoc.XMLSignatureRejectionAttachment{{
			ParentEntityID: document.EntityID, SignedContent: content("<Отказ/>")}}}),
		"patch_revoke": patch("row-6", diadoc.MessagePatchToPostV2{BoxID: myBox, RevocationRequests: []diadoc.RevocationRequestAttachment{{
			ParentEntityID: document.EntityID, SignedContent: content("<Аннулирование/>"), Labels: []string{"bridge"}}}}),
		"patch_title": patch("row-7", diadoc.MessagePatchToPostV2{BoxID: otherBox, RecipientTitles: []diadoc.RecipientTitleAttachment{{
			ParentEntityID: document.EntityID, SignedContent: title}}}),
		"patch_decide": patch("row-8", diadoc.MessagePatchToPostV2{BoxID: myBox,
			Resolutions:        []diadoc.ResolutionAttachment{{InitialDocumentID: document.EntityID, ResolutionType: diadoc.ResolutionApprove, Comment: "Согласовано"}},
			ResolutionRequests: []diadoc.ResolutionRequestAttachment{{InitialDocumentID: document.EntityID, Type: diadoc.SignatureRequest, TargetUserID: "u2"}},
			CustomDataPatches: []diadoc.CustomDataPatch{
				{ParentEntityID: document.EntityID, Operation: diadoc.CustomDataSet, Key: "stage", Value: "won"},
				{ParentEntityID: document.EntityID, Operation: diadoc.CustomDataRemove, Key: "old"}},
			EditDocumentPacketCommands: []diadoc.EditDocumentPacketCommand{{DocumentID: string(document.EntityID),
				AddDocumentsToPacket: []diadoc.DocumentID{{MessageID: document.MessageID, EntityID: signatureID}}}},
		}),
		"patch_universal": patch("row-9", diadoc.MessagePatchToPostV2{BoxID: myBox, UniversalMessages: []diadoc.UniversalMessageAttachment{{
			ParentEntityID: document.EntityID, CodeGroup: diadoc.UniversalMessageReceipt, Behaviour: diadoc.BehaviourAffectsWorkflow,
			UniversalMessageContent: diadoc.UnsignedContent{Content: []byte("<УС/>")}}}}),
	}
}

const signatureID = diadoc.EntityID("51515151-0000-4000-8000-000000000005")

func people() map[string]exchange {
	acquire := diadoc.AcquireTask{MyBox: myBox, ID: "task-1"}
	return map[string]exchange{
		"acquire": func(ctx context.Context, c *diadoc.Client) (any, error) {
			got, err := c.AcquireCounteragent(ctx, myBox, "", diadoc.AcquireCounteragentRequest{BoxID: otherBox,
				MessageToCounteragent: "Предлагаем обмениваться документами через Диадок",
				InvitationDocument: &diadoc.InvitationDocument{FileName: "Приглашение.pdf",
					SignedContent: diadoc.SignedContent{Content: []byte("%PDF"), Signature: []byte("CMS!")}}})
			return task(got, acquire, err)
		},
		"acquire_result": func(ctx context.Context, c *diadoc.Client) (any, error) { return give(acquire.Poll(ctx, c)) },
		"counteragent": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetCounteragent(ctx, myBox, otherBox))
		},
		"counteragents": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetCounteragents(ctx, myBox, diadoc.CounteragentQuery{Status: diadoc.FilterRejected, AfterIndexKey: "k+/=", PageSize: 2}))
		},
		"counteragent_events": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetCounteragentEvents(ctx, myBox, diadoc.CounteragentEventQuery{From: 638585445988979088, Limit: 100}))
		},
		"group_create": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.CreateCounteragentGroup(ctx, myBox, diadoc.CounteragentGroupToCreate{Name: "Опт, Северо-Запад",
				Departments: &diadoc.DepartmentsInGroup{DepartmentIDs: []diadoc.DepartmentID{"5d1d3a1e-0000-4000-8000-000000000000"}}}))
		},
		"group_update": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.UpdateCounteragentGroup(ctx, myBox, "g1", diadoc.CounteragentGroupToUpdate{Name: "Опт, СЗФО",
				GroupDepartments: &diadoc.CounteragentGroupDepartmentPatch{AnyDepartment: true}}))
		},
		"group_members": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetCounteragentsFromGroup(ctx, myBox, "g1", "", 100))
		},
		"my_organizations": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetMyOrganizations(ctx, false))
		},
		"my_employee": func(ctx context.Context, c *diadoc.Client) (any, error) { return give(c.GetMyEmployee(ctx, myBox)) },
		"certificates": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetMyCertificates(ctx, myBox, false))
		},
	}
}

func reading() map[string]exchange {
	return map[string]exchange{
		"new_events": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetNewEvents(ctx, myBox, diadoc.EventQuery{AfterIndexKey: "i+/=0", Limit: 2,
				MessageTypes: []diadoc.MessageType{diadoc.MessageLetter},
				Directions:   []diadoc.DocumentDirection{diadoc.DirectionInbound, diadoc.DirectionOutbound}}))
		},
		"message": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetMessage(ctx, myBox, document.MessageID, diadoc.MessageOptions{OriginalSignature: true, InjectEntityContent: true}))
		},
		"document": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetDocument(ctx, myBox, document, false))
		},
		"documents": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetDocuments(ctx, myBox, diadoc.DocumentQuery{Count: 10, ExcludeSubdepartments: true, SortDirection: diadoc.SortDescending,
				Category: diadoc.Category("", diadoc.SideOutbound, "WaitingForSenderSignature")}))
		},
		"documents_v4": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetDocumentsV4(ctx, myBox, diadoc.GetDocumentsV4Request{DocumentCategory: "Any.Inbound", DocumentNumbers: []string{"17"},
				FromTimestamp: diadoc.Timestamp{Ticks: 638585445988979088}, Count: 100}))
		},
		"document_types": func(ctx context.Context, c *diadoc.Client) (any, error) { return give(c.GetDocumentTypes(ctx, myBox)) },
		"protocol": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GenerateDocumentProtocol(ctx, myBox, document))
		},
		"zip": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GenerateDocumentZip(ctx, myBox, document, true))
		},
		"signature_info": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetSignatureInfo(ctx, myBox, diadoc.DocumentID{MessageID: document.MessageID, EntityID: signatureID}))
		},
	}
}

func docflows() map[string]exchange {
	return map[string]exchange{
		"docflows": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetDocflows(ctx, myBox, diadoc.GetDocflowBatchRequest{Requests: []diadoc.GetDocflowRequest{{DocumentID: document}}}))
		},
		"docflow_events": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetDocflowEvents(ctx, myBox, diadoc.GetDocflowEventsRequest{AfterIndexKey: []byte("k0"), PopulateDocuments: true, Limit: 100,
				Filter:       diadoc.TimeBasedFilter{FromTimestamp: diadoc.TimestampOf(time.Date(2024, 8, 6, 12, 36, 38, 897908800, time.UTC)), SortDirection: diadoc.SortAscending},
				MessageTypes: []diadoc.MessageType{diadoc.MessageLetter}}))
		},
		"search": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.SearchDocflows(ctx, myBox, diadoc.SearchDocflowsRequest{QueryString: "договор 17", Count: 100, Scope: diadoc.SearchScopeOutgoing}))
		},
		"packet": func(ctx context.Context, c *diadoc.Client) (any, error) {
			return give(c.GetDocflowsByPacketId(ctx, myBox, diadoc.GetDocflowsByPacketIDRequest{PacketID: "p", Count: 100}))
		},
	}
}

// TestGoldensReadAsTyped looks at what the goldens became, beyond being kept.
func TestGoldensReadAsTyped(t *testing.T) {
	t.Parallel()
	page := read[diadoc.BoxEventList](t, string(readGolden(t, "new_events").Answer))
	require.Equal(t, diadoc.CountEqual, page.TotalCountType)
	require.NoError(t, page.Events[0].Err)
	m := page.Events[0].Message
	require.True(t, m.FromBoxID.Same(myBox))
	require.Equal(t, time.Date(2024, 8, 6, 12, 36, 38, 897908800, time.UTC), m.TimestampTicks.Time())
	d := m.Documents()[0].DocumentInfo
	require.Equal(t, diadoc.StateAwaitingAnswer, d.State())
	require.True(t, d.Delivered())
	require.False(t, d.OurTurn())
	require.Equal(t, diadoc.NonformalizedOutboundWaitingForRecipientSignature, d.NonformalizedDocumentMetadata.DocumentStatus)
	require.Equal(t, `"17"`, d.NonformalizedDocumentMetadata.Extra["DocumentNumber"].String())
	tag, has := d.Tag("CRMDEALID")
	require.True(t, has)
	require.Equal(t, "17", tag)
	require.Len(t, m.Signatures(d.EntityID), 1)
	require.Equal(t, diadoc.ResolutionRouteAssignmentAttachment, m.Children(d.EntityID)[1].AttachmentType, "the other spelling")
	require.True(t, page.Events[1].Patch.MessageIsDelivered)

	types := read[diadoc.GetDocumentTypesResponseV3](t, string(readGolden(t, "document_types").Answer))
	version := types.DocumentTypes[0].Functions[0].Versions[0]
	require.Equal(t, diadoc.RejectionUniversalMessage, version.RejectionType)
	require.Equal(t, diadoc.SignerTypeUniversal, version.Titles[0].SignerInfo.SignerType)

	employee := read[diadoc.Employee](t, string(readGolden(t, "my_employee").Answer))
	require.True(t, employee.Permissions.Allows(diadoc.CreateDocuments))
	require.False(t, employee.Permissions.Allows(diadoc.SignDocuments))
	require.True(t, employee.Permissions.SeesAllDocuments())

	flow := read[diadoc.GetDocflowBatchResponseV5](t, string(readGolden(t, "docflows").Answer)).Documents[0]
	require.Equal(t, diadoc.StateSigned, flow.State())
	require.True(t, flow.Delivered())
	require.True(t, strings.HasPrefix(flow.Docflow.TtGisFixation.String(), "{"))

	events := read[diadoc.BoxCounteragentEventList](t, string(readGolden(t, "counteragent_events").Answer))
	require.False(t, events.Events[0].EventTypes[1].Known())
	require.Equal(t, diadoc.CounteragentEventType("SomethingNew"), events.Events[0].EventTypes[1])
}

// TestRequestsReadAsTheyAreWritten reads the golden requests, as stored bodies may be, and writes them again.
func TestRequestsReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(*testing.T, []byte) []byte{
		"post_message": rewritten[diadoc.MessageToPost], "post_message_utd": rewritten[diadoc.MessageToPost],
		"patch_sign": rewritten[diadoc.MessagePatchToPostV2], "patch_reject": rewritten[diadoc.MessagePatchToPost],
		"patch_title": rewritten[diadoc.MessagePatchToPostV2], "patch_decide": rewritten[diadoc.MessagePatchToPost],
		"send_draft": rewritten[diadoc.DraftToSend], "prepare": rewritten[diadoc.PrepareDocumentsToSignRequest],
		"acquire": rewritten[diadoc.AcquireCounteragentRequest], "documents_v4": rewritten[diadoc.GetDocumentsV4Request],
		"docflow_events": rewritten[diadoc.GetDocflowEventsRequest], "dss_sign": rewritten[diadoc.DssSignRequestV2],
		"can_post": rewritten[diadoc.TemplateToPost],
	} {
		request := readGolden(t, name).Request
		require.Empty(t, lost("", tree(t, request), tree(t, again(t, request))), name)
	}
}

func rewritten[T any](t *testing.T, raw []byte) []byte {
	t.Helper()
	written, err := json.Marshal(read[T](t, string(raw)))
	require.NoError(t, err)
	return written
}
