package action_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/sandbox/diadocsim"
)

// TestSignWithFiles: a signature counts for the document that it is over, and what was handed over once is not handed
// over again.
func TestSignWithFiles(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, entity := d.receive(t)
	require.Contains(t, d.refusal(t, "no_signature", d.call(t, "diadoc_sign", d.demo.Sale, nil)), "signature")
	d.attach(t, [2]string{"акт.sig", "not a signature"})
	require.Contains(t, d.refusal(t, "invalid_field", d.call(t, "diadoc_sign", d.demo.Sale, props{"signature": filesField})), "откреплённой подписи")
	d.attach(t, [2]string{"акт.sig", d.signature(t, "другое")})
	text := d.refusal(t, "invalid_field", d.call(t, "diadoc_sign", d.demo.Sale, props{"signature": filesField}))
	require.Contains(t, text, "нет подписи документа «Акт.pdf»")
	require.Nil(t, d.record(t).Signing, "a refusal leaves nothing behind")

	d.attach(t, [2]string{"акт.sig", d.signature(t, "акт")})
	row := d.call(t, "diadoc_sign", d.demo.Sale, props{"signature": filesField, "message_id": message, "entity_id": entity})
	d.sim.DropAnswerNext("PostMessagePatch")
	_, err := d.worker.Work(t.Context(), row)
	require.Error(t, err)
	d.attach(t) // the frozen signature counts, not the card
	d.restart(t)
	result, _ := d.done(t, row)
	require.Equal(t, "signed", result.Note)
	require.Equal(t, docflow.AllSigned, d.record(t).State)
	require.Zero(t, d.sim.Stats().Misused)
	told := d.answers(t, d.demo.Sale)
	require.Equal(t, "signed", told[len(told)-1]["status"])
	require.Contains(t, d.refusal(t, "nothing_to_sign", d.call(t, "diadoc_sign", d.demo.Sale, props{"sign_with": "test"})), "не ждут")
}

// TestUnsentIsSigned: what was stored without a signature is sent by signing it, in one patch for the packet.
func TestUnsentIsSigned(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"договор.pdf", "%PDF один"}, [2]string{"акт.pdf", "%PDF два"})
	d.run(t, d.send(t, nil))
	require.Equal(t, "unsent", d.answers(t, d.demo.Sale)[0]["status"])
	d.attach(t, [2]string{"1.sig", d.signature(t, "%PDF два")}, [2]string{"2.sig", d.signature(t, "%PDF один")})
	told := d.fine(t, "diadoc_sign", props{"signature": filesField})
	require.Equal(t, "awaiting-answer", told["status"])
	for _, one := range d.sim.Documents() {
		require.True(t, one.Sent)
		require.Equal(t, "SenderSignatureCheckedAndValid", one.Sender)
	}
}

// TestRevocationIsAccepted: signing the request to revoke a document is consent, and must be meant.
func TestRevocationIsAccepted(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, entity := d.deliver(t)
	require.NoError(t, d.sim.Sign(d.demo.Diadoc.Partner, message, entity))
	require.NoError(t, d.sim.AskRevocation(d.demo.Diadoc.Partner, message, entity, "ошибка"))
	d.read(t, message)
	require.Contains(t, d.refusal(t, "nothing_to_sign", d.call(t, "diadoc_sign", d.demo.Sale, props{"sign_with": "test"})), "аннулировать")
	told := d.fine(t, "diadoc_sign", props{"sign_with": "test", "entity_id": entity})
	require.Equal(t, "revoked", told["status"])
}

// byCode makes the cloud certificate one that is confirmed by a code.
func (d *desk) byCode(t *testing.T) {
	t.Helper()
	d.cloud(t)
	d.instead = func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/GetMyCertificates") {
			return false
		}
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{"Certificates": []any{map[string]any{"Thumbprint": thumbprint, "Type": "KonturCertificate", "Usages": []string{"KonturCertificateUsage"}}}})
		return true
	}
}

// TestCodeFromSMS: the code comes through another robot; a wrong one may be corrected.
func TestCodeFromSMS(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.byCode(t)
	message, _ := d.receive(t)
	require.Contains(t, d.refusal(t, "nothing_to_confirm", d.call(t, "diadoc_sign", d.demo.Sale, props{"confirm_code": "1"})), "confirm_code")
	row := d.call(t, "diadoc_sign", d.demo.Sale, props{"sign_with": thumbprint})
	for range 6 {
		d.restart(t)
		result := d.run(t, row)
		require.Equal(t, lane.Aside, result.Verdict, result.Note)
		d.Add(max(0, result.At.Sub(d.Now())))
	}
	require.Len(t, d.sim.Signings(), 1)
	require.Equal(t, docflow.SigningCode, d.record(t).Signing.Stage)
	require.Contains(t, d.texts(t), "код по SMS")

	confirm := func(code string) lane.Row {
		return d.call(t, "diadoc_sign", d.demo.Sale, props{"confirm_code": code, "message_id": message})
	}
	wrong, runs := d.done(t, confirm("000000x"))
	require.Contains(t, wrong.Note, "wrong_code", runs)
	d.answers(t, d.demo.Sale)
	good := confirm(d.sim.Signings()[0].Code)
	result, _ := d.done(t, good)
	require.Equal(t, lane.Done, result.Verdict, result.Note)
	result, _ = d.done(t, row)
	require.Equal(t, "signed", result.Note)
	require.Equal(t, docflow.AllSigned, d.record(t).State)
	told := d.answers(t, d.demo.Sale)
	require.Len(t, told, 2, "both robots are answered")
	require.Equal(t, []any{"signed", "signed"}, []any{told[0]["status"], told[1]["status"]})
	result, _ = d.done(t, good)
	require.Equal(t, lane.Done, result.Verdict, "a repeat of the code's row says no wrong thing")
	require.Empty(t, d.answers(t, d.demo.Sale)[0]["error"])
}

// TestActsAreSignedByTheCloud: files that the service makes for an act are signed by the certificate, too.
func TestActsAreSignedByTheCloud(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.cloud(t)
	d.receive(t)
	d.set.Connections = []settings.Connection{{Name: "box", Kind: settings.Diadoc, Certificate: thumbprint}}
	row := d.call(t, "diadoc_reject", d.demo.Sale, props{"comment": "Сумма не та"})
	for range 4 {
		d.restart(t)
		result := d.run(t, row)
		require.Equal(t, lane.Aside, result.Verdict, result.Note)
		d.Add(max(0, result.At.Sub(d.Now())))
	}
	require.Len(t, d.sim.Signings(), 1)
	require.NoError(t, d.sim.EndSigning(d.sim.Signings()[0].TaskID, "CanceledByUser"))
	d.done(t, row)
	require.Equal(t, "signing_refused", d.answers(t, d.demo.Sale)[0]["error_code"])

	row = d.call(t, "diadoc_reject", d.demo.Sale, props{"comment": "Сумма не та"})
	d.run(t, row)
	d.run(t, row)
	require.NoError(t, d.sim.ConfirmSigning(d.sim.Signings()[1].TaskID))
	d.Add(time.Minute)
	result, _ := d.done(t, row)
	require.Equal(t, "rejected", result.Note)
	require.Equal(t, docflow.Rejected, d.record(t).State)
	require.Nil(t, d.record(t).Signing)
}

// TestDocumentOfProducts: a formal document is made of the card's products and sent like any file; what its schema
// refuses is told before anything is made.
func TestDocumentOfProducts(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	ask := props{"inn": partnerINN, "document_type": "UniversalTransferDocument", "sign_with": "test", "number": "17", "date": "02.03.2026"}
	text := d.refusal(t, "invalid_field", d.call(t, "diadoc_send", d.demo.Sale, ask))
	require.Contains(t, text, "UniversalTransferDocument.Table.Item: обязательный элемент не заполнен")

	rows := []map[string]any{{"productName": "Сопровождение сделки «А & Б»", "price": 33333.33, "quantity": 3, "taxRate": 20, "taxIncluded": "Y"}, {"productName": "Пошлина", "price": 2000, "quantity": 1}}
	_, err := d.b24.ProductRowsSet(t.Context(), bitrix.EntityDeal, bitrix.ID(d.demo.Sale), append(rows, map[string]any{"productName": "Странное", "price": 10, "quantity": 1, "taxRate": 7}))
	require.NoError(t, err)
	text = d.refusal(t, "invalid_field", d.call(t, "diadoc_send", d.demo.Sale, ask))
	require.Contains(t, text, "Item[2].TaxRate: «7» не допускается")
	require.Empty(t, d.sim.Documents())

	_, err = d.b24.ProductRowsSet(t.Context(), bitrix.EntityDeal, bitrix.ID(d.demo.Sale), rows)
	require.NoError(t, err)
	d.fine(t, "diadoc_send", ask)
	one := d.sim.Documents()[0]
	require.Equal(t, []string{"UniversalTransferDocument", "СЧФДОП", "17"}, []string{one.Type, one.Function, one.Number})
	file, err := d.office.GetEntityContent(t.Context(), diadoc.BoxID(d.demo.Diadoc.Box), diadoc.DocumentID{MessageID: diadoc.MessageID(one.MessageID), EntityID: diadoc.EntityID(one.EntityID)})
	require.NoError(t, err)
	xml, err := io.ReadAll(file)
	require.NoError(t, errors.Join(err, file.Close()))
	for _, part := range []string{`TotalWithVatExcluded="85333.32" Vat="16666.67" Total="101999.99"`, `Price="27777.78" TaxRate="TwentyPercent" SubtotalWithVatExcluded="83333.32" Vat="16666.67" Subtotal="99999.99"`,
		`TaxRate="NoVat" SubtotalWithVatExcluded="2000.00" WithoutVat="true" Subtotal="2000.00"`, `BoxId="` + d.demo.Diadoc.Partner + `"`, `DocumentDate="02.03.2026"`} {
		require.Contains(t, string(xml), part)
	}
}

// TestAnswerByTitle: what is answered by a title gets one, made of a mapping.
func TestAnswerByTitle(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, err := d.sim.Send(d.demo.Diadoc.Partner, d.demo.Diadoc.Box, diadocsim.Paper{Type: "UniversalTransferDocument", Function: "ДОП",
		Content: []byte(`<?xml version="1.0" encoding="utf-8"?><Файл ИдФайл="1"><Документ НомерДок="7" ДатаДок="02.03.2026"/></Файл>`)})
	require.NoError(t, err)
	d.Add(pace)
	d.fine(t, "diadoc_status", props{"message_id": message})
	d.attach(t, [2]string{"a.sig", d.signature(t, "x")})
	require.Contains(t, d.refusal(t, "title_needed", d.call(t, "diadoc_sign", d.demo.Sale, props{"signature": filesField})), "титулом")
	told := d.fine(t, "diadoc_sign", props{"sign_with": "test"})
	require.Equal(t, "signed", told["status"])

	message, err = d.sim.Send(d.demo.Diadoc.Partner, d.demo.Diadoc.Box, diadocsim.Paper{Type: "XmlTorg12", Function: "default",
		Content: []byte(`<?xml version="1.0" encoding="utf-8"?><Файл ИдФайл="2"/>`)})
	require.NoError(t, err)
	d.Add(pace)
	d.fine(t, "diadoc_status", props{"message_id": message})
	require.Contains(t, d.refusal(t, "no_mapping", d.call(t, "diadoc_sign", d.demo.Sale, props{"sign_with": "test", "message_id": message})), "document_type: XmlTorg12")
	d.set.Mappings = []settings.Mapping{{Name: "torg", DocumentType: "XmlTorg12", Options: map[string]any{"answer": map[string]any{"UserData": map[string]any{"Total": "{{ card.TITLE }}"}}}}}
	require.Equal(t, "signed", d.fine(t, "diadoc_sign", props{"sign_with": "test", "message_id": message})["status"])
}

// TestReceipt: a receipt that is due is made, signed and handed over.
func TestReceipt(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	message, err := d.sim.Send(d.demo.Diadoc.Partner, d.demo.Diadoc.Box, diadocsim.Paper{Type: "UniversalTransferDocument", Function: "СЧФ",
		Content: []byte(`<?xml version="1.0" encoding="utf-8"?><Файл ИдФайл="1"><Документ НомерДок="7" ДатаДок="02.03.2026"/></Файл>`)})
	require.NoError(t, err)
	d.Add(pace)
	d.fine(t, "diadoc_status", props{"message_id": message})
	require.Equal(t, docflow.ReceiptDue, d.record(t).State)
	d.attach(t, [2]string{"акт.sig", d.signature(t, "акт")})
	require.Contains(t, d.refusal(t, "receipt_needed", d.call(t, "diadoc_sign", d.demo.Sale, props{"signature": filesField})), "извещение")
	d.fine(t, "diadoc_sign", props{"sign_with": "test"})
	require.Equal(t, "done", d.sim.Documents()[0].Receipt)
}

// TestReceiptsByThemselves: a box with a certificate answers what came in with receipts, without anybody's robot.
func TestReceiptsByThemselves(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.cloud(t)
	d.set.Connections = []settings.Connection{{Name: "box", Kind: settings.Diadoc, Certificate: thumbprint}}
	message, err := d.sim.Send(d.demo.Diadoc.Partner, d.demo.Diadoc.Box, diadocsim.Paper{Type: "UniversalTransferDocument", Function: "СЧФ",
		Content: []byte(`<?xml version="1.0" encoding="utf-8"?><Файл ИдФайл="1"><Документ НомерДок="7" ДатаДок="02.03.2026"/></Файл>`)})
	require.NoError(t, err)
	require.NoError(t, d.store.Commit(t.Context(), docflow.Prepare{Record: docflow.Record{ID: "came", Portal: d.member, Card: docflow.Card{EntityType: 2, ID: int64(d.demo.Sale)},
		System: docflow.Diadoc, Kind: "UniversalTransferDocument", Connection: "box", RequestID: "came", ExternalID: message, Created: d.Now(), Changed: d.Now()}}))
	d.read(t, message)
	rows, err := d.store.Load(t.Context(), d.member, 0, 100)
	require.NoError(t, err)
	var own []lane.Row
	for _, row := range rows {
		if row.Code == "diadoc_sign" {
			row.Lease = d.lease
			own = append(own, row)
		}
	}
	require.NotEmpty(t, own, "the change makes work of the card")
	require.Equal(t, lane.Aside, d.run(t, own[0]).Verdict)
	d.run(t, own[0])
	require.Len(t, d.sim.Signings(), 1)
	require.NoError(t, d.sim.ConfirmSigning(d.sim.Signings()[0].TaskID))
	d.Add(time.Minute)
	result, _ := d.done(t, own[0])
	require.Equal(t, "receipts signed", result.Note)
	require.Equal(t, "done", d.sim.Documents()[0].Receipt)
	result, _ = d.done(t, d.call(t, "diadoc_sign", d.demo.Sale, props{"receipts": "Y"}))
	require.Equal(t, "no receipt is due", result.Note)
}
