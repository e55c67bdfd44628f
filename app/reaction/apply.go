package reaction

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// setFields writes the fields of several updates in one call. An update that can't be rendered fails
// alone, and when the portal refuses the call each is tried by itself: a template of the settings must
// not take the bridge's own fields down with it.
func (r *run) setFields(group []Effect) []outcome {
	outcomes := make([]outcome, len(group))
	each := make([]map[string]any, len(group))
	all := map[string]any{}
	for i, e := range group {
		if each[i], outcomes[i].err = r.fieldsOf(e); passing(outcomes[i].err) {
			return outcomes[:i+1]
		}
		maps.Copy(all, each[i])
	}
	err := r.update(group[0], all)
	if err == nil || passing(err) || len(group) == 1 {
		for i := range outcomes {
			if outcomes[i].err == nil {
				outcomes[i].err = err
			}
		}
		return outcomes
	}
	for i := range group {
		if outcomes[i].err == nil {
			if outcomes[i].err = r.update(group[i], each[i]); passing(outcomes[i].err) {
				return outcomes[:i+1]
			}
		}
	}
	return outcomes
}

// update changes fields of the card; none is no call.
func (r *run) update(e Effect, fields map[string]any) error {
	if len(fields) == 0 {
		return nil
	}
	return r.write(e, "", fields)
}

// fieldsOf makes one update's fields under the names that the portal takes them by.
func (r *run) fieldsOf(e Effect) (map[string]any, error) {
	var p FieldsParams
	if err := json.Unmarshal(e.Params, &p); err != nil {
		return nil, err
	}
	fields := maps.Clone(p.Values)
	if fields == nil {
		fields = map[string]any{}
	}
	if len(p.Tree) > 0 {
		value, err := r.render(p.Tree, p.Docflow)
		if err != nil {
			return nil, err
		}
		rendered, _ := value.(map[string]any)
		maps.Copy(fields, rendered)
	}
	if len(p.Tree) == 0 && !r.kind().IsSmartProcess() {
		return fields, nil // the bridge's own, by their own names
	}
	named := make(map[string]any, len(fields))
	for name, value := range fields {
		f, ok, err := r.field(name)
		if err != nil {
			return nil, err
		}
		if ok {
			named[f.name] = value
		} else if !isOwn(name) {
			return nil, noField(name, "set_fields")
		}
	}
	return named, nil
}

// once makes a call that must not be repeated blindly. Its mark is stored right before it is sent, after all
// waiting for the portal's limits, and taken back when it surely had no effect: a process that dies while the
// call waits leaves none, one that dies later leaves what tells whether the try took effect.
func (r *run) once(e Effect, mark string, call func(ctx context.Context) error) error {
	if e.Mark != "" {
		return call(r.ctx)
	}
	var marked atomic.Bool
	err := call(bitrix.OnSend(r.ctx, func(ctx context.Context) error {
		marked.Store(true)
		return r.Store.Write(ctx, r.row.Lease, Begun{ID: e.ID, Mark: mark})
	}))
	if err == nil || !marked.Load() || upstream.MaybeDone(err) {
		return err
	}
	if unmark := r.Store.Write(context.WithoutCancel(r.ctx), r.row.Lease, Begun{ID: e.ID}); unmark != nil {
		return unmark
	}
	return err
}

// attach adds files to a file field. Files that are not listed in an update are deleted by the portal,
// so those that are there are listed too; what was there before the first try tells a lost answer.
func (r *run) attach(e Effect, params AttachParams) (string, error) {
	field, ok, err := r.field(params.Field)
	if err != nil {
		return "", err
	}
	if !ok && isOwn(params.Field) {
		return "у этого типа карточек нет поля моста для файлов; они в таймлайне", nil
	}
	if !ok {
		return "", noField(params.Field, "files")
	}
	item, err := r.b24.ItemGet(r.ctx, r.kind(), r.id())
	if err != nil {
		return "", err
	}
	there := item.Files(field.name)
	ids := make([]string, 0, len(there))
	for _, f := range there {
		ids = append(ids, f.ID.String())
	}
	if expected, ok := arrived(e.Mark, ids); ok {
		return fmt.Sprintf("файлы уже добавлены предыдущей попыткой: %d", expected), nil
	}
	p, err := r.fetch(e, params.Files, maxInCard)
	defer func() { _ = p.Close() }()
	if err != nil || len(p.small) == 0 {
		return leftOut(p.left), err
	}
	fresh := p.small[:field.room(len(p.small))]
	note := strings.TrimSpace(fmt.Sprintf("добавлено файлов: %d. %s", len(fresh), leftOut(p.left)))
	return note, r.write(e, hadMark(ids, len(fresh)), map[string]any{field.name: field.withFiles(there, fresh)})
}

// leftOut tells which files are not here.
func leftOut(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "Не вошли в поле (больше 16 МБ или слишком много): " + strings.Join(names, ", ")
}

// hadMark remembers the files before the first try and how many it adds.
func hadMark(ids []string, adds int) string {
	return fmt.Sprintf("%s%s +%d", markHad, strings.Join(ids, ","), adds)
}

const markHad = "had "

// arrived reports whether what the first try added is there: as many files that were not there before.
func arrived(mark string, ids []string) (adds int, all bool) {
	before, count, ok := strings.Cut(strings.TrimPrefix(mark, markHad), " +")
	adds, err := strconv.Atoi(count)
	if !ok || err != nil {
		return 0, false
	}
	had := strings.Split(before, ",")
	fresh := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(had, id) })
	return adds, len(fresh) >= adds
}

// comment writes a timeline line. The line carries the effect's number, by which it is found again when
// the answer to an earlier try was lost. Files that can't be had any more must not cost the line itself.
func (r *run) comment(e Effect, p CommentParams) (string, error) {
	marker := fmt.Sprintf("Контур Мост № %d", e.ID)
	if e.Mark != "" {
		found, err := r.b24.CommentList(r.ctx, r.kind(), r.id(), 0)
		if err != nil {
			return "", err
		}
		for _, row := range found.Result {
			if strings.Contains(string(row.Text), marker+"[") {
				return "запись уже есть в таймлайне", nil
			}
		}
	}
	text := p.Text
	if p.Render {
		value, err := r.render(p.Text, p.Docflow)
		if err != nil {
			return "", err
		}
		text = textOf(value)
	}
	parcel, err := r.fetch(e, p.Files, 0)
	defer func() { _ = parcel.Close() }()
	if passing(err) {
		return "", err
	}
	note := ""
	if err != nil {
		note = "Файлы не приложены: " + explain(err)
		parcel.small, parcel.large = nil, nil
	}
	if err := r.setKeyFields(e, parcel.said); err != nil {
		if passing(err) {
			return "", err
		}
		note = strings.TrimSpace(note + " Данные выписки не записаны в поля: " + explain(err))
	}
	links, err := r.drive(e, parcel.large)
	if passing(err) {
		return "", err
	}
	if err != nil {
		note = strings.TrimSpace(note + " Большие файлы не приложены: " + explain(err))
	}
	text = strings.Join(filled(append(append([]string{text}, keyData(parcel.said)...), append(links, note)...)...), "\n")
	return note, r.once(e, "commented", func(ctx context.Context) error {
		_, err := r.b24.CommentAdd(ctx, bitrix.Comment{Kind: r.kind(), EntityID: r.id(), Text: text + "\n[SIZE=8pt]" + marker + "[/SIZE]", Uploads: parcel.small})
		return err
	})
}

// moveStage moves the card, unless it is there. The mark says that a try was made: a card that is found on
// the stage after it was moved by the bridge, not by a person.
func (r *run) moveStage(e Effect, p StageParams) (string, error) {
	value, err := r.render(p.Stage, p.Docflow)
	if err != nil {
		return "", err
	}
	stage := textOf(value)
	if there, err := r.there(e, stage); there || err != nil {
		return "карточка уже на стадии " + stage, err
	}
	if err = r.write(e, "moved", map[string]any{stageField: stage}); err != nil && !passing(err) {
		err = fmt.Errorf("стадия %s: %w", stage, err)
	}
	return "стадия " + stage, err
}

// todo adds a to-do. One whose answer was lost is added again: no documented method lists a card's to-dos,
// and two reminders are better than none.
func (r *run) todo(_ Effect, p TextParams) (string, error) {
	title := p.Text
	if !p.Plain {
		value, err := r.render(p.Text, p.Docflow)
		if err != nil {
			return "", err
		}
		title = textOf(value)
	}
	who, err := r.user("responsible", p.Docflow)
	if err != nil {
		return "", err
	}
	_, err = r.b24.TodoAdd(r.ctx, bitrix.Todo{Kind: r.kind(), EntityID: r.id(), Title: title, ResponsibleID: max(who, 0), Deadline: r.Now().Add(24 * time.Hour)})
	return "", err
}

// user reads an expression that names an employee; 0: it names none.
func (r *run) user(expression string, snapshot map[string]any) (bitrix.ID, error) {
	if expression == "responsible" {
		expression = "{{ card.ASSIGNED_BY_ID }}"
	}
	value, err := r.render(expression, snapshot)
	if err != nil {
		return 0, err
	}
	id, err := bitrix.ParseID(strings.TrimPrefix(textOf(value), "user_"))
	if err != nil {
		return 0, nil // not a number: nobody
	}
	return id, nil
}

// notify sends a notice under a tag of its own: a repeat replaces it.
func (r *run) notify(e Effect, p TextParams) (string, error) {
	id, err := r.user(p.User, p.Docflow)
	if err != nil {
		return "", err
	}
	if id <= 0 {
		return "", &docflow.Refusal{Code: "no_user", CRMText: fmt.Sprintf("Уведомление не отправлено: «%s» не номер сотрудника. Проверьте notify в настройках моста и ответственного в карточке.", p.User)}
	}
	sent, err := r.b24.Notify(r.ctx, bitrix.Notice{UserID: id, Message: p.Text, Tag: fmt.Sprintf("KB|%d", e.ID)})
	if err == nil && sent == 0 {
		return "портал не доставил уведомление", nil
	}
	return "", err
}
