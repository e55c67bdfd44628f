package demo

import (
	"context"
	"fmt"
	"maps"

	"konturbridge/app/portal"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// playPackage lets the registrar suspend a registration, and sends it the documents of the card's field.
func playPackage(ctx context.Context, w *World) error {
	if err := w.openSale(); err != nil {
		return err
	}
	r := w.saleOfDeal()
	d, err := w.sent(ctx, r)
	if err != nil {
		return err
	}
	if err := w.Box.Realty.Suspend(d.ID); err != nil {
		return err
	}
	w.Say("Росреестр приостановил регистрацию и прислал уведомление")
	if err := w.state(ctx, r.kind, r.card, "Росреестр приостановил рассмотрение"); err != nil {
		return err
	}
	if err := w.todos(ctx, r.kind, r.card, "Ответить Росреестру на приостановление", 1); err != nil {
		return err
	}
	if err := w.Portal.UpdateItem(r.kind, r.card, w.extra()); err != nil {
		return err
	}
	w.placePackage()
	w.Say("документ с подписью приложен, карточка переходит на стадию «%s»: робот отправляет дополнительный пакет", stageAnswer)
	packet, err := w.companion(ctx, r, realtysim.TypePacket, stageAnswer, map[string]string{"docflowId": d.ID,
		"additionalDocuments.0.docflowMember.person.surname":        "Несуществующая",
		"additionalDocuments.0.documents.0.content.info.type":       "pdf",
		"additionalDocuments.0.documents.0.content.signatures.0.id": "*"})
	if err != nil {
		return err
	}
	if err := w.answered(ctx, r, "package_docflow_id"); err != nil {
		return err
	}
	if err := w.finish(packet.ID); err != nil {
		return err
	}
	if err := w.state(ctx, r.kind, r.card, "на рассмотрении в Росреестре"); err != nil {
		return err
	}
	if err := w.completed(ctx, r, d.ID); err != nil {
		return err
	}
	return w.filed(2)
}

// placePackage puts the robot that sends the card's additional papers on a stage of deals.
func (w *World) placePackage() {
	w.Portal.PlaceRobot(bitrixsim.Deal, stageAnswer, bitrixsim.Step{Robot: "realty_extra_package",
		Properties: map[string]any{"documents": []any{"{=Document:UF_CRM_KB_EXTRA}", "{=Document:UF_CRM_KB_EXTRA_SIG}"}}})
}

// placeCancel puts the robot that cancels what is filed on the stage of lost deals.
func (w *World) placeCancel() {
	w.Portal.PlaceRobot(bitrixsim.Deal, stageLost, bitrixsim.Step{Robot: "realty_action",
		Properties: map[string]any{"action_type": "cancel", "cause": "Стороны передумали"}})
}

// extra is a document with its signature for the card's fields of additional papers.
func (w *World) extra() map[string]any {
	return map[string]any{
		"UF_CRM_KB_EXTRA":     []any{w.Portal.AddFile("План.pdf", []byte("%PDF-1.4\n% sandbox plan\n%%EOF\n"))},
		"UF_CRM_KB_EXTRA_SIG": []any{w.Portal.AddFile("План.pdf.sig", []byte("sandbox signature of the plan"))},
	}
}

// playSuspension suspends a registration by request of its parties and goes on with an additional package, both made
// of the card's fields by the ready mappings.
func playSuspension(ctx context.Context, w *World) error {
	if err := w.openSale(); err != nil {
		return err
	}
	r := w.saleOfDeal()
	d, err := w.sent(ctx, r)
	if err != nil {
		return err
	}
	fields := w.extra()
	maps.Copy(fields, map[string]any{"UF_CRM_KB_PARENT": d.ID, "UF_CRM_KB_CAUSE": "Нужен ещё один документ",
		"UF_CRM_KB_ACTION": w.option(bitrixsim.Deal, "UF_CRM_KB_ACTION", "suspend")})
	if err := w.Portal.UpdateItem(r.kind, r.card, fields); err != nil {
		return err
	}
	if err := w.Portal.UpdateItem(bitrixsim.Contact, w.Demo.Buyer, map[string]any{"UF_CRM_KB_ROLE": []any{
		w.option(bitrixsim.Contact, "UF_CRM_KB_ROLE", "buyer"), w.option(bitrixsim.Contact, "UF_CRM_KB_ROLE", "applicant")}}); err != nil {
		return err
	}
	for _, kind := range []string{realtysim.TypeAction, realtysim.TypePacket} {
		stage := map[string]string{realtysim.TypeAction: stageRobot, realtysim.TypePacket: stageAnswer}[kind]
		w.Portal.PlaceRobot(r.kind, stage, bitrixsim.Step{Robot: "realty_create", Properties: map[string]any{"docflow_type": kind}})
	}
	w.Say("в карточке: приостановить, причина и дополнительный документ; покупатель — заявитель")
	action, err := w.companion(ctx, r, realtysim.TypeAction, stageRobot, map[string]string{"docflowId": d.ID, "actionType": "suspend",
		"cause": "Нужен ещё один документ", "docflowMember.0.person.surname": "Несуществующая", "documents.0.content.signatures.0.id": "*"})
	if err != nil {
		return err
	}
	if err := w.finish(action.ID); err != nil {
		return err
	}
	if err := w.state(ctx, r.kind, r.card, "требуются дополнительные действия"); err != nil {
		return err
	}
	packet, err := w.companion(ctx, r, realtysim.TypePacket, stageAnswer, map[string]string{"docflowId": d.ID,
		"additionalDocuments.0.docflowMember.person.surname": "Несуществующая", "additionalDocuments.0.documents.0.content.signatures.0.id": "*"})
	if err != nil {
		return err
	}
	if err := w.finish(packet.ID); err != nil {
		return err
	}
	if err := w.state(ctx, r.kind, r.card, "на рассмотрении в Росреестре"); err != nil {
		return err
	}
	if err := w.completed(ctx, r, d.ID); err != nil {
		return err
	}
	return w.filed(3)
}

// playCancel cancels a registration by moving its deal among the lost ones.
func playCancel(ctx context.Context, w *World) error {
	if err := w.openSale(); err != nil {
		return err
	}
	r := w.saleOfDeal()
	d, err := w.sent(ctx, r)
	if err != nil {
		return err
	}
	w.placeCancel()
	w.Say("сделка провалена, карточка переходит на стадию «%s»: робот отменяет регистрацию", stageLost)
	action, err := w.companion(ctx, r, realtysim.TypeAction, stageLost, map[string]string{"docflowId": d.ID, "actionType": "cancel",
		"cause": "Стороны передумали", "docflowMember.0.person.surname": "Несуществующая", "docflowMember.1.person.surname": "Выдуманный"})
	if err != nil {
		return err
	}
	if err := w.answered(ctx, r, "action_docflow_id"); err != nil {
		return err
	}
	if err := w.finish(action.ID); err != nil {
		return err
	}
	if err := w.state(ctx, r.kind, r.card, "ошибка"); err != nil {
		return err
	}
	text := w.field(r.kind, r.card, portal.FieldError)
	w.Say("в карточке: %s", text)
	if text == "" {
		return fmt.Errorf("the card does not say why the registration ended")
	}
	if err := w.told(ctx, r, "Этот документооборот завершён"); err != nil {
		return err
	}
	if err := w.told(ctx, r, "Сопроводительный запрос[/B]: исполнен"); err != nil {
		return err
	}
	if got := w.field(r.kind, r.card, "stageId"); got != stageLost {
		return fmt.Errorf("the deal was moved to %s", got)
	}
	return w.filed(2)
}

// companion moves the card to a stage on which a robot acts on its registration, and gives what reached the service.
func (w *World) companion(ctx context.Context, r registration, docflowType, stage string, options map[string]string) (d realtysim.Docflow, err error) {
	if err := w.Portal.MoveStage(r.kind, r.card, stage); err != nil {
		return d, err
	}
	if d, err = w.created(ctx, docflowType, 1); err != nil {
		return d, fmt.Errorf("%w; the card says: %s", err, w.field(r.kind, r.card, portal.FieldError))
	}
	if err := holds(d.Options, options); err != nil {
		return d, err
	}
	w.Say("Реестро получил %s", d.Type)
	return d, w.workflowEnded(ctx, r.kind, r.card, "queued")
}

// answered checks that the robot told its process which docflow it made.
func (w *World) answered(ctx context.Context, r registration, name string) error {
	wf, err := w.ended(ctx, r.kind, r.card)
	if err == nil && wf.Returns[len(wf.Returns)-1][name] == nil {
		err = fmt.Errorf("the robot did not return %s: %v", name, wf.Returns)
	}
	return err
}

// option is the number of a list field's value.
func (w *World) option(kind int, field, code string) int {
	for _, f := range w.Portal.UserFields(kind) {
		for _, o := range f.Options {
			if f.Name == field && o.XMLID == code {
				return o.ID
			}
		}
	}
	return 0
}
