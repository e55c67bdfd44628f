package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

type connectCommand struct {
	Diadoc connectDiadoc `cmd:"" help:"Let a user of Диадок log in in a browser, and keep what he grants as a connection's credentials."`
}

type connectDiadoc struct {
	Portal     string `required:"" placeholder:"MEMBER_ID" help:"The portal's member_id; bridge portals lists them."`
	Connection string `required:"" placeholder:"NAME" help:"The connection's name in the portal's settings."`
	Box        string `placeholder:"BOXID" help:"The box; needed for a connection that the settings do not have yet."`
}

// Run makes the connection: a device authorization, for the bridge has no browser.
func (c connectDiadoc) Run(ctx context.Context, p *process) error {
	wanted := app.DiadocWanted{Portal: portal.ID(c.Portal), Connection: c.Connection, Box: c.Box}
	return p.withStore(ctx, func(cfg config.Config, st *store.Store) error {
		conn, err := app.PlanDiadoc(ctx, st, wanted)
		if err != nil {
			return err
		}
		up := upstream.New(upstream.WithInsecure(cfg.AllowInsecureUpstreams))
		identity, err := app.DiadocIdentity(cfg, up, conn)
		if err != nil {
			return err
		}
		tokens, err := c.grant(ctx, p, cfg, identity)
		if err != nil {
			return err
		}
		box, err := app.GrantedBox(ctx, up, cfg.DiadocURL, tokens, diadoc.BoxID(conn.BoxID))
		if err != nil {
			return fmt.Errorf("nothing was stored: %w", err)
		}
		if err := app.ConnectDiadoc(ctx, st, wanted, config.Secret(tokens.Refresh), app.CommandLine(store.CauseConnect)); err != nil {
			return fmt.Errorf("what was granted could not be stored, repeat the command: %w", err)
		}
		_, err = fmt.Fprintf(p.out, "connection %s of portal %s is made with box %s; a running bridge follows within two seconds\n",
			c.Connection, c.Portal, box)
		return err
	})
}

// grant sends a person to the provider and waits for him.
func (c connectDiadoc) grant(ctx context.Context, p *process, cfg config.Config, identity *diadoc.Identity) (diadoc.Tokens, error) {
	device, err := app.StartDiadocLogin(ctx, identity, cfg.DiadocURL)
	if err != nil {
		return diadoc.Tokens{}, connectFault(err)
	}
	fmt.Fprintf(p.out, "open %s\nand enter the code %s (good until %s)\n", device.VerificationURI, device.UserCode, moment(device.Expires))
	tokens, err := waitForPerson(ctx, identity, device)
	if err != nil {
		return diadoc.Tokens{}, connectFault(err)
	}
	if tokens.Refresh == "" {
		return diadoc.Tokens{}, app.ErrNoRefresh
	}
	return tokens, nil
}

// waitForPerson polls no oftener than the provider wants. What is passing (a lost answer, a provider that is
// away) is asked again: should the tokens have been in a lost answer, the next one says that the code is used.
func waitForPerson(ctx context.Context, identity *diadoc.Identity, device diadoc.DeviceCode) (diadoc.Tokens, error) {
	wait := device.Interval
	for {
		select {
		case <-ctx.Done():
			return diadoc.Tokens{}, ctx.Err()
		case <-time.After(wait):
		}
		tokens, err := identity.PollDevice(ctx, device)
		class := upstream.ClassOf(err)
		switch {
		case err == nil:
			return tokens, nil
		case ctx.Err() != nil:
			return tokens, ctx.Err()
		case !errors.Is(err, diadoc.ErrNotReady) && class != upstream.Retry && class != upstream.Wait:
			return tokens, err
		case !time.Now().Before(device.Expires):
			return tokens, fmt.Errorf("%w: nobody has confirmed the code in time", diadoc.ErrGrantRefused)
		}
		wait = max(device.Interval, time.Until(upstream.RetryAt(err)))
		if errors.Is(err, diadoc.ErrNotReady) && wait > device.Interval {
			device.Interval += slowDown
			wait = device.Interval
		}
	}
}

// slowDown is how much rarer a provider that was asked too often is asked from then on (RFC 8628, 3.5).
const slowDown = 5 * time.Second

// connectFault says what to do about a refused login.
func connectFault(err error) error {
	switch {
	case errors.Is(err, diadoc.ErrLoginRefused):
		return fmt.Errorf("the identity provider does not accept the client id or its secret: check BRIDGE_DIADOC_CLIENT_ID and "+
			"BRIDGE_DIADOC_CLIENT_SECRET, or the connection's clientId and clientSecret: %w", err)
	case errors.Is(err, diadoc.ErrGrantRefused):
		return fmt.Errorf("the login was refused or took too long; repeat the command: %w", err)
	}
	return err
}
