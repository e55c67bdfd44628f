package store

import (
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
)

// lockDocflows locks the docflows that the group is about to change, in one order on all nodes and before
// anything else is locked: the node that works a portal and the one that follows its account change the
// same docflows at the same time, each in an order of its own. A deadlock costs a second, in which
// requests wait to be accepted.
func (t *tx) lockDocflows(group []*op) error {
	if !t.s.d.postgres {
		return nil
	}
	var ids, requests []string
	for _, o := range group {
		for _, w := range o.writes {
			switch w := w.(type) {
			case docflow.Tried:
				ids = append(ids, string(w.ID))
			case docflow.Untried:
				ids = append(ids, string(w.ID))
			case docflow.Settle:
				ids = append(ids, string(w.ID))
			case docflow.Signed:
				ids = append(ids, string(w.ID))
			case docflow.Await:
				ids = append(ids, string(w.Waiter.Docflow))
			case docflow.Expire:
				ids = append(ids, string(w.Docflow))
			case feed.Advance:
				for _, item := range w.Items {
					ids, requests = append(ids, string(item.Docflow)), append(requests, item.RequestID)
				}
			}
		}
	}
	if len(ids)+len(requests) == 0 {
		return nil
	}
	_, err := t.exec(`SELECT 1 FROM docflows WHERE id = ANY(?::text[]) OR request_id = ANY(?::text[]) ORDER BY id FOR UPDATE`,
		ids, requests)
	return err
}
