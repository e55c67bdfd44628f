package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/oauth"
)

var (
	_ portal.Learner    = (*Store)(nil)
	_ portal.Succession = (*Store)(nil)
)

// GivePair keeps the pair that an administrator's page brought, and reports whether it did: one that does
// the work is left alone, and so is a spare one that is younger than fresh. An application that had none to
// work with is set up again.
func (s *Store) GivePair(ctx context.Context, id portal.ID, clientID string, p oauth.Pair, fresh time.Duration) (given bool, err error) {
	key := portal.PairKey(id, clientID, p.UserID)
	err = s.w.do(ctx, func(t *tx) error {
		given = false
		var (
			version, at, worker int64
			dead                string
		)
		err := t.row(`SELECT user_id FROM applications WHERE portal = ? AND client_id = ? AND state = 'active'`, string(id), clientID).Scan(&worker)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		err = t.row(`SELECT version, dead, given FROM pairs WHERE key = ?`+t.s.d.forUpdate(), key).Scan(&version, &dead, &at)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if known := err == nil; known && dead == "" && (worker == p.UserID || at > ms(t.now.Add(-fresh))) {
			return nil
		}
		given = true
		return t.givePair(id, clientID, key, version, p)
	})
	return err == nil && given, err
}

func (t *tx) givePair(id portal.ID, clientID, key string, version int64, p oauth.Pair) error {
	working, err := t.workingPairs(id, clientID)
	if err != nil {
		return err
	}
	p.Version = version + 1
	plain, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := t.putPair(key, t.s.seal.Seal(plain, bind("pairs", key, "sealed")), p); err != nil {
		return err
	}
	if working > 0 {
		return t.touchApplication(id, clientID)
	}
	if err := t.appoint(id, clientID); err != nil {
		return err
	}
	return t.afterLoss(id, "")
}

// LearnToken stores an application_token that a proven page has shown.
func (s *Store) LearnToken(ctx context.Context, id portal.ID, clientID, token string) error {
	sealed := s.seal.Seal([]byte(token), bind("applications", string(id)+"/"+clientID, "token"))
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE applications SET token = ?, version = version + 1 WHERE portal = ? AND client_id = ? AND state = 'active'`,
			sealed, string(id), clientID)
		return err
	})
}

// EndPair marks an administrator's pair as dead, unless it was replaced since it was read, and lets the next
// administrator's take over: what was registered in the first one's name is registered anew. When none is
// left in any application, the portal is paused.
func (s *Store) EndPair(ctx context.Context, end portal.PairEnd) error {
	key := portal.PairKey(end.Portal, end.ClientID, end.UserID)
	return s.w.do(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE pairs SET dead = ? WHERE key = ? AND version = ? AND dead = ''`, end.Why, key, end.Version)
		if err != nil || n == 0 && end.Version > 0 {
			return err
		}
		if n == 0 { // there is none at all: remembered, so that the next one's turn comes
			if n, err = t.exec(`INSERT INTO pairs (key, portal, client_id, user_id, sealed, expires, version, dead)
				VALUES (?, ?, ?, ?, ?, 0, 1, ?) ON CONFLICT (key) DO NOTHING`,
				key, string(end.Portal), end.ClientID, end.UserID, []byte{}, end.Why); err != nil || n == 0 {
				return err
			}
		}
		return t.succeed(end)
	})
}

// succeed finds who does the work after an administrator's pair has ended; the end of a spare one changes
// nothing else.
func (t *tx) succeed(end portal.PairEnd) error {
	var worker int64
	err := t.row(`SELECT user_id FROM applications WHERE portal = ? AND client_id = ?`, string(end.Portal), end.ClientID).Scan(&worker)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.appoint(end.Portal, end.ClientID); err != nil || worker != end.UserID {
		return err
	}
	return t.afterLoss(end.Portal, end.Why)
}

// RevivePair makes a dead pair work again, which its authorization server has just renewed.
func (s *Store) RevivePair(ctx context.Context, id portal.ID, clientID string, userID int64) error {
	return s.w.do(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE pairs SET dead = '' WHERE key = ? AND dead <> ''`, portal.PairKey(id, clientID, userID))
		if err != nil || n == 0 {
			return err
		}
		if err := t.appoint(id, clientID); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE portals SET state = 'active', note = '', changed = ? WHERE id = ? AND state = 'paused'`, ms(t.now), string(id)); err != nil {
			return err
		}
		if err := t.wakeWaiting(id); err != nil {
			return err
		}
		return t.afterLoss(id, "")
	})
}

// LoseApplication ends an application that does not exist in its portal any more. Another one that works
// takes over, and what is certain to be gone is then removed with its secrets; without another one the
// portal is paused and keeps everything until it is installed again. What is not certain (keys that are not
// accepted) ends nothing while it is the last.
func (s *Store) LoseApplication(ctx context.Context, id portal.ID, clientID, why string, certain bool) error {
	return s.w.do(ctx, func(t *tx) error {
		all, err := t.workingPairs(id, "")
		if err != nil {
			return err
		}
		own, err := t.workingPairs(id, clientID)
		if err != nil {
			return err
		}
		another := all > own
		if !certain && !another {
			return nil
		}
		n, err := t.exec(`UPDATE applications SET state = 'gone', version = version + 1 WHERE portal = ? AND client_id = ? AND state = 'active'`,
			string(id), clientID)
		if err != nil || n == 0 {
			return err
		}
		if certain {
			if _, err := t.exec(`UPDATE pairs SET dead = ? WHERE portal = ? AND client_id = ? AND dead = ''`, why, string(id), clientID); err != nil {
				return err
			}
		}
		if certain && another {
			if err := t.dropApplication(id, clientID); err != nil {
				return err
			}
		}
		return t.afterLoss(id, why)
	})
}

// workingPairs counts the living pairs of an application that is active; of all of them for "".
func (t *tx) workingPairs(id portal.ID, clientID string) (n int, err error) {
	err = t.row(`SELECT COUNT(*) FROM pairs JOIN applications a ON a.portal = pairs.portal AND a.client_id = pairs.client_id
		WHERE pairs.portal = ? AND (pairs.client_id = ? OR ? = '') AND pairs.dead = '' AND a.state = 'active'`,
		string(id), clientID, clientID).Scan(&n)
	return n, err
}

// appoint gives the application's work to the administrator who left a living pair last, unless the one
// that has it lives.
func (t *tx) appoint(id portal.ID, clientID string) error {
	_, err := t.exec(`UPDATE applications SET version = version + 1, user_id = CASE
		WHEN EXISTS (SELECT 1 FROM pairs p WHERE p.portal = applications.portal AND p.client_id = applications.client_id
			AND p.user_id = applications.user_id AND p.dead = '') THEN user_id
		ELSE COALESCE((SELECT p.user_id FROM pairs p WHERE p.portal = applications.portal AND p.client_id = applications.client_id
			AND p.dead = '' ORDER BY p.given DESC, p.user_id LIMIT 1), user_id) END
		WHERE portal = ? AND client_id = ?`, string(id), clientID)
	return err
}

// touchApplication shows other processes that something about the application changed.
func (t *tx) touchApplication(id portal.ID, clientID string) error {
	_, err := t.exec(`UPDATE applications SET version = version + 1 WHERE portal = ? AND client_id = ?`, string(id), clientID)
	return err
}

// afterLoss has the portal set up anew by who does its work now, or pauses it when nobody is left.
func (t *tx) afterLoss(id portal.ID, why string) error {
	left, err := t.workingPairs(id, "")
	if err != nil {
		return err
	}
	if left > 0 {
		_, err := t.insertRows([]lane.NewRow{portal.SetupRow(id, portal.SetupSuccession)})
		return err
	}
	n, err := t.exec(`UPDATE portals SET state = 'paused', note = ?, changed = ? WHERE id = ? AND state = 'active'`, why, ms(t.now), string(id))
	if err != nil || n == 0 {
		return err
	}
	return t.checkBy(id, t.now.Add(portal.ReviveEvery)) // whoever was shut out may be let in again
}

// checkBy brings a portal's next self-check forward to a moment.
func (t *tx) checkBy(id portal.ID, at time.Time) error {
	n, err := t.exec(`UPDATE inbox SET run_at = ? WHERE lane = ? AND kind = ? AND state = 0 AND run_at > ?`,
		ms(at), string(id), portal.KindCheck, ms(at))
	if err != nil || n == 0 {
		return err
	}
	return t.changed(string(id))
}

// WakeWaiting lets work that waited for a reconnection run at once.
func (s *Store) WakeWaiting(ctx context.Context, id portal.ID) error {
	return s.w.do(ctx, func(t *tx) error { return t.wakeWaiting(id) })
}

// wakeWaiting lets work that waited for a reconnection run at once.
func (t *tx) wakeWaiting(id portal.ID) error {
	n, err := t.exec(`UPDATE inbox SET run_at = ? WHERE lane = ? AND state = 0 AND run_at > ? AND note = ?`,
		ms(t.now), string(id), ms(t.now), portal.WaitingNote)
	if err != nil || n == 0 {
		return err
	}
	return t.changed(string(id))
}
