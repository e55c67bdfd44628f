package portal

import (
	"context"
	"fmt"
	"log/slog"

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
	p, a, err := in.deps.Portals.Trusted(e.Auth.MemberID, string(e.Auth.ApplicationToken), false)
	if err != nil {
		return err
	}
	clean := e.Data.Get("CLEAN") == "1"
	if err := in.deps.Store.RemoveApplication(ctx, p.ID, a.ClientID, clean); err != nil {
		return fmt.Errorf("remove the application: %w", err)
	}
	in.deps.Replaced(ctx, PairKey(p.ID, a.ClientID, a.UserID))
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

// learn takes over what a proven opening of a page shows of its application: an administrator's page
// brings the application_token, which heals a portal whose installation or update event was lost.
func (in *Installer) learn(ctx context.Context, p Portal, id oauth.Identity, token string) error {
	a, ok := p.App(id.ClientID)
	if !ok || token == "" || a.Token == token {
		return nil
	}
	a.Token = token
	if err := in.deps.Store.SavePortal(ctx, p, a); err != nil {
		return fmt.Errorf("store the application token: %w", err)
	}
	return in.deps.Portals.Reload(ctx)
}
