package portal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"konturbridge/app/lane"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

const (
	// completePause is how often waiting installations are tried.
	completePause = time.Minute
	// runningFor is how long an installation that is under way is left alone by everybody else.
	runningFor = 2 * time.Minute
	// accessFor is how long a posted access token can be shown; then the refresh token has to serve.
	accessFor = 50 * time.Minute
	// wrongKeysPause is how often keys that were refused are tried: servers ban those who insist.
	wrongKeysPause = time.Hour
	// healPause is how often portals without a self-check are looked for, healStep how many of them one
	// transaction looks at.
	healPause = time.Hour
	healStep  = 200
)

// passes reports whether the same request may check out later, and why it waits until then.
func passes(err error, silent Reason) (Reason, bool) {
	if errors.Is(err, ErrDenied) {
		return "", false
	}
	switch {
	case errors.Is(err, oauth.ErrClientKeys):
		return WrongKeys, true
	case errors.Is(err, oauth.ErrPayment):
		return NotPaid, true
	}
	class := upstream.ClassOf(err)
	return silent, class == upstream.Retry || class == upstream.Wait
}

// waitOrDeny decides what becomes of a request that could not be proven now.
func (in *Installer) waitOrDeny(ctx context.Context, r Request, id oauth.Identity, err error, silent Reason) (Installed, error) {
	why, ok := passes(err, silent)
	if ok {
		in.rest(pendingID(r, id), err)
		return in.wait(ctx, r, id, why)
	}
	if errors.Is(err, ErrDenied) {
		return Installed{}, err
	}
	return Installed{}, fmt.Errorf("%w: %w", ErrDenied, err)
}

// wait keeps the request. It grants nothing: the portal stays unknown.
func (in *Installer) wait(ctx context.Context, r Request, id oauth.Identity, why Reason) (Installed, error) {
	kept, err := in.keep(ctx, r, id, why)
	if err != nil {
		return Installed{}, err
	}
	if !kept {
		return Installed{}, ErrPendingFull
	}
	in.deps.Log.LogAttrs(ctx, slog.LevelWarn, "installation waits", slog.String("reason", string(why)),
		slog.String("client_id", id.ClientID), slog.String("portal", id.MemberID))
	return installed(id, why), nil
}

// keepRunning keeps the request before its token is rotated: a database that refuses is found out while
// nothing is lost, and a crash leaves a trace that is completed. When too many wait it runs unkept.
func (in *Installer) keepRunning(ctx context.Context, r Request, id oauth.Identity) error {
	_, err := in.keep(ctx, r, id, Running)
	return err
}

func (in *Installer) keep(ctx context.Context, r Request, id oauth.Identity, why Reason) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	kept, err := in.deps.Pending.AddPending(ctx, Pending{
		ID: pendingID(r, id), ClientID: id.ClientID, MemberID: id.MemberID, Reason: string(why), Body: r.Form,
		Created: in.deps.Now(),
	}, MaxPending)
	if err != nil {
		return false, fmt.Errorf("keep the waiting installation: %w", err)
	}
	return kept, nil
}

// pendingID names a waiting installation. A proven one is its application in its portal, where a newer
// request replaces the older; one that nobody could check is known by its token alone, so that it can't
// replace anybody's.
func pendingID(r Request, id oauth.Identity) string {
	text := "unproven\x00" + string(r.Refresh)
	if id.MemberID != "" {
		text = "proven\x00" + id.MemberID + "\x00" + id.ClientID
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// Run completes waiting installations at once and every minute, until ctx ends, and heals at once and
// every hour.
func (in *Installer) Run(ctx context.Context) error {
	complete, heal := time.NewTicker(completePause), time.NewTicker(healPause)
	defer complete.Stop()
	defer heal.Stop()
	in.warn(ctx, in.Heal(ctx))
	for {
		in.warn(ctx, in.CompletePending(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-heal.C:
			in.warn(ctx, in.Heal(ctx))
		case <-complete.C:
		}
	}
}

func (in *Installer) warn(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		in.deps.Log.LogAttrs(ctx, slog.LevelWarn, "installations cannot be completed now", slog.String("error", err.Error()))
	}
}

// Heal gives every installed portal its repeating self-check. A portal has none only when a process died
// between storing it and scheduling its setup, or when the check failed for good: then it is due at once
// and does the setup.
func (in *Installer) Heal(ctx context.Context) error {
	now := in.deps.Now()
	var rows []lane.NewRow
	for _, p := range in.deps.Portals.All() {
		if p.State != Removed {
			rows = append(rows, checkRow(p.ID, now))
		}
	}
	for part := range slices.Chunk(rows, healStep) {
		if err := in.deps.Rows.EnsureRows(ctx, part...); err != nil {
			return fmt.Errorf("schedule the self-checks: %w", err)
		}
	}
	return nil
}

// CompletePending tries every waiting installation whose time it is.
func (in *Installer) CompletePending(ctx context.Context) error {
	waiting, err := in.deps.Pending.Pendings(ctx)
	if err != nil {
		return fmt.Errorf("read the waiting installations: %w", err)
	}
	in.forget(waiting)
	for _, p := range waiting {
		if !in.due(p) {
			continue
		}
		if err := in.completeOne(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// due reports whether an attempt can bring anything.
func (in *Installer) due(p Pending) bool {
	now := in.deps.Now()
	if p.Reason == string(Running) && now.Sub(p.Created) < runningFor {
		return false
	}
	if _, known := in.keys(p.ClientID); p.ClientID != "" && !known {
		return false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return !now.Before(in.notNow[p.ID])
}

// rest remembers that it is pointless to try a waiting installation before a time.
func (in *Installer) rest(id string, err error) {
	until := upstream.RetryAt(err)
	if errors.Is(err, oauth.ErrClientKeys) {
		until = in.deps.Now().Add(wrongKeysPause)
	}
	if until.IsZero() {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.notNow[id] = until
}

// forget drops what is remembered of installations that wait no more.
func (in *Installer) forget(waiting []Pending) {
	in.mu.Lock()
	defer in.mu.Unlock()
	maps.DeleteFunc(in.notNow, func(id string, _ time.Time) bool {
		return !slices.ContainsFunc(waiting, func(p Pending) bool { return p.ID == id })
	})
}

// completeOne fails only for the database: what does not check out is dropped with a line in the log.
func (in *Installer) completeOne(ctx context.Context, p Pending) error {
	r, err := readRequest(p.Body)
	if err != nil {
		return in.drop(ctx, p, "it cannot be read")
	}
	var pair *oauth.Pair
	if in.deps.Now().Sub(p.Created) > accessFor {
		fresh, err := in.exchangeAged(ctx, p, r)
		if why, ok := passes(err, ServerSilent); err != nil && ok {
			in.deps.Log.LogAttrs(ctx, slog.LevelInfo, "installation still waits", slog.String("reason", string(why)))
			in.rest(p.ID, err)
			return nil
		}
		if err != nil {
			return in.drop(ctx, p, err.Error())
		}
		pair = &fresh
		if r, err = in.keepFresh(ctx, p, r, fresh); err != nil {
			return err
		}
	}
	out, err := in.install(ctx, r, pair)
	switch {
	case errors.Is(err, ErrDenied):
		return in.drop(ctx, p, err.Error())
	case errors.Is(err, ErrPendingFull): // it stays what it was
		return nil
	case err != nil:
		return err
	}
	if next := pendingID(r, oauth.Identity{MemberID: string(out.Portal), ClientID: out.ClientID}); out.Portal != "" && next != p.ID {
		return in.deps.Pending.DropPending(ctx, p.ID) // it goes on under its proven name, or is installed
	}
	return nil
}

// exchangeAged proves a request whose access token has run out by its refresh token alone. Who could not
// be asked in time never said which application it is, so each of ours is tried.
func (in *Installer) exchangeAged(ctx context.Context, p Pending, r Request) (oauth.Pair, error) {
	err := denied("no application's keys fit its refresh token")
	for _, keys := range in.deps.Keys {
		if p.ClientID != "" && keys.ClientID != p.ClientID {
			continue
		}
		pair, failure := in.exchange(ctx, r, oauth.Identity{MemberID: r.Member}, keys)
		if failure == nil {
			return pair, nil
		}
		if _, ok := passes(failure, ServerSilent); ok {
			err = failure
		}
	}
	return oauth.Pair{}, err
}

// keepFresh puts the rotated tokens into the waiting request before anything else is done with them.
func (in *Installer) keepFresh(ctx context.Context, p Pending, r Request, pair oauth.Pair) (Request, error) {
	fresh, err := r.withTokens(pair.Access, pair.Refresh)
	if err != nil {
		return r, err
	}
	p.Body = fresh.Form
	if _, err := in.deps.Pending.AddPending(context.WithoutCancel(ctx), p, MaxPending); err != nil {
		return r, fmt.Errorf("keep the waiting installation's fresh tokens: %w", err)
	}
	return fresh, nil
}

func (in *Installer) drop(ctx context.Context, p Pending, why string) error {
	in.deps.Log.LogAttrs(ctx, slog.LevelWarn, "waiting installation dropped: the application must be installed again",
		slog.String("portal", p.MemberID), slog.String("client_id", p.ClientID), slog.String("reason", why))
	if err := in.deps.Pending.DropPending(ctx, p.ID); err != nil {
		return fmt.Errorf("drop a waiting installation: %w", err)
	}
	return nil
}
