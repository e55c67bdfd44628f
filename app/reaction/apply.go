package reaction

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// maxFile bounds a file that is put into a card; it is held in memory as base64.
const maxFile = 64 << 20

func (r *run) setFields(group []Effect) error {
	fields := map[string]any{}
	for _, e := range group {
		var p FieldsParams
		if err := json.Unmarshal(e.Params, &p); err != nil {
			return err
		}
		maps.Copy(fields, p.Values)
		if len(p.Tree) == 0 {
			continue
		}
		value, err := r.render(p.Tree, p.Docflow)
		if err != nil {
			return err
		}
		rendered, ok := value.(map[string]any)
		if !ok {
			return errors.New("set_fields did not render to fields")
		}
		maps.Copy(fields, rendered)
	}
	_, err := r.b24.ItemUpdate(r.ctx, r.kind(), r.id(), fields)
	return err
}

// begun is stored before the first try of an effect that must not be repeated blindly; it reports
// whether an earlier try may have taken effect.
func (r *run) begun(e Effect, mark string) (tried bool, err error) {
	if e.Mark != "" {
		return true, nil
	}
	return false, r.Store.Write(r.ctx, r.row.Lease, Begun{ID: e.ID, Mark: mark})
}

// attach adds files to a file field. Files that are not listed in an update are deleted by the portal,
// so those that are there are listed too; what was there before the first try tells a lost answer.
func (r *run) attach(e Effect, p AttachParams) (string, error) {
	item, err := r.b24.ItemGet(r.ctx, r.kind(), r.id())
	if err != nil {
		return "", err
	}
	there := item.Files(p.Field)
	ids := make([]string, 0, len(there))
	for _, f := range there {
		ids = append(ids, f.ID.String())
	}
	tried, err := r.begun(e, "had "+strings.Join(ids, ","))
	if err != nil {
		return "", err
	}
	if tried {
		had := strings.FieldsFunc(strings.TrimPrefix(e.Mark, "had "), func(c rune) bool { return c == ',' })
		added := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(had, id) })
		if len(added) >= len(p.Files) {
			return "the files were there already", nil
		}
	}
	contents, err := r.fetch(e, p.Files)
	if err != nil {
		return "", err
	}
	all := make([]any, 0, len(there)+len(contents))
	for _, f := range there {
		all = append(all, f)
	}
	for _, f := range contents {
		all = append(all, f)
	}
	_, err = r.b24.ItemUpdate(r.ctx, r.kind(), r.id(), map[string]any{p.Field: all})
	return strconv.Itoa(len(contents)) + " files added", err
}

// fetch reads files of the effect's docflow from the service.
func (r *run) fetch(e Effect, files []FileItem) ([]bitrix.FileContent, error) {
	if len(files) == 0 {
		return nil, nil
	}
	rec, err := r.Store.Docflow(r.ctx, e.Docflow)
	if err != nil {
		return nil, err
	}
	client, err := r.Realty(r.ctx, rec)
	if err != nil {
		return nil, err
	}
	contents := make([]bitrix.FileContent, 0, len(files))
	for _, f := range files {
		var buf bytes.Buffer
		if _, err := client.CopyFile(r.ctx, realty.DocflowID(rec.ExternalID), realty.FileID(f.ID), &limited{buf: &buf, left: maxFile}); err != nil {
			return nil, err
		}
		contents = append(contents, bitrix.FileContent{Name: f.Name, Data: buf.Bytes()})
	}
	return contents, nil
}

// limited refuses to hold more than it may.
type limited struct {
	buf  *bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, upstream.ErrAnswerTooLarge
	}
	return l.buf.Write(p)
}

// comment writes a timeline line. The line carries the effect's number, by which it is found again when
// the answer to an earlier try was lost.
func (r *run) comment(e Effect, p CommentParams) (string, error) {
	marker := fmt.Sprintf("Контур Мост № %d", e.ID)
	tried, err := r.begun(e, "commented")
	if err != nil {
		return "", err
	}
	if tried {
		found, err := r.b24.CommentList(r.ctx, r.kind(), r.id(), 0)
		if err != nil {
			return "", err
		}
		for _, row := range found.Result {
			if strings.Contains(string(row.Text), marker) {
				return "the comment was there already", nil
			}
		}
	}
	text := p.Text
	if p.Render {
		value, err := r.render(p.Text, p.Docflow)
		if err != nil {
			return "", err
		}
		text = fmt.Sprint(value)
	}
	files, err := r.fetch(e, p.Files)
	if err != nil {
		return "", err
	}
	_, err = r.b24.CommentAdd(r.ctx, bitrix.Comment{Kind: r.kind(), EntityID: r.id(), Text: text + "\n[SIZE=8pt]" + marker + "[/SIZE]", Files: files})
	return "", err
}

// moveStage moves the card. The stage is stored as the bridge's own before the move, so that the event
// which follows runs nothing.
func (r *run) moveStage(_ Effect, p StageParams) (string, error) {
	value, err := r.render(p.Stage, p.Docflow)
	if err != nil {
		return "", err
	}
	stage := fmt.Sprint(value)
	if err := r.Store.Write(r.ctx, r.row.Lease, portal.OwnStage{Portal: portal.ID(r.row.Lane), Card: r.card, Stage: stage}); err != nil {
		return "", err
	}
	_, err = r.b24.ItemUpdate(r.ctx, r.kind(), r.id(), map[string]any{"stageId": stage})
	return "moved to " + stage, err
}

func (r *run) todo(_ Effect, p TextParams) (string, error) {
	value, err := r.render(p.Text, p.Docflow)
	if err != nil {
		return "", err
	}
	_, err = r.b24.TodoAdd(r.ctx, bitrix.Todo{Kind: r.kind(), EntityID: r.id(), Title: fmt.Sprint(value), Deadline: r.Now().Add(24 * time.Hour)})
	return "", err
}

// notify sends a notice under a tag of its own: a repeat replaces it.
func (r *run) notify(e Effect, p TextParams) (string, error) {
	user := p.User
	if user == "responsible" {
		user = "{{ card.ASSIGNED_BY_ID }}"
	}
	value, err := r.render(user, p.Docflow)
	if err != nil {
		return "", err
	}
	id, err := bitrix.ParseID(strings.TrimPrefix(fmt.Sprint(value), "user_"))
	if err != nil {
		return "", fmt.Errorf("notify: %w", err)
	}
	_, err = r.b24.Notify(r.ctx, bitrix.Notice{UserID: id, Message: p.Text, Tag: fmt.Sprintf("KB|%d", e.ID)})
	return "", err
}

// startWorkflow starts a business process. A process that was started by a try whose answer was lost is
// found among the running ones; when none is found a person decides, because one that ended quickly
// leaves no trace there and a second start could pay or send something twice.
func (r *run) startWorkflow(e Effect, p WorkflowParams) (string, error) {
	document, err := bitrix.NewDocumentID(r.kind(), r.id())
	if err != nil {
		return "", err
	}
	tried, err := r.begun(e, r.Now().UTC().Format(time.RFC3339))
	if err != nil {
		return "", err
	}
	if tried {
		return r.findWorkflow(e, p, document)
	}
	params := map[string]any{}
	if len(p.Parameters) > 0 {
		value, err := r.render(p.Parameters, p.Docflow)
		if err != nil {
			return "", err
		}
		params, _ = value.(map[string]any)
	}
	id, err := r.b24.WorkflowStart(r.ctx, bitrix.WorkflowStart{TemplateID: bitrix.ID(p.Template), DocumentID: document, Parameters: params})
	if err != nil && !upstream.MaybeDone(err) {
		if unmark := r.Store.Write(r.ctx, r.row.Lease, Begun{ID: e.ID}); unmark != nil {
			return "", unmark
		}
	}
	return "workflow " + id, err
}

func (r *run) findWorkflow(e Effect, p WorkflowParams, document bitrix.DocumentID) (string, error) {
	found, err := r.b24.WorkflowInstances(r.ctx, bitrix.ListOptions{Select: []string{"ID", "STARTED", "TEMPLATE_ID", "DOCUMENT_ID"},
		Filter: map[string]any{"=DOCUMENT_ID": document.Element, "=TEMPLATE_ID": p.Template, ">=STARTED": e.Mark}})
	if err != nil {
		return "", err
	}
	if len(found.Result) > 0 {
		return "workflow " + string(found.Result[0].ID) + " was started by an earlier try", nil
	}
	return "", errors.New("неизвестно, запущен ли бизнес-процесс: ответ портала потерян, среди работающих его нет; проверьте и повторите вручную")
}

// robotReturn answers a waiting robot. A step that no longer waits (answered, timed out, ended) is told
// by the card's own fields and timeline already.
func (r *run) robotReturn(_ Effect, p ReturnParams) (string, error) {
	token, err := r.Sealer.Open(p.Token, r.TokenBind(r.row.Lane))
	if err != nil {
		return "", fmt.Errorf("open the event token: %w", err)
	}
	err = r.b24.EventSend(r.ctx, bitrix.RobotAnswer{EventToken: bitrix.Secret(token), ReturnValues: p.Values, LogMessage: p.Log})
	if errors.Is(err, bitrix.ErrStepGone) || errors.Is(err, bitrix.ErrAccessDenied) {
		return "the step does not wait any more", nil
	}
	return "", err
}
