package docflow

import "slices"

// Direction is how our side has a document.
type Direction string

// The directions.
const (
	Outbound Direction = "outbound"
	Inbound  Direction = "inbound"
	Internal Direction = "internal" // within our organisation
)

// Reading tells how much of a message of Диадок is known. A message is read as a whole, by whoever needs it:
// readings meet out of order, and one that is older than what is stored must change nothing.
type Reading struct {
	At   int64    `json:"at,omitempty"`   // of the message's last patch, in the service's ticks
	Acts []string `json:"acts,omitempty"` // names of what had happened to it: signatures, refusals, deliveries
}

func (r Reading) same(o Reading) bool { return r.At == o.At && slices.Equal(r.Acts, o.Acts) }

// behind reports whether the record knows all of what the update tells, and perhaps more. What a message
// passed through is new where it holds an act that is not known; what it is now, where it is not older.
func (u Update) behind(r Record) bool {
	if r.System != Diadoc || u.Documents == nil || u.MovedTo != "" && u.MovedTo != r.ExternalID {
		return false
	}
	if !u.Passed {
		return u.Read.At != 0 && u.Read.At < r.Read.At
	}
	return !slices.ContainsFunc(u.Read.Acts, func(act string) bool { return !slices.Contains(r.Read.Acts, act) })
}

// reading is what is known of the message after the update.
func (r Record) reading(u Update) Reading {
	if u.Documents == nil {
		return r.Read
	}
	read := u.Read
	if u.Passed {
		read.At = max(read.At, r.Read.At)
	}
	return read
}

// told keeps what was found out about documents apart from their message: why one was refused, and which person
// signed. A plain reading of the message does not have it.
func told(before, now []Document) []Document {
	now = slices.Clone(now)
	for i, d := range now {
		at := slices.IndexFunc(before, func(b Document) bool { return b.EntityID != "" && b.EntityID == d.EntityID })
		if at < 0 {
			continue
		}
		was := before[at]
		if d.Comment == "" && d.State == was.State {
			now[i].Comment = was.Comment
		}
		if was.SignedBy != "" && !d.SignedAt.IsZero() && was.SignedAt.Equal(d.SignedAt) && !d.Named {
			now[i].SignedBy, now[i].Named = was.SignedBy, was.Named
		}
	}
	return now
}

// turned lists the documents whose next step has become ours.
func turned(before, now []Document) []Document {
	var ours []Document
	for _, d := range now {
		at := slices.IndexFunc(before, func(b Document) bool { return b.EntityID != "" && b.EntityID == d.EntityID })
		if d.OurTurn && (at < 0 || !before[at].OurTurn || before[at].State != d.State) {
			ours = append(ours, d)
		}
	}
	return ours
}
