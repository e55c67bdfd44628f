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
	org      diadoc.Organization
	box      diadoc.BoxID
	partner  bool   // told where it matters
	inn, kpp string // that it was looked for by
}

func (a addressee) name() string { return orID(a.org.ShortName, a.org.FullName) }

// addressee finds the organisation that the call names, and refuses one that documents can't be sent to.
func (r *runner) addressee(ctx context.Context, c *call, o office) (addressee, error) {
	one, err := r.counteragent(ctx, c, o)
	if err != nil {
		return addressee{}, err
	}
	return one, one.refused()
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
func (a addressee) refused() error {
	switch {
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
