package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// KindOffline is the kind of the row that reads a portal's offline event queue, for ever.
const KindOffline = "offline"

// OfflineRow makes the row that reads a portal's offline queue.
func OfflineRow(id portal.ID) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: KindOffline, Kind: KindOffline}
}

// OfflineDeps of the offline worker.
type OfflineDeps struct {
	Bitrix   func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	Write    func(ctx context.Context, lease lane.Lease, writes ...lane.Write) error
	Active   func(id portal.ID) bool
	Interval time.Duration
	Now      func() time.Time
	Log      *slog.Logger
}

// Offline reads what happened in a portal while nobody listened. What also came online costs one more
// reading of the card and runs nothing.
type Offline struct {
	OfflineDeps
	mu       sync.Mutex
	confirms map[string]bool // whether the portal's plan lets reads be confirmed
}

// NewOffline returns an Offline worker.
func NewOffline(d OfflineDeps) *Offline { return &Offline{OfflineDeps: d, confirms: map[string]bool{}} }

// Work implements lane.Worker. With confirmation: reserve, store, confirm; a reservation that a crash
// left unconfirmed is found at the first read after it. Without: the portal deletes what it hands out,
// so it is stored in the same breath, and a crash right then loses it (doctor says so).
func (o *Offline) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	id := portal.ID(row.Lane)
	if !o.Active(id) {
		return lane.Result{Note: "the portal is not active any more"}, nil
	}
	more, err := o.read(ctx, id, row)
	if errors.Is(err, lane.ErrLeaseLost) || errors.Is(err, lane.ErrStoreDown) || ctx.Err() != nil {
		return lane.Result{}, err
	}
	at := o.Now().Add(o.Interval)
	note := ""
	if err != nil {
		note = err.Error()
		if until := upstream.RetryAt(err); until.After(at) {
			at = until
		}
		o.Log.Warn("the offline queue cannot be read", "portal", row.Lane, "error", err)
	} else if more {
		at = o.Now()
	}
	return lane.Result{Verdict: lane.Again, At: at, Note: note}, nil
}

func (o *Offline) read(ctx context.Context, id portal.ID, row lane.Row) (more bool, err error) {
	b24, err := o.Bitrix(ctx, id)
	if err != nil {
		return false, err
	}
	o.mu.Lock()
	confirms, known := o.confirms[string(id)]
	o.mu.Unlock()
	if !known {
		if confirms, err = b24.Feature(ctx, bitrix.FeatureOfflineExtended); err != nil {
			return false, err
		}
		if confirms {
			if err := o.recover(ctx, b24, row); err != nil {
				return false, err
			}
		}
		o.mu.Lock()
		o.confirms[string(id)] = confirms
		o.mu.Unlock()
	}
	batch, err := b24.OfflineGet(ctx, bitrix.OfflineQuery{Delete: !confirms})
	if err != nil || len(batch.Events) == 0 {
		return false, err
	}
	return true, o.take(ctx, b24, row, batch, confirms)
}

// recover reads reservations again that an earlier process did not confirm, page by page: what is
// confirmed leaves the list.
func (o *Offline) recover(ctx context.Context, b24 *bitrix.Client, row lane.Row) error {
	seen := map[string]bool{}
	for {
		left, err := b24.OfflineList(ctx, bitrix.ListOptions{Filter: map[string]any{"!PROCESS_ID": ""}})
		if err != nil {
			return err
		}
		fresh := false
		for _, e := range left.Result {
			process := string(e.ProcessID)
			if process == "" || seen[process] {
				continue
			}
			seen[process], fresh = true, true
			batch, err := b24.OfflineGet(ctx, bitrix.OfflineQuery{ProcessID: process})
			if err != nil {
				return err
			}
			if batch.ProcessID == "" {
				batch.ProcessID = process
			}
			if err := o.take(ctx, b24, row, batch, true); err != nil {
				return err
			}
		}
		if !fresh {
			return nil
		}
	}
}

// take stores the events as work and then confirms them.
func (o *Offline) take(ctx context.Context, b24 *bitrix.Client, row lane.Row, batch bitrix.OfflineBatch, confirm bool) error {
	var writes []lane.Write
	for _, e := range batch.Events {
		subject, err := e.Subject()
		if err != nil || subject.ObjectID == 0 || subject.EntityTypeID == 0 {
			continue
		}
		card := docflow.Card{EntityType: int(subject.EntityTypeID), ID: int64(subject.ObjectID)}
		body, err := json.Marshal(inbox.Happened{Event: e.Name, Card: card, Category: int64(subject.CategoryID), Stage: subject.StageID, At: o.Now()})
		if err != nil {
			return err
		}
		writes = append(writes, lane.NewRow{Lane: row.Lane, Part: card.String(), Kind: inbox.KindEvent, Code: e.Name, Body: body})
	}
	if len(writes) > 0 {
		if err := o.Write(ctx, row.Lease, writes...); err != nil {
			return err
		}
	}
	if !confirm || batch.ProcessID == "" {
		return nil
	}
	if err := b24.OfflineClear(ctx, batch.ProcessID); err != nil {
		return fmt.Errorf("confirm the offline events: %w", err)
	}
	return nil
}
