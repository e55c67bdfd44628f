package action

import (
	"context"
	"errors"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// outcome is a run's result that was found deep in an action: the rest of the run is left out.
type outcome struct{ result lane.Result }

// Error implements error.
func (o *outcome) Error() string { return o.result.Note }

// asideUntil sets the row aside: the card's other work goes on, and the row comes back.
func asideUntil(l letter, note string, at time.Time) error {
	return &outcome{lane.Result{Verdict: lane.Aside, At: at, Note: note, Key: string(l.rec.ID)}}
}

// job is one act at Диадок that must be signed before it takes effect: a send, an answer, a receipt. Its row may
// run any number of times:
//
//	nothing stored    store what is to be signed, and who waits for it
//	due, asked, …     have the certificate's owner asked once, and look how that stands
//	signed            make the act of the signatures, freeze it
//	frozen            hand it over; the service does once what comes under one operation id
type job struct {
	letter
	operation diadoc.OperationID
	// certificate signs on the service's side; "": files of the card or the service's test signature do.
	certificate string
	until       docflow.Until // what the robot waits for
	// parts lists what is signed on the service's side.
	parts func(ctx context.Context) ([]docflow.SignPart, error)
	// body makes the act of what was signed.
	body func(ctx context.Context, parts []docflow.SignPart) ([]byte, error)
	// post hands the frozen act over and gives the message to read anew.
	post func(ctx context.Context, body []byte) (diadoc.MessageID, error)
	note string // for the journal
}

// work goes as far with a job as it can go now.
func (r *runner) work(ctx context.Context, c *call, j *job) (lane.Result, error) {
	s := j.rec.Signing
	if s != nil && s.Operation != string(j.operation) && r.Now().Before(s.Until) {
		return lane.Result{}, signingElsewhere(*s)
	}
	if s == nil || s.Operation != string(j.operation) {
		fresh, err := r.beginSigning(ctx, c, j)
		if err != nil {
			return lane.Result{}, err
		}
		s = fresh
	}
	c.filed = true // from here on the record tells what became of it
	err := r.advance(ctx, c, j, s)
	if o, ok := errors.AsType[*outcome](err); ok {
		return o.result, nil
	}
	if refusal := refusalFor(err); refusal != nil {
		return r.unsigned(ctx, j.letter, refusal)
	}
	if err != nil {
		return lane.Result{}, err
	}
	return r.handOver(ctx, j, s)
}

// beginSigning stores that the job is under way, with the robot that waits for it.
func (r *runner) beginSigning(ctx context.Context, c *call, j *job) (*docflow.Signing, error) {
	s := &docflow.Signing{Operation: string(j.operation), Certificate: j.certificate, Stage: docflow.SigningDue, Until: r.Now().Add(signPatience)}
	var err error
	if j.certificate == "" { // the signatures are there
		s.Stage = docflow.SigningFrozen
		s.Body, err = j.body(ctx, nil)
	} else if _, err = r.certificate(ctx, j.office, j.certificate); err == nil {
		s.Parts, err = j.parts(ctx)
	}
	if err != nil { // what is wrong is told before anything is stored
		return nil, err
	}
	writes := []lane.Write{docflow.Sign{ID: j.rec.ID, Signing: s}}
	if w := c.waiter(j.rec.ID, j.until); w != nil {
		w.Document = string(j.entity)
		writes = append(writes, docflow.Await{Waiter: *w})
	}
	return s, r.Store.Write(ctx, c.row.Lease, writes...)
}

// advance brings the signing to where the act is frozen, or says why that must wait.
func (r *runner) advance(ctx context.Context, c *call, j *job, s *docflow.Signing) error {
	for s.Stage != docflow.SigningFrozen {
		if s.Stage != docflow.Signatures {
			if err := r.askOwner(ctx, c, j, s); err != nil {
				return err
			}
			continue
		}
		body, err := j.body(ctx, s.Parts)
		if err != nil {
			return err
		}
		s.Stage, s.Body = docflow.SigningFrozen, body
		if err := r.keep(ctx, c, j.letter, s); err != nil {
			return err
		}
	}
	return nil
}

// keep stores how far the signing has come, before anything else is done.
func (r *runner) keep(ctx context.Context, c *call, l letter, s *docflow.Signing, more ...lane.Write) error {
	return r.Store.Write(ctx, c.row.Lease, append([]lane.Write{docflow.Sign{ID: l.rec.ID, Signing: s}}, more...)...)
}

// handOver makes the one call of the job.
func (r *runner) handOver(ctx context.Context, j *job, s *docflow.Signing) (lane.Result, error) {
	id, err := j.post(ctx, s.Body)
	if err != nil && upstream.ClassOf(err) == upstream.Refused {
		return r.unsigned(ctx, j.letter, refusalFor(err))
	}
	if err != nil {
		return lane.Result{}, err
	}
	writes, err := r.reread(ctx, j.letter, id)
	if err != nil {
		return lane.Result{}, err
	}
	return lane.Result{Note: j.note, Writes: append(writes, docflow.Sign{ID: j.rec.ID})}, nil
}

// unsigned ends a signing without signatures: the message stays as it is, the card and the robots are told why.
func (r *runner) unsigned(ctx context.Context, l letter, refusal *docflow.Refusal) (lane.Result, error) {
	writes, err := r.reread(ctx, l, l.message())
	if err != nil {
		return lane.Result{}, err
	}
	if len(writes) == 0 { // the service does not show it: what is stored stands
		writes = []lane.Write{docflow.Settle{ID: l.rec.ID, Update: docflow.Update{ExternalID: l.rec.ExternalID, State: l.rec.State,
			Cause: docflow.CauseAct, At: r.Now()}}}
	}
	for i, w := range writes {
		if settle, ok := w.(docflow.Settle); ok {
			settle.Update.Refusal = refusal
			writes[i] = settle
		}
	}
	return lane.Result{Note: refusal.Code + ": " + refusal.Journal(), Writes: append(writes, docflow.Sign{ID: l.rec.ID},
		reaction.Enqueue{Effects: reaction.Unsigned(l.rec, refusal)})}, nil
}

// tellOwner has the card say what the certificate's owner must do now.
func tellOwner(l letter, line string) lane.Write {
	return reaction.Enqueue{Effects: reaction.ToConfirm(l.rec, line)}
}

func signingElsewhere(s docflow.Signing) *docflow.Refusal {
	text, en := "её подтверждает владелец сертификата", "the certificate's owner is confirming it"
	if s.Stage == docflow.SigningCode {
		text, en = "ждём код из SMS: передайте его роботом «Диадок: подписать» в параметре confirm_code", "a code is awaited: hand it over in confirm_code of diadoc_sign"
	}
	return &docflow.Refusal{Code: "signing_in_progress",
		CRMText: "Документы этого сообщения уже подписываются: " + text + ". Дождитесь окончания и повторите.",
		TextEN:  "Documents of the message are being signed already: " + en + "."}
}
