package reaction

import (
	"strings"

	"konturbridge/app/docflow"
)

// Answered lists what an action does that is over at once and is about no docflow: the robot is given its
// values, and the card one line for people.
func Answered(portal string, card docflow.Card, action, text string, values map[string]any, token []byte) []Effect {
	effects := []Effect{effect(portal, card, "", Comment, CommentParams{Text: "[B]" + action + "[/B]\n" + text})}
	if len(token) > 0 {
		effects = append(effects, effect(portal, card, "", RobotReturn, ReturnParams{Token: token, Values: values, Log: text, Told: true}))
	}
	return effects
}

// Warned lists what tells in the card that a request is sent in spite of doubts; none, nothing.
func Warned(r docflow.Record, action string, doubtful []string) []Effect {
	if len(doubtful) == 0 {
		return nil
	}
	return []Effect{effect(r.Portal, r.Card, r.ID, Comment, CommentParams{
		Text: "[B]" + action + "[/B]: отправлено, но проверьте данные:\n" + strings.Join(doubtful, "\n")})}
}
