package app

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/diadoc"
)

var updateStates = flag.Bool("update-states", false, "write the part of docs/states.md about Диадок anew")

// stateTest is what tells a state of a document: its fields have these values. A test of several fields wants all.
type stateTest struct {
	state  docflow.State
	fields map[string]any
}

// stateTests are in the order in which the first that holds decides.
func stateTests() []stateTest {
	receipt := func(field, value string) map[string]any {
		return map[string]any{field: map[string]any{"ReceiptStatus": value}}
	}
	return []stateTest{
		{docflow.Deleted, map[string]any{"IsDeleted": true}},
		{docflow.Revoked, map[string]any{"RevocationStatus": "RevocationAccepted"}},
		{docflow.RevocationIn, map[string]any{"RevocationStatus": "RequestsMyRevocation"}},
		{docflow.RevocationOut, map[string]any{"RevocationStatus": "RevocationIsRequestedByMe"}},
		{docflow.Unsent, map[string]any{"SenderSignatureStatus": "WaitingForSenderSignature"}},
		{docflow.Unsent, map[string]any{"SenderSignatureStatus": "SenderSignatureCheckedAndInvalid"}},
		{docflow.DeliveryError, map[string]any{"RoamingNotificationStatus": "RoamingNotificationStatusError"}},
		{docflow.ProxyWait, map[string]any{"ProxySignatureStatus": "WaitingForProxySignature"}},
		{docflow.ProxyWait, map[string]any{"ProxySignatureStatus": "InvalidProxySignature"}},
		{docflow.ProxyRejected, map[string]any{"ProxySignatureStatus": "ProxySignatureRejected"}},
		{docflow.Rejected, map[string]any{"RecipientResponseStatus": "RecipientSignatureRequestRejected"}},
		{docflow.PartiallySigned, map[string]any{"RecipientResponseStatus": "WithRecipientPartiallySignature"}},
		{docflow.AllSigned, map[string]any{"RecipientResponseStatus": "WithRecipientSignature"}},
		{docflow.AwaitingAnswer, map[string]any{"RecipientResponseStatus": "WaitingForRecipientSignature"}},
		{docflow.AwaitingAnswer, map[string]any{"RecipientResponseStatus": "InvalidRecipientSignature"}},
		{docflow.Amendment, map[string]any{"AmendmentRequestMetadata": map[string]any{"AmendmentFlags": 1}}},
		{docflow.ReceiptDue, receipt("RecipientReceiptMetadata", "HaveToCreateReceipt")},
		{docflow.ReceiptDue, receipt("SenderReceiptMetadata", "HaveToCreateReceipt")},
		{docflow.Sent, receipt("RecipientReceiptMetadata", "WaitingForReceipt")},
		{docflow.Finished, nil},
	}
}

// withFields is a message of one document that waits for nothing but what the fields say.
func withFields(t *testing.T, direction diadoc.DocumentDirection, tests ...stateTest) diadoc.Message {
	t.Helper()
	document := map[string]any{"SenderSignatureStatus": "SenderSignatureCheckedAndValid", "RecipientResponseStatus": "RecipientResponseStatusNotAcceptable",
		"RevocationStatus": "RevocationStatusNone", "ProxySignatureStatus": "ProxySignatureStatusNone", "DocumentDirection": string(direction),
		"DocflowStatus": map[string]any{"PrimaryStatus": map[string]any{"Severity": "Error", "StatusText": "текст, который ничего не решает"}}}
	for _, test := range tests {
		maps.Copy(document, test.fields)
	}
	raw, err := json.Marshal(map[string]any{"MessageId": "m", "MessageType": "Letter", "LockMode": "None",
		"Entities": []any{map[string]any{"EntityType": "Attachment", "EntityId": "e", "DocumentInfo": document}}})
	require.NoError(t, err)
	var m diadoc.Message
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

func documentIn(m diadoc.Message) docflow.Document {
	return feed.FromDiadoc(m, "", docflow.CauseNews, "", m.TimestampTicks.Time()).Documents[0]
}

// TestDiadocStates proves the table of the page on the service's enumerations, and that of two tests which both
// hold the earlier one decides. A text of the service never does.
func TestDiadocStates(t *testing.T) {
	t.Parallel()
	all := stateTests()
	for i, first := range all {
		require.Equal(t, first.state, documentIn(withFields(t, diadoc.DirectionOutbound, first)).State, "%v", first.fields)
		for _, later := range all[i+1:] {
			both := withFields(t, diadoc.DirectionInbound, later, first)
			require.Equal(t, first.state, documentIn(both).State, "%v and %v", first.fields, later.fields)
		}
	}
	draft := withFields(t, diadoc.DirectionOutbound)
	draft.IsDraft = true
	require.Equal(t, docflow.Draft, documentIn(draft).State)
	lost := withFields(t, diadoc.DirectionOutbound, stateTest{fields: map[string]any{"RecipientResponseStatus": "WaitingForRecipientSignature"}})
	lost.Entities = append(lost.Entities, diadoc.Entity{EntityID: "n", AttachmentType: diadoc.AttachmentDeliveryFailureNotification})
	require.Equal(t, docflow.DeliveryError, documentIn(lost).State)
	strange := withFields(t, diadoc.DirectionOutbound, stateTest{fields: map[string]any{"RecipientResponseStatus": "SomethingNew"}})
	require.False(t, documentIn(strange).State.Final(), "what is not understood stays watched")
}

// TestDiadocStatesPage keeps the page's part about Диадок equal to what the code does.
func TestDiadocStatesPage(t *testing.T) {
	t.Parallel()
	const path, begin = "../docs/states.md", "\n## Диадок"
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	before, part, _ := strings.Cut(string(stored), begin)
	want := diadocStatesPage(t)
	if *updateStates {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+want), 0o644))
		part = want
	}
	require.Equal(t, want, part, "run: go test ./app -run DiadocStatesPage -update-states")
	for _, s := range docflow.DiadocStates() {
		require.Contains(t, want, "| `"+string(s)+"` |")
		require.Contains(t, settings.DiadocStates(), string(s), "a reaction may name it")
	}
}

func diadocStatesPage(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(` · states of a document

Решают перечисления Диадока, никогда не его тексты (они меняются без предупреждения). Первая строка, которая подходит, даёт
статус документа; статус сообщения из нескольких документов – тот из их статусов, который стоит раньше в списке
` + "`diadocStates`" + ` (` + "`app/docflow/document.go`" + `): сначала то, что требует действий. Таблицу проверяет тест.

The service's enumerations decide, never its texts, which change without notice. The first line that holds gives the state of a
document; a message of several documents is in that of their states which stands first in ` + "`diadocStates`" + `: what somebody must act
on comes first. A test keeps the table.

| статус · state | проверка · test | исходящий · outbound | входящий · inbound |
| --- | --- | --- | --- |
`)
	row := func(state docflow.State, test string, out, in docflow.Document) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", state, test, reaction.DocumentText(out), reaction.DocumentText(in))
	}
	same := func(state docflow.State, test string) {
		row(state, test, docflow.Document{State: state}, docflow.Document{State: state, Direction: docflow.Inbound})
	}
	same(docflow.Draft, "сообщение `IsDraft`")
	for i, test := range stateTests() {
		if i > 0 && stateTests()[i-1].state == test.state {
			continue
		}
		var either []string
		for _, other := range stateTests() {
			if other.state == test.state {
				either = append(either, condition(other.fields))
			}
		}
		if test.state == docflow.DeliveryError {
			either = append(either, "в сообщении есть `DeliveryFailureNotification`")
		}
		row(test.state, strings.Join(either, " или "), documentIn(withFields(t, diadoc.DirectionOutbound, test)), documentIn(withFields(t, diadoc.DirectionInbound, test)))
	}
	same(docflow.Invited, "контрагент приглашён, ответа нет")
	same(docflow.Partner, "контрагент принял приглашение")
	same(docflow.Uncertain, "ответ на отправку потерян, решает человек")
	same(docflow.Failed, "Диадок отказал в отправке")
	b.WriteString(`
В историю попадает каждое состояние, через которое документ прошёл между двумя чтениями ящика: подписи, отказы, запросы
аннулирования, извещения и доставка оставляют в сообщении след со временем, по нему состояния и восстанавливаются, с причиной
отказа и подписантом. Следа не оставляют удаление и восстановление документа и подпись, оказавшаяся неверной: от них видно
только то, что получилось в итоге.

The history has every state that a document went through between two reads of the box: signatures, refusals, revocation requests,
receipts and the delivery leave a trace with a time in the message, and the states are told from it, with the reason of a refusal
and the signer. Deletions that were taken back and signatures that proved invalid leave none: of them only the outcome shows.
`)
	return b.String()
}

// condition writes a test of fields.
func condition(fields map[string]any) string {
	if fields == nil {
		return "ничего из этого · none of these"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch value := fields[name].(type) {
		case map[string]any:
			for below, v := range value {
				parts = append(parts, fmt.Sprintf("`%s.%s` = %v", name, below, v))
			}
		default:
			parts = append(parts, fmt.Sprintf("`%s` = %v", name, value))
		}
	}
	return strings.Join(parts, ", ")
}
