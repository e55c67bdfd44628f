package action

import (
	"context"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/bitrix"
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
	made, err := r.rendered(ctx, c, kind)
	if err != nil {
		return frozen{}, err
	}
	var bad, doubtful []string
	for _, p := range made.problems {
		if p.Severity == mapping.SeverityError {
			bad = append(bad, p.Text())
		} else {
			doubtful = append(doubtful, p.Text())
		}
	}
	if len(bad) > 0 {
		return frozen{}, invalid(bad)
	}
	up := &uploader{b24: made.b24, client: client, card: made.card, done: map[string]uploaded{}}
	options, err := made.result.Resolve(func(use mapping.FileUse) (any, error) { return up.content(ctx, use) })
	if err != nil {
		return frozen{}, err
	}
	body, err := client.Spelling().CreateBody(kind, requestID, options)
	return frozen{body, doubtful}, err
}

// rendering is what a mapping made of a card, before any file is read.
type rendering struct {
	b24      *bitrix.Client
	card     mapping.Card
	result   mapping.Result
	problems []mapping.Problem
}

// rendered makes it with the mapping that the call names and tells everything that is wrong with it.
func (r *runner) rendered(ctx context.Context, c *call, kind realty.Kind) (rendering, error) {
	m, err := r.mapping(ctx, c, kind)
	if err != nil {
		return rendering{}, err
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return rendering{}, err
	}
	card, err := r.readCard(ctx, b24, c, m.Reads())
	if err != nil {
		return rendering{}, err
	}
	result, problems := m.Render(card)
	return rendering{b24, card, result, append(problems, mapping.Check(r.Check, string(kind), result)...)}, nil
}
