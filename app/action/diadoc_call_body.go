package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"konturbridge/diadoc"
)

// structures are the bodies whose fields the client knows, by the operations that take them.
func structures() map[string]any {
	return map[string]any{
		"PostMessage": &diadoc.MessageToPost{}, "PostMessagePatch": &diadoc.MessagePatchToPostV2{}, "SendDraft": &diadoc.DraftToSend{},
		"AcquireCounteragent":     &diadoc.AcquireCounteragentRequest{},
		"CreateCounteragentGroup": &diadoc.CounteragentGroupToCreate{}, "UpdateCounteragentGroup": &diadoc.CounteragentGroupToUpdate{},
		"MoveDocuments": &diadoc.DocumentsMove{}, "ForwardDocument": &diadoc.ForwardDocumentRequest{},
		"CreateDepartment": &diadoc.DepartmentToCreate{}, "UpdateDepartment": &diadoc.DepartmentToUpdate{},
		"GenerateReceiptXml": &diadoc.ReceiptGenerationRequestV2{}, "GenerateSignatureRejectionXml": &diadoc.SignatureRejectionGenerationRequestV2{},
		"GenerateInvoiceCorrectionRequestXml": &diadoc.InvoiceCorrectionRequestGenerationRequestV2{},
		"GenerateRevocationRequestXml":        &diadoc.RevocationRequestToGenerate{},
		"PrepareDocumentsToSign":              &diadoc.PrepareDocumentsToSignRequest{}, "GetDocumentsV4": &diadoc.GetDocumentsV4Request{},
		"GetDocflows": &diadoc.GetDocflowBatchRequest{}, "GetDocflowEvents": &diadoc.GetDocflowEventsRequest{},
		"GetDocflowsByPacketId": &diadoc.GetDocflowsByPacketIDRequest{},
	}
}

// checkBody tells what is wrong with a body whose structure is known: a field that it does not have, which the
// service would silently ignore, a value of another kind, a broken limit.
func checkBody(op diadoc.Operation, raw []byte) []string {
	into := structures()[op.Name]
	if into == nil {
		return nil
	}
	var faults []string
	if err := json.Unmarshal(raw, into); err != nil {
		where := "body"
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return []string{fmt.Sprintf("body.%s: значение другого вида, чем в структуре %s (дано: %s)", wrong.Field, op.Request, wrong.Value)}
		}
		return []string{fmt.Sprintf("%s: не структура %s: %s", where, op.Request, err)}
	}
	known := wireNames(reflect.TypeOf(into).Elem())
	var given map[string]json.RawMessage
	_ = json.Unmarshal(raw, &given) // it was read above
	for name := range given {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
			faults = append(faults, fmt.Sprintf("body.%s: в структуре %s нет такого поля. Есть: %s", name, op.Request, strings.Join(known, ", ")))
		}
	}
	slices.Sort(faults)
	if len(faults) > 0 {
		return faults
	}
	if _, err := diadoc.Body(op.Name, reflect.ValueOf(into).Elem().Interface()); err != nil {
		if wrong, ok := errors.AsType[*diadoc.CallError](err); ok {
			return []string{"body." + wrong.Explanation().RU}
		}
		return []string{"body: " + err.Error()}
	}
	return nil
}

// wireNames lists a structure's fields by their names on the wire.
func wireNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}
