package realtysim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// create is method 2. A repeated requestId creates a second docflow: nothing documents another behaviour.
func (s *Server) create(req request) reply {
	typ, ok := canonicalType(req.id)
	if !ok {
		return validation([]Refusal{{Code: "validation", Message: "unknown docflow type", Target: req.id}})
	}
	if req.media != "application/json" {
		return unsupportedMedia()
	}
	body, ok := parseObject(req.body)
	if !ok {
		return validation([]Refusal{{Code: "validation", Message: "body is not a JSON object", Target: camel(typ)}})
	}
	options, bad := s.check(req.who.account, typ, body)
	if len(bad) > 0 {
		return validation(bad)
	}
	if s.egron(options) {
		return refuse(http.StatusNotImplemented, "notImplemented", "Requests to the EGRON system are not supported yet", camel(typ))
	}
	d := s.addDocflow(req.who, typ, body, options)
	if len(d.people) == 0 {
		s.move(d, "created", view{state: StateQueued})
		return s.created(d, http.StatusOK)
	}
	s.move(d, "created", view{state: StateSuspended, signers: s.makeStatements(d)})
	return s.created(d, http.StatusCreated)
}

func (s *Server) addDocflow(who session, typ string, body, options map[string]any) *docflow {
	d := &docflow{id: newGUID(), typ: typ, userID: who.userID, account: who.account, options: options, blobs: map[string]blob{}}
	d.requestID, _ = body["requestId"].(string)
	d.raw, _ = json.Marshal(options) // it came as JSON
	if id, ok := options["docflowId"].(string); ok {
		d.parent = s.docflows[strings.ToLower(id)]
	}
	if registration(typ) || s.sw.ExtraSignature && d.parent != nil {
		d.people = signersOf(options)
	}
	s.docflows[d.id] = d
	s.order = append(s.order, d)
	return d
}

func (s *Server) created(d *docflow, status int) reply {
	out := s.short(d)
	if s.sw.CreateType {
		out.Type, out.DocflowType = out.DocflowType, ""
	}
	if s.sw.CreateAlways201 {
		status = http.StatusCreated
	}
	if r := s.requirements(d, d.now); r != nil && !s.sw.RequirementsLater {
		out.Requirements = r
	}
	a := jsonReply(status, out)
	a.docflow = d.id
	return a
}

// egron tells whether the object lies where the lever says that the unfinished system answers.
func (s *Server) egron(options map[string]any) bool {
	for _, number := range cadastralNumbers(options) {
		for _, prefix := range s.sw.EGRON {
			if strings.HasPrefix(number, prefix) {
				return true
			}
		}
	}
	return false
}

// own finds a docflow of the caller's account.
func (s *Server) own(req request) (*docflow, *reply) {
	d := s.docflows[strings.ToLower(req.id)]
	if d == nil {
		return nil, notFound("no such docflow")
	}
	if d.account != req.who.account {
		a := forbidden()
		return nil, &a
	}
	return d, nil
}

// get is method 3.
func (s *Server) get(req request) reply {
	d, bad := s.own(req)
	if bad != nil {
		return *bad
	}
	if s.sw.WrappedGet {
		return jsonReply(http.StatusOK, s.item(d.last)) // R3: a news item, hence without options
	}
	out := s.render(d, d.now)
	out.Options = d.raw
	return jsonReply(http.StatusOK, out)
}

// submit is method 4. The signatures are checked after the answer, as the page says; that the check ends in
// state error is derived.
func (s *Server) submit(req request) reply {
	d, bad := s.own(req)
	if bad != nil {
		return *bad
	}
	if d.now.state != StateSuspended || len(d.now.signers) == 0 {
		return refuse(http.StatusBadRequest, "validation", "docflow does not wait for signatures", camel(d.typ))
	}
	missing := d.signatureFaults()
	if s.sw.SubmitRefusesShortage && len(missing) > 0 {
		return validation(missing)
	}
	next := view{state: StateQueued}
	if s.sw.AfterSubmit != "" {
		next.state = s.sw.AfterSubmit
	}
	waiting := d.now.signers
	s.move(d, "submitted", next)
	answer := jsonReply(http.StatusOK, s.short(d))
	if len(missing) == 0 {
		return answer
	}
	refusal := &Refusal{Code: "validation", Message: "Signatures failed the check", Target: "api", Errors: missing}
	if s.sw.BadSignaturesSuspend {
		for _, st := range d.statements {
			st.signatures = st.good()
		}
		s.move(d, "signatures refused", view{state: StateSuspended, signers: waiting, refusal: refusal})
	} else {
		s.move(d, "signatures refused", view{state: StateError, refusal: refusal})
	}
	return answer
}

// parseObject reads exactly one JSON object.
func parseObject(body []byte) (map[string]any, bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var out map[string]any
	if dec.Decode(&out) != nil || out == nil {
		return nil, false
	}
	_, err := dec.Token()
	return out, err == io.EOF
}
