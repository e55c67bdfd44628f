package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/journal"
)

// maxTold bounds each list of a story.
const maxTold = 100

// docflowFacts are the columns of a docflow without its frozen request, which may be long.
var docflowFacts = strings.Replace(docflowColumns, "body", "substr(body, 1, 0)", 1)

// Story tells what became of a row of the portal.
//
// Errors: journal.ErrNotFound, also for another portal's.
func (s *Store) Story(ctx context.Context, portal string, id int64) (journal.Story, error) {
	story := journal.Story{}
	job, err := s.Job(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && (job.Portal != portal || portal == "") {
		return story, journal.ErrNotFound
	}
	if err != nil {
		return story, err
	}
	story.Job = job
	for _, tell := range []func(context.Context, *journal.Story) error{
		s.tellArrival, s.tellKin, s.tellRuns, s.tellDocflows, s.tellEffects, s.tellCalls, s.tellActs,
	} {
		if err := tell(ctx, &story); err != nil {
			return story, err
		}
	}
	return story, nil
}

// DocflowStory tells what became of a docflow of the portal, also when the row that began it is gone from the
// journal. Its Job is empty.
//
// Errors: journal.ErrNotFound, also for another portal's.
func (s *Store) DocflowStory(ctx context.Context, portal string, id docflow.ID) (journal.Story, error) {
	story := journal.Story{Job: Job{Portal: portal}}
	found, err := s.listDocflows(ctx, `SELECT `+docflowFacts+` FROM docflows WHERE id = ? AND portal = ?`, string(id), portal)
	if err != nil {
		return story, err
	}
	if len(found) == 0 || portal == "" {
		return story, journal.ErrNotFound
	}
	told := journal.Docflow{Record: found[0]}
	if told.History, told.Jobs, err = s.historyWithJobs(ctx, id); err != nil {
		return story, err
	}
	story.Docflows = []journal.Docflow{told}
	story.Made, err = s.jobs(ctx, `SELECT `+jobColumns+` FROM inbox WHERE id IN (SELECT job FROM docflow_history WHERE docflow = ? AND job <> 0)
		AND lane = ? ORDER BY id LIMIT ?`, string(id), portal, maxTold)
	if err != nil {
		return story, err
	}
	if err := s.tellEffects(ctx, &story); err != nil {
		return story, err
	}
	return story, s.tellCalls(ctx, &story)
}

// tellArrival reads what the request itself said.
func (s *Store) tellArrival(ctx context.Context, story *journal.Story) error {
	if !isAction(story.Job.Kind) && story.Job.Kind != inbox.KindEvent {
		return nil
	}
	var body []byte
	if err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT body FROM inbox WHERE id = ?`), story.Job.ID).Scan(&body); err != nil {
		return err
	}
	if story.Job.Kind == inbox.KindEvent {
		if h, err := inbox.ReadHappened(body); err == nil {
			story.Call.Event = h.Event
		}
		return nil
	}
	if call, err := inbox.ReadCall(body); err == nil { // what cannot be read is told by the row's own note
		story.Call.User, story.Call.Workflow = call.UserID, len(call.EventToken) > 0
	}
	return nil
}

// tellKin reads the row that led to this one and those that it led to, of the same portal.
func (s *Store) tellKin(ctx context.Context, story *journal.Story) error {
	if story.Job.Cause != 0 {
		if cause, err := s.Job(ctx, story.Job.Cause); err == nil && cause.Portal == story.Job.Portal {
			story.Cause = &cause
		} else if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	made, err := s.jobs(ctx, `SELECT `+jobColumns+` FROM inbox WHERE cause = ? AND cause <> 0 AND lane = ? ORDER BY id LIMIT ?`,
		story.Job.ID, story.Job.Portal, maxTold)
	story.Made = made
	story.Cut = story.Cut || len(made) == maxTold
	return err
}

// tellRuns reads the latest runs, oldest first.
func (s *Store) tellRuns(ctx context.Context, story *journal.Story) error {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT at, ended, verdict, failed, times, note, more FROM runs
		WHERE job = ? ORDER BY at DESC LIMIT ?`), story.Job.ID, maxTold)
	if err != nil {
		return down(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var (
			r         journal.Run
			at, ended int64
			failed    int
		)
		if err := rows.Scan(&at, &ended, &r.Verdict, &failed, &r.Times, &r.Note, &r.More); err != nil {
			return err
		}
		r.Began, r.Ended, r.Failed = fromMS(at), fromMS(ended), failed == 1
		story.Runs = append(story.Runs, r)
	}
	slices.Reverse(story.Runs)
	story.Cut = story.Cut || len(story.Runs) == maxTold
	return rows.Err()
}

// tellDocflows reads the docflows that the row moved, or that it is known to be about.
func (s *Store) tellDocflows(ctx context.Context, story *journal.Story) error {
	found, err := s.listDocflows(ctx, `SELECT `+docflowFacts+` FROM docflows WHERE portal = ? AND id IN (
		SELECT docflow FROM docflow_history WHERE job = ? AND job <> 0 UNION SELECT CAST(? AS TEXT)) ORDER BY created, id LIMIT ?`,
		story.Job.Portal, story.Job.ID, string(story.Job.Doc), maxFound)
	if err != nil {
		return err
	}
	for _, rec := range found {
		told := journal.Docflow{Record: rec}
		if told.History, told.Jobs, err = s.historyWithJobs(ctx, rec.ID); err != nil {
			return err
		}
		story.Docflows = append(story.Docflows, told)
	}
	return nil
}

func (s *Store) historyWithJobs(ctx context.Context, id docflow.ID) (history []docflow.HistoryEntry, jobs []int64, err error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT state, requirement, cause, note, at, job FROM docflow_history
		WHERE docflow = ? ORDER BY id LIMIT ?`), string(id), 5*maxTold)
	if err != nil {
		return nil, nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var (
			h       docflow.HistoryEntry
			at, job int64
		)
		if err := rows.Scan(&h.State, &h.Requirement, &h.Cause, &h.Note, &at, &job); err != nil {
			return nil, nil, err
		}
		h.At = fromMS(at)
		history, jobs = append(history, h), append(jobs, job)
	}
	return history, jobs, rows.Err()
}

// tellEffects reads the effects of the docflows, those that the row applied, and those that rows which it made
// applied: a refusal is told in the card without any docflow.
func (s *Store) tellEffects(ctx context.Context, story *journal.Story) error {
	seen := map[int64]bool{}
	add := func(query string, key any) error {
		effects, err := s.effects(ctx, `SELECT id, docflow, kind, state, note, created, finished, job FROM effects WHERE `+query+
			` AND portal = ? ORDER BY id DESC LIMIT ?`, key, story.Job.Portal, maxTold)
		story.Cut = story.Cut || len(effects) == maxTold
		for _, e := range effects {
			if !seen[e.ID] {
				seen[e.ID] = true
				story.Effects = append(story.Effects, e)
			}
		}
		return err
	}
	for _, d := range story.Docflows {
		if err := add(`docflow = ?`, string(d.Record.ID)); err != nil {
			return err
		}
	}
	rows := []int64{story.Job.ID}
	for _, j := range story.Made {
		if j.Kind == EffectsKind {
			rows = append(rows, j.ID)
		}
	}
	for _, id := range rows {
		if err := add(`job = ? AND job <> 0`, id); err != nil {
			return err
		}
	}
	if story.Job.Kind == EffectsKind && story.Job.State == journal.States()[rowUnfinished] {
		if err := s.addWaiting(ctx, story, seen); err != nil {
			return err
		}
	}
	slices.SortFunc(story.Effects, func(a, b journal.Effect) int { return int(a.ID - b.ID) })
	return nil
}

// addWaiting tells what an unfinished row of effects has yet to apply.
func (s *Store) addWaiting(ctx context.Context, story *journal.Story, seen map[int64]bool) error {
	var body []byte
	if err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT body FROM inbox WHERE id = ?`), story.Job.ID).Scan(&body); err != nil {
		return err
	}
	var card docflow.Card
	if err := json.Unmarshal(body, &card); err != nil {
		return err
	}
	waiting, err := s.WaitingEffects(ctx, story.Job.Portal, card)
	for _, e := range waiting[:min(len(waiting), maxTold)] {
		if !seen[e.ID] {
			story.Effects = append(story.Effects, journal.Effect{ID: e.ID, Docflow: e.Docflow, Kind: string(e.Kind),
				State: journal.EffectStates()[0], Created: e.Created})
		}
	}
	return err
}

func (s *Store) effects(ctx context.Context, query string, args ...any) ([]journal.Effect, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var all []journal.Effect
	for rows.Next() {
		var (
			e                 journal.Effect
			state             int
			created, finished int64
		)
		if err := rows.Scan(&e.ID, &e.Docflow, &e.Kind, &state, &e.Note, &created, &finished, &e.Job); err != nil {
			return nil, err
		}
		e.State, e.Created, e.Finished = journal.EffectStates()[state], fromMS(created), fromMS(finished)
		all = append(all, e)
	}
	return all, rows.Err()
}

// tellCalls reads the calls of the row and of the rows that applied its effects, in the order of their time.
func (s *Store) tellCalls(ctx context.Context, story *journal.Story) error {
	ids := []int64{story.Job.ID}
	for _, d := range story.Docflows {
		if story.Job.ID == 0 {
			ids = append(ids, slices.Compact(slices.Clone(d.Jobs))...)
		}
	}
	for _, e := range story.Effects {
		if e.Job != 0 && !slices.Contains(ids, e.Job) && len(ids) < maxFound {
			ids = append(ids, e.Job)
		}
	}
	for _, id := range ids {
		if id == 0 {
			continue
		}
		calls, err := s.calls(ctx, story.Job.Portal, id)
		if err != nil {
			return err
		}
		story.Calls = append(story.Calls, calls...)
		story.Cut = story.Cut || len(calls) == 5*maxTold
	}
	slices.SortStableFunc(story.Calls, func(a, b journal.Call) int { return a.Began.Compare(b.Began) })
	return nil
}

// calls reads the latest calls of a row.
func (s *Store) calls(ctx context.Context, portal string, job int64) ([]journal.Call, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT job, run, docflow, system, op, began, took, status, class, packed, note FROM calls
		WHERE job = ? AND portal = ? ORDER BY run DESC, n DESC LIMIT ?`), job, portal, 5*maxTold)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var all []journal.Call
	for rows.Next() {
		var (
			c                journal.Call
			run, began, took int64
		)
		if err := rows.Scan(&c.Job, &run, &c.Docflow, &c.System, &c.Op, &began, &took, &c.Status, &c.Class, &c.Packed, &c.Words); err != nil {
			return nil, err
		}
		c.Run, c.Began, c.Took = fromMS(run), fromMS(began), time.Duration(took)*time.Millisecond
		all = append(all, c)
	}
	slices.Reverse(all)
	return all, rows.Err()
}

func (s *Store) tellActs(ctx context.Context, story *journal.Story) error {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT at, act, user_id FROM job_acts WHERE job = ? ORDER BY at DESC LIMIT ?`), story.Job.ID, maxTold)
	if err != nil {
		return down(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var (
			a  journal.Act
			at int64
		)
		if err := rows.Scan(&at, &a.Act, &a.User); err != nil {
			return err
		}
		a.At = fromMS(at)
		story.Acts = append(story.Acts, a)
	}
	slices.Reverse(story.Acts)
	return rows.Err()
}
