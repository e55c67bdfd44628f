package oauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"konturbridge/internal/upstream"
)

const tokenPath = "/oauth/token/"

// tokenAnswer is a fresh pair. Its "domain" is not read: here it names the authorization server.
type tokenAnswer struct {
	AccessToken    loose `json:"access_token"`
	RefreshToken   loose `json:"refresh_token"`
	ExpiresIn      loose `json:"expires_in"`
	Expires        loose `json:"expires"`
	ClientEndpoint loose `json:"client_endpoint"`
	ServerEndpoint loose `json:"server_endpoint"`
	MemberID       loose `json:"member_id"`
	UserID         loose `json:"user_id"`
	Scope          loose `json:"scope"`
	Status         loose `json:"status"`
}

// Exchange gives a refresh token for a new pair; the old one is dead from then on, so the caller stores
// the pair before it does anything else. server goes through Choose. The pair has no Version.
//
// The docs show a GET with everything in the query; the same as a POST form is accepted and keeps the
// secrets out of the logs between here and there. A server that refuses the POST is asked by GET from
// then on.
//
// Errors: *Error, matching ErrGrantDead, ErrClientKeys, ErrPayment, ErrAppGone, ErrUserGone; or
// *upstream.TransportError, whose MaybeDone tells that the pair may have been rotated unseen.
// Source: doc: settings/oauth/auto-renewal.md, settings/oauth/error-codes.md.
func (s *Servers) Exchange(ctx context.Context, server string, keys Keys, refreshToken string) (Pair, error) {
	server = s.Choose(server)
	form := url.Values{
		"grant_type": {"refresh_token"}, "client_id": {keys.ClientID}, "client_secret": {keys.ClientSecret},
		"refresh_token": {refreshToken},
	}
	started := s.now()
	resp, err := s.requestToken(ctx, server, form)
	if err != nil {
		return Pair{}, err
	}
	var answer tokenAnswer
	if err := s.read(resp, aboutRefresh, &answer, keys.ClientSecret, refreshToken); err != nil {
		return Pair{}, err
	}
	if answer.AccessToken == "" || answer.RefreshToken == "" {
		return Pair{}, s.refusal(resp, "", "", aboutRefresh)
	}
	if answer.ServerEndpoint != "" {
		server = s.chooseOr(string(answer.ServerEndpoint), server)
	}
	pair := Pair{
		Access:   string(answer.AccessToken),
		Refresh:  string(answer.RefreshToken),
		Expires:  expiry(started, answer.ExpiresIn, answer.Expires),
		Endpoint: endpoint(string(answer.ClientEndpoint)),
		Server:   server,
		MemberID: string(answer.MemberID),
		UserID:   answer.UserID.int(),
		Status:   string(answer.Status),
	}
	if answer.Scope != "" {
		pair.Scope = scopes(string(answer.Scope))
	}
	return pair, nil
}

// requestToken finds out once for each server whether it takes the form.
func (s *Servers) requestToken(ctx context.Context, server string, form url.Values) (*upstream.Response, error) {
	if s.getOnly(server) {
		return s.sendToken(ctx, http.MethodGet, server, form)
	}
	resp, err := s.sendToken(ctx, http.MethodPost, server, form)
	if err != nil || !refusesPost(resp) {
		return resp, err
	}
	byGet, err := s.sendToken(ctx, http.MethodGet, server, form)
	if err == nil && !refusesPost(byGet) && document(byGet.Body) {
		s.mu.Lock()
		s.useGet[server] = true
		s.mu.Unlock()
	}
	return byGet, err
}

func (s *Servers) getOnly(server string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.useGet[server]
}

// refusesPost is not true of a 5xx: that one is down, and would get the secrets into its query for
// nothing.
func refusesPost(resp *upstream.Response) bool {
	switch {
	case resp.Status == http.StatusNotFound || resp.Status == http.StatusMethodNotAllowed:
		return true
	case resp.Status == http.StatusTooManyRequests || resp.Status >= 500:
		return false
	default:
		return !document(resp.Body)
	}
}

func (s *Servers) sendToken(ctx context.Context, method, server string, form url.Values) (*upstream.Response, error) {
	req := upstream.Request{
		API: "bitrix-oauth", Op: method + " " + tokenPath, Method: method, URL: server + tokenPath,
		Timeout: serverTimeout, MaxAnswer: serverMaxAnswer,
	}
	if method == http.MethodGet {
		req.URL += "?" + form.Encode()
	} else {
		req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		req.Body = strings.NewReader(form.Encode())
	}
	return s.up.Do(ctx, req)
}
