package bitrix_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// appAnswering is a portal that gives one answer to everything, and a client with an application's token.
func appAnswering(body string) (*bitrix.Client, func()) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	return bitrix.New(upstream.New(upstream.WithInsecure(true)), bitrix.NewToken("token", srv.URL+"/rest/", nil)), srv.Close
}

func ExampleClient_RobotAdd() {
	client, stop := appAnswering(`{"result":true}`)
	defer stop()
	err := client.RobotAdd(context.Background(), bitrix.Robot{
		Code: "acme_send", Handler: "https://bridge.example/robots/acme_send", AuthUserID: 1, Subscription: bitrix.SubscriptionYes,
		Name:             bitrix.Texts{"ru": "Отправить", "en": "Send"},
		Properties:       bitrix.RobotProperties{{ID: "note", Name: bitrix.Texts{"": "Note"}, Type: "text"}},
		ReturnProperties: bitrix.RobotProperties{{ID: "state", Name: bitrix.Texts{"": "State"}, Type: "string"}},
		Filter:           &bitrix.RobotFilter{Include: []any{[]string{"crm", "CCrmDocumentDeal"}}},
		UsePlacement:     "Y", PlacementHandler: "https://bridge.example/settings",
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleClient_EventSend() {
	client, stop := appAnswering(`{"result":true}`)
	defer stop()
	err := client.EventSend(context.Background(), bitrix.RobotAnswer{EventToken: "55c1dc1c|A51601|hsyU", ReturnValues: map[string]any{"state": "completed"}})
	fmt.Println(err) // ErrStepGone would mean that nobody waits any more
	// Output: <nil>
}

func ExampleClient_TriggerExecute() {
	client, stop := appAnswering(`{"result":true}`)
	defer stop()
	ctx := context.Background()
	if err := client.TriggerAdd(ctx, bitrix.Trigger{Code: "signed", Name: "Документ подписан"}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.TriggerExecute(ctx, "signed", bitrix.EntityDeal, 57))
	// Output: <nil>
}

func ExampleClient_WorkflowStart() {
	client, stop := appAnswering(`{"result":"66e81a641752f8.56521481"}`)
	defer stop()
	id, err := client.WorkflowStart(context.Background(), bitrix.WorkflowStart{
		TemplateID: 212, DocumentID: bitrix.SmartProcessDocument(147, 1), Parameters: map[string]any{"who": bitrix.UserValue(14)},
	})
	fmt.Println(id, err)
	// Output: 66e81a641752f8.56521481 <nil>
}

func ExampleClient_TemplateAdd() {
	client, stop := appAnswering(`{"result":525}`)
	defer stop()
	kind, err := bitrix.NewDocumentType(bitrix.EntityDeal)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := client.TemplateAdd(context.Background(), bitrix.NewTemplate{
		DocumentType: kind, Name: "Подписание", Data: bitrix.FileContent{Name: "signing.bpt", Data: []byte("…")}, AutoExecute: bitrix.AutoExecuteNone,
	})
	fmt.Println(id, err)
	// Output: 525 <nil>
}

func ExampleClient_WorkflowTasks() {
	client, stop := appAnswering(`{"result":[{"ID":"1501","NAME":"Согласовать","ACTIVITY":"ApproveActivity"}]}`)
	defer stop()
	for task, err := range client.WorkflowTasks(context.Background(), bitrix.ScanOptions{
		Select: []string{"NAME", "ACTIVITY"}, Filter: map[string]any{"USER_ID": 57, "STATUS": bitrix.TaskInProgress},
	}) {
		fmt.Println(task.ID, task.Name, bitrix.TaskAnswers(string(task.Activity)), err)
	}
	// Output: 1501 Согласовать [1 2] <nil>
}

func ExampleClient_OfflineGet() {
	client, stop := appAnswering(`{"result":{"process_id":"yh3gu929","events":[{"ID":"1","EVENT_NAME":"ONCRMDEALUPDATE","EVENT_DATA":{"FIELDS":{"ID":"57"}},"MESSAGE_ID":"m1"}]}}`)
	defer stop()
	ctx := context.Background()
	batch, err := client.OfflineGet(ctx, bitrix.OfflineQuery{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, event := range batch.Events { // batch.ProcessID is to be stored first: a reservation lives for 30 days
		subject, err := event.Subject()
		fmt.Println(event.Name, subject.EntityTypeID.Name(), subject.ObjectID, err)
	}
	// Output: ONCRMDEALUPDATE DEAL 57 <nil>
}

func ExampleClient_PlacementBind() {
	client, stop := appAnswering(`{"result":true}`)
	defer stop()
	err := client.PlacementBind(context.Background(), bitrix.Placement{
		Code: bitrix.DetailTab(bitrix.EntityDeal), Handler: "https://bridge.example/tab", Titles: bitrix.Titles{"ru": {Title: "Документы"}, "en": {Title: "Documents"}},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleClient_FieldTypeAdd() {
	client, stop := appAnswering(`{"result":true}`)
	defer stop()
	err := client.FieldTypeAdd(context.Background(), bitrix.FieldType{ID: "cadastre", Handler: "https://bridge.example/field", Title: "Кадастровый номер"})
	fmt.Println(bitrix.FieldTypeName(5, "cadastre"), err)
	// Output: rest_5_cadastre <nil>
}

func ExampleClient_AppOptionSet() {
	client, stop := appAnswering(`{"result":true}`)
	defer stop()
	fmt.Println(client.AppOptionSet(context.Background(), map[string]any{"schema": 3})) // every user can read it: no secrets
	// Output: <nil>
}

func ExampleClient_StorageItems() {
	client, stop := appAnswering(`{"result":[{"ID":"842","NAME":"df-1","PROPERTY_VALUES":{"sum":"700"}}]}`)
	defer stop()
	for row, err := range client.StorageItems(context.Background(), "docs", bitrix.ScanOptions{Filter: map[string]any{">PROPERTY_sum": 500}}) {
		fmt.Println(row.ID(), row.String("NAME"), err)
	}
	// Output: 842 df-1 <nil>
}

func ExampleClient_Users() {
	client, stop := appAnswering(`{"result":[{"ID":"67","NAME":"Анна","LAST_NAME":"Орлова","USER_TYPE":"employee"}]}`)
	defer stop()
	for user, err := range client.Users(context.Background(), bitrix.ScanOptions{Filter: map[string]any{"ACTIVE": "Y"}}) {
		fmt.Println(user.ID, user.Name, user.LastName, err)
	}
	// Output: 67 Анна Орлова <nil>
}

func ExampleClient_Notify() {
	client, stop := appAnswering(`{"result":123}`)
	defer stop()
	id, err := client.Notify(context.Background(), bitrix.Notice{UserID: 7, Message: "Документ подписан", Type: bitrix.NoticeSystem, Tag: "docflow-1"})
	fmt.Println(id, err)
	// Output: 123 <nil>
}
