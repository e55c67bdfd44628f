package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/sandbox/diadocsim"
)

func TestDiadocClientMeetsReading(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	_, some, err := e.client.GetLastEvent(e.ctx, e.box)
	require.NoError(t, err)
	require.False(t, some)
	id := e.send("op")
	require.NoError(t, e.sim.Sign(e.demo.Partner, string(id.MessageID), string(id.EntityID)))
	e.receive(diadocsim.Paper{Type: "Contract", FileName: "a", Number: "7", Date: "20.11.2026", Content: []byte("x")})
	events := all(t, e.client.NewEvents(e.ctx, e.box, diadoc.EventQuery{Limit: 1}))
	require.Len(t, events, 4)
	for _, event := range events {
		require.NoError(t, event.Err)
	}
	require.True(t, events[0].Message.FromBoxID.Same(e.box))
	require.True(t, events[1].Patch.MessageIsDelivered)
	again, err := e.client.GetEvent(e.ctx, e.box, events[0].EventID)
	require.NoError(t, err)
	require.Equal(t, id.MessageID, again.Message.MessageID)
	last, some, err := e.client.GetLastEvent(e.ctx, e.box)
	require.NoError(t, err)
	require.True(t, some)
	require.Equal(t, events[3].EventID, last.EventID)
	inbound := all(t, e.client.NewEvents(e.ctx, e.box, diadoc.EventQuery{Directions: []diadoc.DocumentDirection{diadoc.DirectionInbound},
		MessageTypes: []diadoc.MessageType{diadoc.MessageLetter}, TypeNamedIDs: []string{"Contract"}, CounteragentBoxID: diadoc.BoxID(e.demo.Partner)}))
	require.Len(t, inbound, 1)
	_, err = e.client.GetNewEventsV7(e.ctx, e.box, diadoc.EventQuery{})
	require.NoError(t, err)
	require.Len(t, e.ended, 1, "the end of V7 is announced")

	list := all(t, e.client.Documents(e.ctx, e.box, diadoc.DocumentQuery{Category: "Any.OutboundWithRecipientSignature", Count: 1}))
	require.Len(t, list, 1)
	filtered := all(t, e.client.FilteredDocuments(e.ctx, e.box, diadoc.GetDocumentsV4Request{DocumentCategory: "Inbound", DocumentNumbers: []string{"7"}, Count: 1}))
	require.Len(t, filtered, 1)
	flows, err := e.client.GetDocflows(e.ctx, e.box, diadoc.GetDocflowBatchRequest{Requests: []diadoc.GetDocflowRequest{{DocumentID: id}}})
	require.NoError(t, err)
	require.Equal(t, id, flows.Documents[0].DocumentID)
	require.Len(t, all(t, e.client.DocflowEvents(e.ctx, e.box, diadoc.GetDocflowEventsRequest{PopulateDocuments: true, Limit: 1})), 4)
	packet := list[0].PacketID
	require.Len(t, all(t, e.client.PacketDocflows(e.ctx, e.box, diadoc.GetDocflowsByPacketIDRequest{PacketID: packet})), 1)
	types, err := e.client.GetDocumentTypes(e.ctx, e.box)
	require.NoError(t, err)
	require.NotEmpty(t, types.DocumentTypes)
	titles, err := e.client.DetectDocumentTitles(e.ctx, e.box, []byte("%PDF"))
	require.NoError(t, err)
	require.Equal(t, "Nonformalized", titles.DocumentTitles[0].TypeNamedID)
}

func TestDiadocClientMeetsSigningAndPrinting(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	require.NoError(t, e.sim.AddCloudCertificate(e.demo.Login, "AB"))
	task, err := e.client.CloudSign(e.ctx, "AB", diadoc.CloudSignRequest{Files: []diadoc.CloudSignFile{{Content: &diadoc.ContentV2{Content: []byte("договор")}}}})
	require.NoError(t, err)
	token := finish(e, diadoc.Task[diadoc.CloudSignResult](task)).Token
	confirm, err := e.client.CloudSignConfirm(e.ctx, token, e.sim.Signings()[0].Code, diadoc.SignatureInline)
	require.NoError(t, err)
	require.Len(t, finish(e, diadoc.Task[diadoc.CloudSignConfirmResult](confirm)).Signatures, 1)
	dss, err := e.client.DssSign(e.ctx, e.box, diadoc.DssSignRequestV2{SignDataSource: diadoc.CertificateSign, CertificateData: &diadoc.DssCertificateData{Thumbprint: "AB"},
		Files: []diadoc.DssSignFile{{Content: diadoc.ContentV3{Content: []byte("договор")}}}})
	require.NoError(t, err)
	_, err = dss.Poll(e.ctx, e.client)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	e.sim.SetSwitches(diadocsim.Switches{DssSampleName: true, NotReady: http.StatusOK})
	require.NoError(t, e.sim.ConfirmSigning(string(dss.ID)))
	signed, err := dss.Poll(e.ctx, e.client)
	require.NoError(t, err)
	require.Len(t, signed.FileSigningResults, 1)

	id := e.send("op")
	_, err = e.client.GeneratePrintForm(e.ctx, e.box, id)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	form, err := e.client.GeneratePrintForm(e.ctx, e.box, id)
	require.NoError(t, err)
	require.Equal(t, "Неформализованный документ.pdf", form.Name)
	_, err = e.client.GenerateDocumentProtocol(e.ctx, e.box, id)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	protocol, err := e.client.GenerateDocumentProtocol(e.ctx, e.box, id)
	require.NoError(t, err)
	require.Contains(t, string(protocol.PrintForm), "%PDF")
	_, err = e.client.GenerateDocumentZip(e.ctx, e.box, id, true)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	archive, err := e.client.GenerateDocumentZip(e.ctx, e.box, id, true)
	require.NoError(t, err)
	opened, err := e.client.OpenZip(e.ctx, archive)
	require.NoError(t, err)
	require.NoError(t, opened.Close())
	printed, err := e.client.GeneratePrintFormFromAttachment(e.ctx, "Contract", e.box, []byte("x"))
	require.NoError(t, err)
	_, err = printed.Poll(e.ctx, e.client)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	_, err = printed.Poll(e.ctx, e.client)
	require.NoError(t, err)
}

// TestDiadocClientBearsOpenQuestions plays the readings that the pages leave open.
func TestDiadocClientBearsOpenQuestions(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	e.sim.SetSwitches(diadocsim.Switches{RefuseUnknown: true, GUIDBoxIDs: true, NullForAbsent: true, DateTimes: true, EventsShowThen: true, KeyOnLastPage: true})
	id := e.send("op")
	events := all(t, e.client.NewEvents(e.ctx, e.box, diadoc.EventQuery{}))
	require.Equal(t, e.box, events[0].Message.FromBoxID)
	message, err := e.client.GetMessage(e.ctx, e.box, id.MessageID, diadoc.MessageOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, message.Documents())
	flows := all(t, e.client.DocflowEvents(e.ctx, e.box, diadoc.GetDocflowEventsRequest{PopulateDocuments: true}))
	require.NotZero(t, flows[0].Timestamp.Ticks)
	require.Len(t, all(t, e.client.GroupMembers(e.ctx, e.box, "00000000-0000-0000-0000-000000000000")), 1)
	for status, want := range map[int]error{http.StatusTooManyRequests: diadoc.ErrTooManyRequests, http.StatusInternalServerError: diadoc.ErrUnavailable,
		http.StatusGone: diadoc.ErrGone, http.StatusConflict: diadoc.ErrConflict} {
		e.sim.FailNext("GetMyUser", status, 1)
		_, err := e.client.GetMyUser(e.ctx)
		require.ErrorIs(t, err, want)
	}
}
