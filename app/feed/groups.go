package feed

import (
	"context"
	"errors"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

// eachGroup reads one page for each group of connections that share a read, and joins what they caused. A group
// that fails rests by itself; only a lost lease, a database that is down or a stop ends the run.
func eachGroup(ctx context.Context, groups [][]portal.Connection,
	read func(context.Context, []portal.Connection) (lane.Result, error),
	rest func(context.Context, []portal.Connection, error) lane.Result,
) (lane.Result, error) {
	all := lane.Result{Verdict: lane.Again}
	for _, group := range groups {
		result, err := read(ctx, group)
		if errors.Is(err, lane.ErrLeaseLost) || errors.Is(err, lane.ErrStoreDown) || err != nil && ctx.Err() != nil {
			return lane.Result{}, err
		}
		if err != nil {
			result = rest(ctx, group, err)
		}
		if all.At.IsZero() || result.At.Before(all.At) {
			all.At = result.At
		}
		all.Writes = append(all.Writes, result.Writes...)
		all.Note = joinNotes(all.Note, result.Note)
	}
	return all, nil
}

// joinNotes keeps the journal's line short: groups mostly say the same.
func joinNotes(a, b string) string {
	if a == "" || a == b {
		return b
	}
	if b == "" {
		return a
	}
	return a + "; " + b
}
