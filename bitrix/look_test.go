package bitrix_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

// portalTime is what an answer says of the portal's time.
const portalTime = `"time":{"start":1778747192.5,"finish":1778747193.5}`

var portalStart = time.UnixMilli(1778747192500)

func TestLookAtOneCard(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"item":{"id":57,"stageId":"NEW"}},`+portalTime+`}`))
	looked, err := clientOf(bitrix.NewWebhook(p.endpoint())).Look(t.Context(), bitrix.EntityDeal, []bitrix.ID{57})
	require.NoError(t, err)
	require.Equal(t, "NEW", looked.Items[57].String("stageId"))
	require.True(t, portalStart.Equal(looked.At))
	require.Equal(t, "/rest/crm.item.get", p.requests()[0].Path)
}

// TestLookAtManyCards: what the list leaves out is asked for, since it does not say why.
func TestLookAtManyCards(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"items":[{"id":57,"stageId":"NEW"},{"id":58,"stageId":"WON"}]},`+portalTime+`}`),
		reply{status: 400, body: `{"error":"NOT_FOUND","error_description":"Element not found"}`},
		reply{status: 400, body: `{"error":"ACCESS_DENIED","error_description":"Access denied"}`})
	looked, err := clientOf(bitrix.NewWebhook(p.endpoint())).Look(t.Context(), bitrix.EntityDeal, []bitrix.ID{57, 58, 59, 60})
	require.NoError(t, err)
	require.Len(t, looked.Items, 2)
	require.Len(t, looked.Failed, 1)
	require.ErrorIs(t, looked.Failed[60], bitrix.ErrAccessDenied)
	require.True(t, portalStart.Equal(looked.At))
	require.Equal(t, "/rest/crm.item.list", p.requests()[0].Path)
	require.JSONEq(t, `{"entityTypeId":2,"filter":{"@id":[57,58,59,60]},"order":{"id":"ASC"},"start":-1,"useOriginalUfNames":"Y"}`, p.requests()[0].Body)
}

func TestLookThatFails(t *testing.T) {
	t.Parallel()
	p := newPortal(t, reply{status: 503, body: `{"error":"QUERY_LIMIT_EXCEEDED"}`}, ok(`{"result":{"items":7}}`))
	c := clientOf(bitrix.NewWebhook(p.endpoint()))
	for range 2 {
		_, err := c.Look(t.Context(), bitrix.EntityDeal, []bitrix.ID{57, 58})
		require.Error(t, err)
	}
	_, err := c.Look(t.Context(), bitrix.EntityDeal, make([]bitrix.ID, 51))
	require.ErrorContains(t, err, "at most 50")
}

func history(ids ...int) string {
	rows := make([]string, 0, len(ids))
	for _, id := range ids {
		rows = append(rows, fmt.Sprintf(`{"ID":%d,"TYPE_ID":2,"OWNER_ID":57,"CREATED_TIME":"2026-05-14T10:26:32+02:00","STAGE_ID":"S%d"}`, id, id))
	}
	return `{"items":[` + strings.Join(rows, ",") + `]}`
}

func TestStageHistories(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":`+history(36, 37)+`}`))
	one, err := clientOf(bitrix.NewWebhook(p.endpoint())).StageHistories(t.Context(), bitrix.EntityDeal, map[bitrix.ID]bitrix.ID{57: 35})
	require.NoError(t, err)
	require.Len(t, one[57], 2)
	require.Equal(t, "S37", one[57][1].StageID)
	require.JSONEq(t, `{"entityTypeId":2,"filter":{"OWNER_ID":57,">ID":35},"order":{"ID":"ASC"},"start":-1}`, p.requests()[0].Body)

	full := make([]int, 50)
	for i := range full {
		full[i] = 100 + i
	}
	p = newPortal(t, ok(`{"result":{"result":{"c00":`+history(full...)+`,"c01":`+history(full...)+`},"result_error":[]}}`),
		ok(`{"result":`+history(150)+`}`), ok(`{"result":`+history(150)+`}`))
	many, err := clientOf(bitrix.NewWebhook(p.endpoint())).StageHistories(t.Context(), bitrix.EntityDeal, map[bitrix.ID]bitrix.ID{57: 35, 58: 0})
	require.NoError(t, err)
	require.Len(t, many[57], 51, "a full page is followed")
	require.Len(t, many[58], 51)

	none, err := clientOf(bitrix.NewWebhook(p.endpoint())).StageHistories(t.Context(), bitrix.EntityDeal, nil)
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestStageHistoriesThatAreNotKept(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"result":[],"result_error":{"c00":{"error":"ENTITY_TYPE_NOT_SUPPORTED"},"c01":{"error":"ENTITY_TYPE_NOT_SUPPORTED"}}}}`))
	_, err := clientOf(bitrix.NewWebhook(p.endpoint())).StageHistories(t.Context(), 147, map[bitrix.ID]bitrix.ID{1: 0, 2: 0})
	require.ErrorContains(t, err, "ENTITY_TYPE_NOT_SUPPORTED")
}

func ExampleClient_Look() {
	client, stop := answering(`{"result":{"items":[{"id":57,"stageId":"NEW"},{"id":58,"stageId":"WON"}]}}`)
	defer stop()
	looked, err := client.Look(context.Background(), bitrix.EntityDeal, []bitrix.ID{57, 58})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(looked.Items[57].String("stageId"), looked.Items[58].String("stageId"))
	// Output: NEW WON
}

func ExampleClient_StageHistories() {
	client, stop := answering(`{"result":{"items":[{"ID":36,"TYPE_ID":2,"OWNER_ID":57,"STAGE_ID":"PREPARATION"},{"ID":37,"TYPE_ID":2,"OWNER_ID":57,"STAGE_ID":"EXECUTING"}]}}`)
	defer stop()
	all, err := client.StageHistories(context.Background(), bitrix.EntityDeal, map[bitrix.ID]bitrix.ID{57: 35})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, change := range all[57] {
		fmt.Println(change.ID, change.StageID)
	}
	// Output:
	// 36 PREPARATION
	// 37 EXECUTING
}
