package diadocsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// device is a device authorization that waits for a person.
type device struct {
	client   *client
	scopes   []string
	userCode string
	until    time.Time
	polled   time.Time
	user     *user // who approved
	denied   bool
}

// The device flow's numbers are not documented; these are the ones that RFC 8628 has in its examples.
const (
	deviceInterval = 5 * time.Second
	deviceLife     = 30 * time.Minute
	codeLife       = 5 * time.Minute
	deviceGrant    = "urn:ietf:params:oauth:grant-type:device_code"
)

// ApproveDevice lets a person approve a device authorization; an empty login denies it.
func (s *Server) ApproveDevice(userCode, login string) error {
	return s.lever(func() error {
		for _, d := range s.devices {
			if d.userCode != userCode {
				continue
			}
			if login == "" {
				d.denied = true
				return nil
			}
			if d.user = s.users[login]; d.user == nil {
				return errNotFound("user", login)
			}
			return nil
		}
		return errNotFound("device authorization", userCode)
	})
}

func (s *Server) serveIdentity(w http.ResponseWriter, r *http.Request, path string) {
	type page struct {
		op, verbs string
		serve     func(*http.Request) reply
	}
	pages := map[string]page{
		"/.well-known/openid-configuration": {"discovery", "GET", s.discovery},
		"/connect/authorize":                {"authorize", "GET POST", s.authorization},
		"/connect/token":                    {"token", "POST", s.exchange},
		"/connect/deviceauthorization":      {"device", "POST", s.deviceAuthorization},
	}
	p, ok := pages[path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if !slices.Contains(strings.Fields(p.verbs), r.Method) {
		write(w, errorReply(refuse(http.StatusMethodNotAllowed, "use %s", p.verbs)))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		write(w, oauthError("invalid_request", err.Error()))
		return
	}
	s.suffer(w, r, p.op, func() (reply, Call) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return p.serve(r), Call{Op: p.op}
	})
}

func (s *Server) identity() string { return s.cfg.BaseURL + identityPrefix }

func (s *Server) discovery(*http.Request) reply {
	return jsonReply(map[string]any{
		"issuer":                                s.identity(),
		"authorization_endpoint":                s.identity() + "/connect/authorize",
		"token_endpoint":                        s.identity() + "/connect/token",
		"device_authorization_endpoint":         s.identity() + "/connect/deviceauthorization",
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access", s.scope()},
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token", deviceGrant},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post"},
		"id_token_signing_alg_values_supported": []string{"HS256"},
		"subject_types_supported":               []string{"public"},
	})
}

var loginPage = template.Must(template.New("login").Parse(`<!doctype html><html lang="ru"><meta charset="utf-8">
<title>Вход (песочница)</title><h1>Вход в Контур (песочница)</h1>{{with .Wrong}}<p role="alert">{{.}}</p>{{end}}
<form method="post"><label>Логин <input name="login" autofocus></label> <label>Пароль <input name="password" type="password"></label>
<button>Войти</button></form></html>`))

// authorization shows the login page and, when it is filled in, goes back to the program with a code. A request
// that must not be answered to its redirect_uri gets a plain refusal.
func (s *Server) authorization(r *http.Request) reply {
	q := r.URL.Query()
	c := s.clients[q.Get("client_id")]
	back, err := url.Parse(q.Get("redirect_uri"))
	if c == nil || err != nil || !slices.Contains(c.redirects, q.Get("redirect_uri")) {
		return errorReply(refuse(http.StatusBadRequest, "unknown client_id or redirect_uri, which must be byte for byte as registered"))
	}
	answer := back.Query()
	answer.Set("state", q.Get("state"))
	scopes := strings.Fields(q.Get("scope"))
	switch wrong := s.wrongScope(scopes); {
	case q.Get("response_type") != "code":
		answer.Set("error", "unsupported_response_type")
	case wrong:
		answer.Set("error", "invalid_scope")
	case r.Method == http.MethodGet:
		return loginForm("")
	default:
		u := s.login(r.PostForm.Get("login"), r.PostForm.Get("password"))
		if u == nil {
			return loginForm("Неверный логин или пароль")
		}
		code := "code-" + newGUID()
		s.codes[code] = &grant{client: c, user: u, scopes: scopes, redirect: q.Get("redirect_uri"), nonce: q.Get("nonce"),
			until: s.cfg.Now().Add(codeLife)}
		answer.Set("code", code)
	}
	back.RawQuery = answer.Encode()
	return reply{status: http.StatusFound, header: map[string]string{"Location": back.String()}}
}

func loginForm(wrong string) reply {
	var page strings.Builder
	_ = loginPage.Execute(&page, map[string]string{"Wrong": wrong}) // a constant template into memory
	return bytesReply("text/html; charset=utf-8", []byte(page.String()))
}

func (s *Server) login(login, password string) *user {
	if u := s.users[login]; u != nil && u.Password == password {
		return u
	}
	return nil
}

func (s *Server) wrongScope(scopes []string) bool {
	known := []string{"openid", "profile", "email", "offline_access", s.scope()}
	return !slices.Contains(scopes, "openid") || slices.ContainsFunc(scopes, func(one string) bool { return !slices.Contains(known, one) })
}

// oauthError is the standard error document of the token endpoint (RFC 6749, section 5.2).
func oauthError(code, text string) reply {
	out := jsonReply(map[string]string{"error": code, "error_description": text})
	out.status = http.StatusBadRequest
	if code == "invalid_client" {
		out.status = http.StatusUnauthorized
	}
	return out
}

// programOf checks client_id and client_secret of a form.
func (s *Server) programOf(r *http.Request) *client {
	c := s.clients[r.PostForm.Get("client_id")]
	if c == nil || c.blocked || c.secret != r.PostForm.Get("client_secret") {
		return nil
	}
	return c
}

// isForm tells a form from anything else; r.PostForm is empty for the rest.
func isForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

func (s *Server) exchange(r *http.Request) reply {
	if !isForm(r) {
		return oauthError("invalid_request", "the body must be a form")
	}
	c := s.programOf(r)
	if c == nil {
		return oauthError("invalid_client", "unknown client or wrong secret")
	}
	form := r.PostForm
	switch form.Get("grant_type") {
	case "authorization_code":
		code := form.Get("code")
		g := s.codes[code]
		delete(s.codes, code) // a code is good for one try
		if g == nil || g.client != c || g.redirect != form.Get("redirect_uri") || !s.cfg.Now().Before(g.until) {
			return oauthError("invalid_grant", "the code is unknown, used or not yours")
		}
		return s.tokens(g)
	case "refresh_token":
		return s.rotate(c, form.Get("refresh_token"))
	case deviceGrant:
		return s.pollDevice(c, form.Get("device_code"))
	}
	return oauthError("unsupported_grant_type", form.Get("grant_type"))
}

func (s *Server) rotate(c *client, token string) reply {
	g := s.refresh[token]
	if g == nil || g.client != c {
		return oauthError("invalid_grant", "the refresh token is unknown or has been used")
	}
	if s.sw.KeepRefreshToken {
		s.stats.Exchanges++
		return jsonReply(s.accessAnswer(g))
	}
	delete(s.refresh, token)
	return s.tokens(g)
}

func (s *Server) accessAnswer(g *grant) map[string]any {
	return map[string]any{"access_token": s.giveAccess(g), "expires_in": int(s.cfg.TokenLife.Seconds()), "token_type": "Bearer"}
}

// tokens gives out an access token, an id token and, for offline_access, the next refresh token.
func (s *Server) tokens(g *grant) reply {
	s.stats.Exchanges++
	out := s.accessAnswer(g)
	out["scope"] = strings.Join(g.scopes, " ")
	if slices.Contains(g.scopes, "openid") {
		out["id_token"] = s.idToken(g)
	}
	if slices.Contains(g.scopes, "offline_access") {
		next := *g
		next.until, next.redirect, next.nonce = time.Time{}, "", ""
		token := "refresh-" + newGUID()
		s.refresh[token] = &next
		out["refresh_token"] = token
	}
	return jsonReply(out)
}

func (s *Server) idToken(g *grant) string {
	claims := map[string]any{"iss": s.identity(), "aud": g.client.id, "sub": g.user.id, "iat": s.cfg.Now().Unix(),
		"exp": s.cfg.Now().Add(s.cfg.TokenLife).Unix(), "name": g.user.Surname + " " + g.user.FirstName}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	body, _ := json.Marshal(claims) // plain values
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(body)
	mac := hmac.New(sha256.New, []byte(g.client.secret))
	mac.Write([]byte(signed))
	return signed + "." + enc.EncodeToString(mac.Sum(nil))
}

func (s *Server) deviceAuthorization(r *http.Request) reply {
	c := s.programOf(r)
	if c == nil {
		return oauthError("invalid_client", "unknown client or wrong secret")
	}
	scopes := strings.Fields(r.PostForm.Get("scope"))
	if s.wrongScope(scopes) {
		return oauthError("invalid_scope", r.PostForm.Get("scope"))
	}
	code := "device-" + newGUID()
	d := &device{client: c, scopes: scopes, userCode: strings.ToUpper(newGUID()[:8]), until: s.cfg.Now().Add(deviceLife)}
	s.devices[code] = d
	return jsonReply(map[string]any{"device_code": code, "user_code": d.userCode, "verification_uri": s.identity() + "/device",
		"interval": int(deviceInterval.Seconds()), "expires_in": int(deviceLife.Seconds())})
}

func (s *Server) pollDevice(c *client, code string) reply {
	d := s.devices[code]
	now := s.cfg.Now()
	switch {
	case d == nil || d.client != c:
		return oauthError("invalid_grant", "unknown device code")
	case !now.Before(d.until):
		return oauthError("expired_token", "the device code has expired")
	case d.denied:
		return oauthError("access_denied", "the person refused")
	case d.user != nil:
		delete(s.devices, code)
		return s.tokens(&grant{client: c, user: d.user, scopes: d.scopes})
	case !d.polled.IsZero() && now.Sub(d.polled) < deviceInterval:
		d.polled = now
		return oauthError("slow_down", "wait for the interval")
	}
	d.polled = now
	return oauthError("authorization_pending", "nobody has typed the code yet")
}
