package action

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/diadoc"
)

// The ways to sign that sign_with may name; anything else is a certificate's thumbprint.
const (
	signTest = "test" // the service makes a signature by itself, for test organisations
)

// signer says how an action signs.
type signer struct {
	test        bool
	certificate string // thumbprint of a certificate that the service signs with
	attorney    *diadoc.PowerOfAttorneyToPost
}

// none reports whether nothing but signature files can sign.
func (s signer) none() bool { return !s.test && s.certificate == "" }

// signer reads how the call wants to sign: what it names, else the connection's own certificate.
func (r *runner) signer(ctx context.Context, c *call, at office) (signer, error) {
	var s signer
	if c.Properties.First("power_of_attorney") == "Y" {
		s.attorney = &diadoc.PowerOfAttorneyToPost{UseDefault: true}
	}
	switch with := strings.TrimSpace(c.Properties.First("sign_with")); {
	case strings.EqualFold(with, signTest):
		s.test = true
		return s, nil
	case with != "":
		s.certificate = with
		return s, nil
	}
	set, err := r.Portals.Settings(ctx, c.portal)
	if err != nil {
		return s, err
	}
	for _, conn := range set.Connections {
		if conn.Name == at.conn.Name {
			s.certificate = strings.TrimSpace(conn.Certificate)
		}
	}
	return s, nil
}

// runDiadocSign signs documents of a message, in our name: sends what was stored unsent, or answers what came in.
func runDiadocSign(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	l, err := r.letter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	if c.Properties.First("receipts") == "Y" {
		return r.signReceipts(ctx, c, l)
	}
	if code := strings.TrimSpace(c.Properties.First("confirm_code")); code != "" {
		return r.confirm(ctx, c, l, code)
	}
	operation := c.operationID("/sign")
	j := &job{letter: l, operation: operation, until: docflow.UntilHanded, note: "signed"}
	j.post = func(ctx context.Context, body []byte) (diadoc.MessageID, error) {
		_, err := l.client.PostStoredPatch(ctx, operation, body)
		return l.message(), err
	}
	how, err := r.signer(ctx, c, l.office)
	if err != nil {
		return lane.Result{}, err
	}
	signatures, err := r.cardSignaturesOf(ctx, c, "signature")
	if err != nil {
		return lane.Result{}, err
	}
	if len(signatures) == 0 {
		j.certificate = how.certificate
	}
	due := func(ctx context.Context) ([]docflow.SignPart, error) {
		if len(signatures) == 0 && how.none() {
			return nil, noSignature()
		}
		return r.due(ctx, c, l, len(signatures) > 0)
	}
	j.parts = due
	j.body = func(ctx context.Context, parts []docflow.SignPart) ([]byte, error) {
		if j.certificate == "" {
			if parts, err = due(ctx); err != nil {
				return nil, err
			}
			if len(signatures) > 0 {
				if err := l.match(ctx, parts, signatures); err != nil {
					return nil, err
				}
			}
		}
		return diadoc.Body("PostMessagePatch", patchOf(l, parts, how))
	}
	return r.work(ctx, c, j)
}

func noSignature() *docflow.Refusal {
	return &docflow.Refusal{Code: "no_signature",
		CRMText: "Нечем подписать. Приложите файл откреплённой подписи (.sig) в параметре signature, или укажите в sign_with отпечаток облачного сертификата (test для тестовых организаций), или задайте certificate подключения в настройках моста.",
		TextEN:  "There is nothing to sign with: give signature files, a certificate in sign_with, or the connection's certificate."}
}

// ours reports whether the next step with a document is a signature of ours.
func ours(d docflow.Document) bool {
	switch d.State {
	case docflow.Unsent, docflow.AwaitingAnswer, docflow.ReceiptDue:
		return d.OurTurn
	}
	return false
}

// due lists what of a message is to be signed by us: the document that the call names, else all that wait for
// us, since a closed packet is signed as a whole.
func (r *runner) due(ctx context.Context, c *call, l letter, files bool) ([]docflow.SignPart, error) {
	message, err := l.client.GetMessage(ctx, l.box, l.message(), diadoc.MessageOptions{OriginalSignature: true})
	if err != nil {
		return nil, err
	}
	named := strings.TrimSpace(c.Properties.First("entity_id")) != ""
	var parts []docflow.SignPart
	var states []string
	for _, e := range message.Documents() {
		if named && !strings.EqualFold(string(e.EntityID), string(l.entity)) {
			continue
		}
		part, err := r.part(ctx, c, l, message, e, named, files)
		if err != nil {
			return nil, err
		}
		if part == nil {
			states = append(states, fmt.Sprintf("«%s»: %s", e.DocumentInfo.Title, reaction.StateText(docflow.Record{System: docflow.Diadoc, State: docflow.State(e.DocumentInfo.State())})))
			continue
		}
		parts = append(parts, *part)
	}
	if len(parts) == 0 {
		return nil, &docflow.Refusal{Code: "nothing_to_sign",
			CRMText: "Сейчас нашей подписи не ждут: " + strings.Join(states, "; ") + ".", TextEN: "No document of the message waits for our signature."}
	}
	return parts, nil
}

// part says what is signed of one document; nil when nothing is.
func (r *runner) part(ctx context.Context, c *call, l letter, message diadoc.Message, e diadoc.Entity, named, files bool) (*docflow.SignPart, error) {
	info := e.DocumentInfo
	part := &docflow.SignPart{As: docflow.AsSignature, Entity: string(e.EntityID), Name: orID(e.FileName, info.FileName)}
	switch state := info.State(); {
	case message.IsDeleted || message.IsDraft:
		return nil, nil
	case state == diadoc.StateRevocationIn && named: // consent to it must be meant
		request, ok := revocationRequest(message, e.EntityID, l.box)
		part.Entity, part.Name = string(request.EntityID), request.FileName
		if !ok {
			return nil, nil
		}
		return part, nil
	case !info.OurTurn():
		return nil, nil
	case state == diadoc.StateUnsent:
		return part, nil
	case state == diadoc.StateAwaitingAnswer:
		wants, err := r.answeredByTitle(ctx, l.office, *info)
		if err != nil || !wants {
			return part, err
		}
		return r.answerTitle(ctx, c, l, message, e, files)
	case state == diadoc.StateReceiptDue:
		target, _ := receiptDue(message, e)
		return r.receiptOf(ctx, l, e, target, files)
	}
	return nil, nil
}

// revocationRequest finds the other side's latest request to revoke a document.
func revocationRequest(m diadoc.Message, document diadoc.EntityID, ours diadoc.BoxID) (request diadoc.Entity, ok bool) {
	for _, e := range m.Children(document) {
		by := e.RevocationRequestInfo
		if e.AttachmentType == diadoc.AttachmentRevocationRequest && (by == nil || !by.InitiatorBoxID.Same(ours)) {
			request, ok = e, true
		}
	}
	return request, ok
}

// patchOf makes the patch that hands the signatures over.
func patchOf(l letter, parts []docflow.SignPart, how signer) diadoc.MessagePatchToPostV2 {
	patch := diadoc.MessagePatchToPostV2{BoxID: l.box, MessageID: l.message()}
	for _, p := range parts {
		entity := diadoc.EntityID(p.Entity)
		signed := diadoc.SignedContent{NameOnShelf: diadoc.ShelfName(p.Shelf), Signature: p.Signature, SignWithTestSignature: how.test, PowerOfAttorney: how.attorney}
		switch p.As {
		case docflow.AsTitle:
			patch.RecipientTitles = append(patch.RecipientTitles, diadoc.RecipientTitleAttachment{ParentEntityID: entity, SignedContent: signed})
		case docflow.AsReceipt:
			patch.Receipts = append(patch.Receipts, diadoc.ReceiptAttachment{ParentEntityID: entity, SignedContent: signed})
		default:
			patch.Signatures = append(patch.Signatures, diadoc.DocumentSignature{ParentEntityID: entity, Signature: p.Signature,
				SignWithTestSignature: how.test, PowerOfAttorney: how.attorney})
		}
	}
	return patch
}

// match gives every part its signature: the one that is over its very content.
func (l letter) match(ctx context.Context, parts []docflow.SignPart, signatures []signature) error {
	taken := make([]bool, len(signatures))
	var bad []string
	for i := range parts {
		file, err := l.content(ctx, parts[i].Entity)
		if err != nil {
			return err
		}
		at, err := overFile(signatures, taken, file)
		_ = file.Close() // it was read
		if err != nil {
			return err
		}
		if at < 0 && len(parts) == 1 && len(signatures) == 1 && silent(signatures[0]) {
			at = 0 // it does not tell: the service will check it
		}
		if at < 0 {
			bad = append(bad, fmt.Sprintf("signature: нет подписи документа «%s». Скачайте документ из Диадока, подпишите его и приложите откреплённую подпись (.sig)", parts[i].Name))
			continue
		}
		taken[at] = true
		parts[i].Signature = signatures[at].der
	}
	for i, s := range signatures {
		if !taken[i] {
			bad = append(bad, fmt.Sprintf("signature: «%s» (%s) сделана не для документов этого сообщения: файл изменился или подписан другой документ", s.name, who(s)))
		}
	}
	if len(bad) > 0 {
		return invalid(slices.Compact(bad))
	}
	return nil
}
