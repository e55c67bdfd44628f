package realtysim

import (
	"net/http"
	"strings"
	"time"
)

type account struct {
	id     string
	logins map[string]credential
	events []event
	tokens map[string]int // how many events lie before or at the token
	start  string         // the token given before the first event
}

type credential struct{ password, userID string }

type session struct {
	account *account
	userID  string
	ends    time.Time // zero: never
}

// AddAccount lets login with password into accountID; the same login may have several accounts and an
// account several logins. Calling it again changes the password.
func (s *Server) AddAccount(login, password, accountID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(accountID)
	a := s.accounts[key]
	if a == nil {
		a = &account{id: accountID, logins: map[string]credential{}, tokens: map[string]int{}}
		s.accounts[key] = a
	}
	userID := a.logins[login].userID
	if userID == "" {
		userID = newGUID()
	}
	a.logins[login] = credential{password: password, userID: userID}
	s.notify()
}

// Logins returns how many logins succeeded.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// login is method 1. Wrong data is a 400 here, not a 401.
func (s *Server) login(req request) reply {
	if req.media != "application/json" {
		return unsupportedMedia()
	}
	body, ok := parseObject(req.body)
	if !ok {
		return refuse(http.StatusBadRequest, "validation", "body is not a JSON object", "api")
	}
	var values [3]string
	for i, key := range [3]string{"login", "password", "accountId"} {
		v, _ := body[key].(string)
		if v == "" {
			return validation([]Refusal{{Code: "validation", Message: "must not be null", Target: "auth." + key}})
		}
		values[i] = v
	}
	a := s.accounts[strings.ToLower(values[2])]
	if a == nil || a.logins[values[0]].password != values[1] || a.logins[values[0]].userID == "" {
		status := http.StatusBadRequest
		if s.sw.LoginFailure != 0 {
			status = s.sw.LoginFailure
		}
		return refuse(status, "validation", "Wrong login data", "auth")
	}
	sid, who := newOpaque(), session{account: a, userID: a.logins[values[0]].userID}
	if s.cfg.SessionLife > 0 {
		who.ends = s.cfg.Now().Add(s.cfg.SessionLife)
	}
	s.sessions[sid] = who
	s.logins++
	return jsonReply(http.StatusOK, map[string]string{"userId": who.userID, "sessionId": sid})
}

// session reads "Authorization: auth.sid <sessionId>".
func (s *Server) session(header string) (session, bool) {
	scheme, sid, ok := strings.Cut(header, " ")
	if !ok || scheme != "auth.sid" {
		return session{}, false
	}
	who, ok := s.sessions[sid]
	if ok && !who.ends.IsZero() && !s.cfg.Now().Before(who.ends) {
		delete(s.sessions, sid)
		return session{}, false
	}
	return who, ok
}

func forbidden() reply {
	return refuse(http.StatusForbidden, "forbidden", "Access restricted for this accountId", "api")
}

func unsupportedMedia() reply {
	return refuse(http.StatusUnsupportedMediaType, "validation", "Content-Type not supported", "api")
}
