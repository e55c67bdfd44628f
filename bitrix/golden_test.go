package bitrix_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

// golden is one documented exchange: what a method is asked and what the portal answers.
type golden struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Answer json.RawMessage `json:"answer"`
}

func readGolden(t *testing.T, name string) golden {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden", name+".json"))
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(data, &g))
	return g
}

// exchange makes one call of a typed method and returns what it gave.
type exchange struct {
	call func(ctx context.Context, c *bitrix.Client) (any, error)
	want any
}

func get[T any](call func(c *bitrix.Client, ctx context.Context) (T, error), want any) exchange {
	return exchange{func(ctx context.Context, c *bitrix.Client) (any, error) { return call(c, ctx) }, want}
}

func run(call func(ctx context.Context, c *bitrix.Client) error) exchange {
	return exchange{func(ctx context.Context, c *bitrix.Client) (any, error) { return nil, call(ctx, c) }, nil}
}

func with[T any](call func(ctx context.Context, c *bitrix.Client) (T, error), want T) exchange {
	return exchange{func(ctx context.Context, c *bitrix.Client) (any, error) { return call(ctx, c) }, want}
}

// documented are the exchanges of all areas.
func documented() []map[string]exchange {
	return []map[string]exchange{
		systemCalls(), eventCalls(), robotCalls(), workflowCalls(), cardCalls(), fieldCalls(), noteCalls(),
		legacyCalls(), smartCalls(), requisiteCalls(), ownFieldCalls(),
		commentCalls(), activityCalls(), optionCalls(), storageCalls(), userCalls(), diskCalls(),
	}
}

// TestMethodsSpeakAsDocumented sends every typed method against its documented exchange, with an
// application's token and with a webhook. A method of applications is not even sent with a webhook.
func TestMethodsSpeakAsDocumented(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, group := range documented() {
		for name, tc := range group {
			require.False(t, used[name+".json"], "%s is asked twice", name)
			used[name+".json"] = true
			t.Run(name+" with a token", func(t *testing.T) {
				t.Parallel()
				g := readGolden(t, name)
				p := newPortal(t, ok(string(g.Answer)))
				got, err := tc.call(t.Context(), newClient(t, p))
				require.NoError(t, err)
				require.Equal(t, tc.want, got)
				require.Len(t, p.requests(), 1)
				require.Equal(t, "/rest/"+g.Method, p.requests()[0].Path)
				require.JSONEq(t, withToken(t, g.Params), p.requests()[0].Body)
			})
			t.Run(name+" with a webhook", func(t *testing.T) {
				t.Parallel()
				g := readGolden(t, name)
				p := newPortal(t, ok(string(g.Answer)))
				got, err := tc.call(t.Context(), clientOf(bitrix.NewWebhook(p.endpoint()+"1/secret/")))
				if bitrix.NeedsApp(g.Method) {
					require.ErrorIs(t, err, bitrix.ErrAuthKind)
					require.Empty(t, p.requests())
					return
				}
				require.NoError(t, err)
				require.Equal(t, tc.want, got)
				require.Equal(t, "/rest/1/secret/"+g.Method, p.requests()[0].Path)
				require.JSONEq(t, string(g.Params), p.requests()[0].Body)
			})
		}
	}
	files, err := os.ReadDir(filepath.Join("testdata", "golden"))
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, used[file.Name()], "%s is asked by no test", file.Name())
	}
}

// withToken is the parameters with the credential that newClient adds.
func withToken(t *testing.T, params json.RawMessage) string {
	t.Helper()
	fields := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(params, &fields))
	fields["auth"] = json.RawMessage(`"TOKEN-OF-TEST"`)
	data, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(data)
}

const handler = "https://bridge.example/bitrix/events"

func systemCalls() map[string]exchange {
	return map[string]exchange{
		"app_info": get((*bitrix.Client).AppInfo, bitrix.AppInfo{
			ID: 5, Code: "local.6537665f598492.98090704", Version: 1, Status: "L", Installed: true, LanguageID: "ru",
			License: "ru_ent250", LicenseType: "ent250", LicenseFamily: "ent",
		}),
		"profile": get((*bitrix.Client).Profile, bitrix.Profile{ID: 1, Admin: true, Name: "Анна", LastName: "Орлова"}),
		"scope":   get((*bitrix.Client).Scope, []string{"crm", "bizproc", "placement"}),
		"feature": with(func(ctx context.Context, c *bitrix.Client) (bool, error) {
			return c.Feature(ctx, bitrix.FeatureOfflineExtended)
		}, true),
		"method_get": with(func(ctx context.Context, c *bitrix.Client) (bitrix.MethodInfo, error) {
			return c.MethodGet(ctx, "crm.item.get")
		}, bitrix.MethodInfo{Exists: true}),
		"server_time": with(func(ctx context.Context, c *bitrix.Client) (time.Time, error) {
			now, err := c.ServerTime(ctx)
			return now.UTC(), err
		}, moment),
		"placement_bind": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.PlacementBind(ctx, bitrix.Placement{
				Code: bitrix.DetailTab(bitrix.EntityDeal), Handler: "https://bridge.example/p", Title: "Контур",
				Titles: bitrix.Titles{"en": {Title: "Kontur"}},
			})
		}),
		"placement_get": get((*bitrix.Client).PlacementGet, []bitrix.Placement{
			{Code: "CRM_DEAL_DETAIL_TAB", Handler: "https://bridge.example/p", Title: "Контур", Titles: bitrix.Titles{"ru": {Title: "Контур"}}},
		}),
		"placement_list": get((*bitrix.Client).PlacementList, []string{"CRM_DEAL_DETAIL_TAB", bitrix.DetailTab(136)}),
		"placement_unbind": with(func(ctx context.Context, c *bitrix.Client) (bool, error) {
			return c.PlacementUnbind(ctx, "CRM_DEAL_DETAIL_TAB", "https://bridge.example/p")
		}, true),
		"disk_file": with(func(ctx context.Context, c *bitrix.Client) (bitrix.FileRef, error) {
			file, err := c.DiskFile(ctx, 8930)
			return file.Ref(), err
		}, bitrix.FileRef{ID: 30577, Link: "https://portal/rest/download.json?auth=A&token=disk%7CB"}),
	}
}

func eventCalls() map[string]exchange {
	bind := func(b bitrix.EventBinding) exchange {
		return run(func(ctx context.Context, c *bitrix.Client) error { return c.EventBind(ctx, b) })
	}
	return map[string]exchange{
		"event_bind":         bind(bitrix.EventBinding{Event: "ONCRMDEALUPDATE", Handler: handler}),
		"event_bind_offline": bind(bitrix.EventBinding{Event: "ONCRMDEALUPDATE", Offline: true, AuthConnector: "bridge"}),
		"event_bind_notice":  bind(bitrix.EventBinding{Event: bitrix.EventOffline, Handler: handler, MinTimeout: 10 * time.Second}),
		"event_unbind": with(func(ctx context.Context, c *bitrix.Client) (int, error) {
			return c.EventUnbind(ctx, bitrix.EventBinding{Event: "ONCRMDEALUPDATE", Handler: handler})
		}, 1),
		"event_get": get((*bitrix.Client).EventGet, []bitrix.EventBinding{
			{Event: "ONCRMLEADADD", Handler: "https://bridge.example/e"},
			{Event: "ONCRMDEALADD", UserID: 1, Offline: true, AuthConnector: "bridge"},
		}),
		"events": get((*bitrix.Client).Events, []string{"ONCRMDEALADD", "ONCRMDYNAMICITEMUPDATE_147"}),
		"offline_get": with(func(ctx context.Context, c *bitrix.Client) (bitrix.OfflineBatch, error) {
			return c.OfflineGet(ctx, bitrix.OfflineQuery{AuthConnector: "bridge", Limit: 50, Order: bitrix.Order{{Field: "ID"}}})
		}, bitrix.OfflineBatch{ProcessID: "yh3gu929", Events: []bitrix.OfflineEvent{
			{ID: 1, Timestamp: "2024-07-18T12:32:31+02:00", Name: "ONCRMLEADADD", Data: json.RawMessage(`{"FIELDS":{"ID":"57"}}`),
				Additional: json.RawMessage(`{"user_id":"1"}`), MessageID: "m1", ProcessID: "yh3gu929"},
			{ID: 2, Timestamp: "24.08.2023 13:19:39", Name: "ONCRMDEALADD", Data: json.RawMessage(`false`),
				Additional: json.RawMessage(`false`), MessageID: "m2", Failed: true},
		}}),
		"offline_get_delete": with(func(ctx context.Context, c *bitrix.Client) (bitrix.OfflineBatch, error) {
			return c.OfflineGet(ctx, bitrix.OfflineQuery{
				Delete: true, Failed: true, ProcessID: "p", Filter: map[string]any{"EVENT_NAME": "ONCRMDEALADD"},
			})
		}, bitrix.OfflineBatch{}),
		"offline_clear": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.OfflineClear(ctx, "yh3gu929", "m1", "m2")
		}),
		"offline_error": run(func(ctx context.Context, c *bitrix.Client) error { return c.OfflineError(ctx, "yh3gu929") }),
		"offline_list": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ListAnswer[[]bitrix.OfflineEvent], error) {
			return c.OfflineList(ctx, bitrix.ListOptions{Filter: map[string]any{"!PROCESS_ID": ""}})
		}, bitrix.ListAnswer[[]bitrix.OfflineEvent]{}),
	}
}

func noteCalls() map[string]exchange {
	file := bitrix.FileContent{Name: "signed.pdf", Data: []byte("%PDF-")}
	return map[string]exchange{
		"comment_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.CommentAdd(ctx, bitrix.Comment{
				Kind: bitrix.EntityDeal, EntityID: 57, Text: "Signed: [URL=https://acme.example/d/1]doc[/URL]", Files: []bitrix.FileContent{file},
			})
		}, 999),
		"comment_list": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			list, err := c.CommentList(ctx, 1046, 1, 0)
			return string(list.Result[0].Files["12"].Name) + "," + string(list.Result[1].Text), err
		}, "signed.pdf,y"),
		"log_message": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.LogMessageAdd(ctx, bitrix.LogMessage{Kind: bitrix.EntityDeal, EntityID: 57, Title: "Реестро", Text: "Отправлено"})
		}, 1),
		"todo": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.TodoAdd(ctx, bitrix.Todo{
				Kind: bitrix.EntityDeal, EntityID: 57, Deadline: moment, Title: "Оплатить", Description: "Пошлина",
				ResponsibleID: 7, PingOffsets: []int{15},
			})
		}, 999),
		"notify": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.Notify(ctx, bitrix.Notice{UserID: 7, Message: "Готово", Type: "SYSTEM", Tag: "KB|57"})
		}, 123),
		"notify_refused": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.Notify(ctx, bitrix.Notice{UserID: 7, Message: "Готово"})
		}, 0),
	}
}

func TestPropertiesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(bitrix.RobotProperties{{ID: "z", Type: "int"}, {ID: "a", Type: "int"}})
	require.NoError(t, err)
	require.Less(t, strings.Index(string(data), `"z"`), strings.Index(string(data), `"a"`))
	_, err = json.Marshal(bitrix.RobotProperties{{ID: "a", Default: func() {}}})
	require.Error(t, err)
}
