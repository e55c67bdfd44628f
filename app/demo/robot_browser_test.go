package demo_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"konturbridge/app/demo"
	"konturbridge/internal/testbrowser"
	"konturbridge/sandbox/bitrixsim"
)

// bx24 stands for the portal's own script: it hands what a page saves to the designer around the frame.
const bx24 = `window.BX24 = {
  init: (ready) => ready(), fitWindow: () => {},
  placement: { call: (command, values, done) => { window.top.postMessage({ command, values }, "*"); done(); } },
};`

// designer is the portal's robot designer, in so far as it opens a rule's settings in a frame and keeps
// what they say.
func designer(opened bitrixsim.RobotSettings, framed bool) string {
	var fields strings.Builder
	for name, values := range opened.Form {
		fmt.Fprintf(&fields, `<input type="hidden" name="%s" value="%s">`, html.EscapeString(name), html.EscapeString(values[0]))
	}
	target := "_self"
	if framed {
		target = "slider"
	}
	return `<!doctype html><meta charset="utf-8"><script>window.saved = []; addEventListener("message", (e) => window.saved.push(e.data));</script>
<iframe name="slider" width="900" height="600"></iframe>
<form id="open" method="post" target="` + target + `" action="` + html.EscapeString(opened.Handler+"?"+opened.Query.Encode()) + `">` + fields.String() + `</form>`
}

// TestRobotSettingsInABrowser sets the rule that files up as an administrator does: in the portal's slider, by
// choosing from lists.
func TestRobotSettingsInABrowser(t *testing.T) {
	t.Parallel()
	w, err := demo.NewWorld(t.Context(), demo.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	w.Portal.PlaceRobot(bitrixsim.Deal, "PREPARATION", bitrixsim.Step{Robot: "realty_create"})
	open := func() bitrixsim.RobotSettings {
		opened, ok := w.Portal.OpenRobotSettings(bitrixsim.Deal, "PREPARATION", 0, 1)
		require.True(t, ok, "the rule is registered with a settings page")
		require.Equal(t, w.URL+"/bitrix/placements/robot_settings", opened.Handler)
		return opened
	}
	fresh := open() // as some designers open a rule that was never set up
	var told map[string]any
	require.NoError(t, json.Unmarshal([]byte(fresh.Form.Get("PLACEMENT_OPTIONS")), &told))
	told["current_values"] = []any{}
	options, err := json.Marshal(told)
	require.NoError(t, err)
	fresh.Form.Set("PLACEMENT_OPTIONS", string(options))
	portal, err := url.Parse(w.BoxURL)
	require.NoError(t, err)
	framed, alone := portal.JoinPath("designer").String(), portal.JoinPath("designer", "alone").String()
	b := testbrowser.Open(t)
	b.Answers(map[string]testbrowser.Answer{
		framed:                             {Type: "text/html", Body: designer(fresh, true)},
		alone:                              {Type: "text/html", Body: designer(open(), false)},
		"https://api.bitrix24.com/api/v1/": {Type: "text/javascript", Body: bx24},
	})

	// In the slider: the portal may frame the page, and a new rule gets the defaults that it shows.
	b.Do(chromedp.EmulateViewport(1000, 800), chromedp.Navigate(framed))
	b.Ask(`document.getElementById("open").submit()`)
	b.Until("window.saved.length > 0")
	require.Equal(t, "setPropertyValue", b.Ask("window.saved[0].command"))
	require.Equal(t, "right_movement_request", b.Ask("window.saved[0].values.docflow_type"))
	b.Shoot("robot-slider")

	// The same page by itself, where a script can reach it.
	b.Do(chromedp.Navigate(alone))
	b.Ask(`document.getElementById("open").submit()`)
	b.See("#robot")
	b.Ask(`window.saved = [], addEventListener("message", (e) => window.saved.push(e.data.values))`)
	choose := func(id, value string) {
		b.Ask(fmt.Sprintf(`(() => { const s = document.getElementById(%q); s.value = %q; s.dispatchEvent(new Event("change", { bubbles: true })); })()`, id, value))
	}
	last := func() map[string]string {
		b.Until("window.saved.length > 0")
		values := map[string]string{}
		require.NoError(t, json.Unmarshal([]byte(b.Ask("JSON.stringify(window.saved.splice(0).pop())")), &values))
		return values
	}
	require.Equal(t, "true", b.Ask(`[...document.querySelectorAll("#value-mapping option[data-for]")].some((o) => !o.disabled && o.dataset.for === "right_movement_request")`))
	choose("value-docflow_type", "encumbrance_request")
	require.Equal(t, "encumbrance_request", last()["docflow_type"])
	require.Equal(t, "false", b.Ask(`[...document.querySelectorAll("#value-mapping option[data-for]")].some((o) => !o.disabled && o.dataset.for !== "encumbrance_request")`),
		"only mappings of the chosen type are offered")
	choose("value-connection", "main")
	require.Equal(t, "main", last()["connection"])
	require.Contains(t, b.Ask(`document.getElementById("saved").textContent`), "Сохраните робота")

	// A field of the card instead of a choice.
	b.Ask(`(() => { const s = document.getElementById("value-mapping"); s.selectedIndex = s.options.length - 1; s.dispatchEvent(new Event("change", { bubbles: true })); })()`)
	b.See("#typed-mapping")
	require.Empty(t, last()["mapping"])
	b.Ask(`(() => { const s = document.querySelector('[data-field="mapping"] [data-insert]'); s.value = "{=Document:TITLE}"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`)
	set := last()
	require.Equal(t, "{=Document:TITLE}", set["mapping"])
	require.Empty(t, b.ContrastFaults())
	b.Scheme("dark")
	require.Empty(t, b.ContrastFaults())
	b.Shoot("robot-settings-dark")
	b.Do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	require.Equal(t, "true", b.Ask("document.documentElement.scrollWidth <= 390"))

	// What was saved is what the rule sends, and what the page shows again.
	values := map[string]any{}
	for name, value := range set {
		values[name] = value
	}
	require.True(t, w.Portal.SetRobotProperties(bitrixsim.Deal, "PREPARATION", 0, values))
	require.Contains(t, open().Form.Get("PLACEMENT_OPTIONS"), "{=Document:TITLE}")
}
