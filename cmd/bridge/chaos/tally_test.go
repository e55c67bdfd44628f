package chaos_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// call is one robot call of a portal. A deal enters its stage once, so it has one call.
type call struct {
	tenant   *tenant
	deal     int
	workflow string
	number   string // cadastral
	answered bool   // 200: the bridge has promised to do it
}

// tally is what became of the calls.
type tally struct {
	calls, answered, filed int
	uncertain              int // promised, and not filed: the process died between its note of the try and the call
}

// calls lists the robot calls that the portals have made so far.
func (w *world) calls() []call {
	w.t.Helper()
	var all []call
	for _, n := range w.tenants {
		for _, d := range n.Deliveries() {
			if d.Code != "realty_extract" {
				continue
			}
			form, err := url.ParseQuery(d.Body)
			require.NoError(w.t, err)
			deal, err := strconv.Atoi(strings.TrimPrefix(form.Get("document_id[2]"), "DEAL_"))
			require.NoError(w.t, err)
			all = append(all, call{n, deal, form.Get("workflow_id"), form.Get("properties[cadastral_number]"), d.Status == http.StatusOK})
		}
	}
	return all
}

// filings groups the docflows at Реестро by cadastral number.
func (w *world) filings() map[string][]realtysim.Docflow {
	filed := map[string][]realtysim.Docflow{}
	for _, d := range w.box.Realty.Docflows() {
		options, _ := d.Options.(map[string]any)
		number := fmt.Sprint(options["cadastralNumber"])
		filed[number] = append(filed[number], d)
	}
	return filed
}

func (w *world) workflows() map[string]bitrixsim.Workflow {
	all := map[string]bitrixsim.Workflow{}
	for _, n := range w.tenants {
		for _, wf := range n.Workflows() {
			all[wf.ID] = wf
		}
	}
	return all
}

// settle waits until everything that was promised is done, and proves that nothing was done twice, that
// every robot was answered once and that no work is left.
func (w *world) settle() tally {
	w.t.Helper()
	var (
		sum  tally
		left string
	)
	defer func() {
		if w.t.Failed() {
			w.t.Logf("%+v; %s", sum, left)
		}
	}()
	until(w.t, "all that was promised is done", func() bool {
		w.once()
		if sum, left = w.progress(); left == "" {
			left = w.unfinished(sum)
		}
		return left == ""
	})
	w.once()
	for _, c := range w.calls() {
		w.shown(c)
	}
	require.Empty(w.t, w.jobs("dead"))
	return sum
}

// once fails as soon as anything was done twice.
func (w *world) once() {
	w.t.Helper()
	for number, all := range w.filings() {
		require.Len(w.t, all, 1, "%s was filed more than once", number)
		require.Len(w.t, w.box.Realty.Find(all[0].RequestID), 1)
	}
	for id, wf := range w.workflows() {
		require.LessOrEqual(w.t, len(wf.Returns), 1, "the robot of workflow %s was answered more than once", id)
	}
}

// progress counts, and says what is not done yet.
func (w *world) progress() (sum tally, left string) {
	for _, n := range w.tenants {
		if n.PendingDeliveries() > 0 {
			return sum, "calls are under way"
		}
	}
	filed, workflows := w.filings(), w.workflows()
	for _, c := range w.calls() {
		sum.calls++
		if c.answered {
			sum.answered++
		}
		switch docflows, wf := filed[c.number], workflows[c.workflow]; {
		case len(docflows) == 0:
			if c.answered {
				sum.uncertain++
			}
		case docflows[0].State != realtysim.StateCompleted:
			left = "docflow of " + c.number + " is " + docflows[0].State
		case wf.State != bitrixsim.Done:
			left = fmt.Sprintf("workflow of %s in %s waits", c.number, c.tenant.Name())
		default:
			sum.filed++
		}
	}
	return sum, left
}

// unfinished asks the bridge itself what is left. What was promised and is not at Реестро must be known
// as a lost answer: it is looked for, or a person decides.
func (w *world) unfinished(sum tally) string {
	completed, looking, undecided := 0, map[string]bool{}, 0
	for _, d := range w.docflows() {
		switch d.State {
		case "completed":
			completed++
		case "prepared", "uncertain":
			if len(w.box.Realty.Find(d.RequestID)) > 0 {
				return "a docflow that is at Реестро was not found: " + d.RequestID
			}
			if undecided++; d.State == "prepared" {
				looking[fmt.Sprintf("%s 2:%d", d.Portal, d.Card.ID)] = true
			}
		default:
			return "docflow " + d.RequestID + " is " + d.State
		}
	}
	for kind, jobs := range w.jobs("waiting") {
		switch kind {
		case "news", "offline", "prune", "setup-check", "watchdog": // for ever
		case "robot":
			for _, j := range jobs {
				if !looking[j.Lane+" "+j.Part] || j.Note == "" {
					return fmt.Sprintf("a robot's call waits: %+v", j)
				}
				delete(looking, j.Lane+" "+j.Part)
			}
		default:
			return fmt.Sprintf("%d %s wait: %+v", len(jobs), kind, jobs[0])
		}
	}
	if completed != sum.filed || undecided < sum.uncertain || len(looking) > 0 {
		return fmt.Sprintf("%d completed of %d filed, %d undecided of %d not found at Реестро, nobody looks for %v",
			completed, sum.filed, undecided, sum.uncertain, looking)
	}
	return ""
}

// shown proves what the card of a finished call shows, each thing once.
func (w *world) shown(c call) {
	w.t.Helper()
	docflows := w.filings()[c.number]
	wf := w.workflows()[c.workflow]
	if len(docflows) == 0 {
		if wf.State != bitrixsim.Done { // a lost answer's robot is told of it in the end
			require.Empty(w.t, wf.Returns)
		}
		return
	}
	require.Len(w.t, wf.Returns, 1)
	require.Equal(w.t, "completed", wf.Returns[0]["state"], c.number)
	item, ok := c.tenant.Item(bitrixsim.Deal, c.deal)
	require.True(w.t, ok)
	require.Equal(w.t, "исполнен", item["UF_CRM_KB_REALTY_STATE"], c.number)
	w.filesOnce(c, item["UF_CRM_KB_REALTY_FILES"], len(docflows[0].Files))
	seen := map[string]bool{}
	for _, entry := range c.tenant.Timeline(bitrixsim.Deal, c.deal) {
		text, _, _ := strings.Cut(entry.Text, "\n[SIZE") // what follows is the line's own number
		require.False(w.t, seen[text], "the timeline of %s says twice: %s", c.number, text)
		seen[text] = true
	}
}

// filesOnce proves that every result file is in the card, once; an archive brings what it holds, too.
func (w *world) filesOnce(c call, field any, results int) {
	w.t.Helper()
	ids, _ := field.([]any)
	require.GreaterOrEqual(w.t, len(ids), results, "files of %s", c.number)
	seen := map[string]bool{}
	for _, id := range ids {
		name, _, ok := c.tenant.File(id.(int))
		require.True(w.t, ok)
		require.False(w.t, seen[name], "the card of %s has %s twice", c.number, name)
		seen[name] = true
	}
}
