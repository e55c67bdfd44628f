package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// addressee is an organisation with its box, and whether it exchanges documents with us.
type addressee struct {
	org     diadoc.Organization
	box     diadoc.BoxID
	partner bool
}

func (a addressee) name() string { return orID(a.org.ShortName, a.org.FullName) }

// addressee finds the organisation that the call names. Branches and doubles at other operators share an INN: the
// one that we exchange documents with is meant, and where that does not tell a person chooses.
func (r *runner) addressee(ctx context.Context, c *call, o office) (addressee, error) {
	inn, kpp, err := r.taxNumbers(ctx, c)
	if err != nil {
		return addressee{}, err
	}
	found, err := o.client.GetOrganizationsByInnKpp(ctx, inn, kpp, true)
	if err != nil && !errors.Is(err, diadoc.ErrNotFound) {
		return addressee{}, err
	}
	var all []addressee
	wanted := diadoc.BoxID(strings.TrimSpace(c.Properties.First("box_id")))
	for _, org := range found.Organizations {
		for _, b := range org.Boxes {
			if wanted == "" || b.BoxIDGUID.Same(wanted) || b.BoxID.Same(wanted) {
				all = append(all, addressee{org: org, box: b.BoxIDGUID})
			}
		}
	}
	if len(all) == 0 {
		what := fmt.Sprintf("ИНН %s", inn)
		if kpp != "" {
			what += ", КПП " + kpp
		}
		return addressee{}, &docflow.Refusal{Code: "counteragent_not_found",
			CRMText: fmt.Sprintf("Параметр inn: в Диадоке нет организации: %s. Проверьте ИНН и КПП контрагента.", what),
			TextEN:  fmt.Sprintf("Parameter inn: Diadoc has no such organisation: INN %s, KPP %s.", inn, kpp)}
	}
	if all, err = o.related(ctx, all); err != nil {
		return addressee{}, err
	}
	one, ok := chosenOf(all)
	if !ok {
		return addressee{}, manyAddressees(inn, all)
	}
	return one, one.refused(o)
}

// related finds out with whom of several, or with the one who takes documents from partners only, we exchange
// documents.
func (o office) related(ctx context.Context, all []addressee) ([]addressee, error) {
	for i, a := range all {
		if len(all) == 1 && !a.partnersOnly() {
			continue
		}
		relation, err := o.client.GetCounteragent(ctx, o.box, a.box)
		if errors.Is(err, diadoc.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[i].partner = relation.CurrentStatus == diadoc.IsMyCounteragent
	}
	return all, nil
}

func (a addressee) partnersOnly() bool {
	return a.org.Sociability == diadoc.SociabilityCounteragentsOnly || a.org.IsRoaming
}

// chosenOf picks the only one, the only partner, or the only head organisation of this operator.
func chosenOf(all []addressee) (addressee, bool) {
	for _, narrow := range []func(addressee) bool{
		func(addressee) bool { return true },
		func(a addressee) bool { return a.partner },
	} {
		left := slices.DeleteFunc(slices.Clone(all), func(a addressee) bool { return !narrow(a) })
		if len(left) == 1 {
			return left[0], true
		}
	}
	return addressee{}, false
}

func manyAddressees(inn string, all []addressee) *docflow.Refusal {
	var choices []string
	for _, a := range all {
		text := fmt.Sprintf("• %s, КПП %s, box_id %s", a.name(), orID(a.org.KPP, "нет"), a.box)
		if a.org.IsBranch {
			text += ", филиал"
		}
		if a.org.IsRoaming {
			text += ", другой оператор"
		}
		if a.partner {
			text += ", наш контрагент"
		}
		choices = append(choices, text)
	}
	return &docflow.Refusal{Code: "counteragent_ambiguous",
		CRMText: fmt.Sprintf("Параметр inn: с ИНН %s в Диадоке несколько организаций. Укажите нужный КПП в параметре kpp или ящик в параметре box_id:\n%s", inn, strings.Join(choices, "\n")),
		TextEN:  fmt.Sprintf("Parameter inn: several organisations have INN %s; name one by kpp or box_id.", inn)}
}

// refused tells beforehand what the service would refuse with less to say.
func (a addressee) refused(o office) error {
	switch {
	case a.box.Same(o.box):
		return &docflow.Refusal{Code: "own_box", CRMText: "Параметр inn: это ИНН нашей же организации. Укажите ИНН контрагента.", TextEN: "Parameter inn: that is our own organisation."}
	case a.org.LiquidationDate != "":
		return &docflow.Refusal{Code: "counteragent_liquidated",
			CRMText: fmt.Sprintf("Параметр inn: организация %s ликвидирована %s, обмен с ней невозможен.", a.name(), a.org.LiquidationDate),
			TextEN:  "Parameter inn: the organisation is liquidated."}
	case a.partnersOnly() && !a.partner:
		return &docflow.Refusal{Code: "not_partner",
			CRMText: fmt.Sprintf("%s принимает документы только от своих контрагентов, а мы пока не партнёры. Пригласите организацию роботом «Диадок: пригласить контрагента» и отправьте документы, когда она примет приглашение.", a.name()),
			TextEN:  "The organisation takes documents from its counteragents only; invite it first."}
	}
	return nil
}
