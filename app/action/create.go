package action

import (
	"context"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/realty"
)

// docflowTypes lists the types that have a ready mapping or may be given one in the settings.
func docflowTypes() []Option {
	var opts []Option
	for _, k := range realty.Kinds() {
		opts = append(opts, Option{Key: string(k), Label: Text{k.Label(), string(k)}})
	}
	return opts
}

// runExtract orders an extract. What can be checked is checked before any call.
func runExtract(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	options := map[string]any{"type": c.Properties.First("type"), "cadastralNumber": strings.TrimSpace(c.Properties.First("cadastral_number"))}
	return r.file(ctx, c, filing{kind: realty.ObjectRequestKind, until: docflow.UntilCompleted, connection: c.Properties.First("connection"),
		body: func(_ context.Context, client *realty.Client, requestID string) (frozen, error) {
			return r.checked(client, realty.ObjectRequestKind, requestID, options,
				map[string]string{"cadastralNumber": "cadastral_number", "type": "type"})
		}})
}

// runCreate files a docflow made from the card by a mapping.
func runCreate(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	kind, ok := realty.ParseKind(c.Properties.First("docflow_type"))
	if !ok {
		return lane.Result{}, &docflow.Refusal{Code: "unknown_docflow_type",
			CRMText: fmt.Sprintf("Неизвестный тип документооборота «%s» в параметре docflow_type. Выберите тип из списка робота.", c.Properties.First("docflow_type")),
			TextEN:  "Unknown docflow type in docflow_type."}
	}
	return r.file(ctx, c, filing{kind: kind, until: docflow.UntilFirst, connection: c.Properties.First("connection"),
		body: func(ctx context.Context, client *realty.Client, requestID string) (frozen, error) {
			return r.mapped(ctx, c, client, kind, requestID)
		}})
}

// mapped makes the request of a card: render, check everything at once, upload the files, freeze.
func (r *runner) mapped(ctx context.Context, c *call, client *realty.Client, kind realty.Kind, requestID string) (frozen, error) {
	m, err := r.mapping(ctx, c, kind)
	if err != nil {
		return frozen{}, err
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return frozen{}, err
	}
	card, err := r.readCard(ctx, b24, c, m.Reads())
	if err != nil {
		return frozen{}, err
	}
	result, problems := m.Render(card)
	problems = append(problems, mapping.Check(r.Check, string(kind), result)...)
	var bad, doubtful []string
	for _, p := range problems {
		if p.Severity == mapping.SeverityError {
			bad = append(bad, p.Text())
		} else {
			doubtful = append(doubtful, p.Text())
		}
	}
	if len(bad) > 0 {
		return frozen{}, invalid(bad)
	}
	up := &uploader{b24: b24, client: client, card: card, done: map[string]uploaded{}}
	options, err := result.Resolve(func(use mapping.FileUse) (any, error) { return up.content(ctx, use) })
	if err != nil {
		return frozen{}, err
	}
	body, err := client.Spelling().CreateBody(kind, requestID, options)
	return frozen{body, doubtful}, err
}
