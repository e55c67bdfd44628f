package bitrix_test

import (
	"context"
	"encoding/json"

	"konturbridge/bitrix"
)

func optionCalls() map[string]exchange {
	option := func(read func(*bitrix.Client, context.Context, string) (json.RawMessage, error), name, want string) exchange {
		return with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			value, err := read(c, ctx, name)
			return string(value), err
		}, want)
	}
	return map[string]exchange{
		"app_option_set": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.AppOptionSet(ctx, map[string]any{"schema": 3})
		}),
		"app_option_get":     option((*bitrix.Client).AppOption, "schema", `"3"`),
		"app_option_missing": option((*bitrix.Client).AppOption, "other", `null`),
		"app_options":        get((*bitrix.Client).AppOptions, map[string]json.RawMessage{"schema": json.RawMessage(`"3"`)}),
		"user_option_set": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.UserOptionSet(ctx, map[string]any{"theme": "dark"})
		}),
		"user_option_get": option((*bitrix.Client).UserOption, "theme", `"dark"`),
		"user_options":    get((*bitrix.Client).UserOptions, map[string]json.RawMessage{}),
	}
}

func storageCalls() map[string]exchange {
	png := &bitrix.FileContent{Name: "a.png", Data: []byte("PNG")}
	codes := func(call func(*bitrix.Client, context.Context, string) ([]bitrix.Item, error), storage, field, want string) exchange {
		return with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			rows, err := call(c, ctx, storage)
			all := make([]any, 0, len(rows))
			for _, row := range rows {
				all = append(all, row.String(field))
			}
			return line(all...), err
		}, want)
	}
	return map[string]exchange{
		"storage_add": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.StorageAdd(ctx, bitrix.Storage{Code: "docs", Name: "Документы", Access: map[string]string{"U1": bitrix.StorageWrite, "AU": bitrix.StorageRead}})
		}),
		"storage_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.StorageUpdate(ctx, bitrix.Storage{Code: "docs", Name: "Архив"})
		}),
		"storage_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.StorageDelete(ctx, "docs") }),
		"storage_rights": with(func(ctx context.Context, c *bitrix.Client) (map[string]string, error) {
			return c.StorageRights(ctx, "docs")
		}, map[string]string{"U1": bitrix.StorageFull, "AU": bitrix.StorageRead}),
		"storage_get":     codes((*bitrix.Client).StorageGet, "docs", "ENTITY", "docs"),
		"storage_get_all": codes((*bitrix.Client).StorageGet, "", "ENTITY", "docs log"),
		"storage_column_add": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.StorageColumnAdd(ctx, bitrix.StorageColumn{Storage: "docs", Code: "sum", Name: "Сумма", Type: bitrix.ColumnNumber})
		}),
		"storage_column_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.StorageColumnUpdate(ctx, bitrix.StorageColumn{Storage: "docs", Code: "sum", Name: "Пошлина"})
		}),
		"storage_column_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.StorageColumnDelete(ctx, "docs", "sum") }),
		"storage_columns":       codes((*bitrix.Client).StorageColumns, "docs", "PROPERTY", "sum"),
		"storage_item_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.StorageItemAdd(ctx, bitrix.StorageRow{
				Storage: "docs", Name: "df-1", Section: 4, ActiveFrom: moment, Picture: png, Values: map[string]any{"sum": 700},
			})
		}, 842),
		"storage_item_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.StorageItemUpdate(ctx, bitrix.StorageRow{Storage: "docs", ID: 842, Name: "df-2", ActiveTo: moment, Preview: png})
		}),
		"storage_item_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.StorageItemDelete(ctx, "docs", 842) }),
	}
}

func userCalls() map[string]exchange {
	return map[string]exchange{
		"user_current": get((*bitrix.Client).UserCurrent, bitrix.User{
			ID: 67, Active: true, Name: "Анна", LastName: "Орлова", Email: "a@portal.example", Position: "Юрист",
			Departments: bitrix.Multi[bitrix.ID]{1, 5}, Online: true, Type: bitrix.UserEmployee, Changed: "24.08.2023 13:19:39",
		}),
		"user_admin": get((*bitrix.Client).UserAdmin, true),
		"user_access": with(func(ctx context.Context, c *bitrix.Client) (bool, error) {
			return c.UserAccess(ctx, "U1", "G2", "AU")
		}, false),
		"access_names": with(func(ctx context.Context, c *bitrix.Client) (map[string]string, error) {
			return c.AccessNames(ctx, "U1", "AU")
		}, map[string]string{"U1": "Анна Орлова", "AU": "Все авторизованные"}),
		"scope_all": get((*bitrix.Client).ScopeAll, []string{"crm", "bizproc", "task"}),
		"events_of": with(func(ctx context.Context, c *bitrix.Client) ([]string, error) {
			return c.EventsOf(ctx, "crm")
		}, []string{"ONCRMLEADADD"}),
		"event_test": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.EventTest(ctx, map[string]any{"any": "data"})
		}),
		"placements_of": with(func(ctx context.Context, c *bitrix.Client) ([]string, error) {
			return c.PlacementsOf(ctx, "crm")
		}, []string{"CRM_LEAD_DETAIL_TAB"}),
		"placement_bind_worker": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.PlacementBind(ctx, bitrix.Placement{
				Code: bitrix.PlacementWorker, Handler: "https://bridge.example/w", Group: "Контур", UserID: 7,
				Titles:  bitrix.Titles{"ru": {Title: "Контур", Group: "Контур"}},
				Options: map[string]any{"errorHandlerUrl": "https://bridge.example/e"},
			})
		}),
	}
}

func diskCalls() map[string]exchange {
	pdf := bitrix.FileContent{Name: "signed.pdf", Data: []byte("%PDF-")}.Upload()
	stored := func(call func(ctx context.Context, c *bitrix.Client) (bitrix.DiskFile, error), want string) exchange {
		return with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			f, err := call(ctx, c)
			return line(f.ID, f.FileID, f.Type, f.Name, f.ParentID, f.Size, f.Version), err
		}, want)
	}
	return map[string]exchange{
		"disk_for_app": get((*bitrix.Client).DiskStorageForApp, bitrix.DiskStorage{ID: 1366, Name: "Контур", EntityType: "restapp", EntityID: "5", RootID: 8910}),
		"disk_folder_add": stored(func(ctx context.Context, c *bitrix.Client) (bitrix.DiskFile, error) {
			return c.DiskFolderAdd(ctx, 8910, "Выписки")
		}, "8931 0 folder Выписки 8910 0 0"),
		"disk_storage_folder_add": stored(func(ctx context.Context, c *bitrix.Client) (bitrix.DiskFile, error) {
			return c.DiskStorageFolderAdd(ctx, 1366, "Выписки")
		}, "8931 0 folder Выписки 8910 0 0"),
		"disk_storage_upload": stored(func(ctx context.Context, c *bitrix.Client) (bitrix.DiskFile, error) {
			return c.DiskStorageUpload(ctx, 1366, pdf, bitrix.DiskUploadOptions{UniqueName: true, Rights: []bitrix.DiskRight{{TaskID: 75, AccessCode: "U35"}}})
		}, "8930 30577 file signed.pdf 8910 5 1"),
		"disk_folder_upload": stored(func(ctx context.Context, c *bitrix.Client) (bitrix.DiskFile, error) {
			return c.DiskFolderUpload(ctx, 8910, pdf, bitrix.DiskUploadOptions{})
		}, "8930 30577 file signed.pdf 8910 5 1"),
		"disk_version_upload": stored(func(ctx context.Context, c *bitrix.Client) (bitrix.DiskFile, error) {
			return c.DiskVersionUpload(ctx, 8930, pdf)
		}, "8930 30577 file signed.pdf 8910 5 2"),
		"disk_external_link": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			return c.DiskExternalLink(ctx, 8930)
		}, "https://portal/~4gVy1"),
		"disk_trash":  run(func(ctx context.Context, c *bitrix.Client) error { return c.DiskFileTrash(ctx, 8930) }),
		"disk_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.DiskFileDelete(ctx, 8930) }),
	}
}
