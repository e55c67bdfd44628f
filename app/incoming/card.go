package incoming

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
)

// originator marks the leads that the bridge has made; with the message's id it tells one of them.
const originator = "konturbridge"

// card finds the card of a message, or makes one: that of the document which it answers to, the lead that an
// earlier run has made, the company's newest open deal, a new lead.
func (w Worker) card(ctx context.Context, l letter, rule settings.Incoming) (docflow.Card, error) {
	if card, ok, err := w.related(ctx, l); ok || err != nil {
		return card, err
	}
	b24, err := w.Clients.Bitrix(ctx, l.portal)
	if err != nil {
		return docflow.Card{}, err
	}
	made, err := b24.ItemList(ctx, bitrix.EntityLead, bitrix.ListOptions{Select: []string{"id"},
		Filter: map[string]any{"originatorId": originator, "originId": l.update.ExternalID}})
	if err != nil {
		return docflow.Card{}, err
	}
	if len(made.Result) > 0 {
		return cardOf(bitrix.EntityLead, made.Result[0].ID()), nil
	}
	who, err := w.sender(ctx, l)
	if err != nil {
		return docflow.Card{}, err
	}
	company, err := companyOf(ctx, b24, who)
	if err != nil {
		return docflow.Card{}, err
	}
	if rule.Action == settings.IncomingDeal && company != 0 {
		if deal, err := openDeal(ctx, b24, company, rule.Category); err != nil || deal != 0 {
			return cardOf(bitrix.EntityDeal, deal), err
		}
	}
	return w.lead(ctx, b24, l, rule, who, company)
}

func cardOf(kind bitrix.EntityTypeID, id bitrix.ID) docflow.Card {
	return docflow.Card{EntityType: int(kind), ID: int64(id)}
}

// related finds the card of a document that one of the message's is about, such as the one that it corrects.
func (w Worker) related(ctx context.Context, l letter) (docflow.Card, bool, error) {
	var ids []string
	for _, d := range l.Documents() {
		for _, about := range append(d.DocumentInfo.InitialDocumentIDs, d.DocumentInfo.SubordinateDocumentIDs...) {
			ids = append(ids, feed.MessageKey(about.MessageID))
		}
	}
	if len(ids) == 0 {
		return docflow.Card{}, false, nil
	}
	known, err := w.Store.BoxMessages(ctx, string(l.portal), l.conn.Name, ids, nil)
	if err != nil || len(known) == 0 {
		return docflow.Card{}, false, err
	}
	return known[len(known)-1].Card, true, nil
}

// organization is who sent a message.
type organization struct{ name, inn, kpp string }

// sender reads who sent the message. An organisation that the service does not tell of has its title.
func (w Worker) sender(ctx context.Context, l letter) (organization, error) {
	found, err := l.client.GetOrganization(ctx, diadoc.OrganizationQuery{BoxID: l.FromBoxID})
	if errors.Is(err, diadoc.ErrNotFound) || errors.Is(err, diadoc.ErrNoAccess) {
		return organization{name: l.FromTitle}, nil
	}
	if err != nil {
		return organization{}, err
	}
	return organization{cmp.Or(found.ShortName, found.FullName, l.FromTitle), found.INN, found.KPP}, nil
}

// companyOf finds the company with these requisites: of several with one INN the one with the same KPP. 0: none.
func companyOf(ctx context.Context, b24 *bitrix.Client, who organization) (bitrix.ID, error) {
	if who.inn == "" {
		return 0, nil
	}
	var some bitrix.ID
	for row, err := range b24.Requisites(ctx, bitrix.ScanOptions{Select: []string{"ID", "ENTITY_ID", "RQ_KPP"},
		Filter: map[string]any{"ENTITY_TYPE_ID": int(bitrix.EntityCompany), "RQ_INN": who.inn}}) {
		if err != nil {
			return 0, err
		}
		id := bitrix.ID(row.Int("ENTITY_ID"))
		if who.kpp != "" && row.String("RQ_KPP") == who.kpp {
			return id, nil
		}
		if some == 0 {
			some = id
		}
	}
	return some, nil
}

// openDeal finds the newest deal of a company that is neither won nor lost; 0: none.
func openDeal(ctx context.Context, b24 *bitrix.Client, company bitrix.ID, category *int) (bitrix.ID, error) {
	filter := map[string]any{"companyId": company, "stageSemanticId": "P"}
	if category != nil {
		filter["categoryId"] = *category
	}
	list, err := b24.ItemList(ctx, bitrix.EntityDeal, bitrix.ListOptions{Select: []string{"id"}, Filter: filter,
		Order: bitrix.Order{{Field: "id", Desc: true}}, Start: -1})
	if err != nil || len(list.Result) == 0 {
		return 0, err
	}
	return list.Result[0].ID(), nil
}

// lead makes a lead.
func (w Worker) lead(ctx context.Context, b24 *bitrix.Client, l letter, rule settings.Incoming, who organization, company bitrix.ID) (docflow.Card, error) {
	var titles []string
	for _, d := range l.update.Documents {
		titles = append(titles, d.Title)
	}
	fields := map[string]any{"title": clip("Диадок: " + strings.Join(titles, ", ") + " от " + who.name), "originatorId": originator,
		"originId": l.update.ExternalID, "sourceDescription": "Контур.Диадок"}
	for name, value := range map[string]string{"stageId": rule.Stage, "comments": who.String()} {
		if value != "" {
			fields[name] = value
		}
	}
	responsible := bitrix.ID(rule.Responsible)
	if company == 0 {
		fields["companyTitle"] = who.name
	} else {
		fields["companyId"] = company
		if responsible == 0 {
			card, err := b24.ItemGet(ctx, bitrix.EntityCompany, company)
			if err != nil {
				return docflow.Card{}, err
			}
			responsible = bitrix.ID(card.Int("assignedById"))
		}
	}
	if responsible != 0 {
		fields["assignedById"] = responsible
	}
	made, err := b24.ItemAdd(ctx, bitrix.EntityLead, fields)
	return cardOf(bitrix.EntityLead, made.ID()), err
}

// String names the organisation by its numbers.
func (o organization) String() string {
	text := "Контрагент в Диадоке: " + o.name
	if o.inn != "" {
		text += ", ИНН " + o.inn
	}
	if o.kpp != "" {
		text += ", КПП " + o.kpp
	}
	return text
}

// maxTitle bounds a card's title, in characters.
const maxTitle = 255

func clip(text string) string {
	if short := []rune(text); len(short) > maxTitle {
		return string(short[:maxTitle-1]) + "…"
	}
	return text
}
