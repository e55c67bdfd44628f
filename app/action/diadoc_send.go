package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// The tags by which a document finds its card from Диадок's side.
const (
	tagPortal = "crmPortal"
	tagCard   = "crmCard" // entity type and id: 2:57
)

// signTest stands for a signature that the service makes by itself, for test organisations.
const signTest = "test"

// runDiadocSend sends files of the card.
func runDiadocSend(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	return r.sendOnce(ctx, c, docflow.UntilNow, func(ctx context.Context, at office, id docflow.ID) (outgoing, error) {
		to, err := at.recipient(ctx, c)
		if err != nil {
			return outgoing{}, err
		}
		message := diadoc.MessageToPost{FromBoxID: at.box, ToBoxID: to, DelaySend: c.Properties.First("sign_with") == ""}
		message.DocumentAttachments, err = r.attachments(ctx, c, at, id)
		return outgoing{message, c.Properties.First("document_type")}, err
	})
}

// outgoing is a message before it is frozen.
type outgoing struct {
	message diadoc.MessageToPost
	kind    string
}

// sendOnce makes one message of a row, however often the row runs:
//
//	nothing stored     make and freeze the body, store it marked as tried, call
//	tried, no answer   look for it by its documents' own ids, then call with the same operation id and bytes
func (r *runner) sendOnce(ctx context.Context, c *call, until docflow.Until, build func(context.Context, office, docflow.ID) (outgoing, error)) (lane.Result, error) {
	id := c.docflowID()
	rec, err := r.Store.Docflow(ctx, id)
	if errors.Is(err, r.NotFound) {
		return r.sendNew(ctx, c, id, until, build)
	}
	if err != nil {
		return lane.Result{}, err
	}
	c.filed = true
	if rec.State != docflow.Prepared {
		return lane.Result{Note: "sent by an earlier run"}, nil
	}
	at, err := r.officeNamed(ctx, c.portal, rec.Connection)
	if err != nil {
		return lane.Result{}, err
	}
	if done, result, err := r.findSent(ctx, at, rec); done || err != nil {
		return result, err
	}
	return r.post(ctx, at, rec)
}

func (r *runner) sendNew(ctx context.Context, c *call, id docflow.ID, until docflow.Until, build func(context.Context, office, docflow.ID) (outgoing, error)) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	if at.conn.Cursor == "" { // what becomes of it must not be missed
		cursor, err := feed.BoxPosition(ctx, at.client, at.box, r.Now())
		if err != nil {
			return lane.Result{}, err
		}
		if err := r.Store.TakeCursor(ctx, c.portal, at.conn.Name, cursor); err != nil {
			return lane.Result{}, err
		}
	}
	out, err := build(ctx, at, id)
	if err != nil {
		return lane.Result{}, err
	}
	body, err := diadoc.Body("PostMessage", out.message)
	if err != nil {
		return lane.Result{}, err
	}
	now := r.Now()
	rec := docflow.Record{ID: id, Portal: string(c.portal), Card: c.Card, System: docflow.Diadoc, Kind: out.kind, Connection: at.conn.Name,
		RequestID: string(id), Body: body, State: docflow.Prepared, Documents: prepared(out.message), Created: now, Changed: now, Version: 1}
	mark := docflow.Tried{ID: id, At: now}
	if err := r.Store.Write(ctx, c.row.Lease, docflow.Prepare{Record: rec, Waiter: c.waiter(id, until)}, mark); err != nil {
		return lane.Result{}, err
	}
	c.filed = true
	return r.post(ctx, at, marked(rec, mark))
}

// prepared are the documents of a message that the service does not know yet.
func prepared(m diadoc.MessageToPost) []docflow.Document {
	var documents []docflow.Document
	for _, a := range m.DocumentAttachments {
		documents = append(documents, docflow.Document{CustomID: a.CustomDocumentID, Type: a.TypeNamedID, Title: fileNameOf(a), State: docflow.Prepared})
	}
	return documents
}

func fileNameOf(a diadoc.DocumentAttachment) string {
	at := slices.IndexFunc(a.Metadata, func(m diadoc.MetadataItem) bool { return m.Key == "FileName" })
	if at < 0 {
		return a.TypeNamedID
	}
	return a.Metadata[at].Value
}

// post makes the one call that sends. The service does what comes under one operation id once, so a lost answer
// only means that the call is made again.
func (r *runner) post(ctx context.Context, at office, rec docflow.Record) (lane.Result, error) {
	message, err := at.client.PostStoredMessage(ctx, diadoc.OperationID(rec.RequestID), rec.Body)
	if err == nil {
		return sent(rec, feed.FromDiadoc(message, at.box, docflow.CauseCreate, "", r.Now()), ""), nil
	}
	if upstream.ClassOf(err) != upstream.Refused {
		return lane.Result{}, err
	}
	if errors.Is(err, diadoc.ErrConflict) { // also what a message that is there already is answered with
		if done, result, err := r.findSent(ctx, at, rec); done || err != nil {
			return result, err
		}
	}
	refusal := diadocRefused(err)
	if refusal == nil {
		return lane.Result{}, err
	}
	return lane.Result{Note: "refused by the service", Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version,
		Update: docflow.Update{State: docflow.Failed, Refusal: refusal, Cause: docflow.CauseCreate, At: r.Now()}}}}, nil
}

// findSent looks for what an earlier try has sent, by the ids that we have given its documents.
func (r *runner) findSent(ctx context.Context, at office, rec docflow.Record) (done bool, _ lane.Result, _ error) {
	if len(rec.Documents) == 0 {
		return false, lane.Result{}, nil
	}
	found, err := at.client.GetDocumentsByCustomId(ctx, at.box, rec.Documents[0].CustomID)
	if errors.Is(err, diadoc.ErrNotFound) || err == nil && len(found.Documents) == 0 {
		return false, lane.Result{}, nil
	}
	if err != nil {
		return false, lane.Result{}, err
	}
	message, err := at.client.GetMessage(ctx, at.box, found.Documents[0].MessageID, diadoc.MessageOptions{OriginalSignature: true})
	if err != nil {
		return false, lane.Result{}, err
	}
	return true, sent(rec, feed.FromDiadoc(message, at.box, docflow.CauseSearch, "", r.Now()), "the answer was lost; found by its documents' ids"), nil
}

func sent(rec docflow.Record, u docflow.Update, note string) lane.Result {
	return lane.Result{Note: note, Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: u}}}
}

// attachments puts the files on the shelf and makes documents of them.
func (r *runner) attachments(ctx context.Context, c *call, at office, id docflow.ID) ([]diadoc.DocumentAttachment, error) {
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return nil, err
	}
	refs, err := r.files(ctx, b24, c, "files")
	if err != nil {
		return nil, err
	}
	var made []diadoc.DocumentAttachment
	for i, ref := range refs {
		file, err := fetch(ctx, b24, ref, "files")
		if err != nil {
			return nil, err
		}
		name := cmp.Or(file.name, "Документ "+strconv.Itoa(i+1))
		shelf, err := at.client.UploadToShelf(ctx, file.Reader(), cmp.Or(path.Ext(name), ".bin"))
		_ = file.Close()
		if err != nil {
			return nil, err
		}
		made = append(made, diadoc.DocumentAttachment{TypeNamedID: c.Properties.First("document_type"),
			NeedRecipientSignature: c.Properties.First("need_signature") == "Y",
			CustomDocumentID:       string(id) + "/" + strconv.Itoa(i+1),
			SignedContent:          diadoc.SignedContent{NameOnShelf: shelf, SignWithTestSignature: c.Properties.First("sign_with") == signTest},
			Metadata:               []diadoc.MetadataItem{{Key: "FileName", Value: name}},
			CustomData:             []diadoc.CustomDataItem{{Key: tagPortal, Value: string(c.portal)}, {Key: tagCard, Value: c.Card.String()}}})
	}
	return made, nil
}

// recipient finds the box of the organisation that the call names.
func (o office) recipient(ctx context.Context, c *call) (diadoc.BoxID, error) {
	inn, kpp := strings.TrimSpace(c.Properties.First("inn")), strings.TrimSpace(c.Properties.First("kpp"))
	found, err := o.client.GetOrganizationsByInnKpp(ctx, inn, kpp, true)
	if err != nil {
		return "", err
	}
	var boxes []diadoc.BoxID
	for _, org := range found.Organizations {
		for _, b := range org.Boxes {
			boxes = append(boxes, b.BoxIDGUID)
		}
	}
	if len(boxes) == 0 {
		return "", &docflow.Refusal{Code: "counteragent_not_found",
			CRMText: fmt.Sprintf("Параметр inn: в Диадоке нет организации с ИНН %s. Проверьте ИНН и КПП контрагента.", inn),
			TextEN:  fmt.Sprintf("Parameter inn: Diadoc has no organisation with INN %s.", inn)}
	}
	return boxes[0], nil
}

// runDiadocStatus answers with what is stored: the box's events keep it as new as a call would, and in order.
func runDiadocStatus(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	l, err := r.letter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	return c.answerLetter(l, "status told"), nil
}

// runDiadocWait lets the workflow stand until the document is where it wants it.
func runDiadocWait(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	l, err := r.letter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	return c.awaitLetter(l, docflow.Until(c.Properties.First("until"))), nil
}

// answerLetter ends a run whose robot is answered with what the message's record holds once the writes are made.
func (c *call) answerLetter(l letter, note string, writes ...lane.Write) lane.Result {
	result := c.awaitLetter(l, docflow.UntilNow, writes...)
	result.Note = note
	return result
}

// awaitLetter ends a run whose robot waits for the letter's document.
func (c *call) awaitLetter(l letter, until docflow.Until, writes ...lane.Write) lane.Result {
	if w := c.waiter(l.rec.ID, until); w != nil {
		w.Document = string(l.entity)
		writes = append(writes, docflow.Await{Waiter: *w})
	}
	return lane.Result{Writes: writes}
}
