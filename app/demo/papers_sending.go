package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

// sending lists the stories about sending and signing.
func sending() []Scenario {
	return []Scenario{
		{"draft", "Пакет собран черновиком и отправлен позже: документы подписаны приложенными файлами", playDraft},
		{"cloud-signature", "Подпись облачным сертификатом: владелец подтверждает на телефоне, мост за это время перезапущен", playCloudSignature},
		{"lost-send", "Ответ Диадока на отправку потерян: сообщение всё равно одно", playLostSend},
		{"transfer-document", "УПД составлен из товаров сделки, контрагент ответил своим титулом", playTransferDocument},
	}
}

// act puts a robot on a stage of its own of the sale and moves the deal there.
func (w *World) act(ctx context.Context, stage, robot string, properties map[string]any) error {
	w.Portal.PlaceRobot(bitrixsim.Deal, stage, bitrixsim.Step{Robot: robot, Properties: properties})
	return w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Sale, stage)
}

// heard waits for the answer of the latest robot.
func (w *World) heard(ctx context.Context, robots int) (map[string]any, error) {
	var got map[string]any
	err := w.Until(ctx, "the robot is answered", func() bool {
		var all []map[string]any
		for _, wf := range w.Portal.Workflows() {
			all = append(all, wf.Returns...)
		}
		if len(all) < robots {
			return false
		}
		got = all[len(all)-1]
		return true
	})
	if err == nil && fmt.Sprint(got["error"]) != "" && got["error"] != nil {
		err = fmt.Errorf("the robot was told: %v", got["error"])
	}
	return got, err
}

// packet puts two papers into the deal, and gives their texts.
func (w *World) packet() (papers [][2]string, err error) {
	papers = [][2]string{{"Договор.pdf", "%PDF-1.4 договор"}, {"Смета.pdf", "%PDF-1.4 смета"}}
	return papers, w.files(papers...)
}

func (w *World) files(files ...[2]string) error {
	var values []any
	for _, f := range files {
		values = append(values, w.Portal.AddFile(f[0], []byte(f[1])))
	}
	return w.Portal.UpdateItem(bitrixsim.Deal, w.Demo.Sale, map[string]any{sandbox.SignatureField: values})
}

// posted lists the documents that have left our box.
func (w *World) posted() []diadocsim.Document {
	return slices.DeleteFunc(w.Box.Diadoc.Documents(), func(d diadocsim.Document) bool { return !d.Sent })
}

func playDraft(ctx context.Context, w *World) error {
	papers, err := w.packet()
	if err != nil {
		return err
	}
	files := "{=Document:" + sandbox.SignatureField + "}"
	if err := w.act(ctx, stageOrder, "diadoc_send", map[string]any{"inn": partnerINN, "files": files, "draft": "Y"}); err != nil {
		return err
	}
	got, err := w.heard(ctx, 1)
	if err != nil {
		return err
	}
	w.Say("черновик из двух документов: %v, статус %v", got["message_id"], got["status"])
	if len(w.posted()) != 0 || got["status"] != "draft" {
		return fmt.Errorf("a draft went out: %v", got)
	}
	var signatures [][2]string
	for _, p := range papers {
		s, err := w.Box.Diadoc.Signature(w.Demo.Diadoc.Box, []byte(p[1]))
		if err != nil {
			return err
		}
		signatures = append(signatures, [2]string{p[0] + ".sig", string(s)})
	}
	if err := w.files(signatures...); err != nil {
		return err
	}
	w.Say("руководитель подписал документы на своём компьютере, файлы подписей приложены к сделке")
	if err := w.act(ctx, "EXECUTING", "diadoc_send_draft", map[string]any{"signature": files}); err != nil {
		return err
	}
	next, err := w.heard(ctx, 2)
	if err != nil {
		return err
	}
	w.Say("черновик отправлен, теперь это сообщение %v: %v", next["message_id"], next["status"])
	if next["message_id"] == got["message_id"] || next["status"] != "awaiting-answer" || len(w.posted()) != 2 {
		return fmt.Errorf("the draft was not sent: %v", next)
	}
	return nil
}

func playCloudSignature(ctx context.Context, w *World) error {
	const thumbprint = "0123456789ABCDEF0123456789ABCDEF01234567"
	if err := w.Box.Diadoc.AddCloudCertificate(w.Demo.Diadoc.Login, thumbprint); err != nil {
		return err
	}
	if err := w.act(ctx, stageOrder, "diadoc_send", map[string]any{"inn": partnerINN, "files": "{=Document:UF_CRM_KB_CONTRACT}", "sign_with": thumbprint}); err != nil {
		return err
	}
	if err := w.Until(ctx, "the card says what the owner must do", func() bool {
		return slices.ContainsFunc(w.Portal.Activities(bitrixsim.Deal, w.Demo.Sale), func(a bitrixsim.Activity) bool {
			return strings.Contains(a.Subject+a.Description, "оканчивается на 1234")
		})
	}); err != nil {
		return err
	}
	w.Say("документ сохранён в Диадоке неотправленным; в сделке дело: подтвердить подпись на телефоне …1234")
	if err := w.StopBridge(); err != nil {
		return err
	}
	all := w.Box.Diadoc.Signings()
	if len(all) != 1 {
		return fmt.Errorf("the owner was asked %d times", len(all))
	}
	if err := w.Box.Diadoc.ConfirmSigning(all[0].TaskID); err != nil {
		return err
	}
	w.Say("мост остановлен; владелец подтвердил подпись; мост запущен снова")
	if err := w.StartBridge(ctx); err != nil {
		return err
	}
	got, err := w.heard(ctx, 1)
	if err != nil {
		return err
	}
	w.Say("документ подписан и отправлен: %v", got["status"])
	if docs := w.posted(); len(docs) != 1 || docs[0].Sender != "SenderSignatureCheckedAndValid" || len(w.Box.Diadoc.Signings()) != 1 {
		return fmt.Errorf("one signed document was expected: %v", docs)
	}
	return nil
}

func playLostSend(ctx context.Context, w *World) error {
	w.Box.Diadoc.DropAnswerNext("PostMessage")
	w.Say("связь оборвётся после того, как Диадок примет сообщение")
	if err := w.act(ctx, stageOrder, "diadoc_send", map[string]any{"inn": partnerINN, "files": "{=Document:UF_CRM_KB_CONTRACT}", "sign_with": "test"}); err != nil {
		return err
	}
	got, err := w.heard(ctx, 1)
	if err != nil {
		return err
	}
	docs := w.posted()
	w.Say("робот получил %v; сообщений в Диадоке: %d", got["status"], len(docs))
	if len(docs) != 1 || docs[0].MessageID != got["message_id"] {
		return fmt.Errorf("one message was expected: %v", docs)
	}
	return nil
}

func playTransferDocument(ctx context.Context, w *World) error {
	tax := 20.0
	if err := w.Portal.SetProducts(bitrixsim.Deal, w.Demo.Sale, bitrixsim.Product{Name: "Сопровождение сделки", Price: 60000, Quantity: 1, Tax: &tax},
		bitrixsim.Product{Name: "Госпошлина", Price: 2000, Quantity: 1}); err != nil {
		return err
	}
	if err := w.act(ctx, stageOrder, "diadoc_send", map[string]any{"inn": partnerINN, "document_type": "UniversalTransferDocument", "number": "17", "sign_with": "test", "wait": "signed"}); err != nil {
		return err
	}
	if err := w.Until(ctx, "the partner has the document", func() bool {
		docs := w.posted()
		return len(docs) == 1 && docs[0].Delivered
	}); err != nil {
		return errors.Join(err, fmt.Errorf("%v", w.Portal.Workflows()))
	}
	one := w.posted()[0]
	w.Say("из двух товаров сделки составлен УПД № %s, функция %s", one.Number, one.Function)
	if err := w.Box.Diadoc.Sign(w.Demo.Diadoc.Partner, one.MessageID, one.EntityID); err != nil {
		return err
	}
	got, err := w.heard(ctx, 1)
	if err != nil {
		return err
	}
	w.Say("покупатель ответил титулом: %v", got["status"])
	if got["status"] != "signed" {
		return fmt.Errorf("the robot got status %v", got["status"])
	}
	return nil
}
