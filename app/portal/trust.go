package portal

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
)

// ErrDenied is wrapped by the error of every request that proved nothing: a wrong token, an unknown
// portal, a forged page. Whoever sent it learns no more than that; the text is for the log.
var ErrDenied = errors.New("the request is not trusted")

func denied(why string) error { return fmt.Errorf("%w: %s", ErrDenied, why) }

// Application says which of the portal's applications a request's application_token belongs to.
// The comparison takes the same time whatever is wrong.
//
// Errors: wrapping ErrDenied. doc: api-reference/events/safe-event-handlers.md
func (p Portal) Application(applicationToken string) (Application, error) {
	given := sha256.Sum256([]byte(applicationToken)) // so that lengths do not matter either
	found := -1
	for i, a := range p.Apps {
		kept := sha256.Sum256([]byte(a.Token))
		// A portal that never told its token has "": nothing matches that.
		if a.State != Removed && a.Token != "" && subtle.ConstantTimeCompare(kept[:], given[:]) == 1 {
			found = i
		}
	}
	switch {
	case found >= 0:
		return p.Apps[found], nil
	case applicationToken == "":
		return Application{}, denied("the application_token is missing")
	default:
		return Application{}, denied("the application_token is not the portal's")
	}
}

// Trusted finds the portal that a request says it comes from and the application whose token it
// carries. A paused portal is trusted too: what it asks for is kept and waits until it is reconnected.
//
// Errors: wrapping ErrDenied.
func (d *Directory) Trusted(member, applicationToken string) (Portal, Application, error) {
	p, a, err := d.trusted(member, applicationToken)
	if err != nil {
		d.lookAgain()
		p, a, err = d.trusted(member, applicationToken)
	}
	return p, a, err
}

func (d *Directory) trusted(member, applicationToken string) (Portal, Application, error) {
	p, ok := d.Get(ID(member))
	if !ok {
		return Portal{}, Application{}, denied("the portal is not known")
	}
	a, err := p.Application(applicationToken)
	if err != nil {
		return Portal{}, Application{}, err
	}
	if p.State == Removed {
		return Portal{}, Application{}, denied("the portal is " + string(p.State))
	}
	return p, a, nil
}

// TrustedHook finds the portal that a webhook's secret was issued for.
//
// Errors: wrapping ErrDenied, also when the call says that it comes from another portal.
func (d *Directory) TrustedHook(secret, member string) (Portal, error) {
	p, err := d.trustedHook(secret, member)
	if err != nil {
		d.lookAgain()
		p, err = d.trustedHook(secret, member)
	}
	return p, err
}

func (d *Directory) trustedHook(secret, member string) (Portal, error) {
	p, ok := d.ByHookSecret(secret)
	switch {
	case !ok:
		return Portal{}, denied("the webhook's secret is not known")
	case string(p.ID) != member:
		return Portal{}, denied("the webhook's secret belongs to another portal")
	case p.State == Removed:
		return Portal{}, denied("the portal is " + string(p.State))
	}
	return p, nil
}

// hookSecretBytes is how much chance is in a webhook's secret.
const hookSecretBytes = 24

// NewHookSecret makes the secret part of a portal's webhook addresses.
func NewHookSecret() string {
	raw := make([]byte, hookSecretBytes)
	rand.Read(raw) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(raw)
}
