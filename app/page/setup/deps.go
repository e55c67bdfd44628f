package setup

import (
	"context"
	"errors"
	"time"

	"konturbridge/app/action"
	"konturbridge/app/mapping"
	"konturbridge/app/page"
	"konturbridge/app/settings"
)

// Deps is what the pages need of the bridge.
type Deps struct {
	Settings Settings
	History  History
	Cards    Cards
	Office   Office
	Accounts Accounts
	Trial    Trial
	Portal   Portal
	Actions  []action.Action // the catalogue
	May      func(ctx context.Context, s page.Session, right page.Right) (bool, error)
	Now      func() time.Time
}

var (
	// ErrChanged is wrapped by the error of a change that began with settings which are no longer stored.
	ErrChanged = errors.New("the settings were changed meanwhile")
	// ErrUnreadable is wrapped by the error for settings of another version of the bridge.
	ErrUnreadable = errors.New("the stored settings are of another version of the bridge")
)

// Current is a portal's settings as they are stored.
type Current struct {
	Settings settings.Settings // secrets of accounts are ***
	Version  int64
	Problems settings.Problems // why they can't be read
}

// By is who changes settings.
type By struct {
	User  int64
	Admin bool
	Read  int64 // the version that was on the screen
}

// Settings reads and changes a portal's settings. Problems of a change are everything that is wrong with its
// outcome, by its path in the file; then nothing was changed. Errors wrap ErrChanged or ErrUnreadable.
type Settings interface {
	Read(ctx context.Context, portal string) (Current, error)
	// Edit gives the settings with their secrets; what is changed must be replaced and not written into.
	Edit(ctx context.Context, portal string, by By, edit func(*settings.Settings) error) (settings.Problems, error)
	Show(ctx context.Context, portal string) ([]byte, error)
	Apply(ctx context.Context, portal string, by By, text []byte) (settings.Problems, error)
}

// Version is one version of a portal's settings.
type Version struct {
	Number int64
	At     time.Time
	Author string // "" when nobody knows
	Cause  string // page, file, connect, undo, hook or ""
	UndoOf int64
	YAML   []byte // only of a single one
}

// History has the versions of settings, the latest first.
type History interface {
	Versions(ctx context.Context, portal string) ([]Version, error)
	// Version reads one. Errors: *page.Problem when it is not kept.
	Version(ctx context.Context, portal string, number int64) (Version, error)
	// Undo applies an older version as a new change; keepAccounts leaves the accounts alone.
	Undo(ctx context.Context, portal string, by By, number int64, keepAccounts bool) (settings.Problems, error)
}

// Kind is a kind of cards. Key is deal, lead, or item:128.
type Kind struct {
	Key, Title string
	Type       int // entityTypeId
	Funnels    bool
}

// Funnel is a funnel with its stages, in order.
type Funnel struct {
	ID     int
	Name   string
	Stages []Stage
}

// Stage is a stage of a funnel.
type Stage struct{ Code, Name string }

// CardField is a field as expressions and settings name it.
type CardField struct {
	Name, Title string
	Type        string
	Multiple    bool
	Own         bool // made by people, not by the vendor
}

// Types of the objects around a card, for Cards.Fields.
const (
	TypeContact   = 3
	TypeCompany   = 4
	TypeRequisite = 8
	TypeDeal      = 2
	TypeLead      = 1
)

// Cards tells what a portal's CRM looks like. What it says may be a minute old.
type Cards interface {
	Kinds(ctx context.Context, portal string) ([]Kind, error)
	Funnels(ctx context.Context, portal string, kind int) ([]Funnel, error)
	Fields(ctx context.Context, portal string, kind int) ([]CardField, error)
}

// Workflow is a template of a business process.
type Workflow struct {
	ID         int
	Name, Kind string // Kind is the key of the cards that it runs on, else the portal's word for another document
	Parameters []Parameter
}

// Parameter is what a workflow asks for when it is started.
type Parameter struct {
	ID, Name string
	Required bool
}

// Person is a user of the portal.
type Person struct {
	ID   int64
	Name string
	Note string // position
}

// Office tells who and what else is in a portal. What it says may be a minute old.
type Office interface {
	Workflows(ctx context.Context, portal string) ([]Workflow, error)
	People(ctx context.Context, portal string) ([]Person, error)
}

// Checked is what a service said to an account.
type Checked struct {
	OK     bool
	RU, EN string // what it said, and what to do
}

// Login is a login at Диадок that goes on in somebody's browser.
type Login struct {
	Address, Code string
	Until         time.Time
	Every         time.Duration // how often to ask
	Done          bool
	RU, EN        string // why it failed, or with what it ended
	Failed        bool
}

// Accounts asks the services about accounts.
type Accounts interface {
	// Check logs in with what is stored of a connection, and reads something cheap.
	Check(ctx context.Context, portal, name string) (Checked, error)
	// States tells what the bridge itself knows of each connection: "" good, else why it does not work.
	States(ctx context.Context, portal string) (map[string]string, error)
	// Begin starts a login at Диадок for a connection, which is added when it is not there and box is given.
	Begin(ctx context.Context, portal string, by By, name, box string) (id string, err error)
	// Login asks how a login is going, and stores what it brought.
	Login(ctx context.Context, portal string, by By, id string) (Login, error)
}

// Tried is what a mapping made of a card.
type Tried struct {
	Title    string // of the card
	Result   mapping.Result
	Problems []mapping.Problem
}

// FieldLine is a field that ready mappings read, and whether a portal has it.
type FieldLine struct {
	Holder, Name string
	Title        string
	State        string // there, made, missing, differs, failed
	Note         string
}

// Trial tries mappings on real cards. Nothing is filed and nothing is written but fields that are asked for.
type Trial struct {
	// Try renders a tree for a card of a kind and checks what comes out against a docflow type.
	Try func(ctx context.Context, portal string, kind Kind, id int64, docflowType string, options any) (Tried, error)
	// Fields looks for the fields that the ready mappings of docflow types read, and makes them unless dry.
	Fields func(ctx context.Context, portal string, kind Kind, types []string, dry bool) ([]FieldLine, error)
}

// Registered is what a portal has of the bridge.
type Registered struct {
	Robots   []string // codes of automation rules
	Problems []string // of the last self-check
	Notes    []string
	At       time.Time // of the last self-check; zero: none yet
}

// Portal tells what is registered, and where the bridge is.
type Portal struct {
	Registered func(ctx context.Context, portal string) (Registered, error)
	// Repair has everything registered anew, in the background.
	Repair    func(ctx context.Context, portal string) error
	PublicURL string
}
