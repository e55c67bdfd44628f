package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"konturbridge/app/config"
	"konturbridge/app/store"
)

type jobsCommand struct {
	JSON bool `help:"Print JSON."`

	List   jobsList   `cmd:"" default:"withargs" help:"List work, newest first."`
	Show   jobsShow   `cmd:"" help:"Show one."`
	Retry  jobsRetry  `cmd:"" help:"Run one again that failed or was canceled, or one that waits at once."`
	Cancel jobsCancel `cmd:"" help:"Cancel one that is not done."`

	Workflows   jobsWorkflows   `cmd:"" help:"List business processes that seem to wait for a call that never came."`
	EndWorkflow jobsEndWorkflow `cmd:"" help:"End one of them."`
}

type jobsList struct {
	State string `enum:"all,waiting,done,dead,canceled" default:"all" help:"Only these: ${enum}."`
	Limit uint16 `default:"50" help:"At most so many."`
}

// Run prints the list.
func (c jobsList) Run(ctx context.Context, p *process, group *jobsCommand) error {
	show := func(jobs []store.Job) error {
		if group.JSON {
			return p.json(append([]store.Job{}, jobs...))
		}
		rows := [][]string{{"ID", "STATE", "KIND", "CODE", "LANE", "CARD", "TRIES", "RECEIVED", "NOTE"}}
		for _, j := range jobs {
			rows = append(rows, []string{strconv.FormatInt(j.ID, 10), j.State, j.Kind, j.Code, j.Portal, j.Part,
				strconv.Itoa(j.Tries), moment(j.Received), short(j.Note, 80)})
		}
		return p.table(rows)
	}
	none := func() error { return show(nil) }
	return p.withStoreOrNone(ctx, none, func(_ config.Config, st *store.Store) error {
		jobs, err := st.Jobs(ctx, slices.Index(store.JobStates(), c.State), int(c.Limit))
		if err != nil {
			return err
		}
		return show(jobs)
	})
}

type jobsShow struct {
	ID int64 `arg:"" help:"The job's number."`
}

// Run prints one job.
func (c jobsShow) Run(ctx context.Context, p *process, group *jobsCommand) error {
	return onJob(ctx, p, c.ID, func(_ *store.Store, j store.Job) error {
		if group.JSON {
			return p.json(j)
		}
		return p.table([][]string{
			{"job", strconv.FormatInt(j.ID, 10)}, {"state", j.State}, {"kind", j.Kind}, {"code", j.Code}, {"lane", j.Portal},
			{"card", j.Part}, {"failed tries", strconv.Itoa(j.Tries)}, {"received", moment(j.Received)},
			{"runs", moment(j.RunAt)}, {"finished", moment(j.Finished)}, {"note", j.Note},
		})
	})
}

type jobsRetry struct {
	ID int64 `arg:"" help:"The job's number."`
}

// Run puts a job back in line.
func (c jobsRetry) Run(ctx context.Context, p *process, group *jobsCommand) error {
	return onJob(ctx, p, c.ID, func(st *store.Store, j store.Job) error {
		if j.State == "done" {
			return fmt.Errorf("job %d is done: there is nothing to retry", c.ID)
		}
		return changeJob(ctx, p, st, c.ID, group.JSON, st.RetryJob, "waits and runs at once")
	})
}

type jobsCancel struct {
	ID int64 `arg:"" help:"The job's number."`
}

// Run cancels a job.
func (c jobsCancel) Run(ctx context.Context, p *process, group *jobsCommand) error {
	return onJob(ctx, p, c.ID, func(st *store.Store, j store.Job) error {
		if j.State == "done" || j.State == "canceled" {
			return fmt.Errorf("job %d is %s: there is nothing to cancel", c.ID, j.State)
		}
		return changeJob(ctx, p, st, c.ID, group.JSON, st.CancelJob, "is canceled; bridge jobs retry takes it up again")
	})
}

// onJob runs work on a job that must exist.
func onJob(ctx context.Context, p *process, id int64, work func(*store.Store, store.Job) error) error {
	return p.withStore(ctx, func(_ config.Config, st *store.Store) error {
		j, err := st.Job(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no job %d; bridge jobs lists them, finished ones are kept for 30 days", id)
		}
		if err != nil {
			return err
		}
		return work(st, j)
	})
}

// changeJob changes a job and tells what became of it. That it may be done meanwhile is no fault of ours.
func changeJob(ctx context.Context, p *process, st *store.Store, id int64, asJSON bool,
	change func(context.Context, int64) error, words string) error {
	if err := change(ctx, id); errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("job %d was finished meanwhile", id)
	} else if err != nil {
		return err
	}
	if !asJSON {
		_, err := fmt.Fprintf(p.out, "job %d %s\n", id, words)
		return err
	}
	j, err := st.Job(ctx, id)
	if err != nil {
		return err
	}
	return p.json(j)
}
