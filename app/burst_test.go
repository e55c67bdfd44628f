package app

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/app/trigger"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// watching are settings with triggers on deals.
type watching struct {
	since    time.Time
	triggers []settings.Trigger
}

func (w watching) Settings(context.Context, portal.ID) (settings.Settings, error) {
	return settings.Settings{Triggers: w.triggers}, nil
}
func (w watching) Since(portal.ID, docflow.Card) time.Time { return w.since }

// burst is a flood whose lanes look at cards as they are wired.
type burst struct {
	*flood
	*floodPortal
	inbox   *inbox.Inbox
	offline *feed.Offline
}

const busy = portal.ID("busy")

func openBurst(t *testing.T, cards int) *burst {
	t.Helper()
	f := openFlood(t, map[portal.ID]int{busy: cards}, nil)
	f.stop()
	b := &burst{flood: f, floodPortal: f.portals[busy], inbox: inbox.New(f.store, nil, time.Now)}
	bitrixOf := func(context.Context, portal.ID) (*bitrix.Client, error) { return b.client, nil }
	looks := trigger.New(trigger.Deps{Store: f.store, Bitrix: bitrixOf, Now: time.Now, NotFound: store.ErrNotFound, Kind: inbox.KindAction,
		Rest: restOf(inbox.Settle), Linger: linger, Portals: watching{time.Now().Add(-time.Minute), []settings.Trigger{
			{Entity: settings.Deal, Stage: "PREPARATION", Action: "realty_status"}, {Entity: settings.Deal, Stage: "EXECUTING", Action: "realty_submit"}}}})
	b.offline = feed.NewOffline(feed.OfflineDeps{Bitrix: bitrixOf, Write: f.store.Write, Cards: f.store.Cards, Active: func(portal.ID) bool { return true },
		Interval: time.Minute, Settle: inbox.Settle, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	f.work[inbox.KindEvent], f.work[inbox.KindOffline], f.work[inbox.KindNotice] = looks, b.offline, b.offline
	f.work[inbox.KindAction] = noted{}
	for _, event := range []string{"ONCRMDEALUPDATE"} {
		require.NoError(t, b.client.EventBind(t.Context(), bitrix.EventBinding{Event: event, Offline: true}))
	}
	f.start(t)
	b.ResetStats()
	return b
}

// noted is an action that does nothing.
type noted struct{}

func (noted) Work(context.Context, lane.Row) (lane.Result, error) { return lane.Result{}, nil }

// told brings an online event.
func (b *burst) told(t *testing.T, card int) {
	t.Helper()
	_, err := b.inbox.Event(t.Context(), string(busy), bitrix.Event{Name: "ONCRMDEALUPDATE", TS: time.Now(),
		Subject: bitrix.Subject{ObjectID: bitrix.ID(card), EntityTypeID: bitrix.EntityDeal}})
	require.NoError(t, err)
}

func (b *burst) reads() int {
	n := b.Stats().Commands
	return n["crm.item.get"] + n["crm.item.list"]
}

func (b *burst) started(t *testing.T) int {
	t.Helper()
	jobs, err := b.store.Jobs(t.Context(), -1, 100_000)
	require.NoError(t, err)
	n := 0
	for _, j := range jobs {
		require.NotEqual(t, "dead", j.State, j.Note)
		if j.Kind == inbox.KindAction {
			n++
		}
	}
	return n
}

// TestAThousandUpdatesOfOneCardAreOneReading: they come online one after another, and all together through the
// offline queue, sooner or later.
func TestAThousandUpdatesOfOneCardAreOneReading(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"the queue is read at once": 500 * time.Millisecond, "and much later": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := openBurst(t, 1)
				card := b.cards[0]
				require.NoError(t, b.MoveStage(bitrixsim.Deal, card, "PREPARATION"))
				for i := range 1000 {
					require.NoError(t, b.UpdateItem(bitrixsim.Deal, card, map[string]any{"title": i}))
					b.told(t, card)
					<-time.After(900 * time.Microsecond)
				}
				<-time.After(after)
				require.NoError(t, b.inbox.Notice(t.Context(), string(busy)))
				<-time.After(time.Minute)
				require.Equal(t, 1, b.reads())
				require.Equal(t, 1, b.started(t))
				require.Empty(t, b.OfflineRows())
				b.close(t)
			})
		})
	}
}

// TestACardThatChangesOnAndOn is read now and then, and no stage of it is missed.
func TestACardThatChangesOnAndOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := openBurst(t, 1)
		card := b.cards[0]
		for range 30 {
			for _, stage := range []string{"PREPARATION", "EXECUTING", "NEW"} {
				require.NoError(t, b.MoveStage(bitrixsim.Deal, card, stage))
				b.told(t, card)
				<-time.After(333 * time.Millisecond)
			}
		}
		<-time.After(time.Minute)
		require.Equal(t, 60, b.started(t))
		require.LessOrEqual(t, b.reads(), 12, "thirty seconds")
		b.close(t)
	})
}

// TestManyCardsAtOnce: four hundred cards that pass through a stage cost the portal some twenty requests.
func TestManyCardsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := openBurst(t, 400)
		for _, card := range b.cards {
			require.NoError(t, b.MoveStage(bitrixsim.Deal, card, "PREPARATION"))
			require.NoError(t, b.MoveStage(bitrixsim.Deal, card, "FINAL_INVOICE"))
			b.told(t, card)
		}
		<-time.After(2 * time.Minute)
		require.Equal(t, 400, b.started(t))
		t.Logf("%d requests, %d lists", b.Stats().Requests, b.Stats().Commands["crm.item.list"])
		require.LessOrEqual(t, b.Stats().Requests, 36)
		b.close(t)
	})
}
