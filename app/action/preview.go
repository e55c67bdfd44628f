package action

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/realty"
)

// Preview is what can be said about an action before a person asks for it.
type Preview struct {
	Values   map[string]string // of parameters that the card knows
	Files    []CardFile        // of the card's file fields
	Problems []mapping.Problem // of what would be filed; errors first
	Made     any               // what would be filed, with *mapping.FileRef for files; nil for actions that file nothing of a mapping
	Refusal  *docflow.Refusal  // why it can't be filed at all
}

// CardFile is a file field of a card that holds something, as a file parameter takes it.
type CardFile struct {
	Field string
	Label string // for people
	Count int
}

// Preview reads a card and tells what an action would make of it. Nothing is sent to anybody but the portal.
//
// Errors: those of reading the card.
func (w *Worker) Preview(ctx context.Context, id portal.ID, card docflow.Card, code string, given bitrix.Properties) (Preview, error) {
	c := &call{Call: inbox.Call{Card: card, Properties: given}, portal: id, action: w.r.actions[code]}
	p := Preview{Values: map[string]string{}}
	kind := realty.Kind("")
	switch code {
	case "realty_extract":
		kind = realty.ObjectRequestKind
	case "realty_create":
		kind, _ = realty.ParseKind(given.First("docflow_type"))
	}
	var err error
	if kind != "" {
		err = w.previewFiling(ctx, c, kind, &p)
	}
	if err == nil && w.wants(code, "inn", "files", "documents", "document") {
		err = w.previewCard(ctx, c, &p)
	}
	if refusal := refusalFor(err); refusal != nil {
		p.Refusal, err = refusal, nil
	}
	return p, err
}

func (w *Worker) wants(code string, names ...string) bool {
	for _, param := range w.r.actions[code].Params {
		for _, name := range names {
			if param.Name == name {
				return true
			}
		}
	}
	return false
}

// previewFiling renders the card's mapping. Of an extract only the values are of interest: they are parameters.
func (w *Worker) previewFiling(ctx context.Context, c *call, kind realty.Kind, p *Preview) error {
	made, err := w.r.rendered(ctx, c, kind)
	if err != nil {
		return err
	}
	if c.action.Code == "realty_create" {
		p.Problems, p.Made = made.problems, made.result.Options
		return nil
	}
	options, _ := made.result.Options.(map[string]any)
	for param, key := range map[string]string{"cadastral_number": "cadastralNumber", "type": "type"} {
		p.Values[param], _ = options[key].(string)
	}
	return nil
}

// previewCard finds the counteragent and the files of a card.
func (w *Worker) previewCard(ctx context.Context, c *call, p *Preview) error {
	b24, err := w.r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return err
	}
	card, err := w.r.readCard(ctx, b24, c, []string{"requisites"})
	if err != nil {
		return err
	}
	for param, key := range map[string]string{"inn": "RQ_INN", "kpp": "RQ_KPP"} {
		p.Values[param], _ = card.Requisites[key].(string)
	}
	item, err := b24.ItemGet(ctx, bitrix.EntityTypeID(c.Card.EntityType), bitrix.ID(c.Card.ID))
	if err != nil {
		return err
	}
	fields, err := b24.ItemFields(ctx, bitrix.EntityTypeID(c.Card.EntityType))
	if err != nil {
		return err
	}
	for name := range item {
		field := cmp.Or(string(fields[name].UpperName), name)
		n := 0
		for _, f := range item.Files(name) {
			if f.Link != "" {
				n++
			}
		}
		if n > 0 && strings.HasPrefix(field, "UF_") {
			p.Files = append(p.Files, CardFile{field, cmp.Or(fields[name].Label(), field), n})
		}
	}
	slices.SortFunc(p.Files, func(a, b CardFile) int { return cmp.Compare(a.Field, b.Field) })
	return nil
}
