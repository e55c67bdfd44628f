package reaction_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/bitrixsim"
)

// TestLostAnswers: the portal has done it, its answer was cut off, and the next run does it not again.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method string
		add    func(*testing.T, *bench)
		happen func(*bench) int
	}{
		"comment": {"crm.timeline.comment.add", func(t *testing.T, b *bench) { b.add(t, reaction.Comment, reaction.CommentParams{Text: "раз"}) },
			func(b *bench) int { return len(b.timeline(bitrixsim.KindComment)) }},
		"files": {"crm.item.update", func(t *testing.T, b *bench) {
			b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: portal.FieldRealtyFiles, Files: []reaction.FileItem{b.completed(t)}})
		}, func(b *bench) int { return len(b.field(portal.FieldRealtyFiles).([]any)) }},
		"workflow": {"bizproc.workflow.start", func(t *testing.T, b *bench) {
			require.NoError(t, b.b24.RobotAdd(t.Context(), bitrix.Robot{Code: "waits", Handler: b.sim.Endpoint() + "nobody", Subscription: "Y", Name: bitrix.Texts{"ru": "Ждёт"}}))
			template := b.sim.AddTemplate(bitrixsim.Template{Name: "Оплата", EntityTypeID: 2, Steps: []bitrixsim.Step{{Robot: "waits"}}})
			b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: template})
		}, func(b *bench) int { return len(b.sim.Workflows()) }},
		"stage": {"crm.item.update", func(t *testing.T, b *bench) { b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "PREPARATION"}) },
			func(b *bench) int { return map[bool]int{true: 1}[b.field("stageId") == "PREPARATION"] }},
		"notice": {"im.notify", func(t *testing.T, b *bench) {
			b.add(t, reaction.Notify, reaction.TextParams{Text: "раз", User: "responsible"})
		},
			func(b *bench) int { return len(b.sim.Notifications()) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, 2, map[string]any{})
			b.sim.PauseDelivery(true) // a started process stays where it is
			tc.add(t, b)
			b.sim.DropAnswerNext(tc.method)
			_, err := b.work(t)
			require.Equal(t, upstream.Retry, upstream.ClassOf(err), err)
			require.Len(t, b.waiting(t), 1)
			b.done(t)
			require.Equal(t, 1, tc.happen(b))
		})
	}
}

// TestCleanFailures: what surely was not done leaves no mark that would stop the next try.
func TestCleanFailures(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	template := b.sim.AddTemplate(bitrixsim.Template{Name: "Оплата", EntityTypeID: 2})
	b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: template, Parameters: map[string]any{"uin": "{{ docflow.uin }}"}, Docflow: map[string]any{"uin": "123"}})
	b.sim.FailNext("bizproc.workflow.start", 503, "QUERY_LIMIT_EXCEEDED", 1)
	_, err := b.work(t)
	require.Equal(t, upstream.Wait, upstream.ClassOf(err))
	require.Empty(t, b.waiting(t)[0].Mark)
	b.done(t)
	require.Len(t, b.sim.Workflows(), 1)
	require.Equal(t, "123", b.sim.Workflows()[0].Parameters["uin"])
}

func TestAProcessThatNobodyFindsIsForAPerson(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	template := b.sim.AddTemplate(bitrixsim.Template{Name: "Оплата", EntityTypeID: 2}) // it ends at once and leaves no trace
	b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: template})
	effect := b.waiting(t)[0]
	require.NoError(t, b.store.Commit(t.Context(), reaction.Begun{ID: effect.ID, Mark: "2026-05-14T10:00:00Z"}))
	result, err := b.work(t)
	require.NoError(t, err)
	require.Equal(t, lane.Dead, result.Verdict)
	require.Contains(t, result.Note, "Неизвестно, запущен ли бизнес-процесс")
	require.Empty(t, b.sim.Workflows())
}
