// Package testbrowser drives a real headless Chromium in tests.
package testbrowser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Tab is a page in a browser with an empty profile. Its methods fail the test on errors.
type Tab struct {
	T   *testing.T
	Ctx context.Context
}

// Open starts a browser, which ends with the test. It is the one that CHROME names, else the system's.
func Open(t *testing.T) Tab {
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
	// A page of Answers comes from no network, and would not be let near the machine's own servers.
	options = append(options, chromedp.Flag("disable-features", "LocalNetworkAccessChecks"))
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
	return Tab{t, ctx}
}

// Do runs steps.
func (b Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	require.NoError(b.T, chromedp.Do(b.Ctx, steps...))
}

// See waits until an element is visible.
func (b Tab) See(css string) {
	b.T.Helper()
	require.NoError(b.T, chromedp.Do(b.Ctx, chromedp.WaitVisible(chromedp.CSS(css))), css)
}

// Click presses an element.
func (b Tab) Click(css string) {
	b.T.Helper()
	b.onNode(css, chromedp.Click(chromedp.CSS(css)))
}

// Focus gives an element the keyboard.
func (b Tab) Focus(css string) {
	b.T.Helper()
	b.onNode(css, chromedp.Focus(chromedp.CSS(css)))
}

// Upload gives a file input these files.
func (b Tab) Upload(css string, files []string) {
	b.T.Helper()
	b.onNode(css, chromedp.SetUploadFiles(chromedp.CSS(css), files))
}

// onNode runs a step on an element. A page may redraw it between the moments when it is found and when it is
// acted on, before anything has happened to it: then it is looked for again.
func (b Tab) onNode(css string, step chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	for {
		err := chromedp.Do(b.Ctx, step)
		if err != nil && slices.ContainsFunc(nodeGone(), func(words string) bool { return strings.Contains(err.Error(), words) }) {
			continue
		}
		require.NoError(b.T, err, css)
		return
	}
}

// nodeGone lists how the browser refuses to act on an element that was redrawn meanwhile.
func nodeGone() []string {
	return []string{"Could not find node with given id", "No node with given id found", "Node is detached from document"}
}

// Ask evaluates a script that gives text.
func (b Tab) Ask(script string) string {
	b.T.Helper()
	out, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string]("String("+script+")"))
	require.NoError(b.T, err, script)
	return out
}

// Until waits for a script to give true.
func (b Tab) Until(script string) {
	b.T.Helper()
	_, err := chromedp.Run(b.Ctx, chromedp.Poll[bool](script))
	require.NoError(b.T, err, script)
}

// Scheme makes the page light or dark.
func (b Tab) Scheme(value string) {
	b.T.Helper()
	_, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
	})
	require.NoError(b.T, err)
}

// Shoot keeps a picture where BRIDGE_SCREENSHOTS says, else in the test's own directory.
func (b Tab) Shoot(name string) {
	b.T.Helper()
	b.keep(name, chromedp.CaptureScreenshot())
}

func (b Tab) keep(name string, shot chromedp.Action[[]byte]) {
	b.T.Helper()
	dir := os.Getenv("BRIDGE_SCREENSHOTS")
	if dir == "" {
		dir = b.T.TempDir()
	}
	png, err := chromedp.Run(b.Ctx, shot)
	require.NoError(b.T, err)
	require.NotEmpty(b.T, png)
	require.NoError(b.T, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}

// Answer is what an address gives that no server has.
type Answer struct{ Type, Body string }

// Answers lets addresses give these answers, such as a script of another company; all other addresses are
// asked as ever.
func (b Tab) Answers(byURL map[string]Answer) {
	b.T.Helper()
	patterns := make([]*fetch.RequestPattern, 0, len(byURL))
	for url := range byURL {
		patterns = append(patterns, &fetch.RequestPattern{URLPattern: url})
	}
	require.NoError(b.T, chromedp.Listen(b.Ctx, func(event any) {
		if paused, ok := event.(*fetch.EventRequestPaused); ok {
			go b.fulfill(paused, byURL[paused.Request.URL])
		}
	}))
	_, err := chromedp.Call(b.Ctx, fetch.Enable, fetch.EnableParams{Patterns: patterns})
	require.NoError(b.T, err)
}

// fulfill runs beside the test, whose end it may meet: then nobody waits for the answer.
func (b Tab) fulfill(paused *fetch.EventRequestPaused, answer Answer) {
	_, _ = chromedp.Call(b.Ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{RequestID: paused.RequestID, ResponseCode: 200,
		ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: answer.Type}}, Body: []byte(answer.Body)})
}

// ContrastFaults lists visible texts whose colour stands out from its background by less than 4.5 to 1
// (WCAG AA).
func (b Tab) ContrastFaults() []string {
	b.T.Helper()
	faults, err := chromedp.Run(b.Ctx, chromedp.Evaluate[[]string](contrastScript))
	require.NoError(b.T, err)
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
