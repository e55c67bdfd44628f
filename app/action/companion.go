package action

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/realty"
)

// A companion is a docflow about another one: a request to cancel, suspend or resume it, or more documents
// for it. Its participants are those of its parent's frozen request, word for word.

// runAction asks to cancel, suspend or resume a docflow.
func runAction(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	var parent docflow.Record
	about := func(ctx context.Context) (found docflow.Record, err error) {
		parent, err = r.parent(ctx, c)
		return parent, err
	}
	return r.file(ctx, c, filing{kind: realty.ActionKind, until: docflow.UntilFirst, about: about,
		body: func(ctx context.Context, client *realty.Client, requestID string) (frozen, error) {
			documents, err := r.applied(ctx, c, client)
			if err != nil {
				return frozen{}, err
			}
			options := map[string]any{"actionType": strings.TrimSpace(c.Properties.First("action_type")), "docflowId": parent.ExternalID,
				"cause": strings.TrimSpace(c.Properties.First("cause")), "docflowMember": participants(parent.Body)}
			if len(documents) > 0 {
				options["documents"] = documents
			}
			return r.checked(client, realty.ActionKind, requestID, options, map[string]string{"actionType": "action_type", "cause": "cause"})
		}})
}

// runExtraPackage sends more documents for a docflow that the registrar has. They go in the name of the
// one who acquires the right, else of the first participant: the robot's form has no place to choose.
func runExtraPackage(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	var parent docflow.Record
	about := func(ctx context.Context) (found docflow.Record, err error) {
		parent, err = r.parent(ctx, c)
		return parent, err
	}
	return r.file(ctx, c, filing{kind: realty.AdditionalPackageKind, until: docflow.UntilFirst, about: about,
		body: func(ctx context.Context, client *realty.Client, requestID string) (frozen, error) {
			documents, err := r.applied(ctx, c, client)
			if err != nil {
				return frozen{}, err
			}
			if len(documents) == 0 {
				return frozen{}, invalid([]string{"documents: нет ни одного документа. Приложите PDF или XML к полю, которое указано в роботе"})
			}
			applicant := participants(parent.Body)[0]
			return r.checked(client, realty.AdditionalPackageKind, requestID, map[string]any{"docflowId": parent.ExternalID,
				"additionalDocuments": []any{map[string]any{"docflowMember": applicant, "documents": documents}}}, nil)
		}})
}

// parent finds the docflow that a companion is about: the named one, else the card's latest that is no
// companion and no extract. What is ended or not created can't be acted on.
func (r *runner) parent(ctx context.Context, c *call) (docflow.Record, error) {
	rec, err := r.named(ctx, c)
	if err != nil {
		return rec, err
	}
	switch kind := realty.Kind(rec.Kind); {
	case kind == realty.ObjectRequestKind || isCompanion(kind):
		return rec, &docflow.Refusal{Code: "wrong_docflow", CRMText: fmt.Sprintf("Документооборот %s («%s») нельзя отменить, приостановить или дополнить. Укажите в параметре docflow_id документооборот регистрации.", rec.ID, kind.Label()),
			TextEN: "This docflow can't be acted on; name a registration in docflow_id."}
	case rec.ExternalID == "":
		return rec, &docflow.Refusal{Code: "not_created", CRMText: "Документооборот ещё не создан в Реестро. Дождитесь, пока он появится.", TextEN: "The docflow is not created yet."}
	case rec.State.Final():
		return rec, &docflow.Refusal{Code: "already_ended", CRMText: "Документооборот уже завершён, изменить его нельзя.", TextEN: "The docflow has ended."}
	case len(participants(rec.Body)) == 0:
		return rec, &docflow.Refusal{Code: "no_participants", CRMText: "В поданных документах нет участников, от имени которых можно обратиться. Подайте запрос в личном кабинете Реестро.", TextEN: "The docflow names no participants."}
	}
	return rec, nil
}

func isCompanion(kind realty.Kind) bool {
	return kind == realty.ActionKind || kind == realty.AdditionalPackageKind
}

func (r *runner) named(ctx context.Context, c *call) (docflow.Record, error) {
	if strings.TrimSpace(c.Properties.First("docflow_id")) != "" {
		return r.record(ctx, c)
	}
	rec, err := r.latest(ctx, c, func(kind realty.Kind) bool { return kind != realty.ObjectRequestKind && !isCompanion(kind) })
	if errors.Is(err, r.NotFound) {
		return rec, &docflow.Refusal{Code: "docflow_not_found", Cause: err,
			CRMText: "В карточке нет документооборота регистрации. Сначала подайте документы или укажите номер в параметре docflow_id.",
			TextEN:  "The card has no registration docflow. File one first, or name it in docflow_id."}
	}
	return rec, err
}

// latest finds the card's newest docflow of a kind that serves.
func (r *runner) latest(ctx context.Context, c *call, serves func(realty.Kind) bool) (docflow.Record, error) {
	all, err := r.Store.CardDocflows(ctx, string(c.portal), c.Card, maxLooked)
	if err != nil {
		return docflow.Record{}, err
	}
	for _, rec := range all {
		if rec.System == docflow.Realty && serves(realty.Kind(rec.Kind)) {
			return rec, nil
		}
	}
	return docflow.Record{}, r.NotFound
}

// maxLooked bounds how many docflows of a card are looked through for its latest one.
const maxLooked = 100

// participants lists the members (DocflowMember) of a frozen request, each once, those who acquire first.
func participants(body []byte) []any {
	var request struct{ Options map[string]any }
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&request) != nil {
		return nil
	}
	var found []any
	collectMembers(request.Options["buyer"], &found)
	collectMembers(request.Options, &found)
	return found
}

// collectMembers does not look into a member: its representative holds a person too, who is no participant.
func collectMembers(v any, found *[]any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"person", "organization", "organisation"} {
			if _, ok := v[key].(map[string]any); ok {
				if !slices.ContainsFunc(*found, func(known any) bool { return reflect.DeepEqual(known, v) }) {
					*found = append(*found, v)
				}
				return
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			collectMembers(v[key], found)
		}
	case []any:
		for _, each := range v {
			collectMembers(each, found)
		}
	}
}

// applied uploads the robot's documents, each with the signatures that are named like it.
func (r *runner) applied(ctx context.Context, c *call, client *realty.Client) ([]any, error) {
	if len(c.Properties.All("documents")) == 0 {
		return nil, nil
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return nil, err
	}
	refs, err := r.files(ctx, b24, c, "documents")
	if err != nil {
		return nil, err
	}
	read, err := readPapers(ctx, b24, refs)
	defer read.close()
	if err != nil {
		return nil, err
	}
	documents := make([]any, 0, len(read))
	for _, p := range read {
		id, err := handOver(ctx, client, p.file, p.contentType)
		if err != nil {
			return nil, err
		}
		var signatures []string
		for _, file := range p.signatures {
			signature, err := handOver(ctx, client, file, realty.SignatureType)
			if err != nil {
				return nil, err
			}
			signatures = append(signatures, signature)
		}
		documents = append(documents, map[string]any{"documentType": "other", "content": mapping.Content(p.kind, id, signatures)})
	}
	return documents, nil
}
