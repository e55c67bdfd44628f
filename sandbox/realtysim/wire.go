package realtysim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// wireDocflow keeps the field order of the printed examples.
type wireDocflow struct {
	DocflowID    string          `json:"docflowId"`
	DocflowType  string          `json:"docflowType,omitempty"`
	Type         string          `json:"type,omitempty"` // N9: only in the create answer, by a switch
	UserID       string          `json:"userId,omitempty"`
	State        string          `json:"state"`
	RequestID    string          `json:"requestId,omitempty"`
	Options      json.RawMessage `json:"options,omitempty"`
	Result       any             `json:"result,omitempty"`
	Requirements any             `json:"requirements,omitempty"`
	Error        *Refusal        `json:"error,omitempty"`
}

type wireFile struct {
	ID          string     `json:"id"`
	Type        string     `json:"type,omitempty"`
	ContentLink string     `json:"contentLink"`
	Signatures  []wireFile `json:"signatures,omitempty"`
}

type wireSigner struct {
	Person any `json:"person"`
	Files  any `json:"files"`
}

type wireCharge struct {
	UIN  string `json:"uin"`
	Summ any    `json:"summ"` // this spelling
}

type wireRequirements struct {
	Signature []wireSigner `json:"signature,omitempty"`
	Payment   []wireCharge `json:"payment,omitempty"`
}

type wireItem struct {
	Token   string      `json:"token"`
	Date    string      `json:"date"`
	Docflow wireDocflow `json:"docflow"`
}

// short is the answer to create and submit: no user, no content.
func (s *Server) short(d *docflow) wireDocflow {
	return wireDocflow{DocflowID: d.id, DocflowType: s.typeName(d.typ), State: s.stateName(d.now.state), RequestID: d.requestID}
}

// render shows a docflow as it was at view v, without options.
func (s *Server) render(d *docflow, v view) wireDocflow {
	out := s.short(d)
	out.UserID, out.State, out.Error = d.userID, s.stateName(v.state), v.refusal
	if v.result {
		files := make([]wireFile, 0, len(v.files))
		for _, f := range v.files {
			one := wireFile{ID: f.id, Type: f.typ, ContentLink: s.fileLink(d, f.id)}
			for _, sig := range f.signatures {
				one.Signatures = append(one.Signatures, wireFile{ID: sig, ContentLink: s.fileLink(d, sig)})
			}
			files = append(files, one)
		}
		out.Result = map[string]any{"files": files}
		if s.sw.ResultArray {
			out.Result = files
		}
	}
	if r := s.requirements(d, v); r != nil {
		out.Requirements = r
	}
	return out
}

func (s *Server) requirements(d *docflow, v view) *wireRequirements {
	if len(v.signers) == 0 && len(v.charges) == 0 {
		return nil
	}
	out := &wireRequirements{}
	for _, who := range v.signers {
		files := make([]wireFile, 0, len(who.statements))
		for _, st := range who.statements {
			files = append(files, wireFile{ID: st.id, Type: "statement", ContentLink: s.fileLink(d, st.id)})
		}
		one := wireSigner{Person: who.person, Files: files}
		if s.sw.SingleFile {
			one.Files = files[0]
		}
		out.Signature = append(out.Signature, one)
	}
	for _, c := range v.charges {
		summ := rubles(c.Sum)
		if s.sw.SummNumber {
			out.Payment = append(out.Payment, wireCharge{UIN: c.UIN, Summ: json.Number(summ)})
			continue
		}
		out.Payment = append(out.Payment, wireCharge{UIN: c.UIN, Summ: summ})
	}
	return out
}

func (s *Server) fileLink(d *docflow, file string) string {
	return s.link("/docflows/%s/files/%s", d.id, file)
}

func (s *Server) typeName(typ string) string {
	if s.sw.CamelTypes {
		return camel(typ)
	}
	return typ
}

func (s *Server) stateName(state string) string {
	if s.sw.OldStateNames {
		switch state {
		case StateSuspended:
			return "suspend"
		case StateQueued:
			return "queue"
		}
	}
	return state
}

func (s *Server) item(e event) wireItem {
	return wireItem{Token: e.token, Date: e.at.UTC().Format(time.RFC3339), Docflow: s.render(e.docflow, e.view)}
}

// rubles prints kopecks as the example does: "700", and "700.50" when there are kopecks.
func rubles(kopecks int64) string {
	if kopecks%100 == 0 {
		return fmt.Sprint(kopecks / 100)
	}
	return fmt.Sprintf("%d.%02d", kopecks/100, kopecks%100)
}

// answerSnils writes a СНИЛС as the printed answer has it, with a third hyphen that the documented pattern
// of requests forbids (R11).
func answerSnils(snils string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, snils)
	if len(digits) != 11 {
		return snils
	}
	return digits[:3] + "-" + digits[3:6] + "-" + digits[6:9] + "-" + digits[9:]
}
