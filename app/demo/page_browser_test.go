package demo_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"konturbridge/app/demo"
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
	b.Do(chromedp.SetUploadFiles(chromedp.CSS("#work input[type=file]"), files))
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
