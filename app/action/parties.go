package action

import (
	"context"
	"errors"
	"fmt"

	"konturbridge/app/mapping"
	"konturbridge/bitrix"
)

// party is a contact or a company of a card.
type party struct {
	kind   bitrix.EntityTypeID
	id     bitrix.ID
	papers bool // whether its requisites are looked at
	fields map[string]any
}

// requisite is the chosen one of the party's requisites, else its first.
func (p party) requisite(chosen bitrix.ID) map[string]any {
	all, _ := p.fields["REQUISITES"].([]any)
	var first map[string]any
	for _, each := range all {
		fields, _ := each.(map[string]any)
		if first == nil {
			first = fields
		}
		if id, err := bitrix.ParseID(fmt.Sprint(fields["ID"])); err == nil && id == chosen && chosen != 0 {
			return fields
		}
	}
	return first
}

// readParties reads contacts and companies with their requisites and those's addresses, and which
// requisite the card has chosen (0: none). With employers, contacts get their own companies.
func (r *runner) readParties(ctx context.Context, b24 *bitrix.Client, c *call, parties []party, link, employers bool, options map[string]mapping.Option) (chosen bitrix.ID, err error) {
	var ask requests
	asked := askParties(&ask, parties)
	linked := -1
	if link {
		linked = ask.add("crm.requisite.link.get", map[string]any{"entityTypeId": c.Card.EntityType, "entityId": c.Card.ID})
	}
	if err := ask.run(ctx, b24); err != nil {
		return 0, err
	}
	for i := range parties {
		if err := r.hear(ctx, b24, c, &ask, asked[i], &parties[i], options); err != nil {
			return 0, err
		}
	}
	if linked >= 0 {
		var choice bitrix.RequisiteLink
		if ask.read(linked, &choice) == nil { // nothing chosen is refused; the first one serves then
			chosen = choice.RequisiteID
		}
	}
	if employers {
		others, err := r.readEmployers(ctx, b24, c, parties, options)
		if err != nil {
			return 0, err
		}
		parties = append(parties, others...)
	}
	return chosen, readAddresses(ctx, b24, parties)
}

// readEmployers gives each contact its own company as COMPANY and returns those that the card does not have.
// One that can't be read is known by its id alone: the card's company must not stand in for it.
func (r *runner) readEmployers(ctx context.Context, b24 *bitrix.Client, c *call, parties []party, options map[string]mapping.Option) ([]party, error) {
	known, others := map[bitrix.ID]map[string]any{}, []party(nil)
	for _, p := range parties {
		if p.kind == bitrix.EntityCompany && p.papers {
			known[p.id] = p.fields
		}
	}
	for _, p := range parties {
		if id := p.employer(); id != 0 && known[id] == nil {
			known[id] = map[string]any{}
			others = append(others, party{kind: bitrix.EntityCompany, id: id, papers: true})
		}
	}
	var ask requests
	asked := askParties(&ask, others)
	if err := ask.run(ctx, b24); err != nil {
		return nil, err
	}
	for i := range others {
		err := r.hear(ctx, b24, c, &ask, asked[i], &others[i], options)
		if errors.Is(err, bitrix.ErrAccessDenied) || errors.Is(err, bitrix.ErrNotFound) {
			others[i].fields, err = map[string]any{"ID": float64(others[i].id)}, nil
		}
		if err != nil {
			return nil, err
		}
		known[others[i].id] = others[i].fields
	}
	for _, p := range parties {
		if id := p.employer(); id != 0 {
			p.fields["COMPANY"] = known[id]
		}
	}
	return others, nil
}

// employer is the company that a contact belongs to, 0 for none.
func (p party) employer() bitrix.ID {
	id, _ := p.fields["COMPANY_ID"].(float64)
	if p.kind != bitrix.EntityContact {
		return 0
	}
	return bitrix.ID(id)
}

// asked are the numbers of the reads about a party.
type asked struct{ item, requisites int }

func askParties(ask *requests, parties []party) []asked {
	numbers := make([]asked, len(parties))
	for i, p := range parties {
		numbers[i].item = ask.add("crm.item.get", map[string]any{"entityTypeId": int(p.kind), "id": p.id, "useOriginalUfNames": "Y"})
		if p.papers {
			numbers[i].requisites = ask.add("crm.requisite.list", bitrix.ListOptions{
				Filter: map[string]any{"ENTITY_TYPE_ID": int(p.kind), "ENTITY_ID": p.id}, Order: bitrix.Order{{Field: "SORT"}, {Field: "ID"}}})
		}
	}
	return numbers
}

// hear takes what was answered about a party.
func (r *runner) hear(ctx context.Context, b24 *bitrix.Client, c *call, ask *requests, asked asked, p *party, options map[string]mapping.Option) error {
	var frame struct{ Item bitrix.Item }
	if err := ask.read(asked.item, &frame); err != nil {
		return err
	}
	fields, err := r.fields.of(ctx, b24, string(c.portal), p.kind)
	if err != nil {
		return err
	}
	fields.options(options)
	p.fields = fields.upper(frame.Item)
	if !p.papers {
		return nil
	}
	var rows bitrix.List[bitrix.Item]
	if err := ask.read(asked.requisites, &rows); err != nil {
		return err
	}
	p.fields["REQUISITES"] = plainAll(rows)
	return nil
}

// readAddresses adds ADDRESSES to every requisite. They belong to the requisite, not to the party.
func readAddresses(ctx context.Context, b24 *bitrix.Client, parties []party) error {
	var ask requests
	var owners []map[string]any
	for _, p := range parties {
		all, _ := p.fields["REQUISITES"].([]any)
		for _, each := range all {
			requisite, _ := each.(map[string]any)
			owners = append(owners, requisite)
			ask.add("crm.address.list", bitrix.ListOptions{Filter: map[string]any{
				"ENTITY_TYPE_ID": int(bitrix.EntityRequisite), "ENTITY_ID": requisite["ID"]}})
		}
	}
	if err := ask.run(ctx, b24); err != nil {
		return err
	}
	for i, requisite := range owners {
		var rows bitrix.List[bitrix.Item]
		if err := ask.read(i, &rows); err != nil {
			return err
		}
		requisite["ADDRESSES"] = plainAll(rows)
	}
	return nil
}
