package main

import (
	"context"
	"fmt"
	"strconv"

	"konturbridge/app/config"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/app/watchdog"
)

// jobsWorkflows lists business processes that seem to wait for a call of the bridge which never came.
type jobsWorkflows struct {
	Portal string `help:"Only this member_id's."`
}

// stuckView is a suspected workflow as scripts see it.
type stuckView struct {
	watchdog.Stuck
	Reason string `json:"reason"`
}

// Run prints the list.
func (c jobsWorkflows) Run(ctx context.Context, p *process, group *jobsCommand) error {
	show := func(stuck []watchdog.Stuck) error {
		views := make([]stuckView, 0, len(stuck))
		rows := [][]string{{"WORKFLOW", "PORTAL", "DOCUMENT", "TEMPLATE", "STARTED", "STANDS SINCE", "WHY IT IS SUSPECTED"}}
		for _, s := range stuck {
			views = append(views, stuckView{s, s.Reason()})
			rows = append(rows, []string{s.Workflow, string(s.Portal), s.Document, strconv.FormatInt(s.Template, 10),
				moment(s.Started), moment(s.Modified), s.Reason()})
		}
		if group.JSON {
			return p.json(views)
		}
		return p.table(rows)
	}
	none := func() error { return show(nil) }
	return p.withStoreOrNone(ctx, none, func(_ config.Config, st *store.Store) error {
		stuck, err := st.StuckWorkflows(ctx, portal.ID(c.Portal))
		if err != nil {
			return err
		}
		return show(stuck)
	})
}

// jobsEndWorkflow has a business process ended that waits in vain.
type jobsEndWorkflow struct {
	ID     string `arg:"" help:"The workflow's id, as bridge jobs workflows lists it."`
	Portal string `help:"The member_id of its portal, for a workflow that is not listed."`
	Kill   bool   `help:"Erase it with its data. Only when ending it does not help."`
}

// Run leaves the order for the serving process, which alone talks to the portal.
func (c jobsEndWorkflow) Run(ctx context.Context, p *process, group *jobsCommand) error {
	return p.withStore(ctx, func(_ config.Config, st *store.Store) error {
		id, err := c.portal(ctx, st)
		if err != nil {
			return err
		}
		row, err := watchdog.EndRow(id, watchdog.End{Workflow: c.ID, Kill: c.Kill})
		if err != nil {
			return err
		}
		order := &store.Accept{Row: row}
		if err := st.Accept(ctx, order); err != nil {
			return err
		}
		if group.JSON {
			j, err := st.Job(ctx, order.ID)
			if err != nil {
				return err
			}
			return p.json(j)
		}
		_, err = fmt.Fprintf(p.out, "job %d ends workflow %s as soon as bridge serve works it; bridge jobs show %d tells how it went\n", order.ID, c.ID, order.ID)
		return err
	})
}

// portal finds whose workflow it is.
func (c jobsEndWorkflow) portal(ctx context.Context, st *store.Store) (portal.ID, error) {
	if c.Portal != "" {
		all, err := st.Portals(ctx)
		if err != nil {
			return "", err
		}
		for _, one := range all {
			if string(one.ID) == c.Portal && one.State != portal.Removed {
				return one.ID, nil
			}
		}
		return "", fmt.Errorf("there is no portal %s; bridge portals lists them", c.Portal)
	}
	stuck, err := st.StuckWorkflows(ctx, "")
	if err != nil {
		return "", err
	}
	for _, s := range stuck {
		if s.Workflow == c.ID {
			return s.Portal, nil
		}
	}
	return "", fmt.Errorf("workflow %s is not among those that bridge jobs workflows lists; name its portal with --portal to end it all the same", c.ID)
}
