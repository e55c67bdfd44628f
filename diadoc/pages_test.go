package diadoc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// page is an answer with n items of a list, numbered from first.
func page(list string, first, n int, item func(i int) string, more string) answer {
	items := make([]string, n)
	for i := range items {
		items[i] = item(first + i)
	}
	return ok(fmt.Sprintf(`{"%s":[%s]%s}`, list, strings.Join(items, ","), more))
}

// count reads an iterator to its end.
func count[T any](seq iter.Seq2[T, error]) (int, error) {
	n := 0
	for _, err := range seq {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestIterators(t *testing.T) {
	t.Parallel()
	key := func(i int) string { return fmt.Sprintf(`{"EventId":"e%d","IndexKey":"k+%d"}`, i, i) }
	bytesKey := func(i int) string { return fmt.Sprintf(`{"IndexKey":"aysw%d"}`, i%10000+1000) }
	document := func(i int) string { return fmt.Sprintf(`{"IndexKey":"k+%d","EntityId":"e%d"}`, i, i) }
	found := func(i int) string { return fmt.Sprintf(`{"DocumentId":{"MessageId":"m","EntityId":"e%d"}}`, i) }
	fetched := func(i int) string { return fmt.Sprintf(`{"Document":%s,"IndexKey":"azE="}`, found(i)) }
	plain := func(i int) string { return fmt.Sprintf(`{"Id":"%d"}`, i) }
	box := func(i int) string { return fmt.Sprintf(`"box-%d"`, i) }
	for name, tc := range map[string]struct {
		read    func(context.Context, *diadoc.Client) (int, error)
		answers []answer
		want    int
		asked   []string // the key or number of each call
		of      string   // where it is asked
	}{
		"events": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.NewEvents(ctx, myBox, diadoc.EventQuery{AfterIndexKey: "k0"}))
		}, []answer{page("Events", 1, 100, key, ""), page("Events", 101, 100, key, ""), page("Events", 0, 0, key, "")}, 200, []string{"k0", "k+100", "k+200"}, "afterIndexKey"},
		"events from the beginning, in small pages": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.NewEvents(ctx, myBox, diadoc.EventQuery{Limit: 2}))
		}, []answer{page("Events", 1, 2, key, ""), page("Events", 3, 1, key, "")}, 3, []string{"", "k+2"}, "afterIndexKey"},
		"relation changes": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.CounteragentEvents(ctx, myBox, diadoc.CounteragentEventQuery{}))
		}, []answer{page("Events", 1, 100, key, ""), page("Events", 101, 3, key, "")}, 103, []string{"", "k+100"}, "afterIndexKey"},
		"counteragents": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.Counteragents(ctx, myBox, diadoc.CounteragentQuery{}))
		}, []answer{page("Counteragents", 1, 100, document, ""), page("Counteragents", 101, 1, document, "")}, 101, []string{"", "k+100"}, "afterIndexKey"},
		"a search brings one page": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.Counteragents(ctx, myBox, diadoc.CounteragentQuery{Search: "ромашка"}))
		}, []answer{page("Counteragents", 1, 100, document, "")}, 100, []string{""}, "afterIndexKey"},
		"groups": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.CounteragentGroups(ctx, myBox))
		},
			[]answer{page("Groups", 1, 100, plain, ""), page("Groups", 1, 0, plain, "")}, 100, []string{"1", "2"}, "page"},
		"group members, last page with a key": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.GroupMembers(ctx, myBox, "g"))
		}, []answer{page("CounteragentBoxId", 1, 100, box, `,"AfterIndexKey":"n1"`), page("CounteragentBoxId", 1, 5, box, `,"AfterIndexKey":"n2"`)}, 105, []string{"", "n1"}, "afterIndexKey"},
		"group members, full page without a key": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.GroupMembers(ctx, myBox, "g"))
		}, []answer{page("CounteragentBoxId", 1, 100, box, "")}, 100, []string{""}, "afterIndexKey"},
		"departments": {func(ctx context.Context, c *diadoc.Client) (int, error) { return count(c.Departments(ctx, myBox)) },
			[]answer{page("Departments", 1, 2, plain, "")}, 2, []string{"1"}, "page"},
		"employees": {func(ctx context.Context, c *diadoc.Client) (int, error) { return count(c.Employees(ctx, myBox)) },
			[]answer{page("Employees", 1, 100, plain, ""), page("Employees", 1, 1, plain, "")}, 101, []string{"1", "2"}, "page"},
		"documents": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.Documents(ctx, myBox, diadoc.DocumentQuery{Category: "Any.Inbound", Count: 2}))
		}, []answer{page("Documents", 1, 2, document, ""), page("Documents", 3, 0, document, "")}, 2, []string{"", "k+2"}, "afterIndexKey"},
		"filtered documents": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.FilteredDocuments(ctx, myBox, diadoc.GetDocumentsV4Request{DocumentCategory: "Any.Inbound"}))
		}, []answer{page("Documents", 1, 2, document, `,"HasMoreResults":true`), page("Documents", 3, 2, document, `,"HasMoreResults":false`)}, 4, []string{"", "k+2"}, "AfterIndexKey"},
		"docflow events": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.DocflowEvents(ctx, myBox, diadoc.GetDocflowEventsRequest{Limit: 2}))
		}, []answer{page("Events", 1, 2, bytesKey, ""), page("Events", 3, 0, bytesKey, "")}, 2, []string{"", "aysw1002"}, "AfterIndexKey"},
		"search, over a short and an empty page, without repeats": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.FoundDocflows(ctx, myBox, diadoc.SearchDocflowsRequest{QueryString: "q"}))
		}, []answer{page("Documents", 1, 3, found, `,"HaveMoreDocuments":true`), page("Documents", 1, 0, found, `,"HaveMoreDocuments":true`),
			page("Documents", 3, 2, found, `,"HaveMoreDocuments":false`)}, 4, []string{"", "3", "103"}, "FirstIndex"},
		"packet, over an empty page": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.PacketDocflows(ctx, myBox, diadoc.GetDocflowsByPacketIDRequest{PacketID: "p"}))
		}, []answer{page("Documents", 1, 2, fetched, `,"NextPageIndexKey":"azE="`), page("Documents", 1, 0, fetched, `,"NextPageIndexKey":"azI="`),
			page("Documents", 3, 1, fetched, "")}, 3, []string{"", "azE=", "azI="}, "AfterIndexKey"},
		"forwarded": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.ForwardedDocumentEvents(ctx, myBox, diadoc.GetForwardedDocumentEventsRequest{}))
		}, []answer{page("Events", 1, 2, bytesKey, ""), page("Events", 3, 0, bytesKey, "")}, 2, []string{"", "aysw1002"}, "AfterIndexKey"},
		"security": {func(ctx context.Context, c *diadoc.Client) (int, error) {
			return count(c.SecurityEvents(ctx, myBox, "k0"))
		},
			[]answer{page("SecurityEvents", 1, 100, key, `,"TotalCount":101`), page("SecurityEvents", 101, 1, key, "")}, 101, []string{"k0", "k+100"}, "afterIndexKey"},
		"partner": {func(ctx context.Context, c *diadoc.Client) (int, error) { return count(c.PartnerEvents(ctx, "")) },
			[]answer{page("Events", 1, 2, key, `,"Cursor":"c1"`), page("Events", 1, 2, key, `,"Cursor":"c2"`), page("Events", 1, 0, key, `,"Cursor":"c2"`)},
			2, []string{"", "c1", "c2"}, "Cursor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, tc.answers...)
			n, err := tc.read(t.Context(), s.client())
			require.NoError(t, err)
			require.Equal(t, tc.want, n)
			require.Equal(t, tc.asked, keysAsked(t, s, tc.of))
		})
	}
}

// keysAsked lists what each request had in the query or in the body under a name.
func keysAsked(t *testing.T, s *service, name string) []string {
	t.Helper()
	var keys []string
	for _, r := range s.seen() {
		values, err := url.ParseQuery(r.query)
		require.NoError(t, err)
		key := values.Get(name)
		if r.body != "" {
			var body map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(r.body), &body))
			key = strings.Trim(string(body[name]), `"`)
		}
		keys = append(keys, key)
	}
	return keys
}

func TestIteratorsEnd(t *testing.T) {
	t.Parallel()
	key := func(int) string { return `{"EventId":"e","IndexKey":"same"}` }
	none := func(int) string { return `{"EventId":"e"}` }
	for name, tc := range map[string]struct {
		answers []answer
		after   diadoc.IndexKey
		want    error
		items   int
	}{
		"at an error":                  {[]answer{{status: 403}}, "", diadoc.ErrNoAccess, 0},
		"at an error of a later page":  {[]answer{page("Events", 1, 100, key, ""), {status: 500}}, "", diadoc.ErrUnavailable, 100},
		"at a key that does not move":  {[]answer{page("Events", 1, 100, key, "")}, "same", diadoc.ErrBadAnswer, 100},
		"at a full page without a key": {[]answer{page("Events", 1, 100, none, "")}, "", diadoc.ErrBadAnswer, 100},
		"at a limit that is not one":   {[]answer{ok("{}")}, "limit", diadoc.ErrBadCall, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := diadoc.EventQuery{AfterIndexKey: tc.after}
			if tc.after == "limit" {
				q.Limit = -1
			}
			n, err := count(newService(t, tc.answers...).client().NewEvents(t.Context(), myBox, q))
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.items, n)
			require.NotEqual(t, upstream.Relogin, upstream.ClassOf(err))
		})
	}
	s := newService(t, page("Events", 1, 100, key, ""))
	for range s.client().NewEvents(t.Context(), myBox, diadoc.EventQuery{}) {
		break
	}
	require.Len(t, s.seen(), 1, "who stops reading asks for nothing more")
}
