package demo_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"konturbridge/internal/testbrowser"
)

// The sandbox's portal opens the bridge's pages in a frame, as Bitrix24 does: the bridge lets that portal frame
// them, and shows what the chosen user may see.
func TestPagesInThePortalsFrame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := testbrowser.Open(t)
	b.Answers(map[string]testbrowser.Answer{"https://api.bitrix24.com/api/v1/": {Type: "text/javascript", Body: ""}})
	b.Do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(w.BoxURL+"/"))
	b.See(`[data-app="` + demoApp + `"]`)
	b.Click(`[data-app="` + demoApp + `"]`)
	framed(b, w.URL+"/bitrix/app")
	b.Shoot("frame-main")
	b.Click("#slider-close")
	b.Click(`[data-card="2-` + strconv.Itoa(w.Demo.Sale) + `"] .card-title`)
	b.Click(`#panel [data-key^="tab-"]`)
	framed(b, w.URL+"/bitrix/placements/crm_detail_tab")
	b.Shoot("frame-tab")
}

// framed waits until the slider shows a page of the bridge with its content: one that it does not let be framed is
// an error page.
func framed(b testbrowser.Tab, url string) {
	b.T.Helper()
	require.Eventually(b.T, func() bool {
		tree, err := chromedp.Call(b.Ctx, page.GetFrameTree, cdp.Empty{})
		if err != nil || len(tree.FrameTree.ChildFrames) == 0 {
			return false
		}
		frame := tree.FrameTree.ChildFrames[0].Frame
		return strings.HasPrefix(frame.URL, url) && frame.UnreachableURL == "" && within(b, frame.ID, `document.querySelector("#view h2, #work h1") !== null`)
	}, 15*time.Second, 50*time.Millisecond, "the frame does not show its page")
}

// within asks a script of a frame.
func within(b testbrowser.Tab, frame cdp.FrameID, script string) bool {
	world, err := chromedp.Call(b.Ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frame})
	if err != nil {
		return false // it is being loaded
	}
	said, err := chromedp.Call(b.Ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: script, ContextID: world.ExecutionContextID})
	return err == nil && string(said.Result.Value) == "true"
}
