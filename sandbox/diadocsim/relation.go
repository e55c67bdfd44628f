package diadocsim

// The statuses of a counteragent. 4 is not used.
const (
	isMyCounteragent = "IsMyCounteragent"
	invitesMe        = "InvitesMe"
	isInvitedByMe    = "IsInvitedByMe"
	rejectsMe        = "RejectsMe"
	isRejectedByMe   = "IsRejectedByMe"
	notInList        = "NotInCounteragentList"
)

// relation is how one box stands to another.
type relation struct {
	peer        *box
	status      string
	before      string // what a withdrawn invitation goes back to
	fromPeer    string // last comment
	toPeer      string
	lastComment string
	invitation  *document
	group       string // of a partner
	at          int64
	place       int64
}

// bond is an event of the feed of relations: the relation as it was then.
type bond struct {
	id, kind string
	now      relation
	place    int64
}

// status is how peer stands to the box.
func (b *box) status(peer string) string {
	if r := b.relations[peer]; r != nil {
		return r.status
	}
	return notInList
}

func (s *Server) relation(b, peer *box) *relation {
	r := b.relations[peer.id]
	if r == nil {
		r = &relation{peer: peer, status: notInList, place: s.next()}
		b.relations[peer.id] = r
		b.related = append(b.related, r)
	}
	return r
}

// become changes both halves of a relation and tells both feeds.
func (s *Server) become(mine, theirs *relation, status, peerStatus, event, peerEvent string) {
	for _, half := range []struct {
		r             *relation
		owner         *box
		status, event string
	}{{mine, theirs.peer, status, event}, {theirs, mine.peer, peerStatus, peerEvent}} {
		half.r.before, half.r.status, half.r.at = half.r.status, half.status, s.next()
		half.r.group = ""
		if half.status == isMyCounteragent {
			half.r.group = defaultGroup
		}
		s.tell(half.owner, half.r, half.event)
		s.cfg.Log.Info("counteragent", "box", half.owner.id, "peer", half.r.peer.id, "status", half.status)
	}
}

func (s *Server) tell(owner *box, r *relation, event string) {
	owner.bonds = append(owner.bonds, bond{id: newGUID(), kind: event, now: *r, place: s.next()})
}

// invite is what AcquireCounteragent does: an invitation, or the acceptance of theirs. forbidden tells of an
// acceptance that must be made by signing a document.
func (s *Server) invite(from, to *box, text string, paper *document) (forbidden bool) {
	mine, theirs := s.relation(from, to), s.relation(to, from)
	switch mine.status {
	case isMyCounteragent, isInvitedByMe:
		return false
	case invitesMe:
		if paper != nil || mine.invitation != nil && mine.invitation.needSignature {
			return true
		}
		s.accept(from, to, text)
		return false
	}
	mine.toPeer, theirs.fromPeer, theirs.lastComment = text, text, text
	mine.invitation, theirs.invitation = paper, paper
	s.become(mine, theirs, isInvitedByMe, invitesMe, "IInvitedCounteragent", "CounteragentInvitedMe")
	return false
}

func (s *Server) accept(mine, peer *box, text string) {
	r, theirs := s.relation(mine, peer), s.relation(peer, mine)
	if text != "" {
		r.toPeer, theirs.fromPeer, theirs.lastComment = text, text, text
	}
	s.become(r, theirs, isMyCounteragent, isMyCounteragent, "IAcceptedInvitation", "CounteragentAcceptedInvitation")
}

// breakUp is what BreakWithCounteragent does; it tells whether that is forbidden.
func (s *Server) breakUp(from, to *box, text string) (forbidden bool) {
	mine := from.relations[to.id]
	if mine == nil {
		return false
	}
	theirs := s.relation(to, from)
	said := func() { mine.toPeer, theirs.fromPeer, theirs.lastComment = text, text, text }
	switch mine.status {
	case isMyCounteragent:
		said()
		s.become(mine, theirs, isRejectedByMe, rejectsMe, "IBrokeUpWithCounteragent", "CounteragentBrokeUpWithMe")
	case invitesMe:
		said()
		s.become(mine, theirs, isRejectedByMe, rejectsMe, "IRejectedInvitation", "CounteragentRejectedInvitation")
	case isInvitedByMe:
		if mine.invitation != nil {
			return true
		}
		said()
		s.withdraw(mine, theirs)
	}
	return false
}

func (s *Server) withdraw(mine, theirs *relation) {
	mine.invitation, theirs.invitation = nil, nil
	s.become(mine, theirs, mine.before, theirs.before, "IWithdrewInvitation", "CounteragentWithdrewInvitation")
}

// Invite lets one box invite another, as its people would.
func (s *Server) Invite(from, to, text string) error {
	return s.pair(from, to, func(a, b *box) error {
		if s.invite(a, b, text, nil) {
			return errState("the invitation has a document to be signed")
		}
		return nil
	})
}

// AcceptInvitation lets box accept the invitation of peer.
func (s *Server) AcceptInvitation(boxID, peer string) error {
	return s.pair(boxID, peer, func(a, b *box) error {
		if a.status(b.id) != invitesMe {
			return errState("there is no invitation, the status is %s", a.status(b.id))
		}
		if s.invite(a, b, "", nil) {
			return errState("the invitation has a document to be signed")
		}
		return nil
	})
}

// RejectInvitation lets box refuse the invitation of peer.
func (s *Server) RejectInvitation(boxID, peer, text string) error {
	return s.pair(boxID, peer, func(a, b *box) error {
		if a.status(b.id) != invitesMe {
			return errState("there is no invitation, the status is %s", a.status(b.id))
		}
		s.breakUp(a, b, text)
		return nil
	})
}

// BreakUp lets box end its partnership with peer or withdraw its invitation.
func (s *Server) BreakUp(boxID, peer, text string) error {
	return s.pair(boxID, peer, func(a, b *box) error {
		if s.breakUp(a, b, text) {
			return errState("the invitation carries a document: withdraw it by a revocation")
		}
		return nil
	})
}

// Partner makes two boxes partners at once.
func (s *Server) Partner(a, b string) error {
	return s.pair(a, b, func(a, b *box) error {
		if a.status(b.id) != isMyCounteragent {
			s.become(s.relation(a, b), s.relation(b, a), isMyCounteragent, isMyCounteragent, "IMadeCounteragent", "CounteragentMadeMe")
		}
		return nil
	})
}

// CounteragentStatus tells how peer stands to box.
func (s *Server) CounteragentStatus(boxID, peer string) (status string, err error) {
	err = s.pair(boxID, peer, func(a, b *box) error {
		status = a.status(b.id)
		return nil
	})
	return status, err
}

func (s *Server) pair(a, b string, act func(a, b *box) error) error {
	return s.lever(func() error {
		one, err := s.known(a)
		if err != nil {
			return err
		}
		other, err := s.known(b)
		if err != nil {
			return err
		}
		if one == other {
			return errState("a box has no relation to itself")
		}
		return act(one, other)
	})
}
