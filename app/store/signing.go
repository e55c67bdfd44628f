package store

import (
	"konturbridge/app/docflow"
)

// sign stores how a record's signing stands. Once it is over, the robots that waited for that are answered with
// what the record holds: whoever ends it settles the record first.
func (t *tx) sign(w docflow.Sign) error {
	rec, err := t.lockDocflow(w.ID)
	if err != nil {
		return err
	}
	rec.Signing = w.Signing
	if err := t.saveDocflow(rec); err != nil || w.Signing != nil {
		return err
	}
	still := docflow.Change{From: rec.State, To: rec.State, RequirementFrom: rec.Requirement, Requirement: rec.Requirement, At: t.now}
	met, _, err := t.waitersOf(rec, still)
	if err != nil || len(met) == 0 {
		return err
	}
	return t.enqueue(t.s.plan(rec, still, met))
}
