package testbrowser

import (
	_ "embed"
	"encoding/json"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/axe.min.js
var axeScript string

// Axe judges what the page shows now by WCAG 2.2 A and AA and fails the test on any serious or critical fault,
// naming the rule and the elements. The page's own policy of contents does not reach what a debugger runs.
func (b Tab) Axe() {
	b.T.Helper()
	if b.Ask("typeof window.axe") == "undefined" {
		b.Do(chromedp.Evaluate[chromedp.Void](axeScript + ";0"))
	}
	raw, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
	require.NoError(b.T, err)
	var faults []struct {
		ID, Impact, Help string
		Nodes            []string
	}
	require.NoError(b.T, json.Unmarshal([]byte(raw), &faults))
	require.Empty(b.T, faults)
}

const axeRun = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]})
  .then((r) => JSON.stringify(r.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 5).map((n) => n.html.slice(0, 200)) }))))`

// Phone makes the page as wide as a phone.
func (b Tab) Phone() { b.viewport(390, 844, chromedp.EmulateMobile) }

// Desktop makes the page as wide as a frame of a portal.
func (b Tab) Desktop() { b.viewport(1180, 900) }

func (b Tab) viewport(width, height int64, how ...chromedp.EmulateViewportOption) {
	b.T.Helper()
	b.Do(chromedp.EmulateViewport(width, height, how...))
}

// Whole keeps a picture of the whole page, however tall it is, as [Tab.Shoot] does of what is in sight, without the
// messages that would lie over it for a moment. The browser pictures nothing taller than 16384 dots: of that what is in
// sight is kept.
func (b Tab) Whole(name string) {
	b.T.Helper()
	b.Ask(`document.querySelectorAll("#messages > *").forEach((m) => m.remove())`)
	if b.Ask("document.documentElement.scrollHeight * devicePixelRatio < 16000") == "false" {
		b.Shoot(name)
		return
	}
	b.keep(name, chromedp.FullScreenshot(100))
}
