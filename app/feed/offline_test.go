package feed_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// queue is a portal's offline queue with the worker that reads it.
type queue struct {
	*apptest.Clock
	sim    *bitrixsim.Portal
	b24    *bitrix.Client
	store  *store.Store
	active bool
	down   error // of the next writes
	repair int   // how often the bindings were asked to be put in order
	audits bool
	ahead  time.Duration // of the worker's clock: tokens last an hour of the portal's
}

func openQueue(t *testing.T, features ...string) *queue {
	t.Helper()
	q := &queue{Clock: apptest.NewClock(), active: true}
	q.sim, q.b24 = apptest.OpenPortal(t, q.Now)
	q.sim.SetPlan("pro", features...)
	q.store, _ = apptest.OpenStore(t, q.Now, nil)
	for _, event := range []string{"ONCRMDEALADD", "ONCRMLEADADD", "ONCRMCONTACTADD"} {
		require.NoError(t, q.b24.EventBind(t.Context(), bitrix.EventBinding{Event: event, Offline: true}))
	}
	return q
}

// process is the bridge after a start: it remembers nothing.
func (q *queue) process() *feed.Offline {
	deps := feed.OfflineDeps{
		Bitrix: func(context.Context, portal.ID) (*bitrix.Client, error) { return q.b24, nil },
		Write: func(ctx context.Context, _ lane.Lease, writes ...lane.Write) error {
			if q.down != nil {
				return q.down
			}
			return q.store.Commit(ctx, writes...)
		},
		Cards: q.store.Cards, Active: func(portal.ID) bool { return q.active }, Interval: time.Minute, Settle: inbox.Settle,
		Now: func() time.Time { return q.Now().Add(q.ahead) },
		Log: slog.New(slog.DiscardHandler),
	}
	if q.audits {
		deps.Repair = func(context.Context, portal.ID) error { q.repair++; return nil }
	}
	return feed.NewOffline(deps)
}

func (q *queue) stored(t *testing.T) []string {
	t.Helper()
	rows, err := q.store.Load(t.Context(), member, 0, 100)
	require.NoError(t, err)
	parts := []string{}
	for _, row := range rows {
		require.Equal(t, inbox.KindEvent, row.Kind)
		h, err := inbox.ReadHappened(row.Body)
		require.NoError(t, err)
		require.Equal(t, row.Code, h.Event)
		require.Equal(t, row.Part, h.Card.String())
		parts = append(parts, row.Part)
	}
	return parts
}

func work(t *testing.T, o *feed.Offline) lane.Result {
	t.Helper()
	result, err := o.Work(t.Context(), lane.Row{Lane: member})
	require.NoError(t, err)
	return result
}

const extended = bitrix.FeatureOfflineExtended

func TestOfflineEventsAreStoredThenConfirmed(t *testing.T) {
	t.Parallel()
	for name, features := range map[string][]string{"with confirmation": {extended}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := openQueue(t, features...)
			deal := q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
			lead := q.sim.CreateItem(bitrixsim.Lead, map[string]any{})
			o := q.process()
			require.Equal(t, q.Now().Add(time.Minute), work(t, o).At, "a page that is not full is the last")
			require.Equal(t, []string{docflow.Card{EntityType: 2, ID: int64(deal)}.String(), docflow.Card{EntityType: 1, ID: int64(lead)}.String()}, q.stored(t))
			require.Empty(t, q.sim.OfflineRows())
			require.Equal(t, q.Now().Add(time.Minute), work(t, o).At)
			require.Len(t, q.stored(t), 2)
		})
	}
}

func TestWhatIsNotStoredIsNotConfirmed(t *testing.T) {
	t.Parallel()
	q := openQueue(t, extended)
	q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	q.down = lane.ErrStoreDown
	_, err := q.process().Work(t.Context(), lane.Row{Lane: member})
	require.ErrorIs(t, err, lane.ErrStoreDown)
	require.Len(t, q.sim.OfflineRows(), 1)
	require.NotEmpty(t, q.sim.OfflineRows()[0].ProcessID, "reserved by a process that died")
	q.down = nil
	work(t, q.process())
	require.Len(t, q.stored(t), 1, "the next process finds the reservation")
	require.Empty(t, q.sim.OfflineRows())
}

func TestALostConfirmationCostsOnlyAReading(t *testing.T) {
	t.Parallel()
	q := openQueue(t, extended)
	q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	q.sim.FailNext("event.offline.clear", 500, "INTERNAL_SERVER_ERROR", 1)
	result := work(t, q.process())
	require.Contains(t, result.Note, "confirm")
	require.Equal(t, q.Now().Add(time.Minute), result.At)
	work(t, q.process())
	require.Len(t, q.stored(t), 2)
	require.Empty(t, q.sim.OfflineRows())
}

func TestManyReservationsAreFound(t *testing.T) {
	t.Parallel()
	q := openQueue(t, extended)
	for range 60 {
		q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
		batch, err := q.b24.OfflineGet(t.Context(), bitrix.OfflineQuery{Limit: 1})
		require.NoError(t, err)
		require.Len(t, batch.Events, 1)
	}
	work(t, q.process())
	require.Len(t, q.stored(t), 60)
	require.Empty(t, q.sim.OfflineRows())
}

func TestOfflineFaultsRest(t *testing.T) {
	t.Parallel()
	q := openQueue(t, extended)
	q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	o := q.process()
	q.sim.FailNext("feature.get", 503, "", 1)
	require.NotEmpty(t, work(t, o).Note)
	q.sim.FailNext("event.offline.get", 403, "ACCESS_DENIED", 1)
	result := work(t, o)
	require.Equal(t, lane.Again, result.Verdict)
	require.Contains(t, result.Note, "ACCESS_DENIED")
	work(t, o)
	require.Len(t, q.stored(t), 1)
	q.active = false
	require.Equal(t, lane.Done, work(t, o).Verdict, "a removed portal is not asked any more")
	row := feed.OfflineRow(member)
	require.Equal(t, []string{member, inbox.KindOffline, inbox.KindOffline}, []string{row.Lane, row.Part, row.Kind})
}

// notice works the row of a notice.
func (q *queue) notice(t *testing.T, o *feed.Offline) lane.Result {
	t.Helper()
	result, err := o.Work(t.Context(), lane.Row{ID: 9, Lane: member, Kind: inbox.KindNotice})
	require.NoError(t, err)
	return result
}

// TestANoticeReadsAtOnce, but a portal that is busy all the time is not read all the time.
func TestANoticeReadsAtOnce(t *testing.T) {
	t.Parallel()
	q := openQueue(t, extended)
	o := q.process()
	require.Equal(t, lane.Result{Writes: []lane.Write{inbox.Forget{Row: 9}}}, q.notice(t, o))
	q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	q.Add(time.Second)
	result := q.notice(t, o)
	require.Equal(t, lane.Again, result.Verdict)
	require.True(t, q.Now().Add(9*time.Second).Equal(result.At), result.At)
	require.Empty(t, q.stored(t))
	q.Add(9 * time.Second)
	require.Equal(t, lane.Again, q.notice(t, o).Verdict, "more may have come within the second that no notice tells of")
	require.Len(t, q.stored(t), 1)
	q.Add(10 * time.Second)
	require.Equal(t, lane.Done, q.notice(t, o).Verdict)
	q.Add(time.Minute)
	q.sim.FailNext("event.offline.get", 503, "INTERNAL_SERVER_ERROR", 1)
	require.Equal(t, lane.Done, q.notice(t, o).Verdict, "the row that reads for ever comes soon")
}

func TestAFullPageIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{inbox.KindOffline, inbox.KindNotice} {
		q := openQueue(t, extended)
		for range 60 {
			q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
		}
		o := q.process()
		result, err := o.Work(t.Context(), lane.Row{Lane: member, Kind: kind})
		require.NoError(t, err)
		require.Equal(t, lane.Again, result.Verdict)
		require.Len(t, q.stored(t), 50)
		require.False(t, result.At.After(q.Now()))
		_, err = o.Work(t.Context(), lane.Row{Lane: member, Kind: kind})
		require.NoError(t, err)
		require.Len(t, q.stored(t), 60)
	}
}

// TestWhatCameOnlineIsNotLookedAtAgain: the portal's own clock tells.
func TestWhatCameOnlineIsNotLookedAtAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		looked time.Duration // after the event
		gone   bool
		want   int
	}{
		"looked at a second later": {time.Second, false, 0},
		"within the same second":   {900 * time.Millisecond, false, 1},
		"before":                   {-time.Minute, false, 1},
		"when it was thought gone": {time.Minute, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := openQueue(t, extended)
			deal := q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
			card := docflow.Card{EntityType: 2, ID: int64(deal)}
			seen := portal.Card{Portal: member, Card: card, Stage: "NEW", Looked: q.Now().Add(tc.looked), Seen: q.Now()}
			require.NoError(t, q.store.Commit(t.Context(), portal.CardSeen{Card: seen}))
			if tc.gone {
				require.NoError(t, q.store.Commit(t.Context(), portal.CardGone{Portal: member, Card: card}))
			}
			work(t, q.process())
			require.Len(t, q.stored(t), tc.want)
			require.Empty(t, q.sim.OfflineRows(), "confirmed all the same")
		})
	}
}

// TestAReservationIsFoundByTheSameProcess: what was handed out and could not be stored is not left behind.
func TestAReservationIsFoundByTheSameProcess(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(q *queue){
		"the database refused":  func(q *queue) { q.down = lane.ErrStoreDown },
		"the answer was lost":   func(q *queue) { q.sim.DropAnswerNext("event.offline.get") },
		"it was not confirmed":  func(q *queue) { q.sim.FailNext("event.offline.clear", 503, "INTERNAL_SERVER_ERROR", 1) },
		"confirmed, not heard":  func(q *queue) { q.sim.DropAnswerNext("event.offline.clear") },
		"the portal was away":   func(q *queue) { q.sim.FailNext("event.offline.get", 502, "", 1) },
		"the lease went astray": func(q *queue) { q.down = lane.ErrLeaseLost },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := openQueue(t, extended)
			o := q.process()
			work(t, o)
			q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
			fault(q)
			_, _ = o.Work(t.Context(), lane.Row{Lane: member})
			q.down = nil
			work(t, o)
			require.NotEmpty(t, q.stored(t))
			require.Empty(t, q.sim.OfflineRows())
		})
	}
}

// TestOwnChangesStayOut: the queue of the bridge's own name lacks what the bridge itself changes.
func TestOwnChangesStayOut(t *testing.T) {
	t.Parallel()
	q := openQueue(t, extended, bitrix.FeatureAuthConnector)
	require.NoError(t, q.b24.EventBind(t.Context(), bitrix.EventBinding{Event: "ONCRMDEALUPDATE", Offline: true, AuthConnector: portal.Connector}))
	deal := q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	o := q.process()
	work(t, o)
	require.Len(t, q.stored(t), 1, "older bindings have no name, and are read, too")
	params := map[string]any{"entityTypeId": 2, "id": deal, "fields": map[string]any{"title": "ours"}, "auth_connector": portal.Connector}
	_, err := q.b24.Do(t.Context(), "crm.item.update", params)
	require.NoError(t, err)
	require.Empty(t, q.sim.OfflineRows())
	require.NoError(t, q.sim.UpdateItem(2, deal, map[string]any{"title": "theirs"}))
	require.Len(t, q.sim.OfflineRows(), 1)
	work(t, o)
	require.Empty(t, q.sim.OfflineRows())
	require.Len(t, q.stored(t), 2)
}

// TestAPortalIsSweptAfterAStartAndEveryHour, and its bindings are looked at.
func TestAPortalIsSweptAfterAStartAndEveryHour(t *testing.T) {
	t.Parallel()
	q := openQueue(t, extended)
	q.audits = true
	o := q.process()
	sweeps := func() (codes []string) {
		rows, err := q.store.Load(t.Context(), member, 0, 100)
		require.NoError(t, err)
		for _, row := range rows {
			require.Equal(t, inbox.KindSweep, row.Kind)
			codes = append(codes, row.Code)
		}
		return codes
	}
	work(t, o)
	require.Equal(t, []string{"start"}, sweeps())
	require.Equal(t, 1, q.repair, "not all events are bound")
	for _, event := range portal.CardEvents() {
		err := q.b24.EventBind(t.Context(), bitrix.EventBinding{Event: event, Offline: true})
		if err != nil {
			require.ErrorIs(t, err, bitrix.ErrAlreadyBound)
		}
	}
	q.ahead = 59 * time.Minute
	work(t, o)
	require.Len(t, sweeps(), 1)
	q.ahead += time.Minute
	q.sim.FailNext("event.get", 503, "INTERNAL_SERVER_ERROR", 1)
	work(t, o)
	require.Len(t, sweeps(), 1, "it is tried again")
	work(t, o)
	require.Equal(t, []string{"start", "hourly"}, sweeps())
	require.Equal(t, 1, q.repair)
	q.sim.DeleteBindings("ONCRMDEALUPDATE")
	q.ahead += time.Hour
	work(t, o)
	require.Equal(t, 2, q.repair, "somebody deleted one")
	work(t, q.process())
	require.Contains(t, sweeps(), "start")
}

// TestALostAnswerWithoutConfirmation: what the portal deleted with its answer is found by a sweep.
func TestALostAnswerWithoutConfirmation(t *testing.T) {
	t.Parallel()
	q := openQueue(t)
	q.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	o := q.process()
	q.sim.DropAnswerNext("event.offline.get")
	work(t, o)
	rows, err := q.store.Load(t.Context(), member, 0, 100)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, inbox.KindSweep, rows[0].Kind)
}
