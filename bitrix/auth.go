package bitrix

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Auth is the block of credentials inside an inbound request. Nothing in it is proven until
// ApplicationToken was compared with the stored one, or AccessToken was shown to the authorization
// server. doc: _includes/auth-params-in-events.md
type Auth struct {
	MemberID         string // the portal, whatever its domain
	ApplicationToken Secret // absent in ONAPPPAYMENT and in the webhook step's call
	AccessToken      Secret // absent when no user caused the event
	RefreshToken     Secret // ONAPPINSTALL, ONAPPUPDATE, ONOFFLINEEVENT; some robot calls
	Expires          time.Time
	ExpiresIn        time.Duration
	Scope            []string
	Domain           string // may be older than ClientEndpoint
	ServerEndpoint   string
	ClientEndpoint   string
	UserID           ID
	Status           string // L, F, D, T, P
}

// WithoutSecrets is the block without its three tokens, fit to be stored.
func (a Auth) WithoutSecrets() Auth {
	a.ApplicationToken, a.AccessToken, a.RefreshToken = "", "", ""
	return a
}

// parseAuth reads auth[…]; member_id alone is required.
func parseAuth(f *Form) (Auth, error) {
	a := Auth{
		MemberID: f.Get("member_id"), ApplicationToken: Secret(f.Get("application_token")),
		AccessToken: Secret(f.Get("access_token")), RefreshToken: Secret(f.Get("refresh_token")),
		Scope: SplitScope(f.Get("scope")), Domain: f.Get("domain"), ServerEndpoint: f.Get("server_endpoint"),
		ClientEndpoint: f.Get("client_endpoint"), Status: f.Get("status"),
	}
	if a.MemberID == "" {
		return Auth{}, missing("auth[member_id]")
	}
	var err error
	if a.Expires, err = unixTime("auth[expires]", f.Get("expires")); err != nil {
		return Auth{}, err
	}
	if a.ExpiresIn, err = secondsText("auth[expires_in]", f.Get("expires_in")); err != nil {
		return Auth{}, err
	}
	if a.UserID, err = ParseID(f.Get("user_id")); err != nil {
		return Auth{}, malformed("auth[user_id]", err)
	}
	return a, nil
}

func (a Auth) write(w *formWriter) {
	w.addSet("auth[access_token]", string(a.AccessToken))
	w.addSet("auth[refresh_token]", string(a.RefreshToken))
	w.addSet("auth[expires]", unixText(a.Expires))
	w.addSet("auth[expires_in]", durationText(a.ExpiresIn))
	w.addSet("auth[scope]", strings.Join(a.Scope, ","))
	w.addSet("auth[domain]", a.Domain)
	w.addSet("auth[server_endpoint]", a.ServerEndpoint)
	w.addSet("auth[status]", a.Status)
	w.addSet("auth[client_endpoint]", a.ClientEndpoint)
	w.addSet("auth[member_id]", a.MemberID)
	if a.UserID != 0 {
		w.add("auth[user_id]", a.UserID.String())
	}
	w.addSet("auth[application_token]", string(a.ApplicationToken))
}

// SplitScope splits a list of scopes at commas (as sent) or spaces (as one page says).
func SplitScope(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// ErrMalformed is wrapped by the error of every inbound request that cannot be read.
var ErrMalformed = errors.New("malformed request")

func missing(key string) error { return fmt.Errorf("bitrix: %w: key %s is missing", ErrMalformed, key) }

func malformed(key string, err error) error {
	return fmt.Errorf("bitrix: %w: key %s: %w", ErrMalformed, key, err)
}

func badForm(err error) error { return fmt.Errorf("bitrix: %w: %w", ErrMalformed, err) }

// maxUnix bounds inbound numbers of seconds: the year 5138, far below any overflow.
const maxUnix = 100_000_000_000

func unixTime(key, s string) (time.Time, error) {
	n, err := wholeSeconds(key, s)
	if err != nil || n == 0 {
		return time.Time{}, err
	}
	return time.Unix(n, 0).UTC(), nil
}

func secondsText(key, s string) (time.Duration, error) {
	n, err := wholeSeconds(key, s)
	if err == nil && n > int64(maxWait/time.Second) {
		return maxWait, nil
	}
	return time.Duration(n) * time.Second, err
}

// maxWait is the longest duration that an inbound number of seconds can mean: ten years.
const maxWait = 10 * 365 * 24 * time.Hour

func wholeSeconds(key, s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxUnix {
		return 0, malformed(key, fmt.Errorf("%.40q is not a number of seconds", s))
	}
	return n, nil
}

func unixText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.Unix(), 10)
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}
