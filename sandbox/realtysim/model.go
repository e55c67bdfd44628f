package realtysim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Refusal is the service's nested Error object: body of a 400 and error of a docflow.
type Refusal struct {
	Code    string    `json:"code"`
	Message string    `json:"message"`
	Target  string    `json:"target,omitempty"`
	Errors  []Refusal `json:"errors,omitempty"`
}

// Charge is one state duty to pay.
type Charge struct {
	UIN string `json:"uin"` // payment identifier, digits with leading zeros; empty: the server makes one
	Sum int64  `json:"sum"` // kopecks; zero: 2000 rubles
}

// ResultFile is a file that the registrar hands out.
type ResultFile struct {
	Type       string   `json:"type"` // e.g. outdoc, egrn:extract_info:xml; open-ended
	Name       string   `json:"name"` // for people; the wire has no file names
	Data       []byte   `json:"data"`
	Signatures [][]byte `json:"signatures,omitempty"`
}

// Docflow is a copy of one docflow as the server keeps it.
type Docflow struct {
	ID         string      `json:"id"`
	Type       string      `json:"type"`
	RequestID  string      `json:"requestId,omitempty"`
	State      string      `json:"state"`
	Waits      string      `json:"waits,omitempty"` // suspended for: signature, payment or packet
	Account    string      `json:"account"`
	User       string      `json:"user"`
	Options    any         `json:"options"`          // as json.Unmarshal gives it
	Parent     string      `json:"parent,omitempty"` // of a packet or an action
	Statements []Statement `json:"statements,omitempty"`
	SignedBy   []string    `json:"signedBy,omitempty"` // who signed everything that is asked of them
	Charges    []Charge    `json:"charges,omitempty"`  // not paid yet
	Paid       []Charge    `json:"paid,omitempty"`
	Files      []File      `json:"files,omitempty"`
	Error      *Refusal    `json:"error,omitempty"`
	History    []Step      `json:"history"`
}

// Statement is one application file that people must sign.
type Statement struct {
	FileID     string   `json:"fileId"`
	Persons    []string `json:"persons"`    // surname and name
	Signatures int      `json:"signatures"` // distinct ones received
}

// File is one file of a result.
type File struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Name       string   `json:"name"`
	Size       int      `json:"size"`
	Signatures []string `json:"signatures,omitempty"` // ids
}

// Step is one entry of a docflow's history; each is also an item of news.
type Step struct {
	At    time.Time `json:"at"`
	State string    `json:"state"`
	Cause string    `json:"cause"`
}

type docflow struct {
	id, typ, requestID, userID string
	account                    *account
	options                    map[string]any
	raw                        json.RawMessage
	parent                     *docflow
	people                     []person
	statements                 []*statement
	now                        view
	moved                      time.Time
	charged                    bool
	paid                       []Charge
	blobs                      map[string]blob // result files and their signatures, by id
	history                    []Step
	last                       event
}

// view is what the service shows of a docflow at one moment. Views are replaced, never changed in place,
// because news keep old ones.
type view struct {
	state   string
	signers []signer
	charges []Charge
	files   []resultFile
	result  bool
	refusal *Refusal
}

type signer struct {
	person     any
	statements []*statement
}

type statement struct {
	id         string
	data       []byte
	persons    []string
	signatures [][]byte
}

type resultFile struct {
	id, typ, name string
	size          int
	signatures    []string
}

type blob struct {
	media string
	data  []byte
}

// person is a participant who signs.
type person struct {
	wire  any
	name  string
	snils string // digits
}

// statement returns the statement with that file id.
func (d *docflow) statement(id string) *statement {
	for _, st := range d.statements {
		if strings.EqualFold(st.id, id) {
			return st
		}
	}
	return nil
}

func (d *docflow) snapshot() Docflow {
	out := Docflow{
		ID: d.id, Type: d.typ, RequestID: d.requestID, State: d.now.state, Account: d.account.id, User: d.userID,
		Charges: slices.Clone(d.now.charges), Paid: slices.Clone(d.paid), History: slices.Clone(d.history),
	}
	switch {
	case len(d.now.signers) > 0:
		out.Waits = "signature"
	case len(d.now.charges) > 0:
		out.Waits = "payment"
	case d.suspended():
		out.Waits = "packet"
	}
	if d.parent != nil {
		out.Parent = d.parent.id
	}
	if d.now.refusal != nil {
		refusal := *d.now.refusal
		out.Error = &refusal
	}
	_ = json.Unmarshal(d.raw, &out.Options) // it was parsed once when it came
	for _, st := range d.statements {
		out.Statements = append(out.Statements, Statement{
			FileID: st.id, Persons: slices.Clone(st.persons), Signatures: len(st.signatures),
		})
		if st.enough() {
			out.SignedBy = append(out.SignedBy, st.persons...)
		}
	}
	for _, f := range d.now.files {
		out.Files = append(out.Files, File{
			ID: f.id, Type: f.typ, Name: f.name, Size: f.size, Signatures: slices.Clone(f.signatures),
		})
	}
	return out
}

// Docflows returns a copy of every docflow, oldest first.
func (s *Server) Docflows() []Docflow {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	out := make([]Docflow, 0, len(s.order))
	for _, d := range s.order {
		out = append(out, d.snapshot())
	}
	return out
}

// Docflow returns a copy of the docflow with that id.
func (s *Server) Docflow(id string) (Docflow, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	d := s.docflows[strings.ToLower(id)]
	if d == nil {
		return Docflow{}, false
	}
	return d.snapshot(), true
}

// Find returns every docflow created with that requestId. More than one means a double filing: whether the
// real service refuses a repeated requestId is not documented, so this one files again.
func (s *Server) Find(requestID string) []Docflow {
	return slices.DeleteFunc(s.Docflows(), func(d Docflow) bool { return d.RequestID != requestID })
}
