package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
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

// defaultDeviceLife bounds the wait for a person where the provider does not.
const defaultDeviceLife = 15 * time.Minute

// Run makes the connection: a device authorization, for the bridge has no browser.
func (c connectDiadoc) Run(ctx context.Context, p *process) error {
	wanted := app.DiadocWanted{Portal: portal.ID(c.Portal), Connection: c.Connection, Box: c.Box}
	return p.withStore(ctx, func(cfg config.Config, st *store.Store) error {
		conn, err := app.PlanDiadoc(ctx, st, wanted)
		if err != nil {
			return err
		}
		up := upstream.New(upstream.WithInsecure(cfg.AllowInsecureUpstreams))
		identity, err := identityOf(cfg, up, conn)
		if err != nil {
			return err
		}
		tokens, err := c.grant(ctx, p, cfg, identity)
		if err != nil {
			return err
		}
		box, err := grantedBox(ctx, diadoc.New(up, cfg.DiadocURL, granted{tokens.Authorization()}), diadoc.BoxID(conn.BoxID))
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

// identityOf speaks to the provider with the connection's own client keys, or the integrator's.
func identityOf(cfg config.Config, up *upstream.Client, conn settings.Connection) (*diadoc.Identity, error) {
	id, secret := conn.ClientID, conn.ClientSecret
	if id == "" {
		id, secret = cfg.DiadocClientID, cfg.DiadocClientSecret
	}
	if id == "" || secret == "" {
		return nil, errors.New("set BRIDGE_DIADOC_CLIENT_ID and BRIDGE_DIADOC_CLIENT_SECRET, or the connection's clientId and clientSecret: " +
			"the client id comes from Kontur's manager, the secret is an API key of the Integrator Cabinet")
	}
	return diadoc.NewIdentity(up, cfg.DiadocIdentityURL, id, diadoc.Secret(secret.Reveal())), nil
}

// grant sends a person to the provider and waits for him.
func (c connectDiadoc) grant(ctx context.Context, p *process, cfg config.Config, identity *diadoc.Identity) (diadoc.Tokens, error) {
	device, err := startDevice(ctx, identity, scopes(cfg.DiadocURL))
	if err != nil {
		return diadoc.Tokens{}, connectFault(err)
	}
	if !device.Expires.After(time.Now()) {
		device.Expires = time.Now().Add(defaultDeviceLife)
	}
	fmt.Fprintf(p.out, "open %s\nand enter the code %s (good until %s)\n", device.VerificationURI, device.UserCode, moment(device.Expires))
	tokens, err := waitForPerson(ctx, identity, device)
	if err != nil {
		return diadoc.Tokens{}, connectFault(err)
	}
	if tokens.Refresh == "" {
		return diadoc.Tokens{}, errors.New("the provider gave no refresh token, so the connection would end within the hour: " +
			"ask Kontur to allow the scope offline_access to this client id")
	}
	return tokens, nil
}

// scopes are those to ask for, the likeliest first: an address of neither stand may be either.
func scopes(baseURL string) []string {
	switch strings.TrimRight(baseURL, "/") {
	case diadoc.ProductionURL:
		return []string{diadoc.ProductionScope}
	case diadoc.StagingURL:
		return []string{diadoc.StagingScope}
	}
	return []string{diadoc.ProductionScope, diadoc.StagingScope}
}

func startDevice(ctx context.Context, identity *diadoc.Identity, scopes []string) (device diadoc.DeviceCode, err error) {
	for _, scope := range scopes {
		device, err = identity.StartDevice(ctx, scope)
		if refusal, ok := errors.AsType[*diadoc.OAuthError](err); !ok || refusal.Code != "invalid_scope" {
			return device, err
		}
	}
	return device, err
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

// granted is a token that has just been given: there is no newer one.
type granted struct{ authorization diadoc.Authorization }

// Token implements diadoc.TokenSource.
func (g granted) Token(context.Context) (diadoc.Authorization, error) {
	return g.authorization, nil
}

// Renew implements diadoc.TokenSource.
func (g granted) Renew(context.Context, diadoc.Authorization) (diadoc.Authorization, error) {
	return "", errors.New("a token that its provider has just given is not accepted by Диадок")
}

// grantedBox names the box for people. A grant of somebody who does not see it would take the place of one
// that works.
func grantedBox(ctx context.Context, client *diadoc.Client, wanted diadoc.BoxID) (string, error) {
	seen, err := client.GetMyOrganizations(ctx, false)
	if err != nil {
		return "", err
	}
	var names []string
	for _, organization := range seen.Organizations {
		for _, box := range organization.Boxes {
			id := box.BoxIDGUID
			if id == "" {
				id = box.BoxID.GUID()
			}
			name := fmt.Sprintf("%s (%s)", id, organization.ShortName)
			if organization.ShortName == "" {
				name = fmt.Sprintf("%s (%s)", id, organization.FullName)
			}
			if id.Same(wanted) {
				return name, nil
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", errors.New("the user who has logged in sees no box at all")
	}
	return "", fmt.Errorf("the user who has logged in does not see box %s; name one of his with --box: %s", wanted, strings.Join(names, ", "))
}
