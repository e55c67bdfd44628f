package bitrix_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

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

func ExampleParseRobotCall() {
	call, err := bitrix.ParseRobotCall([]byte("code=realty_extract&event_token=t&workflow_id=w&use_subscription=Y&auth[member_id]=m" +
		"&document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]=DEAL_57&properties[cadastral_number]=02:55:010101:1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	kind, id, err := call.DocumentID.Card()
	fmt.Println(call.Code, kind.Name(), id, call.Properties.First("cadastral_number"), call.Waits, call.EventToken, err)
	// Output: realty_extract DEAL 57 02:55:010101:1 true *** <nil>
}

func ExampleParseEvent() {
	_, err := bitrix.ParseEvent([]byte("event=ONCRMDEALUPDATE&data[FIELDS][ID]=57"))
	fmt.Println(err, errors.Is(err, bitrix.ErrMalformed))
	// Output: bitrix: malformed request: key auth[member_id] is missing true
}
