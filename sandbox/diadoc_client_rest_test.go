package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/sandbox/diadocsim"
)

// become makes the calls those of a new user who may do everything in another box.
func (e *exchange) become(box string) *diadoc.Client {
	e.t.Helper()
	e.sim.AddUser(diadocsim.User{Login: box})
	require.NoError(e.t, e.sim.Hire(box, box, diadocsim.Employee{Administrator: true}))
	demo := e.demo
	demo.Login = box
	return diadoc.New(e.up, e.base+"/diadoc", &bearer{sim: e.sim, demo: demo})
}

func TestDiadocClientMeetsTemplatesAndForwarding(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	partner := diadoc.BoxID(e.demo.Partner)
	theirs := e.become(e.demo.Partner)
	template, err := e.client.PostTemplate(e.ctx, "template", diadoc.TemplateToPost{FromBoxID: e.box, ToBoxID: partner, MessageFromBoxID: partner, MessageToBoxID: e.box,
		DocumentAttachments: []diadoc.Raw{diadoc.Raw(`{"TypeNamedId":"Nonformalized","UnsignedContent":{"Content":"YQ=="},"Metadata":[{"Key":"FileName","Value":"a"}]}`)}})
	require.NoError(t, err)
	read, err := theirs.GetMessage(e.ctx, partner, template.MessageID, diadoc.MessageOptions{})
	require.NoError(t, err)
	require.Equal(t, diadoc.MessageTemplate, read.MessageType)
	message, err := theirs.TransformTemplateToMessage(e.ctx, "transform", diadoc.TemplateTransformationToPost{BoxID: partner, TemplateID: template.MessageID})
	require.NoError(t, err)
	require.Equal(t, template.MessageID, message.Documents()[0].DocumentInfo.Origin.MessageID)
	require.NoError(t, e.sim.Sign(e.demo.Partner, string(message.MessageID), string(message.Documents()[0].EntityID)))
	_, err = theirs.PostTemplatePatch(e.ctx, "patch", partner, template.MessageID, diadoc.Raw(`{}`))
	require.NoError(t, err)

	id := e.send("op")
	forwarded, err := e.client.ForwardDocument(e.ctx, e.box, diadoc.ForwardDocumentRequest{ToBoxID: diadoc.BoxID(e.demo.Stranger), DocumentID: id})
	require.NoError(t, err)
	third, stranger := e.become(e.demo.Stranger), diadoc.BoxID(e.demo.Stranger)
	require.Len(t, all(t, third.ForwardedDocumentEvents(e.ctx, stranger, diadoc.GetForwardedDocumentEventsRequest{})), 1)
	content, err := third.GetForwardedEntityContent(e.ctx, stranger, *forwarded.ForwardedDocumentID, id.EntityID)
	require.NoError(t, err)
	require.NoError(t, content.Close())
	_, err = third.GenerateForwardedDocumentProtocol(e.ctx, stranger, *forwarded.ForwardedDocumentID)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	_, err = third.GetMessage(e.ctx, stranger, id.MessageID, diadoc.MessageOptions{})
	require.ErrorIs(t, err, diadoc.ErrNotFound)
}

func TestDiadocClientMeetsDocflowsOfAllVersions(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	id := e.send("op")
	require.NoError(t, e.sim.Reject(e.demo.Partner, string(id.MessageID), string(id.EntityID), "не тот объект"))
	ask := diadoc.GetDocflowBatchRequest{Requests: []diadoc.GetDocflowRequest{{DocumentID: id}}}
	v5, err := e.client.GetDocflows(e.ctx, e.box, ask)
	require.NoError(t, err)
	require.Equal(t, diadoc.StateRejected, v5.Documents[0].State())
	v4, err := e.client.GetDocflowsV4(e.ctx, e.box, ask)
	require.NoError(t, err)
	require.Equal(t, "не тот объект", v4.Documents[0].Docflow.RecipientResponse.Rejection.PlainText)
	v3, err := e.client.GetDocflowsV3(e.ctx, e.box, ask)
	require.NoError(t, err)
	require.Equal(t, id, v3.Documents[0].DocumentID)
	require.Len(t, e.ended, 1, "V3 has a last day")
	e.receive(diadocsim.Paper{FileName: "Смета.pdf", Content: []byte("x")})
	require.Len(t, all(t, e.client.FoundDocflows(e.ctx, e.box, diadoc.SearchDocflowsRequest{QueryString: "смета", Count: 1, Scope: diadoc.SearchScopeIncoming})), 1)
	require.Len(t, all(t, e.client.SecurityEvents(e.ctx, e.box, "")), 0)
}

func TestDiadocClientMeetsPeopleAndPowers(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	e.sim.AddUser(diadocsim.User{Login: "new"})
	made, err := e.client.CreateEmployee(e.ctx, e.box, diadoc.Raw(`{"Login":"new","Position":"Юрист"}`))
	require.NoError(t, err)
	_, err = e.client.CreateEmployee(e.ctx, e.box, diadoc.Raw(`{"Login":"new"}`))
	require.ErrorIs(t, err, diadoc.ErrConflict)
	require.NoError(t, e.client.DeleteEmployee(e.ctx, e.box, made.User.UserID))
	certificates, err := e.client.GetCounteragentCertificates(e.ctx, e.box, diadoc.BoxID(e.demo.Partner))
	require.NoError(t, err)
	require.NotEmpty(t, certificates.Certificates[0].RawCertificateData)
	power := diadoc.PowerOfAttorneyID{RegistrationNumber: "n-1", IssuerINN: "7700000001"}
	_, err = e.client.AddEmployeePowerOfAttorney(e.ctx, e.box, "", power)
	require.NoError(t, err)
	task, err := e.client.RegisterPowerOfAttorney(e.ctx, e.box, diadoc.Raw(`{}`))
	require.NoError(t, err)
	require.NotEmpty(t, finish(e, diadoc.Task[diadoc.PowerOfAttorneyRegisterResult](task)).PowerOfAttorney)
	require.NoError(t, e.client.DeleteEmployeePowerOfAttorney(e.ctx, e.box, "", power))
	_, err = e.client.AutoSignReceipts(e.ctx, e.box, "", "")
	require.ErrorIs(t, err, diadoc.ErrBadRequest, "nobody has a certificate")
	require.NoError(t, e.sim.AddCloudCertificate(e.demo.Login, "AB"))
	receipts, err := e.client.AutoSignReceipts(e.ctx, e.box, "AB", "")
	require.NoError(t, err)
	finish(e, diadoc.Task[diadoc.Raw](receipts))
	_, err = e.client.ParseInvoiceXml(e.ctx, []byte("<a/>"))
	require.Error(t, err, "not simulated, and gone after November 2026")
}

// TestDiadocClientWaitsForItsOwnFirstCall repeats a sending while the first one is still at work.
func TestDiadocClientWaitsForItsOwnFirstCall(t *testing.T) {
	t.Parallel()
	e := meetDiadoc(t)
	body, err := diadoc.Body("PostMessage", e.contract("договор"))
	require.NoError(t, err)
	e.sim.HangNext("PostMessage", time.Second)
	first := make(chan error, 1)
	go func() {
		_, err := e.client.PostStoredMessage(e.ctx, "Row-1", body)
		first <- err
	}()
	require.NoError(t, e.sim.Wait(e.ctx, func() bool { return e.sim.Busy("PostMessage", "row-1") }))
	_, err = e.client.PostStoredMessage(e.ctx, "row-1", body)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	require.NoError(t, <-first)
	_, err = e.client.PostStoredMessage(e.ctx, "row-1", body)
	require.NoError(t, err)
	require.Len(t, e.sim.Documents(), 1)
	e.sim.FailNext("PostMessage", http.StatusConflict, 1)
	_, err = e.client.PostStoredMessage(e.ctx, "row-2", body)
	require.ErrorIs(t, err, diadoc.ErrConflict)
}
