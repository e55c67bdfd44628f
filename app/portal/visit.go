package portal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

// ErrUpstreamSilent is wrapped by the error of a page that can't be opened now, because the
// authorization server or the portal does not answer.
var ErrUpstreamSilent = errors.New("Bitrix24 does not answer")

// Visit is a page opened by a user who was proven to belong to the portal.
type Visit struct {
	Session Session
	Portal  Portal
	Lang    string
}

// Visit proves an opening of a page of an application: the posted token is shown to the
// authorization server, the user's rights are asked of the portal at its confirmed address, and in a
// card's tab the card is read with the user's own token, since its id comes from the browser.
//
// The posted domain is not compared: it may be the portal's name of yesterday.
//
// Errors: wrapping ErrDenied or ErrUpstreamSilent; anything else is the database's.
// doc: settings/oauth/simple-way.md, api-reference/widgets/index.md
func (in *Installer) Visit(ctx context.Context, o bitrix.PageOpening) (Visit, error) {
	id, err := in.deps.Servers.AppInfo(ctx, o.ServerEndpoint, string(o.AccessToken))
	if err != nil {
		return Visit{}, visitFailed(err)
	}
	p, installed := in.deps.Portals.Get(ID(id.MemberID))
	a, known := p.App(id.ClientID)
	if _, ours := in.keys(id.ClientID); !known && !ours || id.MemberID != o.MemberID || !id.Installed {
		return Visit{}, denied("the token belongs to another portal or application")
	}
	if installed {
		if err := in.Move(ctx, p.ID, id.ClientEndpoint); err != nil {
			return Visit{}, err
		}
	}
	client := bitrix.New(in.deps.Upstream, fixed{string(o.AccessToken), id.ClientEndpoint})
	user, err := client.Profile(ctx)
	if err != nil {
		return Visit{}, visitFailed(err)
	}
	if id.UserID != 0 && int64(user.ID) != id.UserID {
		return Visit{}, denied("the portal names another user than the authorization server")
	}
	if err := in.heal(ctx, p, a, id, o, bool(user.Admin)); err != nil {
		return Visit{}, err
	}
	p, _ = in.deps.Portals.Get(ID(id.MemberID)) // with what was learned
	v := Visit{Portal: p, Lang: o.Lang, Session: Session{Portal: p.ID, UserID: int64(user.ID), Admin: bool(user.Admin)}}
	v.Session.Card, err = cardOf(ctx, client, o)
	return v, err
}

// heal takes from an administrator's page what the portal lacks: an application_token that was missed, a spare
// pair, and the whole installation when its portal or application is not at work (its credentials were lost, it
// was taken for removed, the event of its installation was lost, or its form names no installer page).
func (in *Installer) heal(ctx context.Context, p Portal, a Application, id oauth.Identity, o bitrix.PageOpening, admin bool) error {
	working := p.State == Active && a.State == Active
	switch {
	case working && admin:
		return in.learn(ctx, p, id, o)
	case working:
		return nil
	case !admin:
		return denied("the application is not at work in the portal and the user is no administrator")
	}
	out, err := in.Install(ctx, FromPage(o))
	if err == nil && out.Pending != "" {
		err = fmt.Errorf("%w: %s", ErrUpstreamSilent, out.Pending)
	}
	return err
}

// cardOf finds the card behind a tab; the zero card when there is none, or none yet.
func cardOf(ctx context.Context, client *bitrix.Client, o bitrix.PageOpening) (docflow.Card, error) {
	kind, ok := tabEntity(o.Placement)
	item := o.ObjectID()
	if !ok || item == 0 {
		return docflow.Card{}, nil
	}
	if _, err := client.ItemGet(ctx, kind, item); err != nil {
		return docflow.Card{}, visitFailed(err)
	}
	return docflow.Card{EntityType: int(kind), ID: int64(item)}, nil
}

// tabEntity is the kind of cards that a tab's code belongs to, such as CRM_DYNAMIC_183_DETAIL_TAB.
func tabEntity(placement string) (bitrix.EntityTypeID, bool) {
	name, isCRM := strings.CutPrefix(placement, "CRM_")
	name, isTab := strings.CutSuffix(name, "_DETAIL_TAB")
	if !isCRM || !isTab {
		return 0, false
	}
	kind, err := bitrix.ParseEntityName(name)
	return kind, err == nil
}

// visitFailed tells a token that is not good from a server that does not answer.
func visitFailed(err error) error {
	switch class := upstream.ClassOf(err); {
	case errors.Is(err, oauth.ErrBadAnswer), class == upstream.Retry, class == upstream.Wait:
		return fmt.Errorf("%w: %w", ErrUpstreamSilent, err)
	default:
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
}
