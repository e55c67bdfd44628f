package realty_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
)

func TestAnswersOfTheDocs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind     realty.Kind
		rawKind  string
		state    realty.State
		rawState string
		request  string
	}{
		"docflow.encumbrance_request.completed.json":                    {realty.EncumbranceKind, "encumbrance_request", "completed", "completed", "client-request-12345"},
		"docflow.encumbrance_request.submitted-verified.earlier.json":   {realty.EncumbranceKind, "encumbranceRequest", "verified", " verified", "client-request-12345"},
		"docflow.object_request.completed.json":                         {realty.ObjectRequestKind, "object_request", "completed", "completed", "client-request-12345"},
		"docflow.object_request.created-queued.json":                    {realty.ObjectRequestKind, "object_request", "queued", "queued", "client-request-12345"},
		"docflow.object_request.created-suspended.earlier.json":         {realty.ObjectRequestKind, "object_request", "suspended", "suspended", ""},
		"docflow.object_request.error.json":                             {realty.ObjectRequestKind, "object_request", "error", "error", "client-request-12345"},
		"docflow.right_movement_request.suspended-payment.json":         {realty.RightMovementKind, "right_movement_request", "suspended", "suspended", "client-request-12345"},
		"docflow.right_movement_request.suspended-payment.wrapped.json": {realty.RightMovementKind, "right_movement_request", "suspended", "suspended", "client-request-12345"},
		"docflow.right_movement_request.suspended-result.json":          {realty.RightMovementKind, "right_movement_request", "suspended", "suspended", "client-request-12345"},
		"docflow.right_movement_request.suspended-signature.json":       {realty.RightMovementKind, "right_movement_request", "suspended", "suspended", "client-request-12345"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := realty.ParseDocflow(file(t, name))
			require.NoError(t, err)
			require.Equal(t, docflowID, got.ID)
			require.Equal(t, tc.kind, got.Kind)
			require.Equal(t, tc.rawKind, got.RawKind)
			require.Equal(t, tc.state, got.State)
			require.Equal(t, tc.rawState, got.RawState)
			require.Equal(t, tc.request, got.RequestID)
			var raw struct{ DocflowID string }
			require.NoError(t, json.Unmarshal(got.Raw, &raw), "the bare docflow, unwrapped")
			require.Equal(t, string(docflowID), raw.DocflowID)
		})
	}
}

func TestSignatureRequirement(t *testing.T) {
	t.Parallel()
	got, err := realty.ParseDocflow(file(t, "docflow.right_movement_request.suspended-signature.json"))
	require.NoError(t, err)
	require.Empty(t, got.Requirements.Payment)
	require.Len(t, got.Requirements.Signature, 1)
	want := got.Requirements.Signature[0]
	require.Equal(t, "123", want.Person.PersonID)
	require.Equal(t, "Тестович", want.Person.Surname)
	require.Equal(t, "000-000-000-55", want.Person.SNILS, "as it came")
	require.Equal(t, "00000000055", want.Person.SNILSDigits())
	require.Equal(t, "г", want.Person.Address.City.Abbreviation)
	require.Equal(t, []realty.File{{ID: fileID, Type: "statement",
		Link: "https://api.kontur.ru/realty/v1/docflows/d20bd506-6325-43e1-b2e4-105ec5d63417/files/c5e78cb0-5234-4bae-9300-9b6d926afbe1"}}, want.Files)
	require.False(t, got.Requirements.IsZero())
}

func TestResult(t *testing.T) {
	t.Parallel()
	got, err := realty.ParseDocflow(file(t, "docflow.object_request.completed.json"))
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"info","cadastralNumber":"47:14:1203001:814"}`, string(got.Options))
	require.Len(t, got.Result.Files, 3)
	require.Equal(t, "egrn:extract_info:xml", got.Result.Files[1].Type)
	require.Equal(t, realty.FileID("00000000-0000-4000-8000-000000000003"), got.Result.Files[1].Signatures[0].ID)
	require.Empty(t, got.Result.Files[2].Signatures)
	require.True(t, got.Requirements.IsZero())
}

// fragment puts an object of the docs, or what a test changes in it, into a docflow.
func parse(t *testing.T, fields string) realty.Docflow {
	t.Helper()
	got, err := realty.ParseDocflow([]byte(`{"docflowId":"d1"` + fields + `}`))
	require.NoError(t, err)
	return got
}

func TestFragments(t *testing.T) {
	t.Parallel()
	inside := func(name string) string {
		raw := string(file(t, name))
		return "," + raw[1:len(raw)-2] // without its braces and the last line end
	}
	require.Len(t, parse(t, inside("fragment.requirements-signature.json")).Requirements.Signature, 1)
	require.Equal(t, "00000000700486290714", parse(t, inside("fragment.requirements-payment.json")).Requirements.Payment[0].UIN)
	require.Equal(t, "outdoc", parse(t, inside("fragment.result.json")).Result.Files[0].Type)
	require.Len(t, parse(t, `,"result":`+string(file(t, "fragment.file.json"))).Result.Files[0].Signatures, 1)
}

func TestTolerantDocflow(t *testing.T) {
	t.Parallel()
	one := []realty.File{{ID: "f", Type: "statement"}}
	for name, tc := range map[string]struct {
		fields string
		check  func(t *testing.T, got realty.Docflow)
	}{
		"single file to sign": {`,"requirements":{"signature":[{"files":{"id":"f","type":"statement"}}]}`, func(t *testing.T, got realty.Docflow) {
			require.Equal(t, one, got.Requirements.Signature[0].Files)
		}},
		"single signature": {`,"requirements":{"signature":{"person":{"personId":12},"files":[{"id":"f","type":"statement"}]}}`, func(t *testing.T, got realty.Docflow) {
			require.Equal(t, one, got.Requirements.Signature[0].Files)
			require.Equal(t, "12", got.Requirements.Signature[0].Person.PersonID)
		}},
		"strange person": {`,"requirements":{"signature":[{"person":"Тест","files":[{"id":"f","type":"statement"}]}]}`, func(t *testing.T, got realty.Docflow) {
			require.Equal(t, one, got.Requirements.Signature[0].Files, "the files are still to be signed")
		}},
		"no person": {`,"requirements":{"signature":[{"files":[]}]}`, func(t *testing.T, got realty.Docflow) {
			require.Zero(t, got.Requirements.Signature[0].Person)
		}},
		"sum a number": {`,"requirements":{"payment":[{"uin":"00","summ":700.5}]}`, func(t *testing.T, got realty.Docflow) {
			require.Equal(t, realty.PaymentRequirement{UIN: "00", Sum: 70050, SumKnown: true, RawSum: "700.5"}, got.Requirements.Payment[0])
		}},
		"sum, not summ": {`,"requirements":{"payment":{"uin":12,"sum":"2000,00"}}`, func(t *testing.T, got realty.Docflow) {
			require.Equal(t, realty.PaymentRequirement{UIN: "12", Sum: 200000, SumKnown: true, RawSum: "2000,00"}, got.Requirements.Payment[0])
		}},
		"sum in words": {`,"requirements":{"payment":[{"uin":"1","summ":"семьсот"}]}`, func(t *testing.T, got realty.Docflow) {
			require.Equal(t, realty.PaymentRequirement{UIN: "1", RawSum: "семьсот"}, got.Requirements.Payment[0])
		}},
		"bare result":     {`,"result":[{"id":"f","type":"statement"}]`, func(t *testing.T, got realty.Docflow) { require.Equal(t, one, got.Result.Files) }},
		"one result file": {`,"result":{"files":{"id":"f","type":"statement"}}`, func(t *testing.T, got realty.Docflow) { require.Equal(t, one, got.Result.Files) }},
		"empty result":    {`,"result":{}`, func(t *testing.T, got realty.Docflow) { require.Empty(t, got.Result.Files) }},
		"nulls": {`,"result":null,"error":null,"requirements":null,"options":null,"state":null,"requestId":null`, func(t *testing.T, got realty.Docflow) {
			require.Nil(t, got.Result)
			require.Nil(t, got.Fault)
			require.Nil(t, got.Options)
			require.Zero(t, got.State)
			require.True(t, got.Requirements.IsZero())
		}},
		"all at once": {`,"state":"SUSPEND ","error":{"message":"m"},"result":[],"requirements":{"signature":null,"payment":[{}]}`, func(t *testing.T, got realty.Docflow) {
			require.Equal(t, realty.StateSuspended, got.State)
			require.Equal(t, "m", got.Fault.Summary())
			require.NotNil(t, got.Result)
			require.Len(t, got.Requirements.Payment, 1)
		}},
		"error in a word": {`,"error":"failed"`, func(t *testing.T, got realty.Docflow) { require.Equal(t, "failed", got.Fault.Message) }},
		"empty error":     {`,"error":{}`, func(t *testing.T, got realty.Docflow) { require.Nil(t, got.Fault) }},
		"unknown type": {`,"docflowType":"parking_request","type":"object_request"`, func(t *testing.T, got realty.Docflow) {
			require.Empty(t, got.Kind)
			require.Equal(t, "parking_request", got.RawKind)
		}},
		"type of the create page": {`,"type":"action_request"`, func(t *testing.T, got realty.Docflow) { require.Equal(t, realty.ActionKind, got.Kind) }},
		"another type":            {`,"type":"info"`, func(t *testing.T, got realty.Docflow) { require.Empty(t, got.RawKind) }},
		"numbers":                 {`,"requestId":15,"userId":16,"state":17`, func(t *testing.T, got realty.Docflow) { require.Equal(t, "15", got.RequestID) }},
		"docflow is no object":    {`,"docflow":"x","extra":{"a":[1]}`, func(t *testing.T, got realty.Docflow) { require.Equal(t, realty.DocflowID("d1"), got.ID) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.check(t, parse(t, tc.fields))
		})
	}
}

func TestUnreadableDocflow(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty": "", "null": "null", "text": `"x"`, "list": "[]", "no id": "{}", "null id": `{"docflowId":null}`, "id an object": `{"docflowId":{}}`,
		"odd requirement": `{"docflowId":"1","requirements":{"signature":"all"}}`, "inner without id": `{"docflowId":"1","docflow":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := realty.ParseDocflow([]byte(body))
			require.Error(t, err)
		})
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]realty.Kind{
		"object_request": realty.ObjectRequestKind, "objectRequest": realty.ObjectRequestKind, " Object-Request ": realty.ObjectRequestKind,
		"rightmovement_request": realty.RightMovementKind, "rightMovementRequest": realty.RightMovementKind,
		"equityagreement_request": realty.EquityAgreementKind, "equityAgreementRegistrationRequest": realty.EquityAgreementKind,
		"rightAssignmentRequest": realty.RightAssignmentKind, "ecumbrance_request": realty.EncumbranceKind, "encumbranceRequest": realty.EncumbranceKind,
		"cessationencumbrance_request": realty.EncumbranceCessationKind, "cessationEncumbranceRequest": realty.EncumbranceCessationKind,
		"additional_package_request": realty.AdditionalPackageKind, "additionalpackage_request": realty.AdditionalPackageKind,
		"additionalPacketRequest": realty.AdditionalPackageKind, "actionRequest": realty.ActionKind,
	} {
		got, ok := realty.ParseKind(raw)
		require.True(t, ok, raw)
		require.Equal(t, want, got)
	}
	for _, raw := range []string{"", "primary_right_request", "additioal_package", "object"} {
		_, ok := realty.ParseKind(raw)
		require.False(t, ok, raw)
	}
	require.Len(t, realty.Kinds(), 8)
	for _, kind := range realty.Kinds() {
		got, ok := realty.ParseKind(string(kind))
		require.True(t, ok)
		require.Equal(t, kind, got)
		require.NotEmpty(t, kind.Label())
	}
	require.Empty(t, realty.Kind("x").Label())
}

func TestStates(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]realty.State{
		"queued": realty.StateQueued, "queue": realty.StateQueued, "suspend": realty.StateSuspended, " verified": realty.StateVerified,
		"SENT": realty.StateSent, "completed\n": realty.StateCompleted, "error": realty.StateError,
	} {
		got := realty.ParseState(raw)
		require.Equal(t, want, got)
		require.True(t, got.Known())
		require.Equal(t, want == realty.StateCompleted || want == realty.StateError, got.Final())
	}
	archived := realty.ParseState(" Archived")
	require.Equal(t, realty.State("archived"), archived)
	require.False(t, archived.Known() || archived.Final())
}

func TestRubles(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]realty.Kopecks{
		"700": 70000, "700.5": 70050, "700,50": 70050, "0.01": 1, "1 500,00": 150000, "2\u00a0000": 200000, "7.500": 750, "0": 0, "12.": 1200,
		"92233720368547758.07": 9223372036854775807,
	} {
		got, err := realty.ParseRubles(raw)
		require.NoError(t, err, raw)
		require.Equal(t, want, got, raw)
	}
	for _, raw := range []string{"", ".5", "-1", "1.234", "1,2.3", "7e2", "семьсот", "92233720368547758.08", "99999999999999999999", "+1", "１"} {
		_, err := realty.ParseRubles(raw)
		require.Error(t, err, raw)
	}
	require.Equal(t, "700.05", realty.Kopecks(70005).String())
	require.Equal(t, "-0.01", realty.Kopecks(-1).String())
	require.Equal(t, "-92233720368547758.08", realty.Kopecks(-9223372036854775808).String())
}

func FuzzDocflow(f *testing.F) {
	for _, name := range []string{"docflow.encumbrance_request.completed.json", "docflow.object_request.error.json",
		"docflow.right_movement_request.suspended-signature.json", "docflow.right_movement_request.suspended-payment.wrapped.json",
		"docflow.object_request.completed.json"} {
		f.Add(file(f, name))
	}
	f.Add([]byte(`{"docflowId":1,"requirements":{"payment":{"summ":7e2}},"result":[{}],"error":{"errors":{}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := realty.ParseDocflow(body)
		if err != nil {
			return
		}
		again, err := realty.ParseDocflow(got.Raw)
		if err != nil || again.ID != got.ID || again.State != got.State || again.Kind != got.Kind {
			t.Fatalf("the raw docflow reads as %+v (%v), not as %+v", again, err, got)
		}
		if got.Fault != nil && len(got.Fault.Leaves()) == 0 && !got.Fault.IsZero() {
			for _, leaf := range got.Fault.Errors {
				if !leaf.IsZero() {
					t.Fatalf("a fault without leaves: %+v", got.Fault)
				}
			}
		}
	})
}

func FuzzRubles(f *testing.F) {
	for _, seed := range []string{"700", "700,50", "1 500.00", "92233720368547758.07", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		sum, err := realty.ParseRubles(raw)
		if err != nil {
			return
		}
		if again, err := realty.ParseRubles(sum.String()); err != nil || again != sum || sum < 0 {
			t.Fatalf("%q is %s, which is %d (%v)", raw, sum, again, err)
		}
	})
}
