package portal

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"konturbridge/app/docflow"
)

// ErrUnknown is returned for a portal that is not installed, or no longer.
var ErrUnknown = errors.New("the portal is not known")

// ID is a portal's member_id: the only identity that a rename keeps.
type ID string

// State says what may be done with a portal or an application.
type State string

// The states of a portal and of an application; an installation that waits for its keys is a [Pending], not
// a portal.
const (
	Active  State = "active"
	Paused  State = "paused"  // a portal that needs reconnecting: requests are taken, work waits (Portal.Note says why)
	Gone    State = "gone"    // an application that its authorization server does not know any more
	Removed State = "removed" // uninstalled; history stays
)

// ErrReconnect is wrapped by the error of every call for which no administrator's tokens are left: what was
// asked for waits until an administrator opens the application's page or installs it again.
var ErrReconnect = errors.New("an administrator of the portal has to open the application's page or install it again")

// Portal is one installed Bitrix24.
type Portal struct {
	ID         ID
	Domain     string // shown to people; never looked up by
	Endpoint   string // base of REST calls, ends with /rest/; confirmed by an authorization server
	Server     string // the authorization server that confirmed it
	State      State
	Note       string // why it is paused
	Family     string // LICENSE_FAMILY
	HookSecret string
	Settings   []byte               // YAML, secrets as ***
	Version    int64                // of the settings
	Since      map[string]time.Time // by docflow.Card.Key: since when such cards are watched
	Installed  time.Time
	Apps       []Application
}

// Application is one registration of the bridge in a portal.
type Application struct {
	ClientID string
	Token    string // application_token: what every later request must carry
	Scope    []string
	Status   string // L, F, D, T, P
	UserID   int64  // whose token pair does the work
	State    State
	// Installed is when it was first installed: the oldest one that works does the portal's work.
	Installed time.Time
	Admins    []Admin // who left a token pair, the latest first
}

// Admin is an administrator who left a token pair of an application.
type Admin struct {
	UserID int64
	Given  time.Time // when a page or an installation brought the pair
	Dead   string    // why it works no more; "" while it does
}

// Works reports whether any administrator's pair is left to work with.
func (a Application) Works() bool {
	return a.State == Active && (len(a.Admins) == 0 || slices.ContainsFunc(a.Admins, Admin.lives))
}

// Worker is the administrator whose pair does the work; 0 when none is left.
func (a Application) Worker() int64 {
	if !a.Works() {
		return 0
	}
	for _, admin := range a.Admins {
		if admin.UserID == a.UserID && admin.lives() {
			return a.UserID
		}
	}
	if i := slices.IndexFunc(a.Admins, Admin.lives); i >= 0 {
		return a.Admins[i].UserID
	}
	return a.UserID
}

func (a Admin) lives() bool { return a.Dead == "" }

// App finds an application of the portal by its client id.
func (p Portal) App(clientID string) (Application, bool) {
	i := slices.IndexFunc(p.Apps, func(a Application) bool { return a.ClientID == clientID })
	if i < 0 {
		return Application{}, false
	}
	return p.Apps[i], true
}

// Needs says what a person has to do before the portal can be worked for; "" when nothing.
func (p Portal) Needs() string {
	if p.State != Paused {
		return ""
	}
	text := "needs reconnecting: " + ErrReconnect.Error()
	if p.Note != "" {
		text += " (" + p.Note + ")"
	}
	return text
}

// Service is the application whose tokens do the work: the oldest active one that works, else the oldest
// active one.
func (p Portal) Service() (Application, bool) {
	i := slices.IndexFunc(p.Apps, Application.Works)
	if i < 0 {
		i = slices.IndexFunc(p.Apps, func(a Application) bool { return a.State == Active })
	}
	if i < 0 {
		return Application{}, false
	}
	return p.Apps[i], true
}

// PairKey names a token pair in the store, the cache and the locks.
func PairKey(id ID, clientID string, userID int64) string {
	return string(id) + "/" + clientID + "/" + itoa(userID)
}

// ParsePairKey reads what PairKey wrote.
func ParsePairKey(key string) (id ID, clientID string, userID int64, ok bool) {
	member, rest, found := strings.Cut(key, "/")
	client, user, also := strings.Cut(rest, "/")
	n, err := strconv.ParseInt(user, 10, 64)
	return ID(member), client, n, found && also && err == nil
}

// The states of a connection beside "", which is good.
const (
	ConnectionRefused = "refused" // the service does not accept its credentials
	ConnectionAgain   = "again"   // a person has saved it since: its credentials may be tried once more
)

// Connection is an account of a portal at Реестро or a box at Диадок.
type Connection struct {
	Portal    ID
	Name      string
	Kind      docflow.System
	Default   bool
	Login     string
	AccountID string
	ClientID  string            // of a Диадок connection with client keys of its own
	Secrets   map[string]string // by key of the settings (password, clientKey, …); sealed at rest, never printed
	Cursor    string            // position in the news; "" until the first read took it
	CursorAt  time.Time
	State     string // "" good, ConnectionRefused or ConnectionAgain
	Note      string
}

// PendingFor is how long a waiting installation is kept, MaxPending how many of them.
const (
	PendingFor = 24 * time.Hour
	MaxPending = 100
)

// Pending is an installation that checked out but cannot be completed yet.
type Pending struct {
	ID       string
	ClientID string
	MemberID string
	Reason   string
	Body     []byte // the posted request, sealed at rest
	Created  time.Time
}
