package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/app/watchdog"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// smartProcess is the demo's smart process.
const smartProcess = 147

// playSmartProcess lets an item of a smart process order an extract by entering a stage, and get everything
// back that a deal gets.
func playSmartProcess(ctx context.Context, w *World) error {
	own := fmt.Sprintf("UF_CRM_%d_", w.Portal.AddType(smartProcess, "Объекты недвижимости"))
	w.Portal.AddUserField(smartProcess, bitrixsim.UserField{Name: own + "CADASTRAL", Type: "string", Label: "Кадастровый номер"})
	stages := w.stages(smartProcess)
	template := w.Portal.AddTemplate(bitrixsim.Template{Name: "Проверка объекта", EntityTypeID: smartProcess, Parameters: map[string]any{"docflow": ""},
		Steps: []bitrixsim.Step{{SetField: map[string]any{"title": "Проверен: {=Template:docflow}"}}}})
	if err := w.Apply(ctx, fmt.Sprintf(`
triggers:
  - {entity: item, entityTypeId: %[1]d, stage: %[2]q, action: realty_extract, parameters: {cadastral_number: "{{ item.%[3]sCADASTRAL }}", type: base}}
reactions:
  - {entity: item, entityTypeId: %[1]d, state: completed, start_workflow: {template: %[4]d, parameters: {docflow: "{{ docflow.id }}"}},
     todo: "Посмотреть выписку", move_stage: "DT%[1]d_{{ item.CATEGORY_ID }}:SUCCESS"}
`, smartProcess, stages[1], own, template)); err != nil {
		return err
	}
	w.Say("настройки назвали смарт-процесс «Объекты недвижимости»: мост добавляет ему свои поля")
	field := func(name string) string { return own + strings.TrimPrefix(name, "UF_CRM_") }
	if err := w.Until(ctx, "the bridge's own fields are added to the smart process", func() bool {
		return slices.ContainsFunc(w.Portal.UserFields(smartProcess), func(f bitrixsim.UserField) bool { return f.Name == field(portal.FieldRealtyFiles) })
	}); err != nil {
		return err
	}
	id := w.Portal.CreateItem(smartProcess, map[string]any{"title": "Квартира на Примерной", own + "CADASTRAL": "47:14:1203001:814"})
	w.Say("элемент %d входит в стадию «%s», триггер заказывает выписку", id, stages[1])
	if err := w.Portal.MoveStage(smartProcess, id, stages[1]); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	if err := w.finish(d.ID); err != nil {
		return err
	}
	item := map[string]any{}
	if err := w.Until(ctx, "state, files and stage are in the item", func() bool {
		item, _ = w.Portal.Item(smartProcess, id)
		files, _ := item[field(portal.FieldRealtyFiles)].([]any)
		return item[field(portal.FieldRealtyState)] == "исполнен" && len(files) > 0 && item["stageId"] == stages[len(stages)-2]
	}); err != nil {
		return fmt.Errorf("%w: %v", err, item)
	}
	w.Say("в элементе: %s=%v, файлы, стадия %v", field(portal.FieldRealtyState), item[field(portal.FieldRealtyState)], item["stageId"])
	return w.smartEffects(ctx, id)
}

// smartEffects checks what is beside an item: its timeline, its to-do and the business process on it.
func (w *World) smartEffects(ctx context.Context, id int) error {
	if err := w.Until(ctx, "the business process ran on the item", func() bool {
		for _, wf := range w.Portal.Workflows() {
			if wf.Document[2] == fmt.Sprintf("DYNAMIC_%d_%d", smartProcess, id) && wf.State == bitrixsim.Done {
				item, _ := w.Portal.Item(smartProcess, id)
				return strings.HasPrefix(fmt.Sprint(item["title"]), "Проверен: ")
			}
		}
		return false
	}); err != nil {
		return err
	}
	kinds := map[string]int{}
	for _, e := range w.Portal.Timeline(smartProcess, id) {
		kinds[e.Kind]++
	}
	w.Say("таймлайн элемента: записей %d, дел %d; бизнес-процесс запущен на нём", kinds[bitrixsim.KindComment], kinds[bitrixsim.KindTodo])
	if kinds[bitrixsim.KindComment] == 0 || kinds[bitrixsim.KindTodo] == 0 {
		return fmt.Errorf("the timeline lacks a comment or the to-do: %v", kinds)
	}
	return nil
}

// stages lists the stages of the first funnel of a type.
func (w *World) stages(kind int) (codes []string) {
	for _, s := range w.Portal.Stages() {
		if s.EntityTypeID == kind {
			codes = append(codes, s.Code)
		}
	}
	return codes
}

// playPipelineTrigger moves a deal by the bridge's own CRM trigger, which an administrator put on a stage.
func playPipelineTrigger(ctx context.Context, w *World) error {
	if err := w.Until(ctx, "the triggers are registered", func() bool {
		added := 0
		for _, c := range w.Portal.Calls() {
			if c.Method == "crm.automation.trigger.add" {
				added++
			}
		}
		return added >= len(portal.AutomationTriggers())
	}); err != nil {
		return err
	}
	const ready = "EXECUTING"
	w.Portal.PlaceTrigger(bitrixsim.Trigger{EntityTypeID: bitrixsim.Deal, Stage: ready, Code: portal.TriggerDocflowCompleted})
	w.Say("на стадии «%s» стоит триггер «Контур: документооборот завершён»", ready)
	w.placeExtract()
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	if err := w.delivered(ctx, d.ID); err != nil {
		return err
	}
	if err := w.Until(ctx, "the trigger moves the deal", func() bool {
		item, _ := w.Portal.Item(bitrixsim.Deal, w.Demo.Extract)
		return item["stageId"] == ready
	}); err != nil {
		return err
	}
	w.Say("выписка готова: сделка сама перешла на стадию «%s»", ready)
	return nil
}

// playLostCall loses a robot's call: the process stands still, the bridge finds it, and a person ends it.
func playLostCall(ctx context.Context, w *World) error {
	w.placeExtract()
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	if _, err := w.created(ctx, realtysim.TypeObject, 1); err != nil {
		return err
	}
	if err := w.Until(ctx, "the bridge has asked which template calls its robot", func() bool {
		return slices.ContainsFunc(w.Portal.Calls(), func(c bitrixsim.Call) bool { return c.Method == "bizproc.workflow.instances" })
	}); err != nil {
		return err
	}
	// The bridge judges only what began after it knew the robot, by the portal's clock of whole seconds.
	known := time.Now().Unix()
	if err := w.Until(ctx, "a second has passed", func() bool { return time.Now().Unix() > known+1 }); err != nil {
		return err
	}
	w.Portal.SuspendOnline(true)
	w.Portal.DropNextDeliveries(1)
	deal := w.Portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Вызов потеряется", "stageId": stageOrder, "UF_CRM_CADASTRAL": "54:35:021060:1683"})
	w.Say("сделка %d входит в ту же стадию, но вызов робота не доходит до моста", deal)
	var stuck watchdog.Stuck
	if err := w.WithStore(ctx, func(st *store.Store) error {
		if err := w.Until(ctx, "the bridge suspects the workflow", func() bool {
			all, err := st.StuckWorkflows(ctx, "")
			for _, s := range all {
				if s.Document == fmt.Sprintf("DEAL_%d", deal) {
					stuck = s
				}
			}
			return err == nil && stuck.Workflow != ""
		}); err != nil {
			return err
		}
		w.Say("мост нашёл стоящий бизнес-процесс: %s", stuck.Reason())
		row, err := watchdog.EndRow(stuck.Portal, watchdog.End{Workflow: stuck.Workflow})
		if err != nil {
			return err
		}
		return st.Accept(ctx, &store.Accept{Row: row})
	}); err != nil {
		return err
	}
	if err := w.Until(ctx, "the workflow is ended", func() bool {
		return slices.ContainsFunc(w.Portal.Workflows(), func(wf bitrixsim.Workflow) bool {
			return wf.ID == stuck.Workflow && wf.State == bitrixsim.Terminated
		})
	}); err != nil {
		return err
	}
	w.Say("человек попросил его завершить: bridge jobs end-workflow %s", stuck.Workflow)
	return nil
}
