package sandbox_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/diadocsim"
)

// The client of Диадок against its simulator, area by area: two readings of the same pages. The simulator refuses
// whatever the pages do not have.

type exchange struct {
	t      *testing.T
	ctx    context.Context
	sim    *diadocsim.Server
	demo   diadocsim.Demo
	base   string
	up     *upstream.Client
	client *diadoc.Client
	box    diadoc.BoxID
	ended  []diadoc.Sunset
}

// bearer is a token source with one token, and another for whoever finds it stale.
type bearer struct {
	sim  *diadocsim.Server
	demo diadocsim.Demo
	now  diadoc.Authorization
}

func (b *bearer) Token(ctx context.Context) (diadoc.Authorization, error) {
	if b.now == "" {
		return b.Renew(ctx, "")
	}
	return b.now, nil
}

func (b *bearer) Renew(context.Context, diadoc.Authorization) (diadoc.Authorization, error) {
	token, err := b.sim.IssueAccessToken(b.demo.ClientID, b.demo.Login)
	b.now = diadoc.Bearer(token)
	return b.now, err
}

const diadocHome = "https://bridge.example.test/diadoc"

func meetDiadoc(t *testing.T) *exchange {
	t.Helper()
	e := &exchange{t: t, ctx: t.Context(), up: upstream.New(upstream.WithInsecure(true))}
	e.sim = diadocsim.New(diadocsim.Config{})
	server := httptest.NewServer(e.sim)
	t.Cleanup(server.Close)
	e.base = server.URL
	e.sim.SetBaseURL(e.base)
	e.sim.SetSwitches(diadocsim.Switches{RefuseUnknown: true})
	e.demo = e.sim.SeedDemo(diadocHome)
	e.box = diadoc.BoxID(e.demo.Box)
	t.Cleanup(e.onlyDocumentedAnswers)
	e.client = diadoc.New(e.up, e.base+"/diadoc", &bearer{sim: e.sim, demo: e.demo},
		diadoc.WithSunset(func(s diadoc.Sunset) { e.ended = append(e.ended, s) }))
	return e
}

// onlyDocumentedAnswers holds what the simulator answered in a test against the statuses that the client knows from the
// documentation: each operation's own, and those that any operation may have.
func (e *exchange) onlyDocumentedAnswers() {
	for _, c := range e.sim.Calls("") {
		op, known := diadoc.LookupOperation(c.Op)
		if !known || c.Status == 0 || strings.Contains(c.Error, "lever") {
			continue
		}
		anywhere := []int{http.StatusPaymentRequired, http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusNotImplemented}
		require.Contains(e.t, append(anywhere, op.Statuses...), c.Status, "%s: %s", c.Op, c.Error)
	}
}

func (e *exchange) signature(file []byte) []byte {
	e.t.Helper()
	signature, err := e.sim.Signature(e.demo.Box, file)
	require.NoError(e.t, err)
	return signature
}

func (e *exchange) signed(file []byte) diadoc.SignedContent {
	return diadoc.SignedContent{Content: file, Signature: e.signature(file)}
}

// contract is a message with one file.
func (e *exchange) contract(file string) diadoc.MessageToPost {
	return diadoc.MessageToPost{FromBoxID: e.box, ToBoxID: diadoc.BoxID(e.demo.Partner), DocumentAttachments: []diadoc.DocumentAttachment{{
		TypeNamedID: "Nonformalized", CustomDocumentID: "deal-17", NeedRecipientSignature: true, SignedContent: e.signed([]byte(file)),
		Metadata:   []diadoc.MetadataItem{{Key: "FileName", Value: "Договор.pdf"}},
		CustomData: []diadoc.CustomDataItem{{Key: "deal", Value: "17"}},
	}}}
}

// send posts a contract and gives its document.
func (e *exchange) send(operation diadoc.OperationID) diadoc.DocumentID {
	e.t.Helper()
	message, err := e.client.PostMessage(e.ctx, operation, e.contract("договор"))
	require.NoError(e.t, err)
	return diadoc.DocumentID{MessageID: message.MessageID, EntityID: message.Documents()[0].EntityID}
}

// receive lets the partner send a document.
func (e *exchange) receive(paper diadocsim.Paper) diadoc.DocumentID {
	e.t.Helper()
	message, err := e.sim.Send(e.demo.Partner, e.demo.Box, paper)
	require.NoError(e.t, err)
	documents, err := e.client.GetDocumentsByMessageId(e.ctx, e.box, diadoc.MessageID(message))
	require.NoError(e.t, err)
	return diadoc.DocumentID{MessageID: diadoc.MessageID(message), EntityID: documents.Documents[0].EntityID}
}

func (e *exchange) state(id diadoc.DocumentID) diadoc.State {
	e.t.Helper()
	document, err := e.client.GetDocument(e.ctx, e.box, id, false)
	require.NoError(e.t, err)
	return document.State()
}

// finish polls a task until it is ready.
func finish[T any](e *exchange, task diadoc.Task[T]) T {
	e.t.Helper()
	_, err := task.Poll(e.ctx, e.client)
	require.ErrorIs(e.t, err, diadoc.ErrNotReady)
	out, err := task.Poll(e.ctx, e.client)
	require.NoError(e.t, err)
	return out
}

func TestDiadocClientMeetsIdentity(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	identity := diadoc.NewIdentity(e.up, e.base+"/identity", e.demo.ClientID, diadoc.Secret(e.demo.ClientSecret))
	found, err := identity.Discover(e.ctx)
	require.NoError(t, err)
	require.Equal(t, e.base+"/identity/connect/token", found.Token)
	first, err := identity.Refresh(e.ctx, diadoc.Secret(e.demo.RefreshToken))
	require.NoError(t, err)
	_, err = identity.Refresh(e.ctx, diadoc.Secret(e.demo.RefreshToken))
	require.ErrorIs(t, err, diadoc.ErrGrantRefused)
	second, err := identity.Refresh(e.ctx, first.Refresh)
	require.NoError(t, err)
	e.sim.SetSwitches(diadocsim.Switches{KeepRefreshToken: true})
	kept, err := identity.Refresh(e.ctx, second.Refresh)
	require.NoError(t, err)
	require.Equal(t, second.Refresh, kept.Refresh)

	page, err := http.PostForm(identity.AuthorizeURL(diadocHome, diadoc.StagingScope, "st", "n"), url.Values{"login": {e.demo.Login}, "password": {"no"}})
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	request, err := http.NewRequestWithContext(e.ctx, http.MethodPost, identity.AuthorizeURL(diadocHome, diadoc.StagingScope, "st", "n"),
		strings.NewReader(url.Values{"login": {e.demo.Login}, "password": {e.demo.Password}}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	back, err := url.Parse(answer.Header.Get("Location"))
	require.NoError(t, err)
	tokens, err := identity.Exchange(e.ctx, diadoc.Secret(back.Query().Get("code")), diadocHome)
	require.NoError(t, err)
	require.NotEmpty(t, tokens.ID)

	device, err := identity.StartDevice(e.ctx, diadoc.StagingScope)
	require.NoError(t, err)
	_, err = identity.PollDevice(e.ctx, device)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	require.NoError(t, e.sim.ApproveDevice(device.UserCode, e.demo.Login))
	_, err = identity.PollDevice(e.ctx, device)
	require.NoError(t, err)

	login := diadoc.NewDiadocLogin(e.up, e.base+"/diadoc", e.demo.ClientID)
	_, err = login.ByPassword(e.ctx, e.demo.Login, diadoc.Secret(e.demo.Password))
	require.NoError(t, err)
	_, err = login.ByPassword(e.ctx, e.demo.Login, "no")
	require.ErrorIs(t, err, diadoc.ErrLoginRefused)
	_, err = login.BySID(e.ctx, "demo-sid")
	require.NoError(t, err)
}

func TestDiadocClientMeetsOrganizations(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	mine, err := e.client.GetMyOrganizations(e.ctx, false)
	require.NoError(t, err)
	require.Equal(t, e.box, mine.Organizations[0].Boxes[0].BoxIDGUID)
	require.Len(t, mine.Organizations[0].Departments, 2)
	me, err := e.client.GetMyUser(e.ctx)
	require.NoError(t, err)
	require.Equal(t, "Мостовой", me.FullName.LastName)
	employee, err := e.client.GetMyEmployee(e.ctx, e.box)
	require.NoError(t, err)
	require.True(t, employee.Permissions.IsAdministrator)
	require.Equal(t, diadoc.AccessAllDocuments, employee.Permissions.DocumentAccessLevel)
	e.sim.ExpireTokens()
	partner, err := e.client.GetOrganization(e.ctx, diadoc.OrganizationQuery{INN: "5400000002"})
	require.NoError(t, err, "the token is renewed after a 401")
	require.True(t, partner.Boxes[0].BoxID.Same(diadoc.BoxID(e.demo.Partner)))
	_, err = e.client.GetOrganization(e.ctx, diadoc.OrganizationQuery{INN: "1234567890"})
	require.ErrorIs(t, err, diadoc.ErrNotFound)
	box, err := e.client.GetBox(e.ctx, diadoc.BoxID(e.demo.Closed))
	require.NoError(t, err)
	require.Equal(t, diadoc.SociabilityCounteragentsOnly, box.Organization.Sociability)
	_, err = e.client.GetOrganizationsByInnKpp(e.ctx, "5400000002", "", true)
	require.NoError(t, err)
	users, err := e.client.GetOrganizationUsers(e.ctx, e.box)
	require.NoError(t, err)
	require.Equal(t, me.UserID, users.CurrentUserID)
	_, err = e.client.GetOrganizationFeatures(e.ctx, e.box)
	require.NoError(t, err)
	_, err = e.client.GetEmployee(e.ctx, e.box, me.UserID)
	require.NoError(t, err)
	require.Len(t, all(t, e.client.Employees(e.ctx, e.box)), 1)
	_, err = e.client.GetMyCertificates(e.ctx, e.box, false)
	require.NoError(t, err)

	made, err := e.client.CreateDepartment(e.ctx, e.box, diadoc.DepartmentToCreate{Name: "Ипотека", Abbreviation: "ИП"})
	require.NoError(t, err)
	_, err = e.client.UpdateDepartment(e.ctx, e.box, diadoc.DepartmentID(made.ID), diadoc.DepartmentToUpdate{})
	require.NoError(t, err)
	plain, err := e.client.GetDepartment(e.ctx, e.box, diadoc.DepartmentID(made.ID))
	require.NoError(t, err)
	require.Equal(t, "Ипотека", plain.Name)
	require.Len(t, all(t, e.client.Departments(e.ctx, e.box)), 4)
	require.NoError(t, e.client.DeleteDepartment(e.ctx, e.box, diadoc.DepartmentID(made.ID)))
	_, err = e.client.GetMyEmployee(e.ctx, diadoc.BoxID(e.demo.Partner))
	require.ErrorIs(t, err, diadoc.ErrNoAccess)
	require.NoError(t, e.sim.SuspendSubscription(e.demo.Box, true))
	_, err = e.client.GetMyEmployee(e.ctx, e.box)
	require.ErrorIs(t, err, diadoc.ErrNoSubscription)
}

func TestDiadocClientMeetsCounteragents(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	stranger := diadoc.BoxID(e.demo.Stranger)
	_, err := e.client.GetCounteragent(e.ctx, e.box, stranger)
	require.ErrorIs(t, err, diadoc.ErrNotFound)
	task, err := e.client.AcquireCounteragent(e.ctx, e.box, "", diadoc.AcquireCounteragentRequest{BoxID: stranger, MessageToCounteragent: "Предлагаем"})
	require.NoError(t, err)
	require.Equal(t, stranger, finish(e, diadoc.Task[diadoc.AcquireCounteragentResultV2](task)).BoxID)
	require.NoError(t, e.sim.AcceptInvitation(e.demo.Stranger, e.demo.Box))
	relation, err := e.client.GetCounteragent(e.ctx, e.box, stranger)
	require.NoError(t, err)
	require.Equal(t, diadoc.IsMyCounteragent, relation.CurrentStatus)
	require.Len(t, all(t, e.client.Counteragents(e.ctx, e.box, diadoc.CounteragentQuery{PageSize: 1})), 3)
	require.Len(t, all(t, e.client.CounteragentEvents(e.ctx, e.box, diadoc.CounteragentEventQuery{Limit: 1})), 4)
	require.NoError(t, e.client.BreakWithCounteragent(e.ctx, e.box, stranger, "до свидания"))
	refused, err := e.client.GetCounteragents(e.ctx, e.box, diadoc.CounteragentQuery{Status: diadoc.FilterRejected})
	require.NoError(t, err)
	require.Len(t, refused.Counteragents, 1)

	group, err := e.client.CreateCounteragentGroup(e.ctx, e.box, diadoc.CounteragentGroupToCreate{Name: "Опт",
		Departments: &diadoc.DepartmentsInGroup{DepartmentIDs: []diadoc.DepartmentID{diadoc.DepartmentID(e.demo.Law)}}})
	require.NoError(t, err)
	_, err = e.client.CreateCounteragentGroup(e.ctx, e.box, diadoc.CounteragentGroupToCreate{Name: "Опт"})
	require.ErrorIs(t, err, diadoc.ErrConflict)
	changed, err := e.client.UpdateCounteragentGroup(e.ctx, e.box, group.CounteragentGroupID, diadoc.CounteragentGroupToUpdate{Name: "Опт, СЗФО",
		GroupDepartments: &diadoc.CounteragentGroupDepartmentPatch{AnyDepartment: true}})
	require.NoError(t, err)
	require.Nil(t, changed.Departments)
	require.NoError(t, e.client.AddCounteragentToGroup(e.ctx, e.box, group.CounteragentGroupID, diadoc.BoxID(e.demo.Partner)))
	members := all(t, e.client.GroupMembers(e.ctx, e.box, group.CounteragentGroupID))
	require.Equal(t, []diadoc.BoxID{diadoc.BoxID(e.demo.Partner)}, members)
	require.Len(t, all(t, e.client.CounteragentGroups(e.ctx, e.box)), 2)
	require.NoError(t, e.client.DeleteCounteragentGroup(e.ctx, e.box, group.CounteragentGroupID))
	_, err = e.client.GetCounteragentGroup(e.ctx, e.box, group.CounteragentGroupID)
	require.ErrorIs(t, err, diadoc.ErrNotFound)
}

func TestDiadocClientMeetsSending(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	body, err := diadoc.Body("PostMessage", e.contract("договор"))
	require.NoError(t, err)
	e.sim.DropAnswerNext("PostMessage")
	_, err = e.client.PostStoredMessage(e.ctx, "op-1", body)
	require.True(t, upstream.MaybeDone(err))
	e.sim.RetryLaterNext("PostMessage", http.StatusNoContent)
	_, err = e.client.PostStoredMessage(e.ctx, "op-1", body)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	message, err := e.client.PostStoredMessage(e.ctx, "op-1", body)
	require.NoError(t, err)
	require.Len(t, e.sim.Documents(), 1)
	id := diadoc.DocumentID{MessageID: message.MessageID, EntityID: message.Documents()[0].EntityID}
	require.Equal(t, diadoc.StateAwaitingAnswer, e.state(id))
	found, err := e.client.GetDocumentsByCustomId(e.ctx, e.box, "deal-17")
	require.NoError(t, err)
	require.Len(t, found.Documents, 1)
	require.NoError(t, e.sim.Sign(e.demo.Partner, string(id.MessageID), string(id.EntityID)))
	require.Equal(t, diadoc.StateSigned, e.state(id))
	read, err := e.client.GetMessage(e.ctx, e.box, id.MessageID, diadoc.MessageOptions{OriginalSignature: true, InjectEntityContent: true})
	require.NoError(t, err)
	require.Len(t, read.Signatures(id.EntityID), 2)
	improved, err := e.client.GetMessage(e.ctx, e.box, id.MessageID, diadoc.MessageOptions{EntityID: id.EntityID})
	require.NoError(t, err)
	require.Len(t, improved.Signatures(id.EntityID), 2, "an improved signature is not another one")
	content, err := e.client.ReadEntity(e.ctx, e.box, id.MessageID, read.Documents()[0], 1<<20)
	require.NoError(t, err)
	require.Equal(t, "договор", string(content))
	info, err := e.client.GetSignatureInfo(e.ctx, e.box, diadoc.DocumentID{MessageID: id.MessageID, EntityID: read.Signatures(id.EntityID)[0].EntityID})
	require.NoError(t, err)
	require.NotEmpty(t, info.Thumbprint)

	closed := e.contract("договор")
	closed.ToBoxID = diadoc.BoxID(e.demo.Closed)
	_, err = e.client.PostMessage(e.ctx, "op-2", closed)
	require.ErrorIs(t, err, diadoc.ErrConflict)
	verdict, err := e.client.CanPostMessage(e.ctx, diadoc.Raw(`{"FromBoxId":"`+e.demo.Box+`","ToBoxId":"`+e.demo.Closed+`","DocumentAttachments":[{"TypeNamedId":"Nonformalized"}]}`))
	require.NoError(t, err)
	require.Len(t, verdict.Errors, 1)
}

func TestDiadocClientMeetsDraftsAndPackets(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	name, err := e.client.UploadToShelf(e.ctx, bytes.NewReader(bytes.Repeat([]byte("договор"), 600_000)), ".pdf")
	require.NoError(t, err, "four megabytes in two parts")
	draft := e.contract("")
	draft.IsDraft = true
	draft.DocumentAttachments[0].SignedContent = diadoc.SignedContent{NameOnShelf: name}
	made, err := e.client.PostMessage(e.ctx, "draft", draft)
	require.NoError(t, err)
	file, err := e.client.ShelfDownload(e.ctx, name)
	require.NoError(t, err)
	bytesOf, err := io.ReadAll(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	sent, err := e.client.SendDraft(e.ctx, "send", diadoc.DraftToSend{BoxID: e.box, DraftID: made.MessageID, DocumentSignatures: []diadoc.DocumentSenderSignature{{
		ParentEntityID: made.Documents()[0].EntityID, Signature: e.signature(bytesOf)}}})
	require.NoError(t, err)
	require.Equal(t, made.MessageID, sent.CreatedFromDraftID)
	require.NoError(t, e.client.RecycleDraft(e.ctx, e.box, made.MessageID))
	require.ErrorIs(t, e.client.RecycleDraft(e.ctx, e.box, made.MessageID), diadoc.ErrConflict)

	title := diadoc.Title{Box: e.box, TypeNamedID: "UniversalTransferDocument", Function: "СЧФДОП", Version: "utd970_05_02_01"}
	data := []byte(`<UniversalTransferDocument DocumentNumber="1187" DocumentDate="20.11.2026"/>`)
	xml, err := e.client.GenerateTitleXml(e.ctx, title, data, diadoc.TitleOptions{})
	require.NoError(t, err)
	require.Contains(t, xml.Name, "UTD970")
	_, err = e.client.ParseTitleXml(e.ctx, title, xml.Body)
	require.NoError(t, err)
	delayed, err := e.client.PostMessage(e.ctx, "delayed", diadoc.MessageToPost{FromBoxID: e.box, ToBoxID: diadoc.BoxID(e.demo.Partner), DelaySend: true,
		DocumentAttachments: []diadoc.DocumentAttachment{{TypeNamedID: title.TypeNamedID, Function: title.Function, Version: title.Version,
			SignedContent: diadoc.SignedContent{Content: xml.Body}}}})
	require.NoError(t, err)
	id := diadoc.DocumentID{MessageID: delayed.MessageID, EntityID: delayed.Documents()[0].EntityID}
	require.Equal(t, diadoc.StateUnsent, e.state(id))
	prepared, err := e.client.PrepareDocumentsToSign(e.ctx, diadoc.PrepareDocumentsToSignRequest{BoxID: e.box,
		Documents: []diadoc.DocumentToPatch{{DocumentID: id, SignerContent: []byte("<Signer/>")}}}, false)
	require.NoError(t, err)
	_, err = e.client.PostMessagePatch(e.ctx, "sign", diadoc.MessagePatchToPostV2{BoxID: e.box, MessageID: id.MessageID, Signatures: []diadoc.DocumentSignature{{
		ParentEntityID: id.EntityID, PatchedContentID: prepared.DocumentPatchedContents[0].PatchedContentID,
		Signature: e.signature(prepared.DocumentPatchedContents[0].Content)}}})
	require.NoError(t, err)
	require.Equal(t, diadoc.StateAwaitingAnswer, e.state(id))
	require.NoError(t, e.sim.Receipt(e.demo.Partner, string(id.MessageID), string(id.EntityID)))
	require.NoError(t, e.sim.Sign(e.demo.Partner, string(id.MessageID), string(id.EntityID)))
	require.Equal(t, diadoc.StateSigned, e.state(id))
}

func TestDiadocClientMeetsAnswers(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	operation := diadoc.OperationID("op-")
	patch := func(id diadoc.DocumentID, patch diadoc.MessagePatchToPostV2) error {
		patch.BoxID, patch.MessageID = e.box, id.MessageID
		operation += "x"
		_, err := e.client.PostMessagePatch(e.ctx, operation, patch)
		return err
	}
	id := e.receive(diadocsim.Paper{FileName: "Акт.pdf", Content: []byte("акт"), NeedReply: true})
	refusal, err := e.client.GenerateSignatureRejectionXml(e.ctx, e.box, diadoc.SignatureRejectionGenerationRequestV2{
		MessageID: id.MessageID, AttachmentID: id.EntityID, ErrorMessage: "не тот объект", SignerContent: []byte("<Signer/>")})
	require.NoError(t, err)
	require.NoError(t, patch(id, diadoc.MessagePatchToPostV2{XMLSignatureRejections: []diadoc.XMLSignatureRejectionAttachment{{ParentEntityID: id.EntityID, SignedContent: e.signed(refusal.Body)}}}))
	require.Equal(t, diadoc.StateRejected, e.state(id))

	utd := e.receive(diadocsim.Paper{Type: "UniversalTransferDocument", Function: "СЧФДОП", Content: []byte(`<Файл ИдФайл="a"/>`)})
	receipt, err := e.client.GenerateReceiptXml(e.ctx, e.box, diadoc.ReceiptGenerationRequestV2{MessageID: utd.MessageID, AttachmentID: utd.EntityID, SignerContent: []byte("<Signer/>")})
	require.NoError(t, err)
	title, err := e.client.GenerateTitleXml(e.ctx, diadoc.Title{Box: e.box, TypeNamedID: "UniversalTransferDocument", Function: "СЧФДОП", Version: "utd970_05_02_01", Index: 1},
		[]byte("<Buyer/>"), diadoc.TitleOptions{LetterID: utd.MessageID, DocumentID: utd.EntityID})
	require.NoError(t, err)
	require.NoError(t, patch(utd, diadoc.MessagePatchToPostV2{
		Receipts:        []diadoc.ReceiptAttachment{{ParentEntityID: utd.EntityID, SignedContent: e.signed(receipt.Body)}},
		RecipientTitles: []diadoc.RecipientTitleAttachment{{ParentEntityID: utd.EntityID, SignedContent: e.signed(title.Body)}},
	}))
	require.Equal(t, diadoc.StateSigned, e.state(utd))

	ours := e.send("ours")
	require.NoError(t, e.sim.Sign(e.demo.Partner, string(ours.MessageID), string(ours.EntityID)))
	request, err := e.client.GenerateRevocationRequestXml(e.ctx, e.box, ours, "", diadoc.RevocationRequestToGenerate{Comment: "ошибка"})
	require.NoError(t, err)
	require.NoError(t, patch(ours, diadoc.MessagePatchToPostV2{RevocationRequests: []diadoc.RevocationRequestAttachment{{ParentEntityID: ours.EntityID, SignedContent: e.signed(request.Body)}}}))
	require.Equal(t, diadoc.StateRevocationOut, e.state(ours))
	require.NoError(t, e.sim.AcceptRevocation(e.demo.Partner, string(ours.MessageID), string(ours.EntityID)))
	require.Equal(t, diadoc.StateRevoked, e.state(ours))

	require.NoError(t, patch(id, diadoc.MessagePatchToPostV2{CustomDataPatches: []diadoc.CustomDataPatch{{ParentEntityID: id.EntityID, Operation: diadoc.CustomDataSet, Key: "stage", Value: "won"}},
		Resolutions: []diadoc.ResolutionAttachment{{InitialDocumentID: id.EntityID, ResolutionType: diadoc.ResolutionApprove}}}))
	require.NoError(t, e.client.MoveDocuments(e.ctx, diadoc.DocumentsMove{BoxID: e.box, ToDepartmentID: diadoc.DepartmentID(e.demo.Law), DocumentIDs: []diadoc.DocumentID{id}}))
	moved, err := e.client.GetDocument(e.ctx, e.box, id, true)
	require.NoError(t, err)
	require.Equal(t, diadoc.DepartmentID(e.demo.Law), moved.DepartmentID)
	require.Equal(t, []byte("акт"), moved.Content.Data)
	forwarded, err := e.client.ForwardDocument(e.ctx, e.box, diadoc.ForwardDocumentRequest{ToBoxID: diadoc.BoxID(e.demo.Stranger), DocumentID: id})
	require.NoError(t, err)
	require.NotNil(t, forwarded.ForwardedDocumentID)
	require.NoError(t, e.client.Delete(e.ctx, e.box, id.MessageID, ""))
	require.Equal(t, diadoc.StateDeleted, e.state(id))
	require.ErrorIs(t, e.client.Delete(e.ctx, e.box, id.MessageID, ""), diadoc.ErrConflict)
	require.NoError(t, e.client.Restore(e.ctx, e.box, id.MessageID, id.EntityID))
}
