package reaction

import (
	"encoding/json"
	"errors"

	"konturbridge/bitrix"
)

// goneNote is what becomes of the effects of a card that was deleted: there is nothing to apply them to,
// and nothing that anybody could put right.
const goneNote = "карточка удалена, применять не к чему"

// cardGone reports whether a refusal comes of the card's deletion. Methods say it in as many words as
// they have, so the card is asked for; once is enough.
func (r *run) cardGone(err error) bool {
	if r.gone || err == nil || passing(err) {
		return r.gone && err != nil
	}
	if _, refused := errors.AsType[*bitrix.APIError](err); !refused {
		return false
	}
	_, err = r.b24.ItemGet(r.ctx, r.kind(), r.id())
	r.gone = errors.Is(err, bitrix.ErrNotFound)
	return r.gone
}

// onCard reports whether an effect changes the card, its timeline or a process on it. Notices, answers to
// robots and processes on other documents outlive it.
func onCard(e Effect) bool {
	switch e.Kind {
	case SetFields, AttachFiles, Comment, MoveStage, Todo, RunTrigger, EndWorkflow:
		return true
	case StartWorkflow:
		var p WorkflowParams
		return json.Unmarshal(e.Params, &p) == nil && p.Document == nil
	default:
		return false
	}
}
