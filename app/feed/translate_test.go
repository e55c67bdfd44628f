package feed_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/realty"
)

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

const id = "d20bd506-6325-43e1-b2e4-105ec5d63417"

// The answer examples of the contract and every shape that its discrepancy list names.
func TestFromRealty(t *testing.T) {
	t.Parallel()
	const person = `{"personId":"123","name":"Тест","surname":"Тестович","patronymic":"Тестов","snils":"000-000-000-55","gender":"male",
		"identityDocument":{"documentType":"russPassport","series":"1234","number":"123456"}}`
	const statement = `{"id":"c5e78cb0-5234-4bae-9300-9b6d926afbe1","type":"statement","contentLink":"https://api.kontur.ru/x"}`
	const result = `{"files":[{"id":"d4959ec6-47e6-4b5a-99ae-9591ec1918ad","type":"outdoc","signatures":[{"id":"daf09150-c7d2-4b7c-b5c5-da0c08c6e516"}]}]}`
	named := []docflow.Statement{{FileID: "c5e78cb0-5234-4bae-9300-9b6d926afbe1", PersonID: "123", Person: "Тестович Тест Тестов", SNILS: "00000000055"}}
	file := []docflow.File{{ID: "d4959ec6-47e6-4b5a-99ae-9591ec1918ad", Type: "outdoc", Signatures: []string{"daf09150-c7d2-4b7c-b5c5-da0c08c6e516"}}}
	fault := &docflow.Refusal{Code: "service_validation",
		CRMText: "Реестро: Кадастровый номер (cadastralNumber): не заполнено. Заполните это поле карточки",
		TextEN:  "Reestro: objectRequest.options.cadastralNumber: must not be null", Said: "objectRequest.options.cadastralNumber: must not be null"}
	silent := &docflow.Refusal{Code: "service_error",
		CRMText: "Реестро завершил документооборот с ошибкой и не назвал причину. Обратитесь в поддержку Контур.Реестро.",
		TextEN:  "Reestro ended the docflow with an error and named no cause. Ask Kontur.Reestro support."}
	const validation = `{"code":"validation","message":"Failed to validate input request","target":"api","errors":[{"code":"validation","message":"must not be null","target":"objectRequest.options.cadastralNumber"}]}`
	for name, tc := range map[string]struct {
		body string
		want docflow.Update
	}{
		"created, queued":          {`"state":"queued","requestId":"r"`, docflow.Update{State: docflow.Queued}},
		"another spelling":         {`"state":" Queue "`, docflow.Update{State: docflow.Queued}},
		"verified with a space":    {`"state":" verified","docflowType":"encumbranceRequest"`, docflow.Update{State: docflow.Verified}},
		"sent":                     {`"state":"sent"`, docflow.Update{State: docflow.Sent}},
		"an unknown word":          {`"state":" Frozen "`, docflow.Update{State: "frozen"}},
		"suspended, nothing known": {`"state":"suspend"`, docflow.Update{State: docflow.Suspended}},
		"signature": {`"state":"suspended","requirements":{"signature":[{"person":` + person + `,"files":[` + statement + `]}]}`,
			docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Statements: named}},
		"a single file": {`"state":"suspended","requirements":{"signature":[{"person":` + person + `,"files":` + statement + `}]}`,
			docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Statements: named}},
		"payment": {`"state":"suspended","requirements":{"payment":[{"uin":"00000000700486290714","summ":"700"}]}`,
			docflow.Update{State: docflow.Suspended, Requirement: docflow.RequirePayment, Charges: []docflow.Charge{{UIN: "00000000700486290714", Sum: 70000}}}},
		"sums as number, with a comma, unreadable": {`"state":"suspended","requirements":{"payment":[{"uin":"1","summ":2000.5},{"uin":"2","sum":"1 234,56"},{"uin":"3","summ":"?"}]}`,
			docflow.Update{State: docflow.Suspended, Requirement: docflow.RequirePayment,
				Charges: []docflow.Charge{{UIN: "1", Sum: 200050}, {UIN: "2", Sum: 123456}, {UIN: "3"}}}},
		"the registrar's question": {`"state":"suspended","result":` + result,
			docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireAnswer, Files: file}},
		"signature before payment before files": {`"state":"suspended","result":` + result + `,"requirements":{"payment":[{"uin":"1","summ":"7"}],"signature":[{"person":` + person + `,"files":[` + statement + `]}]}`,
			docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Statements: named, Charges: []docflow.Charge{{UIN: "1", Sum: 700}}, Files: file}},
		"completed":                          {`"state":"completed","result":` + result, docflow.Update{State: docflow.Completed, Files: file}},
		"result as a bare array":             {`"state":"completed","result":[{"id":"f","type":"egrn:extract_info:xml"}]`, docflow.Update{State: docflow.Completed, Files: []docflow.File{{ID: "f", Type: "egrn:extract_info:xml"}}}},
		"requirements of a completed one":    {`"state":"completed","requirements":{},"error":null`, docflow.Update{State: docflow.Completed}},
		"error":                              {`"state":"error","error":` + validation, docflow.Update{State: docflow.Failed, Refusal: fault}},
		"error without a cause":              {`"state":"error"`, docflow.Update{State: docflow.Failed, Refusal: silent}},
		"error with an empty cause":          {`"state":"error","error":{"errors":[{}]}`, docflow.Update{State: docflow.Failed, Refusal: silent}},
		"bad signatures, still to be signed": {`"state":"suspended","error":` + validation + `,"requirements":{"signature":[{"person":` + person + `,"files":[` + statement + `]}]}`, docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Statements: named, Refusal: fault}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := realty.ParseDocflow([]byte(`{"docflowId":"D20BD506-6325-43E1-B2E4-105EC5D63417",` + tc.body + `}`))
			require.NoError(t, err)
			tc.want.ExternalID, tc.want.Cause, tc.want.Token, tc.want.At = id, docflow.CauseNews, "3254tsadf6", noon
			require.Equal(t, tc.want, feed.FromRealty(d, docflow.CauseNews, "3254tsadf6", noon))
		})
	}
}

// TestSignersAreTold: two persons on one statement must not look like one.
func TestSignersAreTold(t *testing.T) {
	t.Parallel()
	for person, want := range map[string]string{
		`{"personId":"123","snils":"000-000-000-55"}`:                            "123",
		`{"snils":"000-000-000 55","surname":"А"}`:                               "00000000055",
		`{"surname":"А","identityDocument":{"series":"1234","number":"123456"}}`: "1234 123456",
		`{"surname":"А","identityDocument":{"number":"123456"}}`:                 "123456",
		`{"surname":" Иванов ","name":"Иван"}`:                                   "Иванов Иван",
		`"somebody"`: "",
	} {
		raw, err := json.Marshal(map[string]any{"docflowId": id, "state": "suspended", "requirements": map[string]any{
			"signature": []any{map[string]any{"person": json.RawMessage(person), "files": []any{map[string]string{"id": "f"}}}}}})
		require.NoError(t, err)
		d, err := realty.ParseDocflow(raw)
		require.NoError(t, err)
		u := feed.FromRealty(d, docflow.CauseGet, "", noon)
		require.Len(t, u.Statements, 1)
		require.Equal(t, want, u.Statements[0].PersonID, person)
	}
}
