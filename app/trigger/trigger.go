// Package trigger turns events of CRM cards into actions.
//
// Bitrix24 has no event for a stage: the card is read and compared with what was last seen of it. A
// stage is entered once; what was seen and the actions that it starts are stored in one transaction.
package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
)

// Store is what the trigger keeps.
type Store interface {
	Card(ctx context.Context, id portal.ID, entityType int, item int64) (portal.Card, error)
}

// Portals gives what a portal's administrator has set.
type Portals interface {
	Settings(ctx context.Context, id portal.ID) (settings.Settings, error)
	// Since is the moment from which entered stages run actions.
	Since(id portal.ID) time.Time
}

// Cards reads a card in the form that expressions see.
type Cards interface {
	Read(ctx context.Context, id portal.ID, card docflow.Card, reads []string) (mapping.Card, error)
}

// Deps of the worker.
type Deps struct {
	Store    Store
	Portals  Portals
	Cards    Cards
	Bitrix   func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	Now      func() time.Time
	NotFound error  // what Store returns for a card that was never seen
	Kind     string // of the rows that run actions
}

// Worker works the rows of events.
type Worker struct{ Deps }

// New returns a Worker.
func New(d Deps) *Worker { return &Worker{d} }

// Work implements lane.Worker.
func (w *Worker) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	h, err := inbox.ReadHappened(row.Body)
	if err != nil {
		return lane.Result{}, err
	}
	id := portal.ID(row.Lane)
	set, err := w.Portals.Settings(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	watching := about(set.Triggers, h.Card)
	if len(watching) == 0 {
		return lane.Result{Note: "no trigger watches such cards"}, nil
	}
	b24, err := w.Bitrix(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	item, err := b24.ItemGet(ctx, bitrix.EntityTypeID(h.Card.EntityType), bitrix.ID(h.Card.ID))
	if errors.Is(err, bitrix.ErrNotFound) {
		return lane.Result{Note: "the card is gone"}, nil
	}
	if err != nil {
		return lane.Result{}, err
	}
	now := portal.Card{Portal: id, Card: h.Card, Category: item.Int("categoryId"), Stage: item.String("stageId"),
		Fields: map[string]string{}, Seen: w.Now()}
	for _, t := range watching {
		if t.Field != "" {
			now.Fields[t.Field] = fieldText(item, t.Field)
		}
	}
	before, err := w.Store.Card(ctx, id, h.Card.EntityType, h.Card.ID)
	known := err == nil
	if err != nil && !errors.Is(err, w.NotFound) {
		return lane.Result{}, err
	}
	entered, err := w.entered(ctx, b24, h, before, known, now)
	if err != nil {
		return lane.Result{}, err
	}
	writes := []lane.Write{portal.CardSeen{Card: now}}
	note := ""
	for _, t := range watching {
		if !fires(t, before, known, now, entered) {
			continue
		}
		next, err := w.start(ctx, id, h.Card, t)
		if err != nil {
			return lane.Result{}, err
		}
		writes = append(writes, next)
		note += "started " + t.Action + "; "
	}
	return lane.Result{Note: note, Writes: writes}, nil
}

// about keeps the triggers for cards of this kind.
func about(all []settings.Trigger, card docflow.Card) []settings.Trigger {
	var own []settings.Trigger
	for _, t := range all {
		if string(t.Entity) == card.Entity() && (t.Entity != settings.Item || t.EntityTypeID == card.EntityType) {
			own = append(own, t)
		}
	}
	return own
}

// entered reports whether the card has entered its stage since it was last seen. A card that was never
// seen has entered it when it was created there, or when the portal's own stage history says that it
// came there after the bridge began to watch; an old card that is merely edited runs nothing.
func (w *Worker) entered(ctx context.Context, b24 *bitrix.Client, h inbox.Happened, before portal.Card, known bool, now portal.Card) (bool, error) {
	if known {
		moved := before.Stage != now.Stage || before.Category != now.Category && before.Stage == ""
		return moved && before.OwnStage != now.Stage, nil
	}
	since := w.Portals.Since(now.Portal)
	if isCreation(h.Event) {
		return true, nil
	}
	var last time.Time
	filter := map[string]any{"OWNER_ID": h.Card.ID}
	for change, err := range b24.StageHistory(ctx, bitrix.EntityTypeID(h.Card.EntityType), 0, filter) {
		if err != nil {
			return false, fmt.Errorf("stage history: %w", err)
		}
		if change.StageID == now.Stage {
			last = change.Created.Time
		}
	}
	return !last.IsZero() && !last.Before(since.Truncate(time.Second)), nil
}

func isCreation(event string) bool {
	switch event {
	case "ONCRMDEALADD", "ONCRMLEADADD":
		return true
	}
	return len(event) >= len("ONCRMDYNAMICITEMADD") && event[:len("ONCRMDYNAMICITEMADD")] == "ONCRMDYNAMICITEMADD"
}

// fires decides one trigger.
func fires(t settings.Trigger, before portal.Card, known bool, now portal.Card, entered bool) bool {
	if t.Category != nil && int64(*t.Category) != now.Category {
		return false
	}
	if t.Field != "" {
		return known && before.Fields != nil && hasField(before, t.Field) && before.Fields[t.Field] != now.Fields[t.Field]
	}
	return entered && t.Stage == now.Stage
}

func hasField(c portal.Card, name string) bool { _, ok := c.Fields[name]; return ok }

func fieldText(item bitrix.Item, name string) string {
	if !item.Has(name) {
		return ""
	}
	return string(item.Raw(name))
}

// start makes the row that runs a trigger's action, with its parameters rendered now: what the card
// said when it entered the stage.
func (w *Worker) start(ctx context.Context, id portal.ID, card docflow.Card, t settings.Trigger) (lane.Write, error) {
	call := inbox.Call{Card: card, Properties: bitrix.Properties{}}
	for name, tree := range t.Parameters {
		reads, err := mapping.Reads(tree)
		if err != nil {
			return nil, err
		}
		seen, err := w.Cards.Read(ctx, id, card, reads)
		if err != nil {
			return nil, err
		}
		value, problems := mapping.RenderValue(tree, seen)
		if len(problems) > 0 {
			return nil, mapping.Problems(problems)
		}
		call.Properties[name] = propertyOf(value)
	}
	body, err := json.Marshal(call)
	if err != nil {
		return nil, err
	}
	return lane.NewRow{Lane: string(id), Part: card.String(), Kind: w.Kind, Code: t.Action, Body: body}, nil
}

func propertyOf(value any) bitrix.PropertyValue {
	switch v := value.(type) {
	case nil:
		return bitrix.PropertyValue{}
	case string:
		return bitrix.PropertyValue{Values: []string{v}}
	case []any:
		p := bitrix.PropertyValue{List: true}
		for _, each := range v {
			p.Values = append(p.Values, propertyOf(each).First())
		}
		return p
	case map[string]any: // a file: its address carries a token, so only its id is kept
		return bitrix.PropertyValue{Values: []string{fmt.Sprint(v["id"])}}
	default:
		return bitrix.PropertyValue{Values: []string{fmt.Sprint(v)}}
	}
}
