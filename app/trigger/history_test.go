package trigger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// at is a moment some seconds after noon.
func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// moves makes a history: ids count from 101, one row a minute from noon on.
func moves(stages ...string) []bitrix.StageChange {
	rows := make([]bitrix.StageChange, 0, len(stages))
	for i, stage := range stages {
		rows = append(rows, bitrix.StageChange{ID: bitrix.ID(101 + i), StageID: stage, Created: bitrix.Time{Time: at(float64(60 * i))}})
	}
	return rows
}

// standing is a card as its reading gave it: on a stage since a moment, read much later.
func standing(stage string, moved time.Time) portal.Card {
	return portal.Card{Stage: stage, Moved: moved, Looked: at(3600), Seen: at(3600)}
}

// seenOn is a card as it was seen before.
func seenOn(stage string, moved time.Time, history int64) portal.Card {
	return portal.Card{Stage: stage, Moved: moved, History: history, Looked: moved.Add(5 * time.Second), Seen: moved.Add(5 * time.Second)}
}

func made(effect int64, stage string) portal.Own {
	return portal.Own{Effect: effect, Stage: stage, Made: true}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	own := func(c portal.Card, moves ...portal.Own) portal.Card { c.Own = moves; return c }
	gone := func(c portal.Card) portal.Card { c.Gone = true; return c }
	for name, tc := range map[string]struct {
		sight   sight
		want    []string
		met     []int64
		history int64
		stage   string // to be remembered; empty: that of now
	}{
		"one move": {sight{before: seenOn("A", at(0), 101), known: true, now: standing("B", at(60)), rows: moves("A", "B")[1:], have: true},
			[]string{"B"}, nil, 102, ""},
		"passed through": {sight{before: seenOn("A", at(0), 101), known: true, now: standing("C", at(120)), rows: moves("A", "B", "C")[1:], have: true},
			[]string{"B", "C"}, nil, 103, ""},
		"there and back": {sight{before: seenOn("A", at(0), 101), known: true, now: standing("A", at(120)), rows: moves("A", "B", "A")[1:], have: true},
			[]string{"B", "A"}, nil, 103, ""},
		"twice the same": {sight{before: seenOn("A", at(0), 101), known: true, now: standing("B", at(180)), rows: moves("A", "B", "A", "B")[1:], have: true},
			[]string{"B", "A", "B"}, nil, 104, ""},
		"moved on during the look": {sight{before: seenOn("A", at(0), 101), known: true, now: standing("B", at(60)), rows: moves("A", "B", "C")[1:], have: true},
			[]string{"B", "C"}, nil, 103, "C"},
		"nothing new": {sight{before: seenOn("A", at(0), 101), known: true, now: standing("A", at(0)), have: true}, nil, nil, 101, ""},

		"own move": {sight{before: own(seenOn("A", at(0), 101), made(7, "B")), known: true, now: standing("B", at(60)), rows: moves("A", "B")[1:], have: true},
			nil, []int64{7}, 102, ""},
		"own move, then a person's": {sight{before: own(seenOn("A", at(0), 101), made(7, "B")), known: true, now: standing("C", at(120)), rows: moves("A", "B", "C")[1:], have: true},
			[]string{"C"}, []int64{7}, 103, ""},
		"own move, and a person's to the same stage": {
			sight{before: own(seenOn("A", at(0), 101), made(7, "B")), known: true, now: standing("B", at(180)), rows: moves("A", "B", "A", "B")[1:], have: true},
			[]string{"A", "B"}, []int64{7}, 104, ""},
		"two own moves": {sight{before: own(seenOn("A", at(0), 101), made(7, "B"), made(8, "C")), known: true, now: standing("C", at(120)), rows: moves("A", "B", "C")[1:], have: true},
			nil, []int64{7, 8}, 103, ""},
		"own move that changed nothing": {sight{before: own(seenOn("A", at(0), 101), made(7, "A")), known: true, now: standing("A", at(0)), have: true},
			nil, []int64{7}, 101, ""},
		"own move in doubt": {sight{before: own(seenOn("A", at(0), 101), portal.Own{Effect: 7, Stage: "B"}), known: true, now: standing("A", at(0)), have: true},
			nil, nil, 101, ""},
		"own move whose row is late": {sight{before: own(seenOn("A", at(0), 101), made(7, "B")), known: true, now: standing("B", at(60)), have: true},
			nil, []int64{7}, 0, ""},
		"own move to elsewhere whose row is late": {sight{before: own(seenOn("A", at(0), 101), made(7, "B")), known: true, now: standing("C", at(60)), have: true},
			[]string{"C"}, nil, 0, ""},

		"the row is late":    {sight{before: seenOn("A", at(0), 101), known: true, now: standing("B", at(60)), have: true}, []string{"B"}, nil, 0, ""},
		"and comes later":    {sight{before: seenOn("B", at(60), 0), known: true, now: standing("B", at(60)), rows: moves("A", "B"), have: true}, nil, nil, 102, ""},
		"late, and moved on": {sight{before: seenOn("B", at(60), 0), known: true, now: standing("C", at(120)), rows: moves("A", "B", "C"), have: true}, []string{"C"}, nil, 103, ""},
		"a second of delay in the history": {sight{before: seenOn("B", at(59.5), 0), known: true, now: standing("C", at(120)), rows: moves("A", "B", "C"), have: true},
			[]string{"C"}, nil, 103, ""},

		"no history, another stage": {sight{before: seenOn("A", at(0), 0), known: true, now: standing("C", at(120))}, []string{"C"}, nil, 0, ""},
		"no history, the same":      {sight{before: seenOn("A", at(0), 0), known: true, now: standing("A", at(120))}, nil, nil, 0, ""},
		"no history, own move":      {sight{before: own(seenOn("A", at(0), 0), made(7, "B")), known: true, now: standing("B", at(60))}, nil, []int64{7}, 0, ""},
		"no history, own move, then a person's": {sight{before: own(seenOn("A", at(0), 0), made(7, "B")), known: true, now: standing("C", at(60))},
			[]string{"C"}, []int64{7}, 0, ""},
		"no history, first sight of an old card": {sight{since: at(60), now: standing("B", at(0))}, nil, nil, 0, ""},
		"no history, first sight after a move":   {sight{since: at(0), now: standing("B", at(60))}, []string{"B"}, nil, 0, ""},
		"no history, created":                    {sight{since: at(0), born: true, now: standing("A", at(0))}, []string{"A"}, nil, 0, ""},
		"no history, created, no times":          {sight{since: at(0), born: true, now: standing("A", time.Time{})}, []string{"A"}, nil, 0, ""},

		"first sight":                       {sight{since: at(60), now: standing("C", at(120)), rows: moves("A", "B", "C"), have: true}, []string{"B", "C"}, nil, 103, ""},
		"first sight of an old card":        {sight{since: at(3600), now: standing("C", at(120)), rows: moves("A", "B", "C"), have: true}, nil, nil, 103, ""},
		"created before a slow clock":       {sight{since: at(90), born: true, now: standing("B", at(60)), rows: moves("A", "B"), have: true}, []string{"A", "B"}, nil, 102, ""},
		"created long before":               {sight{since: at(3600), born: true, now: standing("B", at(60)), rows: moves("A", "B"), have: true}, nil, nil, 102, ""},
		"first sight, the row is late":      {sight{since: at(60), now: standing("C", at(120)), rows: moves("A", "B"), have: true}, []string{"B", "C"}, nil, 0, ""},
		"first sight after our own move":    {sight{before: portal.Card{Own: []portal.Own{made(7, "C")}}, since: at(60), now: standing("C", at(120)), rows: moves("A", "B", "C"), have: true}, []string{"B"}, []int64{7}, 103, ""},
		"seen before anybody watched":       {sight{before: seenOn("A", at(0), 101), since: at(100), now: standing("C", at(120)), rows: moves("A", "B", "C")[1:], have: true}, []string{"C"}, nil, 103, ""},
		"restored":                          {sight{before: gone(seenOn("B", at(60), 102)), known: true, now: standing("B", at(120)), rows: moves("A", "B", "B")[2:], have: true}, nil, nil, 103, ""},
		"still, whatever the rest says":     {sight{before: seenOn("A", at(0), 101), known: true, still: true, now: standing("A", at(0))}, nil, nil, 101, ""},
		"a portal whose clock is behind":    {sight{since: at(7200), now: portal.Card{Stage: "B", Moved: at(60), Looked: at(65), Seen: at(7205)}, rows: moves("A", "B"), have: true}, []string{"B"}, nil, 102, ""},
		"a portal whose clock is ahead":     {sight{since: at(0), now: portal.Card{Stage: "B", Moved: at(60), Looked: at(3605), Seen: at(5)}, rows: moves("A", "B"), have: true}, nil, nil, 102, ""},
		"known once, without a last row":    {sight{before: portal.Card{Stage: "B", Moved: at(60), Seen: at(70)}, known: true, now: standing("C", at(120)), rows: moves("A", "B", "C"), have: true}, []string{"C"}, nil, 103, ""},
		"the history begins after the look": {sight{before: seenOn("A", at(0), 0), known: true, now: standing("C", at(120)), rows: moves("A", "B", "C")[1:], have: true}, []string{"B", "C"}, nil, 103, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entered, after, met := tc.sight.settle()
			var stages []string
			for _, e := range entered {
				stages = append(stages, e.stage)
			}
			require.Equal(t, tc.want, stages)
			require.Equal(t, tc.met, met)
			require.Equal(t, tc.history, after.History)
			if tc.stage == "" {
				tc.stage = tc.sight.now.Stage
			}
			require.Equal(t, tc.stage, after.Stage)
		})
	}
}

func TestStays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(s *sight)
		want   bool
	}{
		"as it was":                    {func(*sight) {}, true},
		"never seen":                   {func(s *sight) { s.known = false }, false},
		"another stage":                {func(s *sight) { s.now.Stage = "B" }, false},
		"another funnel":               {func(s *sight) { s.now.Category = 1 }, false},
		"moved away and back":          {func(s *sight) { s.now.Moved = at(60) }, false},
		"does not tell when it moved":  {func(s *sight) { s.now.Moved, s.before.Moved = time.Time{}, time.Time{} }, false},
		"read in the second of a move": {func(s *sight) { s.before.Looked = at(0.9) }, false},
		"read a second after it":       {func(s *sight) { s.before.Looked = at(1) }, true},
		"by our clock":                 {func(s *sight) { s.before.Looked = time.Time{} }, true},
		"in that second by our clock":  {func(s *sight) { s.before.Looked, s.before.Seen = time.Time{}, at(0.5) }, false},
		"an own move is not met yet":   {func(s *sight) { s.before.Own = []portal.Own{made(7, "B")} }, false},
		"it was deleted":               {func(s *sight) { s.before.Gone = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sight{before: seenOn("A", at(0), 101), known: true, now: standing("A", at(0))}
			tc.change(s)
			require.Equal(t, tc.want, s.stays())
		})
	}
}

func TestLongAgo(t *testing.T) {
	t.Parallel()
	old := sight{since: at(60), now: standing("A", at(0))}
	require.True(t, old.longAgo())
	for name, change := range map[string]func(s *sight){
		"seen before":      func(s *sight) { s.known = true },
		"created":          func(s *sight) { s.born = true },
		"moved since":      func(s *sight) { s.now.Moved = at(60) },
		"does not tell":    func(s *sight) { s.now.Moved = time.Time{} },
		"our own move":     func(s *sight) { s.before.Own = []portal.Own{made(7, "A")} },
		"its clock is off": func(s *sight) { s.now.Looked = at(-3600) },
	} {
		s := old
		change(&s)
		require.False(t, s.longAgo(), name)
	}
}
