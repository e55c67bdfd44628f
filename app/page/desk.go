package page

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"konturbridge/app/docflow"
)

// Session is for whom a page asks: confirmed when the page was opened, signed since.
type Session struct {
	Portal string // member_id
	Domain string // the portal's address of today, for people
	Origin string // the same with its scheme, for links into the portal
	User   int64
	Admin  bool
	Card   docflow.Card // of a card's tab; zero elsewhere, and in a card that is being created
}

// HasCard reports whether the page stands in the tab of a card that exists.
func (s Session) HasCard() bool { return s.Card.ID != 0 }

// Right is what a route asks of a session.
type Right string

// The rights.
const (
	Look    Right = "look"     // anyone of the portal
	See     Right = "see"      // see the docflows of the session's card
	Act     Right = "act"      // do something with the session's card
	Journal Right = "journal"  // see what happened in all cards, and try it again
	Manage  Right = "settings" // change the settings
	Admin   Right = "admin"    // administrators of the portal alone
)

// May is who may do what, as long as a portal's settings say nothing else: whoever may open a card may act in
// it, since the portal itself has decided that.
func May(s Session, right Right) bool {
	switch right {
	case Look:
		return true
	case See, Act:
		return s.HasCard()
	case Journal, Manage, Admin:
		return s.Admin
	default:
		return false
	}
}

// Request is what a page asks for.
type Request struct {
	Session Session
	Lang    string            // ru or en
	Params  map[string]string // named parts of the route's path
	Query   url.Values
	Form    url.Values // of a POST
	Files   []Upload   // of a POST
	Once    string     // of a POST: the same for the same form sent again; never empty
}

// Upload is a file that came with a form.
type Upload struct {
	Field, Name string // Name is the sender's word
	Data        []byte
}

// Response is what a page gets. One of HTML, JSON and File, or nothing.
type Response struct {
	Status  int // zero: 200, or 204 when there is nothing to send
	HTML    []byte
	JSON    any
	File    *File
	Say     *Message // shown in the live region beside
	Refresh bool     // the page's regions ask again
}

// File is sent as it is. It is never shown by the browser itself.
type File struct {
	Name string
	Type string // media type; "" when it is not known
	Size int64  // -1: not known
	Body io.ReadCloser
}

// Message is a line for people.
type Message struct {
	Kind   string // good, bad, or plain
	RU, EN string
}

// Good says that something worked.
func Good(ru, en string) *Message { return &Message{"good", ru, en} }

// Bad says that something did not.
func Bad(ru, en string) *Message { return &Message{"bad", ru, en} }

// Route is one address below /bitrix/pages/.
type Route struct {
	Method string // GET, or POST when it changes something
	Path   string // such as journal/:id/retry
	Right  Right
	Slow   bool // asks Bitrix24 or Kontur something
	Do     func(ctx context.Context, r Request) (Response, error)
}

// Tab is a place in the header of the main page. Its Path is the route that gives its content.
type Tab struct {
	Path   string
	RU, EN string
	Right  Right
	Else   bool // only for who sees no other tab
}

// Desk is a page package as the web sees it.
type Desk struct {
	Tabs   []Tab
	Routes []Route
}

// Problem is an error that people read: what is wrong and what to do about it.
type Problem struct {
	Status int // zero: 422
	RU, EN string
	Cause  error // for the log
}

// Error implements error.
func (p *Problem) Error() string {
	if p.Cause != nil {
		return p.EN + ": " + p.Cause.Error()
	}
	return p.EN
}

// Unwrap gives the cause to errors.Is and errors.As.
func (p *Problem) Unwrap() error { return p.Cause }

// NotFound is the problem of something that does not exist, or not for this session: who asks learns no
// difference.
func NotFound() *Problem {
	return &Problem{Status: http.StatusNotFound, RU: "Этого здесь нет. Возможно, страница устарела — обновите её.",
		EN: "There is no such thing here. The page may be old: reload it."}
}
