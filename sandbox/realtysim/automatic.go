package realtysim

// Automatic lets the registrar act by itself, one move at each Step, or after Config.Pace. An extract goes
// queued, sent, completed; a registration goes queued, sent, duty, and after Pay sent, completed. What waits
// for people (signatures, payment, an additional packet) waits.
func (s *Server) Automatic(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.automatic = on
	for _, d := range s.order {
		d.moved = s.cfg.Now() // the pace counts from now
	}
	s.notify()
}

// IsAutomatic tells whether the registrar acts by itself.
func (s *Server) IsAutomatic() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.automatic
}

// Step makes the next move of every docflow that has one and returns how many moved. It works whether
// Automatic is on or not.
func (s *Server) Step() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, d := range s.order {
		if s.advance(d) {
			n++
		}
	}
	return n
}

// tick makes the moves that are due by the clock.
func (s *Server) tick() {
	if !s.automatic || s.cfg.Pace <= 0 {
		return
	}
	now := s.cfg.Now()
	for _, d := range s.order {
		if now.Sub(d.moved) >= s.cfg.Pace {
			s.advance(d)
		}
	}
}

func (s *Server) advance(d *docflow) bool {
	if s.dispatch(d) == nil {
		return true
	}
	if d.now.state != StateSent {
		return false
	}
	// Lifting an encumbrance is free; every other registration is charged once.
	if registration(d.typ) && d.typ != TypeCessation && !d.charged {
		return s.charge(d, nil) == nil
	}
	return s.complete(d, nil) == nil
}
