package action

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// readCard fetches what a mapping reads of a card, and no more.
func (r *runner) readCard(ctx context.Context, b24 *bitrix.Client, c *call, reads []string) (mapping.Card, error) {
	kind := bitrix.EntityTypeID(c.Card.EntityType)
	item, err := b24.ItemGet(ctx, kind, bitrix.ID(c.Card.ID))
	if err != nil {
		return mapping.Card{}, err
	}
	fields, err := r.fields.of(ctx, b24, string(c.portal), kind)
	if err != nil {
		return mapping.Card{}, err
	}
	card := mapping.Card{Entity: c.Card.Entity(), Options: map[string]mapping.Option{}}
	values := fields.upper(item)
	fields.options(card.Options)
	switch card.Entity {
	case "deal":
		card.Deal = values
	case "lead":
		card.Lead = values
	default:
		card.Item = values
	}
	for _, v := range c.Properties["files"].Values {
		card.Files = append(card.Files, v)
	}
	return card, r.readAround(ctx, b24, c, item, reads, &card)
}

// readAround adds contacts, company, requisites and user where the mapping looks at them. Everything of
// one depth goes in one batch: a card with four contacts costs two requests, not twelve.
func (r *runner) readAround(ctx context.Context, b24 *bitrix.Client, c *call, item bitrix.Item, reads []string, card *mapping.Card) error {
	wants := func(root string) bool {
		return slices.ContainsFunc(reads, func(s string) bool { return s == root || strings.HasPrefix(s, root+".") })
	}
	var parties []party
	if wants("contacts") {
		for _, id := range item.IDs("contactIds") {
			parties = append(parties, party{kind: bitrix.EntityContact, id: id, papers: slices.Contains(reads, "contacts.REQUISITES")})
		}
	}
	if id := bitrix.ID(item.Int("companyId")); id != 0 && (wants("company") || wants("requisites")) {
		parties = append(parties, party{kind: bitrix.EntityCompany, id: id, papers: wants("requisites") || slices.Contains(reads, "company.REQUISITES")})
	}
	if wants("user") {
		card.User = map[string]any{"ID": float64(item.Int("assignedById"))}
	}
	if len(parties) == 0 {
		return nil
	}
	company := parties[len(parties)-1].kind == bitrix.EntityCompany
	chosen, err := r.readParties(ctx, b24, c, parties, company && wants("requisites"), wants("contacts.COMPANY"), card.Options)
	if err != nil {
		return err
	}
	for _, p := range parties {
		if p.kind == bitrix.EntityContact {
			card.Contacts = append(card.Contacts, p.fields)
			continue
		}
		card.Company = p.fields
		card.Requisites = p.requisite(chosen)
	}
	return nil
}

func plainAll(rows []bitrix.Item) []any {
	all := make([]any, 0, len(rows))
	for _, row := range rows {
		all = append(all, plain(row))
	}
	return all
}

func plain(item bitrix.Item) map[string]any {
	out := make(map[string]any, len(item))
	for name, raw := range item {
		var v any
		if json.Unmarshal(raw, &v) == nil {
			out[name] = v
		}
	}
	return out
}

// fieldNames remembers for a while how each portal names its fields: cards come in camelCase, people
// and mappings know the upper-case names.
type fieldNames struct {
	now func() time.Time
	mu  sync.Mutex
	all map[string]cardFields
}

type cardFields struct {
	upperOf map[string]string
	choices map[string]mapping.Option
	until   time.Time
}

// How long and how many descriptions of card types are held.
const (
	fieldsFor     = 10 * time.Minute
	maxFieldNames = 1000
)

func newFieldNames(now func() time.Time) *fieldNames {
	return &fieldNames{now: now, all: map[string]cardFields{}}
}

func (f *fieldNames) of(ctx context.Context, b24 *bitrix.Client, portal string, kind bitrix.EntityTypeID) (cardFields, error) {
	key := portal + "/" + bitrix.ID(kind).String()
	f.mu.Lock()
	known, ok := f.all[key]
	f.mu.Unlock()
	if ok && known.until.After(f.now()) {
		return known, nil
	}
	described, err := b24.ItemFields(ctx, kind)
	if err != nil {
		return cardFields{}, err
	}
	known = cardFields{upperOf: map[string]string{}, choices: map[string]mapping.Option{}, until: f.now().Add(fieldsFor)}
	for name, info := range described {
		if info.UpperName != "" {
			known.upperOf[name] = string(info.UpperName)
		}
		for _, choice := range info.Items {
			known.choices[choice.ID.String()] = mapping.Option{Text: string(choice.Value)}
		}
	}
	if err := known.addCodes(ctx, b24, kind); err != nil {
		return cardFields{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) >= maxFieldNames {
		clear(f.all)
	}
	f.all[key] = known
	return known, nil
}

// addCodes adds the external codes of list options: the ids differ from portal to portal, and the
// description of the fields does not tell the codes.
func (f cardFields) addCodes(ctx context.Context, b24 *bitrix.Client, kind bitrix.EntityTypeID) error {
	if len(f.choices) == 0 || kind != bitrix.EntityDeal && kind != bitrix.EntityLead && kind != bitrix.EntityContact && kind != bitrix.EntityCompany {
		return nil
	}
	all, err := b24.UserFieldList(ctx, kind, bitrix.ListOptions{Filter: map[string]any{"USER_TYPE_ID": "enumeration"}})
	if err != nil {
		return err
	}
	for _, field := range all {
		for _, choice := range field.Choices {
			f.choices[choice.ID.String()] = mapping.Option{Text: string(choice.Value), Code: string(choice.XMLID)}
		}
	}
	return nil
}

// upper gives a card's values under the names that people see; a name without a known one stays.
func (f cardFields) upper(item bitrix.Item) map[string]any {
	out := make(map[string]any, len(item))
	for name, value := range plain(item) {
		if upper, ok := f.upperOf[name]; ok {
			name = upper
		}
		out[name] = value
	}
	if _, ok := out["ID"]; !ok {
		out["ID"] = float64(item.ID())
	}
	return out
}

func (f cardFields) options(into map[string]mapping.Option) {
	for id, o := range f.choices {
		into[id] = o
	}
}

// Read reads a card in the form that expressions see, for triggers and reactions.
func (w *Worker) Read(ctx context.Context, id portal.ID, card docflow.Card, reads []string) (mapping.Card, error) {
	b24, err := w.r.Clients.Bitrix(ctx, id)
	if err != nil {
		return mapping.Card{}, err
	}
	return w.r.readCard(ctx, b24, &call{Call: inbox.Call{Card: card}, portal: id}, reads)
}
