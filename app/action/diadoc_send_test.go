package action_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/diadoc"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

// filesField is the deal's field of the files that are sent.
const filesField = "UF_CRM_DOCS"

// attach puts files into the deal.
func (d *desk) attach(t *testing.T, files ...[2]string) {
	t.Helper()
	d.demo.Portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: filesField, Type: "file", Multiple: true})
	var values []any
	for _, f := range files {
		values = append(values, d.demo.Portal.AddFile(f[0], []byte(f[1])))
	}
	require.NoError(t, d.demo.Portal.UpdateItem(bitrixsim.Deal, d.demo.Sale, map[string]any{filesField: values}))
}

// signature is our detached signature of a text.
func (d *desk) signature(t *testing.T, text string) string {
	t.Helper()
	s, err := d.sim.Signature(d.demo.Diadoc.Box, []byte(text))
	require.NoError(t, err)
	return string(s)
}

// send is the call of a robot that sends the deal's files.
func (d *desk) send(t *testing.T, more props) lane.Row {
	t.Helper()
	p := props{"inn": partnerINN, "files": filesField}
	for key, value := range more {
		p[key] = value
	}
	return d.call(t, "diadoc_send", d.demo.Sale, p)
}

// done runs a row, as often as it asks to come back, and gives how often that was.
func (d *desk) done(t *testing.T, row lane.Row) (result lane.Result, runs int) {
	t.Helper()
	for runs = 1; runs < 20; runs++ {
		if result = d.run(t, row); result.Verdict != lane.Aside {
			return result, runs
		}
		if result.At.After(d.Now()) {
			d.Add(result.At.Sub(d.Now()))
		}
	}
	return result, runs
}

// TestPacketIsSentOnce: several documents with their signatures are one message with all that was said of them.
func TestPacketIsSentOnce(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"договор.pdf", "%PDF один"}, [2]string{"договор.pdf.sig", d.signature(t, "%PDF один")},
		[2]string{"акт.pdf", "%PDF два"}, [2]string{"акт.sig", d.signature(t, "%PDF два")})
	row := d.send(t, props{"document_type": "contract", "number": "17", "date": "02.03.2026", "amount": "1 200,5", "metadata": "ContractType=Аренда", "custom_data": "crmDeal = 17\nmanager=Анна", "need_signature": "Y"})
	result := d.run(t, row)
	require.Equal(t, lane.Done, result.Verdict, result.Note)
	told := d.answers(t, d.demo.Sale)
	require.Len(t, told, 1)
	require.Equal(t, "awaiting-answer", told[0]["status"], told)
	require.Len(t, told[0]["entity_ids"], 2)
	all := d.sim.Documents()
	require.Len(t, all, 2)
	require.Equal(t, all[0].MessageID, all[1].MessageID)
	require.Equal(t, []string{"Contract", "17", "договор.pdf", "SenderSignatureCheckedAndValid"}, []string{all[0].Type, all[0].Number, all[0].FileName, all[0].Sender})
	info, err := d.office.GetDocument(t.Context(), diadoc.BoxID(d.demo.Diadoc.Box), diadoc.DocumentID{MessageID: diadoc.MessageID(all[1].MessageID), EntityID: diadoc.EntityID(all[1].EntityID)}, false)
	require.NoError(t, err)
	got := map[string]string{}
	for _, m := range info.Metadata {
		got[m.Key] = m.Value
	}
	for _, tag := range info.CustomData {
		got[tag.Key] = tag.Value
	}
	require.Subset(t, got, map[string]string{"FileName": "акт.pdf", "DocumentNumber": "17", "DocumentDate": "02.03.2026", "ContractPrice": "1200.50", "ContractType": "Аренда",
		"crmDeal": "17", "manager": "Анна", "crmCard": fmt.Sprintf("2:%d", d.demo.Sale), "crmPortal": d.member})

	again := d.run(t, row)
	require.Equal(t, "sent by an earlier run", again.Note)
	require.Len(t, d.sim.Documents(), 2)
}

// TestSendingIsCheckedFirst: everything that is wrong is told together, with what to do, and nothing is sent.
func TestSendingIsCheckedFirst(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	many := make([][2]string, 41)
	for i := range many {
		many[i] = [2]string{fmt.Sprintf("%d.pdf", i), "%PDF"}
	}
	one := [][2]string{{"договор.pdf", "%PDF один"}}
	for _, tc := range []struct {
		files [][2]string
		code  string
		p     props
		want  []string
	}{
		{one, "unknown_document_type", props{"document_type": "Chek"}, []string{"document_type", "Chek", "Nonformalized", "Contract («Договор»)"}},
		{one, "unknown_document_type", props{"document_type": "UniversalTransferDocument", "function": "X"}, []string{"function", "СЧФДОП"}},
		{one, "invalid_field", props{"document_type": "SupplementaryAgreement", "date": "02.03.2026", "metadata": "ContractDate=скоро\nColour=red", "custom_data": "без значения\nкривой ключ=1\ncrmCard=2"},
			[]string{"DocumentNumber: обязательное", "number", "ContractNumber", "ContractDate (metadata): дата «скоро»", "Colour (metadata)", "строка «без значения»", "кривой ключ", "crmCard"}},
		{many, "invalid_field", props{}, []string{"документов 41", "не больше 40"}},
		{nil, "invalid_field", props{}, []string{"files: нет ни одного файла"}},
		{append(one, [2]string{"договор.pdf.sig", d.signature(t, "%PDF другой")}), "invalid_field", props{}, []string{"договор.pdf.sig", "сделана не для", "Мостовой"}[:2]},
		{append(one, [2]string{"акт.pdf", "%PDF два"}, [2]string{"акт.pdf.sig", d.signature(t, "%PDF два")}, [2]string{"чужой.sig", "x"}), "invalid_field", props{}, []string{"у документа «договор.pdf» нет подписи", "«чужой.sig»"}},
		{append(one, [2]string{"договор.pdf.sig", d.signature(t, "%PDF один")}), "invalid_field", props{"sign_with": "test", "draft": "Y", "wait": "signed"}, []string{"draft:", "wait:"}},
		{one, "invalid_field", props{"document_type": "UniversalTransferDocument", "function": "СЧФДОП"}, []string{"договор.pdf", "не XML"}},
		{one, "certificate_not_found", props{"sign_with": "AB12"}, []string{"sign_with", "AB12", ".sig"}},
		{one, "not_partner", props{"inn": closedINN, "sign_with": "test"}, []string{"только от своих контрагентов", "Пригласите"}},
		{one, "counteragent_not_found", props{"inn": "7799999999"}, []string{"inn", "7799999999"}},
		{one, "own_box", props{"inn": "7700000001"}, []string{"inn"}},
	} {
		d.attach(t, tc.files...)
		text := d.refusal(t, tc.code, d.send(t, tc.p))
		for _, want := range tc.want {
			require.Contains(t, text, want, tc.p)
		}
		require.Empty(t, d.sim.Documents(), text)
	}
}

// TestOneOfSeveralBoxes: of branches and doubles the partner is meant; where that does not tell, a person chooses.
func TestOneOfSeveralBoxes(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"договор.pdf", "%PDF"})
	double := d.sim.AddOrganization(diadocsim.Organization{INN: partnerINN, KPP: "540001001", FullName: "Двойник", Roaming: true, Test: true})
	result := d.run(t, d.send(t, props{"sign_with": "test"}))
	require.Equal(t, lane.Done, result.Verdict, result.Note)
	require.Equal(t, d.demo.Diadoc.Partner, d.sim.Documents()[0].To)

	d.sim.AddOrganization(diadocsim.Organization{INN: "7800000004", KPP: "780002001", FullName: "Филиал", Test: true})
	text := d.refusal(t, "counteragent_ambiguous", d.send(t, props{"inn": "7800000004", "sign_with": "test"}))
	require.Contains(t, text, "КПП 780002001, box_id")
	require.Contains(t, text, "ООО «Оценка Несуществующая»")
	d.run(t, d.send(t, props{"inn": "7800000004", "sign_with": "test", "box_id": d.demo.Diadoc.Stranger}))
	require.Equal(t, d.demo.Diadoc.Stranger, d.sim.Documents()[1].To)
	require.NotEqual(t, double, d.sim.Documents()[1].To)
}

// TestLostSendIsOneMessage: whatever becomes of the answer or of the process, one message is there, and the bytes
// and the operation are those of the first try.
func TestLostSendIsOneMessage(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*diadocsim.Server){
		"the answer is lost":  func(s *diadocsim.Server) { s.DropAnswerNext("PostMessage") },
		"the request is lost": func(s *diadocsim.Server) { s.LoseRequestNext("PostMessage") },
		"the first is still under way": func(s *diadocsim.Server) {
			s.DropAnswerNext("PostMessage")
			s.RetryLaterNext("PostMessage", 204)
		},
		"the service fails": func(s *diadocsim.Server) { s.FailNext("PostMessage", 500, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t)
			d.attach(t, [2]string{"договор.pdf", "%PDF"})
			spoil(d.sim)
			row := d.send(t, props{"sign_with": "test"})
			failures := 0
			for ; ; failures++ {
				require.Less(t, failures, 5)
				result, err := d.worker.Work(t.Context(), row)
				if err == nil {
					require.NoError(t, d.store.Commit(t.Context(), result.Writes...))
					break
				}
				d.attach(t, [2]string{"другой.pdf", "%PDF поменяли"}) // the frozen bytes count, not the card
				d.restart(t)
				d.Add(time.Minute)
			}
			require.Positive(t, failures)
			all := d.sim.Documents()
			require.Len(t, all, 1)
			require.Equal(t, "договор.pdf", all[0].FileName)
			require.Equal(t, all[0].MessageID, d.record(t).ExternalID)
			require.Zero(t, d.sim.Stats().Misused)
			require.Equal(t, "awaiting-answer", d.answers(t, d.demo.Sale)[0]["status"])
		})
	}
}

// TestDuplicateIsFound: a 409 that stands for a message which is there already is no failure.
func TestDuplicateIsFound(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"договор.pdf", "%PDF"})
	d.sim.LoseRequestNext("PostMessage")
	row := d.send(t, props{"sign_with": "test"})
	_, err := d.worker.Work(t.Context(), row)
	require.Error(t, err)
	rec := d.record(t)
	require.Equal(t, docflow.Prepared, rec.State)
	// Somebody else's library has sent the very same bytes meanwhile, under an id of its own.
	_, err = d.office.PostStoredMessage(t.Context(), "another", rec.Body)
	require.NoError(t, err)
	result := d.run(t, row)
	require.Contains(t, result.Note, "found by its documents' ids")
	require.Len(t, d.sim.Documents(), 1)
}

// TestDraftIsSentLater: a draft is nobody's until it is signed and sent, then it goes by another id in the same record.
func TestDraftIsSentLater(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"договор.pdf", "%PDF один"}, [2]string{"акт.pdf", "%PDF два"})
	require.Contains(t, d.refusal(t, "message_not_found", d.call(t, "diadoc_send_draft", d.demo.Sale, nil)), "нет документов")
	d.run(t, d.send(t, props{"draft": "Y"}))
	require.Equal(t, "draft", d.answers(t, d.demo.Sale)[0]["status"])
	draft := d.record(t)
	require.Contains(t, d.refusal(t, "no_signature", d.call(t, "diadoc_send_draft", d.demo.Sale, nil)), "sign_with")

	d.attach(t, [2]string{"a.sig", d.signature(t, "%PDF два")}, [2]string{"b.sig", d.signature(t, "%PDF чужой")})
	text := d.refusal(t, "invalid_field", d.call(t, "diadoc_send_draft", d.demo.Sale, props{"signature": filesField}))
	require.Contains(t, text, "нет подписи документа «договор.pdf»")
	require.Contains(t, text, "«b.sig»")

	d.attach(t, [2]string{"a.sig", d.signature(t, "%PDF два")}, [2]string{"b.sig", d.signature(t, "%PDF один")})
	d.sim.DropAnswerNext("SendDraft")
	row := d.call(t, "diadoc_send_draft", d.demo.Sale, props{"signature": filesField})
	_, err := d.worker.Work(t.Context(), row)
	require.Error(t, err)
	d.restart(t)
	result := d.run(t, row)
	require.Equal(t, "draft sent", result.Note)
	rec := d.record(t)
	require.Equal(t, draft.ID, rec.ID)
	require.NotEqual(t, draft.ExternalID, rec.ExternalID)
	require.Equal(t, docflow.AwaitingAnswer, rec.State)
	require.Nil(t, rec.Signing)
	var sent []diadocsim.Document
	for _, one := range d.sim.Documents() {
		if one.Sent {
			sent = append(sent, one)
		}
	}
	require.Len(t, sent, 2)
	require.Equal(t, rec.ExternalID, sent[0].MessageID)
	told := d.answers(t, d.demo.Sale)
	require.Len(t, told, 1)
	require.Equal(t, rec.ExternalID, told[0]["message_id"])
	require.Contains(t, d.refusal(t, "not_a_draft", d.call(t, "diadoc_send_draft", d.demo.Sale, nil)), "не черновик")
}

// TestSendWaits: a robot that was asked to wait is answered by the other side's signature, and by a wrong end too.
func TestSendWaits(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"договор.pdf", "%PDF"})
	d.run(t, d.send(t, props{"sign_with": "test", "wait": "signed"}))
	require.Empty(t, d.answers(t, d.demo.Sale))
	d.Add(pace)
	one := d.sim.Documents()[0]
	require.NoError(t, d.sim.Sign(d.demo.Diadoc.Partner, one.MessageID, one.EntityID))
	d.read(t, one.MessageID)
	require.Equal(t, "signed", d.answers(t, d.demo.Sale)[0]["status"])

	d.sim.FailNext("PostMessage", 402, 1)
	result := d.run(t, d.send(t, props{"sign_with": "test", "wait": "finished"}))
	require.Equal(t, "refused by the service", result.Note)
	require.Equal(t, "no_subscription", d.answers(t, d.demo.Sale)[0]["error_code"])
}

// thumbprint is a certificate of the cloud that our user has.
const thumbprint = "AABBCCDDEEFF00112233445566778899AABBCCDD"

func (d *desk) cloud(t *testing.T) {
	t.Helper()
	require.NoError(t, d.sim.AddCloudCertificate(d.demo.Diadoc.Login, thumbprint))
}

// TestCloudSignature: the message is stored unsent, the certificate's owner is asked once, whatever happens to the
// process meanwhile, and his confirmation sends it.
func TestCloudSignature(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.cloud(t)
	d.attach(t, [2]string{"договор.pdf", "%PDF один"}, [2]string{"акт.pdf", "%PDF два"})
	row := d.send(t, props{"sign_with": strings.ToLower(thumbprint)})
	asked := false
	for range 8 {
		d.restart(t)
		result := d.run(t, row)
		require.Equal(t, lane.Aside, result.Verdict, result.Note)
		d.Add(max(0, result.At.Sub(d.Now())))
		asked = asked || len(d.sim.Signings()) > 0
	}
	require.True(t, asked)
	require.Len(t, d.sim.Signings(), 1, "the owner is asked once")
	rec := d.record(t)
	require.Equal(t, docflow.Unsent, rec.State)
	require.Equal(t, docflow.SigningAsked, rec.Signing.Stage)
	texts := d.texts(t)
	require.Contains(t, texts, "myDSS")
	require.Contains(t, texts, "1234")
	require.Equal(t, 1, strings.Count(texts, "to-do: "), texts)
	require.Contains(t, d.refusal(t, "signing_in_progress", d.call(t, "diadoc_sign", d.demo.Sale, props{"sign_with": thumbprint})), "подтверждает владелец")

	require.NoError(t, d.sim.ConfirmSigning(d.sim.Signings()[0].TaskID))
	d.sim.DropAnswerNext("PostMessagePatch")
	_, err := d.worker.Work(t.Context(), row)
	require.Error(t, err)
	require.Equal(t, docflow.SigningFrozen, d.record(t).Signing.Stage)
	d.restart(t)
	result, _ := d.done(t, row)
	require.Equal(t, lane.Done, result.Verdict, result.Note)
	rec = d.record(t)
	require.Nil(t, rec.Signing)
	require.Equal(t, docflow.AwaitingAnswer, rec.State)
	for _, one := range d.sim.Documents() {
		require.Equal(t, "SenderSignatureCheckedAndValid", one.Sender)
	}
	require.Zero(t, d.sim.Stats().Misused)
	told := d.answers(t, d.demo.Sale)
	require.Len(t, told, 1)
	require.Equal(t, "awaiting-answer", told[0]["status"])
}

// texts are the comments and to-dos that wait for the card.
func (d *desk) texts(t *testing.T) string {
	t.Helper()
	effects, err := d.store.WaitingEffects(t.Context(), d.member, docflow.Card{EntityType: 2, ID: int64(d.demo.Sale)})
	require.NoError(t, err)
	var all strings.Builder
	for _, e := range effects {
		switch e.Kind {
		case reaction.Todo:
			all.WriteString("to-do: " + string(e.Params) + "\n")
		case reaction.Comment:
			all.WriteString(string(e.Params) + "\n")
		}
	}
	return all.String()
}

// TestCloudSignatureThatFails: the message stays unsent, the robot and the card are told why, and another try may follow.
func TestCloudSignatureThatFails(t *testing.T) {
	t.Parallel()
	for status, code := range map[string]string{"CanceledByUser": "signing_refused", "Timeout": "not_confirmed", "Crashed": "signing_failed",
		"UserHasUnconfirmedOperation": "signing_busy", "": "not_confirmed"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t)
			d.cloud(t)
			d.attach(t, [2]string{"договор.pdf", "%PDF один"})
			row := d.send(t, props{"sign_with": thumbprint, "wait": "signed"})
			for range 4 {
				d.Add(max(0, d.run(t, row).At.Sub(d.Now())))
			}
			if status == "" {
				d.Add(2 * time.Hour)
			} else {
				require.NoError(t, d.sim.EndSigning(d.sim.Signings()[0].TaskID, status))
			}
			result, _ := d.done(t, row)
			require.Equal(t, lane.Done, result.Verdict)
			told := d.answers(t, d.demo.Sale)
			require.Len(t, told, 1, result.Note)
			require.Equal(t, []any{code, "unsent"}, []any{told[0]["error_code"], told[0]["status"]})
			require.Nil(t, d.record(t).Signing)

			next := d.call(t, "diadoc_sign", d.demo.Sale, props{"sign_with": "test"})
			result, _ = d.done(t, next)
			require.Equal(t, "signed", result.Note)
			require.Equal(t, docflow.AwaitingAnswer, d.record(t).State)
		})
	}
}

// TestSigningIsStartedAgain: the signing service may ask to begin anew later.
func TestSigningIsStartedAgain(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.cloud(t)
	d.set.Connections = []settings.Connection{{Name: "box", Kind: settings.Diadoc, Certificate: thumbprint}}
	d.attach(t, [2]string{"договор.pdf", "%PDF один"})
	row := d.send(t, nil)
	for range 4 {
		d.Add(max(0, d.run(t, row).At.Sub(d.Now())))
	}
	require.NoError(t, d.sim.EndSigning(d.sim.Signings()[0].TaskID, "OperationRetryRequired"))
	result := d.run(t, row)
	require.Equal(t, lane.Aside, result.Verdict)
	require.GreaterOrEqual(t, result.At.Sub(d.Now()), 4*time.Minute)
	d.Add(result.At.Sub(d.Now()))
	d.run(t, row)
	require.Len(t, d.sim.Signings(), 2)
	require.NoError(t, d.sim.ConfirmSigning(d.sim.Signings()[0].TaskID))
	require.NoError(t, d.sim.ConfirmSigning(d.sim.Signings()[1].TaskID))
	result, _ = d.done(t, row)
	require.Equal(t, "signed and sent", result.Note)
}

// TestBoxIsGone: a send whose box was taken out of the settings meanwhile ends, and says that nobody can look.
func TestBoxIsGone(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"договор.pdf", "%PDF"})
	d.sim.LoseRequestNext("PostMessage")
	row := d.send(t, props{"sign_with": "test", "wait": "signed"})
	_, err := d.worker.Work(t.Context(), row)
	require.Error(t, err)
	d.connect(t, "main")
	result := d.run(t, row)
	require.Equal(t, lane.Done, result.Verdict)
	require.Equal(t, docflow.Uncertain, d.record(t).State)
	require.Equal(t, "no_connection", d.answers(t, d.demo.Sale)[0]["error_code"])
}
