package realtysim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/realtysim"
)

// Every printed create body must pass, although several break rules that their own pages call required.
func TestPrintedCreateBodiesPass(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		typ     string
		status  int
		signers int
	}{
		"object_request.json":                        {"object_request", 200, 0},
		"right_movement_request.json":                {"right_movement_request", 201, 3},
		"right_movement_request.2.json":              {"right_movement_request", 201, 3},
		"right_movement_request.3.json":              {"right_movement_request", 201, 3},
		"equity_agreement_registration_request.json": {"equity_agreement_registration_request", 201, 1},
		"right_assignment_request.json":              {"right_assignment_request", 201, 3},
		"encumbrance_request.json":                   {"encumbrance_request", 201, 2},
		"cessation_encumbrance_request.json":         {"cessation_encumbrance_request", 201, 2},
		"additional_packet_request.json":             {"additional_packet_request", 200, 0},
		"action_request.json":                        {"action_request", 200, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, realtysim.Config{})
			parent := r.extract("parent")
			body := strings.NewReplacer("39460b5e-2b0c-47bb-ad04-f680d32cc71b", parent,
				"12f80630-783e-11e8-a956-819c76392335", parent).Replace(string(r.example(name)))
			a := r.create(tc.typ, []byte(body))
			require.Equal(t, tc.status, a.status, a.text())
			if tc.signers == 0 {
				require.Equal(t, "queued", a.at("state"))
				return
			}
			require.Equal(t, "suspended", a.at("state"))
			require.Len(t, a.at("requirements", "signature"), tc.signers)
		})
	}
}

// Answers have the form of the printed and assembled bodies, key by key.
func TestAnswersHaveThePrintedForm(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	r.sameForm("auth.response.json", r.post("/auth", "application/json", read(t, "auth.request.json")), "sessionId")
	r.sameForm("content-pointer.response.json", r.post("/contents", "Application/pdf", []byte("%PDF")))
	r.sameForm("cadastre-suggest.response.json",
		r.post("/location/cadastre/suggest", "application/json", read(t, "cadastre-suggest.request.json")))

	created := r.create("object_request", read(t, "object_request.json"))
	r.sameForm("docflow.object_request.created-queued.json", created)
	id := created.at("docflowId").(string)
	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.Complete(id))
	r.sameForm("docflow.object_request.completed.json", dropSignature(r.get("/docflows/"+id)))

	r.sameForm("error.validation.json",
		r.create("object_request", []byte(`{"options":{"type":"info"}}`)))
}

// dropSignature takes the archive's signature away: the assembled body shows one only at the XML.
func dropSignature(a answer) answer {
	m := a.json()
	files := walk(a.t, m, "result", "files").([]any)
	delete(files[0].(map[string]any), "signatures")
	a.body, _ = json.Marshal(m)
	return a
}

func TestRegistrationHasThePrintedForm(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id := r.signed()
	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.ChargeDuty(id, realtysim.Charge{UIN: "00000000700486290714", Sum: 70_000}))
	withoutOptions := func() answer {
		a := r.get("/docflows/" + id)
		m := a.json()
		require.Contains(t, m, "options")
		delete(m, "options")
		a.body, _ = json.Marshal(m)
		return a
	}
	r.sameForm("docflow.right_movement_request.suspended-payment.json", withoutOptions())

	r.sim.SetSwitches(realtysim.Switches{WrappedGet: true})
	r.sameForm("docflow.right_movement_request.suspended-payment.wrapped.json", r.get("/docflows/"+id), "token", "date")
	r.sim.SetSwitches(realtysim.Switches{})

	require.NoError(t, r.sim.Pay(id, ""))
	require.NoError(t, r.sim.Suspend(id))
	r.sameForm("docflow.right_movement_request.suspended-result.json", withoutOptions())
}

func TestSignatureRequirementHasThePrintedForm(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	var want struct {
		Requirements struct {
			Signature []struct {
				Person map[string]any `json:"person"`
			} `json:"signature"`
		} `json:"requirements"`
	}
	require.NoError(t, json.Unmarshal(read(t, "fragment.requirements-signature.json"), &want))
	person := want.Requirements.Signature[0].Person
	person["snils"] = "000-000-000 55" // the printed answer has a form that requests must not have
	owner := map[string]any{"owner": map[string]any{"person": person}}
	body, err := json.Marshal(map[string]any{"requestId": "client-request-12345", "options": map[string]any{
		"encumbranceType":      "mortgage",
		"object":               json.RawMessage(read(t, "fragment.object.json")),
		"whoseRightRestricted": map[string]any{"individualOwnership": owner},
	}})
	require.NoError(t, err)
	a := r.create("cessation_encumbrance_request", body)
	require.Equal(t, 201, a.status, a.text())
	a.body, err = json.Marshal(map[string]any{"requirements": a.at("requirements")})
	require.NoError(t, err)
	r.sameForm("fragment.requirements-signature.json", a)
}

func TestSubmitHasTheEarlierForm(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	r.sim.SetSwitches(realtysim.Switches{AfterSubmit: " verified", CamelTypes: true})
	a := r.create("ecumbrance_request", r.example("encumbrance_request.json"))
	require.Equal(t, 201, a.status, a.text())
	id := a.at("docflowId").(string)
	require.NoError(t, r.sim.Sign(id))
	r.sameForm("docflow.encumbrance_request.submitted-verified.earlier.json", r.post("/docflows/"+id, "", nil))
	require.Equal(t, " verified", r.state(id))
	require.NoError(t, r.sim.Dispatch(id), "verified leads straight to sent")
}

func FuzzCreate(f *testing.F) {
	types := []string{
		"object_request", "right_movement_request", "equity_agreement_registration_request", "right_assignment_request",
		"encumbrance_request", "cessation_encumbrance_request", "additional_packet_request", "action_request",
	}
	for i, typ := range types {
		f.Add(uint(i), read(f, typ+".json"))
	}
	f.Add(uint(1), []byte(`{"options":{"seller":[{}],"buyer":{"sharedOwnership":{"shares":[null,{}]}}}}`))
	f.Fuzz(func(t *testing.T, n uint, body []byte) {
		sim := realtysim.New(realtysim.Config{})
		sim.AddAccount("a", "b", accountID)
		sid := fuzzLogin(sim)
		seedContents(sim, body)
		req := httptest.NewRequest(http.MethodPost, "/realty/v1/docflows/"+types[n%uint(len(types))], strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "auth.sid "+sid)
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, req)
		require.Contains(t, []int{200, 201, 400}, w.Code, w.Body.String())
		require.True(t, json.Valid(w.Body.Bytes()))
		if w.Code == http.StatusCreated {
			require.Contains(t, w.Body.String(), `"requirements"`, "a suspended docflow names what it wants")
		}
	})
}

func fuzzLogin(sim *realtysim.Server) string {
	req := httptest.NewRequest(http.MethodPost, "/realty/v1/auth",
		strings.NewReader(`{"login":"a","password":"b","accountId":"`+accountID+`"}`))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, req)
	var got struct{ SessionID string }
	if json.Unmarshal(w.Body.Bytes(), &got) != nil {
		panic(w.Body.String())
	}
	return got.SessionID
}
