package lane

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bell collects what a queue wants to be woken for.
type bell map[string]time.Time

func newTestQueue(rows ...Row) (*queue, bell) {
	rung := bell{}
	q := newQueue(Lease{Lane: "p", Fence: 3}, func(_ *queue, part string, at time.Time) { rung[part] = at })
	for _, row := range rows {
		q.add(row, noon)
	}
	return q, rung
}

func row(id int64, part string, tune ...func(*Row)) Row {
	r := Row{ID: id, Lane: "p", Part: part, Kind: "robot", RunAt: noon, Received: noon}
	for _, f := range tune {
		f(&r)
	}
	return r
}

func later(d time.Duration) func(*Row) { return func(r *Row) { r.RunAt = noon.Add(d) } }

func aside(r *Row) { r.Aside = true }

func key(k string) func(*Row) { return func(r *Row) { r.Key = k } }

// taken hands out everything that may run at that moment and finishes it.
func taken(q *queue, now time.Time) (ids []int64) {
	for {
		r, ok := q.take(now)
		if !ok {
			return ids
		}
		ids = append(ids, r.ID)
		q.finish(r.ID, Result{}, 0, now)
	}
}

func TestOrderOfOnePart(t *testing.T) {
	t.Parallel()
	minute := time.Minute
	for name, tc := range map[string]struct {
		rows  []Row
		now   []int64
		later []int64 // after an hour
	}{
		"by id, however they came": {[]Row{row(3, "a"), row(1, "a"), row(2, "a")}, []int64{1, 2, 3}, nil},
		"a row in backoff holds its part alone": {[]Row{row(1, "a", later(minute)), row(2, "a"), row(3, "b")},
			[]int64{3}, []int64{1, 2}},
		"a row set aside is passed": {[]Row{row(1, "a", later(minute), aside), row(2, "a")}, []int64{2}, []int64{1}},
		"but not about the same docflow": {[]Row{row(1, "a", later(minute), aside, key("d")), row(2, "a", key("d")), row(3, "a", key("e")),
			row(4, "a")}, []int64{3, 4}, []int64{1, 2}},
		"nor by one in backoff": {[]Row{row(1, "a", later(minute), aside), row(2, "a", later(minute)), row(3, "a")}, nil, []int64{1, 2, 3}},
		"work for now is due whatever the clock": {[]Row{row(1, "a", func(r *Row) { r.Received, r.RunAt = noon.Add(minute), noon.Add(minute) })},
			[]int64{1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, _ := newTestQueue(tc.rows...)
			require.Equal(t, tc.now, taken(q, noon))
			for _, part := range []string{"a", "b"} {
				q.ring(part, noon.Add(minute), noon.Add(time.Hour))
			}
			require.Equal(t, tc.later, taken(q, noon.Add(time.Hour)))
			require.Empty(t, q.items)
			require.Empty(t, q.parts)
			require.Zero(t, q.live)
			require.Zero(t, q.running())
		})
	}
}

func TestOneRowOfAPartRunsAtATime(t *testing.T) {
	t.Parallel()
	q, _ := newTestQueue(row(1, "a"), row(2, "a"), row(3, "b"))
	first, _ := q.take(noon)
	second, _ := q.take(noon)
	require.Equal(t, []int64{1, 3}, []int64{first.ID, second.ID}, "parts side by side")
	require.Equal(t, Lease{Lane: "p", Fence: 3}, first.Lease)
	_, more := q.take(noon)
	require.False(t, more)
	_, idle := q.due(noon)
	require.False(t, idle, "it works")
	q.giveBack(1, noon)
	again, _ := q.take(noon)
	require.EqualValues(t, 1, again.ID)
}

func TestOutcomesInMemory(t *testing.T) {
	t.Parallel()
	at := noon.Add(time.Hour)
	for name, tc := range map[string]struct {
		result Result
		next   []int64
		asks   bool
	}{
		"done":                   {Result{}, []int64{2}, false},
		"dead":                   {Result{Verdict: Dead}, []int64{2}, false},
		"backoff":                {Result{Verdict: Backoff, At: at}, nil, true},
		"aside":                  {Result{Verdict: Aside, At: at}, []int64{2}, false},
		"again":                  {Result{Verdict: Again, At: at}, []int64{2}, false},
		"aside with the docflow": {Result{Verdict: Aside, At: at, Key: "d"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, rung := newTestQueue(row(1, "a"), row(2, "a", key("d")))
			q.more = false
			r, _ := q.take(noon)
			q.finish(r.ID, tc.result, 2, noon)
			require.Equal(t, tc.asks, rung["a"].Equal(at))
			require.Equal(t, tc.next, taken(q, noon))
			due, idle := q.due(noon)
			require.True(t, idle)
			if tc.result.Verdict == Done || tc.result.Verdict == Dead {
				require.True(t, due.IsZero())
			} else {
				require.Equal(t, at, due)
				require.Equal(t, at, rung["a"])
			}
		})
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	like := NewRow{Lane: "p", Part: "a", Kind: "event", Code: "update"}
	waiting := Row{ID: 1, Lane: "p", Part: "a", Kind: "event", Code: "update", RunAt: noon}
	for name, tc := range map[string]struct {
		change func(*Row)
		want   bool
	}{
		"waits":         {func(*Row) {}, true},
		"other code":    {func(r *Row) { r.Code = "add" }, false},
		"other kind":    {func(r *Row) { r.Kind = "robot" }, false},
		"other part":    {func(r *Row) { r.Part = "b" }, false},
		"tried already": {func(r *Row) { r.Tries = 1 }, false},
		"set aside":     {func(r *Row) { r.Aside = true }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := waiting
			tc.change(&r)
			q, _ := newTestQueue(r)
			require.Equal(t, tc.want, q.pending(like))
			q.take(noon)
			require.False(t, q.pending(like), "a row that runs may have read already")
		})
	}
}

// A page that is read while the queue changes must neither bring back nor drop what changed meanwhile.
func TestRefresh(t *testing.T) {
	t.Parallel()
	q, _ := newTestQueue(row(1, "a"), row(2, "b", later(time.Hour)), row(3, "c", later(time.Hour)), row(4, "d", later(time.Hour)))
	q.touched = map[int64]bool{}
	r, _ := q.take(noon)
	q.finish(r.ID, Result{}, 0, noon)
	q.add(row(9, "e", later(time.Hour)), noon)
	touched := q.touched
	q.touched = nil
	page := []Row{row(1, "a"), row(2, "b"), row(4, "d", later(2*time.Hour)), row(5, "f")}
	q.refresh(page, 0, false, touched, noon)
	require.Equal(t, []int64{2, 5}, taken(q, noon), "1 was finished here, 2 was moved to now elsewhere, 5 is new")
	var left []int64
	for id := range q.items {
		left = append(left, id)
	}
	require.ElementsMatch(t, []int64{4, 9}, left, "3 was canceled elsewhere, 9 came while the page was read")
	require.Equal(t, noon.Add(2*time.Hour), q.items[4].row.RunAt)

	q.refresh([]Row{row(6, "g"), row(7, "g")}, 5, true, nil, noon)
	require.Contains(t, q.items, int64(9), "a full page says nothing of what is behind it")
	require.EqualValues(t, 9, q.loaded)
}

func TestSumShowsEveryChange(t *testing.T) {
	t.Parallel()
	sums := map[int64]string{}
	for name, rows := range map[string][]Row{
		"none": nil, "one": {row(1, "a")}, "moved": {row(1, "a", later(time.Hour))}, "two": {row(1, "a"), row(2, "a")},
	} {
		q, _ := newTestQueue(rows...)
		require.NotContains(t, sums, q.sum(), name)
		sums[q.sum()] = name
	}
}

func TestLiveRowsAreThoseThatKeepWorkersBusy(t *testing.T) {
	t.Parallel()
	q, _ := newTestQueue()
	for i := range int64(100) {
		q.add(row(i+1, fmt.Sprint(i), later(time.Hour)), noon)
	}
	require.Zero(t, q.live)
	q.add(row(200, "x"), noon)
	q.add(row(201, "x"), noon)
	require.Equal(t, 2, q.live)
	q.take(noon)
	require.Equal(t, 2, q.live)
	q.finish(200, Result{Verdict: Backoff, At: noon.Add(time.Hour)}, 1, noon)
	require.Zero(t, q.live)
}

// A lane whose row has become due is not idle, although its timer has not rung yet.
func TestDueBeforeTheTimerRings(t *testing.T) {
	t.Parallel()
	q, _ := newTestQueue(row(1, "a", later(time.Minute)), row(2, "a"))
	q.more = false
	at, idle := q.due(noon)
	require.True(t, idle)
	require.Equal(t, noon.Add(time.Minute), at)
	_, idle = q.due(noon.Add(time.Minute))
	require.False(t, idle)
}

// The clock went back after a part became ready: it must not be forgotten.
func TestTakeAfterTheClockWentBack(t *testing.T) {
	t.Parallel()
	q, rung := newTestQueue(row(1, "a", func(r *Row) { r.Received = noon.Add(-time.Hour) }))
	_, ok := q.take(noon.Add(-time.Minute))
	require.False(t, ok)
	require.Equal(t, noon, rung["a"])
	q.ring("a", noon, noon)
	require.Equal(t, []int64{1}, taken(q, noon))
}

func kind(k string) func(*Row) { return func(r *Row) { r.Kind = k } }

func TestAKindLeavesWorkersToOthers(t *testing.T) {
	t.Parallel()
	q, _ := newTestQueue()
	q.working.limit = 8
	take := func() (ids []int64) {
		for {
			r, ok := q.take(noon)
			if !ok {
				return ids
			}
			ids = append(ids, r.ID)
		}
	}
	for id := range int64(10) {
		q.add(row(id+1, fmt.Sprint("fx", id), kind("effects")), noon)
	}
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6}, take())
	q.add(row(11, "a"), noon)
	q.add(row(12, "b"), noon)
	require.Equal(t, []int64{11}, take(), "a kind that has none running gets one of the last")
	require.Empty(t, take())
	q.finish(11, Result{}, 0, noon)
	require.Equal(t, []int64{12}, take())
	for _, id := range []int64{1, 2} {
		q.finish(id, Result{}, 0, noon)
	}
	require.Equal(t, []int64{7}, take(), "the two kinds together are below the last quarter by one")
	q.giveBack(3, noon)
	require.Len(t, take(), 1)
	for id := range int64(12) {
		if it := q.items[id+1]; it != nil && it.busy {
			q.finish(id+1, Result{}, 0, noon)
		}
	}
	require.Len(t, taken(q, noon), 3, "nothing is left behind")
	require.Empty(t, q.items)
	require.Empty(t, q.held)
	require.Empty(t, q.working.kinds)
	require.Zero(t, q.running())
	require.Zero(t, q.live)
}

func TestAHeldRowThatEndsElsewhereHoldsNobody(t *testing.T) {
	t.Parallel()
	q, _ := newTestQueue(row(1, "a"), row(2, "b"), row(3, "c"), row(4, "d"), row(5, "e"))
	q.working.limit = 4
	for range 3 {
		_, ok := q.take(noon)
		require.True(t, ok)
	}
	_, ok := q.take(noon)
	require.False(t, ok)
	q.finish(1, Result{}, 0, noon)
	q.refresh([]Row{row(2, "b"), row(3, "c"), row(5, "e")}, 0, false, nil, noon) // 4 was canceled
	next, ok := q.take(noon)
	require.True(t, ok)
	require.EqualValues(t, 5, next.ID)
}
