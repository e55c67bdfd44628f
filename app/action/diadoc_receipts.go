package action

import (
	"context"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
)

// receiptDue finds what a receipt of ours is due for: the document itself, the other side's answer to ours, or the
// operator's confirmation. ok is false when none is.
func receiptDue(m diadoc.Message, e diadoc.Entity) (target diadoc.EntityID, ok bool) {
	latest := func(is func(diadoc.AttachmentType) bool) diadoc.EntityID {
		found := e.EntityID // where the message does not show it: the service says what it wants
		for _, child := range m.Children(e.EntityID) {
			if is(child.AttachmentType) {
				found = child.EntityID
			}
		}
		return found
	}
	switch {
	case e.DocumentInfo == nil:
		return "", false
	case e.DocumentInfo.RecipientReceiptMetadata.ReceiptStatus == diadoc.HaveToCreateReceipt:
		return e.EntityID, true
	case e.DocumentInfo.SenderReceiptMetadata.ReceiptStatus == diadoc.HaveToCreateReceipt:
		return latest(feed.IsTitle), true
	case e.DocumentInfo.ConfirmationMetadata.ReceiptStatus == diadoc.HaveToCreateReceipt:
		return latest(func(t diadoc.AttachmentType) bool { return t == diadoc.AttachmentInvoiceConfirmation }), true
	}
	return e.EntityID, false
}

// signReceipts makes and signs the receipts of a message that are due, with the certificate of its box. It runs by
// itself when a message has become ours to act on; that nothing is due, or that there is no certificate any more, is
// no failure then.
func (r *runner) signReceipts(ctx context.Context, c *call, l letter) (lane.Result, error) {
	l.entity = ""
	operation := c.operationID("/sign")
	j := &job{letter: l, operation: operation, until: docflow.UntilHanded, note: "receipts signed"}
	how, err := r.signer(ctx, c, l.office)
	if err != nil {
		return lane.Result{}, err
	}
	j.certificate = how.certificate
	j.post = func(ctx context.Context, body []byte) (diadoc.MessageID, error) {
		_, err := l.client.PostStoredPatch(ctx, operation, body)
		return l.message(), err
	}
	j.body = func(_ context.Context, parts []docflow.SignPart) ([]byte, error) {
		return diadoc.Body("PostMessagePatch", patchOf(l, parts, how))
	}
	if l.rec.Signing == nil || l.rec.Signing.Operation != string(operation) {
		parts, err := r.receipts(ctx, l)
		if err != nil {
			return lane.Result{}, err
		}
		if len(parts) == 0 || how.certificate == "" {
			return lane.Result{Note: "no receipt is due"}, nil
		}
		j.parts = func(context.Context) ([]docflow.SignPart, error) { return parts, nil }
	}
	return r.work(ctx, c, j)
}

// receipts makes all receipts of a message that are due.
func (r *runner) receipts(ctx context.Context, l letter) ([]docflow.SignPart, error) {
	message, err := l.client.GetMessage(ctx, l.box, l.message(), diadoc.MessageOptions{OriginalSignature: true})
	if err != nil {
		return nil, err
	}
	var parts []docflow.SignPart
	for _, e := range message.Documents() {
		target, due := receiptDue(message, e)
		if !due || message.IsDeleted {
			continue
		}
		part, err := r.receiptOf(ctx, l, e, target, false)
		if err != nil {
			return nil, err
		}
		parts = append(parts, *part)
	}
	return parts, nil
}
