package action

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
)

// counteragent finds the organisation that a call is about: the one with the given INN and KPP, else that of the
// card's company. Branches and doubles at other operators share an INN: the one that we exchange documents with is
// meant, and where that does not tell a person chooses. What was looked for comes with errors too.
func (r *runner) counteragent(ctx context.Context, c *call, at office) (addressee, error) {
	inn, kpp, err := r.taxNumbers(ctx, c)
	if err != nil {
		return addressee{}, err
	}
	sought := addressee{inn: inn, kpp: kpp}
	found, err := at.client.GetOrganizationsByInnKpp(ctx, inn, kpp, true)
	if err != nil && !errors.Is(err, diadoc.ErrNotFound) {
		return sought, err
	}
	all, err := at.related(ctx, organizations(found.Organizations, sought, diadoc.BoxID(strings.TrimSpace(c.Properties.First("box_id")))))
	if err != nil {
		return sought, err
	}
	if len(all) == 0 {
		return sought, &docflow.Refusal{Code: "counteragent_not_found",
			CRMText: fmt.Sprintf("Параметр inn: в Диадоке нет организации с ИНН %s%s. Проверьте ИНН и КПП контрагента; филиалу нужен его собственный КПП.", inn, andKPP(kpp)),
			TextEN:  fmt.Sprintf("Parameter inn: Diadoc has no organisation with INN %s%s.", inn, andKPP(kpp))}
	}
	one, ok := chosenOf(all)
	if !ok {
		return sought, manyAddressees(inn, all)
	}
	if one.box.Same(at.box) {
		return sought, &docflow.Refusal{Code: "own_box", CRMText: "Параметр inn: это ИНН нашей же организации. Укажите ИНН контрагента.", TextEN: "Parameter inn: that is our own organisation."}
	}
	return one, nil
}

// organizations lists those that have a box, or the one of the box that is wanted.
func organizations(found []diadoc.Organization, sought addressee, wanted diadoc.BoxID) []addressee {
	var all []addressee
	for _, org := range found {
		for _, b := range org.Boxes {
			if wanted == "" || b.BoxIDGUID.Same(wanted) || b.BoxID.Same(wanted) {
				sought.org, sought.box = org, b.BoxIDGUID
				all = append(all, sought)
			}
		}
	}
	return all
}

func andKPP(kpp string) string {
	if kpp == "" {
		return ""
	}
	return " и КПП " + kpp
}

// taxNumbers gives INN and KPP of the call; without an INN those of the requisites of the card's company.
func (r *runner) taxNumbers(ctx context.Context, c *call) (inn, kpp string, err error) {
	inn, kpp = digits(strings.TrimSpace(c.Properties.First("inn"))), digits(strings.TrimSpace(c.Properties.First("kpp")))
	if inn != "" {
		return inn, kpp, checkINN(inn)
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return "", "", err
	}
	card, err := r.readCard(ctx, b24, c, []string{"company", "requisites"})
	if err != nil {
		return "", "", err
	}
	text := func(name string) string { v, _ := card.Requisites[name].(string); return digits(strings.TrimSpace(v)) }
	if inn = text("RQ_INN"); inn == "" {
		return "", "", badParams([]string{"inn: ИНН не указан в роботе, и у компании карточки нет реквизитов с ИНН. Укажите ИНН или заполните реквизиты компании"})
	}
	if kpp == "" {
		kpp = text("RQ_KPP")
	}
	return inn, kpp, checkINN(inn)
}

func checkINN(inn string) error {
	if (len(inn) == 10 || len(inn) == 12) && strings.Trim(inn, "0123456789") == "" {
		return nil
	}
	return badParams([]string{fmt.Sprintf("inn: «%s» не ИНН: у организации 10 цифр, у предпринимателя 12", inn)})
}

// The relations to a counteragent, in the words of robots.
const (
	relationPartner    = "partner"
	relationInvited    = "invited"        // we invited them
	relationInvitesUs  = "invites_us"     // their invitation waits for us
	relationRejected   = "rejected"       // they refused or broke
	relationRejectedUs = "rejected_by_us" // we refused or broke
	relationNone       = "none"
	relationUnknown    = "unknown" // a word that the documentation does not have
)

func relationOf(status diadoc.CounteragentStatus) string {
	switch status {
	case diadoc.IsMyCounteragent:
		return relationPartner
	case diadoc.IsInvitedByMe:
		return relationInvited
	case diadoc.InvitesMe:
		return relationInvitesUs
	case diadoc.RejectsMe:
		return relationRejected
	case diadoc.IsRejectedByMe:
		return relationRejectedUs
	case diadoc.NotInCounteragentList:
		return relationNone
	}
	return relationUnknown
}

func relationText(relation string) string {
	return map[string]string{relationPartner: "контрагент принят, можно обмениваться документами", relationInvited: "приглашение отправлено, ответа ещё нет",
		relationInvitesUs: "контрагент приглашает нас", relationRejected: "контрагент отказался", relationRejectedUs: "мы отказались от контрагента",
		relationNone: "нет в списке контрагентов", relationUnknown: "статус Диадока мосту не известен"}[relation]
}

// relation reads how an organisation stands to the box.
func (o office) relation(ctx context.Context, to diadoc.BoxID) (string, diadoc.Counteragent, error) {
	if to == "" {
		return relationNone, diadoc.Counteragent{}, nil
	}
	known, err := o.client.GetCounteragent(ctx, o.box, to)
	if errors.Is(err, diadoc.ErrNotFound) {
		return relationNone, known, nil
	}
	return relationOf(known.CurrentStatus), known, err
}

// runDiadocCheckCounteragent tells whether an organisation is in Диадок and how it stands to us.
func runDiadocCheckCounteragent(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	to, err := r.counteragent(ctx, c, at)
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok && refusal.Code == "counteragent_not_found" { // an answer
		return c.tell("not found", "Организации с ИНН "+to.inn+andKPP(to.kpp)+" в Диадоке нет.",
			map[string]any{"found": "N", "box_id": "", "organization": "", "relation": relationNone}), nil
	}
	if err != nil {
		return lane.Result{}, err
	}
	relation, _, err := at.relation(ctx, to.box)
	if err != nil {
		return lane.Result{}, err
	}
	text := fmt.Sprintf("%s (ИНН %s): %s.", to.name(), to.inn, relationText(relation))
	switch {
	case to.org.LiquidationDate != "":
		text += " Организация ликвидирована, обмен с ней невозможен."
	case relation != relationPartner && to.org.Sociability == diadoc.SociabilityCounteragentsOnly:
		text += " Она принимает документы только от контрагентов: сначала пригласите её."
	case to.org.IsRoaming:
		text += " Она работает через другого оператора: нужна настройка роуминга."
	}
	return c.tell(relation, text, map[string]any{"found": "Y", "box_id": string(to.box), "organization": to.name(), "relation": relation}), nil
}

// runDiadocBreak ends the partnership, refuses their invitation or takes ours back. In any other relation the service
// does nothing, so that a repeat is harmless.
func runDiadocBreak(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	to, err := r.counteragent(ctx, c, at)
	if err != nil {
		return lane.Result{}, err
	}
	err = at.client.BreakWithCounteragent(ctx, at.box, to.box, c.Properties.First("comment"))
	if errors.Is(err, diadoc.ErrConflict) {
		return lane.Result{}, &docflow.Refusal{Code: "conflict", Cause: err,
			CRMText: "Приглашение отправлено с документом, отозвать его так нельзя. Аннулируйте этот документ роботом «Диадок: аннулировать документ».",
			TextEN:  "The invitation carries a document: revoke that document instead."}
	}
	if err != nil {
		return lane.Result{}, err
	}
	relation, _, err := at.relation(ctx, to.box)
	if err != nil {
		return lane.Result{}, err
	}
	return c.tell(relation, fmt.Sprintf("%s (ИНН %s): %s.", to.name(), to.inn, relationText(relation)), map[string]any{"relation": relation, "box_id": string(to.box)}), nil
}
