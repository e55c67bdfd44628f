package action

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// runDiadocInvite invites an organisation, or accepts its invitation. The invitation is a record of its own, whose
// external id is the organisation's box:
//
//	nothing stored     look at the relation; store the request, marked as tried; call
//	tried, no answer   the service has no operation id: look at the relation before calling again
//	called             a row of its own follows the task and then the relation, see [followed]
func runDiadocInvite(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	id := c.docflowID()
	rec, err := r.Store.Docflow(ctx, id)
	if errors.Is(err, r.NotFound) {
		return r.inviteNew(ctx, c, id)
	}
	if err != nil {
		return lane.Result{}, err
	}
	c.filed = true
	if rec.State != docflow.Prepared {
		return lane.Result{Note: "invited by an earlier run"}, nil
	}
	at, err := r.officeNamed(ctx, c.portal, rec.Connection)
	if err != nil {
		return lane.Result{}, err
	}
	box, err := at.invitee(ctx, rec)
	if err != nil {
		return lane.Result{}, err
	}
	relation, _, err := at.relation(ctx, box)
	if err != nil {
		return lane.Result{}, err
	}
	if relation == relationPartner || relation == relationInvited {
		result := r.invited(c, rec, "")
		result.Note = "the answer was lost; the relation tells that the invitation arrived"
		return result, nil
	}
	return r.acquire(ctx, c, at, rec)
}

func (r *runner) inviteNew(ctx context.Context, c *call, id docflow.ID) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	to, err := r.counteragent(ctx, c, at)
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok && refusal.Code == "counteragent_not_found" && to.kpp == "" {
		err = nil // the service makes a box for who has none yet
	}
	if err != nil {
		return lane.Result{}, err
	}
	if to.org.LiquidationDate != "" {
		return lane.Result{}, &docflow.Refusal{Code: "liquidated", CRMText: fmt.Sprintf("Организация «%s» (ИНН %s) ликвидирована, пригласить её нельзя.", to.name(), to.inn), TextEN: "The organisation is liquidated."}
	}
	relation, known, err := at.relation(ctx, to.box)
	if err != nil {
		return lane.Result{}, err
	}
	if relation == relationPartner {
		return c.tell(relation, fmt.Sprintf("%s (ИНН %s): %s.", to.name(), to.inn, relationText(relation)), map[string]any{"relation": relation, "box_id": string(to.box)}), nil
	}
	request := diadoc.AcquireCounteragentRequest{BoxID: to.box, MessageToCounteragent: c.Properties.First("message")}
	if to.box == "" {
		request.INN = to.inn
	}
	if len(c.Properties.All("document")) > 0 {
		if relation == relationInvitesUs { // a counter-request with a document never accepts
			return lane.Result{}, wrongState("Контрагент уже приглашает нас. Принять приглашение можно только без документа: очистите параметр document.",
				"They invite us already: accept without a document.")
		}
		if request.InvitationDocument, err = r.invitationDocument(ctx, c, at); err != nil {
			return lane.Result{}, err
		}
	}
	if relation == relationInvitesUs && known.InvitationDocumentID != nil {
		if refusal := r.mustSign(ctx, at, *known.InvitationDocumentID); refusal != nil {
			return lane.Result{}, refusal
		}
	}
	body, err := diadoc.Body("AcquireCounteragent", request)
	if err != nil {
		return lane.Result{}, err
	}
	now := r.Now()
	rec := docflow.Record{ID: id, Portal: string(c.portal), Card: c.Card, System: docflow.Diadoc, Kind: docflow.KindInvitation, Connection: at.conn.Name,
		RequestID: string(id), Body: body, ExternalID: string(to.box.GUID()), State: docflow.Prepared, Created: now, Changed: now, Version: 1,
		Documents: []docflow.Document{{EntityID: string(to.box.GUID()), Title: cmp.Or(to.name(), to.inn), Type: docflow.KindInvitation, State: docflow.Prepared}}}
	mark := docflow.Tried{ID: id, At: now}
	if err := r.Store.Write(ctx, c.row.Lease, docflow.Prepare{Record: rec, Waiter: c.waiter(id, docflow.UntilFinished)}, mark); err != nil {
		return lane.Result{}, err
	}
	c.filed = true
	return r.acquire(ctx, c, at, marked(rec, mark))
}

// mustSign refuses to accept an invitation whose document waits for a signature: signing it is what accepts.
func (r *runner) mustSign(ctx context.Context, at office, document diadoc.DocumentID) error {
	d, err := at.client.GetDocument(ctx, at.box, document, false)
	if err != nil {
		return err
	}
	if d.State() != diadoc.StateAwaitingAnswer {
		return nil
	}
	return wrongState(fmt.Sprintf("Контрагент приглашает нас с документом, который нужно подписать: подпись и примет приглашение. Подпишите его роботом «Диадок: подписать» (сообщение %s, документ %s).", document.MessageID, document.EntityID),
		"Their invitation has a document to be signed; signing it accepts the invitation.")
}

// invitationDocument makes the file that goes with an invitation: signed by the signature file beside it, or by the
// service's test signature. The owner of a certificate is not asked here: there is no message yet that could be
// followed while he takes his time.
func (r *runner) invitationDocument(ctx context.Context, c *call, at office) (*diadoc.InvitationDocument, error) {
	all, bad, err := r.sheets(ctx, c, "document")
	defer all.close()
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		bad = append(bad, fmt.Sprintf("document: нужен один документ (и файл его подписи), а документов %d", len(all)))
	}
	test := strings.EqualFold(strings.TrimSpace(c.Properties.First("sign_with")), signTest)
	if len(bad) == 0 && !all.signed() && !test {
		bad = append(bad, "document: документ к приглашению должен быть подписан. Приложите рядом с ним файл откреплённой подписи (договор.pdf и договор.pdf.sig); для тестовых организаций укажите sign_with = test")
	}
	if len(bad) > 0 {
		return nil, badParams(bad)
	}
	file := all[0]
	shelf, err := at.client.UploadToShelf(ctx, file.file.Reader(), cmp.Or(path.Ext(file.name), ".bin"))
	return &diadoc.InvitationDocument{FileName: file.name, SignatureRequested: c.Properties.First("need_signature") == "Y",
		SignedContent: diadoc.SignedContent{NameOnShelf: shelf, Signature: file.signature, SignWithTestSignature: file.signature == nil}}, err
}

// invitee is the box that an invitation went to. One that the service has made for it is found by the INN; "" when
// there is none yet.
func (o office) invitee(ctx context.Context, rec docflow.Record) (diadoc.BoxID, error) {
	if rec.ExternalID != "" {
		return diadoc.BoxID(rec.ExternalID), nil
	}
	var request diadoc.AcquireCounteragentRequest
	if err := json.Unmarshal(rec.Body, &request); err != nil {
		return "", err
	}
	found, err := o.client.GetOrganizationsByInnKpp(ctx, request.INN, "", true)
	if errors.Is(err, diadoc.ErrNotFound) {
		return "", nil
	}
	for _, one := range organizations(found.Organizations, addressee{}, "") {
		if !one.org.IsBranch && !one.org.IsRoaming { // it is made for the head organisation
			return one.box, err
		}
	}
	return "", err
}

// acquire makes the call. A second one while the first is being carried out changes nothing: the service does nothing
// for those who are invited already.
func (r *runner) acquire(ctx context.Context, c *call, at office, rec docflow.Record) (lane.Result, error) {
	var request diadoc.AcquireCounteragentRequest
	if err := json.Unmarshal(rec.Body, &request); err != nil {
		return lane.Result{}, err
	}
	task, err := at.client.AcquireCounteragent(ctx, at.box, "", request)
	if err == nil {
		return r.invited(c, rec, task.ID), nil
	}
	if upstream.ClassOf(err) != upstream.Refused {
		return lane.Result{}, err
	}
	return lane.Result{Note: "refused by the service", Writes: []lane.Write{docflow.Settle{ID: rec.ID, Update: r.inviteRefused(err, rec)}}}, nil
}

func (r *runner) inviteRefused(err error, rec docflow.Record) docflow.Update {
	refusal := diadocRefused(err)
	if errors.Is(err, diadoc.ErrConflict) {
		refusal.CRMText = "Пригласить не удалось: " + strings.TrimPrefix(refusal.CRMText, "Диадок: ") + " Если контрагент работает через другого оператора, сначала нужна заявка на настройку роуминга: её подают в Диадоке."
	}
	return invitation(rec, docflow.Failed, refusal, docflow.CauseCreate, r.Now())
}

// invitation is an update of an invitation's record.
func invitation(rec docflow.Record, state docflow.State, refusal *docflow.Refusal, cause string, at time.Time) docflow.Update {
	u := docflow.Update{State: state, Refusal: refusal, Cause: cause, At: at}
	for _, d := range rec.Documents {
		d.State = state
		u.Documents = append(u.Documents, d)
	}
	return u
}

// invited ends the run that has called: the row that follows is stored with it.
func (r *runner) invited(c *call, rec docflow.Record, task diadoc.TaskID) lane.Result {
	body, err := json.Marshal(followed{Portal: string(c.portal), Docflow: rec.ID, Task: task})
	if err != nil { // texts always marshal
		body = nil
	}
	return lane.Result{Note: "called", Writes: []lane.Write{lane.NewRow{Lane: c.row.Lane, Part: c.row.Part, Kind: KindFollow, Body: body}}}
}

// KindFollow is the kind of rows that follow an invitation until the other side has answered it.
const KindFollow = "follow"

// followed is the body of such a row.
type followed struct {
	Portal  string        `json:"portal"`
	Docflow docflow.ID    `json:"docflow"`
	Task    diadoc.TaskID `json:"task,omitempty"` // "" when the relation is to be looked at at once
}

// How often a relation is looked at, and for how long: at first every minute, then at longer and longer intervals.
const (
	followFirst = time.Minute
	followMost  = time.Hour
	followFor   = 60 * 24 * time.Hour
)

// Follower works the rows that follow invitations.
func (w *Worker) Follower() lane.Worker { return follower{w.r} }

type follower struct{ r *runner }

// Work implements lane.Worker: it asks once and comes back later. No failure ends it but the invitation's own.
func (f follower) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var what followed
	if err := json.Unmarshal(row.Body, &what); err != nil {
		return lane.Result{}, err
	}
	rec, err := f.r.Store.Docflow(ctx, what.Docflow)
	if errors.Is(err, f.r.NotFound) {
		return lane.Result{Note: "the invitation is not known any more"}, nil
	}
	if err != nil {
		return lane.Result{}, err
	}
	if rec.State.Final() {
		return lane.Result{Note: "ended: " + string(rec.State)}, nil
	}
	result, err := f.look(ctx, row, rec, what)
	if err == nil || ctx.Err() != nil {
		return result, err
	}
	if until := upstream.RetryAt(err); until.After(f.r.Now()) {
		return lane.Result{Verdict: lane.Aside, At: until, Note: err.Error()}, nil
	}
	return lane.Result{Verdict: lane.Aside, At: f.next(row), Note: err.Error()}, nil
}

func (f follower) look(ctx context.Context, row lane.Row, rec docflow.Record, what followed) (lane.Result, error) {
	at, err := f.r.officeNamed(ctx, portal.ID(rec.Portal), rec.Connection)
	if err != nil {
		return lane.Result{}, err
	}
	box := diadoc.BoxID(rec.ExternalID)
	if what.Task != "" && rec.State == docflow.Prepared {
		done, err := at.client.AcquireCounteragentResult(ctx, diadoc.AcquireTask{MyBox: at.box, ID: what.Task})
		switch {
		case errors.Is(err, diadoc.ErrTaskFailed):
			return lane.Result{Note: "the task failed", Writes: []lane.Write{docflow.Settle{ID: rec.ID, Update: f.r.inviteRefused(err, rec)}}}, nil
		case err != nil && !errors.Is(err, diadoc.ErrNotFound): // a forgotten task: the relation tells
			return lane.Result{}, err
		}
		box = cmp.Or(box, done.BoxID)
	}
	if box == "" {
		if box, err = at.invitee(ctx, rec); err != nil {
			return lane.Result{}, err
		}
	}
	relation, known, err := at.relation(ctx, box)
	if err != nil {
		return lane.Result{}, err
	}
	state := stateOf(relation)
	if old := rec.State == docflow.Prepared && state == docflow.Rejected; old && f.r.Now().Sub(rec.Created) < f.r.Uncertain {
		state = "" // they may have refused us before
	}
	if state == "" {
		if rec.State == docflow.Invited {
			refusal := &docflow.Refusal{Code: "withdrawn", CRMText: "Приглашение отозвано: " + relationText(relation) + ".", TextEN: "The invitation was withdrawn."}
			return lane.Result{Note: relation, Writes: []lane.Write{docflow.Settle{ID: rec.ID, Update: invitation(rec, docflow.Failed, refusal, docflow.CauseGet, f.r.Now())}}}, nil
		}
		if f.r.Now().Sub(rec.Created) < f.r.Uncertain { // what was just done may not show yet
			return lane.Result{Verdict: lane.Aside, At: f.r.Now().Add(f.r.Look), Note: "приглашение ещё не видно в Диадоке"}, nil
		}
		refusal := &docflow.Refusal{Code: "not_invited", CRMText: "Диадок не показывает приглашения: " + relationText(relation) + ". Проверьте контрагента в Диадоке и пригласите его ещё раз.",
			TextEN: "Diadoc shows no invitation: " + relation + "."}
		return lane.Result{Writes: []lane.Write{docflow.Settle{ID: rec.ID, Update: invitation(rec, docflow.Failed, refusal, docflow.CauseGet, f.r.Now())}}}, nil
	}
	u := invitation(rec, state, nil, docflow.CauseGet, f.r.Now())
	u.ExternalID = string(box.GUID())
	for i := range u.Documents {
		if state == docflow.Rejected {
			u.Documents[i].Comment = known.MessageFromCounteragent
		}
	}
	writes := []lane.Write{docflow.Settle{ID: rec.ID, Update: u}}
	if state.Final() {
		return lane.Result{Note: relation, Writes: writes}, nil
	}
	if f.r.Now().Sub(rec.Created) > followFor {
		return lane.Result{Note: "на приглашение не ответили; мост больше не следит за ним", Writes: writes}, nil
	}
	return lane.Result{Verdict: lane.Aside, At: f.next(row), Note: relationText(relation), Writes: writes}, nil
}

// stateOf is an invitation's state by the relation; "" while no invitation is seen.
func stateOf(relation string) docflow.State {
	switch relation {
	case relationPartner:
		return docflow.Partner
	case relationInvited:
		return docflow.Invited
	case relationRejected, relationRejectedUs:
		return docflow.Rejected
	}
	return ""
}

// next is when the relation is looked at again: after as long as it has been followed.
func (f follower) next(row lane.Row) time.Time {
	now := f.r.Now()
	return now.Add(min(max(now.Sub(row.Received), followFirst), followMost))
}
