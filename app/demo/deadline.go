package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// playTimeLimit gives a robot less time than the registrar takes: its workflow hears of the progress, gets an
// answer before the portal gives the step up, and the result still comes into the card.
func playTimeLimit(ctx context.Context, w *World) error {
	w.Portal.PlaceRobot(bitrixsim.Deal, stageOrder, bitrixsim.Step{Robot: "realty_extract", Timeout: 10 * time.Second,
		Properties: map[string]any{"cadastral_number": "{=Document:UF_CRM_CADASTRAL}", "type": "info"}})
	w.Say("робот заказывает выписку и ждёт её не дольше десяти секунд")
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	if err := w.Box.Realty.Dispatch(d.ID); err != nil {
		return err
	}
	if err := w.Until(ctx, "the workflow's log tells of the progress", func() bool {
		return strings.Contains(strings.Join(w.Portal.Workflows()[0].Log, "\n"), "на рассмотрении в Росреестре. Шаг ждёт завершения.")
	}); err != nil {
		return err
	}
	w.Say("журнал бизнес-процесса: %s", strings.Join(w.Portal.Workflows()[0].Log, " | "))
	if err := w.workflowEnded(ctx, bitrixsim.Deal, w.Demo.Extract, "sent"); err != nil {
		return err
	}
	got := w.Portal.Workflows()[0].Returns[0]
	if got["error_code"] != "timeout" || got["IsTimeout"] != nil {
		return fmt.Errorf("the step was not answered before its time limit: %v", got)
	}
	if err := w.Box.Realty.Complete(d.ID); err != nil {
		return err
	}
	w.Say("Росреестр выполнил запрос уже после этого")
	return w.filesInCard(ctx, bitrixsim.Deal, w.Demo.Extract)
}
