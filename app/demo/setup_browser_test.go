package demo_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/demo"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/internal/testbrowser"
	"konturbridge/sandbox/bitrixsim"
)

// start opens the main page, which begins with the settings.
func (v *visitor) start(user int, lang string) {
	v.T.Helper()
	v.open("/bitrix/app", "DEFAULT", "", user, lang)
	v.Until(`!document.querySelector("#view .loading")`)
	v.shown()
}

// section goes to a page of the settings.
func (v *visitor) section(path string) {
	v.T.Helper()
	v.Ask(`document.querySelector("#view").replaceChildren(), window.htmx.ajax("GET", "/bitrix/pages/` + path + `", { target: "#view", source: "#view" })`)
	v.shown()
}

// shown waits for the page that comes after a press, until it hears what is done to it.
func (v *visitor) shown() {
	v.T.Helper()
	v.Until(`!document.querySelector("#before") && !!document.querySelector("#view h2") && !document.querySelector("[data-sending], .htmx-request, .htmx-settling, .htmx-added")`)
}

// look pictures and judges what is seen where pictures are kept; judging every page each time would take minutes.
func (v *visitor) look(name string) {
	v.T.Helper()
	if os.Getenv("BRIDGE_SCREENSHOTS") != "" {
		v.shots(name)
	}
}

// press presses what has these words.
func (v *visitor) press(words string) {
	v.T.Helper()
	require.Equal(v.T, "true", v.Ask(`(() => {
		const found = [...document.querySelectorAll("#view button, #view a")].find((e) => e.innerText.trim().startsWith(`+strconv.Quote(words)+`));
		if (found) { document.querySelector("#view h2").id = "before"; found.click(); }
		return Boolean(found);
	})()`), words)
	v.shown()
}

// write types into a field, choose picks from a list by its words; both tell the page as a person's hands would.
func (v *visitor) write(id, text string) {
	v.T.Helper()
	v.See("[id=" + strconv.Quote(id) + "]")
	v.Ask(fmt.Sprintf(`(() => { const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true })); })()`, id, text))
}

func (v *visitor) choose(id, words string) {
	v.T.Helper()
	require.Equal(v.T, "true", v.Ask(fmt.Sprintf(`(() => {
		const list = document.getElementById(%q);
		const option = [...list.options].find((o) => o.text.includes(%q));
		if (!option) { return false; }
		const again = list.closest("[hx-get]");
		if (again) { document.querySelector("#view h2").id = "before"; }
		list.value = option.value;
		list.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})()`, id, words)), id+": "+words+" is not among "+v.Ask(fmt.Sprintf(`[...document.getElementById(%q).options].map((o) => o.text).join(" | ")`, id)))
	v.shown()
}

func (v *visitor) stored() string {
	v.T.Helper()
	var text string
	require.NoError(v.T, v.w.WithStore(v.T.Context(), func(st *store.Store) error {
		shown, err := app.ShowSettings(v.T.Context(), st, portal.ID(v.w.Portal.MemberID()))
		text = string(shown)
		return err
	}))
	return text
}

// TestFirstRun leads an administrator of a new portal from nothing to a working pipeline, without a text editor.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Apply(t.Context(), "connections: []\ntriggers: []\nmappings: []\nreactions: []\n"))
	b := visit(t, w)
	b.Desktop()
	b.start(1, "ru")
	require.Contains(t, b.text("#view"), "Подключите Реестро или Диадок")
	b.look("first-connect")

	b.press("Подключить Реестро")
	b.write("login", w.Demo.Login)
	b.write("password", "wrong")
	b.write("accountId", w.Demo.AccountID)
	b.press("Сохранить и проверить")
	require.Contains(t, b.text(".notice"), "не принимает логин")
	b.look("first-refused")
	b.press("Изменить")
	require.Empty(t, b.Ask(`document.getElementById("password").value`), "a secret never comes back")
	b.write("password", w.Demo.Password)
	b.press("Сохранить и проверить")
	require.Contains(t, b.text(".notice"), "Вход выполнен")
	require.NotContains(t, b.stored(), w.Demo.Password+"\n")

	b.press("Подключить Диадок")
	b.look("first-diadoc")
	b.write("login-name", "box")
	b.write("login-box", w.Demo.Diadoc.Box)
	b.press("Войти через Контур")
	b.See("#login .big")
	b.look("first-login")
	require.NoError(t, w.Box.Diadoc.ApproveDevice(b.text("#login .big"), w.Demo.Diadoc.Login))
	b.Until(`document.querySelector("#login").innerText.includes("Подключено")`)
	require.Contains(t, b.stored(), "refreshToken: '***'")

	b.press("Обзор")
	b.press("Продолжить")
	b.choose("stage", "Подготовка документов")
	require.Contains(t, b.text("#view"), "На какой стадии")
	b.choose("do", "заказать выписку")
	b.press("Добавить")
	require.Contains(t, b.text("#step-stages"), "→ Реестро: заказать выписку ЕГРН")
	b.look("first-stages")
	b.press("Дальше")
	require.Contains(t, b.text("#step-fields"), "Создать недостающие поля")
	b.Axe()
	b.look("first-fields")
	b.press("Создать недостающие поля")
	b.Until(`document.querySelector("#step-fields").innerText.includes("Все поля на месте")`)

	// The run can be left and taken up again.
	b.start(1, "ru")
	b.section("settings/first?step=try")
	b.choose("type", "Запрос выписок")
	b.write("card", strconv.Itoa(w.Demo.Extract))
	b.press("Показать заявление")
	require.Contains(t, b.text("#tried"), "составляется без ошибок")
	require.Contains(t, b.text("#view"), "Зарегистрировано роботов: "+strconv.Itoa(len(app.Robots())))
	require.Empty(t, w.Box.Realty.Docflows(), "nothing was filed")
	b.look("first-try")

	stage := strings.Split(strings.SplitAfter(b.stored(), "stage: ")[1], "\n")[0]
	require.NoError(t, w.Portal.UpdateItem(bitrixsim.Deal, w.Demo.Extract, map[string]any{"stageId": strings.Trim(stage, `"'`)}))
	require.NoError(t, w.Until(t.Context(), "the extract is ordered", func() bool { return len(w.Box.Realty.Docflows()) == 1 }))
}

// TestSettingsPages edits settings as an administrator does: by the portal's own lists, with mistakes.
func TestSettingsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Portal.AddCategory(bitrixsim.Deal, `<img src=x onerror=alert(1)>`)
	b := visit(t, w)
	b.Desktop()
	b.start(1, "ru")
	b.look("settings-overview")

	// A trigger by lists; what is missing is told at its field.
	b.section("settings/triggers/new")
	b.choose("stage", "Подготовка документов")
	b.choose("action", "заказать выписку")
	b.press("Сохранить")
	require.Contains(t, b.text(`[id="p.cadastral_number-fault"]`), "нужен этот параметр")
	b.Axe()
	b.look("settings-trigger")
	require.Equal(t, "0", b.Ask(`document.querySelectorAll("#view img").length`), "names of the CRM are text")
	require.Contains(t, b.Ask(`document.querySelector("#stage").innerHTML`), "&lt;img")
	b.Click(`[data-fields="p.cadastral_number"]`)
	b.write("fields-find", "UF_CRM_CADASTRAL")
	b.look("settings-insert")
	b.Click(`[data-insert="deal.UF_CRM_CADASTRAL"]`)
	require.Equal(t, "{{ deal.UF_CRM_CADASTRAL }}", b.Ask(`document.getElementById("p.cadastral_number").value`))
	b.press("Сохранить")
	require.Contains(t, b.stored(), "cadastral_number: '{{ deal.UF_CRM_CADASTRAL }}'")

	// A mapping with a mistake, which is found on a card and put in order at the field.
	b.section("settings/mappings")
	b.choose("docflow_type", "Запрос выписок")
	b.write("name", "own")
	b.choose("from", "готовое")
	b.press("Создать")
	b.write("v:cadastralNumber", "{{ deal.TITLE")
	b.press("Сохранить")
	require.Contains(t, b.text(`[id="v:cadastralNumber-fault"]`), "ошибка в выражении")
	b.write("v:cadastralNumber", "{{ deal.TITLE }}")
	b.write("card", w.BoxURL+"/crm/deal/details/"+strconv.Itoa(w.Demo.Extract)+"/")
	b.press("Проверить")
	require.Contains(t, b.text("#tried"), "cadastralNumber")
	require.Contains(t, b.text("#tried .found"), "pattern")
	require.Contains(t, b.text("#tried .found"), "deal.TITLE")
	require.Contains(t, b.text(`[id="v:cadastralNumber-fault"]`), "cadastralNumber")
	b.shots("settings-mapping")
	b.write("v:cadastralNumber", "{{ deal.UF_CRM_CADASTRAL }}")
	b.press("Проверить")
	require.Contains(t, b.text("#tried"), "составляется без ошибок")
	require.Contains(t, b.text(".made"), "47:14:1203001:814")
	require.NotContains(t, b.stored(), "name: own\n    docflow_type: object_request\n    options:\n      cadastralNumber: '{{ deal.UF_CRM_CADASTRAL }}'", "trying stores nothing")
	b.press("Сохранить")
	require.Contains(t, b.stored(), "cadastralNumber: '{{ deal.UF_CRM_CADASTRAL }}'")

	// A large one, place by place.
	b.section("settings/mappings")
	b.choose("docflow_type", "Регистрация перехода права")
	b.write("name", "sale")
	b.press("Создать")
	b.write("card", strconv.Itoa(w.Demo.Incomplete))
	b.press("Проверить")
	require.Contains(t, b.text("#tried"), "Нужно исправить")
	b.look("settings-mapping-sale")
	b.press("Покупатель")
	b.look("settings-mapping-buyer")
	b.press("Показать как YAML")
	b.look("settings-mapping-yaml")

	b.reactions()
	b.undoing()
}

func (v *visitor) reactions() {
	v.T.Helper()
	v.section("settings/reactions/new")
	v.choose("system", "Реестро")
	v.choose("state", "исполнен")
	v.choose("start", "Оплата госпошлины")
	v.write("p.docflow", "{{ docflow.id }}")
	v.choose("move_stage", "Подготовка документов")
	v.choose("notify", "ответственного")
	v.Axe()
	v.look("settings-reaction")
	v.press("Сохранить")
	require.Contains(v.T, v.text("#view"), "Уведомить: ответственного")
	require.Contains(v.T, v.stored(), "notify: responsible")
	v.look("settings-reactions")
	v.section("settings/roles")
	v.Axe()
	if os.Getenv("BRIDGE_SCREENSHOTS") == "" {
		return
	}
	for _, path := range []string{"connections", "triggers", "robots", "file", "roles"} {
		v.section("settings/" + path)
		v.look("settings-" + path)
	}
}

// undoing brings an older version back.
func (v *visitor) undoing() {
	v.T.Helper()
	v.section("settings/history")
	require.Contains(v.T, v.text("#view table"), "правка на странице")
	v.look("settings-history")
	v.section("settings/history/1")
	require.Contains(v.T, v.text("#view"), "mappings[sale]")
	v.Axe()
	v.look("settings-version")
	v.Ask(`[...document.querySelectorAll("#view button")].find((e) => e.innerText.includes("Вернуться")).click()`)
	v.Click("#ask-yes")
	v.Until(`!!document.querySelector("#view table")?.innerText.includes("возврат к версии 1")`)
	require.NotContains(v.T, v.stored(), "name: sale")
	require.Contains(v.T, v.stored(), "name: main")
}

// TestSettingsAreNotForEverybody: neither another user nor another portal gets at them, whatever they send.
func TestSettingsAreNotForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Portal.AddUser(77, "Олег", "Обычный", false)
	before := showSettings(t, w)
	other := w.Box.Bitrix.AddPortal("other")
	require.NoError(t, other.Install(t.Context(), demoApp))
	session := func(user int) string {
		if user == 0 { // the administrator of the other portal
			return pageSession(t, w, other, 1)
		}
		return pageSession(t, w, w.Portal, user)
	}
	ask := func(user int, method, path, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, w.URL+"/bitrix/pages/"+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+session(user))
		req.Header.Set("Bridge-Once", "0123456789abcdef0123456789abcdef")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { require.NoError(t, resp.Body.Close()) }()
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(text)
	}
	for _, path := range []string{"settings", "settings/connections", "settings/connections/0", "settings/file", "settings/file/download", "settings/history",
		"settings/history/1", "settings/robots", "settings/roles", "settings/first"} {
		status, text := ask(77, http.MethodGet, path, "")
		require.Equal(t, http.StatusForbidden, status, path)
		require.NotContains(t, text, w.Demo.Login)
		status, _ = ask(1, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, status, path)
	}
	for _, path := range []string{"settings/connections/0/remove", "settings/triggers/0/remove", "settings/file", "settings/history/1/undo", "settings/robots/secret", "settings/roles"} {
		status, _ := ask(77, http.MethodPost, path, "version=1&text=connections:%20[]")
		require.Equal(t, http.StatusForbidden, status, path)
	}
	for _, path := range []string{"settings/connections", "settings/file", "settings/history", "settings/robots"} {
		status, text := ask(0, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, status, path)
		require.NotContains(t, text, w.Demo.Login, "another portal's settings")
	}
	for path, want := range map[string]int{"settings/connections/0/check": http.StatusNotFound, "settings/history/1/undo": http.StatusNotFound,
		"settings/triggers/0/remove": http.StatusConflict, "settings/mappings/0": http.StatusNotFound} {
		status, text := ask(0, http.MethodPost, path, "version=1")
		require.Equal(t, want, status, path+text)
	}
	require.Equal(t, before, showSettings(t, w))

	// Who was given the right may change settings, but not the rights.
	require.NoError(t, w.Apply(t.Context(), "roles: {settings: [77]}\n"))
	status, _ := ask(77, http.MethodGet, "settings/triggers", "")
	require.Equal(t, http.StatusOK, status)
	status, text := ask(77, http.MethodPost, "settings/roles", "version=2&settings=77&settings=78")
	require.Equal(t, http.StatusUnprocessableEntity, status, text)
	status, _ = ask(77, http.MethodPost, "settings/triggers/0/remove", "version=1")
	require.Equal(t, http.StatusConflict, status, "somebody changed them meanwhile")
	status, _ = ask(77, http.MethodPost, "settings/triggers/0/remove", "version=2")
	require.Equal(t, http.StatusOK, status)
	status, text = ask(1, http.MethodGet, "settings/history", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "Обычный Олег")
}

func showSettings(t *testing.T, w *demo.World) string {
	t.Helper()
	return (&visitor{Tab: testbrowser.Tab{T: t}, w: w}).stored()
}

// pageSession opens the main page as a user of a portal and takes the session out of it.
func pageSession(t *testing.T, w *demo.World, p *bitrixsim.Portal, user int) string {
	t.Helper()
	query, form := p.OpenPage(demoApp, "DEFAULT", "", user)
	resp, err := http.PostForm(w.URL+"/bitrix/app?"+query.Encode(), form)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), `data-session="`)
	require.True(t, found, string(text))
	session, _, _ := strings.Cut(rest, `"`)
	return session
}
