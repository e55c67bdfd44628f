package realtysim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

const controlPrefix = "/control/realty/"

// controlState is the answer of GET /control/realty/state.
type controlState struct {
	Automatic bool      `json:"automatic"`
	Logins    int       `json:"logins"`
	Accounts  []string  `json:"accounts"`
	Docflows  []Docflow `json:"docflows"`
	Calls     []Call    `json:"calls"` // the newest 50
	Switches  Switches  `json:"switches"`
}

// controlBody holds the parameters of every control call; each reads its own.
type controlBody struct {
	Charges   []Charge     `json:"charges"`
	UIN       string       `json:"uin"`
	Files     []ResultFile `json:"files"`
	Code      string       `json:"code"`
	Message   string       `json:"message"`
	Op        string       `json:"op"`
	Status    int          `json:"status"`
	N         int          `json:"n"`
	Ms        int          `json:"ms"`
	On        bool         `json:"on"`
	Login     string       `json:"login"`
	Password  string       `json:"password"`
	AccountID string       `json:"accountId"`
	Switches  *Switches    `json:"switches"`
}

var errNoLever = errors.New("realtysim: no such lever")

// serveControl answers GET state, POST {docflowId}/{act}, POST levers/{act}, POST accounts and POST switches.
// Posts must be JSON, which a page of another origin can't send unasked.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, controlPrefix)
	if r.Method == http.MethodGet && path == "state" {
		write(w, jsonReply(http.StatusOK, s.controlState()))
		return
	}
	if r.Method != http.MethodPost {
		write(w, refuse(http.StatusMethodNotAllowed, "method", "use GET state or POST", path))
		return
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		write(w, unsupportedMedia())
		return
	}
	var body controlBody
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil && err != io.EOF {
		write(w, refuse(http.StatusBadRequest, "body", err.Error(), path))
		return
	}
	switch err := s.control(path, body); {
	case err == nil:
		write(w, jsonReply(http.StatusOK, map[string]bool{"ok": true}))
	case errors.Is(err, ErrNotFound), errors.Is(err, errNoLever):
		write(w, refuse(http.StatusNotFound, "notFound", err.Error(), path))
	default:
		write(w, refuse(http.StatusConflict, "state", err.Error(), path))
	}
}

func (s *Server) controlState() controlState {
	out := controlState{Docflows: s.Docflows(), Switches: s.Switches(), Logins: s.Logins(), Accounts: []string{}}
	out.Calls = s.Calls()
	out.Calls = out.Calls[max(0, len(out.Calls)-50):]
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Automatic = s.automatic
	for _, a := range s.accounts {
		out.Accounts = append(out.Accounts, a.id)
	}
	return out
}

func (s *Server) control(path string, b controlBody) error {
	subject, act, _ := strings.Cut(path, "/")
	switch subject {
	case "levers":
		return s.controlLever(act, b)
	case "accounts":
		s.AddAccount(b.Login, b.Password, b.AccountID)
		return nil
	case "switches":
		if b.Switches == nil {
			b.Switches = &Switches{}
		}
		s.SetSwitches(*b.Switches)
		return nil
	}
	switch act {
	case "dispatch":
		return s.Dispatch(subject)
	case "charge":
		return s.ChargeDuty(subject, b.Charges...)
	case "pay":
		return s.Pay(subject, b.UIN)
	case "complete":
		return s.Complete(subject, b.Files...)
	case "suspend":
		return s.Suspend(subject, b.Files...)
	case "fail":
		return s.Fail(subject, b.Code, b.Message)
	case "sign":
		return s.Sign(subject)
	case "submit":
		return s.Submit(subject)
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
	case "expire":
		s.ExpireSessions()
	case "forget":
		s.ForgetNews()
	case "automatic":
		s.Automatic(b.On)
	case "step":
		s.Step()
	default:
		return errNoLever
	}
	return nil
}
