package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/page"
	"konturbridge/app/page/tab"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/internal/spool"
	"konturbridge/realty"
)

// What a card's tab shows at most, and how long work that ended stays in it.
const (
	tabDocflows = 30
	tabJobs     = 30
	tabEnded    = 15 * time.Minute
	// maxShown bounds a file that goes through the bridge to a browser, in bytes.
	maxShown = 500 << 20
)

// cardTab is the tab's side of the bridge. Everything it gives or takes belongs to the session's card.
type cardTab struct {
	a     *App
	inbox *inbox.Inbox
	now   func() time.Time
}

var (
	_ tab.Reader = cardTab{}
	_ tab.Doer   = cardTab{}
)

// Card implements tab.Reader.
func (t cardTab) Card(ctx context.Context, s page.Session) (tab.Card, error) {
	records, err := t.a.store.CardDocflows(ctx, s.Portal, s.Card, tabDocflows+1)
	if err != nil {
		return tab.Card{}, err
	}
	card := tab.Card{More: len(records) > tabDocflows}
	for _, rec := range records[:min(len(records), tabDocflows)] {
		history, err := t.a.store.History(ctx, rec.ID)
		if err != nil {
			return tab.Card{}, err
		}
		card.Docflows = append(card.Docflows, tab.Docflow{Record: rec, History: history})
	}
	jobs, err := t.a.store.CardJobs(ctx, s.Portal, s.Card, t.now().Add(-tabEnded), tabJobs)
	if err != nil {
		return tab.Card{}, err
	}
	for _, j := range jobs {
		card.Jobs = append(card.Jobs, tabJob(j))
	}
	card.May, err = t.a.may(ctx, s, page.Act)
	return card, err
}

// refused finds the code before the words of a business no.
var refused = regexp.MustCompile(`^[a-z][a-z0-9_]*: `)

func tabJob(j store.CardJob) tab.Job {
	shown := tab.Job{ID: j.ID, Title: workTitle(j.Kind, j.Code), Docflow: j.Docflow, State: j.State, Note: j.Note, Tries: j.Tries,
		Received: j.Received, RunAt: j.RunAt}
	if code := refused.FindString(j.Note); j.State == "done" && code != "" && code != "uncertain: " { // the docflow itself asks then
		shown.Refused, shown.Note = true, strings.TrimPrefix(j.Note, code)
	}
	return shown
}

// workTitle names a row of work for people.
func workTitle(kind, code string) page.Text {
	for _, a := range action.Catalogue() {
		if a.Code == code {
			return page.Text(a.Name)
		}
	}
	switch kind {
	case action.KindDecide:
		return page.Text{RU: "Решение о документообороте", EN: "Decision about a docflow"}
	case action.KindFollow:
		return page.Text{RU: "Ожидание ответа контрагента", EN: "Waiting for a counteragent's answer"}
	case store.EffectsKind:
		return page.Text{RU: "Запись в карточку", EN: "Writing into the card"}
	case inbox.KindEvent:
		return page.Text{RU: "Просмотр изменений карточки", EN: "Looking at the card's changes"}
	default:
		return page.Text{RU: "Работа «" + cmp.Or(code, kind) + "»", EN: "Work " + cmp.Or(code, kind)}
	}
}

// record reads a docflow of the session's card; any other does not exist for it.
func (t cardTab) record(ctx context.Context, s page.Session, id docflow.ID) (docflow.Record, error) {
	rec, err := t.a.store.Docflow(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (rec.Portal != s.Portal || rec.Card != s.Card) {
		return docflow.Record{}, page.NotFound()
	}
	return rec, err
}

// File implements tab.Reader.
func (t cardTab) File(ctx context.Context, s page.Session, id docflow.ID, file string) (*page.File, error) {
	rec, err := t.record(ctx, s, id)
	if err != nil {
		return nil, err
	}
	if !holds(rec, file) {
		return nil, page.NotFound()
	}
	kept, err := spool.New(maxShown)
	if err != nil {
		return nil, err
	}
	if err := t.fetch(ctx, rec, file, kept); err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	kind, ending := shownAs(kept.Head())
	return &page.File{Name: file + ending, Type: kind, Size: kept.Size(), Body: spooled{kept.Reader(), kept}}, nil
}

// spooled reads a file that is dropped when it was read.
type spooled struct {
	io.Reader
	io.Closer
}

// holds reports whether a docflow has a file of that id.
func holds(rec docflow.Record, file string) bool {
	same := func(id string) bool { return id != "" && strings.EqualFold(id, file) }
	return slices.ContainsFunc(rec.Statements, func(s docflow.Statement) bool { return same(s.FileID) }) ||
		slices.ContainsFunc(rec.Files, func(f docflow.File) bool { return same(f.ID) || slices.ContainsFunc(f.Signatures, same) }) ||
		slices.ContainsFunc(rec.Documents, func(d docflow.Document) bool { return same(d.EntityID) })
}

func (t cardTab) fetch(ctx context.Context, rec docflow.Record, file string, into *spool.File) error {
	if rec.System == docflow.Realty {
		client, err := t.a.clients.realtyOf(ctx, rec)
		if err != nil {
			return err
		}
		_, err = client.CopyFile(ctx, realty.DocflowID(rec.ExternalID), realty.FileID(file), into)
		return err
	}
	conns, err := t.a.store.Connections(ctx, portal.ID(rec.Portal))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(conns, func(c portal.Connection) bool { return c.Kind == docflow.Diadoc && c.Name == rec.Connection })
	if at < 0 {
		return &page.Problem{RU: fmt.Sprintf("Подключения «%s» к Диадоку больше нет в настройках.", rec.Connection),
			EN: fmt.Sprintf("The settings have no Diadoc connection %q any more.", rec.Connection)}
	}
	client, err := t.a.clients.Diadoc(conns[at])
	if err != nil {
		return err
	}
	got, err := client.GetEntityContent(ctx, diadoc.BoxID(conns[at].AccountID),
		diadoc.DocumentID{MessageID: diadoc.MessageID(rec.ExternalID), EntityID: diadoc.EntityID(file)})
	if err != nil {
		return err
	}
	_, err = io.Copy(into, got)
	return errors.Join(err, got.Close())
}

// shownAs tells by its first bytes what a file is. Only what a browser can't be made to run is named.
func shownAs(head []byte) (mediaType, ending string) {
	plain := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \r\n\t")
	switch found := http.DetectContentType(head); {
	case bytes.HasPrefix(plain, []byte("%PDF")):
		return "application/pdf", ".pdf"
	case bytes.HasPrefix(plain, []byte("<?xml")):
		return "application/xml", ".xml"
	case slices.Contains([]string{"image/png", "image/jpeg", "image/gif"}, found):
		return found, "." + strings.TrimPrefix(found, "image/")
	case found == "application/zip":
		return found, ".zip"
	case len(head) > 0 && head[0] == 0x30: // a signature: a sequence of ASN.1
		return "application/octet-stream", ".sig"
	default:
		return "application/octet-stream", ""
	}
}

// Act implements tab.Doer.
func (t cardTab) Act(ctx context.Context, s page.Session, ask tab.Ask) (bool, error) {
	all := action.Catalogue()
	at := slices.IndexFunc(all, func(a action.Action) bool { return a.Code == ask.Code })
	if at < 0 || !startable(ask.Code) && ask.Code != "realty_sign" && ask.Code != "realty_submit" {
		return false, page.NotFound()
	}
	given, err := properties(all[at], ask.Values)
	if err != nil {
		return false, err
	}
	if err := t.ofTheCard(ctx, s, given); err != nil {
		return false, err
	}
	stored := inbox.PageAsk{Card: s.Card, Code: all[at].Code, Properties: given, UserID: s.User, Once: ask.Once}
	for _, f := range ask.Files {
		stored.Files = append(stored.Files, inbox.PageFile{Param: f.Field, Name: f.Name, Data: f.Data})
	}
	return t.inbox.Page(ctx, s.Portal, stored)
}

// properties are an action's parameters as a form gives them. Files are named by the card's fields alone: the bridge
// would fetch any other file of the portal with rights that the person may not have.
func properties(a action.Action, form url.Values) (bitrix.Properties, error) {
	given := bitrix.Properties{}
	for _, p := range a.Params {
		values := formValues(p, form)
		if p.Type == "bool" && len(values) == 0 {
			values = []string{"N"} // a box that is not ticked
		}
		if p.Type == "file" && slices.ContainsFunc(values, func(v string) bool { return !strings.HasPrefix(v, "UF_") }) {
			return nil, &page.Problem{RU: "Файлы можно взять только из полей карточки.", EN: "Files can only be taken from the card's fields."}
		}
		if len(values) > 0 {
			given[p.Name] = bitrix.PropertyValue{Values: values, List: p.Multiple}
		}
	}
	return given, nil
}

// ofTheCard refuses to name what belongs to another card: the page's session is limited to its own.
func (t cardTab) ofTheCard(ctx context.Context, s page.Session, given bitrix.Properties) error {
	if id := strings.TrimSpace(given.First("docflow_id")); id != "" {
		if _, err := t.record(ctx, s, docflow.ID(id)); err != nil {
			return err
		}
	}
	message := strings.TrimSpace(given.First("message_id"))
	if message == "" {
		return nil
	}
	records, err := t.a.store.CardDocflows(ctx, s.Portal, s.Card, tabDocflows)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(records, func(r docflow.Record) bool { return r.ExternalID == message }) {
		return page.NotFound()
	}
	return nil
}

// Decide implements tab.Doer.
func (t cardTab) Decide(ctx context.Context, s page.Session, d tab.Decision) error {
	rec, err := t.record(ctx, s, d.Docflow)
	if err != nil {
		return err
	}
	if rec.State != docflow.Uncertain {
		return &page.Problem{RU: "Решать уже нечего: документооборот нашёлся.", EN: "There is nothing to decide any more: the docflow was found."}
	}
	decision := action.Decision{Docflow: rec.ID, Verdict: action.Verdict(d.Verdict), ExternalID: d.ExternalID, By: fmt.Sprintf("user %d", s.User)}
	if err := decision.Check(); err != nil {
		return &page.Problem{RU: "Укажите номер документооборота в Реестро, например d20bd506-6325-43e1-b2e4-105ec5d63417, или выберите другой вариант.",
			EN: "Name the docflow's id at the service, such as d20bd506-6325-43e1-b2e4-105ec5d63417, or choose another answer.", Cause: err}
	}
	row, err := action.DecideRow(rec, decision)
	if err != nil {
		return err
	}
	_, err = t.inbox.PageRow(ctx, d.Once, s.User, row)
	return err
}

// Retry implements tab.Doer.
func (t cardTab) Retry(ctx context.Context, s page.Session, id int64) error {
	j, err := t.a.store.Job(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (j.Portal != s.Portal || j.Part != s.Card.String()) {
		return page.NotFound()
	}
	if err != nil {
		return err
	}
	err = t.a.store.RetryJob(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return &page.Problem{RU: "Повторять нечего: это уже выполнено.", EN: "There is nothing to try again: it is done."}
	}
	return err
}
