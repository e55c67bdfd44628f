package realtysim

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// makeStatements writes one statement for each person, or one for all of them, and returns who signs what.
func (s *Server) makeStatements(d *docflow) []signer {
	var signers []signer
	if s.sw.SharedStatement {
		shared := &statement{id: newGUID()}
		for _, p := range d.people {
			shared.persons = append(shared.persons, p.name)
			signers = append(signers, signer{person: p.wire, statements: []*statement{shared}})
		}
		shared.data = statementBytes(d, shared.persons)
		d.statements = []*statement{shared}
		return signers
	}
	for _, p := range d.people {
		st := &statement{id: newGUID(), persons: []string{p.name}}
		st.data = statementBytes(d, st.persons)
		d.statements = append(d.statements, st)
		signers = append(signers, signer{person: p.wire, statements: []*statement{st}})
	}
	return signers
}

// statementBytes is the same for the same filing and person, whatever the ids.
func statementBytes(d *docflow, persons []string) []byte {
	return fmt.Appendf(nil, "%%PDF-1.4\n%% Заявление %s\n%% %s\n%% %s\n%s\n%%%%EOF\n",
		d.typ, d.requestID, strings.Join(persons, ", "), d.raw)
}

// sign is methods 6 and 7. The service learns the signer from the signature, so nothing here names one.
// The same bytes twice count once: repeating is assumed harmless.
func (s *Server) sign(req request) reply {
	d, bad := s.own(req)
	if bad != nil {
		return *bad
	}
	st := d.statement(req.file)
	if st == nil {
		return *notFound("no such file to sign")
	}
	data, success := req.body, http.StatusNoContent
	if req.op == "sign_link" {
		c, ok := s.contents[strings.ToLower(req.sig)]
		switch {
		case !ok:
			return *notFound("no such signature")
		case c.account != req.who.account:
			return forbidden()
		case !signatureMedia(c.media):
			return refuse(http.StatusBadRequest, "validation", "content is not a signature", "signatureId")
		}
		data, success = c.data, http.StatusCreated
	}
	// No 400 is documented for the raw form; an empty or a late signature has to be refused somehow.
	if len(data) == 0 {
		return refuse(http.StatusBadRequest, "validation", "signature is empty", "api")
	}
	if len(d.now.signers) == 0 {
		return refuse(http.StatusBadRequest, "validation", "docflow does not wait for signatures", camel(d.typ))
	}
	st.add(data)
	s.notify()
	return reply{status: success}
}

func (st *statement) add(data []byte) {
	if !slices.ContainsFunc(st.signatures, func(old []byte) bool { return bytes.Equal(old, data) }) {
		st.signatures = append(st.signatures, bytes.Clone(data))
	}
}

// signatureFaults is the check after submit: every signature is over its statement, and everybody has signed.
func (d *docflow) signatureFaults() []Refusal {
	var faults []Refusal
	for _, st := range d.statements {
		target := camel(d.typ) + ".files." + st.id
		if len(st.good()) != len(st.signatures) {
			faults = append(faults, Refusal{Code: "validation", Message: "signature is not valid", Target: target})
		} else if !st.enough() {
			faults = append(faults, Refusal{Code: "validation", Message: "signature is missing", Target: target})
		}
	}
	return faults
}

// good lists the signatures that are over the statement and by one of those who must sign it.
func (st *statement) good() [][]byte {
	return slices.DeleteFunc(slices.Clone(st.signatures), func(sig []byte) bool {
		name, over := signerOf(sig, st.data)
		return !over || !slices.Contains(st.persons, name)
	})
}

// enough reports whether everybody has signed.
func (st *statement) enough() bool {
	for _, person := range st.persons {
		if !slices.ContainsFunc(st.signatures, func(sig []byte) bool {
			name, over := signerOf(sig, st.data)
			return over && name == person
		}) {
			return false
		}
	}
	return true
}
