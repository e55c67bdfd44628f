package diadoc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

// IdentityURL is the identity provider of production.
const IdentityURL = "https://identity.kontur.ru"

// Scopes of the two stands. offline_access is what brings a refresh token.
const (
	ProductionScope = "openid profile email offline_access Diadoc.PublicAPI"
	StagingScope    = "openid profile email offline_access Diadoc.PublicAPI.Staging"
)

// Identity speaks OpenID Connect with the identity provider: it turns a code, a refresh token or a device
// code into tokens. It keeps nothing; who calls it stores a new refresh token before using the access token
// that came with it.
//
// Doc: Диадок API, "Авторизация с помощью OpenID Connect".
type Identity struct {
	up        *upstream.Client
	endpoints Endpoints
	issuer    string
	clientID  string
	secret    Secret
	now       func() time.Time
}

// Endpoints are the addresses of the provider.
type Endpoints struct {
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Device        string `json:"device_authorization_endpoint"`
}

// IdentityOption tunes an [Identity].
type IdentityOption func(*Identity)

// WithEndpoints replaces the addresses, as [Identity.Discover] gives them.
func WithEndpoints(endpoints Endpoints) IdentityOption {
	return func(i *Identity) { i.endpoints = endpoints }
}

// WithIdentityClock replaces time.Now, against which lifetimes are reckoned.
func WithIdentityClock(now func() time.Time) IdentityOption {
	return func(i *Identity) { i.now = now }
}

// NewIdentity returns an Identity at issuer, such as [IdentityURL], for the integration's client id and its
// key from the integrator's cabinet.
func NewIdentity(up *upstream.Client, issuer, clientID string, secret Secret, opts ...IdentityOption) *Identity {
	issuer = strings.TrimRight(issuer, "/")
	i := &Identity{up: up, issuer: issuer, clientID: clientID, secret: secret, now: time.Now, endpoints: Endpoints{
		Authorization: issuer + "/connect/authorize", Token: issuer + "/connect/token", Device: issuer + "/connect/deviceauthorization",
	}}
	for _, opt := range opts {
		opt(i)
	}
	return i
}

// Discover reads the provider's addresses. All of them must be on the issuer's host: secrets go there.
func (i *Identity) Discover(ctx context.Context) (Endpoints, error) {
	const op = "GET /.well-known/openid-configuration"
	answer, err := i.up.Do(ctx, upstream.Request{API: api, Op: op, Method: http.MethodGet,
		URL: i.issuer + "/.well-known/openid-configuration", Header: http.Header{"Accept": {"application/json"}}})
	if err != nil {
		return Endpoints{}, harmless(err)
	}
	if answer.Status != http.StatusOK {
		return Endpoints{}, i.refusal(op, answer, false)
	}
	found := i.endpoints
	if err := json.Unmarshal(answer.Body, &found); err != nil {
		return Endpoints{}, i.broken(op, answer.Status, err, false)
	}
	for _, address := range []string{found.Authorization, found.Token, found.Device} {
		if !sameHost(i.issuer, address) {
			return Endpoints{}, i.broken(op, answer.Status, errors.New("an address of another host"), false)
		}
	}
	return found, nil
}

func sameHost(a, b string) bool {
	first, err := url.Parse(a)
	second, err2 := url.Parse(b)
	return err == nil && err2 == nil && first.Scheme == second.Scheme && first.Host == second.Host
}

// AuthorizeURL is where a browser is sent to log in; it comes back to redirect with a code and the state.
// redirect is what was registered, byte for byte.
func (i *Identity) AuthorizeURL(redirect, scope, state, nonce string) string {
	return i.endpoints.Authorization + "?" + url.Values{"response_type": {"code"}, "client_id": {i.clientID},
		"scope": {scope}, "redirect_uri": {redirect}, "state": {state}, "nonce": {nonce}}.Encode()
}

// Tokens are what an exchange brings.
type Tokens struct {
	Access  Secret
	Refresh Secret    // what the next exchange takes: the old one when the answer has none
	ID      Secret    // may be empty
	Type    string    // "Bearer"
	Expires time.Time // zero when the answer names no lifetime
}

// Authorization is what [TokenSource] gives for the access token.
func (t Tokens) Authorization() Authorization { return Bearer(string(t.Access)) }

// Exchange turns the code of a finished login into tokens. A code works once: after a lost answer the user
// has to log in again.
//
// Errors: [*OAuthError].
func (i *Identity) Exchange(ctx context.Context, code Secret, redirect string) (Tokens, error) {
	return i.token(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {string(code)}, "redirect_uri": {redirect}}, "")
}

// Refresh turns a refresh token into new tokens. The old refresh token may die with it: store the new one
// before the access token is used, keep the old one until the new access token has worked, and let one
// place at a time refresh. After a lost answer (MaybeDone) the old one may be dead or not: try it again.
//
// Errors: [*OAuthError], matching [ErrGrantRefused] when the refresh token is dead: a person has to issue a
// new one.
func (i *Identity) Refresh(ctx context.Context, refresh Secret) (Tokens, error) {
	return i.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {string(refresh)}}, refresh)
}

// DeviceCode is a login that goes on in somebody's browser.
type DeviceCode struct {
	Code            Secret // of the device: for PollDevice
	UserCode        string // what the user types
	VerificationURI string // where he types it
	Interval        time.Duration
	Expires         time.Time
}

// StartDevice starts a login in a browser elsewhere.
func (i *Identity) StartDevice(ctx context.Context, scope string) (DeviceCode, error) {
	const op = "POST /connect/deviceauthorization"
	answer, err := i.post(ctx, op, i.endpoints.Device, url.Values{"scope": {scope}})
	if err != nil {
		return DeviceCode{}, harmless(err)
	}
	var wire struct {
		DeviceCode      string `json:"device_code"`
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
		Interval        int    `json:"interval"`
		ExpiresIn       int    `json:"expires_in"`
	}
	if answer.Status != http.StatusOK {
		return DeviceCode{}, i.refusal(op, answer, false)
	}
	if err := json.Unmarshal(answer.Body, &wire); err != nil || wire.DeviceCode == "" {
		return DeviceCode{}, i.broken(op, answer.Status, errors.Join(err, errors.New("no device code")), false)
	}
	return DeviceCode{Code: Secret(wire.DeviceCode), UserCode: wire.UserCode, VerificationURI: wire.VerificationURI,
		Interval: cmp.Or(seconds(wire.Interval), 5*time.Second), Expires: i.now().Add(seconds(wire.ExpiresIn))}, nil
}

func seconds(n int) time.Duration { return time.Duration(min(max(n, 0), 1<<31)) * time.Second }

// PollDevice asks once whether the user has logged in. Until then it is a [*NotReadyError] with the time of
// the next try; asked too often, the provider wants five seconds more each time, which the caller adds to
// device.Interval.
//
// Errors: [*OAuthError], matching [ErrGrantRefused] when the user refused or the code is too old.
func (i *Identity) PollDevice(ctx context.Context, device DeviceCode) (Tokens, error) {
	tokens, err := i.token(ctx, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {string(device.Code)}}, "")
	failure, ok := errors.AsType[*OAuthError](err)
	if !ok {
		return tokens, err
	}
	wait := device.Interval
	switch failure.Code {
	case "slow_down":
		wait += 5 * time.Second
	case "authorization_pending":
	default:
		return tokens, err
	}
	return Tokens{}, &NotReadyError{Operation: failure.Op, Status: failure.Status, Until: i.now().Add(wait)}
}

const tokenOp = "POST /connect/token"

func (i *Identity) token(ctx context.Context, form url.Values, old Secret) (Tokens, error) {
	sent := i.now()
	answer, err := i.post(ctx, tokenOp, i.endpoints.Token, form)
	if err != nil {
		return Tokens{}, err
	}
	if answer.Status != http.StatusOK {
		return Tokens{}, i.refusal(tokenOp, answer, true, form.Get("code"), form.Get("refresh_token"), form.Get("device_code"))
	}
	var wire struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		IDToken      string `json:"id_token"`
		TokenType    string `json:"token_type"`
		ExpiresIn    int    `json:"expires_in"`
	}
	if err := json.Unmarshal(answer.Body, &wire); err != nil || wire.AccessToken == "" {
		return Tokens{}, i.broken(tokenOp, answer.Status, errors.New("no access token"), true) // the decoder's text may quote one
	}
	tokens := Tokens{Access: Secret(wire.AccessToken), Refresh: Secret(wire.RefreshToken), ID: Secret(wire.IDToken),
		Type: wire.TokenType}
	if wire.ExpiresIn > 0 {
		tokens.Expires = sent.Add(seconds(wire.ExpiresIn))
	}
	if tokens.Refresh == "" {
		tokens.Refresh = old
	}
	return tokens, nil
}

func (i *Identity) post(ctx context.Context, op, address string, form url.Values) (*upstream.Response, error) {
	form.Set("client_id", i.clientID)
	form.Set("client_secret", string(i.secret))
	return i.up.Do(ctx, upstream.Request{API: api, Op: op, Method: http.MethodPost, URL: address, Body: strings.NewReader(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}})
}

func (i *Identity) broken(op string, status int, cause error, unsure bool) *OAuthError {
	return &OAuthError{Op: op, Status: status, class: upstream.Retry, unsure: unsure, Cause: fmt.Errorf("%w: %w", ErrBadAnswer, cause)}
}
