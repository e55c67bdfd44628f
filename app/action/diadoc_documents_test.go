package action_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/sandbox/diadocsim"
)

// TestRejecting: a refusal reaches the other side once, whatever becomes of its answer, and a revocation that they ask
// for is refused by the same robot.
func TestRejecting(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, entity := d.receive(t)
	p := props{"message_id": message, "entity_id": entity, "comment": "Сумма не та", "sign_with": "test"}

	require.Contains(t, d.no(t, "no_certificate", "diadoc_reject", props{"message_id": message, "comment": "x"}), "sign_with")
	require.Contains(t, d.no(t, "invalid_field", "diadoc_reject", props{"message_id": message, "sign_with": "test"}), "comment")
	require.Contains(t, d.no(t, "document_not_found", "diadoc_reject", props{"message_id": message, "entity_id": "77777777-0000-0000-0000-000000000001", "comment": "x"}), "entity_id")

	d.sim.DropAnswerNext("PostMessagePatch")
	row := d.call(t, "diadoc_reject", d.demo.Sale, p)
	_, err := d.worker.Work(t.Context(), row)
	require.Error(t, err, "the answer was lost")
	d.sim.SetSwitches(diadocsim.Switches{RefuseReusedOperation: true}) // what is generated anew is other bytes
	d.run(t, row)
	require.Equal(t, "rejected", d.answers(t, d.demo.Sale)[0]["status"])
	require.Equal(t, 1, d.sent("PostMessagePatch"), "it was looked whether the refusal is there")
	d.fine(t, "diadoc_reject", p) // and it is so already for another robot

	ours, ourEntity := d.deliver(t)
	require.Contains(t, d.no(t, "wrong_state", "diadoc_reject", props{"message_id": ours, "comment": "x", "sign_with": "test"}), "аннулировать")
	require.NoError(t, d.sim.Sign(d.demo.Diadoc.Partner, ours, ourEntity))
	require.NoError(t, d.sim.AskRevocation(d.demo.Diadoc.Partner, ours, ourEntity, "Передумали"))
	d.Add(pace)
	told := d.fine(t, "diadoc_reject", props{"message_id": ours, "comment": "Договор исполнен", "sign_with": "test"})
	require.Equal(t, "signed", told["status"], "it stays in force")
	there, err := d.sim.Document(ours, ourEntity)
	require.NoError(t, err)
	require.Equal(t, "rejected", there.Revocation)
}

// TestRevoking: the robot waits for the other side's answer; a second one only joins the wait.
func TestRevoking(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	for name, accepted := range map[string]bool{"accepted": true, "refused": false} {
		message, err := d.sim.Send(d.demo.Diadoc.Partner, d.demo.Diadoc.Box, diadocsim.Paper{FileName: name + ".pdf", Content: []byte(name)})
		require.NoError(t, err)
		d.Add(pace)
		d.fine(t, "diadoc_status", props{"message_id": message})
		entity := d.record(t).Documents[0].EntityID
		p := props{"message_id": message, "comment": "Ошиблись", "sign_with": "test"}
		for range 2 {
			require.Equal(t, lane.Done, d.do(t, "diadoc_revoke", d.demo.Sale, p).Verdict)
			require.Empty(t, d.answers(t, d.demo.Sale), "the robot waits")
		}
		require.Equal(t, docflow.RevocationOut, d.record(t).State)
		want := "revoked"
		d.Add(pace)
		if accepted {
			require.NoError(t, d.sim.AcceptRevocation(d.demo.Diadoc.Partner, message, entity))
		} else {
			require.NoError(t, d.sim.RefuseRevocation(d.demo.Diadoc.Partner, message, entity, "Нет"))
			want = "finished"
		}
		d.read(t, message)
		told := d.answers(t, d.demo.Sale)
		require.Len(t, told, 2)
		require.Equal(t, want, told[0]["status"])
	}
	message, entity := d.deliver(t)
	require.NoError(t, d.sim.Sign(d.demo.Diadoc.Partner, message, entity))
	require.NoError(t, d.sim.AskRevocation(d.demo.Diadoc.Partner, message, entity, "Передумали"))
	d.Add(pace)
	require.Contains(t, d.no(t, "wrong_state", "diadoc_revoke", props{"message_id": message, "comment": "x", "sign_with": "test"}), "Контрагент сам просит")
}

// TestApproving: colleagues are found by name, and a decision is the service's own state.
func TestApproving(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, _ := d.receive(t)
	ask := func(more props) props {
		more["message_id"] = message
		return more
	}
	d.fine(t, "diadoc_request_approval", ask(props{"user": "Мостовой Робот", "comment": "Проверьте"}))
	require.Equal(t, "ApprovementRequested", d.record(t).Documents[0].Resolution)
	d.fine(t, "diadoc_resolve", ask(props{"decision": "approve"}))
	require.Equal(t, "Approved", d.record(t).Documents[0].Resolution)
	d.fine(t, "diadoc_request_approval", ask(props{"department": "юридический отдел", "decision": "подписать"}))
	require.Equal(t, "SignatureRequested", d.record(t).Documents[0].Resolution)
	d.fine(t, "diadoc_resolve", ask(props{"decision": "reject", "comment": "Нет реквизитов"}))
	require.Equal(t, "Disapproved", d.record(t).Documents[0].Resolution)

	require.Contains(t, d.no(t, "not_found", "diadoc_request_approval", ask(props{"user": "Иванов"})), "Мостовой Робот Примерович")
	require.Contains(t, d.no(t, "not_found", "diadoc_request_approval", ask(props{"department": "Архив"})), "Отдел продаж")
	require.Contains(t, d.no(t, "invalid_field", "diadoc_request_approval", ask(props{})), "ровно одного")
	require.Contains(t, d.no(t, "invalid_field", "diadoc_resolve", ask(props{"decision": "reject"})), "причину")
	require.Contains(t, d.no(t, "invalid_field", "diadoc_resolve", ask(props{"decision": "reject", "comment": string(make([]rune, 5001))})), "5000")
}

// TestMovingAndDeleting: what has no operation id tells a repeat by the state that it finds.
func TestMovingAndDeleting(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, entity := d.receive(t)
	d.fine(t, "diadoc_move", props{"message_id": message, "department_id": "Отдел продаж"})
	d.fine(t, "diadoc_move", props{"message_id": message, "department_id": d.demo.Diadoc.Law})
	require.Contains(t, d.no(t, "not_found", "diadoc_move", props{"message_id": message, "department_id": "Склад"}), "Отдел продаж")

	d.sim.DropAnswerNext("Delete")
	row := d.call(t, "diadoc_delete", d.demo.Sale, props{"message_id": message})
	_, err := d.worker.Work(t.Context(), row)
	require.Error(t, err)
	d.run(t, row)
	require.Equal(t, "deleted", d.answers(t, d.demo.Sale)[0]["status"])
	require.Equal(t, "awaiting-answer", d.fine(t, "diadoc_restore", props{"message_id": message, "entity_id": entity})["status"])
	require.Equal(t, "awaiting-answer", d.fine(t, "diadoc_restore", props{"message_id": message})["status"], "it is there")

	told := d.fine(t, "diadoc_forward", props{"message_id": message, "inn": "7800000004"})
	require.NotEmpty(t, told["forwarded_id"])
	require.Contains(t, d.no(t, "counteragent_not_found", "diadoc_forward", props{"message_id": message, "inn": "1234567890"}), "1234567890")

	require.NoError(t, d.sim.SuspendSubscription(d.demo.Diadoc.Box, true))
	require.Contains(t, d.no(t, "no_subscription", "diadoc_move", props{"message_id": message, "department_id": d.demo.Diadoc.Law}), "подписки")
}
