package action

import (
	"context"
	"errors"
	"slices"

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

// runDiadocSend sends files of the card, or a document made of its data. With a certificate of the cloud the
// message is stored unsent first, so that whatever becomes of the confirmation it is there and there once; the
// signatures then send it.
func runDiadocSend(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	return r.sendOnce(ctx, c, r.outgoing)
}

// outgoing is a message before it is frozen.
type outgoing struct {
	message     diadoc.MessageToPost
	kind        string
	certificate string // of the cloud, which signs once the message is stored; "": nothing more is to be signed
}

// until says what the robot of a sending waits for.
func (o outgoing) until(c *call) docflow.Until {
	switch c.Properties.First("wait") {
	case "signed":
		return docflow.UntilSigned
	case "finished":
		return docflow.UntilFinished
	}
	if o.certificate != "" {
		return docflow.UntilHanded
	}
	return docflow.UntilNow
}

// sendOnce makes one message of a row, however often the row runs:
//
//	nothing stored     make and freeze the body, store it marked as tried, call
//	tried, no answer   look for it by its documents' own ids, then call with the same operation id and bytes
func (r *runner) sendOnce(ctx context.Context, c *call, build func(context.Context, *call, office, docflow.ID) (outgoing, error)) (lane.Result, error) {
	id := c.docflowID()
	rec, err := r.Store.Docflow(ctx, id)
	if errors.Is(err, r.NotFound) {
		return r.sendNew(ctx, c, id, build)
	}
	if err != nil {
		return lane.Result{}, err
	}
	c.filed = true
	at, err := r.officeNamed(ctx, c.portal, rec.Connection)
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok {
		return r.boxGone(rec, refusal), nil
	}
	if err != nil {
		return lane.Result{}, err
	}
	if rec.State != docflow.Prepared {
		return r.signSent(ctx, c, letter{office: at, rec: rec})
	}
	if done, result, err := r.findSent(ctx, at, rec); done || err != nil {
		return result, err
	}
	return r.post(ctx, at, rec)
}

func (r *runner) sendNew(ctx context.Context, c *call, id docflow.ID, build func(context.Context, *call, office, docflow.ID) (outgoing, error)) (lane.Result, error) {
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
	out, err := build(ctx, c, at, id)
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
	if out.certificate != "" {
		rec.Signing = &docflow.Signing{Operation: string(c.operationID("/sign")), Certificate: out.certificate, Stage: docflow.SigningDue, Until: now.Add(signPatience)}
	}
	mark := docflow.Tried{ID: id, At: now}
	if err := r.Store.Write(ctx, c.row.Lease, docflow.Prepare{Record: rec, Waiter: c.waiter(id, out.until(c))}, mark); err != nil {
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
		return r.sent(rec, feed.FromDiadoc(message, at.box, docflow.CauseCreate, "", r.Now()), ""), nil
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
	writes := []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version,
		Update: docflow.Update{State: docflow.Failed, Refusal: refusal, Cause: docflow.CauseCreate, At: r.Now()}}}
	if rec.Signing != nil {
		writes = append(writes, docflow.Sign{ID: rec.ID})
	}
	return lane.Result{Note: "refused by the service", Writes: writes}, nil
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
	return true, r.sent(rec, feed.FromDiadoc(message, at.box, docflow.CauseSearch, "", r.Now()), "the answer was lost; found by its documents' ids"), nil
}

// sent stores what a send has made. What is to be signed now is the row's next step: it comes back for it.
func (r *runner) sent(rec docflow.Record, u docflow.Update, note string) lane.Result {
	result := lane.Result{Note: note, Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: u}}}
	if rec.Signing != nil {
		result.Verdict, result.At, result.Key = lane.Aside, r.Now(), string(rec.ID)
	}
	return result
}

// boxGone ends a send whose box is not in the settings any more: nobody can look what became of it.
func (r *runner) boxGone(rec docflow.Record, refusal *docflow.Refusal) lane.Result {
	result := lane.Result{Note: refusal.CRMText}
	if rec.State == docflow.Prepared {
		result = r.stranded(rec, refusal)
	}
	if rec.Signing != nil {
		result.Writes = append(result.Writes, docflow.Sign{ID: rec.ID})
	}
	return result
}

// signSent goes on with a message that was stored to be signed.
func (r *runner) signSent(ctx context.Context, c *call, l letter) (lane.Result, error) {
	if l.rec.Signing == nil || l.rec.Signing.Operation != string(c.operationID("/sign")) {
		return lane.Result{Note: "sent by an earlier run"}, nil
	}
	how, err := r.signer(ctx, c, l.office)
	if err != nil {
		return lane.Result{}, err
	}
	return r.work(ctx, c, &job{letter: l, operation: diadoc.OperationID(l.rec.Signing.Operation), certificate: l.rec.Signing.Certificate, note: "signed and sent",
		parts: func(ctx context.Context) ([]docflow.SignPart, error) { return r.due(ctx, c, l, false) },
		body: func(_ context.Context, parts []docflow.SignPart) ([]byte, error) {
			return diadoc.Body("PostMessagePatch", patchOf(l, parts, how))
		},
		post: func(ctx context.Context, body []byte) (diadoc.MessageID, error) {
			_, err := l.client.PostStoredPatch(ctx, diadoc.OperationID(l.rec.Signing.Operation), body)
			return l.message(), err
		}})
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
