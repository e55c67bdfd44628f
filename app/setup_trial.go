package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/app/page"
	"konturbridge/app/page/setup"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/realty/schema"
)

// fieldsTime is how long one press makes fields; the page presses again until all are there.
const fieldsTime = 12 * time.Second

func (a *App) trial() setup.Trial { return setup.Trial{Try: a.tryMapping, Fields: a.tryFields} }

// tryMapping renders a tree for a card and checks what comes out. It only reads.
func (a *App) tryMapping(ctx context.Context, id string, kind setup.Kind, card int64, docflowType string, options any) (setup.Tried, error) {
	compiled, err := mapping.Compile(options)
	if err != nil {
		return setup.Tried{}, &page.Problem{RU: "В соответствии есть ошибки: " + err.Error(), EN: "The mapping is faulty: " + err.Error(), Cause: err}
	}
	schemas, err := schema.Load()
	if err != nil {
		return setup.Tried{}, err
	}
	read, err := a.actions.Read(ctx, portal.ID(id), docflow.Card{EntityType: kind.Type, ID: card}, compiled.Reads())
	switch {
	case errors.Is(err, bitrix.ErrNotFound):
		return setup.Tried{}, &page.Problem{Status: http.StatusUnprocessableEntity, Cause: err,
			RU: fmt.Sprintf("Карточки № %d (%s) в портале нет. Проверьте номер и вид карточки.", card, kind.Title),
			EN: fmt.Sprintf("The portal has no card %d (%s). Check the number and the kind.", card, kind.Title)}
	case errors.Is(err, bitrix.ErrAccessDenied):
		return setup.Tried{}, &page.Problem{Cause: err, RU: "У моста нет доступа к этой карточке.", EN: "The bridge may not read this card."}
	case err != nil:
		return setup.Tried{}, err
	}
	result, problems := compiled.Render(read)
	problems = append(problems, mapping.Check(schemaChecker{schemas}, docflowType, result)...)
	return setup.Tried{Title: cardTitle(read, kind, card), Result: result, Problems: problems}, nil
}

func cardTitle(card mapping.Card, kind setup.Kind, id int64) string {
	for _, fields := range []map[string]any{card.Deal, card.Lead, card.Item} {
		if title, ok := fields["TITLE"].(string); ok {
			return fmt.Sprintf("%s № %d «%s»", kind.Title, id, title)
		}
	}
	return fmt.Sprintf("%s № %d", kind.Title, id)
}

// tryFields looks for the fields of ready mappings, and makes them as far as there is time.
func (a *App) tryFields(ctx context.Context, id string, kind setup.Kind, types []string, dry bool) ([]setup.FieldLine, error) {
	client, err := a.clients.Bitrix(ctx, portal.ID(id))
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	known, err := mapping.Fields()
	if err != nil {
		return nil, err
	}
	for _, f := range known {
		titles[f.Name] = f.RU
	}
	limited, cancel := context.WithTimeout(ctx, fieldsTime)
	defer cancel()
	lines := []setup.FieldLine{}
	err = MakeFields(limited, client, FieldsWanted{Types: types, Card: bitrix.EntityTypeID(kind.Type), DryRun: dry}, func(l FieldLine) {
		lines = append(lines, setup.FieldLine{Holder: l.Holder, Name: l.Name, Title: cmp.Or(titles[l.Name], l.Name), State: string(l.State), Note: l.Note})
	})
	switch {
	case errors.Is(err, ErrFieldsFailed):
		return lines, nil // each line says so
	case err != nil && limited.Err() != nil && ctx.Err() == nil && !dry:
		return append(lines, setup.FieldLine{Title: "…", State: "missing"}), nil
	case errors.Is(err, ErrNoSmartProcess):
		return nil, &page.Problem{RU: "Такого смарт-процесса в портале нет.", EN: "The portal has no such smart process.", Cause: err}
	case errors.Is(err, bitrix.ErrAccessDenied), errors.Is(err, bitrix.ErrScope):
		return nil, &page.Problem{RU: "Портал не разрешает мосту создавать поля: нужен администратор и право userfieldconfig у приложения.",
			EN: "The portal does not let the bridge make fields: it takes an administrator and the application's scope userfieldconfig.", Cause: err}
	}
	return lines, err
}
