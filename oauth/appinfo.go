package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

// Identity is what an authorization server says about an access token: the only source of what a portal
// may be believed to be.
type Identity struct {
	ClientID       string   // of the application that the token was issued to
	MemberID       string   // of the portal
	ClientEndpoint string   // base of the portal's REST calls, ends with /rest/
	Domain         string   // the portal's host
	Scope          []string // what the token may do
	UserID         int64    // whose rights it carries
	Status         string   // L local, F free, D demo, T trial, P paid
	Installed      bool     // whether the installation is finished
	Expires        time.Time
}

// appInfo is the answer as captured; the docs name the method and not its fields.
type appInfo struct {
	Result struct {
		ClientID loose           `json:"client_id"`
		Scope    loose           `json:"scope"`
		Expires  loose           `json:"expires"`
		UserID   loose           `json:"user_id"`
		Install  json.RawMessage `json:"install"` // an empty PHP array when there is nothing to say
	} `json:"result"`
}

type appInstall struct {
	Installed      loose `json:"installed"`
	Status         loose `json:"status"`
	Scope          loose `json:"scope"`
	Domain         loose `json:"domain"`
	ClientEndpoint loose `json:"client_endpoint"`
	MemberID       loose `json:"member_id"`
}

// AppInfo asks an allowed server whom accessToken belongs to; server goes through Choose.
//
// Errors: *Error, matching ErrTokenRefused for a token that is not genuine or has expired, ErrAppGone
// and ErrUserGone; of class Retry or Wait when the server can't say now.
// Source: doc: settings/oauth/simple-way.md, GET <server>/rest/app.info?auth=<token>.
func (s *Servers) AppInfo(ctx context.Context, server, accessToken string) (Identity, error) {
	if accessToken == "" { // a request without one proves nothing and needs no question
		return Identity{}, &Error{kind: ErrTokenRefused, class: upstream.Refused}
	}
	resp, err := s.up.Do(ctx, upstream.Request{
		API: "bitrix-oauth", Op: "GET /rest/app.info", Method: http.MethodGet,
		URL:     s.Choose(server) + "/rest/app.info?" + url.Values{"auth": {accessToken}}.Encode(),
		Timeout: serverTimeout, MaxAnswer: serverMaxAnswer,
	})
	if err != nil {
		return Identity{}, err
	}
	var answer appInfo
	if err := s.read(resp, aboutToken, &answer, accessToken); err != nil {
		return Identity{}, err
	}
	var install appInstall
	if len(answer.Result.Install) > 0 && answer.Result.Install[0] == '{' {
		if err := json.Unmarshal(answer.Result.Install, &install); err != nil {
			return Identity{}, s.refusal(resp, "", "", aboutToken)
		}
	}
	identity := Identity{
		ClientID:       string(answer.Result.ClientID),
		MemberID:       string(install.MemberID),
		ClientEndpoint: endpoint(string(install.ClientEndpoint)),
		Domain:         string(install.Domain),
		Scope:          scopes(firstOf(answer.Result.Scope, install.Scope)),
		UserID:         answer.Result.UserID.int(),
		Status:         string(install.Status),
		Installed:      install.Installed.bool(),
		Expires:        expiry(s.now(), "", answer.Result.Expires),
	}
	if identity.ClientID == "" || identity.MemberID == "" || identity.ClientEndpoint == "" {
		// Who can't be named can't be trusted; the server may know better in a while.
		return Identity{}, s.refusal(resp, "", "", aboutToken)
	}
	return identity, nil
}

// endpoint ends with exactly one slash, so that a method's name can follow.
func endpoint(address string) string {
	if address == "" {
		return ""
	}
	return strings.TrimRight(address, "/") + "/"
}
