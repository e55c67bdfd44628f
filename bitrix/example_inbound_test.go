package bitrix_test

import (
	"errors"
	"fmt"

	"konturbridge/bitrix"
)

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

func ExampleEvent_App() {
	event, err := bitrix.ParseEvent([]byte("event=ONAPPUNINSTALL&data[CLEAN]=1&data[LANGUAGE_ID]=ru&auth[member_id]=m&auth[application_token]=t"))
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := event.App()
	fmt.Println(event.Name, app.Clean, event.Auth.ApplicationToken, err)
	// Output: ONAPPUNINSTALL true *** <nil>
}

func ExampleEvent_TimelineAction() {
	event, err := bitrix.ParseEvent([]byte("event=ONCRMTIMELINEITEMACTION&auth[member_id]=m&data[FIELDS][id]=refresh&data[FIELDS][entityTypeId]=2" +
		"&data[FIELDS][entityId]=57&data[FIELDS][activityId]=999&data[FIELDS][actionParams][docflow]=df-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	press, err := event.TimelineAction()
	fmt.Println(press.ID, press.Kind.Name(), press.EntityID, press.ActivityID, press.Params.Get("docflow"), err)
	// Output: refresh DEAL 57 999 df-1 <nil>
}

func ExampleParseHook() {
	hook, err := bitrix.ParseHook([]byte("sum=4500000"), []byte("document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]=DEAL_57&auth[member_id]=m"))
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := hook.DocumentID.ElementID()
	fmt.Println(hook.DocumentID.Kind() == bitrix.DocumentCard, id, hook.Parameters.First("sum"), err)
	// Output: true 57 4500000 <nil>
}

func ExamplePageOpening_RobotSettings() {
	page, err := bitrix.ParsePage(nil, []byte("AUTH_ID=a&member_id=m&PLACEMENT=BIZPROC_ACTIVITY_PROPERTIES_DIALOG"+
		`&PLACEMENT_OPTIONS={"code":"acme_send","current_values":{"docType":"pdf"},"document_type":["crm","CCrmDocumentDeal","DEAL"]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	settings, err := page.RobotSettings()
	fmt.Println(page.Placement == bitrix.PlacementRobotSettings, settings.Code, string(settings.Values["docType"]), settings.DocumentType.Type, err)
	// Output: true acme_send "pdf" DEAL <nil>
}

func ExampleParseBinding() {
	kind, id, err := bitrix.ParseBinding("T80_6", 0)
	fmt.Println(kind, id, err)
	kind, id, err = bitrix.ParseBinding("57", bitrix.EntityDeal) // a field that takes deals alone
	fmt.Println(kind.Name(), id, err)
	// Output:
	// 128 6 <nil>
	// DEAL 57 <nil>
}
