package trigger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// maxTogether is how many cards one request reads.
const maxTogether = 50

// lookWithin bounds a request that several looks share: none of them may end it for the others.
const lookWithin = 2 * time.Minute

// reader reads cards and their histories. Looks of one kind of card in one portal that come at the same time,
// or while a request is under way, share the next one: a thousand cards that changed while the bridge was
// away cost some fifty requests.
type reader struct {
	now       func() time.Time
	items     gather[sighting]
	histories gather[[]bitrix.StageChange]

	mu   sync.Mutex
	none map[string]time.Time // kinds of cards whose history the portal does not keep; until when that is believed
}

func newReader(now func() time.Time, linger time.Duration) *reader {
	return &reader{now: now, none: map[string]time.Time{}, items: gather[sighting]{linger: linger},
		histories: gather[[]bitrix.StageChange]{linger: linger}}
}

// sighting is a card as one reading gave it; no item: it does not exist.
type sighting struct {
	item bitrix.Item
	at   time.Time
}

// item reads a card; nil when it does not exist. at is the portal's clock when the reading began.
func (r *reader) item(ctx context.Context, b24 *bitrix.Client, id portal.ID, card docflow.Card) (item bitrix.Item, at time.Time, err error) {
	kind := bitrix.EntityTypeID(card.EntityType)
	s, err := r.items.ask(ctx, kindKey(id, card), bitrix.ID(card.ID), 0, func(ctx context.Context, all []*asked[sighting]) {
		ids := make([]bitrix.ID, 0, len(all))
		for _, a := range all {
			ids = append(ids, a.id)
		}
		looked, err := b24.Look(ctx, kind, ids)
		for _, a := range all {
			a.value, a.err = sighting{looked.Items[a.id], looked.At}, errors.Join(err, looked.Failed[a.id])
		}
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	return s.item, s.at, nil
}

// noHistoryFor is how long a portal is believed not to keep a kind's history.
const noHistoryFor = 30 * time.Minute

// history reads the rows of a card's stage history behind after, oldest first. ok is false where the portal
// keeps none for such cards.
func (r *reader) history(ctx context.Context, b24 *bitrix.Client, id portal.ID, card docflow.Card, after int64) (rows []bitrix.StageChange, ok bool, err error) {
	key := kindKey(id, card)
	if r.lacks(key) {
		return nil, false, nil
	}
	kind := bitrix.EntityTypeID(card.EntityType)
	rows, err = r.histories.ask(ctx, key, bitrix.ID(card.ID), bitrix.ID(after), func(ctx context.Context, all []*asked[[]bitrix.StageChange]) {
		behind := make(map[bitrix.ID]bitrix.ID, len(all))
		for _, a := range all {
			behind[a.id] = a.after
		}
		found, err := b24.StageHistories(ctx, kind, behind)
		for _, a := range all {
			a.value, a.err = found[a.id], err
		}
	})
	if noHistory(err) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.none) >= 10_000 {
			clear(r.none)
		}
		r.none[key] = r.now().Add(noHistoryFor)
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("stage history: %w", err)
	}
	return rows, true, nil
}

func (r *reader) lacks(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.none[key].After(r.now())
}

// noHistory tells a portal that keeps no history of such cards, or shows it to nobody, from one that cannot
// answer now. The page names no codes of its own; these are the universal methods' ones.
func noHistory(err error) bool {
	refused, ok := errors.AsType[*bitrix.APIError](err)
	return ok && (upstream.ClassOf(err) == upstream.Refused || errors.Is(err, bitrix.ErrMethodNotFound) ||
		strings.EqualFold(refused.Code, "ENTITY_TYPE_NOT_SUPPORTED"))
}

func kindKey(id portal.ID, card docflow.Card) string { return string(id) + "/" + card.Key() }

// gather lets requests for the same kind of thing share one call.
type gather[V any] struct {
	linger time.Duration // before each call
	mu     sync.Mutex
	lines  map[string][]*asked[V] // what waits while a call is under way
}

// asked is one request and its answer.
type asked[V any] struct {
	id, after bitrix.ID
	value     V
	err       error
	done      chan struct{}
}

// ask waits for the answer to one request. run answers up to maxTogether of them; no two of them are for the
// same id.
func (g *gather[V]) ask(ctx context.Context, key string, id, after bitrix.ID, run func(context.Context, []*asked[V])) (V, error) {
	a := &asked[V]{id: id, after: after, done: make(chan struct{})}
	g.mu.Lock()
	if g.lines == nil {
		g.lines = map[string][]*asked[V]{}
	}
	_, busy := g.lines[key]
	g.lines[key] = append(g.lines[key], a)
	g.mu.Unlock()
	if !busy {
		go g.serve(context.WithoutCancel(ctx), key, run)
	}
	select {
	case <-a.done:
		return a.value, a.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// serve makes calls until nothing waits.
func (g *gather[V]) serve(ctx context.Context, key string, run func(context.Context, []*asked[V])) {
	for {
		if g.linger > 0 {
			time.Sleep(g.linger)
		}
		g.mu.Lock()
		waiting := g.lines[key]
		if len(waiting) == 0 {
			delete(g.lines, key)
			g.mu.Unlock()
			return
		}
		now := waiting[:min(len(waiting), maxTogether)]
		g.lines[key] = waiting[len(now):]
		g.mu.Unlock()
		g.call(ctx, now, run)
	}
}

// call makes one call and hands out its answers. A panic in it is the looks' failure, not the process's.
func (g *gather[V]) call(ctx context.Context, all []*asked[V], run func(context.Context, []*asked[V])) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	defer func() {
		p := recover()
		for _, a := range all {
			if p != nil {
				a.err = fmt.Errorf("internal error: %v", p)
			}
			close(a.done)
		}
	}()
	run(ctx, all)
}
