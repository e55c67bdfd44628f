package diadocsim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// controlState is the answer of GET /control/diadoc/state.
type controlState struct {
	Boxes     []Box      `json:"boxes"`
	Documents []Document `json:"documents"`
	Calls     []Call     `json:"calls"` // the newest 50
	Stats     Stats      `json:"stats"`
	Switches  Switches   `json:"switches"`
	Devices   []string   `json:"devices"` // user codes that wait
	Signings  []Signing  `json:"signings"`
}

// Box is an organisation's box as the outside sees it.
type Box struct {
	ID            string            `json:"id"`
	Title         string            `json:"title"`
	INN           string            `json:"inn"`
	Counteragents map[string]string `json:"counteragents"` // how others stand to it, by box
}

// Boxes lists the boxes in the order in which they were added.
func (s *Server) Boxes() []Box {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Box
	for _, b := range s.boxOrder {
		one := Box{b.id, b.title(), b.INN, map[string]string{}}
		for _, r := range b.related {
			one.Counteragents[r.peer.id] = r.status
		}
		out = append(out, one)
	}
	return out
}

// controlBody holds the parameters of every control call; each reads its own.
type controlBody struct {
	Box      string    `json:"box"`
	Peer     string    `json:"peer"`
	Text     string    `json:"text"`
	On       bool      `json:"on"`
	Op       string    `json:"op"`
	Status   int       `json:"status"`
	N        int       `json:"n"`
	Ms       int       `json:"ms"`
	Login    string    `json:"login"`
	Code     string    `json:"code"`
	Papers   []Paper   `json:"papers"`
	Switches *Switches `json:"switches"`
}

var errNoLever = errors.New("diadocsim: no such lever")

// serveControl answers GET state and POST to boxes/{act}, documents/{messageId}/{entityId}/{act}, levers/{act} and
// switches. Posts must be JSON, which a page of another origin can't send unasked.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	if r.Method == http.MethodGet && path == "state" {
		write(w, jsonReply(s.controlState()))
		return
	}
	if r.Method != http.MethodPost {
		write(w, errorReply(refuse(http.StatusMethodNotAllowed, "use GET state or POST")))
		return
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		write(w, errorReply(refuse(http.StatusUnsupportedMediaType, "use application/json")))
		return
	}
	var body controlBody
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil && err != io.EOF {
		write(w, errorReply(bad("%s", err)))
		return
	}
	switch made, err := s.control(path, body); {
	case err == nil:
		write(w, jsonReply(object{"ok": true, "id": made}))
	case errors.Is(err, ErrNotFound), errors.Is(err, errNoLever):
		write(w, errorReply(refuse(http.StatusNotFound, "%s", err)))
	default:
		write(w, errorReply(refuse(http.StatusConflict, "%s", err)))
	}
}

func (s *Server) controlState() controlState {
	out := controlState{Boxes: s.Boxes(), Documents: s.Documents(), Calls: s.Calls(""), Stats: s.Stats(), Switches: s.Switches(), Signings: s.Signings(), Devices: []string{}}
	out.Calls = out.Calls[max(0, len(out.Calls)-50):]
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		out.Devices = append(out.Devices, d.userCode)
	}
	return out
}

func (s *Server) control(path string, b controlBody) (made string, err error) {
	subject, rest, _ := strings.Cut(path, "/")
	switch subject {
	case "boxes":
		return s.controlBox(rest, b)
	case "documents":
		parts := strings.Split(rest, "/")
		if len(parts) == 3 {
			return "", s.controlDocument(parts[0], parts[1], parts[2], b)
		}
	case "levers":
		return "", s.controlLever(rest, b)
	case "switches":
		if b.Switches == nil {
			b.Switches = &Switches{}
		}
		s.SetSwitches(*b.Switches)
		return "", nil
	}
	return "", errNoLever
}

func (s *Server) controlBox(act string, b controlBody) (made string, err error) {
	switch act {
	case "invite":
		return "", s.Invite(b.Box, b.Peer, b.Text)
	case "accept":
		return "", s.AcceptInvitation(b.Box, b.Peer)
	case "reject":
		return "", s.RejectInvitation(b.Box, b.Peer, b.Text)
	case "break":
		return "", s.BreakUp(b.Box, b.Peer, b.Text)
	case "partner":
		return "", s.Partner(b.Box, b.Peer)
	case "send":
		return s.Send(b.Box, b.Peer, b.Papers...)
	case "route":
		return s.AddRoute(b.Box, b.Text)
	case "subscription":
		return "", s.SuspendSubscription(b.Box, !b.On)
	}
	return "", errNoLever
}

func (s *Server) controlDocument(message, entity, act string, b controlBody) error {
	switch act {
	case "sign":
		return s.Sign(b.Box, message, entity)
	case "signbadly":
		return s.SignBadly(b.Box, message, entity)
	case "reject":
		return s.Reject(b.Box, message, entity, b.Text)
	case "askrevocation":
		return s.AskRevocation(b.Box, message, entity, b.Text)
	case "acceptrevocation":
		return s.AcceptRevocation(b.Box, message, entity)
	case "refuserevocation":
		return s.RefuseRevocation(b.Box, message, entity, b.Text)
	case "receipt":
		return s.Receipt(b.Box, message, entity)
	case "amend":
		return s.AskAmendment(b.Box, message, entity, b.Text)
	case "resolve":
		return s.Resolve(b.Box, message, entity, b.On, b.Text)
	case "roam":
		return s.Roam(message, entity, b.On)
	case "malware":
		return s.FindMalware(b.Box, message, entity)
	}
	return errNoLever
}

func (s *Server) controlLever(act string, b controlBody) error {
	switch act {
	case "fail":
		s.FailNext(b.Op, b.Status, max(b.N, 1))
	case "drop":
		s.DropAnswerNext(b.Op)
	case "lose":
		s.LoseRequestNext(b.Op)
	case "hang":
		s.HangNext(b.Op, time.Duration(b.Ms)*time.Millisecond)
	case "later":
		s.RetryLaterNext(b.Op, either(b.Status, http.StatusNoContent))
	case "expire":
		s.ExpireTokens()
	case "revoke":
		s.RevokeRefreshTokens()
	case "hold":
		s.HoldDeliveries(b.On)
	case "undeliverable":
		if b.Code == "" {
			s.FailNextDelivery(b.Text)
			return nil
		}
		return s.FailDelivery(b.Code, b.Text)
	case "polls":
		s.SetPolls(b.N)
	case "device":
		return s.ApproveDevice(b.Code, b.Login)
	case "signing":
		return s.EndSigning(b.Code, b.Text)
	default:
		return errNoLever
	}
	return nil
}
