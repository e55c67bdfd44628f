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
	"slices"
	"strconv"
	"strings"
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
	// Since is the moment from which entered stages of such cards run actions.
	Since(id portal.ID, card docflow.Card) time.Time
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
	// Refused shows in the card what keeps an action from being started.
	Refused func(portal string, card docflow.Card, action string, refusal *docflow.Refusal) lane.Write
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
	now := seenNow(id, h.Card, item, watching)
	now.Seen = w.Now()
	before, err := w.Store.Card(ctx, id, h.Card.EntityType, h.Card.ID)
	// What was seen before anybody watched such cards says nothing about what happened since.
	since := w.Portals.Since(id, h.Card)
	known := err == nil && !before.Seen.Before(since.Truncate(time.Second))
	if err != nil && !errors.Is(err, w.NotFound) {
		return lane.Result{}, err
	}
	entered := false
	if slices.ContainsFunc(watching, func(t settings.Trigger) bool { return t.Field == "" && t.Stage == now.Stage }) {
		if entered, err = w.entered(ctx, b24, h, before, known, now, since); err != nil {
			return lane.Result{}, err
		}
	}
	firing := slices.DeleteFunc(watching, func(t settings.Trigger) bool { return !fires(t, before, known, now, entered) })
	rows, err := w.start(ctx, id, h.Card, firing)
	if err != nil {
		return lane.Result{}, err
	}
	note := ""
	for _, t := range firing {
		note += "started " + t.Action + "; "
	}
	return lane.Result{Note: note, Writes: append([]lane.Write{portal.CardSeen{Card: now}}, rows...)}, nil
}

// seenNow is what is remembered of a card: its stage and the fields that triggers watch.
func seenNow(id portal.ID, card docflow.Card, item bitrix.Item, watching []settings.Trigger) portal.Card {
	now := portal.Card{Portal: id, Card: card, Category: item.Int("categoryId"), Stage: item.String("stageId"), Fields: map[string]string{}}
	for _, t := range watching {
		if t.Field != "" {
			now.Fields[t.Field] = fieldText(item, t.Field)
		}
	}
	return now
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
func (w *Worker) entered(ctx context.Context, b24 *bitrix.Client, h inbox.Happened, before portal.Card, known bool, now portal.Card, since time.Time) (bool, error) {
	if known {
		return before.Stage != now.Stage && before.OwnStage != now.Stage, nil
	}
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
	return event == "ONCRMDEALADD" || event == "ONCRMLEADADD" || strings.HasPrefix(event, "ONCRMDYNAMICITEMADD")
}

// fires decides one trigger.
func fires(t settings.Trigger, before portal.Card, known bool, now portal.Card, entered bool) bool {
	if t.Category != nil && int64(*t.Category) != now.Category {
		return false
	}
	if t.Field != "" {
		was, watched := before.Fields[t.Field]
		return known && watched && was != now.Fields[t.Field]
	}
	return entered && t.Stage == now.Stage
}

// fieldText is a field's value in the form in which changes are told: no value is "", and of files only
// the ids are kept, since their links carry the access token and differ with every reading.
func fieldText(item bitrix.Item, name string) string {
	if !item.Has(name) {
		name = standardName(name)
	}
	var value any
	if raw := item.Raw(name); raw == nil || json.Unmarshal(raw, &value) != nil {
		return ""
	}
	switch v := withoutLinks(value).(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		if len(v) == 0 {
			return ""
		}
		value = v
	default:
		value = v
	}
	text, err := json.Marshal(value)
	if err != nil { // it was JSON a moment ago
		return ""
	}
	return string(text)
}

func withoutLinks(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if _, file := v["id"]; file {
			return v["id"]
		}
	case []any:
		for i := range v {
			v[i] = withoutLinks(v[i])
		}
	}
	return value
}

// standardName is a standard field's name in the universal methods. User fields keep theirs there.
// doc: api-reference/crm/universal/object-fields.md
func standardName(upper string) string {
	switch upper {
	case "DATE_CREATE":
		return "createdTime"
	case "DATE_MODIFY":
		return "updatedTime"
	case "STATUS_ID":
		return "stageId"
	}
	parts := strings.Split(strings.ToLower(upper), "_")
	for i, part := range parts {
		if i > 0 && part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}

// start makes the rows that run the triggers' actions, with their parameters rendered now: what the card
// said when it entered the stage. The card is read once, for all that the parameters look at.
func (w *Worker) start(ctx context.Context, id portal.ID, card docflow.Card, firing []settings.Trigger) ([]lane.Write, error) {
	var reads []string
	for _, t := range firing {
		more, err := mapping.Reads(parameters(t))
		if err != nil {
			return nil, err
		}
		reads = append(reads, more...)
	}
	seen := mapping.Card{Entity: card.Entity()}
	if len(reads) > 0 {
		var err error
		if seen, err = w.Cards.Read(ctx, id, card, reads); err != nil {
			return nil, err
		}
	}
	rows := make([]lane.Write, 0, len(firing))
	for _, t := range firing {
		value, problems := mapping.RenderValue(parameters(t), seen)
		if len(problems) > 0 {
			rows = append(rows, w.Refused(string(id), card, t.Action, badParameters(t, problems)))
			continue
		}
		call := inbox.Call{Card: card, Properties: bitrix.Properties{}}
		rendered, _ := value.(map[string]any)
		for name := range t.Parameters {
			call.Properties[name] = propertyOf(rendered[name])
		}
		body, err := json.Marshal(call)
		if err != nil {
			return nil, err
		}
		rows = append(rows, lane.NewRow{Lane: string(id), Part: card.String(), Key: call.Properties.First("docflow_id"),
			Kind: w.Kind, Code: t.Action, Body: body})
	}
	return rows, nil
}

// badParameters says which parameters of a trigger could not be made of the card.
func badParameters(t settings.Trigger, problems []mapping.Problem) *docflow.Refusal {
	ru, en := make([]string, 0, len(problems)), make([]string, 0, len(problems))
	for _, p := range problems {
		ru, en = append(ru, p.Text()), append(en, p.English())
	}
	return &docflow.Refusal{Code: "bad_parameters", Cause: mapping.Problems(problems),
		CRMText: fmt.Sprintf("Действие %s не запущено, проверьте параметры триггера в настройках моста:\n%s", t.Action, strings.Join(ru, "\n")),
		TextEN:  fmt.Sprintf("%s was not started; check the trigger's parameters:\n%s", t.Action, strings.Join(en, "\n"))}
}

func parameters(t settings.Trigger) map[string]any {
	if t.Parameters == nil {
		return map[string]any{}
	}
	return t.Parameters
}

func propertyOf(value any) bitrix.PropertyValue {
	switch v := value.(type) {
	case nil:
		return bitrix.PropertyValue{}
	case []any:
		p := bitrix.PropertyValue{List: true}
		for _, each := range v {
			p.Values = append(p.Values, propertyOf(each).First())
		}
		return p
	case map[string]any: // a file: its address carries a token, so only its id is kept
		return propertyOf(v["id"])
	case float64: // as people write numbers: 4500000, not 4.5e+06
		return bitrix.PropertyValue{Values: []string{strconv.FormatFloat(v, 'f', -1, 64)}}
	default:
		return bitrix.PropertyValue{Values: []string{fmt.Sprint(v)}}
	}
}
