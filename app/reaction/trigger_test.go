package reaction_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

func TestWhichTriggersRun(t *testing.T) {
	t.Parallel()
	moved := docflow.Change{Changed: true, From: docflow.Sent, To: docflow.Suspended}
	for name, tc := range map[string]struct {
		record docflow.Record
		change docflow.Change
		want   string
	}{
		"completed":        {record(docflow.Completed), moved, portal.TriggerDocflowCompleted},
		"signature":        {record(docflow.Suspended, func(r *docflow.Record) { r.Requirement = docflow.RequireSignature }), moved, portal.TriggerSignatureNeeded},
		"duty":             {record(docflow.Suspended, func(r *docflow.Record) { r.Requirement = docflow.RequirePayment }), moved, portal.TriggerDutyCharged},
		"answer":           {record(docflow.Suspended, func(r *docflow.Record) { r.Requirement = docflow.RequireAnswer }), moved, ""},
		"sent":             {record(docflow.Sent), moved, ""},
		"not moved":        {record(docflow.Completed), docflow.Change{Changed: true}, ""},
		"another's":        {record(docflow.Completed, func(r *docflow.Record) { r.System = docflow.Diadoc }), moved, ""},
		"a cancellation":   {record(docflow.Completed, func(r *docflow.Record) { r.Kind = "action_request" }), moved, ""},
		"further packages": {record(docflow.Completed, func(r *docflow.Record) { r.Kind = "additional_packet_request" }), moved, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := settings.Settings{Reactions: []settings.Reaction{{SetFields: map[string]any{"UF_CRM_X": "x"}, MoveStage: "WON"}}}
			effects := reaction.Plan(set, tc.record, tc.change, []docflow.Waiter{{}})
			got, at := "", -1
			for i, e := range effects {
				if e.Kind == reaction.RunTrigger {
					got, at = string(e.Params), i
				}
			}
			if tc.want == "" {
				require.Equal(t, -1, at)
				return
			}
			require.Equal(t, `{"code":"`+tc.want+`"}`, got)
			require.Equal(t, reaction.RobotReturn, effects[at+1].Kind)
			require.Equal(t, reaction.MoveStage, effects[at-1].Kind, "after everything that the settings write")
		})
	}
}

func TestATriggerMovesTheCard(t *testing.T) {
	t.Parallel()
	b := open(t, 147, map[string]any{})
	var codes []string
	for _, stage := range b.sim.Stages() {
		if stage.EntityTypeID == 147 {
			codes = append(codes, stage.Code)
		}
	}
	second := codes[1]
	require.NoError(t, b.b24.TriggerAdd(t.Context(), bitrix.Trigger{Code: portal.TriggerDutyCharged, Name: "Начислена госпошлина"}))
	b.sim.PlaceTrigger(bitrixsim.Trigger{EntityTypeID: 147, Stage: second, Code: portal.TriggerDutyCharged})
	b.add(t, reaction.RunTrigger, reaction.TriggerParams{Code: portal.TriggerDutyCharged})
	b.done(t)
	require.Equal(t, second, b.field("stageId"))
}

func TestAPortalWithoutTriggersIsToldOnce(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	run := func() lane.Result {
		b.add(t, reaction.RunTrigger, reaction.TriggerParams{Code: portal.TriggerDutyCharged})
		result, err := b.work(t)
		require.NoError(t, err)
		return result
	}
	result := run()
	require.Equal(t, lane.Dead, result.Verdict)
	require.Contains(t, result.Note, "is not registered")
	require.Equal(t, lane.Done, run().Verdict)
	require.Equal(t, 1, b.count("crm.automation.trigger.execute"), "not asked again at once")
	b.Add(11 * time.Minute)
	require.Equal(t, lane.Done, run().Verdict, "and not told again later")
	require.Equal(t, 2, b.count("crm.automation.trigger.execute"))
	require.NoError(t, b.b24.TriggerAdd(t.Context(), bitrix.Trigger{Code: portal.TriggerDutyCharged, Name: "x"}))
	b.Add(11 * time.Minute)
	require.Equal(t, lane.Done, run().Verdict)
	require.NoError(t, b.b24.TriggerDelete(t.Context(), portal.TriggerDutyCharged))
	require.Equal(t, lane.Dead, run().Verdict, "it worked meanwhile: this is new")
	b.Add(11 * time.Minute)
	b.sim.FailNext("crm.automation.trigger.execute", 503, "", 1)
	b.add(t, reaction.RunTrigger, reaction.TriggerParams{Code: portal.TriggerDutyCharged})
	_, err := b.work(t)
	require.Error(t, err, "what passes is tried again")
}
