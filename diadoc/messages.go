package diadoc

import (
	"context"
	"errors"
	"fmt"
)

// Body checks a structure against the rules of the operation that it is the body of and writes it. Store the
// bytes with the operation id before the first try, and send them unchanged, as with [Client.PostStoredMessage], however often it takes:
// a body that is built or signed anew is another operation.
func Body(operation string, structure any) ([]byte, error) {
	op, ok := operationTable().byName[operation]
	if !ok {
		return nil, fmt.Errorf("diadoc: %w: %.60q", ErrUnknownOperation, operation)
	}
	return encode(op, op.Verb, structure)
}

// PostStoredMessage sends a stored body of [Client.PostMessage], see [Body].
func (c *Client) PostStoredMessage(ctx context.Context, operation OperationID, body []byte) (Message, error) {
	return ask[Message](ctx, c, "PostMessage", query{"operationId": string(operation)}, body)
}

// PostStoredPatch sends a stored body of [Client.PostMessagePatch], see [Body].
func (c *Client) PostStoredPatch(ctx context.Context, operation OperationID, body []byte) (MessagePatch, error) {
	return ask[MessagePatch](ctx, c, "PostMessagePatch", query{"operationId": string(operation)}, body)
}

// SendStoredDraft sends a stored body of [Client.SendDraft], see [Body].
func (c *Client) SendStoredDraft(ctx context.Context, operation OperationID, body []byte) (Message, error) {
	return ask[Message](ctx, c, "SendDraft", query{"operationId": string(operation)}, body)
}

// PostMessage sends a message, or stores a draft or a delayed one. All calls with one operation id do it
// once and answer the first result; while the first is under way they are a [*NotReadyError].
//
// The answer says that the message is in the sender's box. Delivery comes later: see
// [Document.State] and MessagePatch.MessageIsDelivered.
//
// Errors: [*CallError] for a broken limit; [ErrConflict] for a duplicate (look it up with
// [Client.GetDocumentsByCustomId]) or a recipient who takes documents from partners only; [ErrNoAccess] also
// for a liquidated organisation; [ErrNoSubscription]; [ErrBadRequest] or [ErrNotFound], both final, for an
// unknown recipient.
func (c *Client) PostMessage(ctx context.Context, operation OperationID, message MessageToPost) (Message, error) {
	return ask[Message](ctx, c, "PostMessage", query{"operationId": string(operation)}, message)
}

// CanPostMessage says beforehand why a message would be refused. prototype is a MessageToPostPrototype: a
// message without content.
func (c *Client) CanPostMessage(ctx context.Context, prototype Raw) (MessageValidationResult, error) {
	return ask[MessageValidationResult](ctx, c, "CanPostMessage", nil, prototype)
}

// MessageValidationResult is the answer of [Client.CanPostMessage].
type MessageValidationResult struct {
	FromBoxID   BoxID                    `json:"FromBoxId,omitempty"`
	FromTitle   string                   `json:"FromTitle,omitempty"`
	ToBoxID     BoxID                    `json:"ToBoxId,omitempty"`
	ToTitle     string                   `json:"ToTitle,omitempty"`
	IsInternal  bool                     `json:"IsInternal,omitempty"`
	IsProxified bool                     `json:"IsProxified,omitempty"`
	ProxyBoxID  BoxID                    `json:"ProxyBoxId,omitempty"`
	ProxyTitle  string                   `json:"ProxyTitle,omitempty"`
	Errors      []MessageValidationError `json:"Errors,omitempty"`
	Extra       Extra                    `json:"-"`
}

// MessageValidationError is one fault of a message.
type MessageValidationError struct {
	Severity         ValidationSeverity `json:"Severity,omitempty"`
	UserMessage      string             `json:"UserMessage,omitempty"`
	APIMessage       string             `json:"ApiMessage,omitempty"`
	CustomDocumentID string             `json:"CustomDocumentId,omitempty"`
	BoxID            BoxID              `json:"BoxId,omitempty"`
	DepartmentID     DepartmentID       `json:"DepartmentId,omitempty"`
	Extra            Extra              `json:"-"`
}

// PostMessagePatch adds to a message: signatures, answers, refusals, revocations, decisions, tags. All parts
// take effect together. The operation id works as in [Client.PostMessage].
//
// Errors: as [Client.PostMessage]; [ErrNotFound] for an unknown message; [ErrNoAccess] also when one of the
// documents is out of reach; [ErrConflict] also for the fourth invalid signature of an entity in a day.
func (c *Client) PostMessagePatch(ctx context.Context, operation OperationID, patch MessagePatchToPostV2) (MessagePatch, error) {
	return ask[MessagePatch](ctx, c, "PostMessagePatch", query{"operationId": string(operation)}, patch)
}

// PostMessagePatchV3 adds to a message; it ends after 3 April 2027.
//
// Deprecated: use [Client.PostMessagePatch].
func (c *Client) PostMessagePatchV3(ctx context.Context, operation OperationID, patch MessagePatchToPost) (MessagePatch, error) {
	return ask[MessagePatch](ctx, c, "PostMessagePatchV3", query{"operationId": string(operation)}, patch)
}

// SendDraft sends a draft. The message gets a new id; the draft goes away. The operation id works as in
// [Client.PostMessage].
//
// Errors: as [Client.PostMessage]; [ErrConflict] also for an unknown PatchedContentID.
func (c *Client) SendDraft(ctx context.Context, operation OperationID, draft DraftToSend) (Message, error) {
	return ask[Message](ctx, c, "SendDraft", query{"operationId": string(operation)}, draft)
}

// RecycleDraft moves a draft to the bin.
//
// Errors: [ErrNotFound]; [ErrConflict] when it is there already.
func (c *Client) RecycleDraft(ctx context.Context, box BoxID, draft MessageID) error {
	return c.tell(ctx, "RecycleDraft", query{"boxId": string(box), "draftId": string(draft)}, nil)
}

// PrepareDocumentsToSign writes the signer into the first title of formal documents. Sign the content of the
// answer, not the original, and send the signature with its PatchedContentID. excludeContent leaves the
// content out.
//
// Errors: [ErrNotFound]; [ErrConflict] when the box is deleted.
func (c *Client) PrepareDocumentsToSign(ctx context.Context, request PrepareDocumentsToSignRequest, excludeContent bool) (PrepareDocumentsToSignResponse, error) {
	return ask[PrepareDocumentsToSignResponse](ctx, c, "PrepareDocumentsToSign", query{"excludeContent": yes(excludeContent)}, request)
}

// Delete marks a document, or with an empty document the whole message or template, as deleted. Deleting
// the last document deletes the message.
//
// Errors: [ErrNotFound]; [ErrConflict] when it is deleted already.
func (c *Client) Delete(ctx context.Context, box BoxID, message MessageID, document EntityID) error {
	return c.tell(ctx, "Delete", query{"boxId": string(box), "messageId": string(message), "documentId": string(document)}, nil)
}

// Restore takes a deletion back.
//
// Errors: [ErrNotFound]; [ErrConflict] when it is not deleted.
func (c *Client) Restore(ctx context.Context, box BoxID, message MessageID, document EntityID) error {
	return c.tell(ctx, "Restore", query{"boxId": string(box), "messageId": string(message), "documentId": string(document)}, nil)
}

// MoveDocuments moves documents between departments of one box.
func (c *Client) MoveDocuments(ctx context.Context, move DocumentsMove) error {
	return c.tell(ctx, "MoveDocuments", nil, move)
}

// CanSendInvoice reports whether invoices may be signed with the certificate (DER) for the box. No access to
// the box says no as well: the service has one answer for both.
func (c *Client) CanSendInvoice(ctx context.Context, box BoxID, certificate []byte) (bool, error) {
	err := c.tell(ctx, "CanSendInvoice", query{"boxId": string(box)}, certificate)
	if errors.Is(err, ErrNoAccess) {
		return false, nil
	}
	return err == nil, err
}

// PostRoamingNotification is for operators. notification is a RoamingNotificationToPost.
func (c *Client) PostRoamingNotification(ctx context.Context, notification Raw) error {
	return c.tell(ctx, "PostRoamingNotification", nil, notification)
}

// PostTemplate sends a template that the partner fills in. The operation id works as in
// [Client.PostMessage].
func (c *Client) PostTemplate(ctx context.Context, operation OperationID, template TemplateToPost) (Template, error) {
	return ask[Template](ctx, c, "PostTemplate", query{"operationId": string(operation)}, template)
}

// PostTemplatePatch refuses or withdraws a template. patch is a TemplatePatchToPost. The operation id works
// as in [Client.PostMessage].
func (c *Client) PostTemplatePatch(ctx context.Context, operation OperationID, box BoxID, template MessageID, patch Raw) (MessagePatch, error) {
	return ask[MessagePatch](ctx, c, "PostTemplatePatch",
		query{"boxId": string(box), "templateId": string(template), "operationId": string(operation)}, patch)
}

// TransformTemplateToMessage makes a message of a template. The operation id works as in
// [Client.PostMessage].
func (c *Client) TransformTemplateToMessage(ctx context.Context, operation OperationID, transformation TemplateTransformationToPost) (Message, error) {
	return ask[Message](ctx, c, "TransformTemplateToMessage", query{"operationId": string(operation)}, transformation)
}

// GetTemplate reads a template; entity may be empty.
//
// Deprecated: use [Client.GetMessage].
func (c *Client) GetTemplate(ctx context.Context, box BoxID, template MessageID, entity EntityID) (Template, error) {
	return ask[Template](ctx, c, "GetTemplate", query{"boxId": string(box), "templateId": string(template), "entityId": string(entity)}, nil)
}
