package realtysim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Errors of the registrar's levers.
var (
	// ErrNotFound means that no docflow has that id.
	ErrNotFound = errors.New("realtysim: no such docflow")
	// ErrWrongState means that the docflow is not in a state from which the lever leads on.
	ErrWrongState = errors.New("realtysim: docflow is in another state")
	// ErrNoCharge means that the docflow has no unpaid charge with that UIN.
	ErrNoCharge = errors.New("realtysim: no such charge")
)

// lever runs f on a docflow under the lock.
func (s *Server) lever(id string, f func(d *docflow) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docflows[strings.ToLower(id)]
	if d == nil {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return f(d)
}

func wrongState(d *docflow, act string) error {
	return fmt.Errorf("%w: %s %s, which is %s", ErrWrongState, act, d.id, strings.TrimSpace(d.now.state))
}

// Dispatch hands a queued (or verified) docflow to the registry: sent. A packet frees its suspended parent,
// an action does to its parent what it says; both effects are derived, no page describes them.
func (s *Server) Dispatch(id string) error { return s.lever(id, s.dispatch) }

func (s *Server) dispatch(d *docflow) error {
	if d.now.state != StateQueued && strings.TrimSpace(d.now.state) != StateVerified {
		return wrongState(d, "dispatch")
	}
	s.move(d, "delivered to the registry", view{state: StateSent})
	if p := d.parent; p != nil && !final(p.now.state) {
		s.affect(p, d)
	}
	return nil
}

func (s *Server) affect(parent, by *docflow) {
	act, _ := by.options["actionType"].(string)
	switch {
	case by.typ == TypePacket && parent.suspended() && parent.now.result, act == "resume" && parent.suspended():
		s.move(parent, "resumed by "+by.id, view{state: StateSent})
	case act == "suspend" && parent.now.state == StateSent:
		s.move(parent, "suspended by "+by.id, view{state: StateSuspended, result: true})
	case act == "cancel" && s.sw.CancelCompletes:
		s.move(parent, "cancelled by "+by.id, view{state: StateCompleted, result: true})
	case act == "cancel":
		refusal := &Refusal{Code: "cancelled", Message: "Cancelled by the participants", Target: "api"}
		s.move(parent, "cancelled by "+by.id, view{state: StateError, refusal: refusal})
	}
}

func (d *docflow) suspended() bool { return d.now.state == StateSuspended }

// ChargeDuty suspends a sent docflow until the charges are paid; on one that already waits for payment it
// adds charges. Without charges it makes one.
func (s *Server) ChargeDuty(id string, charges ...Charge) error {
	return s.lever(id, func(d *docflow) error { return s.charge(d, charges) })
}

func (s *Server) charge(d *docflow, charges []Charge) error {
	if d.now.state != StateSent && len(d.now.charges) == 0 {
		return wrongState(d, "charge")
	}
	if len(charges) == 0 {
		charges = []Charge{{}}
	}
	all := slices.Clone(d.now.charges)
	for _, c := range charges {
		if c.UIN == "" {
			c.UIN = newUIN()
		}
		if c.Sum == 0 {
			c.Sum = 200_000
		}
		all = append(all, c)
	}
	d.charged = true
	s.move(d, "state duty charged", view{state: StateSuspended, charges: all})
	return nil
}

// newUIN makes a 20-digit payment identifier with leading zeros, as the example has.
func newUIN() string {
	digits := strings.Map(func(r rune) rune { return '0' + r%10 }, newOpaque())
	return "00000000" + digits[:12]
}

// Pay pays one charge, or all of them when uin is empty; when none is left the docflow is sent again.
func (s *Server) Pay(id, uin string) error {
	return s.lever(id, func(d *docflow) error {
		left := slices.Clone(d.now.charges)
		paid := left
		if uin != "" {
			i := slices.IndexFunc(left, func(c Charge) bool { return c.UIN == uin })
			if i < 0 {
				return fmt.Errorf("%w: %s", ErrNoCharge, uin)
			}
			paid = []Charge{left[i]}
			left = slices.Delete(left, i, i+1)
		} else {
			left = nil
		}
		if len(paid) == 0 {
			return wrongState(d, "pay")
		}
		d.paid = append(d.paid, paid...)
		if len(left) == 0 {
			s.move(d, "paid", view{state: StateSent})
			return nil
		}
		d.now.charges = left // no event: nothing is documented before the last payment
		s.notify()
		return nil
	})
}

// Complete ends a sent or suspended docflow with files; without any it hands out what the tables name for
// the type: archive, XML and PDF for an extract, an archive for a registration, nothing for the other two.
func (s *Server) Complete(id string, files ...ResultFile) error {
	return s.lever(id, func(d *docflow) error { return s.complete(d, files) })
}

func (s *Server) complete(d *docflow, files []ResultFile) error {
	if d.now.state != StateSent && (!d.suspended() || len(d.now.signers) > 0) {
		return wrongState(d, "complete")
	}
	if len(files) == 0 {
		files = defaultFiles(d)
	}
	s.move(d, "finished by the registry", view{state: StateCompleted, result: true, files: d.keep(files)})
	return nil
}

// Suspend makes the registry suspend a sent docflow with documents: suspended with a result, which only a
// flow picture shows. Without files it hands out one archive.
func (s *Server) Suspend(id string, files ...ResultFile) error {
	return s.lever(id, func(d *docflow) error {
		if d.now.state != StateSent {
			return wrongState(d, "suspend")
		}
		if len(files) == 0 {
			files = []ResultFile{archive(d, "outdoc", "Уведомление о приостановлении")}
		}
		s.move(d, "suspended by the registry", view{state: StateSuspended, result: true, files: d.keep(files)})
		return nil
	})
}

// Fail ends any docflow that has not ended with an error; an empty code means validation.
func (s *Server) Fail(id, code, message string) error {
	return s.lever(id, func(d *docflow) error {
		if final(d.now.state) {
			return wrongState(d, "fail")
		}
		if code == "" {
			code = "validation"
		}
		s.move(d, "processing failed", view{state: StateError, refusal: &Refusal{Code: code, Message: message, Target: "api"}})
		return nil
	})
}

// Sign puts a good signature of every person on every statement, as if all had signed elsewhere; the
// docflow still has to be submitted.
func (s *Server) Sign(id string) error {
	return s.lever(id, func(d *docflow) error {
		if len(d.now.signers) == 0 {
			return wrongState(d, "sign")
		}
		for _, st := range d.statements {
			for _, p := range d.people {
				if !slices.Contains(st.persons, p.name) {
					continue
				}
				signature, err := signFile(p, st.data)
				if err != nil {
					return err
				}
				st.add(signature)
			}
		}
		s.notify()
		return nil
	})
}

// Submit sends a docflow to the check as its account would.
func (s *Server) Submit(id string) error {
	return s.lever(id, func(d *docflow) error {
		if s.submit(request{id: id, who: session{account: d.account}}).status != http.StatusOK {
			return wrongState(d, "submit")
		}
		return nil
	})
}
