package journal

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/journal"
	"konturbridge/app/page"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	deal, item := docflow.Card{EntityType: 2, ID: 57}, docflow.Card{EntityType: 128, ID: 5}
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		query  string
		want   journal.Query
		faults []string
	}{
		"nothing":         {},
		"card":            {query: "card=57&entity=deal", want: journal.Query{Card: deal}},
		"lead":            {query: "card=57&entity=lead", want: journal.Query{Card: docflow.Card{EntityType: 1, ID: 57}}},
		"item":            {query: "card=5&entity=item&type=128", want: journal.Query{Card: item}},
		"item, no type":   {query: "card=5&entity=item", faults: []string{"type"}},
		"link":            {query: "card=" + url.QueryEscape("https://p.bitrix24.ru/crm/deal/details/57/?IFRAME=Y"), want: journal.Query{Card: deal}},
		"link of an item": {query: "card=" + url.QueryEscape("https://p.bitrix24.ru/crm/type/128/details/5/"), want: journal.Query{Card: item}},
		"no card":         {query: "card=deal&entity=deal", faults: []string{"card"}},
		"dates":           {query: "from=2026-03-01&to=2026-03-01", want: journal.Query{From: march, To: march.AddDate(0, 0, 1)}},
		"bad dates":       {query: "from=1.3.2026&to=x", faults: []string{"from", "to"}},
		"crossed dates":   {query: "from=2026-03-02&to=2026-03-01", faults: []string{"from"}},
		"state":           {query: "state=dead&service=Y&number=+ext-1+", want: journal.Query{State: "dead", Service: true, Number: "ext-1"}},
		"bad state":       {query: "state=odd", faults: []string{"state"}},
		"page":            {query: "before=17", want: journal.Query{Before: 17}},
		"bad page":        {query: "before=x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := url.ParseQuery(tc.query)
			require.NoError(t, err)
			f := filterOf(values)
			got, faults := f.query(page.Request{Session: page.Session{Portal: "p"}, Query: values, Lang: "en"})
			var at []string
			for _, fault := range faults {
				at = append(at, fault.Field)
				require.NotEmpty(t, fault.Text)
			}
			require.Equal(t, tc.faults, at)
			if len(faults) == 0 {
				tc.want.Portal = "p"
				require.Equal(t, tc.want, got)
				again := f.values()
				round := filterOf(again)
				back, _ := round.query(page.Request{Session: page.Session{Portal: "p"}, Query: again})
				back.Before = got.Before
				require.Equal(t, got, back, "the filter comes back as it was")
			}
		})
	}
}

func TestInWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		0: {"до 1 мс", "under 1 ms"}, 350 * time.Millisecond: {"350 мс", "350 ms"}, 1240 * time.Millisecond: {"1,2 с", "1.2 s"},
		42 * time.Second: {"42 с", "42 s"}, 125 * time.Second: {"2 мин 5 с", "2 min 5 s"}, 3 * time.Hour: {"3 ч", "3 h"},
		50 * time.Hour: {"2 д 2 ч", "2 d 2 h"}, -time.Second: {"до 1 мс", "under 1 ms"},
	} {
		require.Equal(t, want, [2]string{inWords(d, "ru"), inWords(d, "en")})
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 0)
	flat := newChart("x", "t", []journal.Point{{At: at}, {At: at}}, 1, count, "en")
	require.True(t, flat.Flat)
	require.Equal(t, "Zero all the time.", flat.Summary)
	c := newChart("x", "t", []journal.Point{{At: at, Value: 4}, {At: at}, {At: at, Value: 1}, {At: at, Value: 2}}, 1, count, "en")
	require.Equal(t, "Now 2, at most 4.", c.Summary)
	require.Equal(t, []bar{{0, 0, 120, 100}, {300, 75, 120, 25}, {450, 50, 120, 50}}, c.Bars)
	small := newChart("x", "t", []journal.Point{{At: at, Value: .05}}, 1, percent, "ru")
	require.Equal(t, []bar{{0, 95, 480, 5}}, small.Bars, "a little does not look like much")
	require.Equal(t, "Сейчас 5 %, наибольшее 5 %.", small.Summary)
}

// TestStoryOrder proves that everything is told in the order of time, in both languages, and that each call stands at
// its run.
func TestStoryOrder(t *testing.T) {
	t.Parallel()
	desk, err := New(Deps{})
	require.NoError(t, err)
	require.Len(t, desk.Tabs, 2)
	set, err := page.NewSet(templates, "templates/*.html")
	require.NoError(t, err)
	p := &pages{Deps{Title: func(code, _ string) string { return "title of " + code }}, set}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	after := func(s int) time.Time { return at.Add(time.Duration(s) * time.Second) }
	s := journal.Story{
		Job:  journal.Job{ID: 7, Portal: "p", Part: "2:57", Kind: "robot", Code: "realty_extract", State: "dead", Tries: 2, Note: "нет <доступа>", Received: at, Finished: after(9)},
		Call: journal.Arrived{User: 5, Workflow: true},
		Runs: []journal.Run{{Began: after(1), Ended: after(2), Verdict: "backoff", Failed: true, Times: 1, Note: "503"}, {Began: after(8), Ended: after(9), Verdict: "dead", Failed: true, Times: 1, Note: "нет <доступа>", More: 4}},
		Calls: []journal.Call{{Job: 7, Run: after(1), System: "realty", Op: "POST /docflows/{type}", Began: after(1), Status: 503, Class: "retry", Packed: 1, Words: "not available"},
			{Job: 7, Run: after(8), System: "realty", Op: "POST /docflows/{type}", Began: after(8), Status: 403, Class: "refused", Packed: 1},
			{Job: 8, Run: after(9), System: "bitrix", Op: "crm.item.update", Began: after(10), Status: 200, Packed: 12}},
		Acts: []journal.Act{{At: after(5), Act: "retry", User: 9}},
		Docflows: []journal.Docflow{{Record: docflow.Record{ID: "d", Card: docflow.Card{EntityType: 2, ID: 57}, System: docflow.Realty, Kind: "object_request", State: docflow.Failed,
			Refusal: &docflow.Refusal{CRMText: "Нет доступа", TextEN: "No access"}, Charges: []docflow.Charge{{UIN: "188"}}},
			History: []docflow.HistoryEntry{{State: docflow.Prepared, Cause: docflow.CausePrepared, At: after(1)}, {State: docflow.Failed, Cause: docflow.CauseCreate, At: after(9)}}}},
		Effects: []journal.Effect{{ID: 1, Kind: "comment", State: "applied", Created: after(9), Finished: after(10), Job: 8}, {ID: 2, Kind: "notify", State: "waiting", Created: after(9)}},
	}
	for lang, want := range map[string][]string{
		"ru": {"Пришло: Робот", "Попытка 1", "Подготовлен", "Нажато «Повторить»", "Попытка 2", "Выписка из ЕГРН: Ошибка", "ждёт очереди", "Не выполнено", "Работа № 8", "Запись в таймлайне — применено"},
		"en": {"Arrived: Automation rule", "Run 1", "Prepared", "Retry was pressed", "Run 2", "Extract from the register: Error", ": waits", "Failed", "Work no. 8", "A line of the timeline: applied"},
	} {
		r := page.Request{Lang: lang, Session: page.Session{Portal: "p", Origin: "https://p.bitrix24.ru"}, Query: url.Values{"back": {"state=dead"}}}
		view := p.tell(r, s)
		var titles []string
		for i, e := range view.Events {
			require.Contains(t, e.Title, want[i])
			titles = append(titles, e.Title)
		}
		require.Len(t, titles, len(want))
		require.Equal(t, "/bitrix/pages/journal?state=dead", view.Back)
		require.Len(t, view.Events[1].Calls, 1)
		require.NotEmpty(t, view.Advice)
		out, err := set.HTML(lang, "story", view)
		require.NoError(t, err)
		html := string(out)
		require.Contains(t, html, "нет &lt;доступа&gt;")
		require.Contains(t, html, "https://p.bitrix24.ru/crm/deal/details/57/")
		require.Contains(t, html, "/bitrix/pages/journal/7/retry")
		require.Equal(t, 1, strings.Count(html, `id="cancel"`))
	}
	s.Job.State, s.Job.Kind = "waiting", "offline"
	waits := p.tell(page.Request{Lang: "ru"}, s)
	require.True(t, waits.Poll)
	require.Empty(t, waits.Cancel, "the bridge keeps itself going by it")
	require.NotEmpty(t, waits.Retry)
}
