package diadoc_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
)

// TestStates reads a document whose answer is not needed, changed by one thing.
func TestStates(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]struct {
		state   diadoc.State
		ourTurn bool
	}{
		`"RecipientResponseStatus":"RecipientResponseStatusNotAcceptable"`:                    {diadoc.StateFinished, false},
		`"IsDeleted":true,"RevocationStatus":"RevocationAccepted"`:                            {diadoc.StateDeleted, false},
		`"RevocationStatus":"RevocationAccepted","RecipientResponseStatus":3`:                 {diadoc.StateRevoked, false},
		`"RevocationStatus":"RequestsMyRevocation","RecipientResponseStatus":3`:               {diadoc.StateRevocationIn, true},
		`"RevocationStatus":"RevocationIsRequestedByMe"`:                                      {diadoc.StateRevocationOut, false},
		`"RevocationStatus":"RevocationRejected","RecipientResponseStatus":3`:                 {diadoc.StateSigned, false},
		`"SenderSignatureStatus":"WaitingForSenderSignature","DocumentDirection":"Outbound"`:  {diadoc.StateUnsent, true},
		`"SenderSignatureStatus":"SenderSignatureCheckedAndInvalid","DocumentDirection":1`:    {diadoc.StateUnsent, false},
		`"RoamingNotificationStatus":"RoamingNotificationStatusError"`:                        {diadoc.StateDeliveryError, false},
		`"ProxySignatureStatus":"WaitingForProxySignature"`:                                   {diadoc.StateProxyWait, false},
		`"ProxySignatureStatus":"ProxySignatureRejected"`:                                     {diadoc.StateProxyRejected, false},
		`"RecipientResponseStatus":"RecipientSignatureRequestRejected"`:                       {diadoc.StateRejected, false},
		`"RecipientResponseStatus":"WithRecipientPartiallySignature"`:                         {diadoc.StatePartiallySigned, false},
		`"RecipientResponseStatus":"WithRecipientSignature"`:                                  {diadoc.StateSigned, false},
		`"RecipientResponseStatus":"WaitingForRecipientSignature","DocumentDirection":2`:      {diadoc.StateAwaitingAnswer, false},
		`"RecipientResponseStatus":"WaitingForRecipientSignature","DocumentDirection":1`:      {diadoc.StateAwaitingAnswer, true},
		`"RecipientResponseStatus":"InvalidRecipientSignature","DocumentDirection":"Inbound"`: {diadoc.StateAwaitingAnswer, true},
		`"AmendmentRequestMetadata":{"AmendmentFlags":5}`:                                     {diadoc.StateAmendmentRequested, false},
		`"AmendmentRequestMetadata":{"AmendmentFlags":4}`:                                     {diadoc.StateFinished, false},
		`"RecipientReceiptMetadata":{"ReceiptStatus":"HaveToCreateReceipt"}`:                  {diadoc.StateReceiptDue, true},
		`"ConfirmationMetadata":{"ReceiptStatus":"WaitingForReceipt","DateTimeTicks":0}`:      {diadoc.StateSent, false},
		`"SenderReceiptMetadata":{"ReceiptStatus":"Finished"}`:                                {diadoc.StateFinished, false},
		`"RecipientResponseStatus":"SomethingNew"`:                                            {diadoc.StateUnknown, false},
		`"RecipientResponseStatus":"SomethingNew","RevocationStatus":"RevocationAccepted"`:    {diadoc.StateRevoked, false},
		`"RecipientResponseStatus":"RecipientResponseStatusUnknown"`:                          {diadoc.StateUnknown, false},
		`"DocflowStatus":{"PrimaryStatus":{"Severity":"Error","StatusText":"Подписан"}}`:      {diadoc.StateFinished, false},
	} {
		raw := `{` + change + `}`
		d := diadoc.Document{RecipientResponseStatus: diadoc.RecipientResponseStatusNotAcceptable}
		require.NoError(t, d.UnmarshalJSON([]byte(raw)), raw)
		require.Equal(t, want.state, d.State(), raw)
		require.Equal(t, want.ourTurn, d.OurTurn(), raw)
	}
}

func TestFinalStates(t *testing.T) {
	t.Parallel()
	for _, s := range []diadoc.State{diadoc.StateDeleted, diadoc.StateRevoked, diadoc.StateRejected, diadoc.StateProxyRejected, diadoc.StatePartiallySigned, diadoc.StateSigned, diadoc.StateFinished} {
		require.True(t, s.Final(), s)
	}
	for _, s := range []diadoc.State{diadoc.StateSent, diadoc.StateAwaitingAnswer, diadoc.StateUnknown, diadoc.StateUnsent, diadoc.StateDeliveryError, diadoc.StateRevocationIn} {
		require.False(t, s.Final(), s)
	}
}

func TestDocflowStates(t *testing.T) {
	t.Parallel()
	title := func(index int, author, participants string) string {
		return fmt.Sprintf(`{"TitleIndex":%d,"AuthorSigning":{%s},"ParticipantDocflows":[%s]}`, index, author, participants)
	}
	response := func(status string) string {
		return `{"Response":{"Status":"TitleParticipantResponseStatus` + status + `"}}`
	}
	signed := `"Status":"TitleAuthorStatusSigned"`
	for flow, want := range map[string]diadoc.State{
		title(0, `"Status":"TitleAuthorStatusWaiting"`, ""):                                                                          diadoc.StateUnsent,
		title(0, `"Status":"Newer"`, ""):                                                                                             diadoc.StateUnknown,
		title(0, signed, response("NotAcceptable")):                                                                                  diadoc.StateFinished,
		title(0, signed, response("Waiting")):                                                                                        diadoc.StateAwaitingAnswer,
		title(0, signed, response("Verifying")):                                                                                      diadoc.StateAwaitingAnswer,
		title(0, signed, response("Signed")):                                                                                         diadoc.StateSigned,
		title(0, signed, response("Signed")+","+response("Waiting")):                                                                 diadoc.StateAwaitingAnswer,
		title(0, signed, response("Signed")+","+response("SignatureRejected")):                                                       diadoc.StateRejected,
		title(0, signed, response("Newer")):                                                                                          diadoc.StateUnknown,
		title(0, signed, `{"TitleDelivery":{"Delivery":{"Status":"DeliveryStatusFailed"}}}`):                                         diadoc.StateDeliveryError,
		title(0, signed, `{"TitleDelivery":{"RoamingNotification":{"IsSuccess":false,"Notification":{}}}}`):                          diadoc.StateDeliveryError,
		title(0, signed, `{"Receipt":{"Status":"HaveToCreateReceipt"}}`):                                                             diadoc.StateReceiptDue,
		title(0, signed, `{"Receipt":{"Status":"WaitingForReceipt"}}`):                                                               diadoc.StateSent,
		title(0, signed, "") + "," + title(1, `"Status":"TitleAuthorStatusWaiting"`, ""):                                             diadoc.StateAwaitingAnswer,
		title(0, signed, "") + "," + title(1, signed, ""):                                                                            diadoc.StateSigned,
		title(0, signed, "") + "," + title(1, signed+`,"OperationResult":{"WellKnown":2}`, ""):                                       diadoc.StatePartiallySigned,
		title(0, signed, "") + "," + title(1, signed+`,"OperationResult":{"WellKnown":"WellKnownTitleOperationResultRejected"}`, ""): diadoc.StateRejected,
	} {
		d := read[diadoc.DocumentWithDocflowV5](t, `{"Docflow":{"Titles":[`+flow+`]}}`)
		require.Equal(t, want, d.State(), flow)
	}
	require.Equal(t, diadoc.StateRevoked, read[diadoc.DocumentWithDocflowV5](t, `{"Docflow":{"Revocation":{"RevocationStatus":"RevocationAccepted"}}}`).State())
	require.Equal(t, diadoc.StateAmendmentRequested, read[diadoc.DocumentWithDocflowV5](t, `{"Docflow":{"AmendmentRequests":[{"AmendmentFlags":1}]}}`).State())
	require.Equal(t, diadoc.StateDeleted, read[diadoc.DocumentWithDocflowV5](t, `{"DocumentInfo":{"IsDeleted":true}}`).State())
	half := title(0, signed, `{"TitleDelivery":{"Delivery":{"Status":2}}},{"TitleDelivery":{"Delivery":{"Status":1}}}`)
	require.False(t, read[diadoc.DocumentWithDocflowV5](t, `{"Docflow":{"Titles":[`+half+`]}}`).Delivered())

	for flow, want := range map[string]diadoc.State{
		`"SenderTitle":{"SenderSignatureStatus":1}`:                                        diadoc.StateUnsent,
		`"SenderTitle":{"RoamingNotification":{"IsSuccess":false,"Notification":{}}}`:      diadoc.StateDeliveryError,
		`"ProxyResponse":{"ResponseStatus":2}`:                                             diadoc.StateProxyWait,
		`"ProxyResponse":{"ResponseStatus":4}`:                                             diadoc.StateProxyRejected,
		`"RecipientResponse":{"ResponseStatus":"WithRecipientSignature"}`:                  diadoc.StateSigned,
		`"RecipientResponse":{"ResponseStatus":"RecipientSignatureRequestRejected"}`:       diadoc.StateRejected,
		`"RecipientResponse":{"ResponseStatus":"WaitingForRecipientSignature"}`:            diadoc.StateAwaitingAnswer,
		`"RecipientResponse":{"ResponseStatus":"New"}`:                                     diadoc.StateUnknown,
		`"RecipientResponse":{"ResponseStatus":1},"AmendmentRequest":{"AmendmentFlags":1}`: diadoc.StateAmendmentRequested,
		`"RecipientReceipt":{"Status":"HaveToCreateReceipt"}`:                              diadoc.StateReceiptDue,
		`"Revocation":{"RevocationStatus":"RequestsMyRevocation"},"TtGisFixation":{"x":1}`: diadoc.StateRevocationIn,
	} {
		require.Equal(t, want, read[diadoc.DocumentWithDocflowV4](t, `{"Docflow":{`+flow+`}}`).State(), flow)
	}
}

func TestMessageTree(t *testing.T) {
	t.Parallel()
	m := read[diadoc.Message](t, `{"Entities":[
		{"EntityId":"d","EntityType":"Attachment","DocumentInfo":{"TypeNamedId":"Contract"}},
		{"EntityId":"s","EntityType":"Signature","ParentEntityId":"d"},
		{"EntityId":"cades","EntityType":"Signature","ParentEntityId":"s"},
		{"EntityId":"r","EntityType":1,"ParentEntityId":"d","AttachmentType":"RevocationRequest"}]}`)
	require.Len(t, m.Documents(), 1)
	require.Len(t, m.Children("d"), 2)
	signatures := m.Signatures("d")
	require.Len(t, signatures, 1, "the improved one is a copy")
	require.Equal(t, diadoc.EntityID("s"), signatures[0].EntityID)
	_, found := m.Entity("x")
	require.False(t, found)
	require.False(t, m.DeliveryFailed())
	require.True(t, read[diadoc.MessagePatch](t, `{"Entities":[{"EntityId":"x","AttachmentType":"DeliveryFailureNotification"}]}`).DeliveryFailed())
	require.True(t, read[diadoc.MessagePatch](t, `{"NotDeliveredEventId":"e"}`).DeliveryFailed())
	value, has := read[diadoc.Document](t, `{"Metadata":[{"Key":"DocumentNumber","Value":"17"}]}`).Property("DocumentNumber")
	require.True(t, has)
	require.Equal(t, "17", value)
}
