package action

import (
	"context"
	"errors"
	"fmt"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// runDiadocSendDraft signs a draft and sends it. The message gets another id thereby; the record stays.
func runDiadocSendDraft(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	l, err := r.letter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	operation := c.operationID("/draft")
	ours := l.rec.Signing != nil && l.rec.Signing.Operation == string(operation)
	if !ours && l.rec.State != docflow.Draft {
		return lane.Result{}, &docflow.Refusal{Code: "not_a_draft",
			CRMText: fmt.Sprintf("Сообщение %s не черновик: %s. Черновик создаёт робот «Диадок: отправить документы» с параметром draft.", l.rec.ExternalID, reaction.StateText(l.rec)),
			TextEN:  fmt.Sprintf("Message %s is no draft (%s).", l.rec.ExternalID, l.rec.State)}
	}
	how, err := r.signer(ctx, c, l.office)
	if err != nil {
		return lane.Result{}, err
	}
	signatures, err := r.cardSignaturesOf(ctx, c, "signature")
	if err != nil {
		return lane.Result{}, err
	}
	l.entity = "" // it is sent as a whole
	draft := l.message()
	j := &job{letter: l, operation: operation, until: docflow.UntilHanded, note: "draft sent"}
	if len(signatures) == 0 {
		j.certificate = how.certificate
	}
	j.parts = func(ctx context.Context) ([]docflow.SignPart, error) {
		if len(signatures) == 0 && how.none() {
			return nil, noSignature()
		}
		return l.draftParts(ctx)
	}
	j.body = func(ctx context.Context, parts []docflow.SignPart) ([]byte, error) {
		if j.certificate == "" {
			var err error
			if parts, err = j.parts(ctx); err != nil {
				return nil, err
			}
			if len(signatures) > 0 {
				if err := l.match(ctx, parts, signatures); err != nil {
					return nil, err
				}
			}
		}
		body := diadoc.DraftToSend{BoxID: l.box, DraftID: draft}
		for _, p := range parts {
			body.DocumentSignatures = append(body.DocumentSignatures, diadoc.DocumentSenderSignature{ParentEntityID: diadoc.EntityID(p.Entity),
				Signature: p.Signature, SignWithTestSignature: how.test, PowerOfAttorney: how.attorney})
		}
		return diadoc.Body("SendDraft", body)
	}
	j.post = func(ctx context.Context, body []byte) (diadoc.MessageID, error) {
		return l.sendDraft(ctx, operation, body)
	}
	return r.work(ctx, c, j)
}

// draftParts lists the documents of a draft: each must be signed.
func (l letter) draftParts(ctx context.Context) ([]docflow.SignPart, error) {
	message, err := l.client.GetMessage(ctx, l.box, l.message(), diadoc.MessageOptions{OriginalSignature: true})
	if err != nil {
		return nil, err
	}
	var parts []docflow.SignPart
	for _, e := range message.Documents() {
		parts = append(parts, docflow.SignPart{As: docflow.AsSignature, Entity: string(e.EntityID), Name: orID(e.FileName, e.DocumentInfo.FileName)})
	}
	return parts, nil
}

// sendDraft sends the frozen body. A draft that was sent already, by an earlier try or by a person, tells what it
// has become.
func (l letter) sendDraft(ctx context.Context, operation diadoc.OperationID, body []byte) (diadoc.MessageID, error) {
	message, err := l.client.SendStoredDraft(ctx, operation, body)
	if err == nil {
		return message.MessageID, nil
	}
	if !errors.Is(err, diadoc.ErrConflict) || upstream.ClassOf(err) != upstream.Refused {
		return "", err
	}
	draft, readErr := l.client.GetMessage(ctx, l.box, l.message(), diadoc.MessageOptions{})
	if readErr != nil || len(draft.DraftIsTransformedToMessageIDList) == 0 {
		return "", err
	}
	return draft.DraftIsTransformedToMessageIDList[0], nil
}
