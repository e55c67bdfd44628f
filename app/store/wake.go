package store

import (
	"slices"
	"time"

	"konturbridge/app/lane"
)

// wakeLanes makes lanes that nobody holds due, and tells other nodes of rows in lanes that they hold. A
// lane that this process holds is left alone: its scheduler gets the rows by Push after the commit.
func (t *tx) wakeLanes(rows []lane.NewRow) error {
	earliest := map[string]time.Time{}
	for _, r := range rows {
		due := r.RunAt
		if r.Aside { // it waits a moment for others: the slow look for lanes that become due would come after it
			due = t.now
		}
		if at, ok := earliest[r.Lane]; !ok || due.Before(at) {
			earliest[r.Lane] = due
		}
	}
	names := sortedKeys(earliest) // one order everywhere: two nodes must not wait for each other
	if t.s.d.postgres {
		return t.wakeShared(names, earliest)
	}
	for _, name := range names {
		if t.s.scheduler().Holds(name) {
			continue
		}
		if err := t.lower(name, t.dueAt(earliest[name])); err != nil {
			return err
		}
	}
	return nil
}

// lower makes a lane due at that moment at the latest.
func (t *tx) lower(name string, due int64) error {
	_, err := t.exec(`INSERT INTO lanes (lane, due) VALUES (?, ?)
		ON CONFLICT (lane) DO UPDATE SET due = excluded.due WHERE lanes.due > excluded.due`, name, due)
	return err
}

// wakeShared is wakeLanes where several nodes share the lanes. The share of a lane's row that is locked
// here keeps its holder from giving it back, and others from claiming it, until the commit: whoever has
// it then either is told of the rows or finds them. Nothing waits for such a lock.
func (t *tx) wakeShared(names []string, earliest map[string]time.Time) error {
	holders, err := t.holders(names)
	if err != nil {
		return err
	}
	unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, known := holders[name]; return known })
	if len(unknown) > 0 { // another node may make such a lane at the same time, and claim it
		if err := t.lowerAll(unknown, earliest); err != nil {
			return err
		}
		if holders, err = t.holders(names); err != nil {
			return err
		}
	}
	var tell, free, mark, marked []string
	for _, name := range names {
		held := holders[name]
		switch {
		case held.node == "":
			tell, free = append(tell, name), append(free, name)
		case held.node != t.s.nodeName() || !t.s.scheduler().Holds(name):
			tell, mark = append(tell, name), append(mark, name)
		case held.marked:
			marked = append(marked, name)
		}
	}
	if err := t.lockLanes(slices.Concat(mark, marked)); err != nil {
		return err
	}
	if err := t.markLanes(mark, foreignRows); err != nil {
		return err
	}
	// What others stored may not have reached the scheduler yet, and comes before these rows: it must
	// read them together.
	t.reread = append(t.reread, marked...)
	if err := t.markLanes(marked, atOnce); err != nil {
		return err
	}
	if err := t.lowerAll(free, earliest); err != nil {
		return err
	}
	return t.notify(tell...)
}

// lowerAll is lower for many lanes, named in their order.
func (t *tx) lowerAll(names []string, earliest map[string]time.Time) error {
	if len(names) == 0 {
		return nil
	}
	dues := make([]int64, len(names))
	for i, name := range names {
		dues[i] = t.dueAt(earliest[name])
	}
	_, err := t.exec(`INSERT INTO lanes (lane, due) SELECT * FROM unnest(?::text[], ?::bigint[])
		ON CONFLICT (lane) DO UPDATE SET due = excluded.due WHERE lanes.due > excluded.due`, names, dues)
	return err
}

// lockLanes locks held lanes until the commit, in one order on all nodes: two that store rows in each
// other's lanes must not wait for each other. One that is marked already is locked, too: its holder may be
// taking the mark away, for a reading that does not find what is not committed yet.
func (t *tx) lockLanes(names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := t.exec(`SELECT 1 FROM lanes WHERE lane = ANY(?::text[]) ORDER BY lane FOR NO KEY UPDATE`, names)
	return err
}

// markLanes sets the due time of lanes that are held: it means nothing while they are, but that other
// nodes stored rows in them.
func (t *tx) markLanes(names []string, due int64) error {
	if len(names) == 0 {
		return nil
	}
	_, err := t.exec(`UPDATE lanes SET due = ? WHERE lane = ANY(?::text[]) AND due <> ?`, due, names, due)
	return err
}

// holding is who holds a lane, and whether other nodes stored rows in it.
type holding struct {
	node   string
	marked bool
}

func (t *tx) holders(names []string) (map[string]holding, error) {
	rows, err := t.query(`SELECT lane, holder, due = ? FROM lanes WHERE lane = ANY(?::text[]) FOR KEY SHARE`, foreignRows, names)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	holders := make(map[string]holding, len(names))
	for rows.Next() {
		var name string
		var h holding
		if err := rows.Scan(&name, &h.node, &h.marked); err != nil {
			return nil, err
		}
		holders[name] = h
	}
	return holders, rows.Err()
}

// changed makes a lane due whose rows were changed by hand, and tells whoever holds it to read it again.
func (t *tx) changed(name string) error {
	t.reread = append(t.reread, name)
	if err := t.lower(name, atOnce); err != nil {
		return err
	}
	return t.notify(name)
}

// notify tells other nodes, once per lane and transaction, that rows of a lane changed.
func (t *tx) notify(names ...string) error {
	if !t.s.d.postgres {
		return nil
	}
	fresh := names[:0:0]
	for _, name := range names {
		if !t.told[name] {
			t.told[name] = true
			fresh = append(fresh, name)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	_, err := t.exec(`SELECT pg_notify('`+channel+`', name) FROM unnest(?::text[]) AS name`, fresh)
	return err
}
