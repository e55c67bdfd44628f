package tab

import (
	"slices"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
)

// usual is the line that a docflow goes through when nothing is wrong.
func usual(rec docflow.Record) []string {
	switch {
	case rec.System == docflow.Diadoc && rec.Kind == docflow.KindInvitation:
		return []string{string(docflow.Prepared), string(docflow.Invited), string(docflow.Partner)}
	case rec.System == docflow.Diadoc:
		return []string{string(docflow.Prepared), string(docflow.Sent), string(docflow.AwaitingAnswer), string(docflow.AllSigned)}
	case rec.Kind == "object_request":
		return []string{string(docflow.Prepared), string(docflow.Queued), string(docflow.Sent), string(docflow.Completed)}
	default:
		return []string{string(docflow.Prepared), toSign, string(docflow.Verified), string(docflow.Sent), toPay, string(docflow.Completed)}
	}
}

// lineOf draws a docflow's line: the usual one, with the turns that it took, up to where it stands, and what is
// still ahead. A place that it passed by is left out, one that it came to again has the later date.
func lineOf(lang string, rec docflow.Record, history []docflow.HistoryEntry) []page.Step {
	order, last := usual(rec), -1
	came := map[string]time.Time{}
	for _, h := range history {
		at := key(h.State, h.Requirement)
		came[at] = h.At
		if found := slices.Index(order, at); found >= 0 {
			last = found
		} else {
			last++
			order = slices.Insert(order, last, at)
		}
	}
	now := key(rec.State, rec.Requirement)
	here := slices.Index(order, now)
	if here < 0 {
		here = min(last+1, len(order))
		order = slices.Insert(order, here, now)
	}
	if rec.State.Final() {
		order = order[:here+1]
	}
	var line []page.Step
	for i, at := range order {
		step := page.Step{State: "next", Title: stepText(at).In(lang), At: came[at]}
		if rec.System == docflow.Diadoc {
			if t, ok := documentText(docflow.State(at)); ok {
				step.Title = t.In(lang)
			}
		}
		switch {
		case i < here:
			step.State = "done"
			if step.At.IsZero() {
				continue // passed by
			}
		case i == here:
			step.State = standing(rec)
		case !slices.Contains(usual(rec), at):
			continue // a turn that it took once
		default:
			step.At = time.Time{}
		}
		line = append(line, step)
	}
	return line
}

// standing is how the place where a docflow stands looks.
func standing(rec docflow.Record) string {
	switch mood(rec) {
	case "good":
		return "done"
	case "bad":
		return "failed"
	default:
		return "now"
	}
}

// documentLine draws the line of one document of a message: it has no history of its own, so only what it tells
// itself has a date.
func documentLine(lang string, rec docflow.Record, d docflow.Document) []page.Step {
	order := []docflow.State{docflow.Sent, docflow.AwaitingAnswer, docflow.AllSigned}
	here := slices.Index(order, d.State)
	if here < 0 {
		here = 1
		switch d.State {
		case docflow.Draft, docflow.Unsent:
			here = 0
		case docflow.Finished:
			order = []docflow.State{docflow.Sent}
		case docflow.Revoked, docflow.RevocationIn, docflow.RevocationOut, docflow.PartiallySigned:
			here, order = 2, order[:2]
		case docflow.Rejected, docflow.ProxyRejected, docflow.DeliveryError, docflow.Deleted:
			order = order[:1]
		}
		order = slices.Insert(order, here, d.State)
	}
	own := rec
	own.State = d.State
	var line []page.Step
	for i, state := range order {
		step := page.Step{State: "next", Title: ownText(docflow.Document{State: state, Direction: d.Direction, OurTurn: d.OurTurn && i == here}).In(lang)}
		switch {
		case i < here:
			step.State = "done"
			if state == docflow.Sent {
				step.At = rec.Created
			}
		case i == here:
			step.State = standing(own)
			if !d.SignedAt.IsZero() {
				step.At, step.Note = d.SignedAt, d.SignedBy
			}
		}
		line = append(line, step)
	}
	return line
}
