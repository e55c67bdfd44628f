package reaction_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/reaction"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// step puts a robot on a stage, moves the card there and gives the sealed token of the step that waits.
func (b *bench) step(t *testing.T) []byte {
	t.Helper()
	host := strings.Split(b.sim.Endpoint(), "/portal")[0]
	require.NoError(t, b.b24.RobotAdd(t.Context(), bitrix.Robot{Code: "realty_wait", Handler: host + "/nobody", Subscription: bitrix.SubscriptionYes,
		Name: bitrix.Texts{"ru": "Ждать"}, ReturnProperties: bitrix.RobotProperties{{ID: "state", Name: bitrix.Texts{"ru": "Статус"}, Type: "string"}}}))
	b.sim.PlaceRobot(2, "PREPARATION", bitrixsim.Step{Robot: "realty_wait"})
	require.NoError(t, b.sim.MoveStage(2, int(b.card.ID), "PREPARATION"))
	var call bitrix.RobotCall
	require.Eventually(t, func() bool {
		for _, d := range b.sim.Deliveries() {
			if d.Code == "realty_wait" {
				var err error
				call, err = bitrix.ParseRobotCall([]byte(d.Body))
				return err == nil
			}
		}
		return false
	}, 5*time.Second, time.Millisecond)
	return b.box.Seal([]byte(call.EventToken), "event_token/m1")
}

func (b *bench) workflow(t *testing.T) bitrixsim.Workflow {
	t.Helper()
	all := b.sim.Workflows()
	require.Len(t, all, 1)
	return all[0]
}

func TestAWaitingWorkflowHearsOfProgressAndIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	token := b.step(t)
	b.add(t, reaction.RobotLog, reaction.LogParams{Token: token, Text: "Выписка ЕГРН: ожидает отправки"})
	b.add(t, reaction.RobotLog, reaction.LogParams{Token: token, Text: "Выписка ЕГРН: на рассмотрении"})
	b.done(t)
	require.Equal(t, []string{"Выписка ЕГРН: на рассмотрении"}, b.workflow(t).Log, "what has passed is not told any more")
	require.Equal(t, bitrixsim.Running, b.workflow(t).State)
	b.add(t, reaction.RobotReturn, reaction.ReturnParams{Token: token, Values: map[string]any{"state": "completed"}, Log: "исполнен"})
	b.done(t)
	require.Equal(t, bitrixsim.Done, b.workflow(t).State)
	require.Equal(t, []map[string]any{{"state": "completed"}}, b.workflow(t).Returns)
	b.add(t, reaction.RobotLog, reaction.LogParams{Token: token, Text: "поздно"})
	b.done(t)
	require.Len(t, b.workflow(t).Log, 2, "a step that has gone on is no fault")
	b.add(t, reaction.RobotLog, reaction.LogParams{Token: []byte("unreadable"), Text: "x"})
	b.done(t)
}

func TestAnAnswerThatCameTooLateGoesToTheTimeline(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	gone := b.box.Seal([]byte("a step of long ago"), "event_token/m1")
	b.add(t, reaction.RobotReturn, reaction.ReturnParams{Token: gone, Values: map[string]any{"state": "sent"}, Log: "Выписка ЕГРН: исполнен", Told: true})
	b.done(t)
	require.Empty(t, b.timeline(bitrixsim.KindComment), "the timeline has it already")
	b.add(t, reaction.RobotReturn, reaction.ReturnParams{Token: gone, Values: map[string]any{"state": "sent"}, Log: "Выписка ЕГРН: исполнен"})
	result, err := b.work(t)
	require.NoError(t, err)
	require.NotEmpty(t, b.waiting(t), result.Note)
	b.done(t)
	require.Len(t, b.timeline(bitrixsim.KindComment), 1)
	require.Contains(t, b.timeline(bitrixsim.KindComment)[0], "Ответ: Выписка ЕГРН: исполнен")
}

func TestALostAnswerToARobotIsNotTakenForATimeOut(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	token := b.step(t)
	b.add(t, reaction.RobotReturn, reaction.ReturnParams{Token: token, Values: map[string]any{"state": "completed"}, Log: "исполнен"})
	b.sim.DropAnswerNext("bizproc.event.send")
	_, err := b.work(t)
	require.Error(t, err)
	require.Equal(t, bitrixsim.Done, b.workflow(t).State)
	b.done(t)
	require.Empty(t, b.timeline(bitrixsim.KindComment))
	require.Len(t, b.workflow(t).Returns, 1)
}

func TestARobotWhoseKeyIsLostNamesItsWorkflow(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.add(t, reaction.RobotReturn, reaction.ReturnParams{Token: []byte("unreadable"), Workflow: "66e81a641752f8.56521481"})
	result, err := b.work(t)
	require.NoError(t, err)
	require.Contains(t, result.Note, "Завершите бизнес-процесс 66e81a641752f8.56521481 вручную")
}

func TestTexts(t *testing.T) {
	t.Parallel()
	waiters := make([]docflow.Waiter, 0, 5)
	for _, u := range []docflow.Until{docflow.UntilFirst, docflow.UntilSent, docflow.UntilAny, docflow.UntilSuspended, docflow.UntilCompleted} {
		waiters = append(waiters, docflow.Waiter{Portal: "m1", Card: deal, Until: u, Token: []byte("t")})
	}
	effects := reaction.Progress(record(docflow.Sent), waiters)
	require.Len(t, effects, 5)
	require.Contains(t, string(effects[0].Params), "на рассмотрении в Росреестре. Шаг ждёт первого ответа службы.")
	require.Contains(t, string(effects[4].Params), "Шаг ждёт завершения.")
	long := reaction.Unfinished(reaction.Undone{Portal: "m1", Card: deal, Action: "Подать", Job: 7, Reason: strings.Repeat("я", 1000)})
	require.Len(t, long, 2, "nobody waits")
	require.Contains(t, string(long[1].Params), "я…. После исправления задание № 7 можно повторить")
	require.Less(t, len(long[1].Params), 1000)
	short := reaction.Unfinished(reaction.Undone{Portal: "m1", Card: deal, Action: "Подать", Job: 7, Reason: "«Подать» не выполнено: нет связи"})
	require.Contains(t, string(short[1].Params), `"«Подать» не выполнено: нет связи. После`)
}
