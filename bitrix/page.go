package bitrix

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// PlacementDefault is the placement of the application's main page.
const PlacementDefault = "DEFAULT"

// PageOpening is the form by which a browser opens the application's page, its installer or a widget
// in a portal's frame. Nothing in it is proven until the access token was shown to the authorization
// server; Options come from the user's browser and can be forged.
// doc: settings/app-installation/local-apps/*.md, api-reference/widgets/index.md
type PageOpening struct {
	Domain           string // no identity: domains change
	Plain            bool   // PROTOCOL=0: the portal is on http
	Lang             string
	AppSID           string // names the frame, no secret
	AccessToken      Secret // of the opening user
	RefreshToken     Secret
	ExpiresIn        time.Duration
	ServerEndpoint   string // absent on older portals
	ApplicationToken Secret // absent on older portals
	Scope            []string
	MemberID         string
	Status           string
	Placement        string // DEFAULT or a widget's code
	Options          string // JSON; "" when absent
}

// ParsePage reads the query and the body of a page opening; a field may come in either. Required:
// AUTH_ID and member_id. It keeps no reference to its arguments. Errors name the missing or malformed
// key. A bare GET has neither of them: answer it with a harmless page.
func ParsePage(query, body []byte) (PageOpening, error) {
	form, err := ParseForm(body)
	if err != nil {
		return PageOpening{}, badForm(err)
	}
	asked, err := ParseForm(query)
	if err != nil {
		return PageOpening{}, badForm(err)
	}
	get := func(key string) string {
		if form.At(key) != nil {
			return form.Get(key)
		}
		return asked.Get(key)
	}
	p := PageOpening{
		Domain: get("DOMAIN"), Plain: get("PROTOCOL") == "0", Lang: get("LANG"), AppSID: get("APP_SID"),
		AccessToken: Secret(get("AUTH_ID")), RefreshToken: Secret(get("REFRESH_ID")),
		ServerEndpoint: get("SERVER_ENDPOINT"), ApplicationToken: Secret(get("APPLICATION_TOKEN")),
		Scope: SplitScope(get("APPLICATION_SCOPE")), MemberID: get("member_id"), Status: get("status"),
		Placement: get("PLACEMENT"), Options: get("PLACEMENT_OPTIONS"),
	}
	if p.AccessToken == "" {
		return PageOpening{}, missing("AUTH_ID")
	}
	if p.MemberID == "" {
		return PageOpening{}, missing("member_id")
	}
	if p.Options != "" && !json.Valid([]byte(p.Options)) {
		return PageOpening{}, malformed("PLACEMENT_OPTIONS", errors.New("it is not JSON"))
	}
	if p.ExpiresIn, err = secondsText("AUTH_EXPIRES", get("AUTH_EXPIRES")); err != nil {
		return PageOpening{}, err
	}
	return p, nil
}

// Option is one of the placement's options as a text; "" when there is none.
func (p PageOpening) Option(name string) string {
	var options Map[json.RawMessage]
	if p.Options == "" || json.Unmarshal([]byte(p.Options), &options) != nil {
		return ""
	}
	var value Text
	if options[name] == nil || json.Unmarshal(options[name], &value) != nil {
		return ""
	}
	return string(value)
}

// ObjectID is the id of the card behind a widget, under whichever of its names it came; 0 when there
// is none, as in a card that is being created.
func (p PageOpening) ObjectID() ID {
	for _, name := range []string{"ID", "ENTITY_ID", "id"} {
		if id, err := ParseID(p.Option(name)); err == nil && id > 0 {
			return id
		}
	}
	return 0
}

// Encode writes the opening as a body that ParsePage reads back.
func (p PageOpening) Encode() []byte {
	var w formWriter
	w.addSet("DOMAIN", p.Domain)
	if p.Plain {
		w.add("PROTOCOL", "0")
	}
	w.addSet("LANG", p.Lang)
	w.addSet("APP_SID", p.AppSID)
	w.add("AUTH_ID", string(p.AccessToken))
	w.addSet("AUTH_EXPIRES", durationText(p.ExpiresIn))
	w.addSet("REFRESH_ID", string(p.RefreshToken))
	w.addSet("SERVER_ENDPOINT", p.ServerEndpoint)
	w.addSet("APPLICATION_TOKEN", string(p.ApplicationToken))
	w.addSet("APPLICATION_SCOPE", strings.Join(p.Scope, ","))
	w.add("member_id", p.MemberID)
	w.addSet("status", p.Status)
	w.addSet("PLACEMENT", p.Placement)
	w.addSet("PLACEMENT_OPTIONS", p.Options)
	return []byte(w.String())
}
