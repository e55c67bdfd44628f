package docflow_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
)

func message(state docflow.State, comment string) docflow.Update {
	return docflow.Update{ExternalID: "m", State: state, Cause: docflow.CauseNews, At: time.Unix(1, 0),
		Documents: []docflow.Document{{EntityID: "e", State: state, Comment: comment, OurTurn: state == docflow.RevocationIn}}}
}

func read(u docflow.Update, at int64, acts ...string) docflow.Update {
	u.Read = docflow.Reading{At: at, Acts: acts}
	return u
}

func passed(u docflow.Update) docflow.Update {
	u.Passed = true
	return u
}

// Readings of one message meet out of order: an older one changes nothing, what was passed through is told once.
func TestReadingsOutOfOrder(t *testing.T) {
	t.Parallel()
	rec := docflow.Record{System: docflow.Diadoc, State: docflow.Prepared}
	var told []docflow.State
	for _, step := range []struct {
		update docflow.Update
		tells  bool
	}{
		{read(message(docflow.AwaitingAnswer, ""), 10, "sent"), true},
		{passed(read(message(docflow.AwaitingAnswer, ""), 10, "sent")), false},
		{passed(read(message(docflow.AllSigned, ""), 20, "sent", "signed")), true},
		{read(message(docflow.RevocationIn, "ошибка"), 30, "sent", "signed", "asked"), true},
		{passed(read(message(docflow.AllSigned, ""), 20, "sent", "signed")), false},
		{read(message(docflow.AwaitingAnswer, ""), 10, "sent"), false},
		{read(message(docflow.RevocationIn, ""), 30, "sent", "signed", "asked"), false},
		{read(message(docflow.Revoked, ""), 40, "sent", "signed", "asked", "agreed"), true},
	} {
		next, ch := rec.Apply(step.update)
		require.Equal(t, step.tells, ch.Changed, step.update.State)
		rec = next
		if ch.Changed {
			told = append(told, ch.To)
		}
		require.GreaterOrEqual(t, rec.Read.At, int64(10))
	}
	require.Equal(t, []docflow.State{docflow.AwaitingAnswer, docflow.AllSigned, docflow.RevocationIn, docflow.Revoked}, told)
}

// A plain reading does not know the reason that an earlier one found out, and must not take it back.
func TestReasonIsKept(t *testing.T) {
	t.Parallel()
	rec := docflow.Record{System: docflow.Diadoc, ExternalID: "m", State: docflow.AwaitingAnswer}
	rec, ch := rec.Apply(read(message(docflow.RevocationIn, "ошибка"), 10, "asked"))
	require.Len(t, ch.Ours, 1)
	rec, ch = rec.Apply(read(message(docflow.RevocationIn, ""), 11, "asked"))
	require.False(t, ch.Changed)
	require.True(t, ch.Stored, "how far it was read")
	require.Empty(t, ch.Ours)
	require.Equal(t, "ошибка", rec.Documents[0].Comment)
	rec, _ = rec.Apply(read(message(docflow.AwaitingAnswer, ""), 12, "asked", "refused"))
	require.Empty(t, rec.Documents[0].Comment)
}

// A sent draft is another message: what was read of the draft says nothing about it.
func TestReadingOfASentDraft(t *testing.T) {
	t.Parallel()
	rec := docflow.Record{System: docflow.Diadoc, ExternalID: "draft", State: docflow.Draft, Read: docflow.Reading{At: 100}}
	u := read(message(docflow.AwaitingAnswer, ""), 50, "sent")
	u.MovedTo = "m"
	rec, ch := rec.Apply(u)
	require.True(t, ch.Changed)
	require.Equal(t, "m", rec.ExternalID)
	require.Equal(t, docflow.Reading{At: 50, Acts: []string{"sent"}}, rec.Read)
}
