package bitrix_test

import (
	"context"

	"konturbridge/bitrix"
)

func commentCalls() map[string]exchange {
	pdf := bitrix.FileContent{Name: "signed.pdf", Data: []byte("%PDF-")}
	todo := bitrix.Todo{Kind: bitrix.EntityDeal, EntityID: 57, Deadline: moment, Title: "Оплатить", ParentActivityID: 998, ColorID: 3}
	return map[string]exchange{
		"comment_get": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			row, err := c.CommentGet(ctx, 999)
			return line(row.ID, row.Text, row.AuthorID, row.Files["12"].ID, row.Files["12"].Name), err
		}, "999 Подписано 1 12 signed.pdf"),
		"comment_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.CommentUpdate(ctx, 999, "Подписано обеими сторонами")
		}),
		"comment_update_files": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.CommentUpdate(ctx, 999, "Подписано", pdf)
		}),
		"comment_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.CommentDelete(ctx, 999) }),
		"todo_full":      with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) { return c.TodoAdd(ctx, todo) }, 999),
		"todo_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.TodoUpdate(ctx, 999, bitrix.Todo{Kind: bitrix.EntityDeal, EntityID: 57, Deadline: moment, Title: "Оплатить сегодня"})
		}),
		"activity_complete": run(func(ctx context.Context, c *bitrix.Client) error { return c.ActivityComplete(ctx, 999) }),
		"notify_personal": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.NotifyPersonal(ctx, bitrix.Notice{
				UserID: 7, Message: "Готово", Type: bitrix.NoticeSystem, Email: "Документ подписан", Tag: "KB|57", SubTag: "KB",
				Attach: []map[string]string{{"MESSAGE": "57"}},
			})
		}, 124),
		"notify_system": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.NotifySystem(ctx, bitrix.Notice{UserID: 7, Message: "Готово"})
		}, 125),
		"notify_delete": with(func(ctx context.Context, c *bitrix.Client) (bool, error) {
			return c.NotifyDelete(ctx, bitrix.NoticeKey{Tag: "KB|57"})
		}, true),
		"notify_delete_webhook": with(func(ctx context.Context, c *bitrix.Client) (bool, error) {
			return c.NotifyDelete(ctx, bitrix.NoticeKey{ID: 124, ClientID: "bridge"})
		}, false),
	}
}

func activityCalls() map[string]exchange {
	press := func(a bitrix.Action) *bitrix.Action { return &a }
	plain := bitrix.Layout{
		Icon: "info", Title: bitrix.Texts{"": "Переход права"}, Logo: "document",
		Blocks: bitrix.Blocks{{Key: "state", Type: bitrix.BlockText, Properties: map[string]any{"value": "отправлен"}}},
	}
	full := bitrix.Layout{
		Icon: "info", Title: bitrix.Texts{"": "Переход права"}, OnTitle: press(bitrix.Redirect("/crm/deal/details/57/")),
		Tags: map[string]any{"state": map[string]string{"type": "success", "title": "Подписан"}},
		Logo: "document", OnLogo: press(bitrix.OpenApp(map[string]any{"docflow": "df-1"}, &bitrix.Slider{Title: "Документ", Width: 700})),
		Blocks: bitrix.Blocks{
			{Key: "state", Type: bitrix.BlockWithTitle, Properties: map[string]any{"title": "Состояние"}},
			{Key: "uin", Type: bitrix.BlockText, Properties: map[string]any{"value": "18810000"}},
		},
		Buttons: bitrix.Buttons{{
			Key: "refresh", Title: bitrix.Texts{"ru": "Обновить", "en": "Refresh"}, Type: bitrix.ButtonPrimary, Scope: "web", HideIfReadOnly: true,
			Action: bitrix.RestEvent("refresh", map[string]any{"docflow": "df-1"}, bitrix.AnimateLoader),
		}},
		Menu: &bitrix.Menu{ShowPin: true},
	}
	return map[string]exchange{
		"configurable_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.ConfigurableAdd(ctx, bitrix.ConfigurableActivity{Kind: bitrix.EntityDeal, EntityID: 57, Layout: full, Fields: bitrix.ActivityFields{
				TypeID: "CONFIGURABLE", Deadline: moment, PingOffsets: []int{60}, ResponsibleID: 7, BadgeCode: "kb_sent", OriginatorID: "konturbridge", OriginID: "df-1",
			}})
		}, 999),
		"configurable_add_bare": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.ConfigurableAdd(ctx, bitrix.ConfigurableActivity{
				Kind: bitrix.EntityDeal, EntityID: 57, Layout: plain, Fields: bitrix.ActivityFields{Incoming: true},
			})
		}, 1000),
		"configurable_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.ConfigurableUpdate(ctx, 999, bitrix.ActivityFields{Completed: true}, nil)
		}),
		"configurable_update_layout": run(func(ctx context.Context, c *bitrix.Client) error {
			changed := plain
			changed.OnLogo, changed.Blocks = press(bitrix.Redirect("/x")), bitrix.Blocks{{Key: "state", Type: bitrix.BlockText}}
			return c.ConfigurableUpdate(ctx, 999, bitrix.ActivityFields{}, &changed)
		}),
		"configurable_get": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			activity, err := c.ConfigurableGet(ctx, 999)
			return activity.String("originId"), err
		}, "df-1"),
		"badge_add": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.BadgeAdd(ctx, bitrix.Badge{
				Code: "kb_sent", Title: bitrix.Texts{"": "Контур"}, Value: bitrix.Texts{"ru": "Отправлено", "en": "Sent"}, Type: bitrix.BadgePrimary,
			})
		}),
	}
}
