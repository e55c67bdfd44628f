package diadocsim

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bodies are the structures that requests are read into, by their documented names.
func bodies() map[string]any {
	return map[string]any{
		"MessageToPost": messageToPost{}, "DocumentAttachment": documentAttachment{}, "SignedContent": signedContent{}, "MetadataItem": metadataItem{},
		"CustomDataItem": customDataItem{}, "DocumentId": documentID{}, "StructuredDataAttachment": structuredData{}, "UnsignedContent": unsignedContent{},
		"PowerOfAttorneyToPost": powerOfAttorney{}, "PowerOfAttorneyFullId": fullID{}, "PowerOfAttorneySignedContent": powerContent{},
		"Content_v2": contentV2{}, "Content_v3": contentV3{}, "MessagePatchToPostV2": patchBody{}, "DocumentSignature": documentSignature{},
		"ReceiptAttachment": signedPart{}, "CorrectionRequestAttachment": signedPart{}, "XmlSignatureRejectionAttachment": signedPart{},
		"RevocationRequestAttachment": signedPart{}, "RequestedSignatureRejection": signedPart{}, "RecipientTitleAttachment": recipientTitle{},
		"UniversalMessageAttachment": universalMessage{}, "ResolutionAttachment": resolutionPart{}, "ResolutionRequestAttachment": resolutionRequest{},
		"ResolutionRequestCancellationAttachment": resolutionReply{}, "ResolutionRequestDenialAttachment": resolutionReply{},
		"ResolutionRequestDenialCancellationAttachment": denialCancellation{}, "ResolutionRouteAssignment": routeAssignment{},
		"ResolutionRouteRemoval": routeRemoval{}, "CustomDataPatch": customDataPatch{}, "EditDocumentPacketCommand": editPacket{},
		"EditingPatch": editingPatch{}, "SignatureVerification": signatureVerification{}, "InvitationDocument": invitationDocument{},
		"DocumentSenderSignature": draftSignature{}, "TemplateToPost": templateToPost{}, "GetDocumentsV4Request": documentsV4{},
		"PrepareDocumentsToSignRequest": prepareRequest{}, "TimeBasedFilter": timeFilter{}, "Timestamp": ticksOf{}, "Signer": signerForm{},
		"DepartmentsInGroup": departmentsInGroup{}, "Routing": routes{}, "EmployeePermissions": permissions{}, "ForwardedDocumentId": forwardedID{}, "DssSignFile": dssFile{},
	}
}

// TestBodiesAreThoseOfTheDocumentation compares what the simulator reads with the documented structures: the names of
// fields, and which are required.
func TestBodiesAreThoseOfTheDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../diadoc/testdata/structures.txt")
	require.NoError(t, err)
	known, current := map[string]map[string]string{}, ""
	for line := range strings.Lines(string(text)) {
		switch words := strings.Fields(line); {
		case len(words) == 1:
			current = words[0]
			known[current] = map[string]string{}
		case len(words) == 3 && words[2] != "legacy":
			known[current][words[0]] = words[2]
		}
	}
	for name, body := range bodies() {
		want := known[name]
		require.NotEmpty(t, want, name)
		if name == "MessagePatchToPostV2" { // the one structure reads the third version too
			want["RequestedSignatureRejections"] = "list"
		}
		got := map[string]string{}
		for field := range reflect.TypeOf(body).Fields() {
			if !field.IsExported() {
				continue
			}
			card := "opt"
			if kind := field.Type.Kind(); kind == reflect.Slice && field.Type.Elem().Kind() != reflect.Uint8 {
				card = "list"
			} else if field.Tag.Get("dia") == "req" {
				card = "req"
			}
			got[field.Name] = card
		}
		require.Equal(t, want, got, name)
	}
}
