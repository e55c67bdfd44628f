// Package mapping turns a CRM card into what is sent to a service: a docflow's options, a document's
// metadata, an action's parameters. It is pure: a card goes in, a tree and problems come out; fetching the
// card before and uploading its files after is the caller's work.
//
// A mapping is a tree of the target's shape with expressions at its leaves:
//
//	object:
//	  cadastralNumber: "{{ card.UF_CRM_KB_CADASTRAL }}"
//	  area: {value: "{{ card.UF_CRM_KB_AREA }}", unit: кв.м}
//
// docs/mapping.md describes the language. Compile checks a tree once, Render fills it for a card and
// remembers which CRM fields each place was made of, and Check adds what the target's schema refuses, so
// that a person reads which field of which card to correct.
package mapping
