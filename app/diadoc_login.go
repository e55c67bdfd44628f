package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"konturbridge/app/config"
	"konturbridge/app/settings"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// defaultDeviceLife bounds the wait for a person where the provider does not.
const defaultDeviceLife = 15 * time.Minute

// ErrNoRefresh is returned when the provider grants no refresh token.
var ErrNoRefresh = errors.New("the provider gave no refresh token, so the connection would end within the hour: " +
	"ask Kontur to allow the scope offline_access to this client id")

// ErrNoClientKeys is returned when neither the process nor a connection has OpenID keys.
var ErrNoClientKeys = errors.New("set BRIDGE_DIADOC_CLIENT_ID and BRIDGE_DIADOC_CLIENT_SECRET, or the connection's clientId and clientSecret: " +
	"the client id comes from Kontur's manager, the secret is an API key of the Integrator Cabinet")

// DiadocIdentity speaks to Kontur's provider with a connection's own client keys, or the integrator's.
//
// Errors: ErrNoClientKeys.
func DiadocIdentity(cfg config.Config, up *upstream.Client, conn settings.Connection) (*diadoc.Identity, error) {
	id, secret := conn.ClientID, conn.ClientSecret
	if id == "" {
		id, secret = cfg.DiadocClientID, cfg.DiadocClientSecret
	}
	if id == "" || secret == "" {
		return nil, ErrNoClientKeys
	}
	return diadoc.NewIdentity(up, cfg.DiadocIdentityURL, id, diadoc.Secret(secret.Reveal())), nil
}

// StartDiadocLogin begins a login that goes on in somebody's browser, with the scope of the stand at baseURL.
func StartDiadocLogin(ctx context.Context, identity *diadoc.Identity, baseURL string) (device diadoc.DeviceCode, err error) {
	for _, scope := range diadocScopes(baseURL) {
		device, err = identity.StartDevice(ctx, scope)
		if refusal, ok := errors.AsType[*diadoc.OAuthError](err); !ok || refusal.Code != "invalid_scope" {
			break
		}
	}
	if err == nil && !device.Expires.After(time.Now()) {
		device.Expires = time.Now().Add(defaultDeviceLife)
	}
	return device, err
}

// diadocScopes are those to ask for, the likeliest first: an address of neither stand may be either.
func diadocScopes(baseURL string) []string {
	switch strings.TrimRight(baseURL, "/") {
	case diadoc.ProductionURL:
		return []string{diadoc.ProductionScope}
	case diadoc.StagingURL:
		return []string{diadoc.StagingScope}
	}
	return []string{diadoc.ProductionScope, diadoc.StagingScope}
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

// GrantedBox looks whether who has just logged in sees the box, and names it for people. A grant of somebody who
// does not see it would take the place of one that works.
func GrantedBox(ctx context.Context, up *upstream.Client, baseURL string, tokens diadoc.Tokens, wanted diadoc.BoxID) (string, error) {
	if tokens.Refresh == "" {
		return "", ErrNoRefresh
	}
	return seenBox(ctx, diadoc.New(up, baseURL, granted{tokens.Authorization()}), wanted)
}

// seenBox names a box that a client sees.
func seenBox(ctx context.Context, client *diadoc.Client, wanted diadoc.BoxID) (string, error) {
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
	return "", &UnseenBoxError{Box: wanted, Seen: names}
}

// UnseenBoxError says that a user of Диадок does not see a box.
type UnseenBoxError struct {
	Box  diadoc.BoxID
	Seen []string // those that they see, for people
}

// Error implements error.
func (e *UnseenBoxError) Error() string {
	if len(e.Seen) == 0 {
		return "the user who has logged in sees no box at all"
	}
	return fmt.Sprintf("the user who has logged in does not see box %s; name one of his with --box: %s", e.Box, strings.Join(e.Seen, ", "))
}
