package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"konturbridge/sandbox/bitrixsim"
)

// application is one whose pages can be opened.
type application struct {
	Client string `json:"client"`
	Host   string `json:"host"`
}

// user is somebody as whom pages are opened.
type user struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Admin bool   `json:"admin"`
}

func applications(p *bitrixsim.Portal) []application {
	out := []application{}
	for _, app := range p.Applications() {
		if at, err := url.Parse(app.Handler); err == nil {
			out = append(out, application{Client: app.ClientID, Host: at.Host})
		}
	}
	return out
}

func users(p *bitrixsim.Portal) []user {
	out := []user{}
	for _, u := range p.Users() {
		if !u.Extranet {
			out = append(out, user{ID: u.ID, Name: strings.TrimSpace(u.Name + " " + u.LastName), Admin: u.Admin})
		}
	}
	return out
}

// appHosts lists the origins of all applications: the only ones that the page may show in a frame.
func (s *Sandbox) appHosts() []string {
	var hosts []string
	for _, p := range s.Bitrix.Portals() {
		for _, app := range p.Applications() {
			if at, err := url.Parse(app.Handler); err == nil && at.Host != "" && !slices.Contains(hosts, at.Scheme+"://"+at.Host) {
				hosts = append(hosts, at.Scheme+"://"+at.Host)
			}
		}
	}
	return hosts
}

// handler is the address of an application's page: of a placement, else its main page.
func handler(p *bitrixsim.Portal, client, placement string) string {
	if placement == "" {
		for _, app := range p.Applications() {
			if app.ClientID == client {
				return app.Handler
			}
		}
	}
	for _, pl := range p.Placements() {
		if pl.ClientID == client && pl.Placement == placement {
			return pl.Handler
		}
	}
	return ""
}

// serveOpen opens an application's page in a frame as the portal does: a form posted with fresh tokens of the user.
// Without a placement it is the main page, with one a tab of the card.
func (s *Sandbox) serveOpen(w http.ResponseWriter, r *http.Request, page *template.Template) {
	query := r.URL.Query()
	p := s.portal(query.Get("portal"))
	client, placement := query.Get("client"), query.Get("placement")
	id, err := strconv.Atoi(query.Get("id"))
	if p == nil || placement != "" && err != nil {
		http.NotFound(w, r)
		return
	}
	target, err := url.Parse(handler(p, client, placement))
	if err != nil || target.Scheme != "http" && target.Scheme != "https" {
		http.NotFound(w, r)
		return
	}
	options, opener := "", 1
	if placement != "" {
		options = `{"ID":"` + strconv.Itoa(id) + `"}`
	}
	if asked, err := strconv.Atoi(query.Get("user")); err == nil && slices.ContainsFunc(users(p), func(u user) bool { return u.ID == asked }) {
		opener = asked
	}
	added, form := p.OpenPage(client, placement, options, opener)
	if query.Get("lang") == "en" {
		added.Set("LANG", "en")
	}
	merged := target.Query()
	for key, values := range added {
		merged[key] = values
	}
	target.RawQuery = merged.Encode()
	framed := strings.NewReplacer("form-action 'none'", "form-action "+target.Scheme+"://"+target.Host,
		"frame-ancestors 'none'", "frame-ancestors 'self'").Replace(policy)
	render(w, page, "open.html", framed, map[string]any{"Target": target.String(), "Form": form})
}
