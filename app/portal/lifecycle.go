package portal

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"konturbridge/bitrix"
	"konturbridge/oauth"
)

// Uninstall ends an application that its portal says is removed. The application_token is the only
// proof: the portal's tokens are dead already. data[CLEAN] is the administrator's wish to have the data
// erased too.
//
// Errors: wrapping ErrDenied; anything else is the database's.
// doc: api-reference/common/events/on-app-uninstall.md
func (in *Installer) Uninstall(ctx context.Context, e bitrix.Event) error {
	p, a, err := in.deps.Portals.Trusted(e.Auth.MemberID, string(e.Auth.ApplicationToken))
	if err != nil {
		return err
	}
	clean := e.Data.Get("CLEAN") == "1"
	if err := in.deps.Store.RemoveApplication(ctx, p.ID, a.ClientID, clean); err != nil {
		return fmt.Errorf("remove the application: %w", err)
	}
	for _, admin := range a.Admins {
		in.deps.Replaced(ctx, PairKey(p.ID, a.ClientID, admin.UserID))
	}
	in.deps.Log.LogAttrs(ctx, slog.LevelInfo, "application removed", slog.String("portal", string(p.ID)),
		slog.String("client_id", a.ClientID), slog.Bool("clean", clean))
	return in.deps.Portals.Reload(ctx)
}

// Move stores a portal's new address. Endpoint must come from an authorization server (a token pair or
// app.info): nothing that a request or a redirect says about itself belongs here. An address that is
// stored already changes nothing. doc: settings/how-to-call-rest-api/change-domen.md
func (in *Installer) Move(ctx context.Context, id ID, endpoint string) error {
	p, ok := in.deps.Portals.Get(id)
	if !ok {
		return ErrUnknown
	}
	if endpoint == "" || p.Endpoint == endpoint {
		return nil
	}
	domain, err := Host(endpoint)
	if err != nil {
		return err
	}
	if err := in.deps.Store.MovePortal(ctx, id, domain, endpoint); err != nil {
		return fmt.Errorf("store the portal's new address: %w", err)
	}
	in.deps.Log.LogAttrs(ctx, slog.LevelInfo, "portal moved", slog.String("portal", string(id)), slog.String("domain", domain))
	return in.deps.Portals.Reload(ctx)
}

// paymentPause is how often the hint of a payment makes a portal be looked at: it carries no proof, so anybody
// may give it.
const paymentPause = 10 * time.Minute

// Payment takes the hint that an application was paid for, or that the paid time is over: nothing in it is
// believed, the portal is asked soon.
//
// Errors: wrapping ErrDenied for a portal that is not known; anything else is the database's.
// doc: api-reference/common/events/on-app-payment.md
func (in *Installer) Payment(ctx context.Context, e bitrix.Event) error {
	p, ok := in.deps.Portals.Get(ID(e.Auth.MemberID))
	if !ok || p.State == Removed {
		return denied("the portal is not known or was removed")
	}
	in.mu.Lock()
	now, last := in.deps.Now(), in.hinted[p.ID]
	again := now.Sub(last) < paymentPause
	if !again {
		in.hinted[p.ID] = now
	}
	in.mu.Unlock()
	if again {
		return nil
	}
	if err := in.deps.Store.HurryCheck(ctx, p.ID); err != nil {
		return fmt.Errorf("look at the portal after a payment: %w", err)
	}
	return nil
}

// spareFresh is the age at which a spare pair is replaced by that of the next page that is opened: writing at
// every opening would serve nobody.
const spareFresh = 24 * time.Hour

// learn takes over what a proven opening of a page by an administrator shows of its application: the
// application_token, which heals a portal whose installation or update event was lost, and a token pair in
// case that the one at work is lost. The pair is kept as it came: exchanging it would take it from the page.
func (in *Installer) learn(ctx context.Context, p Portal, id oauth.Identity, o bitrix.PageOpening) error {
	a, _ := p.App(id.ClientID)
	learned := false
	if token := string(o.ApplicationToken); token != "" && a.Token != token {
		if err := in.deps.Store.LearnToken(ctx, p.ID, a.ClientID, token); err != nil {
			return fmt.Errorf("store the application token: %w", err)
		}
		learned = true
	}
	if o.RefreshToken != "" && id.UserID != 0 && in.spareWanted(a, id.UserID) {
		pair := oauth.Pair{
			Access: string(o.AccessToken), Refresh: string(o.RefreshToken), Expires: in.deps.Now().Add(min(o.ExpiresIn, time.Hour)),
			Endpoint: id.ClientEndpoint, Server: in.deps.Servers.Choose(o.ServerEndpoint), MemberID: id.MemberID, UserID: id.UserID,
			Scope: id.Scope, Status: id.Status,
		}
		given, err := in.deps.Store.GivePair(ctx, p.ID, a.ClientID, pair, spareFresh)
		if err != nil {
			return fmt.Errorf("store a spare token pair: %w", err)
		}
		if given {
			in.deps.Replaced(ctx, PairKey(p.ID, a.ClientID, id.UserID))
		}
		learned = learned || given
	}
	if !learned {
		return nil
	}
	return in.deps.Portals.Reload(ctx)
}

// spareWanted keeps most openings from asking the database.
func (in *Installer) spareWanted(a Application, userID int64) bool {
	for _, admin := range a.Admins {
		if admin.UserID == userID && admin.lives() {
			return userID != a.Worker() && in.deps.Now().Sub(admin.Given) >= spareFresh
		}
	}
	return true
}
