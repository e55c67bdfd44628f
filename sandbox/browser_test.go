package sandbox_test

import (
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"konturbridge/internal/testbrowser"
	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// One person's way through the page: move a deal, edit it, act as the registrar, in a real browser.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	box, demo, base := start(t)
	showLife(t, box.Realty, demo)
	box.Note("Сделка " + strconv.Itoa(demo.Sale) + ": подана регистрация перехода права")
	enliven(t, demo, "Росреестр начислил пошлину 2 000 ₽. "+evil)
	marked := demo.Portal.CreateItem(bitrixsim.Deal, map[string]any{"title": evil})
	card := `[data-card="2-` + strconv.Itoa(demo.Sale) + `"]`
	value := func(field string) any {
		item, _ := demo.Portal.Item(bitrixsim.Deal, demo.Sale)
		return item[field]
	}
	b := testbrowser.Open(t)
	b.Scheme("light")
	b.Do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(base+"/"))
	b.See(card)
	b.Shoot("wide-light")

	// The arrow moves to the next stage, the select to any.
	b.Click(`[data-next="2-` + strconv.Itoa(demo.Sale) + `"]`)
	b.See(`[data-stage="PREPARATION"] ` + card)
	require.Equal(t, "PREPARATION", value("stageId"))
	b.Ask(`(() => { const s = document.querySelector('` + card + ` select'); s.value = "EXECUTING"; s.dispatchEvent(new Event("change")); })()`)
	b.See(`[data-stage="EXECUTING"] ` + card)
	require.Equal(t, "EXECUTING", value("stageId"))
	require.Equal(t, "Песочница", b.Ask("document.title"), "a title with markup stays text")
	require.Equal(t, "true", b.Ask(`document.querySelector('[data-card="2-`+strconv.Itoa(marked)+`"]').textContent.includes("<img")`))

	// The panel opens by keyboard, edits a field, and gives focus back.
	b.Focus(card + " .card-title")
	b.Do(chromedp.KeyEvent("\r"))
	b.See(`[data-field="UF_CRM_CADASTRAL"]`)
	b.Shoot("panel-light")
	b.Ask(`document.querySelector(".panel-body").scrollTo(0, 9999)`)
	b.Shoot("panel-end")
	b.Scheme("dark")
	b.Shoot("panel-dark")
	b.Do(chromedp.Clear(chromedp.CSS(`[data-field="UF_CRM_CADASTRAL"]`)),
		chromedp.SendKeys(chromedp.CSS(`[data-field="UF_CRM_CADASTRAL"]`), "77:01:0001001:5\t"))
	require.NoError(t, box.Bitrix.Wait(b.Ctx, func() bool { return value("UF_CRM_CADASTRAL") == "77:01:0001001:5" }))
	closeThroughRedraw(b, box, demo)
	require.Equal(t, "card-title", b.Ask("document.activeElement.className"))
	b.Shoot("wide-dark")
	b.Do(chromedp.ScrollIntoView(chromedp.CSS(`[data-lever="realty_step"]`)))
	b.Shoot("side-dark")

	// The registrar's button, and a lever.
	first := `[data-docflow="` + box.Realty.Docflows()[0].ID + `"] `
	b.Click(first + `[data-act="complete"]`)
	b.See(first + `.chip.completed`)
	b.Click(`[data-lever="realty_automatic"]`)
	b.See(`[data-lever="realty_automatic"][aria-pressed="true"]`)
	require.True(t, box.Realty.IsAutomatic())
	box.Realty.Automatic(false)
	signs(b, box, demo)
	phone(b, base, card)
}

// signs puts the signatures into the card from the list of docflows, and sees from the open card that they are wanted.
func signs(b testbrowser.Tab, box *sandbox.Sandbox, demo sandbox.Demo) {
	b.T.Helper()
	fileLifting(b.T, box, demo, bitrixsim.Deal, demo.Sale)
	deal := "2-" + strconv.Itoa(demo.Sale)
	held := func() bool {
		item, _ := demo.Portal.Item(bitrixsim.Deal, demo.Sale)
		files, _ := item[sandbox.SignatureField].([]any)
		return len(files) == 2
	}
	b.Click(`#docflows [data-sign="` + deal + `"]`)
	require.NoError(b.T, box.Bitrix.Wait(b.Ctx, held))
	require.NoError(b.T, demo.Portal.UpdateItem(bitrixsim.Deal, demo.Sale, map[string]any{sandbox.SignatureField: []any{}}))
	b.Click(`[data-card="` + deal + `"] .card-title`)
	b.See(`#panel [data-sign="` + deal + `"]`)
	b.Shoot("panel-signatures")
	b.Click(`#panel [data-sign="` + deal + `"]`)
	require.NoError(b.T, box.Bitrix.Wait(b.Ctx, held))
	require.Equal(b.T, "false", b.Ask(`document.querySelector('#panel [data-open="empty"]').open`), "what is empty is folded away")
	b.Click("#panel .close")
}

// closeThroughRedraw holds the pointer down on a button while the page learns of news: the click must not be lost.
func closeThroughRedraw(b testbrowser.Tab, box *sandbox.Sandbox, demo sandbox.Demo) {
	b.T.Helper()
	at := func(name string) float64 {
		n, err := strconv.ParseFloat(b.Ask(`document.querySelector('[data-key="close"]').getBoundingClientRect().`+name+` + 12`), 64)
		require.NoError(b.T, err)
		return n
	}
	pointer := func(kind input.DispatchMouseEventType, x, y float64) {
		_, err := chromedp.Call(b.Ctx, input.DispatchMouseEvent,
			input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1})
		require.NoError(b.T, err)
	}
	x, y := at("left"), at("top")
	pointer(input.DispatchMouseEventTypeMousePressed, x, y)
	box.Note("Пришло, пока кнопка нажата")
	enliven(b.T, demo, "Пришло, пока кнопка нажата")
	b.Ask("performance.clearResourceTimings()")
	_, err := chromedp.Run(b.Ctx, chromedp.Poll[bool](`performance.getEntriesByType("resource").filter((e) => e.name.includes("/state?")).length > 2`))
	require.NoError(b.T, err)
	pointer(input.DispatchMouseEventTypeMouseReleased, x, y)
	b.Do(chromedp.WaitNotVisible(chromedp.CSS("#panel")))
}

// phone looks at the page on a small screen: nothing may be wider than it, and every text must be readable.
func phone(b testbrowser.Tab, base, card string) {
	b.T.Helper()
	b.Scheme("light")
	b.Do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile), chromedp.Navigate(base+"/?lang=en"))
	b.See(card)
	require.Equal(b.T, "true", b.Ask("document.documentElement.scrollWidth <= 390"))
	b.Shoot("phone-light")
	require.Empty(b.T, b.ContrastFaults())
	b.Scheme("dark")
	require.Empty(b.T, b.ContrastFaults())
	b.Do(chromedp.ScrollIntoView(chromedp.CSS("#docflows")))
	b.Shoot("phone-dark")
	b.Click(card + " .card-title")
	b.See(`[data-field="UF_CRM_CADASTRAL"]`)
	require.Equal(b.T, "true", b.Ask("document.documentElement.scrollWidth <= 390"))
	b.Shoot("phone-panel")
	require.Empty(b.T, b.ContrastFaults())
	b.Scheme("light")
	require.Empty(b.T, b.ContrastFaults())
}

// showLife files four extracts and leaves them in different states.
func showLife(t *testing.T, sim *realtysim.Server, demo sandbox.Demo) {
	t.Helper()
	file := newCaller(t, sim, demo)
	ids := []string{file("47:14:1203001:814"), file("54:35:021060:1683"), file("54:35:000000:5911"), file("66:41:0704007:1391")}
	require.NoError(t, sim.Dispatch(ids[0]))
	require.NoError(t, sim.Dispatch(ids[1]))
	require.NoError(t, sim.ChargeDuty(ids[1], realtysim.Charge{UIN: "00000000700486290714", Sum: 200_000}))
	require.NoError(t, sim.Fail(ids[2], "", "Объект с таким кадастровым номером не найден"))
}
