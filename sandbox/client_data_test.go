package sandbox_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

func TestClientMeetsRequisitesAndProducts(t *testing.T) {
	t.Parallel()
	m := meet(t)
	company := bitrix.ID(m.portal.CreateItem(bitrixsim.Company, nil))
	deal := bitrix.ID(m.portal.CreateItem(bitrixsim.Deal, map[string]any{"companyId": int(company)}))
	id, err := m.client.RequisiteAdd(m.ctx, map[string]any{"ENTITY_TYPE_ID": 4, "ENTITY_ID": company, "PRESET_ID": 1, "NAME": "ООО", "RQ_INN": "0012345678"})
	require.NoError(t, err)
	require.NoError(t, m.client.RequisiteUpdate(m.ctx, id, map[string]any{"RQ_KPP": "770101001"}))
	got, err := m.client.RequisiteGet(m.ctx, id)
	require.NoError(t, err)
	require.Equal(t, "0012345678", got.String("RQ_INN"))
	bank := m.portal.AddBankDetail(int(id), map[string]any{"RQ_BIK": "044525225"})
	details := all(t, m.client.BankDetails(m.ctx, bitrix.ScanOptions{Filter: map[string]any{"ENTITY_ID": id}}))
	require.Equal(t, "044525225", details[0].String("RQ_BIK"))
	require.Len(t, all(t, m.client.Presets(m.ctx, bitrix.ScanOptions{})), 4)
	m.portal.AddAddress(int(id), map[string]any{"CITY": "Казань"})
	addresses := all(t, m.client.Addresses(m.ctx, bitrix.ListOptions{Filter: map[string]any{"ENTITY_TYPE_ID": 8, "ENTITY_ID": id}}))
	require.Equal(t, "Казань", addresses[0].String("CITY"))

	link := bitrix.RequisiteLink{EntityTypeID: bitrix.EntityDeal, EntityID: deal, RequisiteID: id, BankDetailID: bitrix.ID(bank)}
	require.NoError(t, m.client.RequisiteLinkRegister(m.ctx, link))
	read, err := m.client.RequisiteLinkGet(m.ctx, bitrix.EntityDeal, deal)
	require.NoError(t, err)
	require.Equal(t, link, read)
	require.NoError(t, m.client.RequisiteLinkUnregister(m.ctx, bitrix.EntityDeal, deal))
	_, err = m.client.RequisiteLinkGet(m.ctx, bitrix.EntityDeal, deal)
	require.ErrorIs(t, err, bitrix.ErrNotFound)
	require.NoError(t, m.client.RequisiteDelete(m.ctx, id))

	rows, err := m.client.ProductRowsSet(m.ctx, bitrix.EntityDeal, deal, []map[string]any{{"productName": "Выписка", "price": 700, "quantity": 2}})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Len(t, all(t, m.client.ProductRows(m.ctx, bitrix.EntityDeal, deal, bitrix.ScanOptions{})), 1)
	item, _ := m.portal.Item(bitrixsim.Deal, int(deal))
	require.InDelta(t, 1400.0, item["opportunity"], 0)
	require.Len(t, all(t, m.client.StageHistory(m.ctx, bitrix.EntityDeal, 0, nil)), 1)
}

func TestClientMeetsFieldsAndStorages(t *testing.T) {
	t.Parallel()
	m := meet(t)
	id, err := m.client.UserFieldAdd(m.ctx, bitrix.EntityDeal, bitrix.UserField{
		FieldName: "KB_KIND", UserTypeID: bitrix.FieldString, EditFormLabel: bitrix.Texts{"ru": "Вид"},
	})
	require.NoError(t, err)
	require.NoError(t, m.client.UserFieldUpdate(m.ctx, bitrix.EntityDeal, id, map[string]any{"MANDATORY": "Y"}))
	fields, err := m.client.UserFieldList(m.ctx, bitrix.EntityDeal, bitrix.ListOptions{})
	require.NoError(t, err)
	require.True(t, bool(fields[0].Mandatory))
	config, err := m.client.FieldConfigGet(m.ctx, id)
	require.NoError(t, err)
	require.Equal(t, "UF_CRM_KB_KIND", config.FieldName)
	require.NoError(t, m.client.UserFieldDelete(m.ctx, bitrix.EntityDeal, id))

	typeID := m.portal.AddType(177, "Объекты")
	entity := "CRM_" + bitrix.ID(typeID).String()
	smart, err := m.client.FieldConfigAdd(m.ctx, bitrix.FieldConfig{EntityID: entity, FieldName: "UF_" + entity + "_X", UserTypeID: bitrix.FieldString})
	require.NoError(t, err)
	require.NoError(t, m.client.FieldConfigDelete(m.ctx, smart))

	require.NoError(t, m.client.FieldTypeAdd(m.ctx, bitrix.FieldType{ID: "docflow", Handler: m.home + "/field", Title: "ДО"}))
	types, err := m.client.FieldTypeList(m.ctx)
	require.NoError(t, err)
	require.Equal(t, "docflow", types[0].ID)
	app, err := m.client.AppInfo(m.ctx)
	require.NoError(t, err)
	_, err = m.client.UserFieldAdd(m.ctx, bitrix.EntityDeal, bitrix.UserField{FieldName: "KB_FLOW", UserTypeID: bitrix.FieldTypeName(app.ID, "docflow")})
	require.NoError(t, err)
	deal := m.portal.CreateItem(bitrixsim.Deal, map[string]any{"UF_CRM_KB_FLOW": "d1"})
	_, query, form, ok := m.portal.OpenField(bitrixsim.Deal, deal, "UF_CRM_KB_FLOW", "edit", 2)
	require.True(t, ok)
	opened, err := bitrix.ParsePage([]byte(query.Encode()), []byte(form.Encode()))
	require.NoError(t, err)
	frame, err := opened.FieldPage()
	require.NoError(t, err)
	require.Equal(t, bitrix.ID(deal), frame.CardID)
	require.NoError(t, m.client.FieldTypeDelete(m.ctx, "docflow"))

	require.NoError(t, m.client.StorageAdd(m.ctx, bitrix.Storage{Code: "queue", Name: "Очередь", Access: map[string]string{"AU": bitrix.StorageRead}}))
	require.NoError(t, m.client.StorageColumnAdd(m.ctx, bitrix.StorageColumn{Storage: "queue", Code: "STATE", Type: bitrix.ColumnString}))
	for range 51 {
		_, err = m.client.StorageItemAdd(m.ctx, bitrix.StorageRow{Storage: "queue", Name: "x", Values: map[string]any{"STATE": "new"}})
		require.NoError(t, err)
	}
	require.Len(t, all(t, m.client.StorageItems(m.ctx, "queue", bitrix.ScanOptions{})), 51)
	rights, err := m.client.StorageRights(m.ctx, "queue")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"AU": "R", "U1": "X"}, rights)
	require.NoError(t, m.client.StorageDelete(m.ctx, "queue"))
	require.NoError(t, m.client.AppOptionSet(m.ctx, map[string]any{"version": 3}))
	options, err := m.client.AppOptions(m.ctx)
	require.NoError(t, err)
	require.JSONEq(t, "3", string(options["version"]))
}

func TestClientMeetsDrive(t *testing.T) {
	t.Parallel()
	m := meet(t)
	storage, err := m.client.DiskStorageForApp(m.ctx)
	require.NoError(t, err)
	require.NotEmpty(t, all(t, m.client.DiskStorages(m.ctx, bitrix.ScanOptions{})))
	folder, err := m.client.DiskStorageFolderAdd(m.ctx, storage.ID, "Пакет")
	require.NoError(t, err)
	file, err := m.client.DiskFolderUpload(m.ctx, folder.ID, upload("a.txt", "first"), bitrix.DiskUploadOptions{})
	require.NoError(t, err)
	sent, err := m.client.DiskFolderSend(m.ctx, folder.ID, upload("b.txt", "second"), bitrix.DiskUploadOptions{})
	require.NoError(t, err)
	require.EqualValues(t, "b.txt", sent.Name)
	_, err = m.client.DiskFolderUpload(m.ctx, folder.ID, upload("a.txt", "x"), bitrix.DiskUploadOptions{})
	require.Error(t, err)
	_, err = m.client.DiskVersionUpload(m.ctx, file.ID, upload("a.txt", "newer"))
	require.NoError(t, err)
	var content bytes.Buffer
	_, err = m.client.DiskDownload(m.ctx, file.ID, &content, 1<<20)
	require.NoError(t, err)
	require.Equal(t, "newer", content.String())
	_, err = m.client.DiskExternalLink(m.ctx, file.ID)
	require.NoError(t, err)
	require.NoError(t, m.client.DiskFileTrash(m.ctx, file.ID))
	require.Len(t, all(t, m.client.DiskFolderChildren(m.ctx, folder.ID, bitrix.ScanOptions{})), 1)
	require.NoError(t, m.client.DiskFileDelete(m.ctx, file.ID))
	_, err = m.client.DiskFile(m.ctx, file.ID)
	require.ErrorIs(t, err, bitrix.ErrNotFound)
}
