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
	return feed.NewOffline(feed.OfflineDeps{
		Bitrix: func(context.Context, portal.ID) (*bitrix.Client, error) { return q.b24, nil },
		Write: func(ctx context.Context, _ lane.Lease, writes ...lane.Write) error {
			if q.down != nil {
				return q.down
			}
			return q.store.Commit(ctx, writes...)
		},
		Cards: q.store.Cards, Active: func(portal.ID) bool { return q.active }, Interval: time.Minute, Settle: inbox.Settle, Now: q.Now,
		Log: slog.New(slog.DiscardHandler),
	})
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
			require.Equal(t, q.Now(), work(t, o).At, "a queue that had rows is read on at once")
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
