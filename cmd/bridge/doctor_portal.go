package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"konturbridge/app/portal"
	"konturbridge/app/store"
)

const (
	// selfCheckTime is how long a portal's self-check is waited for, one that repairs a lot included.
	selfCheckTime = time.Minute
	// claimTime is how soon a serving node takes up work that it is given.
	claimTime = 6 * time.Second
	lookEvery = 100 * time.Millisecond
)

// administrators says who does the portal's work and who could take over.
func administrators(p portal.Portal) []finding {
	subject := "administrators of " + p.Domain
	service, found := p.Service()
	if !found || len(service.Admins) == 0 {
		return nil
	}
	var spare, ended []string
	for _, a := range service.Admins {
		switch {
		case a.Dead != "":
			ended = append(ended, fmt.Sprintf("user %d (%s)", a.UserID, a.Dead))
		case a.UserID != service.Worker():
			spare = append(spare, fmt.Sprintf("user %d", a.UserID))
		}
	}
	text := fmt.Sprintf("user %d does the work, %s can take over", service.Worker(), strings.Join(spare, ", "))
	if len(spare) == 0 {
		text = fmt.Sprintf("user %d does the work and nobody can take over: let another administrator open the application's page once", service.Worker())
	}
	if len(ended) > 0 {
		text += "; no more: " + strings.Join(ended, ", ")
	}
	return []finding{ok(subject, "%s", text)}
}

// selfChecks has the serving bridge compare every working portal with what should be there, and repair it. The
// doctor itself writes nothing in a portal: two that register at a time would do it twice.
func selfChecks(ctx context.Context, st *store.Store) []check {
	if st == nil {
		return nil
	}
	portals, err := st.Portals(ctx)
	if err != nil {
		return nil // said already
	}
	var checks []check
	for _, p := range portals {
		if p.State == portal.Active {
			checks = append(checks, func(ctx context.Context) []finding { return selfCheck(ctx, st, p) })
		}
	}
	return checks
}

func selfCheck(ctx context.Context, st *store.Store, p portal.Portal) []finding {
	subject := "self-check of " + p.Domain
	const stopped = "bridge serve, which makes it, is not running; start it and ask again"
	if served, err := st.Served(ctx, string(p.ID)); err == nil && !served && !st.Postgres() {
		return []finding{skipped(subject, stopped)}
	}
	asked := time.Now()
	row, err := st.AskCheck(ctx, p.ID)
	if err != nil {
		return []finding{failed(subject, "%s", err)}
	}
	for {
		job, err := st.Job(ctx, row)
		switch {
		case ctx.Err() != nil:
			return []finding{skipped(subject, "it takes longer than %s; bridge portals show %s tells its outcome", selfCheckTime, p.ID)}
		case err != nil:
			return []finding{failed(subject, "%s", err)}
		case job.State == "done":
			return checked(ctx, st, p, subject, job.Note, asked)
		case job.State != "waiting":
			return []finding{failed(subject, "%s", job.Note)}
		}
		if served, err := st.Served(ctx, string(p.ID)); err == nil && !served && time.Since(asked) > claimTime {
			if err := st.CancelJob(ctx, row); err == nil {
				return []finding{skipped(subject, stopped)}
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookEvery):
		}
	}
}

// checked tells what a self-check found: a line for each problem, one for what was repaired.
func checked(ctx context.Context, st *store.Store, p portal.Portal, subject, note string, asked time.Time) []finding {
	report, err := st.Check(ctx, p.ID)
	if err != nil || report.At.Before(asked.Add(-selfCheckTime)) { // it ended before it began: the note says why
		return []finding{failed(subject, "%s", note)}
	}
	var findings []finding
	if report.Repaired() {
		findings = append(findings, ok(subject, "repaired: %s", repairs(report)))
	} else if len(report.Problems) == 0 {
		findings = append(findings, ok(subject, "everything that the bridge needs in the portal is there"))
	}
	for _, problem := range report.Problems {
		findings = append(findings, failed(subject, "%s", problem))
	}
	for _, note := range report.Notes {
		findings = append(findings, ok(subject, "%s", note))
	}
	return findings
}

func repairs(r portal.Report) string {
	var parts []string
	for _, part := range []struct {
		word string
		list []string
	}{{"added", r.Added}, {"removed", r.Removed}, {"changed", r.Changed}} {
		if len(part.list) > 0 {
			parts = append(parts, part.word+" "+strings.Join(part.list, ", "))
		}
	}
	return strings.Join(parts, "; ")
}
