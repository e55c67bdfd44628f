package store

import (
	"database/sql"
	"errors"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/journal"
	"konturbridge/app/lane"
)

// traced is what a run leaves in the journal, with its outcome.
type traced struct {
	row   lane.Row
	r     lane.Result
	trace journal.Trace
}

// traceOf gives what a run leaves in the journal; ok is false when nobody would ask for it: a feed that found
// nothing, work that called nobody and went well.
func traceOf(r lane.Result) (trace journal.Trace, ok bool) {
	trace, _ = r.Trace.(journal.Trace)
	called := len(trace.Calls) > 0
	switch r.Verdict {
	case lane.Done:
		ok = called
	case lane.Again:
		ok = trace.Failed() || called && len(r.Writes) > 0
	case lane.Aside:
		ok = called || trace.Error
	default:
		ok = r.Trace != nil
	}
	return trace, ok
}

// trace takes in what a run leaves; it is stored with the rest of its group.
func (t *tx) trace(row lane.Row, r lane.Result) {
	if trace, ok := traceOf(r); ok {
		t.traces = append(t.traces, traced{row, r, trace})
	}
}

// traceInTurn is trace for a row that may run again. Runs one after the other that end alike are one, with the
// calls of the first: a feed that cannot be read for a day must not fill the journal. It comes before the
// outcome, which overwrites when the row last ran.
func (t *tx) traceInTurn(row lane.Row, r lane.Result) error {
	trace, ok := traceOf(r)
	if !ok || r.Verdict != lane.Again && r.Verdict != lane.Aside {
		t.trace(row, r)
		return nil
	}
	var at, next int64
	err := t.row(`SELECT r.at, i.run_at FROM runs r JOIN inbox i ON i.id = r.job AND i.finished = r.ended WHERE r.job = ? AND r.verdict = ?
		AND r.note = ? AND r.failed = ? ORDER BY r.at DESC LIMIT 1`, row.ID, r.Verdict.String(), plainText(r.Note), boolInt(trace.Failed())).Scan(&at, &next)
	if errors.Is(err, sql.ErrNoRows) || err == nil && r.Verdict == lane.Again && len(r.Writes) > 0 {
		t.trace(row, r)
		return nil
	}
	if err != nil || next == ms(r.At) { // then its first commit was not answered
		return err
	}
	_, err = t.exec(`UPDATE runs SET ended = ?, times = times + 1 WHERE job = ? AND at = ?`, ms(t.now), row.ID, at)
	return err
}

// plainText keeps what PostgreSQL refuses to store out of texts of others.
func plainText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
}

// about is the docflow that a run's outcome names; "" when it names none.
func (r traced) about() string {
	for _, key := range []string{r.row.Key, r.r.Key} {
		if key != "" {
			return key
		}
	}
	for _, w := range r.r.Writes {
		id := docflow.ID("")
		switch w := w.(type) {
		case docflow.Prepare:
			id = w.Record.ID
		case docflow.Settle:
			id = w.ID
		case docflow.Signed:
			id = w.ID
		case docflow.Await:
			id = w.Waiter.Docflow
		}
		if id != "" {
			return string(id)
		}
	}
	return ""
}

const (
	runColumns  = `job, at, ended, verdict, failed, note, more`
	callColumns = `job, run, n, portal, docflow, system, op, began, took, status, class, packed, note`
)

// storeTraces stores what the runs of a group leave, once each: an outcome whose commit was not answered comes
// again.
func (t *tx) storeTraces() error {
	if len(t.traces) == 0 {
		return nil
	}
	if t.s.d.postgres {
		return t.storeManyTraces()
	}
	for _, r := range t.traces {
		at := ms(r.trace.Began)
		if _, err := t.exec(`INSERT INTO runs (`+runColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, r.row.ID, at, ms(t.now),
			r.r.Verdict.String(), boolInt(r.trace.Failed()), r.r.Note, r.trace.More); err != nil {
			return err
		}
		about := r.about()
		for n, c := range r.trace.Calls {
			if _, err := t.exec(`INSERT INTO calls (`+callColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				r.row.ID, at, n, r.row.Lane, about, c.System, c.Op, ms(c.Began), c.Took.Milliseconds(), c.Status, c.Class, c.Packed,
				c.Words); err != nil {
				return err
			}
		}
	}
	return nil
}

// columns collects rows for unnest.
type columns struct {
	job, at, ended, failed, more            []int64
	verdict, note                           []string
	run, n, began, took, status, packed     []int64
	of                                      []int64
	portal, docflow, system, op, class, why []string
}

func (t *tx) storeManyTraces() error {
	var c columns
	for _, r := range t.traces {
		at := ms(r.trace.Began)
		c.job, c.at, c.ended = append(c.job, r.row.ID), append(c.at, at), append(c.ended, ms(t.now))
		c.failed, c.more = append(c.failed, int64(boolInt(r.trace.Failed()))), append(c.more, int64(r.trace.More))
		c.verdict, c.note = append(c.verdict, r.r.Verdict.String()), append(c.note, plainText(r.r.Note))
		about := r.about()
		for n, call := range r.trace.Calls {
			c.of, c.run, c.n = append(c.of, r.row.ID), append(c.run, at), append(c.n, int64(n))
			c.portal, c.docflow = append(c.portal, r.row.Lane), append(c.docflow, about)
			c.system, c.op = append(c.system, call.System), append(c.op, plainText(call.Op))
			c.began, c.took = append(c.began, ms(call.Began)), append(c.took, call.Took.Milliseconds())
			c.status, c.packed = append(c.status, int64(call.Status)), append(c.packed, int64(call.Packed))
			c.class, c.why = append(c.class, call.Class), append(c.why, plainText(call.Words))
		}
	}
	if _, err := t.exec(`INSERT INTO runs (`+runColumns+`)
		SELECT job, at, ended, verdict, failed::smallint, note, more FROM
		unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bigint[])
		AS r (job, at, ended, verdict, failed, note, more) ON CONFLICT DO NOTHING`,
		c.job, c.at, c.ended, c.verdict, c.failed, c.note, c.more); err != nil || len(c.of) == 0 {
		return err
	}
	_, err := t.exec(`INSERT INTO calls (`+callColumns+`)
		SELECT job, run, n::integer, portal, docflow, system, op, began, took, status::integer, class, packed::integer, note FROM
		unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::bigint[],
			?::bigint[], ?::text[], ?::bigint[], ?::text[])
		AS c (job, run, n, portal, docflow, system, op, began, took, status, class, packed, note) ON CONFLICT DO NOTHING`,
		c.of, c.run, c.n, c.portal, c.docflow, c.system, c.op, c.began, c.took, c.status, c.class, c.packed, c.why)
	return err
}
