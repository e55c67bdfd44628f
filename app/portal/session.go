package portal

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"konturbridge/app/docflow"
)

// SessionLife is how long a page may ask on behalf of its user: as long as the token that opened it.
const SessionLife = time.Hour

const sessionAudience = "page"

// ErrSessionEnded is wrapped by the error of a page session that is missing, altered or has ended.
var ErrSessionEnded = errors.New("the page session is not valid or has ended")

// Session says for whom a page was opened. Everything in it was confirmed by the authorization server
// and the portal.
type Session struct {
	Portal ID
	UserID int64
	Admin  bool
	Card   docflow.Card // of a card's tab; zero elsewhere, and in a card that is being created
}

// Sessions signs and reads page sessions: JWTs with HS256 that pages send in a header, never in a
// cookie. Safe for concurrent use.
type Sessions struct {
	keys [][]byte
	now  func() time.Time
}

// NewSessions signs with a key derived from secretKey. While keys rotate, sessions under oldKey are
// read too; nil when there is none.
func NewSessions(secretKey, oldKey []byte, now func() time.Time) *Sessions {
	if now == nil {
		now = time.Now
	}
	s := &Sessions{now: now}
	for _, key := range [][]byte{secretKey, oldKey} {
		if len(key) > 0 {
			s.keys = append(s.keys, sessionKey(key))
		}
	}
	return s
}

// sessionKey keeps one secret from serving two purposes: what signs sessions does not decrypt rows.
func sessionKey(secret []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte("konturbridge page sessions")) // a hash takes everything
	return mac.Sum(nil)
}

type claims struct {
	jwt.RegisteredClaims
	Portal     ID    `json:"portal"`
	Admin      bool  `json:"admin,omitempty"`
	EntityType int   `json:"card_type,omitempty"`
	CardID     int64 `json:"card,omitempty"`
}

// Issue signs a session that ends after SessionLife.
func (s *Sessions) Issue(v Session) (string, error) {
	if len(s.keys) == 0 {
		return "", errors.New("there is no key to sign page sessions with")
	}
	now := s.now()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: strconv.FormatInt(v.UserID, 10), Audience: jwt.ClaimStrings{sessionAudience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(SessionLife)),
		},
		Portal: v.Portal, Admin: v.Admin, EntityType: v.Card.EntityType, CardID: v.Card.ID,
	})
	signed, err := token.SignedString(s.keys[0])
	if err != nil {
		return "", fmt.Errorf("sign a page session: %w", err)
	}
	return signed, nil
}

// Open reads a session that Issue made and that has not ended.
//
// Errors: ErrSessionEnded.
func (s *Sessions) Open(token string) (Session, error) {
	for _, key := range s.keys {
		var c claims
		_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return key, nil },
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(),
			jwt.WithAudience(sessionAudience), jwt.WithTimeFunc(s.now))
		if err != nil {
			continue
		}
		user, err := strconv.ParseInt(c.Subject, 10, 64)
		if err != nil || c.Portal == "" {
			continue
		}
		return Session{
			Portal: c.Portal, UserID: user, Admin: c.Admin,
			Card: docflow.Card{EntityType: c.EntityType, ID: c.CardID},
		}, nil
	}
	return Session{}, ErrSessionEnded
}
