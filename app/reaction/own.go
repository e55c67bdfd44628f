package reaction

import (
	"context"
	"slices"
	"sync/atomic"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// stageField is a card's stage under the name that all kinds of cards take it by.
const stageField = "stageId"

// write changes fields of the card. Right before the call goes out it stores the effect's mark, if it has
// one (see once), and, of what triggers watch, that the write is the bridge's own, so that the event which
// follows runs nothing. Both are taken back when the write surely had no effect: a person's later one runs.
func (r *run) write(e Effect, mark string, fields map[string]any) error {
	var begun, undo []lane.Write
	if mark != "" && e.Mark == "" {
		begun, undo = append(begun, Begun{ID: e.ID, Mark: mark}), append(undo, Begun{ID: e.ID})
	}
	own := r.own(e.ID, fields)
	watched := own.Stage != "" || len(own.Fields) > 0
	ended := portal.OwnEnded{Portal: portal.ID(r.row.Lane), Card: r.card, Effect: e.ID}
	if watched {
		begun, undo = append(begun, portal.OwnBegun{Portal: ended.Portal, Card: r.card, Own: own}), append(undo, ended)
	}
	ctx := r.ctx
	var sent atomic.Bool
	if len(begun) > 0 {
		ctx = bitrix.OnSend(ctx, func(ctx context.Context) error {
			sent.Store(true)
			return r.Store.Write(ctx, r.row.Lease, begun...)
		})
	}
	item, err := r.b24.ItemUpdate(ctx, r.kind(), r.id(), fields)
	switch {
	case !sent.Load() || upstream.MaybeDone(err): // in doubt it stays under way: the next try will know
		return err
	case err != nil:
		if stored := r.Store.Write(context.WithoutCancel(r.ctx), r.row.Lease, undo...); stored != nil {
			return stored
		}
		return err
	case !watched:
		return nil
	}
	ended.Made, ended.Values = true, map[string]string{}
	for _, name := range own.Fields {
		ended.Values[portal.FieldName(name)] = portal.FieldText(item, name)
	}
	return r.Store.Write(context.WithoutCancel(r.ctx), r.row.Lease, ended)
}

// own is what of a write triggers watch.
func (r *run) own(effect int64, fields map[string]any) portal.Own {
	own := portal.Own{Effect: effect, At: r.Now()}
	if r.Watched == nil {
		return own
	}
	any, watched := r.Watched(portal.ID(r.row.Lane), r.card)
	for name, value := range fields {
		switch canonical := portal.FieldName(name); {
		case canonical == stageField && any:
			own.Stage = textOf(value)
		case slices.ContainsFunc(watched, func(w string) bool { return portal.FieldName(w) == canonical }):
			own.Fields = append(own.Fields, name)
		}
	}
	slices.Sort(own.Fields)
	return own
}

// there reports whether the card stands on a stage already that it is to be moved to, and settles an
// earlier try whose answer was lost: that try has moved it. Where nobody watches stages the portal itself
// ignores such a move.
func (r *run) there(e Effect, stage string) (bool, error) {
	if r.own(e.ID, map[string]any{stageField: stage}).Stage == "" {
		return false, nil
	}
	item, err := r.b24.ItemGet(r.ctx, r.kind(), r.id())
	if err != nil || item.String(stageField) != stage {
		return false, err
	}
	if e.Mark == "" {
		return true, nil
	}
	return true, r.Store.Write(r.ctx, r.row.Lease,
		portal.OwnEnded{Portal: portal.ID(r.row.Lane), Card: r.card, Effect: e.ID, Made: true})
}
