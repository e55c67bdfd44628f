package demo

import (
	"context"
	"fmt"

	"konturbridge/sandbox/bitrixsim"
)

// The counteragents of the demo's box, as the sandbox has them.
const partnerINN = "5400000002"

// playContract sends a file of the deal to a partner, who signs it; a robot waits for that.
func playContract(ctx context.Context, w *World) error {
	deal := w.Demo.Sale
	for _, step := range []bitrixsim.Step{
		{Robot: "diadoc_send", Properties: map[string]any{"inn": partnerINN, "files": "{=Document:UF_CRM_KB_CONTRACT}",
			"document_type": "Nonformalized", "need_signature": "Y", "sign_with": "test"}},
		{Robot: "diadoc_wait", Properties: map[string]any{"until": "signed"}},
	} {
		w.Portal.PlaceRobot(bitrixsim.Deal, stageOrder, step)
	}
	if err := w.Portal.MoveStage(bitrixsim.Deal, deal, stageOrder); err != nil {
		return err
	}
	var message, entity string
	if err := w.Until(ctx, "the partner has the document", func() bool {
		all := w.Box.Diadoc.Documents()
		if len(all) != 1 || !all[0].Delivered {
			return false
		}
		message, entity = all[0].MessageID, all[0].EntityID
		return true
	}); err != nil {
		return err
	}
	w.Say("документ отправлен контрагенту: %s", message)
	if err := w.Box.Diadoc.Sign(w.Demo.Diadoc.Partner, message, entity); err != nil {
		return err
	}
	wf, err := w.ended(ctx, bitrixsim.Deal, deal)
	if err != nil {
		return err
	}
	got := wf.Returns[len(wf.Returns)-1]
	w.Say("робот дождался подписи: %v", got["status"])
	if got["status"] != "signed" {
		return fmt.Errorf("the robot got status %v", got["status"])
	}
	return nil
}
