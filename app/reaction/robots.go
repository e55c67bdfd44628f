package reaction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// Progress tells the workflows of robots that wait on where their docflow stands now.
func Progress(r docflow.Record, waiting []docflow.Waiter) []Effect {
	effects := make([]Effect, 0, len(waiting))
	for _, w := range waiting {
		text := fmt.Sprintf("%s: %s. %s.", subject(r), StateText(r), untilText(w.Until))
		effects = append(effects, effect(w.Portal, w.Card, r.ID, RobotLog, LogParams{Token: w.Token, Text: text}))
	}
	return effects
}

func untilText(u docflow.Until) string {
	switch u {
	case docflow.UntilFirst:
		return "Шаг ждёт первого ответа службы"
	case docflow.UntilSent:
		return "Шаг ждёт отправки"
	case docflow.UntilAny:
		return "Шаг ждёт любого изменения"
	case docflow.UntilSuspended:
		return "Шаг ждёт, что потребуется сделать"
	case docflow.UntilSigned:
		return "Шаг ждёт подписи"
	default:
		return "Шаг ждёт завершения"
	}
}

// TimedOut answers a robot whose step is about to give up with what is known: r is nil while the action
// could not be carried out yet. What comes later goes to the timeline.
func TimedOut(r *docflow.Record, w docflow.Waiter) []Effect {
	text := "Время ожидания робота истекло, действие ещё не выполнено. Мост продолжает, итог появится в таймлайне карточки."
	values := map[string]any{"state": string(docflow.Uncertain)}
	id := w.Docflow
	if r != nil {
		text = fmt.Sprintf("Время ожидания робота истекло. %s: %s. Итог появится в таймлайне карточки.", subject(*r), StateText(*r))
		values = documentReturns(*r, w.Document)
	}
	values["error"], values["error_code"] = text, "timeout"
	return []Effect{effect(w.Portal, w.Card, id, RobotReturn, ReturnParams{Token: w.Token, Values: values, Log: text, Workflow: w.Workflow, Told: true})}
}

// Undone is an action that the bridge will not carry out by itself any more: it failed for good, or a
// person canceled it in the journal.
type Undone struct {
	Portal   string
	Card     docflow.Card
	Action   string // its name for people
	Job      int64
	Reason   string // of a failure, for people
	Canceled bool
	Token    []byte          // of the robot that waits, sealed; nil when none does
	Workflow string          // its workflow
	Docflow  *docflow.Record // what was stored of the filing, if anything
}

// Unfinished lists what such an action does: the card shows it, and a waiting workflow goes on with an
// error instead of standing still for ever.
func Unfinished(u Undone) []Effect {
	undone := fmt.Sprintf("«%s» не выполнено: ", u.Action)
	reason := strings.TrimPrefix(u.Reason, undone) // as the action's own error says it
	code, text := "failed", fmt.Sprintf("%s%s. После исправления задание № %d можно повторить в журнале моста.", undone, clip(reason), u.Job)
	if u.Canceled {
		code, text = "canceled", fmt.Sprintf("«%s» отменено в журнале моста (задание № %d).", u.Action, u.Job)
	}
	effects := []Effect{
		effect(u.Portal, u.Card, "", SetFields, FieldsParams{Values: map[string]any{portal.FieldError: text}}),
		effect(u.Portal, u.Card, "", Comment, CommentParams{Text: text}),
	}
	if len(u.Token) == 0 {
		return effects
	}
	values, id := map[string]any{"state": string(docflow.Failed)}, docflow.ID("")
	if u.Docflow != nil {
		values, id = ReturnValues(*u.Docflow), u.Docflow.ID
	}
	values["error"], values["error_code"] = text, code
	return append(effects, effect(u.Portal, u.Card, id, RobotReturn, ReturnParams{Token: u.Token, Values: values, Log: text, Workflow: u.Workflow, Told: true}))
}

// maxReason bounds a technical reason within a sentence for people, in characters.
const maxReason = 300

func clip(text string) string {
	if short := []rune(text); len(short) > maxReason {
		return string(short[:maxReason]) + "…"
	}
	return text
}

// lastWords finds the last of the waiting effects that tells each robot's workflow anything.
func lastWords(effects []Effect) map[string]int64 {
	last := map[string]int64{}
	for _, e := range effects {
		var p struct {
			Token []byte `json:"token"`
		}
		if (e.Kind == RobotLog || e.Kind == RobotReturn) && json.Unmarshal(e.Params, &p) == nil {
			last[string(p.Token)] = e.ID
		}
	}
	return last
}

// robotLog writes a line into the log of a workflow that waits, unless a newer one waits behind it: after
// an outage it is not flooded with what has passed. It is a comfort: neither a step that has gone on nor a
// refusal is anybody's failure.
func (r *run) robotLog(e Effect, p LogParams) (string, error) {
	if r.last[string(p.Token)] != e.ID {
		return "в журнал бизнес-процесса пишется более новое", nil
	}
	token, err := r.Sealer.Open(p.Token, r.TokenBind(r.row.Lane))
	if err != nil {
		return "запись в журнал бизнес-процесса не сделана: ключ шага не открывается", nil //nolint:nilerr // the answer to the step will tell
	}
	err = r.b24.ActivityLog(r.ctx, bitrix.Secret(token), p.Text)
	switch {
	case errors.Is(err, bitrix.ErrStepGone):
		return "шаг больше не ждёт", nil
	case err != nil && !passing(err):
		return "запись в журнал бизнес-процесса не сделана: " + explain(err), nil
	}
	return "", err
}

// robotReturn answers a waiting robot, once. A step that no longer waits (timed out, or its workflow was
// ended) gets nothing; what it should have heard is told in the timeline, unless it stands there already.
func (r *run) robotReturn(e Effect, p ReturnParams) (string, error) {
	token, err := r.Sealer.Open(p.Token, r.TokenBind(r.row.Lane))
	if err != nil {
		return "", &docflow.Refusal{Code: "token_lost", Cause: err, CRMText: fmt.Sprintf("Робот не получит ответ: сохранённый ключ шага "+
			"не открывается текущим секретным ключом моста. Завершите бизнес-процесс %s вручную.", p.Workflow)}
	}
	// The next try may be told that the step is gone, by this one.
	err = r.once(e, "answered", func(ctx context.Context) error {
		return r.b24.EventSend(ctx, bitrix.RobotAnswer{EventToken: bitrix.Secret(token), ReturnValues: p.Values, LogMessage: p.Log})
	})
	if errors.Is(err, bitrix.ErrStepGone) || errors.Is(err, bitrix.ErrAccessDenied) {
		return r.stepGone(e, p)
	}
	return "", err
}

func (r *run) stepGone(e Effect, p ReturnParams) (string, error) {
	switch {
	case e.Mark != "":
		return "шаг получил ответ с предыдущей попытки или больше не ждёт", nil
	case p.Told || p.Log == "":
		return "шаг больше не ждёт ответа", nil
	}
	const note = "шаг больше не ждёт ответа, он записан в таймлайн"
	text := "Бизнес-процесс уже не ждал ответа робота (истекло время шага, или процесс завершён). Ответ: " + p.Log
	// Both in one transaction: a repeat must not write the line twice.
	return note, r.Store.Write(r.ctx, r.row.Lease, Ended{ID: e.ID, Note: note},
		Enqueue{Effects: []Effect{effect(r.row.Lane, r.card, e.Docflow, Comment, CommentParams{Text: text})}})
}
