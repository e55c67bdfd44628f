package reaction

import (
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/realty"
)

// triggerOf is the CRM automation trigger that runs when a docflow comes where it is now; "" for none. A
// request about another docflow ends without that one's end.
func triggerOf(r docflow.Record) string {
	companion := r.Kind == string(realty.ActionKind) || r.Kind == string(realty.AdditionalPackageKind)
	switch {
	case r.Kind == docflow.KindInvitation:
		return ""
	case r.System == docflow.Diadoc && r.State == docflow.AllSigned:
		return portal.TriggerDocumentSigned
	case r.System == docflow.Diadoc && r.State == docflow.Rejected:
		return portal.TriggerDocumentRejected
	case r.System != docflow.Realty:
		return ""
	case r.State == docflow.Completed && !companion:
		return portal.TriggerDocflowCompleted
	case r.State == docflow.Suspended && r.Requirement == docflow.RequireSignature:
		return portal.TriggerSignatureNeeded
	case r.State == docflow.Suspended && r.Requirement == docflow.RequirePayment:
		return portal.TriggerDutyCharged
	default:
		return ""
	}
}

// runTrigger runs a CRM automation trigger for the card. It is offered to every portal, and some can't
// have it: what keeps them from it is told once, not with every docflow.
func (r *run) runTrigger(_ Effect, p TriggerParams) (string, error) {
	if r.triggers.resting(r.row.Lane, r.Now()) {
		return "CRM-триггеры на этом портале недоступны", nil
	}
	err := r.b24.TriggerExecute(r.ctx, p.Code, r.kind(), r.id())
	switch {
	case err == nil:
		r.triggers.works(r.row.Lane)
		return "CRM-триггер " + p.Code, nil
	case passing(err) || r.cardGone(err):
		return "", err
	case r.triggers.fails(r.row.Lane, r.Now()):
		return "", err
	}
	return "CRM-триггер не запущен: " + explain(err), nil
}

// triggersRest is how long a portal that refuses triggers is not asked again.
const triggersRest = 10 * time.Minute

// maxRefusing bounds how many refusing portals are remembered.
const maxRefusing = 10000

// refusals remembers portals that refuse CRM automation triggers.
type refusals struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (f *refusals) resting(portal string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.until[portal].After(now)
}

func (f *refusals) works(portal string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.until, portal)
}

// fails reports whether this is the portal's first refusal since triggers worked there last.
func (f *refusals) fails(portal string, now time.Time) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.until) >= maxRefusing || f.until == nil {
		f.until = map[string]time.Time{}
	}
	_, known := f.until[portal]
	f.until[portal] = now.Add(triggersRest)
	return !known
}
