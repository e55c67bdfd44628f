package diadocsim

import "time"

// delivery is what is on its way to another side.
type delivery struct {
	due   time.Time
	m     *message
	to    *box
	patch *patch // nil: the message itself
}

// sendOn sends a message whose documents the sender has signed well. One with an invalid signature stays unsent.
func (s *Server) sendOn(m *message) {
	for _, d := range m.documents() {
		if d.senderSignature != senderValid {
			return
		}
	}
	m.sentOn = true
	var confirmations []*entity
	for _, d := range m.documents() {
		d.sent = s.next()
		d.modified = d.sent
		if wantsConfirmation(d.workflow) {
			confirmations = append(confirmations, s.add(m, &entity{kind: "InvoiceConfirmation", parent: d.e.id, file: "confirmation.xml",
				content: []byte("<Файл/>"), hasContent: true, delivered: true}))
		}
	}
	if len(confirmations) > 0 {
		s.tellPatch(m.from, s.newPatch(m, confirmations, nil))
	}
	if m.internal {
		s.arrive(delivery{m: m, to: m.from})
		return
	}
	first := m.to
	if m.proxy != nil {
		first = m.proxy
	}
	s.post(delivery{m: m, to: first})
	s.cfg.Log.Info("message sent", "message", m.id, "from", m.from.id, "to", first.id)
}

// post puts something on its way.
func (s *Server) post(d delivery) {
	d.due = s.cfg.Now().Add(s.cfg.Pace)
	s.pending = append(s.pending, d)
	s.tick()
}

// tick delivers what is due.
func (s *Server) tick() {
	if s.held {
		return
	}
	now := s.cfg.Now()
	for len(s.pending) > 0 && !s.pending[0].due.After(now) {
		next := s.pending[0]
		s.pending = s.pending[1:]
		if len(s.failing) > 0 && next.patch == nil {
			text := s.failing[0]
			s.failing = s.failing[1:]
			s.undelivered(next.m, text)
			continue
		}
		s.arrive(next)
	}
}

// arrive shows the message or the patch to its receiver and tells the sender.
func (s *Server) arrive(d delivery) {
	if d.patch != nil {
		for _, e := range d.patch.entities {
			e.delivered = true
		}
		s.tellPatch(d.to, d.patch)
		s.tellPatch(d.m.counteragentOf(d.to), s.newPatch(d.m, nil, object{"DeliveredPatchId": d.patch.id}))
		return
	}
	for _, e := range d.m.entities {
		e.delivered = true
	}
	if d.to == d.m.to {
		d.m.arrived = true
		for _, doc := range d.m.documents() {
			doc.arrived = s.next()
			doc.modified = doc.arrived
		}
	}
	if d.m.internal {
		return // both sides are one box, which has the event already
	}
	s.announce(d.to, d.m)
	s.tellPatch(d.m.from, s.newPatch(d.m, nil, object{"MessageIsDelivered": true}))
	s.cfg.Log.Info("message delivered", "message", d.m.id, "to", d.to.id)
}

// counteragentOf is the side that talks with b.
func (m *message) counteragentOf(b *box) *box {
	if b == m.from && m.to != nil {
		return m.to
	}
	return m.from
}

func (s *Server) newPatch(m *message, entities []*entity, flags object) *patch {
	p := &patch{id: newGUID(), m: m, entities: entities, flags: flags, at: s.next()}
	m.patched = p.at
	return p
}

// HoldDeliveries keeps everything that is sent on its way until it is called with false.
func (s *Server) HoldDeliveries(held bool) {
	_ = s.lever(func() error { // can't fail
		s.held = held
		s.tick()
		return nil
	})
}

// FailDelivery ends the way of a message that has not arrived: the sender gets a notification.
func (s *Server) FailDelivery(messageID, text string) error {
	return s.lever(func() error {
		for i, d := range s.pending {
			if d.m.id == messageID && d.patch == nil {
				s.pending = append(s.pending[:i], s.pending[i+1:]...)
				s.undelivered(d.m, text)
				return nil
			}
		}
		return errNotFound("message on its way", messageID)
	})
}

// FailNextDelivery ends the way of the next message that would arrive, as FailDelivery does.
func (s *Server) FailNextDelivery(text string) {
	_ = s.lever(func() error { // can't fail
		s.failing = append(s.failing, text)
		return nil
	})
}

// undelivered tells the sender that a message did not arrive.
func (s *Server) undelivered(m *message, text string) {
	m.deliveryFailed = true
	first := ""
	for _, ev := range m.from.feed {
		if ev.m == m && ev.patch == nil {
			first = ev.id
		}
	}
	e := s.add(m, &entity{kind: "DeliveryFailureNotification", content: []byte(text), hasContent: true, delivered: true,
		extra: object{"NotDeliveredEventId": first}})
	s.tellPatch(m.from, s.newPatch(m, []*entity{e}, object{"NotDeliveredEventId": first}))
	s.cfg.Log.Info("message not delivered", "message", m.id)
}
