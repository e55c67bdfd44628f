package bitrix_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

func TestBatchKeepsOrderAndNames(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"result":{"deal":{"item":{"id":57}},"c01":{"item":{"id":12}}},
		"result_error":[],"result_total":[],"result_next":[],
		"result_time":{"deal":{"duration":0.03,"operating":0.21,"operating_reset_at":1778747792},"c01":{"duration":0.02}}},
		"time":{"duration":0.07}}`))
	l := &limiter{}
	batch, err := newClient(t, p, bitrix.WithLimiter(l)).Batch(t.Context(), []bitrix.Command{
		{Name: "deal", Method: "crm.item.get", Params: json.RawMessage(`{"entityTypeId":2,"id":57}`)},
		{Method: "crm.item.get", Params: map[string]any{"entityTypeId": 4, "id": "$result[deal][item][companyId]"}, References: true},
	}, true)
	require.NoError(t, err)
	body := p.requests()[0].Body
	require.Equal(t, "/rest/batch", p.requests()[0].Path)
	require.Equal(t, `{"deal":"crm.item.get?entityTypeId=2\u0026id=57",`+
		`"c01":"crm.item.get?entityTypeId=4\u0026id=%24result%5Bdeal%5D%5Bitem%5D%5BcompanyId%5D"}`, field(t, body, "cmd"))
	require.Equal(t, "1", field(t, body, "halt"))
	require.Equal(t, `"TOKEN-OF-TEST"`, field(t, body, "auth"))
	require.Equal(t, 1, l.taken, "a batch is one request")

	require.Equal(t, 70*time.Millisecond, batch.Time.Duration)
	deal, found := batch.Get("deal")
	require.True(t, found)
	require.NoError(t, deal.Err)
	require.JSONEq(t, `{"item":{"id":57}}`, string(deal.Result))
	require.Equal(t, "c01", batch.Commands[1].Name)
	_, found = batch.Get("other")
	require.False(t, found)
}

func TestBatchAnswersEveryCommand(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"result":{"a":true,"n":null,"l":[]},
		"result_error":{"b":{"error":"NOT_FOUND","error_description":"Element not found"},"q":{"error":"QUERY_LIMIT_EXCEEDED"},"s":"ACCESS_DENIED"},
		"result_total":{"l":"143"},"result_next":{"l":50},"result_time":[]}}`))
	commands := []bitrix.Command{}
	for _, name := range []string{"a", "b", "n", "l", "q", "s", "lost"} {
		commands = append(commands, bitrix.Command{Name: name, Method: "crm.item.update"})
	}
	batch, err := newClient(t, p).Batch(t.Context(), commands, false)
	require.NoError(t, err)
	require.Equal(t, "0", field(t, p.requests()[0].Body, "halt"))
	get := func(name string) bitrix.CommandAnswer {
		answer, found := batch.Get(name)
		require.True(t, found)
		return answer
	}
	require.NoError(t, get("a").Err)
	var done bool
	require.NoError(t, func() error { a := get("a"); return a.Decode(&done) }())
	require.True(t, done)
	require.NoError(t, get("n").Err, "null is an answer")
	require.Equal(t, 143, get("l").Total)
	require.Equal(t, 50, get("l").Next)
	require.ErrorIs(t, get("b").Err, bitrix.ErrNotFound)
	require.Contains(t, get("b").Err.Error(), "crm.item.update")
	require.ErrorIs(t, get("s").Err, bitrix.ErrAccessDenied)
	require.Equal(t, moment.Add(time.Second), upstream.RetryAt(get("q").Err))
	require.ErrorIs(t, get("lost").Err, bitrix.ErrBadAnswer)
	require.True(t, upstream.MaybeDone(get("lost").Err), "nothing says that it did not run")
}

func TestHaltedBatchTellsWhatDidNotRun(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"result":{"c00":true},"result_error":{"c01":{"error":"","error_description":"Not found"}},
		"result_total":[],"result_next":[],"result_time":[]}}`))
	batch, err := newClient(t, p).Batch(t.Context(), []bitrix.Command{{Method: "x.add"}, {Method: "x.add"}, {Method: "x.add"}}, true)
	require.NoError(t, err)
	require.NoError(t, batch.Commands[0].Err)
	require.ErrorIs(t, batch.Commands[1].Err, bitrix.ErrNotFound)
	require.ErrorIs(t, batch.Commands[2].Err, bitrix.ErrNotRun)
	require.NotErrorIs(t, batch.Commands[2].Err, bitrix.ErrBadAnswer)
	require.False(t, upstream.MaybeDone(batch.Commands[2].Err))
	require.Equal(t, upstream.Retry, upstream.ClassOf(batch.Commands[2].Err))
}

func TestBatchOfNothingButErrors(t *testing.T) {
	t.Parallel()
	p := newPortal(t,
		ok(`{"result":{"result":[],"result_error":{"c00":{"error":"100"}},"result_total":[],"result_next":[],"result_time":[]}}`),
		reply{status: 500, body: `{"error":"INTERNAL_SERVER_ERROR"}`})
	c := newClient(t, p)
	batch, err := c.Batch(t.Context(), []bitrix.Command{{Method: "x"}}, false)
	require.NoError(t, err)
	require.Error(t, batch.Commands[0].Err)
	_, err = c.Batch(t.Context(), []bitrix.Command{{Method: "x"}}, false)
	require.True(t, upstream.MaybeDone(err), "any part of a failed batch may have run")
}

func TestBatchRefusesLocally(t *testing.T) {
	t.Parallel()
	many := make([]bitrix.Command, 51)
	for i := range many {
		many[i].Method = "x"
	}
	for name, tc := range map[string]struct {
		commands []bitrix.Command
		is       error
	}{
		"nothing":         {nil, nil},
		"51 commands":     {many, nil},
		"a number's name": {[]bitrix.Command{{Name: "0", Method: "x"}}, nil},
		"a bracket":       {[]bitrix.Command{{Name: "a[", Method: "x"}}, nil},
		"the same name":   {[]bitrix.Command{{Name: "a", Method: "x"}, {Name: "a", Method: "x"}}, nil},
		"nested":          {[]bitrix.Command{{Method: "Batch"}}, bitrix.ErrNotBatchable},
		"no method":       {[]bitrix.Command{{}}, bitrix.ErrNotBatchable},
		"two methods":     {[]bitrix.Command{{Method: "x?a=1"}}, bitrix.ErrNotBatchable},
		"upload":          {[]bitrix.Command{{Method: "disk.folder.uploadFile"}}, bitrix.ErrNotBatchable},
		"empty list":      {[]bitrix.Command{{Method: "x", Params: map[string]any{"fields": map[string]any{"A": []int{}}}}}, bitrix.ErrNotBatchable},
		"a file": {[]bitrix.Command{{Method: "crm.timeline.comment.add", Params: bitrix.Comment{
			Kind: bitrix.EntityDeal, EntityID: 1, Files: []bitrix.FileContent{{Name: "a", Data: []byte("x")}},
		}}}, bitrix.ErrNotBatchable},
		"a long text": {[]bitrix.Command{{Method: "x", Params: map[string]string{"a": strings.Repeat("x", 300<<10)}}}, bitrix.ErrNotBatchable},
		"a reference in a comment": {[]bitrix.Command{{Method: "x", Params: map[string]string{"a": "see $result[c00][token]"}}},
			bitrix.ErrNotBatchable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			_, err := newClient(t, p).Batch(t.Context(), tc.commands, false)
			require.Error(t, err)
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
				require.ErrorIs(t, bitrix.Batchable(tc.commands[0].Method, tc.commands[0].Params), tc.is)
			}
			require.Empty(t, p.requests())
		})
	}
}

func TestEncodeQuery(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		params any
		want   string // unescaped
	}{
		"nothing": {nil, ""},
		"empty":   {struct{}{}, ""},
		"scalars": {json.RawMessage(`{"z":"a b","n":12345678901234567890,"f":1.50,"t":true,"no":false,"null":null}`),
			"z=a b&n=12345678901234567890&f=1.50&t=1&no=0&null="},
		"nested": {map[string]any{"fields": map[string]any{"PHONE": []map[string]string{{"VALUE": "+7"}, {"VALUE": "8"}}}},
			"fields[PHONE][0][VALUE]=+7&fields[PHONE][1][VALUE]=8"},
		"filter": {map[string]any{"filter": map[string]any{">id": 5, "@stageId": []string{"C1:NEW"}}},
			"filter[>id]=5&filter[@stageId][0]=C1:NEW"},
		"order": {bitrix.ListOptions{Order: bitrix.Order{{Field: "b"}, {Field: "a", Desc: true}}}, "order[b]=ASC&order[a]=DESC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := bitrix.EncodeQuery(tc.params)
			require.NoError(t, err)
			plain := []string{}
			for pair := range strings.SplitSeq(got, "&") {
				text, err := url.QueryUnescape(pair)
				require.NoError(t, err)
				plain = append(plain, text)
			}
			require.Equal(t, tc.want, strings.Join(plain, "&"))
		})
	}
	for name, params := range map[string]string{
		"list": `[1]`, "empty object": `{"a":{}}`, "empty list inside": `{"a":[[]]}`, "bracket": `{"a[":1}`, "no name": `{"":1}`,
	} {
		_, err := bitrix.EncodeQuery(json.RawMessage(params))
		require.ErrorIs(t, err, bitrix.ErrNotBatchable, name)
	}
	_, err := bitrix.EncodeQuery(func() {})
	require.Error(t, err)
}

func TestQueryIsReadBackByTheFormDecoder(t *testing.T) {
	t.Parallel()
	query, err := bitrix.EncodeQuery(map[string]any{"a": map[string]any{"b": []string{"x&y=z", "100%", "п р"}}})
	require.NoError(t, err)
	form, err := bitrix.ParseForm([]byte(query))
	require.NoError(t, err)
	require.Equal(t, []string{"x&y=z", "100%", "п р"}, form.At("a", "b").Texts())
	require.Equal(t, query, string(form.Encode()))
}
