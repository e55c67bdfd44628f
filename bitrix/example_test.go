package bitrix_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// answering is a portal that gives one answer to everything.
func answering(body string) (*bitrix.Client, func()) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	up := upstream.New(upstream.WithInsecure(true)) // a real portal needs no such option
	return bitrix.New(up, bitrix.NewWebhook(srv.URL+"/rest/1/secret/")), srv.Close
}

func ExampleClient_ItemGet() {
	client, stop := answering(`{"result":{"item":{"id":57,"title":"Квартира","UF_CRM_CADASTRAL":"02:55:010101:1"}}}`)
	defer stop()
	deal, err := client.ItemGet(context.Background(), bitrix.EntityDeal, 57)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(deal.ID(), deal.String("title"), deal.String("UF_CRM_CADASTRAL"))
	// Output: 57 Квартира 02:55:010101:1
}

func ExampleCall() {
	client, stop := answering(`{"result":{"ID":"1","NAME":"Анна","WORK_POSITION":"Юрист"}}`)
	defer stop()
	type user struct {
		ID       bitrix.ID   `json:"ID"`
		Name     bitrix.Text `json:"NAME"`
		Position bitrix.Text `json:"WORK_POSITION"`
	}
	who, err := bitrix.Call[user](context.Background(), client, "user.current", nil)
	fmt.Println(who, err)
	// Output: {1 Анна Юрист} <nil>
}

func ExampleClient_Batch() {
	client, stop := answering(`{"result":{"result":{"c00":true},"result_error":{"c01":{"error":"NOT_FOUND","error_description":"Item not found"}}}}`)
	defer stop()
	batch, err := client.Batch(context.Background(), []bitrix.Command{
		{Method: "crm.item.update", Params: bitrix.ItemUpdateParams(bitrix.EntityDeal, 57, map[string]any{"title": "A"})},
		{Method: "crm.item.update", Params: bitrix.ItemUpdateParams(bitrix.EntityDeal, 58, map[string]any{"title": "B"})},
	}, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, command := range batch.Commands {
		fmt.Println(command.Name, command.Err == nil, errors.Is(command.Err, bitrix.ErrNotFound))
	}
	// Output:
	// c00 true false
	// c01 false true
}

func ExampleClient_Items() {
	client, stop := answering(`{"result":{"items":[{"id":1,"title":"A"},{"id":2,"title":"B"}]}}`)
	defer stop()
	for item, err := range client.Items(context.Background(), bitrix.ItemsOptions{Kind: bitrix.EntityLead}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(item.ID(), item.String("title"))
	}
	// Output:
	// 1 A
	// 2 B
}

func ExampleNewToken() {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); !strings.Contains(string(body), `"auth":"new"`) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"expired_token"}`)
			return
		}
		_, _ = io.WriteString(w, `{"result":{"ID":"1","ADMIN":true}}`)
	}))
	defer portal.Close()
	source := bitrix.NewToken("old", portal.URL+"/rest/", func(context.Context, string) (string, string, error) {
		return "new", portal.URL + "/rest/", nil // of the authorization server; stored before it is used
	})
	client := bitrix.New(upstream.New(upstream.WithInsecure(true)), source)
	who, err := client.Profile(context.Background())
	fmt.Println(who.ID, who.Admin, err)
	// Output: 1 Y <nil>
}

func ExampleParseWebhook() {
	source, err := bitrix.ParseWebhook("https://portal.example/rest/1/s3cr3t/")
	fmt.Println(source, err)
	client := bitrix.New(upstream.New(), source)
	err = client.TriggerExecute(context.Background(), "signed", bitrix.EntityDeal, 57)
	fmt.Println(errors.Is(err, bitrix.ErrAuthKind))
	// Output:
	// webhook *** <nil>
	// true
}

func ExampleAPIError() {
	client, stop := answering(`{"error":"ERROR_ACTIVITY_ALREADY_INSTALLED","error_description":"Activity or Robot already installed!"}`)
	defer stop()
	_, err := client.Do(context.Background(), "crm.item.add", nil)
	refusal, _ := errors.AsType[*bitrix.APIError](err)
	fmt.Println(errors.Is(err, bitrix.ErrAlreadyInstalled), upstream.ClassOf(err), upstream.MaybeDone(err))
	fmt.Println(refusal.Reaction().Then)
	// Output:
	// true refused false
	// updates it instead
}

func ExampleCallV3() {
	client, stop := answering(`{"result":{"item":{"id":5}}}`)
	defer stop()
	type task struct {
		ID bitrix.ID `json:"id"`
	}
	added, answer, err := bitrix.CallV3[bitrix.V3Item[task]](context.Background(), client, "tasks.task.add",
		map[string]any{"fields": map[string]any{"title": "Проверить"}}, bitrix.V3Options{IdempotencyKey: "docflow-1"})
	fmt.Println(added.Item.ID, answer.Replayed, err)
	// Output: 5 false <nil>
}
