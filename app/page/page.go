package page

import (
	"embed"
	"strings"
)

//go:embed templates/*.html templates/shared/*.html
var templates embed.FS

// The pages that a portal opens.
const (
	Install = "install.html" // what an installation is doing
	Main    = "main.html"    // the application's main page
	Card    = "card.html"    // the tab in a card
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
	MayAct  bool   // in that card
	Tabs    []Tab  // those of the main page that its user may see
	Robot   RobotForm
}

// Pages renders the frames. Safe for concurrent use.
type Pages struct {
	set    *Set
	assets map[string]Asset
}

// New parses the templates and packs the assets.
func New() (*Pages, error) {
	set, err := NewSet(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all, err := loadAssets()
	return &Pages{set, all}, err
}

// Render renders a page.
func (p *Pages) Render(name string, v View) ([]byte, error) { return p.set.HTML(v.Lang, name, v) }

// Failure renders what stands in the place of a fragment that could not be shown.
func (p *Pages) Failure(lang string, f Failure) ([]byte, error) {
	return p.set.HTML(lang, "failure", f)
}

// Failure is an error as a page shows it.
type Failure struct {
	Kind  string // ended, denied, missing, broken
	Text  string
	Again string // the address to ask once more; "" when that would not help
}

// Asset gives a style sheet or script by its name.
func (p *Pages) Asset(name string) (Asset, bool) {
	a, ok := p.assets[name]
	return a, ok
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
