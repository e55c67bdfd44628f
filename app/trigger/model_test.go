package trigger_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/app/trigger"
	"konturbridge/sandbox/bitrixsim"
)

// model plays what people, the bridge itself and the wires between may do to a few cards, step by step, and
// counts what must run: every entry of a watched stage by somebody else, once.
type model struct {
	*rig
	t      *testing.T
	script []byte
	cards  []docflow.Card
	stages map[int][]string // by kind of card
	events []inbox.Happened // told and not worked yet
	owns   map[docflow.Card]*ownMove
	want   map[string]int // by card and stage
	got    map[string]int
}

// ownMove is a move of the bridge that is under way.
type ownMove struct {
	effect int64
	stage  string
	sent   bool
}

// next takes a number below n from the script; an empty script gives 0.
func (m *model) next(n int) int {
	if len(m.script) == 0 {
		return 0
	}
	b := m.script[0]
	m.script = m.script[1:]
	return int(b) % n
}

func play(t *testing.T, script []byte) {
	m := &model{rig: setup(t), t: t, script: script, owns: map[docflow.Card]*ownMove{}, want: map[string]int{}, got: map[string]int{}}
	m.sim.AddType(147, "Объекты")
	m.stages = map[int][]string{}
	for _, s := range m.sim.Stages() {
		m.stages[s.EntityTypeID] = append(m.stages[s.EntityTypeID], s.Code)
	}
	for kind, entity := range map[int]settings.Entity{bitrixsim.Deal: settings.Deal, bitrixsim.Lead: settings.Lead, 147: settings.Item} {
		for _, stage := range m.stages[kind][1:4] {
			x := settings.Trigger{Entity: entity, Stage: stage, Action: "realty_status", Parameters: map[string]any{"docflow_id": stage}}
			if entity == settings.Item {
				x.EntityTypeID = 147
			}
			m.triggers = append(m.triggers, x)
		}
	}
	m.Add(2 * time.Second)
	for len(m.script) > 0 {
		m.step()
	}
	m.end()
	require.Equal(t, m.want, m.got)
}

func key(card docflow.Card, stage string) string { return card.String() + " " + stage }

func (m *model) step() {
	switch m.next(12) {
	case 0:
		m.create()
	case 1, 2, 3:
		m.move()
	case 4:
		m.edit()
	case 5:
		m.own()
	case 6, 7, 8:
		m.work()
	case 9:
		m.Add([]time.Duration{100 * time.Millisecond, 900 * time.Millisecond, 3 * time.Second}[m.next(3)])
	case 10:
		m.wires()
	case 11:
		m.trouble()
	}
}

// create adds a card, on a watched stage now and then.
func (m *model) create() {
	if len(m.cards) >= 4 {
		return
	}
	kind := []int{bitrixsim.Deal, bitrixsim.Lead, 147}[m.next(3)]
	stage := m.stages[kind][m.next(3)]
	card := docflow.Card{EntityType: kind, ID: int64(m.sim.CreateItem(kind, map[string]any{"stageId": stage}))}
	m.cards = append(m.cards, card)
	m.entered(card, stage)
	m.tell(card, map[int]string{bitrixsim.Deal: added, bitrixsim.Lead: "ONCRMLEADADD", 147: "ONCRMDYNAMICITEMADD"}[kind])
}

func (m *model) entered(card docflow.Card, stage string) {
	for _, watched := range m.stages[card.EntityType][1:4] {
		if watched == stage {
			m.want[key(card, stage)]++
		}
	}
}

func (m *model) tell(card docflow.Card, event string) {
	m.events = append(m.events, inbox.Happened{Event: event, Card: card})
}

func (m *model) pick() (docflow.Card, bool) {
	if len(m.cards) == 0 {
		return docflow.Card{}, false
	}
	return m.cards[m.next(len(m.cards))], true
}

func (m *model) stageOf(card docflow.Card) string {
	item, _ := m.sim.Item(card.EntityType, int(card.ID))
	return fmt.Sprint(item["stageId"])
}

// move is a person's. Nobody can tell it from the bridge's while that one is on its way to the same stage.
func (m *model) move() {
	card, ok := m.pick()
	stage := ""
	if ok {
		all := m.stages[card.EntityType]
		stage = all[m.next(min(len(all), 6))]
	}
	if !ok || stage == m.stageOf(card) || m.owns[card] != nil && m.owns[card].stage == stage {
		return
	}
	require.NoError(m.t, m.sim.MoveStage(card.EntityType, int(card.ID), stage))
	m.entered(card, stage)
	m.tell(card, m.update(card))
}

func (m *model) update(card docflow.Card) string {
	return map[int]string{bitrixsim.Deal: edited, bitrixsim.Lead: "ONCRMLEADUPDATE", 147: "ONCRMDYNAMICITEMUPDATE"}[card.EntityType]
}

func (m *model) edit() {
	if card, ok := m.pick(); ok {
		require.NoError(m.t, m.sim.UpdateItem(card.EntityType, int(card.ID), map[string]any{"title": fmt.Sprint(m.next(256))}))
		m.tell(card, m.update(card))
	}
}

// own takes one more step of a move of the bridge: stored, sent or refused, answered.
func (m *model) own() {
	card, ok := m.pick()
	if !ok {
		return
	}
	o := m.owns[card]
	switch {
	case o == nil:
		stage := m.stages[card.EntityType][m.next(5)]
		if stage == m.stageOf(card) {
			return
		}
		m.effect++
		m.owns[card] = &ownMove{effect: m.effect, stage: stage}
		m.commit(portal.OwnBegun{Portal: member, Card: card, Own: portal.Own{Effect: m.effect, Stage: stage, At: m.Now()}})
	case !o.sent && m.next(4) == 0:
		m.commit(portal.OwnEnded{Portal: member, Card: card, Effect: o.effect})
		delete(m.owns, card)
	case !o.sent:
		require.NoError(m.t, m.sim.MoveStage(card.EntityType, int(card.ID), o.stage))
		m.tell(card, m.update(card))
		o.sent = true
	default:
		m.commit(portal.OwnEnded{Portal: member, Card: card, Effect: o.effect, Made: true})
		delete(m.owns, card)
	}
}

func (m *model) commit(writes ...lane.Write) {
	require.NoError(m.t, m.store.Commit(m.t.Context(), writes...))
}

// work works an event that was told; not always the first one.
func (m *model) work() {
	if len(m.events) == 0 {
		return
	}
	i := m.next(len(m.events))
	e := m.events[i]
	body, err := json.Marshal(e)
	require.NoError(m.t, err)
	result, err := m.worker.Work(m.t.Context(), lane.Row{Lane: member, Part: e.Card.String(), Code: e.Event, Body: body})
	if err != nil || result.Verdict != lane.Done || m.next(8) == 7 { // a fault, an own write under way, a crash
		return
	}
	if m.store.Commit(m.t.Context(), result.Writes...) != nil {
		return
	}
	m.events = append(m.events[:i], m.events[i+1:]...)
	for _, w := range result.Writes {
		if row, ok := w.(lane.NewRow); ok {
			m.got[row.Part+" "+row.Key]++
		}
	}
}

// wires lose, repeat and reorder what is told.
func (m *model) wires() {
	if len(m.events) == 0 {
		return
	}
	i := m.next(len(m.events))
	switch m.next(3) {
	case 0:
		m.events = append(m.events[:i], m.events[i+1:]...)
	case 1:
		m.events = append(m.events, m.events[i])
	case 2:
		m.events[0], m.events[i] = m.events[i], m.events[0]
	}
}

// trouble restarts the bridge, sweeps, or has a call fail.
func (m *model) trouble() {
	switch m.next(4) {
	case 0:
		cards := action.New(action.Deps{Clients: m, Portals: m, Now: m.Now})
		m.worker = trigger.New(trigger.Deps{Store: m.store, Portals: m, Cards: cards, Bitrix: m.Bitrix, Now: m.Now,
			NotFound: store.ErrNotFound, Kind: action.KindAction, Refused: m.refuse})
	case 1:
		m.sweepAll()
	case 2:
		m.sim.FailNext("crm.stagehistory.list", 503, "INTERNAL_SERVER_ERROR", 1)
	case 3:
		m.sim.FailNext("crm.item.get", 502, "", 1)
	}
}

// sweepAll has every card looked at that a sweep names.
func (m *model) sweepAll() {
	_, parts := m.sweep(m.t)
	for _, card := range m.cards {
		for _, part := range parts {
			if card.String() == part {
				m.tell(card, inbox.Sweep)
			}
		}
	}
}

// end answers the bridge's own moves and lets everything arrive that was told or lost.
func (m *model) end() {
	for _, card := range m.cards {
		if o := m.owns[card]; o != nil && !o.sent {
			m.commit(portal.OwnEnded{Portal: member, Card: card, Effect: o.effect})
		} else if o != nil {
			m.commit(portal.OwnEnded{Portal: member, Card: card, Effect: o.effect, Made: true})
		}
	}
	for range 2 {
		m.Add(2 * time.Second)
		m.sweepAll()
		for tries := 0; len(m.events) > 0; tries++ {
			require.Less(m.t, tries, 1000)
			m.work()
		}
	}
}

func FuzzEveryEntryRunsOnce(f *testing.F) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		script := make([]byte, 60+random.IntN(300))
		for i := range script {
			script[i] = byte(random.IntN(256))
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		t.Parallel()
		if len(script) > 2000 {
			return
		}
		play(t, script)
	})
}
