package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"

	"konturbridge/app/portal"
	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

func playSaleOfDeal(ctx context.Context, w *World) error {
	if err := w.openSale(); err != nil {
		return err
	}
	return w.register(ctx, w.saleOfDeal())
}

// openSale puts the demo's sale into the funnel of registrations, and robots on the stage for signatures.
func (w *World) openSale() error {
	w.placeSigning(bitrixsim.Deal, stageSign)
	return w.Portal.UpdateItem(bitrixsim.Deal, w.Demo.Sale, map[string]any{"categoryId": 1, "stageId": "C1:NEW"})
}

func (w *World) saleOfDeal() registration {
	return registration{docflowType: realtysim.TypeMovement, kind: bitrixsim.Deal, card: w.Demo.Sale,
		fileStage: stageFile, signStage: stageSign, template: w.payDeal, signers: []string{"Выдуманный", "Несуществующая"},
		options: map[string]string{"rightMovementType": "sale", "object.cadastralNumber": "54:35:021060:1683",
			"seller.individualOwnership.owner.person.surname": "Выдуманный", "buyer.individualOwnership.owner.person.surname": "Несуществующая",
			"appliedDocuments.contractOfSale.content.info.type": "pdf"}}
}

func playSaleOfLead(ctx context.Context, w *World) error {
	r := w.saleOfDeal()
	r.kind, r.card = bitrixsim.Lead, w.Portal.CreateItem(bitrixsim.Lead, w.leadLikeSale())
	r.fileStage, r.signStage, r.template = leadFile, leadSign, w.payLead
	w.placeSigning(bitrixsim.Lead, leadSign)
	return w.register(ctx, r)
}

// placeSigning puts the robots that hand signatures over and submit on a stage.
func (w *World) placeSigning(kind int, stage string) {
	w.Portal.PlaceRobot(kind, stage, bitrixsim.Step{Robot: "realty_sign", Properties: map[string]any{"signatures": "{=Document:" + sandbox.SignatureField + "}"}})
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

// sign attaches everybody's signatures of the statements to the card, as a manager does; badly: each
// statement signed by somebody else than it asks for.
func (w *World) sign(kind, id int, d realtysim.Docflow, badly bool) error {
	if !badly {
		return w.Box.Sign(w.Portal, kind, id)
	}
	var files []any
	for i, st := range d.Statements {
		data, err := w.Box.Realty.SignatureOf(d.ID, st.FileID, d.Statements[(i+1)%len(d.Statements)].Persons[0])
		if err != nil {
			return err
		}
		files = append(files, w.Portal.AddFile(fmt.Sprintf("Заявление %d.sig", i+1), data))
	}
	return w.Portal.UpdateItem(kind, id, map[string]any{sandbox.SignatureField: files})
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
	if err := w.openSale(); err != nil {
		return err
	}
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
