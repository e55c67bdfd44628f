package demo

import (
	"context"
	"fmt"
	"slices"

	"konturbridge/app/portal"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// playExtracts orders a basic extract by its own robot, then one of transfers of rights by the ready mapping and
// waits for it: one process of three steps.
func playExtracts(ctx context.Context, w *World) error {
	deal := w.Demo.Extract
	if err := w.Portal.UpdateItem(bitrixsim.Deal, deal, map[string]any{"UF_CRM_KB_EXTRACT_TYPE": w.option(bitrixsim.Deal, "UF_CRM_KB_EXTRACT_TYPE", "ownership")}); err != nil {
		return err
	}
	for _, step := range []bitrixsim.Step{
		{Robot: "realty_extract", Properties: map[string]any{"cadastral_number": "{=Document:UF_CRM_CADASTRAL}", "type": "base"}},
		{Robot: "realty_create", Properties: map[string]any{"docflow_type": realtysim.TypeObject}},
		{Robot: "realty_wait", Properties: map[string]any{"until": "completed"}},
	} {
		w.Portal.PlaceRobot(bitrixsim.Deal, stageOrder, step)
	}
	w.Say("на стадии «%s» три робота: базовая выписка, выписка о переходе прав по сопоставлению, ожидание", stageOrder)
	if err := w.Portal.MoveStage(bitrixsim.Deal, deal, stageOrder); err != nil {
		return err
	}
	for i, want := range []struct{ kind, file string }{{"base", "egrn:extract_info:xml"}, {"ownership", "egrn:extract_ownership:xml"}} {
		d, err := w.created(ctx, realtysim.TypeObject, i+1)
		if err != nil {
			return err
		}
		w.Say("Реестро получил запрос: %v", d.Options)
		if err := holds(d.Options, map[string]string{"type": want.kind, "cadastralNumber": "47:14:1203001:814"}); err != nil {
			return err
		}
		if err := w.finish(d.ID); err != nil {
			return err
		}
		if d, _ = w.Box.Realty.Docflow(d.ID); !slices.ContainsFunc(d.Files, func(f realtysim.File) bool { return f.Type == want.file }) {
			return fmt.Errorf("no file is of type %s", want.file)
		}
	}
	wf, err := w.ended(ctx, bitrixsim.Deal, deal)
	if err != nil {
		return err
	}
	for i, state := range []string{"completed", "", "completed"} {
		got := wf.Returns[i]
		w.Say("шаг %d: state=%v, файлы: %v", i+1, got["state"], got["files"])
		if state != "" && got["state"] != state {
			return fmt.Errorf("step %d returned %v", i+1, got)
		}
	}
	if err := w.filesInCard(ctx, bitrixsim.Deal, deal); err != nil {
		return err
	}
	if err := w.Until(ctx, "the files of both extracts are in the card", func() bool {
		item, _ := w.Portal.Item(bitrixsim.Deal, deal)
		files, _ := item[portal.FieldRealtyFiles].([]any)
		return len(files) == 2*extractFiles
	}); err != nil {
		item, _ := w.Portal.Item(bitrixsim.Deal, deal)
		return fmt.Errorf("%w: %v", err, item[portal.FieldRealtyFiles])
	}
	return w.filed(2)
}

// extractFiles is how many files an extract is in a card: archive and what is in it, XML, PDF, two signatures.
const extractFiles = 6
