package sandbox

import (
	"cmp"
	"net/http"
	"slices"

	"konturbridge/sandbox/diadocsim"
)

// maxPapers is how many of the newest documents the page shows.
const maxPapers = 20

// exchange is Диадок as the other sides see it: what they may do with documents and relations, and the phone of the
// person who confirms signatures.
type exchange struct {
	Box      string              `json:"box"`    // ours
	Papers   []paperView         `json:"papers"` // newest first
	Peers    []peerView          `json:"peers"`
	Signings []diadocsim.Signing `json:"signings"` // that wait for the person
}

type paperView struct {
	Message string `json:"message"`
	Entity  string `json:"entity"`
	Title   string `json:"title"`
	Peer    string `json:"peer"`
	Ours    bool   `json:"ours"`  // sent by our box
	State   string `json:"state"` // a word of the page's texts
	Box     string `json:"box"`   // the counteragent's, which acts
	// Acts are what the counteragent may do now, by the names of the simulator's control calls.
	Acts []string `json:"acts"`
}

type peerView struct {
	Box    string   `json:"box"`
	Title  string   `json:"title"`
	Status string   `json:"status"` // how the counteragent stands to our box
	Acts   []string `json:"acts"`
}

// exchange shows what the people of the other boxes see of ours.
func (s *Sandbox) exchange() exchange {
	out := exchange{Box: s.ours, Papers: []paperView{}, Peers: []peerView{}, Signings: []diadocsim.Signing{}}
	titles := map[string]string{}
	for _, b := range s.Diadoc.Boxes() {
		titles[b.ID] = b.Title
		if b.ID == s.ours {
			continue
		}
		status := cmp.Or(b.Counteragents[s.ours], "NotInCounteragentList")
		out.Peers = append(out.Peers, peerView{b.ID, b.Title, status, peerActs(status)})
	}
	for _, d := range s.Diadoc.Documents() {
		if d.Draft || !d.Sent || s.ours == "" || d.From != s.ours && d.To != s.ours {
			continue
		}
		p := paperView{Message: d.MessageID, Entity: d.EntityID, Title: cmp.Or(d.FileName, d.Type), Ours: d.From == s.ours, Box: d.From}
		if p.Ours {
			p.Box = d.To
		}
		p.Peer, p.State, p.Acts = titles[p.Box], paperState(d), paperActs(d, s.ours)
		out.Papers = append(out.Papers, p)
	}
	slices.Reverse(out.Papers)
	out.Papers = out.Papers[:min(maxPapers, len(out.Papers))]
	for _, one := range s.Diadoc.Signings() {
		if one.Status == "InProgress" {
			out.Signings = append(out.Signings, one)
		}
	}
	return out
}

func peerActs(status string) []string {
	switch status {
	case "InvitesMe":
		return []string{"accept", "reject", "send"}
	case "IsMyCounteragent":
		return []string{"send", "break"}
	case "IsInvitedByMe":
		return []string{"send", "break"}
	}
	return []string{"invite", "send"}
}

// paperState is the one word that matters most.
func paperState(d diadocsim.Document) string {
	switch {
	case d.Failed:
		return "undelivered"
	case !d.Delivered:
		return "underway"
	case d.Revocation == "accepted":
		return "revoked"
	case d.Revocation == "requested":
		return "revoking"
	case d.Response == "RecipientSignatureRequestRejected":
		return "rejected"
	case d.Response == "WithRecipientSignature":
		return "signed"
	case d.Response == "WaitingForRecipientSignature", d.Response == "InvalidRecipientSignature":
		return "waiting"
	}
	return "delivered"
}

// paperActs are what the counteragent may do with a document.
func paperActs(d diadocsim.Document, ours string) []string {
	out := []string{}
	if !d.Delivered || d.Failed {
		return out
	}
	theirTurn := d.From == ours
	switch {
	case d.Revocation == "requested":
		if d.Revoker == ours && d.Asked {
			return append(out, "acceptrevocation", "refuserevocation")
		}
		return out
	case d.Revocation == "accepted":
		return out
	}
	if state := paperState(d); theirTurn && state == "waiting" {
		out = append(out, "sign", "reject")
	}
	if theirTurn && d.Receipt == "due" {
		out = append(out, "receipt")
	}
	return append(out, "askrevocation")
}

// pullDiadoc hits the next call of one operation, or everything from now on where the hint says so.
func (s *Sandbox) pullDiadoc(lever string) error {
	switch lever {
	case "diadoc_tokens":
		s.Diadoc.ExpireTokens()
	case "diadoc_refresh":
		s.Diadoc.ExpireTokens()
		s.Diadoc.RevokeRefreshTokens()
	case "diadoc_answer":
		s.Diadoc.DropAnswerNext("PostMessage")
	case "diadoc_request":
		s.Diadoc.LoseRequestNext("PostMessage")
	case "diadoc_down":
		s.Diadoc.FailNext("GetNewEvents", http.StatusInternalServerError, 3)
	case "diadoc_limit":
		s.Diadoc.FailNext("GetNewEvents", http.StatusTooManyRequests, 1)
	case "diadoc_delivery":
		s.Diadoc.FailNextDelivery("Оператор получателя не принял документ")
	case "diadoc_slow":
		s.Diadoc.SetPolls(5)
	default:
		return errNoLever
	}
	return nil
}
