package docflow_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
)

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

func at(state docflow.State, tune ...func(*docflow.Record)) docflow.Record {
	r := docflow.Record{ID: "d", ExternalID: "x", State: state}
	for _, f := range tune {
		f(&r)
	}
	return r
}

func requiring(q docflow.Requirement) func(*docflow.Record) {
	return func(r *docflow.Record) { r.Requirement = q }
}

func signed(ids ...string) []docflow.Statement {
	var all []docflow.Statement
	for _, id := range ids {
		all = append(all, docflow.Statement{FileID: id, PersonID: "p", SignedAt: noon})
	}
	return all
}

func unsigned(ids ...string) []docflow.Statement {
	all := signed(ids...)
	for i := range all {
		all[i].SignedAt = time.Time{}
	}
	return all
}

func TestApply(t *testing.T) {
	t.Parallel()
	refusal := &docflow.Refusal{Code: "service_validation", CRMText: "Реестро: плохая подпись"}
	for name, tc := range map[string]struct {
		from   docflow.Record
		update docflow.Update
		want   docflow.Record
		ch     docflow.Change
		moved  bool
	}{
		"the first answer names the docflow": {
			from:   docflow.Record{State: docflow.Prepared},
			update: docflow.Update{ExternalID: "x", State: docflow.Queued, Cause: docflow.CauseNews, At: noon},
			want:   docflow.Record{ExternalID: "x", State: docflow.Queued, Changed: noon},
			ch:     docflow.Change{From: docflow.Prepared, To: docflow.Queued, Changed: true, FirstAnswer: true, Cause: docflow.CauseNews, At: noon},
			moved:  true,
		},
		"an answer that is older than the record leaves the id only": {
			from:   docflow.Record{State: docflow.Sent},
			update: docflow.Update{ExternalID: "x"},
			want:   docflow.Record{ExternalID: "x", State: docflow.Sent},
			ch:     docflow.Change{From: docflow.Sent, To: docflow.Sent, FirstAnswer: true},
		},
		"the same state is no change": {
			from: at(docflow.Sent), update: docflow.Update{State: docflow.Sent, At: noon},
			want: at(docflow.Sent), ch: docflow.Change{From: docflow.Sent, To: docflow.Sent, At: noon},
		},
		"a jump that nobody documents is applied and marked": {
			from: at(docflow.Completed), update: docflow.Update{State: docflow.Sent, At: noon},
			want:  at(docflow.Sent, func(r *docflow.Record) { r.Changed = noon }),
			ch:    docflow.Change{From: docflow.Completed, To: docflow.Sent, Changed: true, Unexpected: true, At: noon},
			moved: true,
		},
		"an unknown word is kept": {
			from: at(docflow.Sent), update: docflow.Update{State: "frozen", At: noon},
			want:  at("frozen", func(r *docflow.Record) { r.Changed = noon }),
			ch:    docflow.Change{From: docflow.Sent, To: "frozen", Changed: true, Unexpected: true, At: noon},
			moved: true,
		},
		"a refusal is a change by itself": {
			from:   at(docflow.Suspended, requiring(docflow.RequirePayment)),
			update: docflow.Update{State: docflow.Suspended, Requirement: docflow.RequirePayment, Refusal: refusal, At: noon},
			want:   at(docflow.Suspended, requiring(docflow.RequirePayment), func(r *docflow.Record) { r.Refusal, r.Changed = refusal, noon }),
			ch: docflow.Change{From: docflow.Suspended, To: docflow.Suspended, RequirementFrom: docflow.RequirePayment,
				Requirement: docflow.RequirePayment, Changed: true, At: noon},
		},
		"a further charge is a further thing to pay": {
			from: at(docflow.Suspended, requiring(docflow.RequirePayment), func(r *docflow.Record) { r.Charges = []docflow.Charge{{UIN: "1", Sum: 100}} }),
			update: docflow.Update{State: docflow.Suspended, Requirement: docflow.RequirePayment, At: noon,
				Charges: []docflow.Charge{{UIN: "2", Sum: 0}, {UIN: "1", Sum: 100}}},
			want: at(docflow.Suspended, requiring(docflow.RequirePayment), func(r *docflow.Record) {
				r.Charges, r.Changed = []docflow.Charge{{UIN: "2", Sum: 0}, {UIN: "1", Sum: 100}}, noon
			}),
			ch: docflow.Change{From: docflow.Suspended, To: docflow.Suspended, RequirementFrom: docflow.RequirePayment,
				Requirement: docflow.RequirePayment, Changed: true, DutyNew: true, At: noon},
			moved: true,
		},
		"the same charges in another order are the same": {
			from: at(docflow.Sent, func(r *docflow.Record) { r.Charges = []docflow.Charge{{UIN: "1", Sum: 100}, {UIN: "2", Sum: 5}} }),
			update: docflow.Update{State: docflow.Sent, At: noon,
				Charges: []docflow.Charge{{UIN: "2", Sum: 5}, {UIN: "1", Sum: 100}}},
			want: at(docflow.Sent, func(r *docflow.Record) { r.Charges = []docflow.Charge{{UIN: "2", Sum: 5}, {UIN: "1", Sum: 100}} }),
			ch:   docflow.Change{From: docflow.Sent, To: docflow.Sent, At: noon},
		},
		"another file of the same number of files is new": {
			from:   at(docflow.Sent, func(r *docflow.Record) { r.Files = []docflow.File{{ID: "suspension"}} }),
			update: docflow.Update{State: docflow.Completed, Files: []docflow.File{{ID: "result"}}, At: noon},
			want:   at(docflow.Completed, func(r *docflow.Record) { r.Files, r.Changed = []docflow.File{{ID: "result"}}, noon }),
			ch: docflow.Change{From: docflow.Sent, To: docflow.Completed, Changed: true,
				NewFiles: []docflow.File{{ID: "result"}}, At: noon},
			moved: true,
		},
		"files that come late change the card, not the state": {
			from:   at(docflow.Completed),
			update: docflow.Update{State: docflow.Completed, Files: []docflow.File{{ID: "late"}}, At: noon},
			want:   at(docflow.Completed, func(r *docflow.Record) { r.Files, r.Changed = []docflow.File{{ID: "late"}}, noon }),
			ch: docflow.Change{From: docflow.Completed, To: docflow.Completed, Changed: true,
				NewFiles: []docflow.File{{ID: "late"}}, At: noon},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ch := tc.from.Apply(tc.update)
			require.Equal(t, tc.want, got)
			require.Equal(t, tc.ch.Changed || tc.ch.FirstAnswer || tc.ch.StatementsNew, ch.Stored)
			ch.Stored = false // told by the others, as the line above says
			require.Equal(t, tc.ch, ch)
			require.Equal(t, tc.moved, ch.Moved())
		})
	}
}

func TestSignaturesStay(t *testing.T) {
	t.Parallel()
	waiting := at(docflow.Suspended, requiring(docflow.RequireSignature))
	for name, tc := range map[string]struct {
		had   docflow.Record
		said  []docflow.Statement
		fault bool
		want  []docflow.Statement
		told  bool
	}{
		"a satisfied entry that stays in the list": {waiting, unsigned("a", "b"), false, append(signed("a"), unsigned("b")...), false},
		"ids in another case":                      {waiting, unsigned("A", "b"), false, append(signed("A"), unsigned("b")...), true},
		"another statement in its place":           {waiting, unsigned("a", "c"), false, append(signed("a"), unsigned("c")...), true},
		"a fault asks for them anew":               {waiting, unsigned("a", "b"), true, unsigned("a", "b"), true},
		"so does the way back from a check":        {at(docflow.Verified), unsigned("a", "b"), false, unsigned("a", "b"), true},
		"and the way back from an error":           {at(docflow.Failed), unsigned("a", "b"), false, unsigned("a", "b"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			had := tc.had
			had.Statements = append(signed("a"), unsigned("b")...)
			u := docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Statements: tc.said}
			if tc.fault {
				u.Refusal = &docflow.Refusal{CRMText: "подпись не прошла проверку"}
			}
			got, ch := had.Apply(u)
			require.Equal(t, tc.want, got.Statements)
			require.Equal(t, tc.told, ch.StatementsNew)
			require.Equal(t, had.Statements, append(signed("a"), unsigned("b")...), "the record itself stays")
		})
	}
}

func TestSignaturesAskedAgainAreNotDroppedTwice(t *testing.T) {
	t.Parallel()
	fault := docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Statements: unsigned("a"),
		Refusal: &docflow.Refusal{CRMText: "подпись не прошла проверку"}, Cause: docflow.CauseGet}
	r, _ := at(docflow.Queued).Apply(fault)
	r.Statements[0].SignedAt = noon // signed again while the service still shows the old fault
	r, ch := r.Apply(fault)
	require.Empty(t, r.Unsigned())
	require.False(t, ch.Changed)
}

// TestEcho follows a filing whose answers came long before the news told the same.
func TestEcho(t *testing.T) {
	t.Parallel()
	say := func(cause string, s docflow.State, q docflow.Requirement) docflow.Update {
		return docflow.Update{State: s, Requirement: q, Cause: cause, ExternalID: "x"}
	}
	r := docflow.Record{State: docflow.Prepared}
	step := func(u docflow.Update, state docflow.State, changed bool, echo ...string) {
		t.Helper()
		next, ch := r.Apply(u)
		require.Equal(t, state, next.State)
		require.Equal(t, changed, ch.Changed)
		require.Equal(t, len(echo), len(next.Echo), "%v", next.Echo)
		require.Subset(t, next.Echo, echo)
		require.True(t, ch.Stored || len(next.Echo) == len(r.Echo), "what is awaited must be stored")
		r = next
	}
	step(say(docflow.CauseCreate, docflow.Suspended, docflow.RequireSignature), docflow.Suspended, true, "suspended/signature")
	step(say(docflow.CauseSubmit, docflow.Queued, ""), docflow.Queued, true, "suspended/signature", "queued/")
	step(say(docflow.CauseNews, docflow.Suspended, docflow.RequireSignature), docflow.Queued, false, "queued/")
	step(say(docflow.CauseNews, docflow.Queued, ""), docflow.Queued, false)
	step(say(docflow.CauseNews, docflow.Suspended, docflow.RequireSignature), docflow.Suspended, true)
	step(say(docflow.CauseSubmit, docflow.Queued, ""), docflow.Queued, true, "queued/")
	step(say(docflow.CauseNews, docflow.Sent, ""), docflow.Sent, true) // the news skipped one
	step(say(docflow.CauseNews, docflow.Queued, ""), docflow.Queued, true)
}

func TestEchoOfAnotherFaultIsNews(t *testing.T) {
	t.Parallel()
	r, _ := docflow.Record{State: docflow.Prepared}.Apply(docflow.Update{State: docflow.Suspended,
		Requirement: docflow.RequireSignature, Cause: docflow.CauseCreate})
	got, ch := r.Apply(docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Cause: docflow.CauseNews,
		Refusal: &docflow.Refusal{CRMText: "подпись не прошла проверку"}})
	require.True(t, ch.Changed)
	require.Empty(t, got.Echo)
}
