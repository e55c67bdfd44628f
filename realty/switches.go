package realty

import (
	"fmt"
	"slices"
	"strings"
)

// Switch is a choice between spellings that the vendor's pages leave open, under a name for settings.
type Switch struct {
	Name    string
	Default string
	Others  []string // what else the pages print
	About   string   // which pages contradict each other
	set     func(c *Client, value string)
}

// Switches lists every choice, in the order of the docs' contradictions. The defaults are what the pages print most.
func Switches() []Switch {
	return []Switch{
		{"signature_segment", "signatures", []string{"signature"}, "path that attaches a signature: heading against example",
			func(c *Client, v string) { c.signatureSegment = v }},
		{"suggest_path", "/location/cadastre/suggest", []string{"/cadastre/suggest"}, "path of the search by address: text against example",
			func(c *Client, v string) { WithSuggestPath(v)(c) }},
		{"additional_packet_type", string(AdditionalPackageKind), []string{"additional_package_request"}, "docflow type: own page against list",
			func(c *Client, v string) { c.kindNames[AdditionalPackageKind] = v }},
		{"encumbrance_type", string(EncumbranceKind), []string{"ecumbrance_request"}, "docflow type: own page against list",
			func(c *Client, v string) { c.kindNames[EncumbranceKind] = v }},
		{"equity_objects", "object", []string{"objects"}, "land plots of a shared construction agreement: table against RAML",
			func(c *Client, v string) { c.spelling.EquityObjects = v }},
		{"cessation_object", "single", []string{"array"}, "one object of a lifted encumbrance: example against table",
			func(c *Client, v string) { c.spelling.CessationObjectArray = v == "array" }},
		{"dwelling_purpose", "dwellingAppartment", []string{"dwellingApartment"}, "usagePurpose of a dwelling: page against example",
			func(c *Client, v string) { c.spelling.DwellingPurpose = v }},
		{"share_numerator", "numerator", []string{"denominator"}, "numerator of a share: examples against page",
			func(c *Client, v string) { c.spelling.Numerator = v }},
		{"share_denominator", "denominator", []string{"denumerator"}, "denominator of a share: examples against page",
			func(c *Client, v string) { c.spelling.Denominator = v }},
		{"encumbrance_papers", "other", []string{"fields"}, "loan agreement and spouse's consent of an encumbrance: table against RAML",
			func(c *Client, v string) { c.spelling.EncumbranceExtraFields = v == "fields" }},
		{"action_documents", "documents", []string{"document"}, "papers of an action: RAML against page",
			func(c *Client, v string) { c.spelling.ActionDocuments = v }},
		{"suggest_structure", "structureNumber", []string{"sructureNumber"}, "structure in the search by address: example against page",
			func(c *Client, v string) { c.structureName = v }},
	}
}

// SwitchOptions makes the options of a client from named choices, as settings hold them. Both halves of a share are to
// be chosen together.
//
// Errors: all unknown names, values that the pages do not print, and a share of two equal names, at once.
func SwitchOptions(choices map[string]string) ([]Option, error) {
	var opts []Option
	var wrong []string
	known := map[string]string{}
	for _, s := range Switches() {
		known[s.Name] = s.Default
		value, chosen := choices[s.Name]
		if !chosen {
			continue
		}
		if value != s.Default && !slices.Contains(s.Others, value) {
			wrong = append(wrong, fmt.Sprintf("%s is %s or %s, not %q", s.Name, s.Default, strings.Join(s.Others, " or "), value))
			continue
		}
		known[s.Name] = value
		opts = append(opts, func(c *Client) { s.set(c, value) })
	}
	for name := range choices {
		if _, ok := known[name]; !ok {
			wrong = append(wrong, fmt.Sprintf("unknown switch %q", name))
		}
	}
	if known["share_numerator"] == known["share_denominator"] {
		wrong = append(wrong, "share_numerator and share_denominator are the same: choose both")
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return nil, fmt.Errorf("realty: switches: %s", strings.Join(wrong, "; "))
	}
	return opts, nil
}
