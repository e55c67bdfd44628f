package settings

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Incoming says what becomes of messages of Диадок that came from a counteragent and belong to no card. The first
// rule that fits is taken; without one nothing happens.
type Incoming struct {
	Connection  string   // name of the box; "" any
	Types       []string // TypeNamedIds, one of which a document of the message has; none: any
	Action      string   // IncomingDeal, IncomingLead or IncomingNone
	Category    *int     // funnel of the deal that is looked for; nil: any
	Stage       string   // of a lead that is made; "": the portal's first
	Responsible int64    // for a lead that is made; 0: who is responsible for the company, else the portal's choice
}

// What may become of an incoming message.
const (
	IncomingDeal = "deal" // it joins the company's newest deal that is not closed; without one a lead is made
	IncomingLead = "lead" // a lead is made
	IncomingNone = "none" // nothing
)

func (r *reader) incoming(node *yaml.Node, path string) Incoming {
	var (
		x        Incoming
		category int
		user     int
	)
	given := r.object(node, path, keys{
		"connection": r.text(&x.Connection), "types": r.words(&x.Types), "action": oneOf(r, &x.Action, IncomingDeal, IncomingLead, IncomingNone),
		"category": r.number(&category, 0), "stage": r.text(&x.Stage), "responsible": r.number(&user, 1),
	})
	if given == nil {
		return x
	}
	r.require(node, path, map[string]string{"action": x.Action})
	x.Responsible = int64(user)
	if given["category"] {
		x.Category = &category
	}
	if x.Action != IncomingDeal {
		r.forbid(node, path, "указывается только вместе с action: deal", "only together with action: deal", given, "category")
	}
	if x.Action == IncomingNone {
		r.forbid(node, path, "при action: none карточка не создаётся", "with action: none no card is made", given, "stage", "responsible")
	}
	return x
}

// words reads a list of texts.
func (r *reader) words(place *[]string) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		r.list(node, path, func(node *yaml.Node, path string) {
			var word string
			r.text(&word)(node, path)
			if word == "" {
				r.fail(node, path, "пустое значение", "empty")
			}
			*place = append(*place, word)
		})
	}
}

// checkIncoming looks at the rules with the connections of the same file: a rule for a box that is not there
// would never fit.
func (r *reader) checkIncoming(rules []Incoming, conns []Connection, root *yaml.Node) {
	if conns == nil {
		return
	}
	for i, x := range rules {
		if x.Connection != "" && !slices.ContainsFunc(conns, func(c Connection) bool { return c.Name == x.Connection && c.Kind == Diadoc }) {
			r.fail(keyNode(root, "incoming"), fmt.Sprintf("incoming[%d].connection", i), fmt.Sprintf("нет подключения к Диадоку с именем %q", x.Connection),
				fmt.Sprintf("there is no diadoc connection %q", x.Connection))
		}
	}
}

// TakesIncoming reports whether a message that comes through a connection may get a card.
func (s Settings) TakesIncoming(connection string) bool {
	return slices.ContainsFunc(s.Incoming, func(x Incoming) bool {
		return x.Action != IncomingNone && (x.Connection == "" || x.Connection == connection)
	})
}

// IncomingRule gives the rule for a message that came through a connection with documents of these types; ok is
// false when none fits.
func (s Settings) IncomingRule(connection string, types []string) (rule Incoming, ok bool) {
	for _, x := range s.Incoming {
		fits := len(x.Types) == 0 || slices.ContainsFunc(types, func(t string) bool {
			return slices.ContainsFunc(x.Types, func(one string) bool { return strings.EqualFold(one, t) })
		})
		if fits && (x.Connection == "" || x.Connection == connection) {
			return x, true
		}
	}
	return Incoming{}, false
}

// DiadocStates are the states that a reaction to documents of Диадок may name; docs/states.md tells what each is.
func DiadocStates() []string {
	return []string{"draft", "unsent", "sent", "awaiting-answer", "signed", "partially-signed", "rejected", "revocation-in", "revocation-out", "revoked",
		"proxy-wait", "proxy-rejected", "amendment", "receipt-due", "delivery-error", "finished", "deleted", "invited", "partner", "error", "uncertain"}
}
