package realty_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

func TestNews(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 200, body: string(file(t, "news.page.json"))})
	page, err := s.client().News(t.Context(), "3254tsadf5&x =")
	require.NoError(t, err)
	require.Equal(t, "/realty/v1/news?after=3254tsadf5%26x+%3D", s.seen()[0].uri)
	require.Equal(t, realty.Token("3254tsadf9"), page.Next)
	require.Len(t, page.Items, 4)
	var states []realty.State
	for _, item := range page.Items {
		require.NoError(t, item.Err)
		states = append(states, item.Docflow.State)
	}
	require.Equal(t, []realty.State{realty.StateSent, realty.StateSuspended, realty.StateCompleted, realty.StateError}, states)
	require.Equal(t, realty.Token("3254tsadf6"), page.Items[0].Token)
	require.True(t, page.Items[0].Date.Equal(time.Date(2019, 4, 1, 10, 15, 30, 0, time.UTC)))
	require.Equal(t, realty.Kopecks(70000), page.Items[1].Docflow.Requirements.Payment[0].Sum)
	require.Equal(t, "outdoc", page.Items[2].Docflow.Result.Files[0].Type)
	require.Equal(t, "objectRequest.options.cadastralNumber: must not be null", page.Items[3].Docflow.Fault.Summary())

	_, err = s.client().News(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "/realty/v1/news", s.seen()[1].uri)
}

const event = `{"token":"t1","docflow":{"docflowId":"d20bd506-6325-43e1-b2e4-105ec5d63417","docflowType":"x","state":"sent"}}`

func TestNewsForms(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body  string
		items int
		next  realty.Token
	}{
		"empty page":          {string(file(t, "news.empty.json")), 0, "3254tsadf5"},
		"204":                 {"", 0, "old"},
		"empty object":        {`{}`, 0, "old"},
		"null array":          {`{"docflowNewsItem":null,"lastToken":null}`, 0, "old"},
		"only a token":        {`{"lastToken":"t9"}`, 0, "t9"},
		"token a number":      {`{"docflowNewsItem":[],"lastToken":15}`, 0, "15"},
		"no last token":       {`{"docflowNewsItem":[` + event + `]}`, 1, "t1"},
		"empty last token":    {`{"docflowNewsItem":[` + event + `],"lastToken":""}`, 1, "t1"},
		"plural":              {`{"docflowNewsItems":[` + event + `],"lastToken":"t9"}`, 1, "t9"},
		"capital":             {`{"DocflowNewsItem":[` + event + `],"LastToken":"t9"}`, 1, "t9"},
		"null, then another":  {`{"docflowNewsItem":null,"items":[` + event + `]}`, 1, "t1"},
		"short name":          {`{"news":[` + event + `]}`, 1, "t1"},
		"unknown name":        {`{"events":[` + event + `],"total":1,"tags":[]}`, 1, "t1"},
		"single":              {`{"docflowNewsItem":` + event + `}`, 1, "t1"},
		"last has no token":   {`{"items":[` + event + `,{"docflow":{"docflowId":"1"}}]}`, 2, "old"},
		"known name is first": {`{"items":[` + event + `],"others":[` + event + `]}`, 1, "t1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := realty.ParseNews([]byte(tc.body), "old")
			require.NoError(t, err)
			require.Len(t, page.Items, tc.items)
			require.Equal(t, tc.next, page.Next)
		})
	}
}

func TestNewsOfUnknownForm(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"renamed, empty":   `{"events":[],"lastToken":"t9"}`,
		"renamed items":    `{"events":[{"flow":{}}],"lastToken":"t9"}`,
		"two candidates":   `{"a":[` + event + `],"b":[` + event + `]}`,
		"text for a list":  `{"docflowNewsItem":"none"}`,
		"odd single":       `{"docflowNewsItem":{"token":"t"}}`,
		"an error":         `{"code":"x","message":"y"}`,
		"bare list":        `[` + event + `]`,
		"null":             `null`,
		"page":             `<html>`,
		"token an object":  `{"docflowNewsItem":[],"lastToken":{}}`,
		"cut":              `{"docflowNewsItem":[`,
		"different letter": `{"docflownewsitem":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newService(t, answer{status: 200, body: body}).client().News(t.Context(), "old")
			require.ErrorIs(t, err, realty.ErrBadAnswer)
			require.Equal(t, upstream.Retry, upstream.ClassOf(err))
		})
	}
}

func TestStrangeItemIsKept(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		item, token string
	}{
		"no docflow":   {`{"token":"t2","date":"x"}`, "t2"},
		"no id":        {`{"token":"t2","docflow":{"state":"sent"}}`, "t2"},
		"a number":     {`7`, ""},
		"odd docflow":  {`{"token":"t2","docflow":{"docflowId":"1","result":7}}`, "t2"},
		"docflow null": {`{"token":"t2","docflow":null}`, "t2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := realty.ParseNews([]byte(`{"docflowNewsItem":[`+tc.item+`,`+event+`],"lastToken":"t9"}`), "")
			require.NoError(t, err)
			require.Len(t, page.Items, 2)
			require.Error(t, page.Items[0].Err)
			require.Equal(t, realty.Token(tc.token), page.Items[0].Token)
			require.Zero(t, page.Items[0].Docflow.ID)
			require.JSONEq(t, tc.item, string(page.Items[0].Raw))
			require.NoError(t, page.Items[1].Err)
		})
	}
}

func TestNewsDates(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]time.Time{
		"2019-04-01T10:15:30Z":         time.Date(2019, 4, 1, 10, 15, 30, 0, time.UTC),
		"2019-04-01T10:15:30.25+03:00": time.Date(2019, 4, 1, 7, 15, 30, 25e7, time.UTC),
		"2019-04-01T10:15:30":          time.Date(2019, 4, 1, 10, 15, 30, 0, time.UTC),
		"2019-04-01T10:15:30.1234567":  time.Date(2019, 4, 1, 10, 15, 30, 123456700, time.UTC),
		"01.04.2019 10:15":             {},
		"":                             {},
	} {
		page, err := realty.ParseNews(fmt.Appendf(nil, `{"items":[{"token":"t","date":%q,"docflow":{"docflowId":"1"}}]}`, raw), "")
		require.NoError(t, err)
		require.True(t, want.Equal(page.Items[0].Date), raw)
		require.Equal(t, raw, page.Items[0].RawDate)
	}
}

func TestNewsFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		after  realty.Token
		want   error
	}{
		"token 400":    {400, "t", realty.ErrTokenRefused},
		"token 404":    {404, "t", realty.ErrTokenRefused},
		"token 410":    {410, "t", realty.ErrTokenRefused},
		"no token 400": {400, "", realty.ErrRefused},
		"no access":    {403, "t", realty.ErrNoAccess},
		"down":         {500, "t", realty.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newService(t, answer{status: tc.status}).client().News(t.Context(), tc.after)
			require.ErrorIs(t, err, tc.want)
			require.False(t, apiError(t, err).MaybeDone())
		})
	}
}

// pageOf makes an answer: its items as "docflow/token", then the last token.
func pageOf(last string, items ...string) answer {
	type docflow struct {
		ID string `json:"docflowId"`
	}
	type item struct {
		Token   string  `json:"token"`
		Docflow docflow `json:"docflow"`
	}
	list := []item{}
	for _, one := range items {
		id, token, _ := strings.Cut(one, "/")
		list = append(list, item{token, docflow{id}})
	}
	raw, _ := json.Marshal(map[string]any{"docflowNewsItem": list, "lastToken": last})
	return answer{status: 200, body: string(raw)}
}

func TestNewsPages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		after   realty.Token
		answers []answer
		calls   []string // the positions asked for
		items   []string
		next    []realty.Token // the positions to store
	}{
		"nothing new":       {"a", []answer{pageOf("a")}, []string{"a"}, nil, nil},
		"204":               {"a", []answer{{status: 204}}, []string{"a"}, nil, nil},
		"starting point":    {"", []answer{pageOf("a")}, []string{""}, nil, []realty.Token{"a"}},
		"no starting point": {"", []answer{pageOf("")}, []string{""}, nil, nil},
		"token alone moves": {"a", []answer{pageOf("b")}, []string{"a"}, nil, []realty.Token{"b"}},
		"two pages": {"a", []answer{pageOf("b", "1/x", "2/b"), pageOf("c", "1/c"), pageOf("c")}, []string{"a", "b", "c"},
			[]string{"1/x", "2/b", "1/c"}, []realty.Token{"b", "c"}},
		"no last token": {"a", []answer{pageOf("", "1/x"), pageOf("")}, []string{"a", "x"}, []string{"1/x"}, []realty.Token{"x"}},
		"the position is included": {"a", []answer{pageOf("b", "1/b"), pageOf("c", "1/b", "1/c"), pageOf("c", "1/c")},
			[]string{"a", "b", "c"}, []string{"1/b", "1/c"}, []realty.Token{"b", "c", "c"}},
		"token does not move": {"a", []answer{pageOf("a", "1/x")}, []string{"a"}, []string{"1/x"}, []realty.Token{"a"}},
		"a circle":            {"a", []answer{pageOf("b", "1/b"), pageOf("a", "1/a")}, []string{"a", "b"}, []string{"1/b", "1/a"}, []realty.Token{"b", "a"}},
		"one token for two docflows": {"a", []answer{pageOf("b", "1/b"), pageOf("c", "2/b"), pageOf("c")}, []string{"a", "b", "c"},
			[]string{"1/b", "2/b"}, []realty.Token{"b", "c"}},
		"no token at all": {"", []answer{pageOf("", "1/")}, []string{""}, []string{"1/"}, []realty.Token{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, tc.answers...)
			var items []string
			var next []realty.Token
			for page, err := range s.client().NewsPages(t.Context(), tc.after) {
				require.NoError(t, err)
				next = append(next, page.Next)
				for _, item := range page.Items {
					items = append(items, string(item.Docflow.ID)+"/"+string(item.Token))
				}
			}
			var calls []string
			for _, request := range s.seen() {
				_, after, _ := strings.Cut(request.uri, "after=")
				calls = append(calls, after)
			}
			require.Equal(t, tc.calls, calls)
			require.Equal(t, tc.items, items)
			require.Equal(t, tc.next, next)
		})
	}
}

func TestNewsPagesStop(t *testing.T) {
	t.Parallel()
	s := newService(t, pageOf("b", "1/b"), answer{status: 500})
	var pages, failures int
	for page, err := range s.client().NewsPages(t.Context(), "a") {
		if err != nil {
			require.ErrorIs(t, err, realty.ErrUnavailable)
			failures++
			continue
		}
		require.Equal(t, realty.Token("b"), page.Next)
		pages++
	}
	require.Equal(t, 1, pages)
	require.Equal(t, 1, failures)

	s = newService(t, pageOf("b", "1/b"))
	for range s.client().NewsPages(t.Context(), "a") {
		break
	}
	require.Len(t, s.seen(), 1, "no page is read ahead")
}

func FuzzNews(f *testing.F) {
	for _, name := range []string{"news.page.json", "news.empty.json", "docflow.right_movement_request.suspended-payment.wrapped.json", "error.validation.json"} {
		f.Add(file(f, name))
	}
	f.Add([]byte(`{"docflowNewsItem":` + event + `}`))
	f.Add([]byte(`{"events":[` + event + `],"lastToken":5}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := realty.ParseNews(body, "old")
		if err != nil {
			return
		}
		if page.Next == "" {
			t.Fatal("the position was lost")
		}
		for _, item := range page.Items {
			if (item.Err == nil) == (item.Docflow.ID == "") {
				t.Fatalf("neither read nor refused: %+v", item)
			}
		}
	})
}
