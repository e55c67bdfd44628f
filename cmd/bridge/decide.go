package main

import (
	"context"
	"errors"
	"fmt"

	"konturbridge/app"
	"konturbridge/app/action"
	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/store"
)

// docflowsDecide tells the bridge what a person found out at Реестро about a docflow whose creation was
// never answered.
type docflowsDecide struct {
	ID    string `arg:"" help:"The docflow's id."`
	Again bool   `xor:"verdict" required:"" help:"Реестро does not have it: file it now."`
	Found string `xor:"verdict" required:"" placeholder:"ID" help:"Реестро has it under this id."`
	Drop  bool   `xor:"verdict" required:"" help:"Реестро does not have it, and it is not wanted any more."`
}

// Run stores the decision.
func (c docflowsDecide) Run(ctx context.Context, p *process, _ *docflowsCommand) error {
	d := action.Decision{Docflow: docflow.ID(c.ID), Verdict: action.Found, ExternalID: c.Found, By: "bridge docflows decide"}
	switch {
	case c.Again:
		d.Verdict = action.FileAgain
	case c.Drop:
		d.Verdict = action.Dropped
	}
	return p.withStore(ctx, func(_ config.Config, st *store.Store) error {
		err := app.Decide(ctx, st, d)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no docflow %s; bridge docflows lists them", c.ID)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.out, "docflow %s: the decision is stored; bridge serve carries it out\n", c.ID)
		return err
	})
}
