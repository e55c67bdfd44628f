package realty_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// newsfeed is a service with events 1 to n, in one of the many ways in which the docs let it behave.
type newsfeed struct {
	n, page    int
	inclusive  bool // a call after an event brings that event again
	lastToken  string
	emptyMoves bool // an empty page names another token of the same place
	fails      int  // every so many calls
	calls      int
}

func (f *newsfeed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.calls++
	if f.fails > 0 && f.calls%f.fails == 0 {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	after, _ := strconv.Atoi(strings.TrimSpace(r.URL.Query().Get("after")))
	first := after + 1
	if f.inclusive && after > 0 && after < f.n {
		first = after
	}
	items := []map[string]any{}
	for i := first; i <= min(f.n, first+f.page-1); i++ {
		items = append(items, map[string]any{"token": strconv.Itoa(i), "docflow": map[string]any{
			"docflowId": fmt.Sprintf("d20bd506-6325-43e1-b2e4-%012d", i%7), "docflowType": "object_request", "state": "sent"}})
	}
	answer := map[string]any{"docflowNewsItem": items}
	switch {
	case f.lastToken == "none":
	case len(items) > 0:
		answer["lastToken"] = items[len(items)-1]["token"]
	case f.emptyMoves:
		answer["lastToken"] = strconv.Itoa(after) + " "
	default:
		answer["lastToken"] = strconv.Itoa(after)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// TestNewsItemsLoseNothing reads through services of every manner, breaking off at random and going on from the last
// position that was handled: every event arrives, in order, and within one reading none twice.
func TestNewsItemsLoseNothing(t *testing.T) {
	t.Parallel()
	for seed := range 60 {
		random := rand.New(rand.NewPCG(uint64(seed), 7))
		feed := &newsfeed{n: random.IntN(40), page: 2 + random.IntN(6), inclusive: random.IntN(2) == 0,
			lastToken: []string{"", "none"}[random.IntN(2)], emptyMoves: random.IntN(2) == 0, fails: []int{0, 3, 5}[random.IntN(3)]}
		t.Run(fmt.Sprintf("%d %+v", seed, *feed), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(feed)
			defer server.Close()
			client := realty.New(upstream.New(upstream.WithInsecure(true)), server.URL, &sessions{})
			handled, position := 0, realty.Token("")
			for range 200 {
				seen := map[int]bool{}
				last := handled
				for event, err := range client.NewsItems(t.Context(), position) {
					if err != nil {
						require.Equal(t, position, event.Position, "an error moves nothing")
						break
					}
					number, err := strconv.Atoi(string(event.Token))
					require.NoError(t, err)
					require.False(t, seen[number], "twice in one reading")
					seen[number] = true
					require.LessOrEqual(t, number, handled+1, "left out")
					require.GreaterOrEqual(t, number, last, "out of order")
					last = number
					if random.IntN(6) == 0 {
						break // the process dies before this event is stored
					}
					handled, position = max(handled, number), event.Position
				}
				if handled == feed.n {
					break
				}
			}
			require.Equal(t, feed.n, handled)
		})
	}
}

func TestNewsItemsPositions(t *testing.T) {
	t.Parallel()
	const bad = `{"docflowNewsItem":[{"token":"t1","docflow":{"docflowId":"d1"}},{"token":"t2"},{"docflow":{"docflowId":"d2"}},{"token":"t4","docflow":{"docflowId":"d3"}}],"lastToken":"t5"}`
	s := newService(t, answer{status: 200, body: bad}, answer{status: 200, body: `{"lastToken":"t6"}`})
	var got []string
	for event, err := range s.client().NewsItems(t.Context(), "t0") {
		require.NoError(t, err)
		got = append(got, fmt.Sprintf("%s %s %t", event.Docflow.ID, event.Position, event.Err != nil))
	}
	require.Equal(t, []string{"d1 t1 false", " t2 true", "d2 t2 false", "d3 t5 false"}, got)
}
