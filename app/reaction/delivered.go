package reaction

import (
	"konturbridge/app/docflow"
	"konturbridge/app/settings"
)

// Delivery is a file that an action was asked for.
type Delivery struct {
	Record   docflow.Record // whose file it is
	Card     docflow.Card   // where it goes
	Action   string         // its name for people
	Text     string         // the line in the card
	File     FileItem
	Size     int64 // in bytes
	Values   map[string]any
	Token    []byte // of the robot that waits, sealed; nil when none does
	Workflow string
}

// Delivered lists what puts a file into a card: into the file field that the settings name for such cards, else, and
// when it is too large for a field, as a line of the timeline with the file.
func Delivered(set settings.Settings, d Delivery) []Effect {
	add := func(kind Kind, params any) Effect {
		return effect(d.Record.Portal, d.Card, d.Record.ID, kind, params)
	}
	line := CommentParams{Text: "[B]" + d.Action + "[/B]\n" + d.Text}
	field := set.Files[d.Card.Key()]
	var effects []Effect
	if field != "" && d.Size <= maxInCard {
		effects = append(effects, add(AttachFiles, AttachParams{Field: field, Files: []FileItem{d.File}}))
	} else {
		line.Files = []FileItem{d.File}
	}
	effects = append(effects, add(Comment, line))
	if len(d.Token) > 0 {
		effects = append(effects, add(RobotReturn, ReturnParams{Token: d.Token, Values: d.Values, Log: d.Text, Workflow: d.Workflow, Told: true}))
	}
	return effects
}
