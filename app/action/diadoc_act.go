package action

import (
	"context"
	"errors"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
)

// deed is a letter's document as the service has it now.
type deed struct {
	letter
	message diadoc.Message
	parent  diadoc.Entity // the document's entity
	info    diadoc.Document
}

// act is what a row does to a document by a patch of its message. The service carries out what comes under one
// operation id once, and each row has one; but a patch with a generated file is other bytes each time, since the
// file holds the time. So a row that runs again looks first whether its act has taken effect.
type act struct {
	// done tells whether the document is already where the act brings it. nil: that can't be seen.
	done func(p deed) bool
	// patch makes the parts of the patch; box and message are filled in.
	patch func(ctx context.Context, p deed) (diadoc.MessagePatchToPostV2, error)
	// settle may correct what is read right after the act, which the service may not show yet.
	settle func(u *docflow.Update, entity string)
	until  docflow.Until // what the robot waits for; "": it is answered at once
	note   string        // for the journal
}

// do carries an act out and answers the robot, or lets it wait.
func (r *runner) do(ctx context.Context, c *call, a act) (lane.Result, error) {
	l, err := r.sentLetter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	p, err := r.deed(ctx, l)
	if err != nil {
		return lane.Result{}, err
	}
	if a.done != nil && a.done(p) {
		return r.acted(ctx, c, p.letter, a, "it is so already")
	}
	made, err := a.patch(ctx, p)
	if err == nil {
		err = r.patch(ctx, c, p.letter, made)
	}
	if err != nil {
		if !errors.Is(err, diadoc.ErrConflict) || a.done == nil {
			return lane.Result{}, err
		}
		again, readErr := r.deed(ctx, l) // an earlier try of this row, or a person in between
		if readErr != nil || !a.done(again) {
			return lane.Result{}, err
		}
		return r.acted(ctx, c, again.letter, a, "it is so already")
	}
	return r.acted(ctx, c, p.letter, a, a.note)
}

// sentLetter is [runner.letter] of a message that the service knows already.
func (r *runner) sentLetter(ctx context.Context, c *call) (letter, error) {
	l, err := r.letter(ctx, c)
	if err == nil && l.rec.ExternalID == "" {
		err = wrongState("Сообщение ещё не передано в Диадок: дождитесь, пока оно будет отправлено.", "The message is not at Diadoc yet: wait until it is sent.")
	}
	return l, err
}

// patch adds to a letter's message, once for each row.
func (r *runner) patch(ctx context.Context, c *call, l letter, made diadoc.MessagePatchToPostV2) error {
	made.BoxID, made.MessageID = l.box, l.message()
	_, err := l.client.PostMessagePatch(ctx, c.patchID(), made)
	return err
}

// acted reads the message anew and answers.
func (r *runner) acted(ctx context.Context, c *call, l letter, a act, note string) (lane.Result, error) {
	writes, err := r.reread(ctx, l, l.message())
	if err != nil {
		return lane.Result{}, err
	}
	for i, w := range writes {
		if s, ok := w.(docflow.Settle); ok && a.settle != nil {
			a.settle(&s.Update, string(l.entity))
			writes[i] = s
		}
	}
	if s := l.rec.Signing; s != nil && s.Operation == string(c.patchID()) {
		writes = append(writes, docflow.Sign{ID: l.rec.ID})
	}
	if a.until != "" {
		result := c.awaitLetter(l, a.until, writes...)
		result.Note = note
		return result, nil
	}
	return c.answerLetter(l, note, writes...), nil
}

// deed reads a letter's document at the service.
func (r *runner) deed(ctx context.Context, l letter) (deed, error) {
	message, err := l.client.GetMessage(ctx, l.box, l.message(), diadoc.MessageOptions{OriginalSignature: true})
	if err != nil {
		return deed{}, err
	}
	for _, e := range message.Documents() {
		if l.entity == "" || strings.EqualFold(string(e.EntityID), string(l.entity)) {
			l.entity = e.EntityID
			return deed{letter: l, message: message, parent: e, info: *e.DocumentInfo}, nil
		}
	}
	return deed{}, &docflow.Refusal{Code: "document_not_found",
		CRMText: "В сообщении " + string(l.message()) + " сейчас нет такого документа. Проверьте message_id и entity_id.",
		TextEN:  "The message has no such document now. Check message_id and entity_id."}
}

// stands is the document in our own words.
func (p deed) stands() docflow.Document {
	u := feed.FromDiadoc(p.message, p.box, docflow.CauseGet, "", p.rec.Changed)
	for _, d := range u.Documents {
		if strings.EqualFold(d.EntityID, string(p.entity)) {
			return d
		}
	}
	return docflow.Document{}
}

// revocation finds the other side's request to revoke the document that is to be answered: accepted by a signature
// of the request, refused by a rejection of it. ok is false when none waits.
func (p deed) revocation() (request diadoc.Entity, ok bool) {
	if p.info.RevocationStatus != diadoc.RequestsMyRevocation {
		return diadoc.Entity{}, false
	}
	return revocationRequest(p.message, p.entity, p.box)
}

// signedFile signs a generated file: with the certificate that sign_with or the connection names, or with the
// service's own test signature. A signature file can't be handed over, since the file did not exist before.
func (r *runner) signedFile(_ context.Context, c *call, _ office, content []byte) (diadoc.SignedContent, error) {
	if with := strings.TrimSpace(c.Properties.First("sign_with")); with == signTest {
		return diadoc.SignedContent{Content: content, SignWithTestSignature: true}, nil
	}
	return diadoc.SignedContent{}, &docflow.Refusal{Code: "no_certificate",
		CRMText: "Нечем подписать: файл для этого действия создаёт Диадок, приложить к нему готовую подпись нельзя. Укажите сертификат в параметре sign_with или в поле certificate подключения; для тестовых организаций укажите sign_with = test.",
		TextEN:  "There is nothing to sign with: name a certificate in sign_with or in the connection's certificate; for test organisations sign_with = test."}
}
