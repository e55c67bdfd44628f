package app

import (
	"context"
	"errors"
	"fmt"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/store"
)

// ErrNothingToDecide is returned for a docflow that is not uncertain.
var ErrNothingToDecide = errors.New("there is nothing to decide")

// Decide stores a person's decision about an uncertain docflow; the process that works its portal carries
// it out, in order with the card's other work.
//
// Errors: wrapping store.ErrNotFound or ErrNothingToDecide; a decision that makes no sense; the database's.
func Decide(ctx context.Context, st *store.Store, d action.Decision) error {
	if err := d.Check(); err != nil {
		return err
	}
	rec, err := st.Docflow(ctx, d.Docflow)
	if err != nil {
		return err
	}
	if rec.State != docflow.Uncertain {
		return fmt.Errorf("%w: docflow %s is %s, only an uncertain one needs a decision", ErrNothingToDecide, rec.ID, rec.State)
	}
	row, err := action.DecideRow(rec, d)
	if err != nil {
		return err
	}
	return st.Commit(ctx, row)
}
