package realtysim_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/realtysim"
)

// allowed lists every change of state that the contract's table of transitions knows.
func allowed(from, to string) bool {
	return slices.Contains(map[string][]string{
		"":          {"queued", "suspended"},
		"queued":    {"sent", "error"},
		"sent":      {"suspended", "completed", "error"},
		"suspended": {"queued", "sent", "suspended", "completed", "error"},
	}[from], to)
}

// Whatever people press in whatever order: states change only as documented, what has ended stays so, and the
// news read in pages tell exactly the histories.
func TestRandomLevers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := setup(t, realtysim.Config{NewsPage: 1 + random.IntN(5)})
		token := r.news("").at("lastToken").(string)
		ids := []string{r.extract("extract")}
		for range 2 {
			id, _ := r.registration()
			ids = append(ids, id)
		}
		levers := []func(id string) error{
			r.sim.Sign, r.sim.Submit, r.sim.Dispatch,
			func(id string) error { return r.sim.ChargeDuty(id) },
			func(id string) error { return r.sim.Pay(id, "") },
			func(id string) error { return r.sim.Suspend(id) },
			func(id string) error { return r.sim.Complete(id) },
			func(id string) error { return rarely(random, func() error { return r.sim.Fail(id, "", "x") }) },
			func(id string) error { return rarely(random, func() error { return r.packet(id) }) },
			func(string) error { r.sim.Step(); return nil },
		}
		for range 60 {
			id := ids[random.IntN(len(ids))]
			before := r.docflow(id)
			err := levers[random.IntN(len(levers))](id)
			if err != nil {
				require.ErrorIs(t, err, realtysim.ErrWrongState)
				require.Equal(t, before.History, r.docflow(id).History, "a refused lever changes nothing")
			}
		}
		told := r.told(token)
		for _, d := range r.sim.Docflows() {
			require.Equal(t, states(d), told[d.ID], "seed %d", seed)
			last := ""
			for _, state := range states(d) {
				require.True(t, allowed(last, state), "seed %d: %q after %q", seed, state, last)
				last = state
			}
			require.Equal(t, d.State == "suspended", d.Waits != "", "what is suspended says what it waits for")
			require.Equal(t, d.State == "error", d.Error != nil)
		}
	}
}

func rarely(random *rand.Rand, f func() error) error {
	if random.IntN(6) > 0 {
		return nil
	}
	return f()
}

// packet files an additional packet for a docflow and delivers it.
func (r *rig) packet(parent string) error {
	a := r.create("additional_packet_request", edit(r.t, r.example("additional_packet_request.json"), "options.docflowId", parent))
	if a.status == 400 {
		return nil // the parent has ended
	}
	return r.sim.Dispatch(a.at("docflowId").(string))
}

// told reads the news page by page to the end and lists the states of each docflow.
func (r *rig) told(token string) map[string][]string {
	r.t.Helper()
	out := map[string][]string{}
	for {
		page := r.news(token)
		items := page.at("docflowNewsItem").([]any)
		if len(items) == 0 {
			return out
		}
		for _, item := range items {
			id := walk(r.t, item, "docflow", "docflowId").(string)
			out[id] = append(out[id], walk(r.t, item, "docflow", "state").(string))
		}
		token = page.at("lastToken").(string)
	}
}
