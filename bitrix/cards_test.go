package bitrix_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

func cardCalls() map[string]exchange {
	return map[string]exchange{
		"item_get": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			item, err := c.ItemGet(ctx, bitrix.EntityDeal, 57)
			return item.ID(), err
		}, 57),
		"item_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.Item, error) {
			return c.ItemAdd(ctx, 147, map[string]any{
				"title": "X", "UF_CRM_7_FILE": bitrix.FileContent{Name: "name.pdf", Data: []byte("%PDF-")},
			})
		}, bitrix.Item{"id": json.RawMessage("1")}),
		"item_update": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			item, err := c.ItemUpdate(ctx, bitrix.EntityDeal, 57, map[string]any{
				"UF_CRM_FILES": []any{bitrix.FileRef{ID: 30577, Link: "https://portal/x?auth=A"}, bitrix.FileContent{Name: "new.pdf", Data: []byte("%PDF-")}},
			})
			return item.ID(), err
		}, 57),
		"item_list": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ListAnswer[[]bitrix.Item], error) {
			return c.ItemList(ctx, bitrix.EntityDeal, bitrix.ListOptions{
				Select: []string{"id", "title"}, Filter: map[string]any{"@stageId": []string{"C1:NEW"}},
				Order: bitrix.Order{{Field: "id", Desc: true}}, Start: 50,
			})
		}, bitrix.ListAnswer[[]bitrix.Item]{Total: 51, Result: []bitrix.Item{
			{"id": json.RawMessage("57"), "title": json.RawMessage(`"a"`)},
		}}),
		"item_fields": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			fields, err := c.ItemFields(ctx, bitrix.EntityDeal)
			stage, enum := fields["stageId"], fields["UF_CRM_ENUM"]
			return fmt.Sprint(stage.UpperName, stage.Required, enum.Required, enum.Multiple, enum.Dynamic, enum.Items, enum.ListLabel), err
		}, "STAGE_IDN Y Y Y [{45 Да}]Ответ"),
		"deal_contacts": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.ContactLink, error) {
			return c.DealContacts(ctx, 57)
		}, []bitrix.ContactLink{{ContactID: 55, Sort: 100, Primary: true}}),
		"lead_contacts": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.ContactLink, error) {
			return c.LeadContacts(ctx, 5)
		}, nil),
		"categories": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.Category, error) {
			return c.Categories(ctx, bitrix.EntityDeal)
		}, []bitrix.Category{{Kind: bitrix.EntityDeal, Name: "General", Sort: 300, Default: true}}),
		"statuses": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.Status, error) {
			return c.Statuses(ctx, bitrix.ListOptions{
				Filter: map[string]any{"ENTITY_ID": bitrix.StageDictionary(bitrix.EntityDeal, 0)}, Order: bitrix.Order{{Field: "SORT"}},
			})
		}, []bitrix.Status{{ID: 103, EntityID: "DEAL_STAGE", StatusID: "PREPARATION", Name: "Document preparation", Sort: 20, Color: "#2FC6F6",
			Extra: bitrix.StatusExtra{Semantics: "process", Color: "#2FC6F6"}}}),
	}
}

func fieldCalls() map[string]exchange {
	items := func(call func(*bitrix.Client, context.Context, bitrix.ListOptions) (bitrix.ListAnswer[[]bitrix.Item], error),
		opts bitrix.ListOptions, field, want string) exchange {
		return with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			list, err := call(c, ctx, opts)
			if err != nil || len(list.Result) != 1 {
				return "", err
			}
			return list.Result[0].String(field), nil
		}, want)
	}
	return map[string]exchange{
		"requisite_list": items((*bitrix.Client).RequisiteList, bitrix.ListOptions{
			Filter: map[string]any{"ENTITY_TYPE_ID": bitrix.EntityCompany, "ENTITY_ID": 9}, Order: bitrix.Order{{Field: "SORT"}, {Field: "ID"}},
		}, "RQ_INN", "0278000001"),
		"bank_details": items((*bitrix.Client).BankDetailList, bitrix.ListOptions{Filter: map[string]any{"ENTITY_ID": 60}}, "RQ_BIK", "044525225"),
		"addresses": items((*bitrix.Client).AddressList, bitrix.ListOptions{
			Filter: map[string]any{"ENTITY_TYPE_ID": bitrix.EntityRequisite, "ENTITY_ID": 60},
		}, "CITY", "Уфа"),
		"requisite_get": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			item, err := c.RequisiteGet(ctx, 60)
			return item.ID(), err
		}, 60),
		"requisite_link": with(func(ctx context.Context, c *bitrix.Client) (bitrix.RequisiteLink, error) {
			return c.RequisiteLinkGet(ctx, bitrix.EntitySmartInvoice, 315)
		}, bitrix.RequisiteLink{EntityTypeID: 31, EntityID: 315, RequisiteID: 60, BankDetailID: 24, MyRequisiteID: 2, MyBankDetailID: 2}),
		"user_field_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.UserFieldAdd(ctx, bitrix.EntityDeal, bitrix.UserField{
				FieldName: "UF_CRM_KB_STATE", UserTypeID: "enumeration", XMLID: "KB_STATE", Sort: 100, EditFormLabel: bitrix.Texts{"ru": "Состояние"},
				Choices: bitrix.List[bitrix.UserFieldChoice]{{Value: "A", Sort: 10, Default: true, XMLID: "a"}},
			})
		}, 6953),
		"user_field_list": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.UserField, error) {
			return c.UserFieldList(ctx, bitrix.EntityLead, bitrix.ListOptions{Filter: map[string]any{"FIELD_NAME": "UF_CRM_KB_STATE"}, Start: 50})
		}, []bitrix.UserField{{
			ID: 6953, EntityID: "CRM_LEAD", FieldName: "UF_CRM_KB_STATE", UserTypeID: "enumeration", Settings: bitrix.Map[any]{},
			Choices: bitrix.List[bitrix.UserFieldChoice]{{ID: 45, Value: "A", Sort: 10, Default: true}},
		}}),
		"field_config_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.FieldConfigAdd(ctx, bitrix.FieldConfig{
				EntityID: "CRM_7", FieldName: "UF_CRM_7_KB_STATE", UserTypeID: "string", EditFormLabel: bitrix.Texts{"ru": "Состояние", "en": "State"},
			})
		}, 6953),
		"field_config_list": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.FieldConfig, error) {
			list, err := c.FieldConfigList(ctx, bitrix.ListOptions{Filter: map[string]any{"entityId": "CRM_7"}})
			return list.Result, err
		}, []bitrix.FieldConfig{{ID: 6953, EntityID: "CRM_7", FieldName: "UF_CRM_7_KB_STATE", UserTypeID: "string"}}),
		"field_config_list_bare": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.FieldConfig, error) {
			list, err := c.FieldConfigList(ctx, bitrix.ListOptions{})
			return list.Result, err
		}, []bitrix.FieldConfig{{ID: 6953}}),
	}
}

func TestItemAccessors(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(string(readGolden(t, "item_get").Answer)))
	item, err := newClient(t, p).ItemGet(t.Context(), bitrix.EntityDeal, 57)
	require.NoError(t, err)
	require.Equal(t, "Сделка", item.String("title"))
	require.Equal(t, "1000.5", item.String("opportunity"))
	require.Equal(t, int64(1), item.Int("categoryId"))
	require.Equal(t, bitrix.Money{Amount: 100050}, item.Money("opportunity"))
	require.Equal(t, bitrix.Money{Amount: 100000, Currency: "RUB"}, item.Money("UF_CRM_MONEY"))
	require.Equal(t, []bitrix.ID{84, 85}, item.IDs("contactIds"))
	require.Empty(t, item.IDs("companyId"), "0 is no company")
	require.True(t, item.Bool("isManualOpportunity"))
	require.False(t, item.Bool("UF_CRM_FLAG"))
	require.Equal(t, "2024-09-09", item.Date("closedate").String())
	require.Equal(t, int64(1725020940), item.Time("updatedTime").Unix())
	require.Equal(t, []string{"45", "46"}, item.Strings("UF_CRM_ENUM"))
	require.Equal(t, []bitrix.FileRef{{ID: 30577, Link: "https://portal/rest/crm.controller.item.getFile.json?auth=A&token=B"}}, item.Files("UF_CRM_FILE"))
	require.Len(t, item.Files("UF_CRM_FILES"), 2)
	require.True(t, item.Has("UF_CRM_EMPTY"))
	require.Equal(t, "null", string(item.Raw("UF_CRM_EMPTY")))
	require.False(t, item.Has("UF_CRM_OTHER"))
	for _, name := range []string{"UF_CRM_EMPTY", "UF_CRM_OTHER", "UF_CRM_FILE"} {
		require.Empty(t, item.String(name), name)
		require.Zero(t, item.Int(name), name)
		require.Zero(t, item.Money(name), name)
		require.Zero(t, item.Time(name), name)
		require.Zero(t, item.Date(name), name)
		require.False(t, item.Bool(name), name)
	}
	require.Zero(t, item.Int("title"))
	require.Equal(t, bitrix.ID(60), bitrix.Item{"ID": json.RawMessage(`"60"`)}.ID())
}

// page is a page of n rows that starts at id from.
func page(key string, from, n int) reply {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{%q:%d}`, key, from+i)
	}
	return ok(`{"result":{"items":[` + strings.Join(rows, ",") + `]}}`)
}

func TestItemsPagesByID(t *testing.T) {
	t.Parallel()
	p := newPortal(t, page("id", 101, 50), page("id", 151, 50), page("id", 201, 1))
	filter := map[string]any{"categoryId": 1}
	count, last := 0, bitrix.ID(0)
	for item, err := range newClient(t, p).Items(t.Context(), bitrix.ItemsOptions{
		Kind: bitrix.EntityDeal, Select: []string{"title"}, Filter: filter, After: 100,
	}) {
		require.NoError(t, err)
		count, last = count+1, item.ID()
	}
	require.Equal(t, 101, count)
	require.Equal(t, bitrix.ID(201), last)
	require.Len(t, filter, 1, "the caller's filter stays as it was")
	for i, after := range []int{100, 150, 200} {
		require.JSONEq(t, fmt.Sprintf(`{"auth":"TOKEN-OF-TEST","entityTypeId":2,"select":["id","title"],
			"filter":{"categoryId":1,">id":%d},"order":{"id":"ASC"},"start":-1,"useOriginalUfNames":"Y"}`, after), p.requests()[i].Body)
	}
}

func TestItemsStops(t *testing.T) {
	t.Parallel()
	p := newPortal(t, page("id", 1, 50), reply{status: 500, body: `{"error":"INTERNAL_SERVER_ERROR"}`}, page("id", 1, 50), page("id", 1, 50), page("id", 1, 50))
	c := newClient(t, p)
	count, failed := 0, error(nil)
	for _, err := range c.Items(t.Context(), bitrix.ItemsOptions{Kind: 147}) {
		if failed = err; err == nil {
			count++
		}
	}
	require.Equal(t, 50, count)
	require.Error(t, failed, "an error ends the walk")

	for range c.Items(t.Context(), bitrix.ItemsOptions{Kind: 147}) {
		break
	}
	require.Len(t, p.requests(), 3, "a caller that stops asks for no more")

	count = 0
	for _, err := range c.Items(t.Context(), bitrix.ItemsOptions{Kind: 147}) {
		if failed = err; err == nil {
			count++
		}
	}
	require.Equal(t, 50, count)
	require.ErrorIs(t, failed, bitrix.ErrBadAnswer, "the same page twice is no progress")
}

func TestStageHistory(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"items":[
		{"ID":35,"TYPE_ID":1,"OWNER_ID":21,"CREATED_TIME":"2024-08-30T14:29:00+02:00","CATEGORY_ID":0,"STAGE_SEMANTIC_ID":"P","STAGE_ID":"NEW"},
		{"ID":36,"TYPE_ID":3,"OWNER_ID":21,"CREATED_TIME":"2024-08-30T14:29:00+02:00","STATUS_SEMANTIC_ID":"S","STATUS_ID":"CONVERTED"}]}}`))
	var changes []bitrix.StageChange
	for change, err := range newClient(t, p).StageHistory(t.Context(), bitrix.EntityDeal, 34, map[string]any{"OWNER_ID": 21}) {
		require.NoError(t, err)
		changes = append(changes, change)
	}
	require.Len(t, changes, 2)
	require.Equal(t, "NEW", changes[0].StageID)
	require.Equal(t, bitrix.SemanticsSuccess, changes[1].Semantics)
	require.Equal(t, "CONVERTED", changes[1].StageID)
	require.JSONEq(t, `{"auth":"TOKEN-OF-TEST","entityTypeId":2,"filter":{"OWNER_ID":21,">ID":34},"order":{"ID":"ASC"},"start":-1}`, p.requests()[0].Body)
}

func TestOfflineSubjects(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]bitrix.Subject{
		`{"FIELDS":{"ID":"57"}}`:                       {ObjectID: 57, EntityTypeID: bitrix.EntityDeal},
		`{"FIELDS":{"ID":57,"X":null,"L":["a"]}}`:      {ObjectID: 57, EntityTypeID: bitrix.EntityDeal},
		`{"FIELDS":{"ID":"1","ENTITY_TYPE_ID":"147"}}`: {ObjectID: 1, EntityTypeID: 147},
		`false`: {EntityTypeID: bitrix.EntityDeal},
		``:      {EntityTypeID: bitrix.EntityDeal},
	} {
		got, err := bitrix.OfflineEvent{Name: "onCrmDealUpdate", Data: json.RawMessage(data)}.Subject()
		require.NoError(t, err, data)
		require.Equal(t, want, got, data)
	}
	_, err := bitrix.OfflineEvent{Name: "X", Data: json.RawMessage(`{`)}.Subject()
	require.Error(t, err)
}

func TestAnswerFalseIsARefusal(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":false}`))
	require.ErrorContains(t, newClient(t, p).RobotDelete(t.Context(), "x"), "answered false")
}

func TestTypesWithoutUserFields(t *testing.T) {
	t.Parallel()
	c := newClient(t, newPortal(t))
	_, err := c.UserFieldAdd(t.Context(), 147, bitrix.UserField{})
	require.Error(t, err)
	_, err = c.UserFieldList(t.Context(), bitrix.EntityOrder, bitrix.ListOptions{})
	require.Error(t, err)
}

func TestNoticeAfterEveryHit(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":true}`))
	require.NoError(t, newClient(t, p).EventBind(t.Context(), bitrix.EventBinding{Event: "ONOFFLINEEVENT", Handler: handler, MinTimeout: -1}))
	require.JSONEq(t, `{"minTimeout":0}`, field(t, p.requests()[0].Body, "options"))
}
