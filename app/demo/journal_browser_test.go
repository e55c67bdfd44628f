package demo_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/store"
	"konturbridge/sandbox/bitrixsim"
)

// journal opens the application's main page at one of its sections.
func (v *visitor) journal(name string, user int, lang string) {
	v.T.Helper()
	v.open("/bitrix/app", "DEFAULT", "{}", user, lang)
	if name == "" {
		return
	}
	v.Until(`!document.querySelector("#view .loading")`)
	v.Click(`[data-tab="` + name + `"]`)
	v.See("#" + name + "-title")
}

// shot judges and pictures what is seen, once.
func (v *visitor) shot(name string) {
	v.T.Helper()
	v.Axe()
	v.Whole(name)
}

// search fills the filter and searches.
func (v *visitor) search(fields map[string]string) {
	v.T.Helper()
	for id, value := range fields {
		v.Ask(fmt.Sprintf(`document.getElementById(%q).value = %q`, id, value))
	}
	v.Ask(`document.querySelector("#view form.filter").dataset.stale = ""`)
	v.Click(`#view form.filter button[type=submit]`)
	v.Until(`!!document.querySelector("#view form.filter") && !("stale" in document.querySelector("#view form.filter").dataset)`)
}

// ask asks a page's address with the session of the page that is open.
func (v *visitor) ask(method, path string) string {
	v.T.Helper()
	v.Ask(fmt.Sprintf(`window.told = "", fetch("/bitrix/pages/%s", {method: %q, headers: {Authorization: "Bearer " + document.body.dataset.session,
		"Bridge-Once": "0123456789abcdef0123456789abcdef"}}).then((r) => { window.told = String(r.status); })`, path, method))
	v.Until(`window.told !== ""`)
	return v.Ask("window.told")
}

// TestJournal lets an administrator find out what happened to a deal: find the failed work by its card, read why,
// and try it again.
func TestJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := visit(t, w)
	b.Desktop()
	b.journal("journal", 1, "ru")

	deal := w.Demo.Extract
	w.Portal.FailNext("crm.timeline.comment.add", 400, "ACCESS_DENIED", 1)
	w.Portal.PlaceRobot(bitrixsim.Deal, "PREPARATION", bitrixsim.Step{Robot: "realty_extract",
		Properties: map[string]any{"cadastral_number": "{=Document:UF_CRM_CADASTRAL}", "type": "base"}})
	require.NoError(t, w.Portal.MoveStage(bitrixsim.Deal, deal, "PREPARATION"))
	require.NoError(t, w.Until(t.Context(), "the extract is filed", func() bool { return len(w.Box.Realty.Docflows()) == 1 }))
	filed := w.Box.Realty.Docflows()[0]

	b.search(map[string]string{"card": strconv.Itoa(deal), "state": "dead"})
	b.Until(`!!document.querySelector("#view [data-job] .chip.bad")`) // the list follows by itself
	require.Contains(t, b.text("#view tbody"), "Сделка "+strconv.Itoa(deal))
	b.shot("journal-found")
	b.Click("#view tbody a[hx-get]")
	b.See("#retry")
	require.Contains(t, b.text("#view .notice.bad"), "Почему:")
	require.Contains(t, b.text("#view .timeline"), "не применено")
	b.Click("#view .timeline details summary")
	require.Contains(t, b.text("#view .timeline table"), "crm.timeline.comment.add")
	require.Contains(t, b.text("#view .timeline table"), "отказ (400)")
	b.shot("journal-failed")

	b.Click("#retry")
	b.Until(`document.querySelector("#view article .chip")?.innerText === "Выполнено"`)
	require.Contains(t, b.text("#view .timeline"), "Нажато «Повторить»")
	require.Contains(t, b.text("#view .timeline"), "пользователь 1")

	// The deal's whole story, by the number of what was filed.
	b.Click("#view a.button.quiet")
	b.See("#view form.filter")
	require.Equal(t, strconv.Itoa(deal), b.Ask(`document.getElementById("card").value`), "the filter stays")
	b.search(map[string]string{"card": "", "state": "", "number": "47:14:1203001:814"})
	require.Contains(t, b.text("#view .plain-list"), "Выписка из ЕГРН")
	b.Click("#view tbody a[hx-get]")
	b.See("#view .timeline")
	story := b.text("#view .timeline")
	for _, part := range []string{"Пришло: Робот", "Подготовлен", "Попытка 1: работа сделана", "Запись в таймлайне — применено"} {
		require.Contains(t, story, part)
	}
	require.Contains(t, b.text("#view .facts"), filed.ID)
	b.Ask(`document.querySelectorAll("#view .timeline details").forEach((d) => { d.open = true; })`)
	require.Contains(t, b.text("#view .timeline table"), "Реестро")
	b.shots("journal-story")
	b.Click("#view a.button.quiet")
	b.Click("#view .plain-list a")
	b.See("#view .timeline")
	require.NotContains(t, b.text("#view"), "Связанная работа\n\n", "the docflow's own story")

	// What cannot be read is said at its field; what does not exist is an empty place.
	b.Click("#view a.button.quiet")
	b.See("#view form.filter")
	b.search(map[string]string{"number": "", "card": "сделка"})
	b.See("#view [data-faults]")
	b.shot("journal-faults")
	b.search(map[string]string{"card": "999999"})
	require.Contains(t, b.text("#view"), "Ничего не нашлось")

	// Another portal's work does not exist here.
	var foreign int64
	require.NoError(t, w.WithStore(t.Context(), func(st *store.Store) error {
		a := &store.Accept{Row: lane.NewRow{Lane: "another portal", Part: "2:57", Kind: "robot", Code: "realty_extract"}}
		err := st.Accept(context.WithoutCancel(t.Context()), a)
		foreign = a.ID
		return err
	}))
	id := strconv.FormatInt(foreign, 10)
	require.Equal(t, "404", b.ask("GET", "journal/"+id))
	require.Equal(t, "404", b.ask("POST", "journal/"+id+"/retry"))
	require.Equal(t, "404", b.ask("POST", "journal/"+id+"/cancel"))
	require.Equal(t, "404", b.ask("GET", "journal/docflow/"+id))
	require.Equal(t, "404", b.ask("POST", "health/another/check"))

	// How everything is, in both languages.
	b.journal("health", 1, "ru")
	require.Contains(t, b.text("#view"), "Подключения")
	b.Until(`document.querySelector('[data-connection="main"] .chip')?.innerText === "Работает"`)
	b.Click(`[data-connection="main"] button`)
	b.Until(`!!document.querySelector(".message.good")`)
	w.Box.Realty.FailNext("news", 503, 1000)
	b.Until(`document.querySelector('[data-connection="main"] .chip')?.innerText === "Сервис не отвечает"`)
	b.shots("health-failing")
	b.journal("journal", 1, "en")
	require.Contains(t, b.text("#view h2"), "Journal")
	b.shot("journal-en")

	// Who is no administrator sees no journal, and gets none by asking.
	w.Portal.AddUser(77, "Иван", "Простой", false)
	b.journal("", 77, "ru")
	require.Equal(t, "0", b.Ask(`String(document.querySelectorAll("[data-tab=journal], [data-tab=health]").length)`))
	b.Until(`!document.querySelector("#view .loading")`)
	b.Ask(`htmx.ajax("GET", "/bitrix/pages/journal", "#view"), ""`) // as one whose right was taken away a moment ago
	b.See("#view [data-failure=denied]")
	b.shot("journal-denied")
	require.Equal(t, "403", b.ask("GET", "journal"))
	require.Equal(t, "403", b.ask("GET", "health"))
	require.Equal(t, "403", b.ask("POST", "journal/1/retry"))
}
