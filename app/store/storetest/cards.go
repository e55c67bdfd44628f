package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
)

// aCard is a card in all its fields.
func aCard(id int64) portal.Card {
	at := time.Now().Truncate(time.Millisecond)
	return portal.Card{Portal: "p", Card: docflow.Card{EntityType: 2, ID: id}, Category: 1, Stage: "C1:NEW", Fields: map[string]string{"UF_CRM_A": "1"},
		Moved: at.Add(-time.Hour), Updated: at.Add(-time.Minute), History: 35, Looked: at.Add(-time.Second), Seen: at}
}

func cards(t *testing.T, db Opened) {
	st := db.Open(t)
	_, err := st.Card(t.Context(), "p", 2, 57)
	require.ErrorIs(t, err, store.ErrNotFound)
	want := aCard(57)
	require.NoError(t, st.Commit(t.Context(), portal.CardSeen{Card: want}))
	got, err := st.Card(t.Context(), "p", 2, 57)
	require.NoError(t, err)
	require.Equal(t, want, got)
	want.Stage, want.Fields, want.History, want.Moved = "C1:WON", nil, 0, time.Time{}
	require.NoError(t, st.Commit(t.Context(), portal.CardSeen{Card: want}))
	got, err = st.Card(t.Context(), "p", 2, 57)
	require.NoError(t, err)
	require.Empty(t, got.Fields)
	got.Fields = nil
	require.Equal(t, want, got)
}

func manyCards(t *testing.T, db Opened) {
	st := db.Open(t)
	var ids []int64
	for id := int64(1); id <= 50; id++ {
		ids = append(ids, id)
		if id%2 == 0 {
			require.NoError(t, st.Commit(t.Context(), portal.CardSeen{Card: aCard(id)}))
		}
	}
	all, err := st.Cards(t.Context(), "p", 2, ids)
	require.NoError(t, err)
	require.Len(t, all, 25)
	require.Equal(t, "C1:NEW", all[50].Stage)
	none, err := st.Cards(t.Context(), "another portal", 2, ids[:3])
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = st.Cards(t.Context(), "p", 2, append(ids, 51))
	require.Error(t, err)
}

// looksCover: the outcome of a look ends the events that it names, and the scheduler hears of them before it.
func looksCover(t *testing.T, db Opened) {
	st := db.Open(t)
	row := lane.NewRow{Lane: "p", Part: "2:57", Kind: inbox.KindEvent}
	for _, code := range []string{"ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALMOVETOCATEGORY"} {
		row.Code = code
		require.NoError(t, st.Accept(t.Context(), &store.Accept{Row: row}))
	}
	other := lane.NewRow{Lane: "p", Part: "2:57", Kind: inbox.KindRobot, Code: "realty_sign"}
	require.NoError(t, st.Accept(t.Context(), &store.Accept{Row: other}))
	waiting, err := st.WaitingEvents(t.Context(), "p", "2:57")
	require.NoError(t, err)
	require.Len(t, waiting, 3, "a robot is no event")
	require.Equal(t, "ONCRMDEALADD", waiting[0].Code)

	leases := claim(t, st, "node", time.Minute, 1)
	require.Len(t, leases, 1)
	rows := load(t, st, leases[0])
	require.Len(t, rows, 4)
	h := &holder{holds: map[string]bool{"p": true}}
	st.SetScheduler(h)
	seen := portal.CardSeen{Card: aCard(57), Row: rows[0].ID, Covers: []int64{waiting[1].ID, waiting[2].ID}}
	require.NoError(t, finish(st, rows[0], lane.Result{Writes: []lane.Write{seen}}, 0))
	require.Equal(t, seen.Covers, h.ended)
	job, err := st.Job(t.Context(), waiting[2].ID)
	require.NoError(t, err)
	require.Equal(t, "done", job.State)
	require.Contains(t, job.Note, "seen together with job")
	waiting, err = st.WaitingEvents(t.Context(), "p", "2:57")
	require.NoError(t, err)
	require.Empty(t, waiting)
	require.Len(t, load(t, st, leases[0]), 1)

	require.NoError(t, finish(st, rows[0], lane.Result{Writes: []lane.Write{seen}}, 0))
	require.NoError(t, st.Commit(t.Context())) // the writer has told of everything before it
	require.Len(t, h.ended, 4, "told again when the first commit was not answered")
	require.Contains(t, h.told(), "p", "and what is left of them is read again")
}

// ownWrites: a look that began before one of the bridge's own writes stores nothing.
func ownWrites(t *testing.T, db Opened) {
	st := db.Open(t)
	read := func(id int64) portal.Card {
		c, err := st.Card(t.Context(), "p", 2, id)
		require.NoError(t, err)
		return c
	}
	commit := func(w lane.Write) error { return st.Commit(t.Context(), w) }
	card := docflow.Card{EntityType: 2, ID: 57}
	at := time.Now().Truncate(time.Millisecond).UTC()
	require.NoError(t, commit(portal.CardSeen{Card: aCard(57)}))
	before := read(57)

	move := portal.Own{Effect: 7, Stage: "C1:WON", At: at}
	require.NoError(t, commit(portal.OwnBegun{Portal: "p", Card: card, Own: move}))
	require.NoError(t, commit(portal.OwnBegun{Portal: "p", Card: card, Own: move}), "the effect is tried again")
	require.Error(t, commit(portal.CardSeen{Card: before}), "the look may have seen the bridge's move without knowing it")
	require.Equal(t, []portal.Own{move}, read(57).Own)
	require.NoError(t, commit(portal.OwnEnded{Portal: "p", Card: card, Effect: 7, Made: true}))
	require.True(t, read(57).Own[0].Made)

	fields := portal.Own{Effect: 8, Fields: []string{"UF_CRM_A"}, At: at}
	require.NoError(t, commit(portal.OwnBegun{Portal: "p", Card: card, Own: fields}))
	require.NoError(t, commit(portal.OwnEnded{Portal: "p", Card: card, Effect: 8, Made: true, Values: map[string]string{"UF_CRM_A": "2", "UF_CRM_B": "3"}}))
	require.Equal(t, map[string]string{"UF_CRM_A": "2"}, read(57).Fields, "as the bridge left it; what nobody watches is not kept")
	require.Len(t, read(57).Own, 1)

	refused := portal.Own{Effect: 9, Stage: "C1:LOSE", At: at}
	require.NoError(t, commit(portal.OwnBegun{Portal: "p", Card: card, Own: refused}))
	require.NoError(t, commit(portal.OwnEnded{Portal: "p", Card: card, Effect: 9}))
	require.Len(t, read(57).Own, 1, "a refused move is a person's when it comes")

	after := read(57)
	after.Stage = "C1:WON"
	require.NoError(t, commit(portal.CardSeen{Card: after, Met: []int64{7}}))
	require.Empty(t, read(57).Own)
	require.Equal(t, "C1:WON", read(57).Stage)

	fresh := docflow.Card{EntityType: 2, ID: 58}
	require.NoError(t, commit(portal.OwnBegun{Portal: "p", Card: fresh, Own: move}))
	require.True(t, read(58).Seen.IsZero(), "it was never seen")
	require.NoError(t, commit(portal.OwnEnded{Portal: "p", Card: docflow.Card{EntityType: 2, ID: 59}, Effect: 1, Made: true}))
}

func deletedCard(t *testing.T, db Opened) {
	st := db.Open(t)
	card := docflow.Card{EntityType: 2, ID: 57}
	require.NoError(t, st.Commit(t.Context(), portal.CardSeen{Card: aCard(57)}))
	ids := map[string]int64{}
	for name, row := range map[string]lane.NewRow{
		"event": {Part: card.String(), Kind: inbox.KindEvent}, "robot": {Part: card.String(), Kind: inbox.KindRobot},
		"effects": {Part: store.EffectsPart(card), Kind: store.EffectsKind}, "other": {Part: "2:58", Kind: inbox.KindRobot},
	} {
		row.Lane = "p"
		a := &store.Accept{Row: row}
		require.NoError(t, st.Accept(t.Context(), a))
		ids[name] = a.ID
	}
	require.NoError(t, st.Commit(t.Context(), portal.CardGone{Portal: "p", Card: card, Covers: []int64{ids["event"]}}))
	for name, want := range map[string]string{"robot": "удалена", "effects": "удалена", "event": "seen together", "other": ""} {
		job, err := st.Job(t.Context(), ids[name])
		require.NoError(t, err)
		require.Contains(t, job.Note, want, name)
		require.Equal(t, name == "event", job.State == "done", name)
	}
	gone, err := st.Card(t.Context(), "p", 2, 57)
	require.NoError(t, err)
	require.True(t, gone.Gone)
	require.EqualValues(t, 35, gone.History, "a restored card runs nothing twice")
	require.NoError(t, st.Commit(t.Context(), portal.CardSeen{Card: gone}))
	back, err := st.Card(t.Context(), "p", 2, 57)
	require.NoError(t, err)
	require.False(t, back.Gone)
}

func looksWait(t *testing.T, db Opened) {
	st := db.Open(t)
	h := &holder{holds: map[string]bool{"p": true}, waiting: map[lane.Likeness]bool{}}
	st.SetScheduler(h)
	now := time.Now()
	look := func(id int64) inbox.Look {
		row, err := inbox.EventRow("p", inbox.Happened{Event: inbox.Sweep, Card: docflow.Card{EntityType: 2, ID: id}}, now, time.Minute)
		require.NoError(t, err)
		return inbox.Look{Row: row}
	}
	require.NoError(t, st.Commit(t.Context(), look(57), look(58), look(57)))
	require.Len(t, h.pushed, 2, "one that is stored with it will do")
	require.True(t, h.pushed[0].Aside, "what comes later for the card may pass")
	require.WithinDuration(t, now.Add(time.Minute), h.pushed[0].RunAt, time.Second)
	h.waiting[look(59).Row.Like()] = true
	require.NoError(t, st.Commit(t.Context(), look(59)))
	require.Len(t, h.pushed, 2)
	rows, err := st.Load(t.Context(), "p", 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.True(t, rows[0].Aside)

	settling := look(60).Row
	settling.Lane = "another portal"
	require.NoError(t, st.Accept(t.Context(), &store.Accept{Row: settling}))
	var lanes []string
	for _, lease := range claim(t, st, "node", time.Minute, 2) {
		lanes = append(lanes, lease.Lane)
	}
	require.Contains(t, lanes, "another portal", "whoever will work it takes the lane now")

	a := &store.Accept{Row: lane.NewRow{Lane: "p", Part: "x", Kind: "once"}}
	require.NoError(t, st.Accept(t.Context(), a))
	require.NoError(t, st.Commit(t.Context(), inbox.Forget{Row: a.ID}))
	_, err = st.Job(t.Context(), a.ID)
	require.NoError(t, err, "what is not done is not forgotten")
}

func sweeps(t *testing.T, db Opened) {
	st := db.Open(t)
	never, err := st.SweptTo(t.Context(), "p")
	require.NoError(t, err)
	require.True(t, never.IsZero())
	at := time.Now().Truncate(time.Millisecond)
	for _, upto := range []time.Time{at, at.Add(-time.Hour)} {
		require.NoError(t, st.Commit(t.Context(), inbox.Swept{Portal: "p", UpTo: upto}))
		got, err := st.SweptTo(t.Context(), "p")
		require.NoError(t, err)
		require.True(t, at.Equal(got), "it never goes back")
	}
}
