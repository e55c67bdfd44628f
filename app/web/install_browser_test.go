package web_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/internal/testbrowser"
)

// TestInstallerInABrowser watches an installation as an administrator does: what is registered is named, and the
// portal is told at the end.
func TestInstallerInABrowser(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addApp(clientID, false)
	b := testbrowser.Open(t)
	b.Answers(map[string]testbrowser.Answer{"https://api.bitrix24.com/api/v1/": {Type: "text/javascript",
		Body: `window.BX24 = { init: (ready) => ready(), fitWindow: () => {}, installFinish: () => { window.finished = true; } };`}})
	query, form := r.portal.OpenPage(clientID, "", "", 1)
	var fields strings.Builder
	for name, values := range form {
		fmt.Fprintf(&fields, `<input type="hidden" name="%s" value="%s">`, html.EscapeString(name), html.EscapeString(values[0]))
	}
	opener := `<form id="open" method="post" action="` + html.EscapeString(r.url+"/bitrix/install?"+query.Encode()) + `">` + fields.String() + `</form>`
	b.Desktop()
	b.Do(chromedp.Navigate("data:text/html;base64," + base64.StdEncoding.EncodeToString([]byte(opener))))
	b.Ask(`document.getElementById("open").submit()`)
	b.See("#state")
	b.Until(`document.querySelector("#state")?.textContent === "Ждём начала…"`)
	p, ok := r.directory.Get(portal.ID(r.portal.MemberID()))
	require.True(t, ok)
	_, err := r.setup.Run(t.Context(), p)
	require.NoError(t, err)
	b.Until("window.finished === true")
	text := b.Ask(`document.querySelector("main").innerText`)
	for _, step := range []string{"Роботы", "События", "Поля карточек", "Вкладки в карточках", "Всё зарегистрировано"} {
		require.Contains(t, text, step)
	}
	b.Axe()
	b.Shoot("install")
	b.Phone()
	b.Axe()
	b.Scheme("dark")
	require.Empty(t, b.ContrastFaults())
}
