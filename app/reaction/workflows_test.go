package reaction_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// standing is a template whose instances stand still on a person's task.
func standing(b *bench, kind int) int {
	return b.sim.AddTemplate(bitrixsim.Template{Name: "Ожидание", EntityTypeID: kind, Steps: []bitrixsim.Step{{Task: &bitrixsim.TaskStep{Activity: "ReviewActivity", Name: "Посмотреть", Users: []int{1}}}}})
}

func (b *bench) start(t *testing.T, template, kind, id int) string {
	t.Helper()
	document, err := bitrix.NewDocumentID(bitrix.EntityTypeID(kind), bitrix.ID(id))
	require.NoError(t, err)
	wf, err := b.b24.WorkflowStart(t.Context(), bitrix.WorkflowStart{TemplateID: bitrix.ID(template), DocumentID: document})
	require.NoError(t, err)
	return wf
}

func (b *bench) states() map[string]string {
	states := map[string]string{}
	for _, wf := range b.sim.Workflows() {
		states[wf.ID] = wf.State
	}
	return states
}

func TestRunningProcessesOfTheCardAreEnded(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	wanted, other := standing(b, 2), standing(b, 2)
	neighbour := b.sim.CreateItem(2, map[string]any{})
	mine, second := b.start(t, wanted, 2, int(b.card.ID)), b.start(t, wanted, 2, int(b.card.ID))
	foreign, others := b.start(t, other, 2, int(b.card.ID)), b.start(t, wanted, 2, neighbour)
	b.add(t, reaction.EndWorkflow, reaction.EndParams{Template: wanted, Status: "Документооборот {{ docflow.state }}", Docflow: map[string]any{"state": "completed"}})
	b.done(t)
	require.Equal(t, map[string]string{mine: bitrixsim.Terminated, second: bitrixsim.Terminated, foreign: bitrixsim.Running, others: bitrixsim.Running}, b.states())
	require.Contains(t, b.sim.Workflows()[0].Log, "Документооборот completed")
	b.add(t, reaction.EndWorkflow, reaction.EndParams{Template: other, Kill: true})
	b.done(t)
	require.NotContains(t, b.states(), foreign)
	b.add(t, reaction.EndWorkflow, reaction.EndParams{Template: other, Kill: true})
	b.done(t)
}

func TestProcessesOnOtherDocuments(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	invoice := b.sim.CreateItem(bitrixsim.SmartInvoice, map[string]any{"title": "Счёт"})
	item := b.sim.CreateItem(147, map[string]any{"title": "Объект"})
	list := b.sim.AddListElement(24, true, "Заявка")
	onInvoice, onItem := standing(b, bitrixsim.SmartInvoice), standing(b, 147)
	onList := b.sim.AddTemplate(bitrixsim.Template{Name: "Заявка", Document: [3]string{"lists", "BizprocDocument", "iblock_24"},
		Steps: []bitrixsim.Step{{Task: &bitrixsim.TaskStep{Activity: "ReviewActivity", Name: "Посмотреть", Users: []int{1}}}}})
	b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: onInvoice, Document: "SMART_INVOICE_" + bitrix.ID(invoice).String()})
	b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: onItem, Document: []any{"crm", `Bitrix\Crm\Integration\BizProc\Document\Dynamic`, "DYNAMIC_147_{{ docflow.item }}"},
		Docflow: map[string]any{"item": bitrix.ID(item).String()}})
	b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: onList, Document: []any{"lists", "BizprocDocument", bitrix.ID(list).String()}})
	b.done(t)
	var elements []string
	for _, wf := range b.sim.Workflows() {
		elements = append(elements, wf.Document[2])
	}
	require.Equal(t, []string{"SMART_INVOICE_" + bitrix.ID(invoice).String(), "DYNAMIC_147_" + bitrix.ID(item).String(), bitrix.ID(list).String()}, elements)

	for name, document := range map[string]any{"no element": "57", "nothing": "", "an unknown module": []any{"tasks", "x", "1"}, "no number": []any{"disk", `Bitrix\Disk\BizProcDocument`, "x"}, "two parts": []any{"crm", "DEAL_1"}} {
		b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: onInvoice, Document: document})
		result, err := b.work(t)
		require.NoError(t, err, name)
		require.Equal(t, lane.Dead, result.Verdict, name)
		require.Contains(t, result.Note, "не документ", name)
	}
}

func TestALostStartOnAnotherDocumentIsFound(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	item := b.sim.CreateItem(147, map[string]any{})
	template := standing(b, 147)
	b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: template, Document: "DYNAMIC_147_" + bitrix.ID(item).String()})
	b.sim.DropAnswerNext("bizproc.workflow.start")
	_, err := b.work(t)
	require.Error(t, err)
	b.done(t)
	require.Len(t, b.sim.Workflows(), 1)
}

func TestCardsThatAreGone(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{"assignedById": 2})
	template := standing(b, 2)
	b.sim.DeleteItem(2, int(b.card.ID))
	b.add(t, reaction.SetFields, own("исполнен"))
	b.add(t, reaction.Comment, reaction.CommentParams{Text: "раз"})
	b.add(t, reaction.Todo, reaction.TextParams{Text: "два"})
	b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: template})
	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "WON"})
	b.add(t, reaction.RunTrigger, reaction.TriggerParams{Code: portal.TriggerDocflowCompleted})
	b.add(t, reaction.Notify, reaction.TextParams{Text: "Готово", User: "2"})
	b.done(t)
	require.Equal(t, 1, b.count("crm.item.get"), "asked once")
	require.Zero(t, b.count("crm.timeline.comment.add"))
	require.Len(t, b.sim.Notifications(), 1, "people hear all the same")
	for _, kind := range []reaction.Kind{reaction.Comment, reaction.Todo, reaction.StartWorkflow, reaction.RunTrigger, reaction.EndWorkflow} {
		b.add(t, kind, map[string]any{"text": "x", "template": template, "code": "kb_docflow_completed"})
		b.done(t)
	}
}
