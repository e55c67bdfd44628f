package bitrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// bucket is a Limiter of its own: so many requests at once, and perSecond more.
type bucket struct {
	mu        sync.Mutex
	perSecond float64
	size      float64
	level     float64
	at        time.Time
	fail      error
	exceeded  int
}

// drained is a bucket of an ordinary plan that has no room now.
func drained() *bucket { return &bucket{perSecond: 2, size: 40, level: 40, at: time.Now()} }

func (b *bucket) Take(context.Context) (time.Duration, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.level = max(0, b.level-b.perSecond*now.Sub(b.at).Seconds())
	b.at = now
	if over := b.level + 1 - b.size; over > 1e-6 {
		return time.Duration(over / b.perSecond * float64(time.Second)), b.fail
	}
	b.level++
	return 0, b.fail
}

func (b *bucket) Exceeded(context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.level = b.size
	b.exceeded++
}

// hit is one request that the counter got.
type hit struct {
	at       time.Duration // since the counter opened
	method   string
	commands []string // methods, of a batch
}

// counter answers calls without a network. Its answer to a command or a call is what serve gives: the bodies of
// result or error objects.
type counter struct {
	mu     sync.Mutex
	opened time.Time
	hits   []hit
	serve  func(method string, query url.Values) string                      // one command: {"result":…} or {"error":…}, with time
	packed func(method string, query url.Values) string                      // the same in a batch; nil: serve
	whole  func(r *http.Request, n int, h hit) (*http.Response, error, bool) // the n-th request; false: as usual
}

func newCounter() *counter {
	return &counter{opened: time.Now(), serve: func(_ string, q url.Values) string { return fmt.Sprintf(`{"result":%q}`, q.Get("id")) }}
}

// pack is a client of the counter.
func (p *counter) pack(l bitrix.Limiter, o bitrix.PackerOptions) *bitrix.Client {
	up := upstream.New(upstream.WithInsecure(true), upstream.WithTransport(p))
	return bitrix.New(up, &tokens{access: "TOKEN-OF-TEST", endpoint: "http://portal.test/rest/"}, bitrix.WithPacker(l, o))
}

// RoundTrip implements http.RoundTripper.
func (p *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var params struct {
		ID  json.RawMessage   `json:"id"`
		Cmd map[string]string `json:"cmd"`
	}
	if err := json.Unmarshal(body, &params); err != nil {
		return nil, err
	}
	h := hit{at: time.Since(p.opened), method: path.Base(r.URL.Path)}
	names := make([]string, 0, len(params.Cmd))
	for i := range len(params.Cmd) {
		name := fmt.Sprintf("c%02d", i)
		names = append(names, name)
		method, _, _ := strings.Cut(params.Cmd[name], "?")
		h.commands = append(h.commands, method)
	}
	p.mu.Lock()
	p.hits = append(p.hits, h)
	n := len(p.hits)
	p.mu.Unlock()
	if p.whole != nil {
		if resp, err, done := p.whole(r, n, h); done {
			return resp, err
		}
	}
	httptrace.ContextClientTrace(r.Context()).WroteHeaders() // from here on it may have been done
	if h.method != "batch" {
		return said(200, p.serve(h.method, url.Values{"id": {strings.Trim(string(params.ID), `"`)}})), nil
	}
	return said(200, p.batch(names, params.Cmd)), nil
}

func (p *counter) batch(names []string, cmd map[string]string) string {
	maps := map[string]map[string]json.RawMessage{"result": {}, "result_error": {}, "result_time": {}, "result_total": {}, "result_next": {}}
	serve := p.serve
	if p.packed != nil {
		serve = p.packed
	}
	for _, name := range names {
		method, query, _ := strings.Cut(cmd[name], "?")
		values, _ := url.ParseQuery(query)
		var one map[string]json.RawMessage
		if json.Unmarshal([]byte(serve(method, values)), &one) != nil {
			continue // not answered at all
		}
		if one["error"] != nil {
			maps["result_error"][name], _ = json.Marshal(one)
		}
		for key, to := range map[string]string{"result": "result", "time": "result_time", "total": "result_total", "next": "result_next"} {
			if one[key] != nil {
				maps[to][name] = one[key]
			}
		}
	}
	whole, _ := json.Marshal(map[string]any{"result": maps})
	return string(whole)
}

func said(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// requests tells what came: the method and, of batches, the number of commands.
func (p *counter) requests() (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hits {
		if h.method == "batch" {
			list = append(list, fmt.Sprintf("%v batch of %d", h.at, len(h.commands)))
			continue
		}
		list = append(list, fmt.Sprintf("%v %s", h.at, h.method))
	}
	return list
}

// answered is how one of many calls ended.
type answered struct {
	id  string
	err error
	at  time.Duration
}

// together makes n calls at once and waits for all of them. Each asks for its own id.
func (p *counter) together(ctx context.Context, c *bitrix.Client, method string, n int) []answered {
	all := make([]answered, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			id, err := bitrix.Call[string](ctx, c, method, map[string]any{"id": fmt.Sprint(i)})
			all[i] = answered{id, err, time.Since(p.opened)}
		})
	}
	group.Wait()
	return all
}
