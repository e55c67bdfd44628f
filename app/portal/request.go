package portal

import (
	"errors"
	"net/url"
	"strings"

	"konturbridge/bitrix"
)

// Request is an installation that somebody asks for, by an event or by opening the installer page. All
// that it says is a claim until it was proven.
type Request struct {
	Member   string // the portal that it claims to come from
	Server   string // the authorization server that it names: only chooses among the allowed ones
	Access   bitrix.Secret
	Refresh  bitrix.Secret
	AppToken bitrix.Secret // may be missing in a page opening of an older portal
	Form     []byte        // the posted form, which is what is kept while the installation waits
}

// FromEvent reads the request in an ONAPPINSTALL or ONAPPUPDATE.
func FromEvent(e bitrix.Event) Request {
	return Request{
		Member: e.Auth.MemberID, Server: e.Auth.ServerEndpoint, Access: e.Auth.AccessToken, Refresh: e.Auth.RefreshToken,
		AppToken: e.Auth.ApplicationToken, Form: e.Encode(),
	}
}

// FromPage reads the request in an opening of the installer page.
func FromPage(p bitrix.PageOpening) Request {
	return Request{
		Member: p.MemberID, Server: p.ServerEndpoint, Access: p.AccessToken, Refresh: p.RefreshToken,
		AppToken: p.ApplicationToken, Form: p.Encode(),
	}
}

// readRequest reads back what was kept of a waiting installation.
func readRequest(form []byte) (Request, error) {
	if e, err := bitrix.ParseEvent(form); err == nil {
		return FromEvent(e), nil
	}
	p, err := bitrix.ParsePage(nil, form)
	if err != nil {
		return Request{}, err
	}
	return FromPage(p), nil
}

// withTokens puts a fresh pair in the place of the posted one.
func (r Request) withTokens(access, refresh string) (Request, error) {
	e, err := bitrix.ParseEvent(r.Form)
	if err == nil {
		e.Auth.AccessToken, e.Auth.RefreshToken = bitrix.Secret(access), bitrix.Secret(refresh)
		return FromEvent(e), nil
	}
	p, err := bitrix.ParsePage(nil, r.Form)
	if err != nil {
		return Request{}, err
	}
	p.AccessToken, p.RefreshToken = bitrix.Secret(access), bitrix.Secret(refresh)
	return FromPage(p), nil
}

// complete refuses a request that could not be proven whatever anybody answered.
func (r Request) complete() error {
	if r.Access == "" || r.Refresh == "" {
		return denied("the installation brings no tokens")
	}
	return nil
}

// Host is the host of a portal's REST address with its port.
func Host(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return "", errors.New("the endpoint is not an address")
	}
	return strings.ToLower(u.Host), nil
}

// Origin is scheme and host of a portal's confirmed REST address: what may frame the bridge's pages.
func (p Portal) Origin() string { return originOf(p.Endpoint) }

func originOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
