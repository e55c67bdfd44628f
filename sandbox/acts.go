package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"konturbridge/sandbox/bitrixsim"
)

// act is the body of every post of the page; each reads its own fields.
type act struct {
	Portal string `json:"portal"`
	Type   int    `json:"type"`
	ID     int    `json:"id"`
	Stage  string `json:"stage"`
	Field  string `json:"field"`
	Value  string `json:"value"`
	Name   string `json:"name"` // of an uploaded file
	Data   []byte `json:"data"` // base64
	Lever  string `json:"lever"`
}

var (
	errNoPortal = errors.New("no such portal")
	errNoCard   = errors.New("no such card")
	errNoField  = errors.New("no such field")
	errNoLever  = errors.New("no such lever")

	errNotWaiting = errors.New("the card is in no docflow that waits for signatures")
)

func (s *Sandbox) do(verb string, a act) error {
	p := s.portal(a.Portal)
	if p == nil {
		return errNoPortal
	}
	if verb == "lever" {
		return s.pull(p, a.Lever)
	}
	item, ok := p.Item(a.Type, a.ID)
	if !ok {
		return errNoCard
	}
	switch verb {
	case "sign":
		return s.Sign(p, a.Type, a.ID)
	case "move":
		return p.MoveStage(a.Type, a.ID, a.Stage)
	case "field":
		return setField(p, a)
	}
	return upload(p, a, item)
}

func userField(p *bitrixsim.Portal, typ int, name string) (bitrixsim.UserField, error) {
	for _, f := range p.UserFields(typ) {
		if f.Name == name {
			return f, nil
		}
	}
	return bitrixsim.UserField{}, errNoField
}

func setField(p *bitrixsim.Portal, a act) error {
	f, err := userField(p, a.Type, a.Field)
	if err != nil {
		return err
	}
	var value any = a.Value
	if a.Value != "" {
		switch f.Type {
		case "integer", "enumeration":
			value, err = strconv.Atoi(a.Value)
		case "double":
			value, err = strconv.ParseFloat(a.Value, 64)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return p.UpdateItem(a.Type, a.ID, map[string]any{f.Name: value})
}

// upload adds a file to a file field; a single field holds the new one only.
func upload(p *bitrixsim.Portal, a act, item map[string]any) error {
	f, err := userField(p, a.Type, a.Field)
	if err != nil || f.Type != "file" {
		return errNoField
	}
	id := p.AddFile(a.Name, a.Data)
	if !f.Multiple {
		return p.UpdateItem(a.Type, a.ID, map[string]any{f.Name: id})
	}
	return p.UpdateItem(a.Type, a.ID, map[string]any{f.Name: append(list(item[f.Name]), id)})
}

// pull is what the buttons under "levers" do. Each hits the next call only, so that the page stays usable.
func (s *Sandbox) pull(p *bitrixsim.Portal, lever string) error {
	switch lever {
	case "portal_tokens":
		p.ExpireAccessTokens()
	case "portal_limit":
		p.FailNext("", http.StatusServiceUnavailable, "QUERY_LIMIT_EXCEEDED", 1)
	case "portal_down":
		p.FailNext("", http.StatusBadGateway, "", 1)
	case "portal_answer":
		p.DropAnswerNext("")
	case "portal_event":
		p.DropNextDeliveries(1)
	case "portal_pause":
		s.mu.Lock()
		on := !s.paused[p.Name()]
		s.paused[p.Name()] = on
		s.mu.Unlock()
		p.PauseDelivery(on)
	case "realty_sessions":
		s.Realty.ExpireSessions()
	case "realty_answer":
		s.Realty.DropAnswerNext("create")
	case "realty_request":
		s.Realty.LoseRequestNext("create")
	case "realty_down":
		s.Realty.FailNext("news", http.StatusServiceUnavailable, 3)
	case "realty_egron":
		s.Realty.FailNext("create", http.StatusNotImplemented, 1)
	case "realty_forget":
		s.Realty.ForgetNews()
	case "realty_automatic":
		s.Realty.Automatic(!s.Realty.IsAutomatic())
	case "realty_step":
		s.Realty.Step()
	default:
		return s.pullDiadoc(lever)
	}
	return nil
}
