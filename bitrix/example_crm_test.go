package bitrix_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"konturbridge/bitrix"
)

func ExampleClient_LegacyItems() {
	client, stop := answering(`{"result":[{"ID":"5","TITLE":"Заявка","OPPORTUNITY":"4500000.00","COMPANY_ID":"0"}]}`)
	defer stop()
	for lead, err := range client.LegacyItems(context.Background(), bitrix.EntityLead, bitrix.ScanOptions{
		Select: []string{"TITLE", "OPPORTUNITY", "COMPANY_ID"}, Filter: map[string]any{"@STATUS_ID": []string{"NEW"}},
	}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(lead.ID(), lead.String("TITLE"), lead.Money("OPPORTUNITY").Amount, lead.IDs("COMPANY_ID"))
	}
	// Output: 5 Заявка 4500000.00 []
}

func ExampleClient_ItemUpdate() {
	client, stop := answering(`{"result":{"item":{"id":57}}}`)
	defer stop()
	name := filepath.Join(os.TempDir(), "bitrix-example.pdf")
	if err := os.WriteFile(name, []byte("%PDF-1.7"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.Remove(name) }()
	file := &bitrix.Upload{Name: "Выписка.pdf", Size: 8, Open: func() (io.ReadCloser, error) { return os.Open(name) }}
	_, err := client.ItemUpdate(context.Background(), bitrix.EntityDeal, 57, map[string]any{
		"UF_CRM_FILES": []any{bitrix.FileRef{ID: 30577}, file}, // a file that is not listed would be deleted
		"fm":           bitrix.Multifields{{ID: 101}, {Kind: bitrix.KindPhone, For: bitrix.ForWork, Value: "+79170000000"}},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleClient_Statuses() {
	client, stop := answering(`{"result":[{"STATUS_ID":"C1:NEW","NAME":"Новая","SEMANTICS":null},{"STATUS_ID":"C1:WON","NAME":"Успех","SEMANTICS":"S"}]}`)
	defer stop()
	stages, err := client.Statuses(context.Background(), bitrix.ListOptions{
		Filter: map[string]any{"ENTITY_ID": bitrix.StageDictionary(bitrix.EntityDeal, 1)},
	})
	for _, stage := range stages {
		fmt.Println(stage.StatusID, stage.Name, stage.Outcome())
	}
	fmt.Println(err)
	// Output:
	// C1:NEW Новая P
	// C1:WON Успех S
	// <nil>
}

func ExampleClient_RequisiteLinkGet() {
	client, stop := answering(`{"error":"","error_description":"Not found"}`)
	defer stop()
	_, err := client.RequisiteLinkGet(context.Background(), bitrix.EntityDeal, 57)
	if errors.Is(err, bitrix.ErrNotFound) {
		fmt.Println("nothing is chosen in the deal: take the company's first active requisites")
	}
	// Output: nothing is chosen in the deal: take the company's first active requisites
}

func ExampleClient_Types() {
	client, stop := answering(`{"result":{"types":[{"id":7,"entityTypeId":147,"title":"Объекты","isStagesEnabled":"Y"}]}}`)
	defer stop()
	for kind, err := range client.Types(context.Background(), bitrix.ScanOptions{}) {
		fmt.Println(kind.EntityTypeID, kind.UserFieldEntity(), kind.Title, kind.Stages, err)
	}
	// Output: 147 CRM_7 Объекты Y <nil>
}

func ExampleClient_ConfigurableAdd() {
	client, stop := appAnswering(`{"result":{"activity":{"id":999}}}`)
	defer stop()
	id, err := client.ConfigurableAdd(context.Background(), bitrix.ConfigurableActivity{
		Kind: bitrix.EntityDeal, EntityID: 57,
		Fields: bitrix.ActivityFields{OriginatorID: "konturbridge", OriginID: "df-1"},
		Layout: bitrix.Layout{
			Icon: "info", Title: bitrix.Texts{"": "Переход права"}, Logo: "document",
			Blocks:  bitrix.Blocks{{Key: "state", Type: bitrix.BlockText, Properties: map[string]any{"value": "отправлен"}}},
			Buttons: bitrix.Buttons{{Key: "refresh", Title: bitrix.Texts{"": "Обновить"}, Type: bitrix.ButtonPrimary, Action: bitrix.RestEvent("refresh", nil, bitrix.AnimateLoader)}},
		},
	})
	fmt.Println(id, err)
	// Output: 999 <nil>
}

func ExampleClient_UserFieldAdd() {
	client, stop := answering(`{"result":6953}`)
	defer stop()
	id, err := client.UserFieldAdd(context.Background(), bitrix.EntityDeal, bitrix.UserField{
		FieldName: "UF_CRM_CADASTRAL", UserTypeID: bitrix.FieldString, XMLID: "CADASTRAL", EditFormLabel: bitrix.Texts{"ru": "Кадастровый номер", "en": "Cadastral number"},
	})
	fmt.Println(id, err)
	// Output: 6953 <nil>
}

func ExampleClient_CommentAdd() {
	client, stop := answering(`{"result":31}`)
	defer stop()
	id, err := client.CommentAdd(context.Background(), bitrix.Comment{
		Kind: bitrix.EntityDeal, EntityID: 57, Text: "Документ [B]подписан[/B]", Files: []bitrix.FileContent{{Name: "signed.pdf", Data: []byte("%PDF-1.7")}},
	})
	fmt.Println(id, err)
	// Output: 31 <nil>
}

func ExampleClient_DiskFolderUpload() {
	client, stop := answering(`{"result":{"ID":8930,"FILE_ID":30577,"NAME":"Выписка.pdf"}}`)
	defer stop()
	file, err := client.DiskFolderUpload(context.Background(), 8910, bitrix.FileContent{Name: "Выписка.pdf", Data: []byte("%PDF-1.7")}.Upload(),
		bitrix.DiskUploadOptions{UniqueName: true})
	fmt.Println(file.ID, file.Name, err)
	// Output: 8930 Выписка.pdf <nil>
}
