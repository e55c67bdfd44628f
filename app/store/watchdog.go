package store

import (
	"context"
	"encoding/json"
	"time"

	"konturbridge/app/inbox"
	"konturbridge/app/portal"
	"konturbridge/app/watchdog"
)

var _ watchdog.Store = (*Store)(nil)

// called remembers which robot a workflow has called.
func (t *tx) called(c inbox.Called) error {
	if c.Workflow == "" {
		return nil
	}
	_, err := t.exec(`INSERT INTO robot_calls (portal, workflow, code, called) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		c.Portal, c.Workflow, c.Code, ms(t.now))
	return err
}

// learn stores what templates workflows are of, with the robots that they have called.
func (t *tx) learn(l watchdog.Learned) error {
	for _, o := range l.Workflows {
		if !o.Ended {
			if _, err := t.exec(`INSERT INTO robot_templates (portal, entity, template, code, learned, called)
				SELECT portal, ?, ?, code, ?, called FROM robot_calls WHERE portal = ? AND workflow = ?
				ON CONFLICT (portal, entity, template, code) DO UPDATE SET called = excluded.called WHERE robot_templates.called < excluded.called`,
				o.Entity, o.Template, ms(t.now), string(l.Portal), o.Workflow); err != nil {
				return err
			}
		}
		if _, err := t.exec(`UPDATE robot_calls SET learned = 1 WHERE portal = ? AND workflow = ?`, string(l.Portal), o.Workflow); err != nil {
			return err
		}
	}
	return nil
}

// suspect replaces a portal's suspects.
func (t *tx) suspect(f watchdog.Found) error {
	if _, err := t.exec(`DELETE FROM stuck_workflows WHERE portal = ?`, string(f.Portal)); err != nil {
		return err
	}
	for _, s := range f.Stuck {
		data, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO stuck_workflows (portal, workflow, data) VALUES (?, ?, ?)`, string(f.Portal), s.Workflow, string(data)); err != nil {
			return err
		}
	}
	_, err := t.exec(`DELETE FROM robot_calls WHERE id IN (SELECT id FROM robot_calls WHERE portal = ? AND called < ? ORDER BY called LIMIT ?)`,
		string(f.Portal), ms(f.Forget), forgetStep)
	return err
}

// forgetStep bounds how many old calls one look forgets: the writer must not be held up.
const forgetStep = 500

// gone forgets what was learned of a removed portal; its calls are erased with everything else of it.
func (t *tx) gone(id portal.ID) error {
	for _, query := range []string{`DELETE FROM stuck_workflows WHERE portal = ?`, `DELETE FROM robot_templates WHERE portal = ?`} {
		if _, err := t.exec(query, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// Unlearned implements watchdog.Store.
func (s *Store) Unlearned(ctx context.Context, id portal.ID, limit int) ([]string, error) {
	return s.texts(ctx, `SELECT workflow FROM robot_calls WHERE portal = ? AND learned = 0
		GROUP BY workflow ORDER BY MAX(called) DESC, workflow LIMIT ?`, string(id), limit)
}

// Templates implements watchdog.Store.
func (s *Store) Templates(ctx context.Context, id portal.ID, since time.Time, limit int) ([]watchdog.Template, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT r.entity, r.template, r.code, r.learned FROM robot_templates r JOIN
		(SELECT entity, template, MAX(called) AS latest FROM robot_templates WHERE portal = ? AND called >= ?
		GROUP BY entity, template ORDER BY latest DESC, entity, template LIMIT ?) busy ON busy.entity = r.entity AND busy.template = r.template
		WHERE r.portal = ? AND r.called >= ? ORDER BY busy.latest DESC, r.entity, r.template`), string(id), ms(since), limit, string(id), ms(since))
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var all []watchdog.Template
	for rows.Next() {
		var (
			t       watchdog.Template
			code    string
			learned int64
		)
		if err := rows.Scan(&t.Entity, &t.ID, &code, &learned); err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].ID != t.ID || all[n-1].Entity != t.Entity {
			t.Robots = map[string]time.Time{}
			all = append(all, t)
		}
		all[len(all)-1].Robots[code] = fromMS(learned)
	}
	return all, rows.Err()
}

// maxOpen bounds how many unfinished calls of a portal are looked through. Behind a larger backlog nobody
// can tell which calls came.
const maxOpen = 10000

// CallsOf implements watchdog.Store. What was received counts also before it is worked.
func (s *Store) CallsOf(ctx context.Context, id portal.ID, workflows []string) (map[string]watchdog.Calls, error) {
	calls := make(map[string]watchdog.Calls, len(workflows))
	if len(workflows) == 0 {
		return calls, nil
	}
	for _, workflow := range workflows {
		codes, err := s.texts(ctx, `SELECT code FROM robot_calls WHERE portal = ? AND workflow = ? ORDER BY code`, string(id), workflow)
		if err != nil {
			return nil, err
		}
		waiting, err := s.texts(ctx, `SELECT action FROM waiters WHERE portal = ? AND workflow = ? LIMIT 1`, string(id), workflow)
		if err != nil {
			return nil, err
		}
		if len(codes)+len(waiting) > 0 {
			calls[workflow] = watchdog.Calls{Codes: codes, Open: len(waiting) > 0}
		}
	}
	bodies, err := s.texts(ctx, `SELECT body FROM inbox WHERE lane = ? AND state = 0 AND kind = ? ORDER BY id LIMIT ?`, string(id), inbox.KindRobot, maxOpen)
	if err != nil {
		return nil, err
	}
	for _, body := range bodies {
		if c, err := inbox.ReadCall([]byte(body)); err == nil && c.WorkflowID != "" {
			calls[c.WorkflowID] = watchdog.Calls{Codes: calls[c.WorkflowID].Codes, Open: true}
		}
	}
	if len(bodies) == maxOpen {
		for _, workflow := range workflows {
			calls[workflow] = watchdog.Calls{Codes: calls[workflow].Codes, Open: true}
		}
	}
	return calls, nil
}

// StuckWorkflows lists the suspects of a portal, or of all ("").
func (s *Store) StuckWorkflows(ctx context.Context, id portal.ID) ([]watchdog.Stuck, error) {
	rows, err := s.texts(ctx, `SELECT data FROM stuck_workflows WHERE portal = ? OR ? = '' ORDER BY portal, workflow`, string(id), string(id))
	if err != nil {
		return nil, err
	}
	stuck := make([]watchdog.Stuck, 0, len(rows))
	for _, data := range rows {
		var one watchdog.Stuck
		if err := json.Unmarshal([]byte(data), &one); err != nil {
			return nil, err
		}
		stuck = append(stuck, one)
	}
	return stuck, nil
}

// texts reads a query's only column.
func (s *Store) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
