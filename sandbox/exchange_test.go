package sandbox_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"konturbridge/internal/testbrowser"
	"konturbridge/sandbox/diadocsim"
)

// TestCounteragentsOnThePage plays the other sides of Диадок by the page's buttons.
func TestCounteragentsOnThePage(t *testing.T) {
	t.Parallel()
	box, demo, base := start(t)
	sim, d := box.Diadoc, demo.Diadoc
	sent, err := sim.Send(d.Box, d.Partner, diadocsim.Paper{FileName: "Договор.pdf", Content: []byte("договор"), NeedReply: true})
	require.NoError(t, err)
	undelivered, err := sim.Send(d.Box, d.Stranger, diadocsim.Paper{FileName: "Письмо.pdf", Content: []byte("x")})
	require.NoError(t, err)
	require.NoError(t, sim.FailDelivery(undelivered, "нет связи с оператором"))
	require.NoError(t, sim.Invite(d.Box, d.Stranger, "Предлагаем обмениваться"))
	state := func(message string) string {
		for _, p := range look(t, base).Exchange.Papers {
			if p.Message == message {
				return p.State + " " + strings.Join(p.Acts, " ")
			}
		}
		return "none"
	}
	require.NoError(t, sim.Wait(t.Context(), func() bool { return strings.HasPrefix(state(sent), "waiting") }))
	require.Equal(t, "waiting sign reject askrevocation", state(sent))
	require.Equal(t, "undelivered ", state(undelivered))

	b := testbrowser.Open(t)
	b.Scheme("light")
	b.Do(chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(base+"/"))
	entity := look(t, base).Exchange.Papers[1].Entity
	paper := `[data-paper="` + entity + `"] `
	b.Do(chromedp.ScrollIntoView(chromedp.CSS("#papers")))
	b.Click(paper + `[data-act="sign"]`)
	b.See(paper + `.chip.done`)
	require.Equal(t, "signed askrevocation", state(sent))
	require.NoError(t, sim.AskRevocation(d.Box, sent, entity, "ошибка"))
	b.Click(paper + `[data-act="acceptrevocation"]`)
	b.See(paper + `.chip.error`)
	require.Equal(t, "revoked ", state(sent))

	b.Click(`[data-key="peers"]`)
	peer := `[data-peer="` + d.Stranger + `"] `
	b.Click(peer + `[data-act="accept"]`)
	b.See(peer + `[data-act="break"]`)
	status, err := sim.CounteragentStatus(d.Box, d.Stranger)
	require.NoError(t, err)
	require.Equal(t, "IsMyCounteragent", status)
	b.Click(peer + `[data-act="send"]`)
	require.NoError(t, sim.Wait(b.Ctx, func() bool { return len(look(t, base).Exchange.Papers) == 3 }))
	b.See(`[data-paper="` + look(t, base).Exchange.Papers[0].Entity + `"]`)
	b.Do(chromedp.ScrollIntoView(chromedp.CSS(peer)))
	b.Shoot("counteragents-light")
	require.Empty(t, b.ContrastFaults())
	b.Scheme("dark")
	require.Empty(t, b.ContrastFaults())
	b.Shoot("counteragents-dark")
}
