package diadoc

import (
	"context"
	"fmt"
	"time"

	"konturbridge/internal/upstream"
)

// CloudSignTask waits for the service to send a code to the user's phone.
type CloudSignTask struct {
	ID TaskID `json:"id"`
}

// Poll implements [Task].
func (t CloudSignTask) Poll(ctx context.Context, c *Client) (CloudSignResult, error) {
	return c.CloudSignResult(ctx, t)
}

// CloudSignConfirmTask waits for signatures whose code was confirmed.
type CloudSignConfirmTask struct {
	ID TaskID `json:"id"`
}

// Poll implements [Task].
func (t CloudSignConfirmTask) Poll(ctx context.Context, c *Client) (CloudSignConfirmResult, error) {
	return c.CloudSignConfirmResult(ctx, t)
}

// DssSignTask waits for a signing that the user confirms on his phone.
type DssSignTask struct {
	Box BoxID  `json:"box"`
	ID  TaskID `json:"id"`
}

// Poll implements [Task]. While the user is awaited the result tells how he is asked. A signing that ended
// badly is a [*DssError].
func (t DssSignTask) Poll(ctx context.Context, c *Client) (DssSignResult, error) {
	result, err := c.DssSignResult(ctx, t)
	if err != nil {
		return result, err
	}
	switch result.OperationStatus {
	case DssOperationCompleted:
		return result, nil
	case DssOperationCanceledByUser, DssOperationTimeout, DssOperationCrashed, DssOperationUserHasUnconfirmedOperation, DssOperationOperationRetryRequired:
		return result, newDssError(result.OperationStatus, c.now())
	}
	return result, &NotReadyError{Operation: "DssSignResult", Status: 200, Until: c.now().Add(defaultTaskWait)} // unknown ones too
}

// AutoSignReceiptsTask waits for receipts.
type AutoSignReceiptsTask struct {
	ID TaskID `json:"id"`
}

// Poll implements [Task].
func (t AutoSignReceiptsTask) Poll(ctx context.Context, c *Client) (Raw, error) {
	return ask[Raw](ctx, c, "AutoSignReceiptsResult", query{"taskId": string(t.ID)}, nil)
}

var (
	_ Task[CloudSignResult]        = CloudSignTask{}
	_ Task[CloudSignConfirmResult] = CloudSignConfirmTask{}
	_ Task[DssSignResult]          = DssSignTask{}
	_ Task[Raw]                    = AutoSignReceiptsTask{}
)

// DssError is a signing that ended without signatures. It matches [ErrTaskFailed].
type DssError struct {
	Status DssOperationStatus
	// Again is when signing may be started anew; zero when a person has to decide.
	Again time.Time
}

func newDssError(status DssOperationStatus, now time.Time) *DssError {
	failure := &DssError{Status: status}
	if status == DssOperationOperationRetryRequired {
		failure.Again = now.Add(5 * time.Minute)
	}
	return failure
}

// Error implements error.
func (e *DssError) Error() string {
	return fmt.Sprintf("diadoc: DssSignResult: %v: %s", ErrTaskFailed, e.Status)
}

// Unwrap gives the meaning to errors.Is.
func (e *DssError) Unwrap() error { return ErrTaskFailed }

// UpstreamClass implements [upstream.Classified]: asking for this task again is pointless.
func (e *DssError) UpstreamClass() upstream.Class { return upstream.Refused }

// RetryAt implements [upstream.Classified].
func (e *DssError) RetryAt() time.Time { return time.Time{} }

// MaybeDone implements [upstream.Classified].
func (e *DssError) MaybeDone() bool { return false }

var _ upstream.Classified = (*DssError)(nil)

// CloudSign asks for signatures that the user confirms with a code from an SMS. The thumbprint may be empty.
// Only the vendor's library has this operation: ask the vendor before relying on it.
func (c *Client) CloudSign(ctx context.Context, thumbprint string, request CloudSignRequest) (CloudSignTask, error) {
	id, err := c.start(ctx, "CloudSign", query{"certificateThumbprint": thumbprint}, request)
	return CloudSignTask{id}, err
}

// CloudSignResult asks once for the token that [Client.CloudSignConfirm] wants.
func (c *Client) CloudSignResult(ctx context.Context, task CloudSignTask) (CloudSignResult, error) {
	return ask[CloudSignResult](ctx, c, "CloudSignResult", query{"taskId": string(task.ID)}, nil)
}

// ContentLocation says how signatures come.
type ContentLocation string

// Values of [ContentLocation].
const (
	SignatureInline  ContentLocation = "Content"
	SignatureOnShelf ContentLocation = "Reference"
)

// CloudSignConfirm confirms a signing with the code from the SMS. where may be empty.
func (c *Client) CloudSignConfirm(ctx context.Context, token, code string, where ContentLocation) (CloudSignConfirmTask, error) {
	id, err := c.start(ctx, "CloudSignConfirm",
		query{"token": token, "confirmationCode": code, "return": string(where)}, nil)
	return CloudSignConfirmTask{id}, err
}

// CloudSignConfirmResult asks once for the signatures, which are in the order of the files.
func (c *Client) CloudSignConfirmResult(ctx context.Context, task CloudSignConfirmTask) (CloudSignConfirmResult, error) {
	return ask[CloudSignConfirmResult](ctx, c, "CloudSignConfirmResult", query{"taskId": string(task.ID)}, nil)
}

// DssSign asks for signatures that the user confirms on his phone.
func (c *Client) DssSign(ctx context.Context, box BoxID, request DssSignRequestV2) (DssSignTask, error) {
	r := rules{operation: "DssSign"}
	r.want(request.CertificateData == nil || request.GosKeyData == nil, "CertificateData", Text{"нельзя задать вместе с GosKeyData", "excludes GosKeyData"})
	if r.required(request.SignDataSource != "", "SignDataSource"); r.err != nil {
		return DssSignTask{}, r.err
	}
	id, err := c.start(ctx, "DssSign", query{"boxId": string(box)}, request)
	return DssSignTask{box, id}, err
}

// DssSignV1 asks for signatures with a DSS certificate, whose thumbprint may be empty.
func (c *Client) DssSignV1(ctx context.Context, box BoxID, thumbprint string, request DssSignRequest) (DssSignTask, error) {
	id, err := c.start(ctx, "DssSignV1",
		query{"boxId": string(box), "certificateThumbprint": thumbprint}, request)
	return DssSignTask{box, id}, err
}

// DssSignResult reads how a signing stands, whatever it says; [DssSignTask.Poll] judges it.
func (c *Client) DssSignResult(ctx context.Context, task DssSignTask) (DssSignResult, error) {
	return ask[DssSignResult](ctx, c, "DssSignResult", query{"boxId": string(task.Box), "taskId": string(task.ID)}, nil)
}

// GetSignatureInfo reads the certificate of a signature entity and the outcome of its check.
func (c *Client) GetSignatureInfo(ctx context.Context, box BoxID, signature DocumentID) (SignatureInfo, error) {
	return ask[SignatureInfo](ctx, c, "GetSignatureInfo", entityQuery(box, signature), nil)
}

// AutoSignReceipts signs receipts on the service's side; thumbprint and batchKey may be empty.
//
// Deprecated: use [Client.GenerateReceiptXml].
func (c *Client) AutoSignReceipts(ctx context.Context, box BoxID, thumbprint, batchKey string) (AutoSignReceiptsTask, error) {
	id, err := c.start(ctx, "AutoSignReceipts",
		query{"boxId": string(box), "thumbprint": thumbprint, "batchKey": batchKey}, nil)
	return AutoSignReceiptsTask{id}, err
}

// AutoSignReceiptsResult asks once for the outcome, an AutosignReceiptsResult.
//
// Deprecated: use [Client.GenerateReceiptXml].
func (c *Client) AutoSignReceiptsResult(ctx context.Context, task AutoSignReceiptsTask) (Raw, error) {
	return task.Poll(ctx, c)
}
