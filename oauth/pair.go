package oauth

import (
	"context"
	"slices"
	"time"
)

// Pair is one user's tokens for one portal (doc: settings/oauth/index.md). For a [KonturKeeper] it holds the
// tokens and their end alone.
type Pair struct {
	Access   string    // REST token, lives an hour
	Refresh  string    // new at every refresh, lives 180 days
	Expires  time.Time // of Access
	Endpoint string    // base of the portal's REST calls, ends with /rest/; the portal's current name
	Server   string    // authorization server, one of the allowed ones
	MemberID string    // the portal
	UserID   int64     // whose rights the tokens carry; 0 when the server did not say
	Scope    []string  // granted scopes
	Status   string    // L local, F free, D demo, T trial, P paid
	Former   string    `json:",omitempty"` // Kontur alone: the refresh token that Refresh replaced
	Version  int64     // of the stored row; the store counts it
}

// valid reports whether Access can still be used at the given moment.
func (p Pair) valid(at time.Time) bool { return p.Access != "" && p.Expires.After(at) }

// after fills what an answer of the authorization server left out from the pair that it replaces.
func (p Pair) after(old Pair) Pair {
	if p.Endpoint == "" {
		p.Endpoint = old.Endpoint
	}
	if p.MemberID == "" {
		p.MemberID = old.MemberID
	}
	if p.UserID == 0 {
		p.UserID = old.UserID
	}
	if p.Scope == nil {
		p.Scope = slices.Clone(old.Scope)
	}
	if p.Status == "" {
		p.Status = old.Status
	}
	return p
}

// PairStore is the truth about pairs: a table of the database, tokens encrypted.
type PairStore interface {
	// LoadPair gives the pair under key, or an error that wraps ErrNoPair.
	LoadPair(ctx context.Context, key string) (Pair, error)
	// SavePair stores p in place of the pair with version old and gives it back with its new, higher
	// version. When the stored version is another one, it stores nothing and its error wraps ErrStale.
	SavePair(ctx context.Context, key string, old int64, p Pair) (Pair, error)
}

// Sealer encrypts what goes into the shared cache, bound to the name it is kept under.
type Sealer interface {
	Seal(plain []byte, bind string) []byte
	Open(sealed []byte, bind string) ([]byte, error)
}
