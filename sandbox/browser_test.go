package sandbox_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// tab is a page in a headless Chromium with an empty profile.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func browser(t *testing.T) tab {
	t.Helper()
	path := os.Getenv("CHROME")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	require.NotEmpty(t, path, "no browser: install chromium, or set CHROME to the path of one")
	profile := t.TempDir()
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(profile)}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
		"disable-component-update", "disable-sync",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, _ = chromedp.NewContext(ctx) // ended by Cancel, which also waits for the browser
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		// Its children write into the profile for a moment longer.
		require.Eventually(t, func() bool { return os.RemoveAll(profile) == nil }, 10*time.Second, 20*time.Millisecond)
	})
	require.NoError(t, chromedp.Do(ctx)) // the browser lives as long as the context of its first call
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return tab{t, ctx}
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

func (b tab) see(css string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.WaitVisible(chromedp.CSS(css))), css)
}

func (b tab) click(css string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Click(chromedp.CSS(css))), css)
}

// ask evaluates a script that gives text.
func (b tab) ask(script string) string {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+script+")"))
	require.NoError(b.t, err, script)
	return out
}

func (b tab) scheme(value string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
	})
	require.NoError(b.t, err)
}

// shoot keeps a picture where BRIDGE_SCREENSHOTS says, else in the test's own directory.
func (b tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("BRIDGE_SCREENSHOTS")
	if dir == "" {
		dir = b.t.TempDir()
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NotEmpty(b.t, png)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}

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
	b := browser(t)
	b.scheme("light")
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(base+"/"))
	b.see(card)
	b.shoot("wide-light")

	// The arrow moves to the next stage, the select to any.
	b.click(`[data-next="2-` + strconv.Itoa(demo.Sale) + `"]`)
	b.see(`[data-stage="PREPARATION"] ` + card)
	require.Equal(t, "PREPARATION", value("stageId"))
	b.ask(`(() => { const s = document.querySelector('` + card + ` select'); s.value = "EXECUTING"; s.dispatchEvent(new Event("change")); })()`)
	b.see(`[data-stage="EXECUTING"] ` + card)
	require.Equal(t, "EXECUTING", value("stageId"))
	require.Equal(t, "Песочница", b.ask("document.title"), "a title with markup stays text")
	require.Equal(t, "true", b.ask(`document.querySelector('[data-card="2-`+strconv.Itoa(marked)+`"]').textContent.includes("<img")`))

	// The panel opens by keyboard, edits a field, and gives focus back.
	b.do(chromedp.Focus(chromedp.CSS(card+" .card-title")), chromedp.KeyEvent("\r"))
	b.see(`[data-field="UF_CRM_CADASTRAL"]`)
	b.shoot("panel-light")
	b.ask(`document.querySelector(".panel-body").scrollTo(0, 9999)`)
	b.shoot("panel-end")
	b.scheme("dark")
	b.shoot("panel-dark")
	b.do(chromedp.Clear(chromedp.CSS(`[data-field="UF_CRM_CADASTRAL"]`)),
		chromedp.SendKeys(chromedp.CSS(`[data-field="UF_CRM_CADASTRAL"]`), "77:01:0001001:5\t"))
	require.NoError(t, box.Bitrix.Wait(b.ctx, func() bool { return value("UF_CRM_CADASTRAL") == "77:01:0001001:5" }))
	closeThroughRedraw(b, box, demo)
	require.Equal(t, "card-title", b.ask("document.activeElement.className"))
	b.shoot("wide-dark")
	b.do(chromedp.ScrollIntoView(chromedp.CSS(`[data-lever="realty_step"]`)))
	b.shoot("side-dark")

	// The registrar's button, and a lever.
	first := `[data-docflow="` + box.Realty.Docflows()[0].ID + `"] `
	b.click(first + `[data-act="complete"]`)
	b.see(first + `.chip.completed`)
	b.click(`[data-lever="realty_automatic"]`)
	b.see(`[data-lever="realty_automatic"][aria-pressed="true"]`)
	require.True(t, box.Realty.IsAutomatic())
	box.Realty.Automatic(false)
	phone(b, base, card)
}

// closeThroughRedraw holds the pointer down on a button while the page learns of news: the click must not be lost.
func closeThroughRedraw(b tab, box *sandbox.Sandbox, demo sandbox.Demo) {
	b.t.Helper()
	at := func(name string) float64 {
		n, err := strconv.ParseFloat(b.ask(`document.querySelector('[data-key="close"]').getBoundingClientRect().`+name+` + 12`), 64)
		require.NoError(b.t, err)
		return n
	}
	pointer := func(kind input.DispatchMouseEventType, x, y float64) {
		_, err := chromedp.Call(b.ctx, input.DispatchMouseEvent,
			input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1})
		require.NoError(b.t, err)
	}
	x, y := at("left"), at("top")
	pointer(input.DispatchMouseEventTypeMousePressed, x, y)
	box.Note("Пришло, пока кнопка нажата")
	enliven(b.t, demo, "Пришло, пока кнопка нажата")
	b.ask("performance.clearResourceTimings()")
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](`performance.getEntriesByType("resource").filter((e) => e.name.includes("/state?")).length > 2`))
	require.NoError(b.t, err)
	pointer(input.DispatchMouseEventTypeMouseReleased, x, y)
	b.do(chromedp.WaitNotVisible(chromedp.CSS("#panel")))
}

// phone looks at the page on a small screen: nothing may be wider than it, and every text must be readable.
func phone(b tab, base, card string) {
	b.t.Helper()
	b.scheme("light")
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile), chromedp.Navigate(base+"/?lang=en"))
	b.see(card)
	require.Equal(b.t, "true", b.ask("document.documentElement.scrollWidth <= 390"))
	b.shoot("phone-light")
	require.Empty(b.t, b.contrastFaults())
	b.scheme("dark")
	require.Empty(b.t, b.contrastFaults())
	b.do(chromedp.ScrollIntoView(chromedp.CSS("#docflows")))
	b.shoot("phone-dark")
	b.click(card + " .card-title")
	b.see(`[data-field="UF_CRM_CADASTRAL"]`)
	require.Equal(b.t, "true", b.ask("document.documentElement.scrollWidth <= 390"))
	b.shoot("phone-panel")
	require.Empty(b.t, b.contrastFaults())
	b.scheme("light")
	require.Empty(b.t, b.contrastFaults())
}

// contrastFaults lists visible texts whose colour stands out from its background by less than 4.5 to 1 (WCAG AA).
func (b tab) contrastFaults() []string {
	b.t.Helper()
	faults, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](contrastScript))
	require.NoError(b.t, err)
	return faults
}

const contrastScript = `(() => {
  const rgb = (text) => { const m = text.match(/[\d.]+/g).map(Number); return { c: m.slice(0, 3), a: m[3] ?? 1 }; };
  const lum = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const back = (n) => { for (; n; n = n.parentElement) { const b = rgb(getComputedStyle(n).backgroundColor); if (b.a === 1) return b.c; } return [255, 255, 255]; };
  const faults = [];
  for (const n of document.querySelectorAll("body *")) {
    const own = [...n.childNodes].some((c) => c.nodeType === 3 && c.data.trim());
    if (!own || !n.checkVisibility()) continue;
    const [a, b] = [lum(rgb(getComputedStyle(n).color).c), lum(back(n))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faults.push(n.tagName + "." + n.className + " " + n.textContent.slice(0, 30) + " " + ratio.toFixed(2));
  }
  return faults;
})()`

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
