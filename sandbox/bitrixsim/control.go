package bitrixsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
)

// StateSnapshot is what GET /control/bitrix/state answers.
type StateSnapshot struct {
	TokenRefreshes int              `json:"tokenRefreshes"`
	Portals        []PortalSnapshot `json:"portals"`
}

// PortalSnapshot is one portal in a StateSnapshot.
type PortalSnapshot struct {
	Name          string         `json:"name"`
	MemberID      string         `json:"memberId"`
	Endpoint      string         `json:"endpoint"`
	Cards         []CardSnapshot `json:"cards"`
	Stages        []StageInfo    `json:"stages"`
	Robots        []string       `json:"robots"`
	Bindings      []Binding      `json:"bindings"`
	Placements    []Placement    `json:"placements"`
	Workflows     []Workflow     `json:"workflows"`
	Notifications []Notification `json:"notifications"`
	Deliveries    []Delivery     `json:"deliveries"`
	Requests      int            `json:"requests"`
	Stats         Stats          `json:"stats"`
	Triggers      []Trigger      `json:"triggers"`
	Tasks         []Task         `json:"tasks"`
}

// CardSnapshot is one card with its timeline; Fields as in Portal.Item.
type CardSnapshot struct {
	EntityTypeID int             `json:"entityTypeId"`
	ID           int             `json:"id"`
	Fields       map[string]any  `json:"fields"`
	Timeline     []TimelineEntry `json:"timeline"`
	Activities   []Activity      `json:"activities,omitempty"`
}

// StageInfo is one stage of a funnel with the automation placed on it.
type StageInfo struct {
	EntityTypeID int    `json:"entityTypeId"`
	CategoryID   int    `json:"categoryId"`
	Code         string `json:"code"`
	Name         string `json:"name"`
	Semantics    string `json:"semantics"` // P, S or F
	Steps        []Step `json:"steps"`
}

// Stages lists the stages of all types of cards, funnel by funnel.
func (p *Portal) Stages() []StageInfo {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var out []StageInfo
	for _, id := range sortedKeys(p.types) {
		t := p.types[id]
		funnels := t.categories
		if t.stageField() != "" && len(funnels) == 0 {
			funnels = []category{{}}
		}
		for _, cat := range funnels {
			for _, st := range p.stages(t.stageEntity(cat.id)) {
				out = append(out, StageInfo{
					EntityTypeID: id, CategoryID: cat.id, Code: st.code, Name: st.name, Semantics: st.semantic(),
					Steps: append([]Step(nil), p.automation[stageKey{id, st.code}]...),
				})
			}
		}
	}
	return out
}

// Snapshot gathers all state of the simulator.
func (s *Server) Snapshot() StateSnapshot {
	out := StateSnapshot{TokenRefreshes: s.TokenRefreshes(), Portals: []PortalSnapshot{}}
	for _, p := range s.Portals() {
		snap := PortalSnapshot{
			Name: p.Name(), MemberID: p.MemberID(), Endpoint: p.Endpoint(), Stages: p.Stages(), Robots: p.Robots(), Bindings: p.Bindings(),
			Placements: p.Placements(), Workflows: p.Workflows(), Notifications: p.Notifications(), Deliveries: p.Deliveries(), Requests: p.Requests(),
			Stats: p.Stats(), Triggers: p.Triggers(), Tasks: p.Tasks(),
		}
		s.mu.Lock()
		types := sortedKeys(p.types)
		s.mu.Unlock()
		for _, id := range types {
			for _, fields := range p.Items(id) {
				card := CardSnapshot{EntityTypeID: id, Fields: fields}
				card.ID, _ = fields["id"].(int)
				card.Timeline, card.Activities = p.Timeline(id, card.ID), p.Activities(id, card.ID)
				snap.Cards = append(snap.Cards, card)
			}
		}
		out.Portals = append(out.Portals, snap)
	}
	return out
}

func (s *Server) serveState(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, s.Snapshot())
}

// command is the body of every POST of the control API; each verb reads what it needs.
type command struct {
	EntityTypeID int            `json:"entityTypeId"`
	ID           int            `json:"id"`
	Stage        string         `json:"stage"`
	Fields       map[string]any `json:"fields"`
	Step         Step           `json:"step"`
	Trigger      Trigger        `json:"trigger"`
	Method       string         `json:"method"`
	Status       int            `json:"status"`
	Code         string         `json:"code"`
	Count        int            `json:"count"`
	Milliseconds int            `json:"milliseconds"`
	On           bool           `json:"on"`
	Name         string         `json:"name"`
	UserID       int            `json:"userId"`
	Family       string         `json:"family"`
	Features     []string       `json:"features"`
	ClientID     string         `json:"clientId"`
	Placement    string         `json:"placement"`
	Options      string         `json:"options"`
	Handler      string         `json:"handler"`
	Events       []string       `json:"events"`
	Scopes       []string       `json:"scopes"`
}

// serveControl does what a person presses: POST /control/bitrix/{portal}/{move|fields|create|delete|robots|triggers|press|inbound|outgoing|payment|page|install|finish|uninstall|levers/…}.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p := s.portals[r.PathValue("portal")]
	s.mu.Unlock()
	if p == nil {
		reply(w, http.StatusNotFound, map[string]any{"error": "no such portal"})
		return
	}
	var cmd command
	if err := decodeJSON(r, &cmd); err != nil {
		reply(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	verb := r.PathValue("verb")
	answer, err := p.press(r, verb, cmd)
	switch {
	case err == errUnknownVerb:
		reply(w, http.StatusNotFound, map[string]any{"error": err.Error()})
	case err != nil:
		reply(w, http.StatusUnprocessableEntity, map[string]any{"error": err.Error()})
	default:
		reply(w, http.StatusOK, answer)
	}
}

// press does one verb of the control API.
func (p *Portal) press(r *http.Request, verb string, cmd command) (any, error) {
	done := map[string]any{"ok": true}
	switch verb {
	case "move":
		return done, p.MoveStage(cmd.EntityTypeID, cmd.ID, cmd.Stage)
	case "fields":
		return done, p.UpdateItem(cmd.EntityTypeID, cmd.ID, cmd.Fields)
	case "create":
		return map[string]any{"id": p.CreateItem(cmd.EntityTypeID, cmd.Fields)}, nil
	case "delete":
		p.DeleteItem(cmd.EntityTypeID, cmd.ID)
		return done, nil
	case "robots":
		p.PlaceRobot(cmd.EntityTypeID, cmd.Stage, cmd.Step)
		return done, nil
	case "triggers":
		p.PlaceTrigger(cmd.Trigger)
		return done, nil
	case "press":
		return done, p.PressActivity(cmd.ID, cmd.Name, max(cmd.UserID, 1))
	case "inbound":
		return map[string]any{"url": p.AddWebhook(max(cmd.UserID, 1), cmd.Scopes...)}, nil
	case "outgoing":
		return p.AddOutgoingWebhook(cmd.Handler, cmd.On, cmd.Events...), nil
	case "payment":
		return done, p.Payment(cmd.ClientID, cmd.On, cmd.Count)
	case "page":
		query, form := p.OpenPage(cmd.ClientID, cmd.Placement, cmd.Options, max(cmd.UserID, 1))
		return map[string]any{"query": query, "form": form}, nil
	case "install":
		return done, p.Install(r.Context(), cmd.ClientID)
	case "finish":
		return done, p.FinishInstall(cmd.ClientID)
	case "uninstall":
		return done, p.Uninstall(r.Context(), cmd.ClientID, cmd.On)
	}
	pull, known := leverVerbs()[verb]
	if !known {
		return nil, errUnknownVerb
	}
	pull(p, cmd)
	return done, nil
}

// errUnknownVerb answers 404.
var errUnknownVerb = errors.New("unknown verb")

// decodeJSON reads a control command; an empty body is an empty command.
func decodeJSON(r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("control command: %w", err)
	}
	return nil
}

func sortedKeys[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
