package feed_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/lane"
)

// strangeFeed is a service whose pages a test writes, and that notes which docflows it is asked for.
type strangeFeed struct {
	mu    sync.Mutex
	page  string
	asked []string
}

func (f *strangeFeed) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case strings.HasSuffix(q.URL.Path, "/auth"):
		fmt.Fprint(w, `{"userId":"u","sessionId":"38f31d7246b148c8abcdf0e240a5e39d"}`)
	case strings.HasSuffix(q.URL.Path, "/news"):
		fmt.Fprint(w, f.page)
	default:
		id := q.URL.Path[strings.LastIndexByte(q.URL.Path, '/')+1:]
		f.asked = append(f.asked, id)
		fmt.Fprintf(w, `{"docflowId":%q,"state":"queued"}`, id)
	}
}

// tell makes the next pages and forgets what was asked.
func (f *strangeFeed) tell(items string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.page, f.asked = fmt.Sprintf(`{"docflowNewsItem":[%s],"lastToken":"t%d"}`, items, len(items)), nil
}

func numbered(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

// waiting is a rig with many docflows that stand still.
func waiting(t *testing.T, n int) (*rig, *strangeFeed) {
	t.Helper()
	r, f := &rig{Clock: apptest.NewClock(), password: "123"}, &strangeFeed{}
	f.tell("")
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	r.follow(t, server.URL)
	r.poll(t)
	var prepared []lane.Write
	for i := range n {
		prepared = append(prepared, docflow.Prepare{Record: docflow.Record{ID: docflow.ID(fmt.Sprintf("r%02d", i)), Portal: member, System: docflow.Realty,
			Connection: "main", RequestID: fmt.Sprintf("r%02d", i), ExternalID: numbered(i), State: docflow.Queued, Created: r.Now(), Changed: r.Now()}})
		r.Add(time.Second)
	}
	require.NoError(t, r.store.Commit(t.Context(), prepared...))
	return r, f
}

// TestTheSafetyNetTakesTurns: docflows that stand still for weeks must not keep the others from being looked at.
func TestTheSafetyNetTakesTurns(t *testing.T) {
	t.Parallel()
	const n = 50
	r, f := waiting(t, n)
	r.poll(t)
	f.tell("")
	seen := map[string]bool{}
	for range 3 {
		r.Add(7 * time.Hour)
		r.poll(t)
		require.Len(t, f.asked, 20)
		for _, id := range f.asked {
			seen[id] = true
		}
		f.tell("")
	}
	require.Len(t, seen, n)
}

// TestStrangeItemsNameTheirDocflow: whatever form an item has, the docflow that it names is read, and no other.
func TestStrangeItemsNameTheirDocflow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		item string
		want int
	}{
		"by the service's id": {`{"token":"t","flow":{"id":"` + numbered(44) + `"}}`, 1},
		"twice":               {`{"token":"t","flow":"` + numbered(44) + `"},{"flow":{"docflowId":"` + numbered(44) + `"}}`, 1},
		"that is not ours":    {`{"token":"t","flow":{"id":"` + numbered(4000) + `"}}`, 0},
		"without any":         {`{"token":"t","flow":{}}`, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, f := waiting(t, 50)
			f.tell(tc.item)
			r.poll(t)
			require.Len(t, f.asked, tc.want)
			if tc.want == 1 {
				require.Equal(t, []string{numbered(44)}, f.asked)
			}
		})
	}
}
