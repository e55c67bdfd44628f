package bitrixsim

import (
	"maps"
	"slices"
)

// Application is an installed application with a main page.
type Application struct {
	ClientID string `json:"clientId"`
	Handler  string `json:"handler"` // of the main page
}

// Applications lists the installed applications that have a main page, by client id.
func (p *Portal) Applications() []Application {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var all []Application
	for _, id := range slices.Sorted(maps.Keys(p.installs)) {
		if app := p.s.apps[id]; app != nil && app.HandlerURL != "" {
			all = append(all, Application{ClientID: id, Handler: app.HandlerURL})
		}
	}
	return all
}

// Users lists those who can open a page, by id.
func (p *Portal) Users() []Person {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var all []Person
	for _, id := range slices.Sorted(maps.Keys(p.users)) {
		if u := p.users[id]; !u.dismissed {
			all = append(all, Person{ID: u.id, Name: u.name, LastName: u.lastName, Email: u.email, Position: u.position, Admin: u.admin, Extranet: u.extranet})
		}
	}
	return all
}
