package settings

import "konturbridge/app/config"

// Masked is how a secret is shown, and how a file says that the stored one stays.
const Masked = "***"

// NewSecret in place of hook_secret asks for a fresh one.
const NewSecret = "new"

// Kind is the service that a connection, a reaction's filter or a document belongs to.
type Kind string

// The two services of Kontur.
const (
	Realty Kind = "realty"
	Diadoc Kind = "diadoc"
)

// Entity is a kind of CRM card.
type Entity string

// The kinds of cards. An Item is an element of a smart process, told by its entityTypeId.
const (
	Deal Entity = "deal"
	Lead Entity = "lead"
	Item Entity = "item"
)

// Settings is one portal's settings.
//
// In a parsed file a nil section is one that the file left out: Merge takes it from the stored settings.
type Settings struct {
	// HookSecret is the portal's own part of its webhook URLs. It is the one secret that Show prints: an
	// administrator copies it into business processes. NewSecret asks for a fresh one.
	HookSecret  config.Secret
	Connections []Connection
	Triggers    []Trigger
	Mappings    []Mapping
	Reactions   []Reaction
	// Files names the file field into which an action's file goes, by card: "deal", "lead" or
	// "item:128" (entityTypeId). A card without a name here gets the file as a timeline comment.
	Files map[string]string
	// Incoming are the rules for messages of Диадок that belong to no card.
	Incoming []Incoming
	// Roles say who may do what on the bridge's pages beside the portal's administrators; nil when the section
	// was left out.
	Roles *Roles
}

// Roles are lists of users by their numbers in the portal. Administrators may do everything always.
type Roles struct {
	Act      []int64 // in cards; empty: whoever may open the card
	Journal  []int64 // see the journal of all cards; empty: administrators alone
	Settings []int64 // change settings, but not the roles; empty: administrators alone
}

// Connection is an account at Реестро or a box at Диадок.
type Connection struct {
	Name    string
	Kind    Kind
	Default bool // the one that is used when nothing names another; exactly one of each kind

	Login    string
	Password config.Secret
	// AccountID is Реестро's accountId (GUID).
	AccountID string
	// BoxID is Диадок's box.
	BoxID string
	// ClientKey is Диадок's API client key, for login and password.
	ClientKey config.Secret
	// RefreshToken is an OpenID refresh token, instead of login, password and client key.
	RefreshToken config.Secret
	// ClientID and ClientSecret override the process's OpenID keys for this box; both or neither.
	ClientID     string
	ClientSecret config.Secret
	// Certificate is the thumbprint of the box's cloud certificate that signs when an action names none.
	Certificate string
}

// Trigger runs an action when a card enters a stage or a field of it changes.
type Trigger struct {
	Entity       Entity
	EntityTypeID int  // of a smart process; 0 for deals and leads
	Category     *int // nil: any funnel
	// Stage is the code of the stage entered, Field the name of the field changed: exactly one is set.
	Stage, Field string
	Action       string
	// Parameters are trees with expressions, by the action's parameter names.
	Parameters map[string]any
}

// Mapping is a named tree that makes a docflow's options or a document's metadata of a card.
//
// For Реестро DocflowType is the type and Options its options. For Диадок DocumentType is the TypeNamedId and
// Options holds metadata, custom_data, title and so on, see docs/diadoc.md. Exactly one of the two is set.
type Mapping struct {
	Name         string
	DocflowType  string
	DocumentType string
	Options      any
}

// Reaction says what a state change does in Bitrix24: filters, then effects.
type Reaction struct {
	System       Kind   // "" any
	DocflowType  string // "" any
	Entity       Entity // "" any
	EntityTypeID int    // with Item; 0 any
	// State is the service's own word (Реестро: queued, verified, sent, suspended, completed, error), one of
	// DiadocStates, or uncertain; "" any.
	State string
	// Requirement is signature, payment or "" for none; nil any.
	Requirement *string

	StartWorkflow     *StartWorkflow
	TerminateWorkflow *EndWorkflow
	KillWorkflow      *EndWorkflow
	SetFields         map[string]any // field name → tree
	MoveStage         string         // stage code or template
	Comment           string         // template of a timeline comment; the docflow's files go with it
	Todo              string         // template of a to-do
	Notify            string         // "responsible", a user's id or a template that gives one
}

// StartWorkflow starts a business process.
type StartWorkflow struct {
	Template   int // id of the workflow template
	Parameters map[string]any
	// Document is a tree that gives what it runs on: an element of the CRM such as SMART_INVOICE_3, or the
	// three parts of a document's id. nil: the card.
	Document any
}

// EndWorkflow ends the business processes of a template that run on the card.
type EndWorkflow struct {
	Template int
	Status   string // template of the outcome that is shown; not of processes that are erased
}

// RealtyStates are the states that a Реестро reaction may name.
func RealtyStates() []string {
	return []string{"queued", "verified", "sent", "suspended", "completed", "error", "uncertain"}
}

// Requirements are the words that a reaction's requirement may be; "" is "nothing is required".
func Requirements() []string { return []string{"", "signature", "payment"} }
