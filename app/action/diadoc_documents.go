package action

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/diadoc"
)

// runDiadocReject refuses to sign a document, or refuses the revocation that the other side asks for.
func runDiadocReject(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	return r.do(ctx, c, act{note: "rejected", done: deed.rejected,
		patch: func(ctx context.Context, p deed) (made diadoc.MessagePatchToPostV2, err error) {
			target := p.entity
			if request, asked := p.revocation(); asked {
				target = request.EntityID
			} else if err := p.rejectable(); err != nil {
				return made, err
			}
			signer, err := r.signerOf(ctx, p.office)
			if err != nil {
				return made, err
			}
			file, err := p.client.GenerateSignatureRejectionXml(ctx, p.box, diadoc.SignatureRejectionGenerationRequestV2{
				ErrorMessage: c.Properties.First("comment"), MessageID: p.message.MessageID, AttachmentID: target, SignerContent: signer})
			if err != nil {
				return made, err
			}
			signed, err := r.signedFor(ctx, c, p.letter, file.Body)
			made.XMLSignatureRejections = []diadoc.XMLSignatureRejectionAttachment{{ParentEntityID: target, SignedContent: signed}}
			return made, err
		}})
}

// rejected tells whether what a rejection can bring about has come about: of a document whose revocation was
// refused, nothing else can be rejected any more.
func (p deed) rejected() bool {
	state := p.stands().State
	return state == docflow.Rejected || state == docflow.ProxyRejected || p.info.RevocationStatus == diadoc.RevocationRejected
}

// rejectable refuses what surely can't be rejected before a file is made for it.
func (p deed) rejectable() error {
	d := p.stands()
	why := ""
	switch {
	case d.State == docflow.AwaitingAnswer && !d.OurTurn, d.State == docflow.Sent, d.State == docflow.Finished && p.info.DocumentDirection != diadoc.DirectionInbound:
		why = "это наш документ, отказаться от него может только контрагент; попросите аннулировать его роботом «Диадок: аннулировать документ»"
	case d.State == docflow.AllSigned, d.State == docflow.PartiallySigned, d.State == docflow.RevocationOut:
		why = "он уже подписан; попросите аннулировать его роботом «Диадок: аннулировать документ»"
	case d.State == docflow.Unsent, d.State == docflow.Draft:
		why = "он ещё не отправлен; удалите его роботом «Диадок: удалить документ»"
	case d.State == docflow.Deleted:
		why = "он удалён; сначала восстановите его роботом «Диадок: восстановить документ»"
	case d.State == docflow.Revoked:
		why = "он аннулирован"
	}
	if why == "" {
		return nil
	}
	return wrongState("От подписи документа отказаться нельзя: "+why+".", "The document can't be rejected in its state "+string(d.State)+".")
}

func wrongState(ru, en string) error {
	return &docflow.Refusal{Code: "wrong_state", CRMText: ru, TextEN: en}
}

// runDiadocRevoke asks the other side to revoke a document and lets the robot wait for the answer.
func runDiadocRevoke(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	return r.do(ctx, c, act{note: "revocation asked for", until: docflow.UntilRevoked, settle: askedToRevoke,
		done: func(p deed) bool {
			status := p.info.RevocationStatus
			return status == diadoc.RevocationIsRequestedByMe || status == diadoc.RevocationAccepted
		},
		patch: func(ctx context.Context, p deed) (made diadoc.MessagePatchToPostV2, err error) {
			if _, asked := p.revocation(); asked {
				return made, wrongState("Контрагент сам просит аннулировать этот документ. Согласитесь роботом «Диадок: подписать» или откажите роботом «Диадок: отказать в подписи».",
					"The other side asks for the revocation itself: answer it with diadoc_sign or diadoc_reject.")
			}
			switch d := p.stands(); d.State {
			case docflow.Unsent, docflow.Draft:
				return made, wrongState("Документ не отправлен, аннулировать нечего. Удалите его роботом «Диадок: удалить документ».", "The document was not sent: delete it instead.")
			case docflow.Deleted:
				return made, wrongState("Документ удалён, аннулировать его нельзя. Сначала восстановите его роботом «Диадок: восстановить документ».", "The document is deleted: restore it first.")
			}
			signer, err := r.signerDetails(ctx, p.office)
			if err != nil {
				return made, err
			}
			file, err := p.client.GenerateRevocationRequestXml(ctx, p.box, diadoc.DocumentID{MessageID: p.message.MessageID, EntityID: p.entity}, "",
				diadoc.RevocationRequestToGenerate{Comment: c.Properties.First("comment"), Signer: &diadoc.Signer{SignerDetails: &signer}})
			if err != nil {
				return made, err
			}
			signed, err := r.signedFor(ctx, c, p.letter, file.Body)
			made.RevocationRequests = []diadoc.RevocationRequestAttachment{{ParentEntityID: p.entity, SignedContent: signed}}
			return made, err
		}})
}

// askedToRevoke marks the document of which the service does not say yet that its revocation is asked for: while
// the request waits for an approval inside our company the status is the one of no request. The robot must not take
// that for a refusal of the other side.
func askedToRevoke(u *docflow.Update, entity string) {
	for i, d := range u.Documents {
		if strings.EqualFold(d.EntityID, entity) && d.State != docflow.Revoked && d.State != docflow.RevocationOut {
			u.Documents[i].State = docflow.RevocationOut
		}
	}
	u.State = docflow.StateOf(u.Documents)
}

// person is who acts for the box: the user of the connection.
func (r *runner) person(ctx context.Context, at office) (diadoc.Employee, diadoc.FullName, error) {
	employee, err := at.client.GetMyEmployee(ctx, at.box)
	if err != nil {
		return employee, diadoc.FullName{}, err
	}
	if employee.User.FullName == nil || employee.User.FullName.LastName == "" {
		return employee, diadoc.FullName{}, &docflow.Refusal{Code: "no_signer",
			CRMText: "У пользователя, от имени которого работает подключение к Диадоку, не заполнена фамилия: её нужно указать в подписываемом файле. Заполните её в профиле Диадока.",
			TextEN:  "The Diadoc user of the connection has no name, which the file to sign needs."}
	}
	return employee, *employee.User.FullName, nil
}

// signerOf writes the signer of a service file, as the service's user is known: name, position, no power of
// attorney. A signature by somebody else than the user of the connection needs that user's own connection.
//
// Doc: Диадок API, "Универсальный подписант в служебных документах".
func (r *runner) signerOf(ctx context.Context, at office) ([]byte, error) {
	employee, name, err := r.person(ctx, at)
	if err != nil {
		return nil, err
	}
	type fio struct {
		LastName   string `xml:",attr"`
		FirstName  string `xml:",attr"`
		MiddleName string `xml:",attr,omitempty"`
	}
	type position struct {
		PositionSource string `xml:",attr"`
		Text           string `xml:",chardata"`
	}
	signer, err := xml.Marshal(struct {
		XMLName       xml.Name `xml:"Signer"`
		SignerStatus  string   `xml:",attr"`
		SignatureType string   `xml:",attr"`
		Fio           fio
		Position      position
	}{SignerStatus: "1", SignatureType: "1", Fio: fio{name.LastName, name.FirstName, name.MiddleName},
		Position: position{"Manual", cmp.Or(employee.Position, "Представитель")}})
	return append([]byte(xml.Header), signer...), err
}

func (r *runner) signerDetails(ctx context.Context, at office) (diadoc.SignerDetails, error) {
	employee, name, err := r.person(ctx, at)
	return diadoc.SignerDetails{Surname: name.LastName, FirstName: name.FirstName, Patronymic: name.MiddleName,
		JobTitle: cmp.Or(employee.Position, "Представитель")}, err
}

// runDiadocDelete deletes a document, or with an empty entity_id the whole message: a repeat finds it deleted.
func runDiadocDelete(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	return r.mark(ctx, c, "deleted", func(l letter, whole diadoc.EntityID) error { return l.client.Delete(ctx, l.box, l.message(), whole) },
		func(u docflow.Document) bool { return u.State == docflow.Deleted })
}

// runDiadocRestore takes a deletion back.
func runDiadocRestore(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	return r.mark(ctx, c, "restored", func(l letter, whole diadoc.EntityID) error { return l.client.Restore(ctx, l.box, l.message(), whole) },
		func(u docflow.Document) bool { return u.State != docflow.Deleted })
}

// mark deletes or restores. Neither has an operation id; the state that the service is left in tells a repeat, which
// it answers with a conflict.
func (r *runner) mark(ctx context.Context, c *call, note string, call func(letter, diadoc.EntityID) error, so func(docflow.Document) bool) (lane.Result, error) {
	l, err := r.sentLetter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	var entity diadoc.EntityID // the whole message, unless a document is named
	if strings.TrimSpace(c.Properties.First("entity_id")) != "" {
		entity = l.entity
	}
	err = call(l, entity)
	if err != nil && !errors.Is(err, diadoc.ErrConflict) {
		return lane.Result{}, err
	}
	refused := err
	writes, err := r.reread(ctx, l, l.message())
	if err != nil {
		return lane.Result{}, err
	}
	if refused != nil && !everyDocument(writes, entity, so) {
		return lane.Result{}, refused
	}
	return c.answerLetter(l, note, writes...), nil
}

// everyDocument tells whether what was read of a message has all its documents, or the named one, in a state.
func everyDocument(writes []lane.Write, entity diadoc.EntityID, so func(docflow.Document) bool) bool {
	for _, w := range writes {
		s, ok := w.(docflow.Settle)
		if !ok {
			continue
		}
		for _, d := range s.Update.Documents {
			if (entity == "" || strings.EqualFold(d.EntityID, string(entity))) && !so(d) {
				return false
			}
		}
		return len(s.Update.Documents) > 0
	}
	return false
}

// runDiadocMove moves a document to another department; a repeat moves it to where it is.
func runDiadocMove(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	l, err := r.sentLetter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	to, err := l.department(ctx, "department_id", c.Properties.First("department_id"))
	if err != nil {
		return lane.Result{}, err
	}
	if err := l.client.MoveDocuments(ctx, diadoc.DocumentsMove{BoxID: l.box, ToDepartmentID: to.DepartmentID, DocumentIDs: []diadoc.DocumentID{l.document()}}); err != nil {
		return lane.Result{}, err
	}
	return c.tell("moved", fmt.Sprintf("Документ перемещён в подразделение «%s».", to.Name), map[string]any{}), nil
}

// runDiadocForward shows a document to a third organisation. The service has no operation id for it and no list of
// what was forwarded: after a lost answer it is done again, and the third box has the document twice.
func runDiadocForward(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	l, err := r.sentLetter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	to, err := r.counteragent(ctx, c, l.office)
	if err != nil {
		return lane.Result{}, err
	}
	shown, err := l.client.ForwardDocument(ctx, l.box, diadoc.ForwardDocumentRequest{ToBoxID: to.box, DocumentID: l.document()})
	if err != nil {
		return lane.Result{}, err
	}
	id := ""
	if shown.ForwardedDocumentID != nil {
		id = string(shown.ForwardedDocumentID.ForwardEventID)
	}
	return c.tell("forwarded", fmt.Sprintf("Документ передан организации «%s».", to.name()), map[string]any{"forwarded_id": id}), nil
}

// tell ends a run that is about no state of a record: the card has a line, the robot its values.
func (c *call) tell(note, text string, values map[string]any) lane.Result {
	for name, value := range map[string]any{"state": "completed", "error": "", "error_code": ""} {
		if _, own := values[name]; !own {
			values[name] = value
		}
	}
	return lane.Result{Note: note, Writes: []lane.Write{reaction.Enqueue{
		Effects: reaction.Answered(string(c.portal), c.Card, c.action.Name.RU, text, values, c.EventToken)}}}
}
