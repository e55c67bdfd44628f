package app

import (
	"context"
	"time"

	"konturbridge/app/journal"
	"konturbridge/app/lane"
	"konturbridge/internal/upstream"
)

// tracing collects the calls that are made while a row is worked; they are stored with its outcome.
type tracing struct {
	next lane.Worker
	now  func() time.Time
}

// Work implements lane.Worker.
func (w tracing) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	calls := upstream.NewTrace(journal.MaxCalls)
	began := w.now()
	result, err := w.next.Work(calls.In(ctx), row)
	result.Trace = traceOf(calls, row, began, err)
	return result, err
}

func traceOf(calls *upstream.Trace, row lane.Row, began time.Time, err error) journal.Trace {
	made, more := calls.Calls()
	trace := journal.Trace{Began: began, More: more, Error: err != nil}
	for _, c := range made {
		trace.Calls = append(trace.Calls, journal.Call{Job: row.ID, Run: began, System: c.API, Op: c.Op, Began: c.Began, Took: c.Duration,
			Status: c.Status, Class: c.Class, Packed: c.Packed, Words: c.Words})
	}
	return trace
}
