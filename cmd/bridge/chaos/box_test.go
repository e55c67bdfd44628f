package chaos_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

// The documents of this test.
const (
	boxStage   = "EXECUTING" // a robot sends the deal's file here
	boxFile    = "UF_CRM_CHAOS_FILE"
	boxPartner = "5400000002"
	refusals   = 2 // revocation requests that are refused, before one is accepted
)

// boxLife is what becomes of every document, and what its history must say of it, each state once.
var boxLife = func() []string {
	life := []string{"prepared", "awaiting-answer", "signed"}
	for range refusals {
		life = append(life, "revocation-in", "signed")
	}
	return append(life, "revocation-in", "revoked")
}()

func boxRead(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/GetNewEvents") }
func boxSend(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/PostMessage") }
func boxCall(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/diadoc/") }

// TestBoxSurvivesDeaths kills the process twenty times, while robots of ten portals send documents through one
// box and while the counteragent acts on them: at sendings that were not done, at sendings whose answer it does
// not live to see, at reads of the box and of its messages. Everything that was promised is sent once, and every
// state of every document is in its history once, in order. The portals are away while the counteragent acts, as
// in the test of the news. BRIDGE_CHAOS_SENDINGS is for a run by hand.
func TestBoxSurvivesDeaths(t *testing.T) {
	t.Parallel()
	sendings := 60
	if raceDetector { // which makes the simulated systems several times slower
		sendings = 30
	}
	if given := os.Getenv("BRIDGE_CHAOS_SENDINGS"); given != "" {
		n, err := strconv.Atoi(given)
		require.NoError(t, err)
		sendings = n
	}
	const portals, deaths = 10, 10
	w := newWorld(t, ground{tenants: portals, plain: true})
	demo := w.openBox(sendings / portals)
	n := w.nodes[0]
	for death := range deaths {
		n = w.strike(n, &blow{at: []func(*http.Request) bool{boxSend, boxSend, boxCall, boxRead}[death%4], left: 1 + rand.IntN(3), served: death%2 == 0}, func() {
			w.sendFrom(w.tenants[death%portals], len(w.tenants[death%portals].deals))
		})
	}
	for _, tenant := range w.tenants { // what nobody was there to hear of
		w.sendFrom(tenant, len(tenant.deals))
	}
	var promised map[string]bool
	until(t, "all that was promised is sent", func() bool {
		promised = w.promised()
		return w.sent(promised)
	})
	w.wire.away.Store(true)
	begun := time.Now()
	them := newCounteragent(w.box.Diadoc, demo)
	share := len(them.open)*len(them.steps)/deaths + 1
	for death := range deaths {
		n = w.strike(n, &blow{at: []func(*http.Request) bool{boxRead, boxCall}[death%2], left: 1 + rand.IntN(10), served: death%3 == 0}, func() { them.act(t, share) })
	}
	require.Empty(t, them.open)
	h, documents := w.history(), w.box.Diadoc.Documents()
	left := ""
	for last := 0; ; {
		if left = unfinished(h, documents); left == "" {
			break
		}
		until(t, "more of the events are in the histories", func() bool {
			before := last
			last = h.written()
			return last > before
		})
	}
	require.True(t, n.running())
	w.sent(promised)
	t.Logf("%d promised, %d documents sent, about %d events of the box; those of the counteragent taken in within %s", len(promised), len(documents),
		len(documents)*(3+3*(refusals+1)), time.Since(begun).Round(time.Millisecond))
}

// openBox gives every portal deals with a file, a robot that sends it, and a connection to one box.
func (w *world) openBox(deals int) diadocsim.Demo {
	w.t.Helper()
	demo := w.box.Diadoc.SeedDemo()
	w.wire.keep("refresh token of Диадок", demo.RefreshToken)
	for _, tenant := range w.tenants {
		tenant.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: boxFile, Type: "file"})
		tenant.PlaceRobot(bitrixsim.Deal, boxStage, bitrixsim.Step{Robot: "diadoc_send", Properties: map[string]any{"inn": boxPartner,
			"files": "{=Document:" + boxFile + "}", "document_type": "Nonformalized", "need_signature": "Y", "sign_with": "test"}})
		for i := range deals {
			file := tenant.AddFile(fmt.Sprintf("Договор %d.pdf", i), []byte(fmt.Sprintf("договор %s %d", tenant.Name(), i)))
			tenant.deals = append(tenant.deals, tenant.CreateItem(bitrixsim.Deal, map[string]any{"title": "Договор", boxFile: file}))
		}
		w.bridge(fmt.Sprintf("connections:\n  - {name: main, kind: realty, default: true, login: %s, password: %s, accountId: %s}\n"+
			"  - {name: box, kind: diadoc, default: true, boxId: %s, refreshToken: %s}\n", tenant.login, tenant.password, tenant.account,
			demo.Box, demo.RefreshToken), "settings", "apply", "--portal", tenant.MemberID(), "-")
	}
	until(w.t, "the box is followed", func() bool { return len(w.box.Diadoc.Calls("GetNewEvents")) > 1 })
	return demo
}

// sendFrom lets the next deals of a portal enter the stage, until a call finds nobody.
func (w *world) sendFrom(n *tenant, count int) {
	w.t.Helper()
	lost := len(n.DroppedDeliveries())
	for range count {
		if len(n.DroppedDeliveries()) > lost {
			return
		}
		require.NoError(w.t, n.MoveStage(bitrixsim.Deal, n.deals[0], boxStage))
		n.deals = n.deals[1:]
		require.NoError(w.t, w.box.Bitrix.Wait(w.t.Context(), func() bool { return n.PendingDeliveries() < 8 }))
	}
}

// strike kills the process at a request while something goes on, and starts the next one.
func (w *world) strike(n *node, b *blow, meanwhile func()) *node {
	w.t.Helper()
	b.strike = n.kill
	w.wire.arm(b)
	meanwhile()
	select {
	case <-b.landed:
	case <-time.After(patience):
		require.FailNow(w.t, "the blow did not land")
	}
	next := w.start(n.address)
	next.ready()
	return next
}

// promised lists the deals, with their portals, whose robot calls were answered 200.
func (w *world) promised() map[string]bool {
	w.t.Helper()
	all := map[string]bool{}
	for _, n := range w.tenants {
		for _, d := range n.Deliveries() {
			if d.Code != "diadoc_send" || d.Status != http.StatusOK {
				continue
			}
			form, err := url.ParseQuery(d.Body)
			require.NoError(w.t, err)
			all[n.MemberID()+" "+strings.TrimPrefix(form.Get("document_id[2]"), "DEAL_")] = true
		}
	}
	return all
}

// sent reports whether all that was promised is at Диадок and known, and fails as soon as anything is there twice.
func (w *world) sent(promised map[string]bool) bool {
	w.t.Helper()
	at := map[string][]string{} // messages by the bridge's own number, which the documents carry
	for _, d := range w.box.Diadoc.Documents() {
		id, _, _ := strings.Cut(d.CustomID, "/")
		at[id] = append(at[id], d.MessageID)
	}
	for id, messages := range at {
		require.Len(w.t, messages, 1, "%s was sent more than once", id)
	}
	var all []struct {
		docflow
		System string
	}
	require.NoError(w.t, json.Unmarshal([]byte(w.bridge("", "docflows", "--json", "--limit", "65535")), &all))
	known := map[string]string{}
	for _, d := range all {
		if d.System == "diadoc" {
			card := d.Portal + " " + strconv.Itoa(d.Card.ID)
			require.Empty(w.t, known[card], "%s has two docflows", card)
			known[card] = d.RequestID
			if messages := at[d.RequestID]; len(messages) != 1 || d.ExternalID != messages[0] {
				return false
			}
		}
	}
	for card := range promised {
		if known[card] == "" {
			return false
		}
	}
	require.Len(w.t, at, len(known), "Диадок has a message that the bridge does not know")
	return true
}

// counteragent takes every document through its life, one step of a random one at a time.
type counteragent struct {
	sim   *diadocsim.Server
	steps []func(d diadocsim.Document) error
	open  []diadocsim.Document
	done  map[string]int // steps by message
}

func newCounteragent(sim *diadocsim.Server, demo diadocsim.Demo) *counteragent {
	c := &counteragent{sim: sim, open: sim.Documents(), done: map[string]int{}}
	c.steps = append(c.steps, func(d diadocsim.Document) error { return sim.Sign(demo.Partner, d.MessageID, d.EntityID) })
	ask := func(d diadocsim.Document) error {
		return sim.AskRevocation(demo.Partner, d.MessageID, d.EntityID, "ошибка")
	}
	for range refusals {
		c.steps = append(c.steps, ask, func(d diadocsim.Document) error {
			return sim.RefuseRevocation(demo.Box, d.MessageID, d.EntityID, "нет")
		})
	}
	c.steps = append(c.steps, ask, func(d diadocsim.Document) error { return sim.AcceptRevocation(demo.Box, d.MessageID, d.EntityID) })
	return c
}

// act takes so many steps, or those that are left.
func (c *counteragent) act(t *testing.T, steps int) {
	t.Helper()
	for early := 0; len(c.open) > 0 && steps > 0; {
		at := rand.IntN(len(c.open))
		d := c.open[at]
		if err := c.steps[c.done[d.MessageID]](d); err != nil {
			early++
			require.Less(t, early, 1000, "step %d: %v", c.done[d.MessageID], err)
			runtime.Gosched() // what it answers to is still on its way
			continue
		}
		early, steps = 0, steps-1
		if c.done[d.MessageID]++; c.done[d.MessageID] == len(c.steps) {
			c.open = slices.Delete(c.open, at, at+1)
		}
	}
}

// unfinished says which document's history lacks something; one that says more than happened fails by never
// being what it must be.
func unfinished(h history, documents []diadocsim.Document) string {
	told := h.told()
	for _, d := range documents {
		// The delivery is told beside the state: a document that was sent and one that arrived are in the same one.
		if life := slices.Compact(told[d.MessageID]); !slices.Equal(life, boxLife) {
			return fmt.Sprintf("%s went through %v", d.MessageID, life)
		}
	}
	return ""
}
