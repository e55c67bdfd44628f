package tab_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
	"konturbridge/app/page/tab"
)

const hostile = `"><script>alert(1)</script>`

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// world answers with what a test puts in, and remembers what was asked.
type world struct {
	card   tab.Card
	form   tab.Form
	faults map[string]string
	asks   []tab.Ask
	again  bool
}

func (w *world) Card(context.Context, page.Session) (tab.Card, error) { return w.card, nil }
func (w *world) File(context.Context, page.Session, docflow.ID, string) (*page.File, error) {
	return nil, page.NotFound()
}

func (w *world) Act(_ context.Context, _ page.Session, ask tab.Ask) (bool, error) {
	w.asks = append(w.asks, ask)
	return w.again, nil
}
func (w *world) Decide(context.Context, page.Session, tab.Decision) error { return nil }
func (w *world) Retry(context.Context, page.Session, int64) error         { return nil }
func (w *world) Choices() []tab.Choice {
	return []tab.Choice{{Code: "realty_extract", System: docflow.Realty, Name: page.Text{RU: hostile}}, {Code: "diadoc_send", System: docflow.Diadoc, Name: page.Text{RU: "Отправить"}}}
}

func (w *world) Form(context.Context, page.Session, string, string, url.Values) (tab.Form, error) {
	return w.form, nil
}

func (w *world) Faults(string, string, url.Values) map[string]string { return w.faults }

// ask does what a route does.
func (w *world) ask(t *testing.T, method, path string, r page.Request) (page.Response, error) {
	t.Helper()
	desk, err := tab.New(tab.Deps{Read: w, Do: w, Forms: w})
	require.NoError(t, err)
	for _, route := range desk.Routes {
		if route.Method == method && route.Path == path {
			if r.Lang == "" {
				r.Lang = "ru"
			}
			return route.Do(t.Context(), r)
		}
	}
	require.Fail(t, "no route", path)
	return page.Response{}, nil
}

func (w *world) shown(t *testing.T, lang string) string {
	t.Helper()
	out, err := w.ask(t, "GET", "tab", page.Request{Lang: lang})
	require.NoError(t, err)
	return string(out.HTML)
}

func past(states ...any) []docflow.HistoryEntry {
	var all []docflow.HistoryEntry
	for i := 0; i < len(states); i += 2 {
		all = append(all, docflow.HistoryEntry{State: states[i].(docflow.State), Requirement: states[i+1].(docflow.Requirement), At: noon.Add(time.Duration(i) * time.Hour)})
	}
	return all
}

var stepPattern = regexp.MustCompile(`<li class="(done|now|failed|next)"[^>]*><span class="dot">.*?</span><span class="step-title">([^<]*)`)

// steps reads the lines of steps: "+" done, "*" where it stands, "!" failed there, "." ahead.
func steps(html string) string {
	var all []string
	for _, m := range stepPattern.FindAllStringSubmatch(html, -1) {
		all = append(all, map[string]string{"done": "+", "now": "*", "failed": "!", "next": "."}[m[1]]+m[2])
	}
	return strings.Join(all, " ")
}

func TestSteps(t *testing.T) {
	t.Parallel()
	none, sign, pay := docflow.RequireNothing, docflow.RequireSignature, docflow.RequirePayment
	for name, tc := range map[string]struct {
		kind    string
		history []docflow.HistoryEntry
		want    string
	}{
		"just stored":        {"right_movement_request", past(docflow.Prepared, none), "*Подготовлен .Подписание .Проверка подписей .В Росреестре .Оплата пошлины .Готово"},
		"signatures":         {"right_movement_request", past(docflow.Prepared, none, docflow.Suspended, sign), "+Подготовлен *Подписание .Проверка подписей .В Росреестре .Оплата пошлины .Готово"},
		"no duty was wanted": {"right_movement_request", past(docflow.Prepared, none, docflow.Suspended, sign, docflow.Sent, none, docflow.Completed, none), "+Подготовлен +Подписание +В Росреестре +Готово"},
		"a queue on the way": {"right_movement_request", past(docflow.Prepared, none, docflow.Suspended, sign, docflow.Queued, none, docflow.Sent, none, docflow.Suspended, pay), "+Подготовлен +Подписание +В очереди на отправку +В Росреестре *Оплата пошлины .Готово"},
		"paid, and waits":    {"right_movement_request", past(docflow.Prepared, none, docflow.Suspended, sign, docflow.Sent, none, docflow.Suspended, pay, docflow.Sent, none), "+Подготовлен +Подписание *В Росреестре .Оплата пошлины .Готово"},
		"suspended by law":   {"right_movement_request", past(docflow.Prepared, none, docflow.Sent, none, docflow.Suspended, docflow.RequireAnswer), "+Подготовлен +В Росреестре *Приостановлен Росреестром .Оплата пошлины .Готово"},
		"bad signatures":     {"right_movement_request", past(docflow.Prepared, none, docflow.Suspended, sign, docflow.Verified, none, docflow.Failed, none), "+Подготовлен +Подписание +Проверка подписей !Ошибка"},
		"signed once more":   {"right_movement_request", past(docflow.Prepared, none, docflow.Suspended, sign, docflow.Verified, none, docflow.Failed, none, docflow.Suspended, sign), "+Подготовлен *Подписание .Проверка подписей .В Росреестре .Оплата пошлины .Готово"},
		"an extract":         {"object_request", past(docflow.Prepared, none, docflow.Queued, none, docflow.Sent, none), "+Подготовлен +В очереди на отправку *В Росреестре .Готово"},
		"lost":               {"object_request", past(docflow.Prepared, none, docflow.Uncertain, none), "+Подготовлен !Неизвестно, подан ли .В очереди на отправку .В Росреестре .Готово"},
		"a word of its own":  {"object_request", past(docflow.Prepared, none, docflow.State("resting"), none), "+Подготовлен *resting .В очереди на отправку .В Росреестре .Готово"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last := tc.history[len(tc.history)-1]
			w := &world{card: tab.Card{May: true, Docflows: []tab.Docflow{{History: tc.history, Record: docflow.Record{ID: "d-1", System: docflow.Realty, Kind: tc.kind,
				State: last.State, Requirement: last.Requirement, Created: noon}}}}}
			require.Equal(t, tc.want, steps(w.shown(t, "ru")))
		})
	}
}

// TestEverythingIsEscaped shows every panel with texts of somebody hostile, in both languages.
func TestEverythingIsEscaped(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i)<[^>]*\s(on\w+|style)=|<script|<style|javascript:`)
	rec := func(system docflow.System, state docflow.State, needs docflow.Requirement) docflow.Record {
		return docflow.Record{ID: hostile, System: system, Kind: hostile, State: state, Requirement: needs, ExternalID: hostile, Created: noon,
			Statements: []docflow.Statement{{FileID: hostile, Person: hostile}, {FileID: hostile, Person: hostile, SignedAt: noon}},
			Charges:    []docflow.Charge{{UIN: hostile, Sum: 200050}}, Files: []docflow.File{{ID: hostile, Type: hostile, Signatures: []string{hostile}}},
			Refusal: &docflow.Refusal{Code: "x", CRMText: hostile}}
	}
	var all []docflow.Record
	for _, state := range docflow.States() {
		for _, needs := range []docflow.Requirement{docflow.RequireNothing, docflow.RequireSignature, docflow.RequirePayment, docflow.RequireAnswer} {
			all = append(all, rec(docflow.Realty, state, needs))
		}
	}
	for _, state := range append(docflow.DiadocStates(), docflow.Prepared, docflow.Uncertain, docflow.Failed, docflow.State(hostile)) {
		r := rec(docflow.Diadoc, state, "")
		r.Documents = []docflow.Document{{EntityID: hostile, Type: hostile, Title: hostile, State: state, OurTurn: true, Comment: hostile, SignedBy: hostile, SignedAt: noon}}
		all = append(all, r)
	}
	for _, may := range []bool{true, false} {
		w := &world{card: tab.Card{May: may, More: true}}
		for _, r := range all {
			w.card.Docflows = append(w.card.Docflows, tab.Docflow{Record: r, History: []docflow.HistoryEntry{{State: r.State, Requirement: r.Requirement, Note: hostile, At: noon}}})
		}
		for i, state := range []string{"waiting", "done", "dead", "canceled"} {
			w.card.Jobs = append(w.card.Jobs, tab.Job{ID: int64(i), Title: page.Text{RU: hostile}, State: state, Refused: true, Note: hostile, Tries: i, RunAt: noon})
		}
		for _, lang := range []string{"ru", "en"} {
			html := w.shown(t, lang)
			require.NotContains(t, html, hostile)
			require.NotRegexp(t, inline, html)
			require.Equal(t, may, strings.Contains(html, "hx-post"), "who may not act sees no forms")
		}
	}
	w := &world{form: tab.Form{Code: hostile, Name: hostile, Description: hostile, Refused: hostile, Problems: []tab.Problem{{Path: hostile, Text: hostile}},
		Made: []tab.Line{{Path: hostile, Value: hostile}}, Again: []string{"a", "b"}, Fields: []page.Field{{ID: hostile, Name: hostile, Label: hostile, Value: hostile, Hint: hostile, Fault: hostile},
			{ID: "b", Kind: "select", Options: []page.Option{{Value: hostile, Label: hostile, Selected: true}}}, {ID: "c", Kind: "lines", Value: hostile}, {ID: "d", Kind: "file"}, {ID: "e", Kind: "check", Label: hostile}}}}
	for _, path := range []string{"tab/form", "tab/start"} {
		out, err := w.ask(t, "GET", path, page.Request{Query: url.Values{"code": {"x"}}})
		require.NoError(t, err)
		require.NotContains(t, string(out.HTML), hostile)
		require.NotRegexp(t, inline, string(out.HTML))
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	at := func(state docflow.State, jobs ...tab.Job) string {
		w := &world{card: tab.Card{Jobs: jobs, Docflows: []tab.Docflow{{Record: docflow.Record{ID: "d", System: docflow.Realty, State: state, Created: noon}}}}}
		found := regexp.MustCompile(`data-poll="(\d+)"`).FindStringSubmatch(w.shown(t, "ru"))
		if found == nil {
			return ""
		}
		return found[1]
	}
	require.Empty(t, at(docflow.Completed), "nothing is awaited")
	require.Equal(t, "5", at(docflow.Sent))
	require.Equal(t, "2", at(docflow.Prepared))
	require.Equal(t, "2", at(docflow.Completed, tab.Job{State: "waiting"}))
	require.Empty(t, at(docflow.Completed, tab.Job{State: "dead"}))
}

func TestDiadocDocuments(t *testing.T) {
	t.Parallel()
	shown := func(d docflow.Document) string {
		d.EntityID, d.Title = "e-1", "Договор"
		w := &world{card: tab.Card{May: true, Docflows: []tab.Docflow{{Record: docflow.Record{ID: "d", System: docflow.Diadoc, ExternalID: "m-1", State: d.State, Documents: []docflow.Document{d}, Created: noon}}}}}
		return w.shown(t, "ru")
	}
	html := shown(docflow.Document{State: docflow.AwaitingAnswer})
	require.Equal(t, "+Отправлен *Ждёт подписи контрагента .Подписан", steps(html))
	require.Contains(t, html, "code=diadoc_revoke&amp;entity_id=e-1&amp;message_id=m-1")
	html = shown(docflow.Document{State: docflow.AllSigned, SignedBy: "Иванов", SignedAt: noon})
	require.Equal(t, "+Отправлен +Ждёт подписи контрагента +Подписан", steps(html))
	require.Contains(t, html, "Иванов")
	require.Equal(t, "+Отправлен !Контрагент отказал", steps(shown(docflow.Document{State: docflow.Rejected, Comment: "не та цена"})))
	require.Equal(t, "*Черновик .Отправлен .Ждёт подписи контрагента .Подписан", steps(shown(docflow.Document{State: docflow.Draft})))
	require.Contains(t, shown(docflow.Document{State: docflow.AwaitingAnswer, OurTurn: true}), "code=diadoc_sign")
}

func TestActing(t *testing.T) {
	t.Parallel()
	sent := page.Request{Params: map[string]string{"id": "d-1", "code": "realty_extract"}, Form: url.Values{"cadastral_number": {"x"}}, Once: "one"}
	w := &world{}
	out, err := w.ask(t, "POST", "tab/act/:code", sent)
	require.NoError(t, err)
	require.True(t, out.Refresh)
	require.Contains(t, string(out.HTML), `data-home="/bitrix/pages/tab/start"`)
	require.Equal(t, tab.Ask{Code: "realty_extract", Values: sent.Form, Once: "one"}, w.asks[0])

	w.again = true
	out, err = w.ask(t, "POST", "tab/docflow/:id/submit", sent)
	require.NoError(t, err)
	require.Contains(t, out.Say.RU, "второй раз не выполняется")
	require.Equal(t, url.Values{"docflow_id": {"d-1"}}, w.asks[1].Values)

	w.faults, w.form = map[string]string{"cadastral_number": "заполните это поле"}, tab.Form{Fields: []page.Field{{ID: "f", Name: "cadastral_number", Label: "Кадастровый номер"}}}
	out, err = w.ask(t, "POST", "tab/act/:code", sent)
	require.NoError(t, err)
	require.Equal(t, 422, out.Status)
	require.Contains(t, string(out.HTML), `aria-describedby="f-fault"`)
	require.Contains(t, string(out.HTML), `<a href="#f">Кадастровый номер: заполните это поле</a>`)
	require.Len(t, w.asks, 2, "nothing was stored")
}

func TestSignatureFiles(t *testing.T) {
	t.Parallel()
	w := &world{}
	for name, tc := range map[string]struct {
		files []page.Upload
		want  string
	}{
		"none":      {nil, "Выберите файлы подписей"},
		"empty":     {[]page.Upload{{Name: "a.sig"}}, "пустой"},
		"too large": {[]page.Upload{{Name: "a.sig", Data: make([]byte, tab.MaxFiles)}, {Name: "b.sig", Data: []byte("x")}}, "больше 512 КБ"},
	} {
		_, err := w.ask(t, "POST", "tab/docflow/:id/sign", page.Request{Params: map[string]string{"id": "d-1"}, Files: tc.files})
		var problem *page.Problem
		require.ErrorAs(t, err, &problem, name)
		require.Contains(t, problem.RU, tc.want, name)
	}
	_, err := w.ask(t, "POST", "tab/docflow/:id/sign", page.Request{Params: map[string]string{"id": "d-1"}, Files: []page.Upload{{Field: "other", Name: "a.sig", Data: []byte("x")}}})
	require.NoError(t, err)
	require.Equal(t, "signatures", w.asks[0].Files[0].Field)
}
