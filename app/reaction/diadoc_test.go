package reaction_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
)

var letterCard = docflow.Card{EntityType: 2, ID: 57}

// letterAt is a record of a message whose documents are these.
func letterAt(documents ...docflow.Document) docflow.Record {
	return docflow.Record{ID: "d-1", Portal: "m1", Card: letterCard, System: docflow.Diadoc, Kind: documents[0].Type, ExternalID: "msg-1",
		State: docflow.StateOf(documents), Documents: documents}
}

func contract(state docflow.State, direction docflow.Direction, ours bool) docflow.Document {
	return docflow.Document{EntityID: "e-1", Type: "Contract", Title: "Договор № 7", File: "Договор.pdf", Number: "7", State: state, Direction: direction, OurTurn: ours}
}

// changed is what leads a record to these documents.
func changed(t *testing.T, rec docflow.Record, documents ...docflow.Document) (docflow.Record, docflow.Change) {
	t.Helper()
	return rec.Apply(docflow.Update{ExternalID: "msg-1", State: docflow.StateOf(documents), Documents: documents, Cause: docflow.CauseNews, At: time.Unix(1, 0)})
}

// effectsOf decodes the effects of a kind.
func effectsOf[P any](t *testing.T, all []reaction.Effect, kind reaction.Kind) []P {
	t.Helper()
	var found []P
	for _, e := range all {
		if e.Kind == kind {
			var p P
			require.NoError(t, json.Unmarshal(e.Params, &p))
			found = append(found, p)
		}
	}
	return found
}

func TestArrivedDocumentIsShown(t *testing.T) {
	t.Parallel()
	rec, ch := changed(t, docflow.Record{ID: "d-1", Portal: "m1", Card: letterCard, System: docflow.Diadoc, Kind: "Contract", ExternalID: "msg-1"},
		contract(docflow.AwaitingAnswer, docflow.Inbound, true))
	effects := reaction.Plan(settings.Settings{}, rec, ch, nil)
	comments := effectsOf[reaction.CommentParams](t, effects, reaction.Comment)
	require.Len(t, comments, 1)
	require.Contains(t, comments[0].Text, "получен документ от контрагента, ждёт нашей подписи")
	require.Contains(t, comments[0].Text, "Подпишите документ или откажите")
	require.Equal(t, []reaction.FileItem{{ID: "e-1", Name: "Договор.pdf"}}, comments[0].Files)
	todos := effectsOf[reaction.TextParams](t, effects, reaction.Todo)
	require.Len(t, todos, 1)
	require.Contains(t, todos[0].Text, "Договор № 7")
	fields := effectsOf[reaction.FieldsParams](t, effects, reaction.SetFields)
	require.Equal(t, "ждёт нашей подписи", fields[0].Values[portal.FieldDiadocStatus])
	require.Equal(t, "msg-1", fields[0].Values[portal.FieldDiadocID])

	approved := contract(docflow.AwaitingAnswer, docflow.Inbound, true)
	approved.Resolution = "Approved"
	rec, ch = changed(t, rec, approved)
	effects = reaction.Plan(settings.Settings{}, rec, ch, nil)
	require.Empty(t, effectsOf[reaction.TextParams](t, effects, reaction.Todo), "once per state")
	require.Empty(t, effectsOf[reaction.CommentParams](t, effects, reaction.Comment)[0].Files)
}

func TestSentDocumentIsFollowed(t *testing.T) {
	t.Parallel()
	signed := contract(docflow.AllSigned, docflow.Outbound, false)
	signed.SignedBy, signed.SignedAt = "Иванов Иван, ООО «Пример»", time.Date(2026, 5, 14, 10, 0, 0, 0, time.UTC)
	refused := contract(docflow.Rejected, docflow.Outbound, false)
	refused.Comment = "не та сумма"
	asked := contract(docflow.RevocationIn, docflow.Outbound, true)
	for name, tc := range map[string]struct {
		document      docflow.Document
		text, trigger string
		todos         int
	}{
		"signed":   {signed, "подписан (Иванов Иван, ООО «Пример»)", portal.TriggerDocumentSigned, 0},
		"refused":  {refused, "контрагент отказал в подписи (не та сумма)", portal.TriggerDocumentRejected, 0},
		"to undo":  {asked, "Согласитесь на аннулирование", "", 1},
		"lost way": {contract(docflow.DeliveryError, docflow.Outbound, false), "не доставлен", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, ch := changed(t, letterAt(contract(docflow.AwaitingAnswer, docflow.Outbound, false)), tc.document)
			waiter := docflow.Waiter{Portal: "m1", Card: letterCard, Document: "e-1", Until: docflow.UntilSigned, Token: []byte("t")}
			set := settings.Settings{Reactions: []settings.Reaction{{System: settings.Diadoc, State: string(tc.document.State), Comment: "{{ docflow.number }}"},
				{System: settings.Diadoc, State: "draft", Comment: "!"}, {System: settings.Realty, Comment: "!"}}}
			effects := reaction.Plan(set, rec, ch, []docflow.Waiter{waiter})
			comments := effectsOf[reaction.CommentParams](t, effects, reaction.Comment)
			require.Len(t, comments, 2, "the bridge's own and one of the settings")
			require.Contains(t, comments[0].Text, tc.text)
			require.Len(t, effectsOf[reaction.TextParams](t, effects, reaction.Todo), tc.todos)
			var codes []string
			for _, p := range effectsOf[reaction.TriggerParams](t, effects, reaction.RunTrigger) {
				codes = append(codes, p.Code)
			}
			if tc.trigger != "" {
				require.Equal(t, []string{tc.trigger}, codes)
			} else {
				require.Empty(t, codes)
			}
			answers := effectsOf[reaction.ReturnParams](t, effects, reaction.RobotReturn)
			require.Len(t, answers, 1)
			require.Equal(t, string(tc.document.State), answers[0].Values["status"])
			require.Equal(t, tc.document.SignedBy, answers[0].Values["signed_by"])
		})
	}
}

// What a message passed through is told, but nobody is asked to do what is done already.
func TestPassedStateAsksNobody(t *testing.T) {
	t.Parallel()
	before := letterAt(contract(docflow.AwaitingAnswer, docflow.Outbound, false))
	documents := []docflow.Document{contract(docflow.RevocationIn, docflow.Outbound, true)}
	rec, ch := before.Apply(docflow.Update{ExternalID: "msg-1", State: docflow.RevocationIn, Documents: documents, Passed: true,
		Read: docflow.Reading{At: 5, Acts: []string{"a"}}, Cause: docflow.CauseNews, At: time.Unix(1, 0)})
	require.True(t, ch.Changed)
	effects := reaction.Plan(settings.Settings{}, rec, ch, nil)
	require.Len(t, effectsOf[reaction.CommentParams](t, effects, reaction.Comment), 1)
	require.Empty(t, effectsOf[reaction.TextParams](t, effects, reaction.Todo))
}

func TestExpressionsSeeDocuments(t *testing.T) {
	t.Parallel()
	signed := contract(docflow.AllSigned, docflow.Outbound, false)
	signed.SignedBy = "Иванов"
	snapshot := reaction.Snapshot(letterAt(signed, docflow.Document{EntityID: "e-2", Title: "Акт", State: docflow.AllSigned}))
	for expression, want := range map[string]any{
		"{{ docflow.status }}":                          "signed",
		"{{ docflow.message_id }}":                      "msg-1",
		"{{ docflow.number }}":                          "7",
		"{{ docflow.signed_by }}":                       "Иванов",
		"{{ docflow.documents[0].title }}":              "Договор № 7",
		"{{ docflow.documents[1].entity_id }}":          "e-2",
		"{{ len(docflow.documents) }}":                  2,
		"Подписал {{ docflow.documents[0].signed_by }}": "Подписал Иванов",
	} {
		got, problems := mapping.RenderValue(expression, mapping.Card{Entity: "deal", Docflow: snapshot})
		require.Empty(t, problems, expression)
		require.EqualValues(t, want, got, expression)
	}
}
