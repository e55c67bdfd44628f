// Package page holds the bridge's embedded pages: templates, one style sheet, one script.
//
// A page is server-rendered and holds nothing secret but its session, a short-lived value of the
// bridge's own. What it shows beside that it asks for with the session in a header.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"path"
	"strings"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed assets/*
var assets embed.FS

// The pages.
const (
	Install = "install.html" // what an installation is doing
	Main    = "main.html"    // the application's main page
	Tab     = "tab.html"     // the tab in a card
	Robot   = "robot.html"   // the settings of a rule, in a slider
	Bare    = "bare.html"    // for who comes without a portal
)

// View is what a page shows. Everything in it is escaped.
type View struct {
	Lang    string // as Language gives it
	Session string // of the page; "" when nobody was proven
	Portal  string // the portal's address, for people
	Waiting string // why an installation waits; "" when it doesn't
	Frame   bool   // whether the portal's own script is loaded
	HasCard bool   // a tab of a card that exists
	Robot   RobotForm
}

// Pages renders the templates. Safe for concurrent use.
type Pages struct{ set *template.Template }

// New parses the templates.
func New() (*Pages, error) {
	set, err := template.New("pages").Funcs(template.FuncMap{"t": translate}).ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the pages: %w", err)
	}
	return &Pages{set: set}, nil
}

// Render renders a page.
func (p *Pages) Render(name string, v View) ([]byte, error) {
	var out bytes.Buffer
	if err := p.set.ExecuteTemplate(&out, name, v); err != nil {
		return nil, fmt.Errorf("render page %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// Language picks the page's language by the opener's: Russian where it is commonly read and where the
// portal named none, else English.
func Language(lang string) string {
	switch strings.ToLower(lang) {
	case "", "ru", "by", "be", "kz", "kk", "ua", "uk", "uz":
		return "ru"
	default:
		return "en"
	}
}

func translate(lang, ru, en string) string {
	if lang == "en" {
		return en
	}
	return ru
}

// Asset gives a style sheet or script by its name, with its content type; ok is false for an unknown one.
func Asset(name string) (body []byte, contentType string, ok bool) {
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
	contentType, ok = types[path.Ext(name)]
	if !ok || strings.ContainsAny(name, `/\`) {
		return nil, "", false
	}
	body, err := assets.ReadFile("assets/" + name)
	return body, contentType, err == nil
}
