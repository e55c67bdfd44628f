package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"konturbridge/app/portal"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

func playSaleOfDeal(ctx context.Context, w *World) error {
	deal := w.Demo.Sale
	if err := w.Portal.UpdateItem(bitrixsim.Deal, deal, map[string]any{"categoryId": 1, "stageId": "C1:NEW"}); err != nil {
		return err
	}
	w.placeSigning(bitrixsim.Deal, stageSign)
	w.Say("сделка %d входит в стадию «%s»", deal, stageFile)
	if err := w.Portal.MoveStage(bitrixsim.Deal, deal, stageFile); err != nil {
		return err
	}
	if err := w.sale(ctx, bitrixsim.Deal, deal, stageSign, w.payDeal); err != nil {
		return err
	}
	if err := w.Until(ctx, "the deal is moved to its last stage", func() bool {
		item, _ := w.Portal.Item(bitrixsim.Deal, deal)
		return item["stageId"] == stageDone
	}); err != nil {
		return err
	}
	w.Say("сделка перенесена на стадию «%s»", stageDone)
	return nil
}

func playSaleOfLead(ctx context.Context, w *World) error {
	lead := w.Portal.CreateItem(bitrixsim.Lead, w.leadLikeSale())
	w.placeSigning(bitrixsim.Lead, leadSign)
	w.Say("лид %d входит в стадию «%s»", lead, leadFile)
	if err := w.Portal.MoveStage(bitrixsim.Lead, lead, leadFile); err != nil {
		return err
	}
	return w.sale(ctx, bitrixsim.Lead, lead, leadSign, w.payLead)
}

// placeSigning puts the robots that hand signatures over and submit on a stage.
func (w *World) placeSigning(kind int, stage string) {
	w.Portal.PlaceRobot(kind, stage, bitrixsim.Step{Robot: "realty_sign", Properties: map[string]any{"signatures": "{=Document:" + signatures + "}"}})
	w.Portal.PlaceRobot(kind, stage, bitrixsim.Step{Robot: "realty_submit"})
}

// leadLikeSale copies what a filing needs from the demo's sale; list options have ids of their own.
func (w *World) leadLikeSale() map[string]any {
	sale, _ := w.Portal.Item(bitrixsim.Deal, w.Demo.Sale)
	fields := map[string]any{"title": "Лид: продажа квартиры", "contactIds": []any{w.Demo.Seller, w.Demo.Buyer}}
	maps.Copy(fields, sale)
	for _, name := range []string{"id", "stageId", "categoryId", "entityTypeId"} {
		delete(fields, name)
	}
	for _, f := range w.Portal.UserFields(bitrixsim.Lead) {
		for _, o := range f.Options {
			if o.XMLID == "flat" {
				fields[f.Name] = o.ID
			}
		}
	}
	fields["title"] = "Лид: продажа квартиры"
	return fields
}

// sale plays a filing from its creation to its result.
func (w *World) sale(ctx context.Context, kind, id int, signStage string, template int) error {
	d, err := w.waits(ctx, "signature")
	if err != nil {
		return err
	}
	w.Say("Реестро просит подписи: %d заявлений", len(d.Statements))
	if err := w.state(ctx, kind, id, "нужны подписи"); err != nil {
		return err
	}
	if err := w.sign(kind, id, d, false); err != nil {
		return err
	}
	w.Say("подписи приложены к карточке, она переходит на стадию «%s»", signStage)
	if err := w.Portal.MoveStage(kind, id, signStage); err != nil {
		return err
	}
	if err := w.inState(ctx, d.ID, realtysim.StateQueued); err != nil {
		return err
	}
	if err := w.Box.Realty.Dispatch(d.ID); err != nil {
		return err
	}
	if err := w.workflowEnded(ctx, kind, id, "sent"); err != nil {
		return err
	}
	if err := w.Box.Realty.ChargeDuty(d.ID, realtysim.Charge{UIN: "00000000700486290714", Sum: 200000}); err != nil {
		return err
	}
	w.Say("Росреестр начислил пошлину")
	if err := w.paid(ctx, kind, id, template, d); err != nil {
		return err
	}
	if err := w.Box.Realty.Complete(d.ID); err != nil {
		return err
	}
	if err := w.state(ctx, kind, id, "исполнен"); err != nil {
		return err
	}
	return w.filesInCard(ctx, kind, id)
}

// paid checks that the duty reached the card and started the business process, and pays it.
func (w *World) paid(ctx context.Context, kind, id, template int, d realtysim.Docflow) error {
	if err := w.Until(ctx, "УИН and sum are in the card and the process has started", func() bool {
		item, _ := w.Portal.Item(kind, id)
		started := false
		for _, wf := range w.Portal.Workflows() {
			started = started || wf.TemplateID == template && wf.Parameters["uin"] == "00000000700486290714"
		}
		return item[portal.FieldRealtyUIN] == "00000000700486290714" && strings.HasPrefix(fmt.Sprint(item[portal.FieldRealtyDuty]), "2000") && started
	}); err != nil {
		return err
	}
	n := 0
	for _, wf := range w.Portal.Workflows() {
		if wf.TemplateID == template {
			n++
			w.Say("запущен бизнес-процесс %d для %s с УИН %v", template, wf.Document[2], wf.Parameters["uin"])
		}
	}
	if n != 1 {
		return fmt.Errorf("the process was started %d times", n)
	}
	return w.Box.Realty.Pay(d.ID, "")
}

// sign attaches everybody's signatures of the statements to the card, as a manager does; badly: each
// statement signed by somebody else than it asks for.
func (w *World) sign(kind, id int, d realtysim.Docflow, badly bool) error {
	var files []any
	for i, st := range d.Statements {
		person := st.Persons[0]
		if badly {
			person = d.Statements[(i+1)%len(d.Statements)].Persons[0]
		}
		data, err := w.Box.Realty.SignatureOf(d.ID, st.FileID, person)
		if err != nil {
			return err
		}
		files = append(files, w.Portal.AddFile(fmt.Sprintf("Заявление %d.sig", i+1), data))
	}
	return w.Portal.UpdateItem(kind, id, map[string]any{signatures: files})
}

// waits waits until the newest filing waits for something.
func (w *World) waits(ctx context.Context, what string) (found realtysim.Docflow, err error) {
	err = w.Until(ctx, "the filing waits for "+what, func() bool {
		for _, d := range w.Box.Realty.Docflows() {
			if d.Waits == what {
				found = d
				return true
			}
		}
		return false
	})
	return found, err
}

func (w *World) inState(ctx context.Context, id, state string) error {
	return w.Until(ctx, "the docflow is "+state, func() bool {
		d, ok := w.Box.Realty.Docflow(id)
		return ok && d.State == state
	})
}

// state waits until the card shows a state.
func (w *World) state(ctx context.Context, kind, id int, text string) error {
	err := w.Until(ctx, "the card says «"+text+"»", func() bool {
		item, _ := w.Portal.Item(kind, id)
		return item[portal.FieldRealtyState] == text
	})
	if err == nil {
		w.Say("в карточке: %s", text)
	}
	return err
}

func playBadSignature(ctx context.Context, w *World) error {
	deal := w.Demo.Sale
	if err := w.Portal.UpdateItem(bitrixsim.Deal, deal, map[string]any{"categoryId": 1, "stageId": "C1:NEW"}); err != nil {
		return err
	}
	w.placeSigning(bitrixsim.Deal, stageSign)
	if err := w.Portal.MoveStage(bitrixsim.Deal, deal, stageFile); err != nil {
		return err
	}
	d, err := w.waits(ctx, "signature")
	if err != nil {
		return err
	}
	if err := w.state(ctx, bitrixsim.Deal, deal, "нужны подписи"); err != nil {
		return err
	}
	if err := w.sign(bitrixsim.Deal, deal, d, true); err != nil {
		return err
	}
	w.Say("приложены неверные подписи")
	if err := w.Portal.MoveStage(bitrixsim.Deal, deal, stageSign); err != nil {
		return err
	}
	if err := w.workflowEnded(ctx, bitrixsim.Deal, deal, "error"); err != nil {
		return err
	}
	item, _ := w.Portal.Item(bitrixsim.Deal, deal)
	text := fmt.Sprint(item[portal.FieldError])
	w.Say("в карточке: %s", text)
	if text == "" {
		return errors.New("the card does not say what is wrong")
	}
	return nil
}

// repeatRobot posts the last delivered robot call once more, byte for byte.
func (w *World) repeatRobot(ctx context.Context) (int, error) {
	for _, d := range w.Portal.Deliveries() {
		if d.Code != "realty_extract" {
			continue
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader([]byte(d.Body)))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, nil
	}
	return 0, errors.New("no robot call was delivered")
}
