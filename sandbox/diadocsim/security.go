package diadocsim

func securityArea() map[string]behaviour {
	return map[string]behaviour{"GetSecurityEvents": {box: "boxId", serve: (*call).getSecurityEvents}}
}

// finding is malware that the service found in a document.
type finding struct {
	id string
	d  *document
	at int64
}

// FindMalware tells a box that a document of it is harmful.
func (s *Server) FindMalware(boxID, messageID, entityID string) error {
	return s.lever(func() error {
		b, err := s.known(boxID)
		if err != nil {
			return err
		}
		d, err := s.find(messageID, entityID)
		if err != nil {
			return err
		}
		b.findings = append(b.findings, finding{newGUID(), d, s.next()})
		return nil
	})
}

// getSecurityEvents: SecurityEventList is not described but for MalwareDetected; the rest has the names that the
// other feeds have.
func (c *call) getSecurityEvents() (reply, error) {
	count, err := c.number("count", 100, 1, 100)
	if err != nil {
		return reply{}, err
	}
	after, err := placeOfText(securityKey, c.box.id, c.arg("afterIndexKey"))
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, f := range c.box.findings {
		if f.at > after && len(list) < count {
			list = append(list, object{"EventId": f.id, "EventType": "MalwareDetected", "Timestamp": c.timestamp(f.at), "DocumentId": f.d.ref(),
				"IndexKey": textKey(securityKey, c.box.id, f.at)})
		}
	}
	return jsonReply(object{"Events": list, "TotalCount": len(c.box.findings)}), nil
}
