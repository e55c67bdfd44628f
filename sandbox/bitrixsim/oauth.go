package bitrixsim

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// failure is an answer that a lever ordered.
type failure struct {
	status int
	code   string
}

// maxBody bounds request bodies; the cloud's own limit is 2 GB, which no test needs.
const maxBody = 256 << 20

// readParams reads the query and then the body in whatever encoding it came.
func readParams(r *http.Request) (*array, error) {
	params := newArray()
	if err := parseForm(params, r.URL.RawQuery); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	if r.Method != http.MethodPost || len(body) == 0 {
		return params, nil
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		v, err := parseJSON(body)
		if err != nil {
			return nil, err
		}
		if a := asArray(v); a != nil {
			for _, k := range a.keys {
				params.set(k, a.vals[k])
			}
		}
		return params, nil
	}
	if mediaType(r) == "multipart/form-data" {
		return params, readMultipart(params, r, body)
	}
	return params, parseForm(params, string(body))
}

// reply writes a JSON answer.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body)) // the client may be gone
}

// oauthError is the error body of the token endpoint; wrong_client comes without a description.
func oauthError(w http.ResponseWriter, status int, code, text string) {
	body := map[string]any{"error": code}
	if text != "" {
		body["error_description"] = text
	}
	reply(w, status, body)
}

// serveToken is /oauth/token/ (doc: settings/oauth/auto-renewal, settings/oauth/error-codes).
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	params, err := readParams(r)
	if err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_request", "Malformed request")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokenFailures) > 0 {
		f := s.tokenFailures[0]
		s.tokenFailures = s.tokenFailures[1:]
		if f.code == "" {
			htmlError(w, f.status)
			return
		}
		oauthError(w, f.status, f.code, "")
		return
	}
	app := s.apps[str(params.get("client_id"))]
	switch {
	case str(params.get("client_id")) == "" || str(params.get("client_secret")) == "":
		oauthError(w, http.StatusBadRequest, "invalid_request", "client_id and client_secret are required")
	case app == nil:
		oauthError(w, http.StatusOK, "wrong_client", "")
	case app.ClientSecret != str(params.get("client_secret")):
		oauthError(w, http.StatusBadRequest, "invalid_client", "Invalid client credentials")
	case str(params.get("grant_type")) == "refresh_token":
		s.exchangeRefresh(w, app, str(params.get("refresh_token")))
	case str(params.get("grant_type")) == "authorization_code":
		s.exchangeCode(w, app, str(params.get("code")))
	default:
		oauthError(w, http.StatusBadRequest, "invalid_request", "Unknown grant_type")
	}
}

func (s *Server) exchangeRefresh(w http.ResponseWriter, app *App, token string) {
	old := s.refresh[token]
	switch {
	case token == "":
		oauthError(w, http.StatusBadRequest, "invalid_request", "refresh_token is required")
	case old == nil || old.in.app.ClientID != app.ClientID || s.now().After(old.expires):
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Invalid refresh token")
	case !old.in.live():
		oauthError(w, http.StatusUnauthorized, "NOT_INSTALLED", "Application not installed")
	case old.in.portal.users[old.user] == nil || old.in.portal.users[old.user].dismissed:
		oauthError(w, http.StatusForbidden, "user_access_error", "The user does not have access to the application.")
	case !old.in.admits(old.user):
		oauthError(w, http.StatusForbidden, "user_access_error", "The user does not have access to the application.")
	default:
		delete(s.refresh, token) // the docs promise no grace time: the old token is dead at once
		s.refreshes++
		access, refresh := old.in.issuePair(old.user)
		body := s.tokenBody(access, refresh)
		body["expires"] = access.expires.Unix()
		body["user_id"] = access.user
		s.notify()
		reply(w, http.StatusOK, body)
	}
}

func (s *Server) exchangeCode(w http.ResponseWriter, app *App, code string) {
	c := s.codes[code]
	delete(s.codes, code)
	if c == nil || c.in.app.ClientID != app.ClientID || s.now().After(c.expires) || !c.in.live() {
		oauthError(w, http.StatusBadRequest, "bad_verification_code", "Invalid verification code")
		return
	}
	access, refresh := c.in.issuePair(c.user)
	s.notify()
	reply(w, http.StatusOK, s.tokenBody(access, refresh)) // documented without expires and user_id
}

// tokenBody is the documented answer; its domain is the authorization server's.
func (s *Server) tokenBody(a *accessToken, r *refreshToken) map[string]any {
	return map[string]any{
		"access_token": a.token, "refresh_token": r.token, "expires_in": int(accessLife.Seconds()),
		"client_endpoint": a.in.portal.endpoint(), "server_endpoint": s.authBase() + "/rest/", "domain": host(s.authBase()),
		"member_id": a.in.portal.memberID, "scope": strings.Join(a.in.app.Scopes, ","), "status": "L",
	}
}

// serveAuthorize is the portal's consent page with the consent already given by user 1.
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request, p *Portal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := p.installs[r.URL.Query().Get("client_id")]
	target, err := url.Parse("")
	if in != nil {
		target, err = url.Parse(in.app.HandlerURL)
	}
	if in == nil || err != nil {
		htmlError(w, http.StatusNotFound) // the portal shows a page of its own and never redirects with an error
		return
	}
	code := s.random()[:40]
	s.codes[code] = &authCode{in: in, user: 1, expires: s.now().Add(codeLife)}
	q := target.Query()
	q.Set("code", code)
	q.Set("state", r.URL.Query().Get("state"))
	q.Set("domain", host(s.baseURL))
	q.Set("member_id", p.memberID)
	q.Set("scope", strings.Join(in.app.Scopes, ","))
	q.Set("server_domain", host(s.authBase()))
	target.RawQuery = q.Encode()
	http.Redirect(w, r, target.String(), http.StatusFound)
}

// serveAuthREST is the authorization server's own REST: app.info tells whose token it is shown (page section 9.6).
func (s *Server) serveAuthREST(w http.ResponseWriter, r *http.Request) {
	params, err := readParams(r)
	if err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_request", "Malformed request")
		return
	}
	name := strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(r.URL.Path, "/rest/")), ".json")
	if name != "app.info" {
		oauthError(w, http.StatusNotFound, "ERROR_METHOD_NOT_FOUND", "Method not found!")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.access[str(params.get("auth"))]
	switch {
	case t == nil:
		oauthError(w, http.StatusUnauthorized, "NO_AUTH_FOUND", "Wrong authorization data")
	case s.now().After(t.expires):
		oauthError(w, http.StatusUnauthorized, "expired_token", "The access token provided has expired.")
	case !t.in.live():
		oauthError(w, http.StatusUnauthorized, "NOT_INSTALLED", "Application not installed")
	default:
		reply(w, http.StatusOK, map[string]any{"result": s.appInfo(t)})
	}
}

func (s *Server) appInfo(t *accessToken) map[string]any {
	scope := strings.Join(t.in.app.Scopes, ",")
	p := t.in.portal
	return map[string]any{
		"client_id": t.in.app.ClientID, "scope": scope, "expires": t.expires.Format(time.RFC3339), "user_id": t.user,
		"install": map[string]any{
			"installed": t.in.finished, "version": t.in.version, "status": "L", "scope": scope, "domain": host(s.baseURL),
			"uri": p.root(), "client_endpoint": p.endpoint(), "member_id": p.memberID, "member_type": "bitrix24",
		},
	}
}

// htmlError is what a proxy in front of the portal answers.
func htmlError(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><head><title>"+http.StatusText(status)+"</title></head><body><center><h1>"+
		itoa(status)+" "+http.StatusText(status)+"</h1></center><hr><center>nginx</center></body></html>")
}
