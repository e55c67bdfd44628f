package diadoc_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("я", n) }
	message := func(change func(*diadoc.DocumentAttachment)) diadoc.MessageToPost {
		d := diadoc.DocumentAttachment{TypeNamedID: "Nonformalized"}
		change(&d)
		return diadoc.MessageToPost{FromBoxID: myBox, ToBoxID: otherBox, IsDraft: true, DocumentAttachments: []diadoc.DocumentAttachment{d}}
	}
	patch := func(change func(*diadoc.MessagePatchToPostV2)) diadoc.MessagePatchToPostV2 {
		p := diadoc.MessagePatchToPostV2{BoxID: myBox, MessageID: "m"}
		change(&p)
		return p
	}
	for field, tc := range map[string]struct {
		operation string
		body      any
	}{
		"FromBoxId":                          {"PostMessage", diadoc.MessageToPost{}},
		"ToBoxId":                            {"PostMessage", diadoc.MessageToPost{FromBoxID: myBox, ToBoxID: "aaaaaaaa000040008000000000000001@diadoc.ru"}},
		"DocumentAttachments":                {"PostMessage", diadoc.MessageToPost{FromBoxID: myBox, DocumentAttachments: make([]diadoc.DocumentAttachment, 41)}},
		"DocumentAttachments[0].TypeNamedId": {"PostMessage", message(func(d *diadoc.DocumentAttachment) { d.TypeNamedID = "" })},
		"DocumentAttachments[0].Comment":     {"PostMessage", message(func(d *diadoc.DocumentAttachment) { d.Comment = long(5001) })},
		"DocumentAttachments[0].CustomData":  {"PostMessage", message(func(d *diadoc.DocumentAttachment) { d.CustomData = make([]diadoc.CustomDataItem, 31) })},
		"DocumentAttachments[0].CustomData[0].Key": {"PostMessage", message(func(d *diadoc.DocumentAttachment) {
			d.CustomData = []diadoc.CustomDataItem{{Key: "номер сделки"}}
		})},
		"DocumentAttachments[0].CustomData[0].Value": {"PostMessage", message(func(d *diadoc.DocumentAttachment) {
			d.CustomData = []diadoc.CustomDataItem{{Key: "номер_сделки-1", Value: long(201)}}
		})},
		"DocumentAttachments[0].SignedContent": {"PostMessage", message(func(d *diadoc.DocumentAttachment) {
			d.SignedContent = diadoc.SignedContent{Content: []byte("x"), NameOnShelf: "n"}
		})},
		"DocumentAttachments[0].SignedContent.Content": {"PostMessage", message(func(d *diadoc.DocumentAttachment) {
			d.SignedContent.Content = make([]byte, diadoc.MaxDocument+1)
		})},
		"DocumentAttachments[0].SignedContent.PowerOfAttorney": {"PostMessage", message(func(d *diadoc.DocumentAttachment) {
			d.SignedContent.PowerOfAttorney = &diadoc.PowerOfAttorneyToPost{UseDefault: true, UseDocumentContent: true}
		})},
		"DocumentAttachments[0].SignedContent.Signature": {"PostMessage", diadoc.MessageToPost{FromBoxID: myBox,
			DocumentAttachments: []diadoc.DocumentAttachment{{TypeNamedID: "x"}}}},
		"DocumentAttachments[1].CustomDocumentId": {"PostMessage", diadoc.MessageToPost{FromBoxID: myBox, DelaySend: true, DocumentAttachments: []diadoc.DocumentAttachment{
			{TypeNamedID: "x", CustomDocumentID: "same"}, {TypeNamedID: "x", CustomDocumentID: "same"}}}},
		"DraftId":                              {"SendDraft", diadoc.DraftToSend{BoxID: myBox}},
		"DocumentSignatures[0].ParentEntityId": {"SendDraft", diadoc.DraftToSend{BoxID: myBox, DraftID: "d", DocumentSignatures: make([]diadoc.DocumentSenderSignature, 1)}},
		"MessageId":                            {"PostMessagePatch", diadoc.MessagePatchToPostV2{BoxID: myBox}},
		"BoxId":                                {"PostMessagePatchV3", diadoc.MessagePatchToPost{}},
		"Signatures[0].ParentEntityId":         {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) { p.Signatures = make([]diadoc.DocumentSignature, 1) })},
		"Receipts[0].ParentEntityId":           {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) { p.Receipts = make([]diadoc.ReceiptAttachment, 1) })},
		"CustomDataPatches":                    {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) { p.CustomDataPatches = make([]diadoc.CustomDataPatch, 16) })},
		"CustomDataPatches[0].Operation":       {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) { p.CustomDataPatches = make([]diadoc.CustomDataPatch, 1) })},
		"Resolutions[0].Comment": {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) {
			p.Resolutions = []diadoc.ResolutionAttachment{{ResolutionType: diadoc.ResolutionApprove, Comment: long(5001)}}
		})},
		"ResolutionRequests[0]": {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) {
			p.ResolutionRequests = []diadoc.ResolutionRequestAttachment{{Type: diadoc.SignatureRequest}}
		})},
		"ResolutionRequests[0].Comment": {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) {
			p.ResolutionRequests = []diadoc.ResolutionRequestAttachment{{Type: diadoc.SignatureRequest, TargetUserID: "u", Comment: long(501)}}
		})},
		"ResolutionRequestCancellations[0].Comment": {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) {
			p.ResolutionRequestCancellations = []diadoc.ResolutionRequestCancellationAttachment{{Comment: long(257)}}
		})},
		"XmlSignatureRejections[0].Labels[0]": {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) {
			p.XMLSignatureRejections = []diadoc.XMLSignatureRejectionAttachment{{ParentEntityID: "e", Labels: []string{"ярлык"}}}
		})},
		"RevocationRequests[0].Labels": {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) {
			p.RevocationRequests = []diadoc.RevocationRequestAttachment{{ParentEntityID: "e", Labels: make([]string, 31)}}
		})},
		"UniversalMessages": {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) {
			p.UniversalMessages = []diadoc.UniversalMessageAttachment{{UniversalMessageContent: diadoc.UnsignedContent{Content: make([]byte, diadoc.MaxUnsignedInline+1)}}}
		})},
		"EditingPatches[0].Content":   {"PostMessagePatch", patch(func(p *diadoc.MessagePatchToPostV2) { p.EditingPatches = make([]diadoc.EditingPatch, 1) })},
		"MessageToCounteragent":       {"AcquireCounteragent", diadoc.AcquireCounteragentRequest{INN: "7700000000", MessageToCounteragent: long(2001)}},
		"InvitationDocument.FileName": {"AcquireCounteragent", diadoc.AcquireCounteragentRequest{INN: "7700000000", InvitationDocument: &diadoc.InvitationDocument{}}},
		"Name":                        {"CreateCounteragentGroup", diadoc.CounteragentGroupToCreate{Name: long(1025)}},
		"Departments.DepartmentIds":   {"CreateCounteragentGroup", diadoc.CounteragentGroupToCreate{Name: "n", Departments: &diadoc.DepartmentsInGroup{}}},
		"GroupDepartments.Departments.DepartmentIds": {"UpdateCounteragentGroup", diadoc.CounteragentGroupToUpdate{GroupDepartments: &diadoc.CounteragentGroupDepartmentPatch{
			Departments: &diadoc.DepartmentsInGroup{DepartmentIDs: make([]diadoc.DepartmentID, 420)}}}},
		"GroupDepartments": {"UpdateCounteragentGroup", diadoc.CounteragentGroupToUpdate{GroupDepartments: &diadoc.CounteragentGroupDepartmentPatch{}}},
		"Requests":         {"GetDocflows", diadoc.GetDocflowBatchRequest{Requests: make([]diadoc.GetDocflowRequest, 101)}},
		"Limit":            {"GetDocflowEvents", diadoc.GetDocflowEventsRequest{Limit: 101}},
		"Count":            {"SearchDocflows", diadoc.SearchDocflowsRequest{Count: 101}},
		"PacketId":         {"GetDocflowsByPacketId", diadoc.GetDocflowsByPacketIDRequest{}},
		"DocumentCategory": {"GetDocumentsV4", diadoc.GetDocumentsV4Request{}},
		"Comment":          {"GenerateRevocationRequestXml", diadoc.RevocationRequestToGenerate{Comment: long(2001)}},
		"ErrorMessage":     {"GenerateSignatureRejectionXml", diadoc.SignatureRejectionGenerationRequestV2{ErrorMessage: long(5001)}},
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			_, err := diadoc.Body(tc.operation, tc.body)
			fault, is := errors.AsType[*diadoc.CallError](err)
			require.True(t, is, "%v", err)
			require.Equal(t, field, fault.Field)
			require.Equal(t, tc.operation, fault.Operation)
			require.NotEmpty(t, fault.Rule.RU)
			require.NotEmpty(t, fault.Rule.EN)
			require.Equal(t, upstream.Refused, upstream.ClassOf(err))
		})
	}
}

func TestLimitsAllowWhatIsAllowed(t *testing.T) {
	t.Parallel()
	comment := strings.Repeat("я", 5000)
	documents := make([]diadoc.DocumentAttachment, 40)
	for i := range documents {
		documents[i] = diadoc.DocumentAttachment{TypeNamedID: "Nonformalized", Comment: comment,
			CustomData: []diadoc.CustomDataItem{{Key: strings.Repeat("ё", 60), Value: strings.Repeat("я", 200)}, {Key: "a_B-9"}}}
	}
	_, err := diadoc.Body("PostMessage", diadoc.MessageToPost{FromBoxID: myBox, ToBoxID: otherBox, DelaySend: true, DocumentAttachments: documents})
	require.NoError(t, err)
	_, err = diadoc.Body("PostMessagePatch", diadoc.MessagePatchToPostV2{BoxID: myBox, MessageID: "m",
		Signatures: []diadoc.DocumentSignature{{ParentEntityID: "e", Labels: []string{"_impersonal", "a-1"}}}})
	require.NoError(t, err)
	_, err = diadoc.Body("PostMessage", make([]byte, diadoc.MaxDocument+1))
	require.ErrorIs(t, err, diadoc.ErrBadCall)
}

func TestMethodsCheckTheirParameters(t *testing.T) {
	t.Parallel()
	s := newService(t, ok("{}"))
	c, ctx := s.client(), t.Context()
	for name, call := range map[string]func() error{
		"no selector": func() error { _, err := c.GetOrganization(ctx, diadoc.OrganizationQuery{}); return err },
		"two selectors": func() error {
			_, err := c.GetOrganization(ctx, diadoc.OrganizationQuery{INN: "1", BoxID: "b"})
			return err
		},
		"kpp without inn": func() error {
			_, err := c.GetOrganization(ctx, diadoc.OrganizationQuery{BoxID: "b", KPP: "1"})
			return err
		},
		"search and key": func() error {
			_, err := c.GetCounteragents(ctx, myBox, diadoc.CounteragentQuery{Search: "x", AfterIndexKey: "k"})
			return err
		},
		"page of 101": func() error {
			_, err := c.GetCounteragents(ctx, myBox, diadoc.CounteragentQuery{PageSize: 101})
			return err
		},
		"limit of 101": func() error { _, err := c.GetNewEvents(ctx, myBox, diadoc.EventQuery{Limit: 101}); return err },
		"two keys": func() error {
			_, err := c.GetNewEvents(ctx, myBox, diadoc.EventQuery{AfterIndexKey: "k", AfterEventID: "e"})
			return err
		},
		"relation limit": func() error {
			_, err := c.GetCounteragentEvents(ctx, myBox, diadoc.CounteragentEventQuery{Limit: 101})
			return err
		},
		"members": func() error { _, err := c.GetCounteragentsFromGroup(ctx, myBox, "g", "", 101); return err },
		"number and time": func() error {
			_, err := c.GetDocuments(ctx, myBox, diadoc.DocumentQuery{Category: "x", DocumentNumber: "1", From: 1})
			return err
		},
		"time and date": func() error {
			_, err := c.GetDocuments(ctx, myBox, diadoc.DocumentQuery{Category: "x", FromDate: "01.01.2026", To: 1})
			return err
		},
		"no category": func() error { _, err := c.GetDocuments(ctx, myBox, diadoc.DocumentQuery{}); return err },
		"long break":  func() error { return c.BreakWithCounteragent(ctx, myBox, otherBox, strings.Repeat("я", 5001)) },
		"no box":      func() error { _, err := c.GetBox(ctx, ""); return err },
		"answer to what": func() error {
			_, err := c.GenerateTitleXml(ctx, diadoc.Title{Box: myBox, TypeNamedID: "t", Function: "f", Version: "v", Index: 1}, []byte("<x/>"), diadoc.TitleOptions{})
			return err
		},
		"no data source":  func() error { _, err := c.DssSign(ctx, myBox, diadoc.DssSignRequestV2{}); return err },
		"no operation id": func() error { _, err := c.SendDraft(ctx, "", diadoc.DraftToSend{BoxID: "b", DraftID: "d"}); return err },
		"no task":         func() error { _, err := diadoc.AcquireTask{MyBox: myBox}.Poll(ctx, c); return err },
		"no forwarded one": func() error {
			_, err := c.GetForwardedEntityContent(ctx, myBox, diadoc.ForwardedDocumentID{}, "e")
			return err
		},
	} {
		require.ErrorIs(t, call(), diadoc.ErrBadCall, name)
	}
	require.Empty(t, s.seen())
}

func TestLimiterSpacesCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := diadoc.NewLimiter(10, 100)
		started := time.Now()
		for range 11 {
			release, err := l.Acquire(t.Context())
			require.NoError(t, err)
			release()
		}
		require.Equal(t, time.Second, time.Since(started), "eleven calls at ten a second")
	})
}

func TestLimiterBoundsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := diadoc.NewLimiter(1000, 2)
		first, err := l.Acquire(t.Context())
		require.NoError(t, err)
		_, err = l.Acquire(t.Context())
		require.NoError(t, err)
		third := make(chan error, 1)
		go func() {
			_, err := l.Acquire(t.Context())
			third <- err
		}()
		synctest.Wait() // the third waits
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = l.Acquire(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		first()
		first() // giving back twice gives one place
		require.NoError(t, <-third)
		_, err = l.Acquire(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestLimiterRefusesAfterSlowDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := diadoc.NewLimiter(100, 1)
		until := time.Now().Add(time.Minute)
		l.SlowDown(until)
		l.SlowDown(time.Now()) // an earlier one does not shorten it
		_, err := l.Acquire(t.Context())
		require.ErrorIs(t, err, diadoc.ErrTooManyRequests)
		require.Equal(t, upstream.Wait, upstream.ClassOf(err))
		require.Equal(t, until, upstream.RetryAt(err))
		time.Sleep(time.Minute)
		release, err := l.Acquire(t.Context())
		require.NoError(t, err, "the refused call has kept no place")
		release()
	})
}
