package settings

// Checker knows what this package doesn't: the catalogue of actions, the docflow types and the language of
// expressions.
type Checker interface {
	// Actions lists every action's code.
	Actions() []string
	// Parameters lists an action's parameters, the required ones as true. Called with known codes only.
	Parameters(action string) map[string]bool
	// DocflowTypes lists what a mapping can be for and a reaction can filter by.
	DocflowTypes() []string
	// Tree checks a tree of expressions; it is empty when the tree compiles.
	Tree(use Use, tree any) []TreeProblem
}

// Use says where a tree stands, since that decides which names its expressions know.
type Use string

// The places of trees.
const (
	UseMapping  Use = "mapping"
	UseTrigger  Use = "trigger"
	UseReaction Use = "reaction"
)

// TreeProblem is one thing wrong inside a tree.
type TreeProblem struct {
	Path   string // inside the tree: "object.address"; "" is its root
	RU, EN string
}
