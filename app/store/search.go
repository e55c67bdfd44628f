package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/journal"
)

// Bounds of one look into the journal. A look reads a bounded stretch: whoever finds nothing in it may go on.
const (
	searchStretch = 2000 // rows of a state read at most
	searchPage    = 50   // rows of a page, when the query names no number
	maxPage       = 200
	maxFound      = 20 // docflows that a number leads to
	// idSlack is how far the order of ids and of arrivals may differ: several nodes store, clocks are put right.
	idSlack = time.Hour
)

// serviceKinds are rows by which the bridge keeps itself going: nobody sent them.
const serviceKinds = `('effects', 'robot-deadline', 'offline', 'notice', 'sweep', 'watchdog', 'setup',
	'setup-check', 'connection-refused', 'news', 'box', 'prune', 'erase')`

// SearchJobs finds rows of a portal's lane, newest first.
//
// Ended rows have indexes of their own, by state and by card, which accepting does not touch; unfinished ones
// have theirs. So the states are read one by one and put together. Times are turned into ids first: ids grow with
// the time of arrival.
func (s *Store) SearchJobs(ctx context.Context, q journal.Query) (journal.Page, error) {
	if q.Portal == "" {
		return journal.Page{}, errors.New("the journal is searched without a portal")
	}
	if q.Limit <= 0 {
		q.Limit = searchPage
	}
	q.Limit = min(q.Limit, maxPage)
	if strings.TrimSpace(q.Number) != "" {
		return s.searchNumber(ctx, q)
	}
	low, high, err := s.idsBetween(ctx, q.From, q.To)
	if err != nil {
		return journal.Page{}, err
	}
	if q.Before > 0 {
		high = min(high, q.Before)
	}
	parts := []string{""}
	if q.Card.ID != 0 { // each by itself: an index gives one of them in order, and not both
		parts = []string{q.Card.String(), EffectsPart(q.Card)}
	}
	var page journal.Page
	for state, name := range journal.States() {
		for _, part := range parts {
			if q.State != "" && q.State != name {
				continue
			}
			found, next, err := s.stretch(ctx, q, state, part, low, high)
			if err != nil {
				return page, err
			}
			page.Jobs = append(page.Jobs, found...)
			page.Next = max(page.Next, next)
		}
	}
	slices.SortFunc(page.Jobs, func(a, b Job) int { return cmp.Compare(b.ID, a.ID) })
	// Below the point that a stretch reached, rows of its state may be missing.
	page.Jobs = slices.DeleteFunc(page.Jobs, func(j Job) bool { return j.ID < page.Next })
	if len(page.Jobs) > q.Limit {
		page.Jobs = page.Jobs[:q.Limit]
		page.Next = page.Jobs[q.Limit-1].ID
	}
	return page, nil
}

// stretchQueries reads a stretch of each state, in the order of their numbers: by lane alone, and of a part.
func stretchQueries() (all, part [4]string) {
	for i, where := range [4]string{"state = 0", "state <> 0 AND state = 1", "state <> 0 AND state = 2", "state <> 0 AND state = 3"} {
		all[i] = `SELECT ` + jobColumns + `, CASE WHEN received >= ? AND received < ? AND (? = 1 OR state = 2 OR kind NOT IN ` + serviceKinds + `)
			THEN 1 ELSE 0 END FROM inbox WHERE lane = ? AND ` + where + ` AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?`
		part[i] = strings.Replace(all[i], "lane = ?", "lane = ? AND part = ?", 1)
	}
	return all, part
}

var stretchAll, stretchPart = stretchQueries()

// stretch reads rows of one state, of a part unless that is "". next is where it stopped short of low; 0: it did not.
func (s *Store) stretch(ctx context.Context, q journal.Query, state int, part string, low, high int64) (found []Job, next int64, err error) {
	query, from, to := stretchAll[state], int64(math.MinInt64), int64(math.MaxInt64)
	if !q.From.IsZero() {
		from = ms(q.From)
	}
	if !q.To.IsZero() {
		to = ms(q.To)
	}
	args := []any{from, to, boolInt(q.Service), q.Portal}
	if part != "" {
		query = stretchPart[state]
		args = append(args, part)
	}
	for left := searchStretch; left > 0 && len(found) <= q.Limit; {
		step := min(left, max(2*q.Limit, 100))
		n, last, some, err := s.step(ctx, query, append(slices.Clone(args), low, high, step))
		if err != nil {
			return nil, 0, err
		}
		found = append(found, some...)
		if n < step {
			return found, 0, nil
		}
		high, left = last, left-step
	}
	return found, high, nil
}

// step reads n rows down to last, and keeps those that are looked for.
func (s *Store) step(ctx context.Context, query string, args []any) (n int, last int64, found []Job, err error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
	if err != nil {
		return 0, 0, nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var fits int
		j, err := scanJob(withMore{rows, &fits})
		if err != nil {
			return 0, 0, nil, err
		}
		if n, last = n+1, j.ID; fits == 1 {
			found = append(found, j)
		}
	}
	return n, last, found, rows.Err()
}

// idsBetween gives the ids, high excluded, between which all rows of a time are, and maybe others.
func (s *Store) idsBetween(ctx context.Context, from, to time.Time) (low, high int64, err error) {
	low, high = 0, math.MaxInt64
	if !from.IsZero() {
		if low, err = s.idAt(ctx, from.Add(-idSlack)); err != nil {
			return 0, 0, err
		}
	}
	if !to.IsZero() {
		high, err = s.idAt(ctx, to.Add(idSlack))
	}
	return low, high, err
}

// idAt finds by halving the first id that came at that time or later.
func (s *Store) idAt(ctx context.Context, at time.Time) (int64, error) {
	var low, high sql.NullInt64
	if err := s.read.QueryRowContext(ctx, `SELECT (SELECT MIN(id) FROM inbox), (SELECT MAX(id) FROM inbox)`).Scan(&low, &high); err != nil {
		return 0, down(err)
	}
	below, above := low.Int64, high.Int64+1 // the answer is in [below, above]
	for below < above {
		middle := below + (above-below)/2
		var id, received int64
		err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT id, received FROM inbox WHERE id >= ? ORDER BY id LIMIT 1`), middle).Scan(&id, &received)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			above = middle
		case err != nil:
			return 0, down(err)
		case received >= ms(at):
			above = middle
		default:
			below = id + 1
		}
	}
	return below, nil
}

// searchNumber finds the rows that have to do with the docflows of a number, without pages: those are few.
func (s *Store) searchNumber(ctx context.Context, q journal.Query) (journal.Page, error) {
	ids, err := s.docflowsOf(ctx, q.Portal, q.Number)
	if err != nil || len(ids) == 0 {
		return journal.Page{}, err
	}
	args := slices.Concat(ids, ids, []any{q.Portal, q.Limit})
	in := marks(len(ids))
	found, err := s.jobs(ctx, `SELECT `+jobColumns+` FROM inbox WHERE id IN (
		SELECT job FROM docflow_history WHERE docflow IN (`+in+`) AND job <> 0
		UNION SELECT id FROM inbox WHERE doc IN (`+in+`) AND doc <> '') AND lane = ? ORDER BY id DESC LIMIT ?`, args...)
	page := journal.Page{}
	for _, j := range found {
		inTime := (q.From.IsZero() || !j.Received.Before(q.From)) && (q.To.IsZero() || j.Received.Before(q.To))
		if inTime && (q.State == "" || q.State == j.State) && (q.Card.ID == 0 || j.Part == q.Card.String() || j.Part == EffectsPart(q.Card)) {
			page.Jobs = append(page.Jobs, j)
		}
	}
	return page, err
}

// docflowsOf finds a portal's docflows by what people call a number. Each way of being called has an index.
func (s *Store) docflowsOf(ctx context.Context, portal, number string) (ids []any, err error) {
	number = strings.TrimSpace(number)
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT id FROM docflows WHERE id = ? AND portal = ?
		UNION SELECT id FROM docflows WHERE request_id = ? AND portal = ?
		UNION SELECT id FROM docflows WHERE portal = ? AND external_id = ?
		UNION SELECT docflow FROM docflow_numbers WHERE portal = ? AND number = ? LIMIT ?`),
		number, portal, number, portal, portal, number, portal, numberText(number), maxFound)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// SearchDocflows lists the docflows of a number, or of a card, newest first: news brings states that no row of
// the portal stands for.
func (s *Store) SearchDocflows(ctx context.Context, q journal.Query) ([]docflow.Record, error) {
	if strings.TrimSpace(q.Number) == "" {
		if q.Card.ID == 0 {
			return nil, nil
		}
		return s.listDocflows(ctx, `SELECT `+docflowFacts+` FROM docflows
			WHERE portal = ? AND entity_type = ? AND card_id = ? ORDER BY created DESC, id LIMIT ?`, q.Portal, q.Card.EntityType, q.Card.ID, maxFound)
	}
	ids, err := s.docflowsOf(ctx, q.Portal, q.Number)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return s.listDocflows(ctx, `SELECT `+docflowFacts+` FROM docflows WHERE id IN (`+marks(len(ids))+`) ORDER BY created DESC, id`, ids...)
}
