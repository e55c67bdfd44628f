package bitrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

// walk is an iterator over a list method.
type walk struct {
	method string
	frame  string // of a page; %s is its rows
	key    string // of a row's number
	params string // of the second page, without the condition on the number
	where  string // the key of the filter
	rows   func(ctx context.Context, c *bitrix.Client, opts bitrix.ScanOptions) iter.Seq2[any, error]
}

// plain hides the rows' type.
func plain[T any](all iter.Seq2[T, error]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for row, err := range all {
			if !yield(row, err) {
				return
			}
		}
	}
}

// walked is an iterator that is narrowed by ScanOptions alone.
func walked[T any](all func(*bitrix.Client, context.Context, bitrix.ScanOptions) iter.Seq2[T, error]) func(context.Context, *bitrix.Client, bitrix.ScanOptions) iter.Seq2[any, error] {
	return func(ctx context.Context, c *bitrix.Client, opts bitrix.ScanOptions) iter.Seq2[any, error] {
		return plain(all(c, ctx, opts))
	}
}

func walks() map[string]walk {
	const bare, items = `%s`, `{"items":%s}`
	return map[string]walk{
		"items": {"crm.item.list", items, "id", `{"entityTypeId":2,"select":["id","title"],"order":{"id":"ASC"},"start":-1,"useOriginalUfNames":"Y"}`, "filter",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				return plain(c.Items(ctx, bitrix.ItemsOptions{Kind: bitrix.EntityDeal, Select: []string{"title"}, Filter: o.Filter, After: o.After}))
			}},
		"legacy": {"crm.deal.list", bare, "ID", `{"select":["ID","TITLE"],"order":{"ID":"ASC"},"start":-1}`, "filter",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				o.Select = []string{"TITLE"}
				return plain(c.LegacyItems(ctx, bitrix.EntityDeal, o))
			}},
		"product rows": {"crm.item.productrow.list", `{"productRows":%s}`, "id", `{"order":{"id":"ASC"},"start":-1}`, "filter",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				return plain(c.ProductRows(ctx, bitrix.EntityDeal, 57, o))
			}},
		"stage history": {"crm.stagehistory.list", items, "ID", `{"entityTypeId":1,"order":{"ID":"ASC"},"start":-1}`, "filter",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				return plain(c.StageHistory(ctx, bitrix.EntityLead, o.After, o.Filter))
			}},
		"types":         {"crm.type.list", `{"types":%s}`, "id", `{"order":{"id":"ASC"},"start":-1}`, "filter", walked((*bitrix.Client).Types)},
		"requisites":    {"crm.requisite.list", bare, "ID", `{"order":{"ID":"ASC"},"start":-1}`, "filter", walked((*bitrix.Client).Requisites)},
		"bank details":  {"crm.requisite.bankdetail.list", bare, "ID", `{"order":{"ID":"ASC"},"start":-1}`, "filter", walked((*bitrix.Client).BankDetails)},
		"presets":       {"crm.requisite.preset.list", bare, "ID", `{"order":{"ID":"ASC"},"start":-1}`, "filter", walked((*bitrix.Client).Presets)},
		"templates":     {"bizproc.workflow.template.list", bare, "ID", `{"ORDER":{"ID":"ASC"},"start":-1}`, "FILTER", walked((*bitrix.Client).Templates)},
		"tasks":         {"bizproc.task.list", bare, "ID", `{"ORDER":{"ID":"ASC"},"START":-1}`, "FILTER", walked((*bitrix.Client).WorkflowTasks)},
		"field configs": {"userfieldconfig.list", `{"fields":%s}`, "id", `{"moduleId":"crm","order":{"id":"ASC"},"start":-1}`, "filter", walked((*bitrix.Client).FieldConfigs)},
		"users":         {"user.get", bare, "ID", `{"sort":"ID","order":"ASC","start":-1}`, "FILTER", walked((*bitrix.Client).Users)},
		"drives":        {"disk.storage.getList", bare, "ID", `{"order":{"ID":"ASC"},"start":-1}`, "filter", walked((*bitrix.Client).DiskStorages)},
		"folder": {"disk.folder.getChildren", bare, "ID", `{"id":8910,"order":{"ID":"ASC"},"start":-1}`, "filter",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				return plain(c.DiskFolderChildren(ctx, 8910, o))
			}},
		"drive": {"disk.storage.getChildren", bare, "ID", `{"id":1366,"order":{"ID":"ASC"},"start":-1}`, "filter",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				return plain(c.DiskStorageChildren(ctx, 1366, o))
			}},
		"comments": {"crm.timeline.comment.list", bare, "ID", `{"order":{"ID":"ASC"},"start":-1}`, "filter",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				return plain(c.Comments(ctx, bitrix.EntityDeal, 57, o))
			}},
		"storage rows": {"entity.item.get", bare, "ID", `{"ENTITY":"docs","SORT":{"ID":"ASC"},"start":-1}`, "FILTER",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				return plain(c.StorageItems(ctx, "docs", o))
			}},
		"offline events": {"event.offline.list", bare, "ID", `{"order":{"ID":"ASC"},"start":-1,"auth_connector":"bridge"}`, "filter",
			func(ctx context.Context, c *bitrix.Client, o bitrix.ScanOptions) iter.Seq2[any, error] {
				return plain(c.OfflineEvents(ctx, "bridge", o))
			}},
	}
}

// numbered is a page of n rows from a number on.
func numbered(w walk, from, n int) reply {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{%q:"%d"}`, w.key, from+i)
	}
	return ok(`{"result":` + fmt.Sprintf(w.frame, "["+strings.Join(rows, ",")+"]") + `}`)
}

// TestWalksPageByID: every list is walked by the numbers of its rows, to the end, from where it is told.
func TestWalksPageByID(t *testing.T) {
	t.Parallel()
	for name, w := range walks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, numbered(w, 101, 50), numbered(w, 200, 3))
			filter := map[string]any{"%NAME": "a"}
			count := 0
			for _, err := range w.rows(t.Context(), newClient(t, p), bitrix.ScanOptions{Filter: filter, After: 100}) {
				require.NoError(t, err)
				count++
			}
			require.Equal(t, 53, count)
			require.Len(t, filter, 1, "the caller's filter stays as it was")
			require.Len(t, p.requests(), 2)
			for i, after := range []string{"100", "150"} {
				sent := p.requests()[i]
				require.Equal(t, "/rest/"+w.method, sent.Path)
				var fields map[string]json.RawMessage
				require.NoError(t, json.Unmarshal([]byte(sent.Body), &fields))
				asked := string(fields[w.where])
				require.Equal(t, after, field(t, asked, ">"+w.key), "behind the last row")
				require.Equal(t, `"a"`, field(t, asked, "%NAME"), "the caller's own condition")
				delete(fields, w.where)
				delete(fields, "auth")
				rest, err := json.Marshal(fields)
				require.NoError(t, err)
				require.JSONEq(t, w.params, string(rest))
			}
		})
	}
}

// TestWalksStop: at an error, when the caller has enough, and when a portal answers the same page again.
func TestWalksStop(t *testing.T) {
	t.Parallel()
	for name, w := range walks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, numbered(w, 1, 50), reply{status: 400, body: `{"error":"INVALID_ARG_VALUE"}`})
			count, last := countOf(w.rows(t.Context(), newClient(t, p), bitrix.ScanOptions{}))
			require.Equal(t, 50, count)
			require.ErrorIs(t, last, bitrix.ErrParameter)

			p = newPortal(t, numbered(w, 1, 50))
			for range w.rows(t.Context(), newClient(t, p), bitrix.ScanOptions{}) {
				break
			}
			require.Len(t, p.requests(), 1)

			p = newPortal(t, numbered(w, 1, 50), numbered(w, 1, 50))
			count, last = countOf(w.rows(t.Context(), newClient(t, p), bitrix.ScanOptions{}))
			require.Equal(t, 50, count)
			require.ErrorIs(t, last, bitrix.ErrBadAnswer)
		})
	}
}

func countOf(all iter.Seq2[any, error]) (count int, last error) {
	for _, err := range all {
		if last = err; err == nil {
			count++
		}
	}
	return count, last
}

// TestWorkflowsArePagedByTheirTextIDs: workflows have no numbers.
func TestWorkflowsArePagedByTheirTextIDs(t *testing.T) {
	t.Parallel()
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = fmt.Sprintf(`{"ID":"658c4d3d6a29%02d.51542462","MODULE_ID":"crm","ENTITY":"CCrmDocumentDeal","DOCUMENT_ID":"DEAL_%d"}`, i, i+1)
	}
	p := newPortal(t, ok(`{"result":[`+strings.Join(ids, ",")+`]}`), ok(`{"result":[]}`))
	count := 0
	for w, err := range newClient(t, p).Workflows(t.Context(), bitrix.ScanOptions{
		Select: []string{"MODULE_ID", "ENTITY", "DOCUMENT_ID"}, Filter: map[string]any{">STARTED": "2026-05-14"},
	}) {
		require.NoError(t, err)
		count++
		kind, id, err := w.Document().Card()
		require.NoError(t, err)
		require.Equal(t, bitrix.EntityDeal, kind)
		require.Equal(t, bitrix.ID(count), id)
	}
	require.Equal(t, 50, count)
	require.JSONEq(t, `{"auth":"TOKEN-OF-TEST","SELECT":["ID","MODULE_ID","ENTITY","DOCUMENT_ID"],"FILTER":{">STARTED":"2026-05-14"},"ORDER":{"ID":"ASC"},"start":-1}`, p.requests()[0].Body)
	require.JSONEq(t, `{">ID":"658c4d3d6a2949.51542462",">STARTED":"2026-05-14"}`, field(t, p.requests()[1].Body, "FILTER"))
}

// TestWalksByStart: rows without numbers of their own are read by the offset of the page.
func TestWalksByStart(t *testing.T) {
	t.Parallel()
	filter := bitrix.ListOptions{Filter: map[string]any{"ENTITY_TYPE_ID": 8}}
	for name, all := range map[string]func(ctx context.Context, c *bitrix.Client) iter.Seq2[any, error]{
		"crm.address.list": func(ctx context.Context, c *bitrix.Client) iter.Seq2[any, error] {
			return plain(c.Addresses(ctx, filter))
		},
		"crm.requisite.link.list": func(ctx context.Context, c *bitrix.Client) iter.Seq2[any, error] {
			return plain(c.RequisiteLinks(ctx, filter))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, ok(`{"result":[{"TYPE_ID":"1"},{"TYPE_ID":"6"}],"next":50,"total":52}`), ok(`{"result":[{"TYPE_ID":"1"}],"total":52}`))
			count, last := countOf(all(t.Context(), newClient(t, p)))
			require.NoError(t, last)
			require.Equal(t, 3, count)
			require.Equal(t, "/rest/"+name, p.requests()[1].Path)
			require.JSONEq(t, `{"auth":"TOKEN-OF-TEST","filter":{"ENTITY_TYPE_ID":8}}`, p.requests()[0].Body)
			require.Equal(t, "50", field(t, p.requests()[1].Body, "start"))

			p = newPortal(t, ok(`{"result":[{}],"next":50}`), ok(`{"result":[{}],"next":50}`))
			count, last = countOf(all(t.Context(), newClient(t, p)))
			require.Equal(t, 2, count)
			require.ErrorIs(t, last, bitrix.ErrBadAnswer, "the same page again")

			p = newPortal(t, reply{status: 400, body: `{"error":"","error_description":"Access denied."}`})
			_, last = countOf(all(t.Context(), newClient(t, p)))
			require.ErrorIs(t, last, bitrix.ErrAccessDenied)

			p = newPortal(t, ok(`{"result":[{},{}],"next":50}`))
			for range all(t.Context(), newClient(t, p)) {
				break
			}
			require.Len(t, p.requests(), 1)
		})
	}
}

func TestTypesWithoutOldMethods(t *testing.T) {
	t.Parallel()
	c := newClient(t, newPortal(t))
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"get":            func() error { _, err := c.LegacyGet(ctx, 147, 1); return err },
		"list":           func() error { _, err := c.LegacyList(ctx, 147, bitrix.ListOptions{}); return err },
		"walk":           func() error { _, err := countOf(plain(c.LegacyItems(ctx, 147, bitrix.ScanOptions{}))); return err },
		"add":            func() error { _, err := c.LegacyAdd(ctx, bitrix.EntityQuote, nil, bitrix.LegacySave{}); return err },
		"update":         func() error { return c.LegacyUpdate(ctx, 147, 1, nil, bitrix.LegacySave{}) },
		"delete":         func() error { return c.LegacyDelete(ctx, 147, 1) },
		"fields":         func() error { _, err := c.LegacyFields(ctx, 147); return err },
		"contacts":       func() error { _, err := c.Contacts(ctx, bitrix.EntityContact, 1); return err },
		"set contacts":   func() error { return c.ContactsSet(ctx, 147, 1, nil) },
		"change a field": func() error { return c.UserFieldUpdate(ctx, 147, 1, nil) },
		"drop a field":   func() error { return c.UserFieldDelete(ctx, 147, 1) },
	} {
		require.ErrorContains(t, call(), "has no method", name)
	}
}
