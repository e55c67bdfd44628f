package demo_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"konturbridge/app/demo"
	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/store"
	"konturbridge/internal/testbrowser"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

const demoApp = "local.00000000000000.00000001"

// visitor opens pages of the bridge as a portal does, outside of its frame, where a script can reach them.
type visitor struct {
	testbrowser.Tab
	w *demo.World
}

func visit(t *testing.T, w *demo.World) *visitor {
	t.Helper()
	b := testbrowser.Open(t)
	b.Answers(map[string]testbrowser.Answer{"https://api.bitrix24.com/api/v1/": {Type: "text/javascript", Body: bx24}})
	return &visitor{Tab: b, w: w}
}

// card opens the tab of a deal, home the main page.
func (v *visitor) card(deal, user int, lang string) {
	v.T.Helper()
	v.open("/bitrix/placements/crm_detail_tab", "CRM_DEAL_DETAIL_TAB", `{"ID":"`+strconv.Itoa(deal)+`"}`, user, lang)
	v.Until(`document.querySelector("#work") && !document.querySelector("#work .loading")`)
}

func (v *visitor) open(path, placement, options string, user int, lang string) {
	v.T.Helper()
	query, form := v.w.Portal.OpenPage(demoApp, placement, options, user)
	query.Set("LANG", lang)
	opener := designer(bitrixsim.RobotSettings{Handler: v.w.URL + path, Query: query, Form: form}, false)
	v.Do(chromedp.Navigate("data:text/html;base64," + base64.StdEncoding.EncodeToString([]byte(opener))))
	v.Ask(`document.getElementById("open").submit()`)
	v.See("main")
}

// shots judges what is seen, light and dark and as wide as a phone, and pictures it where pictures are wanted.
func (v *visitor) shots(name string) {
	v.T.Helper()
	picture := func(how string) {
		if os.Getenv("BRIDGE_SCREENSHOTS") != "" {
			v.Whole(name + "-" + how)
		}
	}
	v.Axe()
	picture("light")
	v.Phone()
	require.Equal(v.T, "true", v.Ask("document.documentElement.scrollWidth <= window.innerWidth"), name+" is wider than a phone")
	picture("phone")
	v.Desktop()
	v.Scheme("dark")
	require.Empty(v.T, v.ContrastFaults(), name)
	picture("dark")
	v.Scheme("light")
}

// soon waits for a script to give true in a page whose regions ask again at once instead of in a few seconds.
func (v *visitor) soon(script string) {
	v.T.Helper()
	v.Ask(`window.hurry = setInterval(() => document.body.dispatchEvent(new Event("refresh")), 150)`)
	v.Until(script)
	v.Ask(`clearInterval(window.hurry)`)
}

func (v *visitor) text(css string) string {
	v.T.Helper()
	return v.Ask(`[...document.querySelectorAll(` + strconv.Quote(css) + `)].map((e) => e.innerText).join("\n")`)
}

func newWorld(t *testing.T) *demo.World {
	t.Helper()
	w, err := demo.NewWorld(t.Context(), demo.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

// TestCardTab files a sale in the tab of its card: everything that a manager does, in a browser.
func TestCardTab(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := visit(t, w)
	b.Desktop()
	b.card(w.Demo.Sale, 1, "ru")
	require.Contains(t, b.text("#work"), "Документооборотов пока нет")
	b.shots("tab-empty")

	// The form is drawn from the catalogue and shows what would be filed. A double press files once.
	b.Click("#start-Kontur\\ Reestro summary")
	b.Click("#start-realty_create")
	b.See("#act-docflow_type")
	require.Equal(t, "right_movement_request", b.Ask(`document.getElementById("act-docflow_type").value`))
	require.Contains(t, b.Ask(`document.getElementById("made").textContent`), "54:35:021060:1683")
	b.shots("tab-form")
	b.Ask(`document.getElementById("act-now").click(), document.getElementById("act-now").click()`)
	b.Until(`document.querySelector("section.panel.now")?.innerText.includes("подписать заявления")`) // by itself
	require.Len(t, w.Box.Realty.Docflows(), 1)
	b.shots("tab-sign")

	// Signatures are dropped together; the bridge finds out which is whose.
	files := b.signatures(t)
	b.Upload("#work input[type=file]", files)
	require.Contains(t, b.text("[data-chosen]"), filepath.Base(files[0]))
	b.Click("#work form[id^=sign] button")
	b.soon(`Boolean(document.querySelector("#work form[id^=submit] button"))`)
	b.shots("tab-signed")
	b.Click("#work form[id^=submit] button")
	b.soon(`!document.querySelector("#work form[id^=submit]")`)
	d := w.Box.Realty.Docflows()[0]
	require.NoError(t, w.Until(t.Context(), "it is checked", func() bool { return w.Box.Realty.Dispatch(d.ID) == nil }))
	require.NoError(t, w.Box.Realty.ChargeDuty(d.ID, realtysim.Charge{UIN: "18810177200000000011", Sum: 200000}, realtysim.Charge{UIN: "18810177200000000029", Sum: 35050}))
	b.soon(`Boolean(document.querySelector("section.panel.now")?.innerText.includes("госпошлину"))`)
	require.Contains(t, b.text("section.panel.now"), "18810177200000000029")
	b.shots("tab-pay")
	b.Click("section.panel.now [data-copy]")
	b.Until(`document.querySelector(".message.good:last-child")?.innerText.includes("18810177200000000011")`)

	// Paid: nothing needs to be pressed. The result is shown and can be saved.
	require.NoError(t, w.Box.Realty.Pay(d.ID, ""))
	b.soon(`!document.querySelector("section.panel.now")`)
	require.NoError(t, w.Box.Realty.Complete(d.ID, realtysim.ResultFile{Type: "outdoc", Name: "result.pdf", Data: []byte("%PDF-1.4 sandbox")},
		realtysim.ResultFile{Type: "egrn:extract_info:xml", Name: "extract.xml", Data: []byte(`<?xml version="1.0"?><extract><owner>&lt;script&gt;</owner></extract>`)}))
	b.soon(`Boolean(document.querySelector("#work .files"))`)
	require.Contains(t, b.text(".card .chip"), "Готово")
	b.shots("tab-done")
	b.Click("#work .files li:nth-child(2) [data-preview]")
	b.See("#preview[open] pre")
	require.Contains(t, b.text("#preview pre"), "<extract>")
	b.Axe()
	b.Click("#preview [data-close]")
	b.Click("#work .files li:nth-child(1) [data-preview]")
	b.See("#preview[open] iframe[src^=blob]")
	b.Click("#preview [data-close]")
	b.Until("!document.querySelector('#preview').open")
	b.Ask(`HTMLAnchorElement.prototype.click = function () { window.kept = this.download; }`)
	b.Click("#work .files li:nth-child(2) [data-download]")
	b.Until(`window.kept === "Выписка об объекте недвижимости, XML.xml"`)

	// A file of the card goes to a counteragent, who signs it.
	b.Click("#start-Kontur\\ Diadoc summary")
	b.Click("#start-diadoc_send")
	b.See("#act-inn")
	b.fill("#act-inn", "5400000002")
	b.fill("#act-sign_with", "test")
	b.Ask(`document.querySelector("#act-files option[value=UF_CRM_KB_CONTRACT]").selected = true`)
	b.shots("tab-send")
	b.Click("#act-now")
	b.soon(`Boolean(document.querySelector(".document [aria-current]")?.innerText.includes("Ждёт подписи контрагента"))`)
	b.shots("tab-document")
	b.Click(".document [data-preview]")
	b.See("#preview[open] iframe[src^=blob]")
	b.Click("#preview [data-close]")
	sent := w.Box.Diadoc.Documents()[0]
	require.NoError(t, w.Until(t.Context(), "the partner has it and signs", func() bool {
		return w.Box.Diadoc.Sign(w.Demo.Diadoc.Partner, sent.MessageID, sent.EntityID) == nil
	}))
	b.soon(`Boolean(document.querySelector(".document .chip")?.innerText === "Подписан")`)
}

// signatures makes everybody's signatures of the newest filing as files.
func (v *visitor) signatures(t *testing.T) []string {
	t.Helper()
	docflows := v.w.Box.Realty.Docflows()
	d := docflows[len(docflows)-1]
	var files []string
	for i, st := range d.Statements {
		for _, person := range st.Persons {
			data, err := v.w.Box.Realty.SignatureOf(d.ID, st.FileID, person)
			require.NoError(t, err)
			name := filepath.Join(t.TempDir(), fmt.Sprintf("%d-%s.sig", i, person))
			require.NoError(t, os.WriteFile(name, data, 0o600))
			files = append(files, name)
		}
	}
	return files
}

// TestPagesOfPeople opens the pages as different people, with a card that lacks data, a docflow that may not exist,
// work that fails and names that are scripts.
func TestPagesOfPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const hostile = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`
	w.Portal.AddUser(7, "Иван", "Обычный", false)
	require.NoError(t, w.Portal.UpdateItem(bitrixsim.Contact, w.Demo.Buyer, map[string]any{"lastName": hostile}))
	require.NoError(t, w.Portal.UpdateItem(bitrixsim.Deal, w.Demo.Extract, map[string]any{"title": hostile, "assignedById": 7}))
	b := visit(t, w)
	b.Desktop()

	// What is missing in the card is told at once, and nothing can be sent.
	b.card(w.Demo.Incomplete, 7, "ru")
	b.Click("#start-Kontur\\ Reestro summary")
	b.Click("#start-realty_create")
	b.See("#problems-title")
	require.Contains(t, b.text("#start"), "Сначала исправьте карточку")
	require.Equal(t, "true", b.Ask(`document.getElementById("act-now").disabled`))
	b.shots("tab-incomplete")

	// The names of people in a card are texts.
	b.card(w.Demo.Sale, 7, "en")
	b.Click("#start-Kontur\\ Reestro summary")
	b.Click("#start-realty_create")
	b.See("#made")
	require.Contains(t, b.Ask(`document.getElementById("made").textContent`), "<script>")
	b.Click("#act-now")
	b.soon(`Boolean(document.querySelector("section.panel.now"))`)
	require.Contains(t, b.text("section.panel.now"), "Needed now: sign the statements")
	require.Contains(t, b.text("section.panel.now"), "<script>")
	b.shots("tab-english")

	// An extract: the card knows the number; an empty one is told at its field.
	b.card(w.Demo.Extract, 7, "ru")
	b.Click("#start-Kontur\\ Reestro summary")
	b.Click("#start-realty_extract")
	b.See("#act-cadastral_number")
	require.Equal(t, "47:14:1203001:814", b.Ask(`document.getElementById("act-cadastral_number").value`))
	b.fill("#act-cadastral_number", "")
	b.Click("#act-now")
	b.See("#act-cadastral_number-fault")
	b.Until(`document.activeElement.matches("[data-faults]")`) // they get the keyboard
	b.shots("tab-faults")

	// The answer to its creation is lost, and a person decides.
	w.Box.Realty.LoseRequestNext("create")
	b.fill("#act-cadastral_number", "47:14:1203001:814")
	b.Click("#act-now")
	b.soon(`Boolean(document.querySelector("section.panel.now.bad"))`)
	b.shots("tab-uncertain")
	b.Click("input[value=again]")
	b.Click("form[id^=decide] button")
	b.See("#ask[open]")
	b.Axe()
	b.Click("#ask-yes")
	b.soon(`!document.querySelector("section.panel.now.bad")`)
	require.Len(t, w.Box.Realty.Docflows(), 2)

	b.requireOwnCardOnly(t)

	// What failed is tried again by a press. What somebody has begun to fill in is not overwritten meanwhile.
	card := docflow.Card{EntityType: bitrixsim.Deal, ID: int64(w.Demo.Extract)}
	require.NoError(t, w.WithStore(t.Context(), func(st *store.Store) error {
		return st.Commit(t.Context(), lane.NewRow{Lane: w.Portal.MemberID(), Part: card.String(), Kind: "page", Code: "gone", Body: []byte("{}")})
	}))
	b.soon(`Boolean(document.querySelector("button[id^=retry]"))`)
	require.Contains(t, b.text("#work"), "unknown action gone")
	b.Click("#start-Kontur\\ Reestro summary")
	b.Click("#start-realty_extract")
	b.Until(`document.activeElement.id === "form-title"`) // the pressed button is gone
	b.fill("#act-cadastral_number", "1:2:3:4")
	b.Click("button[id^=retry]")
	b.Until(`[...document.querySelectorAll(".message.good")].length > 0`)
	b.soon(`Boolean(document.querySelector("button[id^=retry]"))`)
	require.Equal(t, "1:2:3:4", b.Ask(`document.getElementById("act-cadastral_number").value`))

	// The main page of somebody without rights: their own cards.
	b.home(7, "ru")
	b.soon(`Boolean(document.querySelector("#own .files"))`)
	require.Contains(t, b.text("#own"), "<script>")
	require.Equal(t, "0", b.Ask(`document.querySelectorAll("[data-tab]").length`))
	b.shots("home")

	// The settings let them see the journal, and let others alone act.
	require.NoError(t, w.Apply(t.Context(), "roles: {act: [1], journal: [7]}\n"))
	b.home(7, "ru")
	require.Equal(t, "/bitrix/pages/journal", b.Ask(`document.querySelector("#view").dataset.region`))
	b.card(w.Demo.Extract, 7, "ru")
	require.Equal(t, "0 0", b.Ask(`document.querySelectorAll("#start").length + " " + document.querySelectorAll("form").length`))

	// An administrator has the sections; a session that has ended says so.
	b.home(1, "ru")
	require.Equal(t, "settings journal health", b.Ask(`[...document.querySelectorAll("[data-tab]")].map((a) => a.dataset.tab).join(" ")`))
	b.Click(`[data-tab="journal"]`)
	b.Until(`document.querySelector("#view").dataset.region.startsWith("/bitrix/pages/journal")`)
	require.Equal(t, "page", b.Ask(`document.querySelector('[data-tab="journal"]').getAttribute("aria-current")`))
	w.Pass(2 * time.Hour)
	b.Click(`[data-tab="settings"]`)
	b.See(`[data-failure="ended"]`)
	b.shots("ended")
	require.Equal(t, "undefined", b.Ask("typeof window.hacked"))
}

// requireOwnCardOnly asks with the session of the shown card, of a user without rights, for what belongs to others.
func (v *visitor) requireOwnCardOnly(t *testing.T) {
	t.Helper()
	w := v.w
	var other docflow.Record
	var job int64
	require.NoError(t, w.WithStore(t.Context(), func(st *store.Store) error {
		card := docflow.Card{EntityType: bitrixsim.Deal, ID: int64(w.Demo.Sale)}
		found, err := st.CardDocflows(t.Context(), w.Portal.MemberID(), card, 1)
		require.NoError(t, err)
		require.Len(t, found, 1)
		other = found[0]
		jobs, err := st.CardJobs(t.Context(), w.Portal.MemberID(), card, time.Time{}, 1)
		require.NoError(t, err)
		require.NotEmpty(t, jobs)
		job = jobs[0].ID
		return nil
	}))
	session := v.Ask(`document.body.dataset.session`)
	foreign := "tab/docflow/" + string(other.ID)
	for _, tc := range []struct {
		method, path, form string
		status             int
	}{
		{"GET", foreign + "/file/" + other.Statements[0].FileID, "", 404},
		{"POST", foreign + "/submit", "", 404},
		{"POST", foreign + "/decide", "verdict=again", 404},
		{"POST", "tab/act/realty_submit", "docflow_id=" + string(other.ID), 404},
		{"POST", "tab/act/realty_action", "action_type=cancel&cause=x&docflow_id=" + string(other.ID), 404},
		{"POST", "tab/act/nothing", "", 404},
		{"POST", "tab/act/diadoc_call", "operation=GetMyOrganizations", 404},
		{"POST", "tab/act/diadoc_group_create", "name=x", 404},
		{"GET", "tab/form?code=diadoc_call", "", 404},
		{"POST", "tab/act/diadoc_reject", "comment=x&message_id=" + other.ExternalID, 404},
		{"POST", "tab/act/diadoc_send", "inn=5400000002&files=" + url.QueryEscape(w.BoxURL+"/rest/crm.controller.item.getFile?id=1"), 422},
		{"POST", fmt.Sprintf("tab/job/%d/retry", job), "", 404},
		{"GET", "settings", "", 403},
		{"POST", "settings/robots/repair", "", 403},
		{"GET", "journal", "", 403},
		{"GET", "health", "", 403},
		{"GET", "tab", "", 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tc.method, w.URL+"/bitrix/pages/"+tc.path, strings.NewReader(tc.form))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+session)
		req.Header.Set("Bridge-Once", strings.Repeat("0", 32))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.Equal(t, tc.status, resp.StatusCode, tc.method+" "+tc.path)
		require.NotContains(t, string(body), other.ExternalID)
	}
}

// fill types a value into a field.
func (v *visitor) fill(css, value string) {
	v.T.Helper()
	v.Ask(fmt.Sprintf(`(() => { const f = document.querySelector(%q); f.value = %q; f.dispatchEvent(new Event("input", { bubbles: true })); })()`, css, value))
}

// home opens the application's main page.
func (v *visitor) home(user int, lang string) {
	v.T.Helper()
	v.open("/bitrix/app", "DEFAULT", "", user, lang)
	v.Until(`!document.querySelector("#view > .loading")`)
}
