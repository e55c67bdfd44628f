package action_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/diadoc"
)

// TestCallingOperations: any operation can be called by its name, checked before anything is sent.
func TestCallingOperations(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, entity := d.receive(t)
	call := func(operation, query, body string) props {
		return props{"operation": operation, "query": query, "body": body}
	}
	told := d.fine(t, "diadoc_call", call("GetDocument", "messageId="+message+"&entityId="+entity, ""))
	require.Contains(t, told["result"], `"RecipientResponseStatus":"WaitingForRecipientSignature"`)
	told = d.fine(t, "diadoc_call", call("GetDocument", `{"messageId":"`+message+`","entityId":"`+entity+`"}`, ""))
	require.Contains(t, told["result"], entity)
	told = d.fine(t, "diadoc_call", call("PostMessagePatch", "", `{"BoxId":"`+d.demo.Diadoc.Box+`","MessageId":"`+message+`","CustomDataPatches":[{"ParentEntityId":"`+entity+`","Operation":"Set","Key":"deal","Value":"17"}]}`))
	require.Contains(t, told["result"], "PatchId")
	require.Equal(t, "{}", d.fine(t, "diadoc_call", call("MoveDocuments", "", `{"BoxId":"`+d.demo.Diadoc.Box+`","ToDepartmentId":"`+d.demo.Diadoc.Law+`","DocumentIds":[{"MessageId":"`+message+`","EntityId":"`+entity+`"}]}`))["result"])

	before := len(d.sim.Calls(""))
	for name, c := range map[string]struct {
		p    props
		code string
		says []string
	}{
		"unknown":        {call("GetDocumen", "", ""), "invalid_field", []string{"GetDocumen", "Похожие", "GetDocument"}},
		"gone":           {call("SendMessage", "", ""), "not_supported", []string{"вместо неё: SendDraft"}},
		"login":          {call("Authenticate", "type=password", "x"), "not_allowed", []string{"пароли"}},
		"code":           {call("CloudSignConfirm", "token=x&confirmationCode=1", ""), "not_allowed", []string{"коды подтверждения"}},
		"stream":         {call("GetEntityContent", "messageId="+message+"&entityId="+entity, ""), "not_allowed", []string{"файл любого размера"}},
		"parameters":     {call("GetDocument", "messageId=1&pages=2", ""), "invalid_field", []string{"query.messageId", "query.pages", "query.entityId"}},
		"number":         {call("GetEmployees", "page=one", ""), "invalid_field", []string{"query.page", "не целое число"}},
		"no body":        {call("MoveDocuments", "", ""), "invalid_field", []string{"DocumentsMoveOperation"}},
		"a body":         {call("GetDocument", "messageId="+message+"&entityId="+entity, "{}"), "invalid_field", []string{"нет тела"}},
		"no JSON":        {call("MoveDocuments", "", "{"), "invalid_field", []string{"не объект JSON"}},
		"unknown field":  {call("MoveDocuments", "", `{"BoxId":"x","Documents":[]}`), "invalid_field", []string{"body.Documents", "DocumentIds"}},
		"another kind":   {call("MoveDocuments", "", `{"BoxId":1}`), "invalid_field", []string{"body.BoxId"}},
		"a limit":        {call("CreateCounteragentGroup", "", `{"Name":"`+strings.Repeat("я", 1025)+`"}`), "invalid_field", []string{"1024"}},
		"malformed pair": {call("GetDocument", "a=%zz", ""), "invalid_field", []string{"query"}},
	} {
		text := d.no(t, c.code, "diadoc_call", c.p)
		for _, say := range c.says {
			require.Contains(t, text, say, name)
		}
	}
	require.Len(t, d.sim.Calls(""), before, "nothing was sent")
}

// TestCallingOnce: a change without an operation id is never made twice, not even by a process that died.
func TestCallingOnce(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	p := props{"operation": "CreateCounteragentGroup", "body": `{"Name":"Опт"}`}
	d.sim.DropAnswerNext("CreateCounteragentGroup")
	require.Contains(t, d.no(t, "uncertain", "diadoc_call", p), "неизвестно, выполнена ли она")

	row := d.stored(t, d.call(t, "diadoc_call", d.demo.Sale, props{"operation": "DeleteCounteragentGroup", "query": "counteragentGroupId=" + string(diadoc.DefaultGroup)}))
	require.NoError(t, d.store.Commit(t.Context(), lane.Begun{Row: row.ID, Mark: "begun/1"})) // and the process died
	require.Contains(t, d.refusal(t, "uncertain", d.reload(t, "diadoc_call")), "DeleteCounteragentGroup")
	require.Zero(t, d.sent("DeleteCounteragentGroup"))

	d.sim.FailNext("CreateCounteragentGroup", 429, 1)
	row = d.stored(t, d.call(t, "diadoc_call", d.demo.Sale, props{"operation": "CreateCounteragentGroup", "body": `{"Name":"Розница"}`}))
	_, err := d.worker.Work(t.Context(), row)
	require.ErrorIs(t, err, diadoc.ErrTooManyRequests, "it was surely not carried out, and is tried again")
	d.Add(2 * pace)
	d.run(t, d.reload(t, "diadoc_call"))
	require.Contains(t, d.answers(t, d.demo.Sale)[0]["result"], "Розница")
}
