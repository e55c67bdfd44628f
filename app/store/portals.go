package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

// bind names the row that a sealed value belongs to, so that it opens nowhere else.
func bind(table, id, column string) string { return table + "/" + id + "/" + column }

// Portals reads all portals with their applications.
func (s *Store) Portals(ctx context.Context) ([]portal.Portal, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, domain, endpoint, server, state, note, family, hook_secret, settings,
		settings_version, watched_since, installed FROM portals ORDER BY installed, id`)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []portal.Portal
	for rows.Next() {
		var (
			p                portal.Portal
			secret, settings []byte
			since            string
			installed        int64
		)
		if err := rows.Scan(&p.ID, &p.Domain, &p.Endpoint, &p.Server, &p.State, &p.Note, &p.Family, &secret, &settings,
			&p.Version, &since, &installed); err != nil {
			return nil, err
		}
		if len(secret) > 0 {
			plain, err := s.seal.Open(secret, bind("portals", string(p.ID), "hook_secret"))
			if err != nil {
				return nil, fmt.Errorf("open the hook secret of portal %s: %w", p.ID, err)
			}
			p.HookSecret = string(plain)
		}
		p.Settings, p.Installed = settings, fromMS(installed)
		if p.Since, err = parseSince(since); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, s.addApplications(ctx, out)
}

func (s *Store) addApplications(ctx context.Context, portals []portal.Portal) error {
	at := make(map[portal.ID]int, len(portals))
	for i, p := range portals {
		at[p.ID] = i
	}
	admins, err := s.admins(ctx)
	if err != nil {
		return err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT portal, client_id, token, scope, status, user_id, state, installed FROM applications
		ORDER BY portal, installed, client_id`)
	if err != nil {
		return down(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var (
			id     portal.ID
			a      portal.Application
			sealed []byte
			scope  string
			since  int64
		)
		if err := rows.Scan(&id, &a.ClientID, &sealed, &scope, &a.Status, &a.UserID, &a.State, &since); err != nil {
			return err
		}
		i, known := at[id]
		if !known {
			continue
		}
		if len(sealed) > 0 {
			plain, err := s.seal.Open(sealed, bind("applications", string(id)+"/"+a.ClientID, "token"))
			if err != nil {
				return fmt.Errorf("open the application token of portal %s: %w", id, err)
			}
			a.Token = string(plain)
		}
		a.Scope, a.Installed, a.Admins = strings.Fields(scope), fromMS(since), admins[[2]string{string(id), a.ClientID}]
		portals[i].Apps = append(portals[i].Apps, a)
	}
	return rows.Err()
}

// admins lists who left a token pair, by portal and application.
func (s *Store) admins(ctx context.Context) (map[[2]string][]portal.Admin, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT portal, client_id, user_id, dead, given FROM pairs ORDER BY given DESC, user_id`)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[[2]string][]portal.Admin{}
	for rows.Next() {
		var (
			of    [2]string
			a     portal.Admin
			given int64
		)
		if err := rows.Scan(&of[0], &of[1], &a.UserID, &a.Dead, &given); err != nil {
			return nil, err
		}
		a.Given = fromMS(given)
		all[of] = append(all[of], a)
	}
	return all, rows.Err()
}

// PortalsVersion changes whenever any portal, application or connection does, so that other processes
// can follow cheaply.
func (s *Store) PortalsVersion(ctx context.Context) (string, error) {
	var n, changed, apps int64
	// Sums, not maxima: a change shows although the clock went back or its millisecond had one already.
	err := s.read.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(changed + settings_version), 0),
		(SELECT COALESCE(SUM(version), 0) FROM applications) FROM portals`).Scan(&n, &changed, &apps)
	if err != nil {
		return "", down(err)
	}
	return fmt.Sprintf("%d/%d/%d", n, changed, apps), nil
}

// SavePortal stores a portal and the application that it was installed through. What belongs to the
// portal itself (settings, hook secret) is kept when it exists already; a removal has wiped both. Work that
// waited for a reconnection goes on, and applications that were found gone make way for this one.
func (s *Store) SavePortal(ctx context.Context, p portal.Portal, a portal.Application) error {
	secret := s.seal.Seal([]byte(p.HookSecret), bind("portals", string(p.ID), "hook_secret"))
	token := s.seal.Seal([]byte(a.Token), bind("applications", string(p.ID)+"/"+a.ClientID, "token"))
	return s.w.do(ctx, func(t *tx) error {
		if _, err := t.exec(`INSERT INTO portals (id, domain, endpoint, server, state, family, hook_secret, installed, changed)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET domain = excluded.domain,
			endpoint = excluded.endpoint, server = excluded.server, state = excluded.state, note = '', family = excluded.family,
			hook_secret = CASE WHEN length(portals.hook_secret) = 0 THEN excluded.hook_secret ELSE portals.hook_secret END,
			changed = excluded.changed`, string(p.ID), p.Domain, p.Endpoint, p.Server, string(p.State), p.Family, secret,
			ms(p.Installed), ms(t.now)); err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO applications (portal, client_id, token, scope, status, user_id, state, installed)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (portal, client_id) DO UPDATE SET token = excluded.token,
			scope = excluded.scope, status = excluded.status, user_id = excluded.user_id, state = excluded.state,
			installed = CASE WHEN applications.state = 'active' THEN applications.installed ELSE excluded.installed END,
			version = applications.version + 1`,
			string(p.ID), a.ClientID, token, strings.Join(a.Scope, " "), a.Status, a.UserID, string(a.State), ms(t.now)); err != nil {
			return err
		}
		if err := t.dropGone(p.ID); err != nil {
			return err
		}
		return t.wakeWaiting(p.ID)
	})
}

// dropGone removes applications that are gone for certain: another one has taken their place.
func (t *tx) dropGone(id portal.ID) error {
	rows, err := t.query(`SELECT client_id FROM applications a WHERE portal = ? AND state = 'gone' AND NOT EXISTS
		(SELECT 1 FROM pairs p WHERE p.portal = a.portal AND p.client_id = a.client_id AND p.dead = '')`, string(id))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var gone []string
	for rows.Next() {
		var client string
		if err := rows.Scan(&client); err != nil {
			return err
		}
		gone = append(gone, client)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, client := range gone {
		if err := t.dropApplication(id, client); err != nil {
			return err
		}
	}
	return nil
}

// MovePortal stores a portal's new address after a rename.
func (s *Store) MovePortal(ctx context.Context, id portal.ID, domain, endpoint string) error {
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE portals SET domain = ?, endpoint = ?, changed = ? WHERE id = ?`,
			domain, endpoint, ms(t.now), string(id))
		return err
	})
}

// RemoveApplication stops an application: its secrets are wiped, and when it was the portal's last one
// the portal's too, with the unfinished work canceled. History stays, unless clean asks to erase it: that is
// work of its own, in small steps.
func (s *Store) RemoveApplication(ctx context.Context, id portal.ID, clientID string, clean bool) error {
	return s.w.do(ctx, func(t *tx) error {
		if err := t.dropApplication(id, clientID); err != nil {
			return err
		}
		var left int
		if err := t.row(`SELECT COUNT(*) FROM applications WHERE portal = ? AND state IN ('active', 'gone')`, string(id)).Scan(&left); err != nil {
			return err
		}
		if left == 0 {
			return t.removePortal(id, clean)
		}
		if _, err := t.exec(`UPDATE portals SET changed = ? WHERE id = ?`, ms(t.now), string(id)); err != nil {
			return err
		}
		return t.afterLoss(id, "the application was removed from the portal")
	})
}

// dropApplication wipes an application's secrets and marks it as removed.
func (t *tx) dropApplication(id portal.ID, clientID string) error {
	if _, err := t.exec(`UPDATE applications SET state = 'removed', token = ?, version = version + 1
		WHERE portal = ? AND client_id = ?`, []byte{}, string(id), clientID); err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM pairs WHERE portal = ? AND client_id = ?`,
		`DELETE FROM registered WHERE portal = ? AND client_id = ?`,
		`DELETE FROM pending WHERE member_id = ? AND client_id = ?`,
	} {
		if _, err := t.exec(q, string(id), clientID); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) removePortal(id portal.ID, clean bool) error {
	for _, q := range []string{
		`UPDATE inbox SET state = 3, note = 'the application was removed from the portal', finished = ? WHERE lane = ? AND state = 0`,
		`UPDATE effects SET state = 2, note = 'the application was removed from the portal', finished = ? WHERE portal = ? AND state = 0`,
	} {
		if _, err := t.exec(q, ms(t.now), string(id)); err != nil {
			return err
		}
	}
	for _, q := range []string{
		`DELETE FROM waiters WHERE portal = ?`,
		`DELETE FROM connections WHERE portal = ?`,
		`DELETE FROM pairs WHERE portal = ?`,
		`DELETE FROM registered WHERE portal = ?`,
		`DELETE FROM checks WHERE portal = ?`,
		`DELETE FROM sweeps WHERE portal = ?`,
		`DELETE FROM settings_history WHERE portal = ?`,
	} {
		if _, err := t.exec(q, string(id)); err != nil {
			return err
		}
	}
	if err := t.dropGrants(); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE portals SET state = 'removed', note = '', hook_secret = ?, settings = '', changed = ? WHERE id = ?`,
		[]byte{}, ms(t.now), string(id)); err != nil {
		return err
	}
	if clean {
		if _, err := t.insertRows([]lane.NewRow{eraseRow(id, t.now)}); err != nil {
			return err
		}
	}
	return t.changed(string(id))
}

// SetPortalState pauses a portal or takes it up again.
func (s *Store) SetPortalState(ctx context.Context, id portal.ID, state portal.State) error {
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE portals SET state = ?, changed = ? WHERE id = ?`, string(state), ms(t.now), string(id))
		return err
	})
}

// SetFamily stores a portal's LICENSE_FAMILY.
func (s *Store) SetFamily(ctx context.Context, id portal.ID, family string) error {
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE portals SET family = ?, changed = ? WHERE id = ? AND family <> ?`, family, ms(t.now), string(id), family)
		return err
	})
}

// SetHookSecret replaces the secret in the portal's webhook addresses.
func (s *Store) SetHookSecret(ctx context.Context, id portal.ID, secret string) error {
	sealed := s.seal.Seal([]byte(secret), bind("portals", string(id), "hook_secret"))
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE portals SET hook_secret = ?, changed = ? WHERE id = ?`, sealed, ms(t.now), string(id))
		return err
	})
}

// AddPending keeps an installation that waits; beyond limit the newest is refused. Those older than
// their day go.
func (s *Store) AddPending(ctx context.Context, p portal.Pending, limit int) (bool, error) {
	sealed := s.seal.Seal(p.Body, bind("pending", p.ID, "sealed"))
	stored := false
	err := s.w.do(ctx, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM pending WHERE created < ?`, ms(t.now.Add(-portal.PendingFor))); err != nil {
			return err
		}
		var n int
		if err := t.row(`SELECT COUNT(*) FROM pending WHERE id <> ?`, p.ID).Scan(&n); err != nil {
			return err
		}
		if stored = n < limit; !stored {
			return nil
		}
		_, err := t.exec(`INSERT INTO pending (id, client_id, member_id, reason, sealed, created) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET client_id = excluded.client_id, member_id = excluded.member_id,
			reason = excluded.reason, sealed = excluded.sealed`, p.ID, p.ClientID, p.MemberID, p.Reason, sealed, ms(p.Created))
		return err
	})
	return err == nil && stored, err
}

// Pendings lists the waiting installations that are not too old.
func (s *Store) Pendings(ctx context.Context) ([]portal.Pending, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT id, client_id, member_id, reason, sealed, created FROM pending
		WHERE created >= ? ORDER BY created`), ms(s.now().Add(-portal.PendingFor)))
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []portal.Pending
	for rows.Next() {
		var (
			p       portal.Pending
			sealed  []byte
			created int64
		)
		if err := rows.Scan(&p.ID, &p.ClientID, &p.MemberID, &p.Reason, &sealed, &created); err != nil {
			return nil, err
		}
		p.Created = fromMS(created)
		if p.Body, err = s.seal.Open(sealed, bind("pending", p.ID, "sealed")); err != nil {
			continue // sealed under a key that is gone: it can never be completed and runs out by itself
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// DropPending removes a waiting installation that was completed or proved false.
func (s *Store) DropPending(ctx context.Context, id string) error {
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM pending WHERE id = ?`, id)
		return err
	})
}
