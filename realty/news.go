package realty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Token is a position in the news: opaque, never compared for order.
type Token string

// NewsPage is one page of events, oldest first.
type NewsPage struct {
	Items     []NewsItem
	LastToken Token // as the service wrote it; may be empty
	// Next is the position after this page: LastToken, else the last item's token, else the position
	// that was asked for. Store it once the whole page is handled. It is empty only when the service
	// named no starting point.
	Next Token
}

// NewsItem is one event: a docflow that changed, with what it carries now.
//
// Doc: Kontur.Reestro API docs, page "DocflowNewsItem".
type NewsItem struct {
	Token   Token
	Date    time.Time // zero when RawDate is not RFC 3339
	RawDate string    // the format is not documented
	Docflow Docflow   // without options
	// Err tells why the item could not be read, so that one strange event neither stops the feed nor
	// disappears; Docflow is zero then. Get every open docflow to catch up.
	Err error
	Raw json.RawMessage // the item as it came
}

// News reads one page of events after the position, oldest first. An empty after means "from now on"
// and brings a starting point without earlier events: never fall back to it when a position is known.
// The page size is not documented; see [Client.NewsPages] for the pages in a row.
//
// Events of all docflows of the account arrive, also of those that another program created.
//
// Errors: *APIError matching [ErrTokenRefused] (400, 404 or 410 to a call with a position),
// [ErrNoAccess], or [ErrBadAnswer] when the page has an unknown shape: a renamed field must not look
// like silence. The position is unchanged then.
//
// Doc: Kontur.Reestro API docs, page "Новости", GET /news.
func (c *Client) News(ctx context.Context, after Token) (NewsPage, error) {
	req := call{op: "GET /news", method: http.MethodGet, path: "/news"}
	if after != "" {
		req.path += "?after=" + url.QueryEscape(string(after))
	}
	answer, err := c.do(ctx, req)
	if failure, ok := errors.AsType[*APIError](err); ok && after != "" {
		switch failure.Status {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusGone:
			failure.Cause = ErrTokenRefused
		}
	}
	if err != nil {
		return NewsPage{}, err
	}
	page, err := ParseNews(answer.Body, after)
	if err != nil {
		return NewsPage{}, badAnswer(req, answer, err)
	}
	return page, nil
}

// NewsPages reads page after page until there is nothing new: until an empty page, or one whose
// position has been met before. It yields every page, the empty last one too when it moves the
// position, without events that this run has already yielded. The first error ends it; the position
// of the last yielded page stays valid.
//
// An event is known by its docflow and token; the same event may come again in a later run, when the
// service counts the position as included.
func (c *Client) NewsPages(ctx context.Context, after Token) iter.Seq2[NewsPage, error] {
	return func(yield func(NewsPage, error) bool) {
		type event struct {
			docflow DocflowID
			token   Token
		}
		met, seen := map[Token]bool{after: true}, map[event]bool{}
		for {
			page, err := c.News(ctx, after)
			if err != nil {
				yield(NewsPage{}, err)
				return
			}
			empty := len(page.Items) == 0
			if empty && page.Next == after {
				return
			}
			page.Items = slices.DeleteFunc(page.Items, func(item NewsItem) bool {
				known := event{DocflowID(strings.ToLower(string(item.Docflow.ID))), item.Token}
				again := item.Token != "" && item.Err == nil && seen[known]
				seen[known] = true
				return again
			})
			if !yield(page, nil) || empty || met[page.Next] {
				return
			}
			after = page.Next
			met[after] = true
		}
	}
}

// ParseNews reads a page that answered a call with after. The docs never print one, so the array of
// items is looked for under several names. An answer with other fields than the known ones and no
// items among them is an error.
func ParseNews(body []byte, after Token) (NewsPage, error) {
	page := NewsPage{Next: after}
	if len(bytes.TrimSpace(body)) == 0 { // 204
		return page, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return NewsPage{}, fmt.Errorf("realty: news page: %w", err)
	}
	if fields == nil {
		return NewsPage{}, errors.New("realty: news page: null")
	}
	var last text
	if raw, ok := field(fields, "lastToken"); ok {
		if err := json.Unmarshal(raw, &last); err != nil {
			return NewsPage{}, fmt.Errorf("realty: news page: lastToken: %w", err)
		}
	}
	items, err := newsArray(fields)
	if err != nil {
		return NewsPage{}, fmt.Errorf("realty: news page: %w", err)
	}
	for _, raw := range items {
		page.Items = append(page.Items, parseNewsItem(raw))
	}
	page.LastToken = Token(last)
	if page.LastToken != "" {
		page.Next = page.LastToken
	} else if n := len(page.Items); n > 0 && page.Items[n-1].Token != "" {
		page.Next = page.Items[n-1].Token
	}
	return page, nil
}

// newsArray finds the items: under a known name, else as the only array of objects with a docflow.
func newsArray(fields map[string]json.RawMessage) ([]json.RawMessage, error) {
	named := false
	for _, name := range []string{"docflowNewsItem", "docflowNewsItems", "docflowNews", "newsItems", "news", "items"} {
		raw, ok := field(fields, name)
		if !ok {
			continue
		}
		named = true
		if absentIfNull(raw) == nil {
			continue
		}
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err == nil {
			return items, nil
		}
		if hasDocflow(raw) {
			return []json.RawMessage{raw}, nil
		}
		return nil, fmt.Errorf("%s is not an array of events", name)
	}
	if named {
		return nil, nil
	}
	return unnamedArray(fields)
}

// unnamedArray takes any array that can be nothing but events, and fails on fields that it does not
// understand: a renamed array must not look like an empty page.
func unnamedArray(fields map[string]json.RawMessage) ([]json.RawMessage, error) {
	others := 0
	var found [][]json.RawMessage
	for name, raw := range fields {
		if strings.EqualFold(name, "lastToken") {
			continue
		}
		others++
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) == nil && len(items) > 0 && !slices.ContainsFunc(items, lacksDocflow) {
			found = append(found, items)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case others == 0:
		return nil, nil
	}
	return nil, errors.New("no array of events, but unknown fields")
}

func hasDocflow(raw json.RawMessage) bool {
	var item struct{ Docflow map[string]json.RawMessage }
	return json.Unmarshal(raw, &item) == nil && item.Docflow != nil
}

func lacksDocflow(raw json.RawMessage) bool { return !hasDocflow(raw) }

// field finds a field whose first letter may have either case.
func field(fields map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if raw, ok := fields[name]; ok {
		return raw, true
	}
	raw, ok := fields[string(unicode.ToUpper(rune(name[0])))+name[1:]]
	return raw, ok
}

func parseNewsItem(raw json.RawMessage) NewsItem {
	item := NewsItem{Raw: bytes.Clone(raw)}
	var wire struct{ Token, Date json.RawMessage }
	if err := json.Unmarshal(raw, &wire); err != nil {
		item.Err = fmt.Errorf("realty: news item: %w", err)
		return item
	}
	item.Token, item.RawDate = Token(scalar(wire.Token)), scalar(wire.Date)
	if date, err := time.Parse(time.RFC3339Nano, item.RawDate); err == nil {
		item.Date = date
	} else if date, err := time.Parse("2006-01-02T15:04:05.999999999", item.RawDate); err == nil {
		item.Date = date // without a zone: read as UTC
	}
	if !hasDocflow(raw) {
		item.Err = errors.New("realty: news item: no docflow")
		return item
	}
	item.Docflow, item.Err = ParseDocflow(raw)
	return item
}

// scalar is the text of a JSON scalar, "" for anything else.
func scalar(raw json.RawMessage) string {
	var t text
	if len(raw) == 0 || json.Unmarshal(raw, &t) != nil {
		return ""
	}
	return string(t)
}
