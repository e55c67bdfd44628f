package bitrix_test

import (
	"context"
	"encoding/json"
	"time"

	"konturbridge/bitrix"
)

// quiet keeps a machine's change out of the feed and the history.
var quiet = bitrix.LegacySave{RegisterSonetEvent: "N", RegisterHistoryEvent: "N"}

func legacyCalls() map[string]exchange {
	pdf := bitrix.FileContent{Name: "name.pdf", Data: []byte("%PDF-")}
	return map[string]exchange{
		"legacy_get": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			deal, err := c.LegacyGet(ctx, bitrix.EntityDeal, 410)
			return line(deal.ID(), deal.String("TITLE"), deal.Money("OPPORTUNITY").Amount, deal.IDs("COMPANY_ID"), deal.IDs("LEAD_ID"),
				deal.Date("CLOSEDATE"), deal.Bool("OPENED"), deal.Bool("CLOSED"), deal.Int("PARENT_ID_1220"), deal.Time("DATE_CREATE").UTC().Format(time.RFC3339)), err
		}, "410 New Deal #1 1000000.00 [9] [] 2024-09-09 true false 22 2024-08-30T12:29:00Z"),
		"legacy_list": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			list, err := c.LegacyList(ctx, bitrix.EntityLead, bitrix.ListOptions{
				Select: []string{"*", "UF_*"}, Filter: map[string]any{"@STATUS_ID": []string{"NEW", "IN_PROCESS"}}, Order: bitrix.Order{{Field: "ID", Desc: true}}, Start: 50,
			})
			lead := list.Result[0]
			return line(list.Total, lead.ID(), lead.Multifields("PHONE"), lead.Date("BIRTHDATE").IsZero()), err
		}, "51 5 [{11658 PHONE WORK +79170000000}] true"),
		"legacy_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.LegacyAdd(ctx, bitrix.EntityContact, map[string]any{
				"NAME": "Анна", "PHONE": []bitrix.Multifield{{For: bitrix.ForWork, Value: "+79170000000"}},
				"UF_CRM_FILE":  bitrix.LegacyFile{File: pdf},
				"UF_CRM_FILES": []bitrix.LegacyFile{{File: bitrix.FileContent{Name: "a.pdf", Data: []byte("%PDF-")}}},
			}, bitrix.LegacySave{RegisterSonetEvent: "N"})
		}, 84),
		"legacy_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.LegacyUpdate(ctx, bitrix.EntityCompany, 9, map[string]any{"PHONE": []bitrix.Multifield{{ID: 156, Value: "+79171111111"}, {ID: 157}}}, quiet)
		}),
		"legacy_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.LegacyDelete(ctx, bitrix.EntityLead, 5) }),
		"legacy_fields": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			fields, err := c.LegacyFields(ctx, bitrix.EntityDeal)
			stage, own := fields["STAGE_ID"], fields["UF_CRM_1721244482250"]
			return line(stage.Label(), stage.StatusType, own.Label(), own.Items, own.Multiple, fields["CONTACT_ID"].Deprecated), err
		}, "Стадия DEAL_STAGE Ответ клиента [{45 Да}] Y Y"),
		"company_contacts": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.ContactLink, error) {
			return c.Contacts(ctx, bitrix.EntityCompany, 9)
		}, []bitrix.ContactLink{{ContactID: 55, Sort: 100, Primary: true}}),
		"contacts_set": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.ContactsSet(ctx, bitrix.EntityDeal, 57, []bitrix.ContactLink{{ContactID: 55, Sort: 100, Primary: true}, {ContactID: 84, Sort: 200}})
		}),
		"contacts_clear": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.ContactsSet(ctx, bitrix.EntityDeal, 57, nil)
		}),
		"contact_companies": with(func(ctx context.Context, c *bitrix.Client) ([]bitrix.CompanyLink, error) {
			return c.ContactCompanies(ctx, 55)
		}, []bitrix.CompanyLink{{CompanyID: 9, Sort: 10, Primary: true}}),
		"contact_companies_set": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.ContactCompaniesSet(ctx, 55, []bitrix.CompanyLink{{CompanyID: 9, Sort: 10, Primary: true}})
		}),
		"contact_companies_clear": run(func(ctx context.Context, c *bitrix.Client) error { return c.ContactCompaniesSet(ctx, 55, nil) }),
	}
}

func smartCalls() map[string]exchange {
	at := bitrix.Time{Time: time.Date(2026, 5, 14, 8, 26, 32, 0, time.UTC)}
	return map[string]exchange{
		"item_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.ItemDelete(ctx, bitrix.EntityDeal, 57) }),
		"item_update_fm": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			item, err := c.ItemUpdate(ctx, bitrix.EntityContact, 84, map[string]any{
				"fm": bitrix.Multifields{{ID: 101}, {Kind: bitrix.KindPhone, For: bitrix.ForWork, Value: "+7"}},
			})
			return item.ID(), err
		}, 84),
		"type_list": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ListAnswer[[]bitrix.SmartType], error) {
			list, err := c.TypeList(ctx, bitrix.ListOptions{Filter: map[string]any{"isAutomationEnabled": "Y"}, Order: bitrix.Order{{Field: "id"}}})
			for i := range list.Result {
				list.Result[i].Created.Time, list.Result[i].Updated.Time = list.Result[i].Created.UTC(), list.Result[i].Updated.UTC()
			}
			return list, err
		}, bitrix.ListAnswer[[]bitrix.SmartType]{Total: 1, Result: []bitrix.SmartType{{
			ID: 7, EntityTypeID: 147, Title: "Объекты", Created: at, Updated: at, Categories: true, Stages: true, Client: true, UserFields: true,
			Documents: true, Automation: true, Workflows: true,
		}}}),
		"product_rows_set": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			rows, err := c.ProductRowsSet(ctx, bitrix.EntityDeal, 57, []map[string]any{{"productName": "Пошлина", "price": 700, "quantity": 1}})
			return line(len(rows), rows[0].ID(), rows[0].Money("price").Amount), err
		}, "1 1 700.00"),
		"category_get": with(func(ctx context.Context, c *bitrix.Client) (bitrix.Category, error) {
			return c.CategoryGet(ctx, bitrix.EntityDeal, 1)
		}, bitrix.Category{ID: 1, Kind: bitrix.EntityDeal, Name: "Ипотека", Sort: 100}),
		"category_fields": fieldsCall(func(ctx context.Context, c *bitrix.Client) (map[string]bitrix.FieldInfo, error) {
			return c.CategoryFields(ctx, bitrix.EntityDeal)
		}, "name", "Название"),
		"status_fields": fieldsCall(func(ctx context.Context, c *bitrix.Client) (map[string]bitrix.FieldInfo, error) {
			return c.StatusFields(ctx)
		}, "ENTITY_ID", "Тип"),
		"status_dictionaries": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			all, err := c.StatusDictionaries(ctx)
			return all[0].String("ID"), err
		}, "DEAL_STAGE"),
	}
}

// fieldsCall is a method that describes fields, of which one is looked at.
func fieldsCall(call func(context.Context, *bitrix.Client) (map[string]bitrix.FieldInfo, error), name, label string) exchange {
	return with(func(ctx context.Context, c *bitrix.Client) (string, error) {
		fields, err := call(ctx, c)
		return fields[name].Label(), err
	}, label)
}

func requisiteCalls() map[string]exchange {
	link := bitrix.RequisiteLink{EntityTypeID: 31, EntityID: 315, RequisiteID: 60, BankDetailID: 24, MyRequisiteID: 2, MyBankDetailID: 2}
	return map[string]exchange{
		"requisite_fields": fieldsCall(func(ctx context.Context, c *bitrix.Client) (map[string]bitrix.FieldInfo, error) {
			return c.RequisiteFields(ctx)
		}, "RQ_INN", "ИНН"),
		"requisite_add": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			return c.RequisiteAdd(ctx, map[string]any{
				"ENTITY_TYPE_ID": bitrix.EntityCompany, "ENTITY_ID": 9, "PRESET_ID": 1, "NAME": "Организация", "RQ_INN": "0278000001",
			})
		}, 60),
		"requisite_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.RequisiteUpdate(ctx, 60, map[string]any{"RQ_KPP": "027801001"})
		}),
		"requisite_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.RequisiteDelete(ctx, 60) }),
		"presets": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			list, err := c.PresetList(ctx, bitrix.ListOptions{Filter: map[string]any{"COUNTRY_ID": bitrix.CountryRussia}})
			return list.Result[0].String("NAME"), err
		}, "Организация"),
		"preset_get": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ID, error) {
			preset, err := c.PresetGet(ctx, 1)
			return preset.ID(), err
		}, 1),
		"bank_detail_get": with(func(ctx context.Context, c *bitrix.Client) (string, error) {
			bank, err := c.BankDetailGet(ctx, 24)
			return bank.String("RQ_BIK"), err
		}, "044525225"),
		"requisite_link_list": with(func(ctx context.Context, c *bitrix.Client) (bitrix.ListAnswer[[]bitrix.RequisiteLink], error) {
			return c.RequisiteLinkList(ctx, bitrix.ListOptions{Filter: map[string]any{"ENTITY_TYPE_ID": bitrix.EntitySmartInvoice}})
		}, bitrix.ListAnswer[[]bitrix.RequisiteLink]{Total: 1, Result: []bitrix.RequisiteLink{link}}),
		"requisite_link_register": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.RequisiteLinkRegister(ctx, bitrix.RequisiteLink{EntityTypeID: bitrix.EntityDeal, EntityID: 57, RequisiteID: 60, BankDetailID: 24})
		}),
		"requisite_link_unregister": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.RequisiteLinkUnregister(ctx, bitrix.EntityDeal, 57)
		}),
	}
}

func ownFieldCalls() map[string]exchange {
	field := bitrix.FieldConfig{ID: 6953, EntityID: "CRM_7", FieldName: "UF_CRM_7_KB_STATE", UserTypeID: bitrix.FieldString}
	sorted := field
	sorted.Sort = 200
	update := func(ctx context.Context, c *bitrix.Client) (bitrix.FieldConfig, error) {
		return c.FieldConfigUpdate(ctx, 6953, map[string]any{"sort": 200})
	}
	return map[string]exchange{
		"user_field_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.UserFieldUpdate(ctx, bitrix.EntityDeal, 6953, map[string]any{"SORT": 200})
		}),
		"user_field_delete": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.UserFieldDelete(ctx, bitrix.EntityRequisite, 6953)
		}),
		"field_config_get": with(func(ctx context.Context, c *bitrix.Client) (bitrix.FieldConfig, error) {
			return c.FieldConfigGet(ctx, 6953)
		}, field),
		"field_config_update":      with(update, sorted),
		"field_config_update_true": with(update, bitrix.FieldConfig{}),
		"field_config_delete":      run(func(ctx context.Context, c *bitrix.Client) error { return c.FieldConfigDelete(ctx, 6953) }),
		"field_config_types":       get((*bitrix.Client).FieldConfigTypes, json.RawMessage(`{"types":["string"]}`)),
		"field_type_add": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.FieldTypeAdd(ctx, bitrix.FieldType{
				ID: "cadastre", Handler: "https://bridge.example/bx/field", Title: "Кадастровый номер", Options: &bitrix.FieldTypeOptions{Height: 60},
			})
		}),
		"field_type_update": run(func(ctx context.Context, c *bitrix.Client) error {
			return c.FieldTypeUpdate(ctx, bitrix.FieldType{ID: "cadastre", Title: "Номер"})
		}),
		"field_type_list": get((*bitrix.Client).FieldTypeList, []bitrix.FieldType{
			{ID: "cadastre", Handler: "https://bridge.example/bx/field", Title: "Кадастровый номер"},
		}),
		"field_type_delete": run(func(ctx context.Context, c *bitrix.Client) error { return c.FieldTypeDelete(ctx, "cadastre") }),
	}
}
