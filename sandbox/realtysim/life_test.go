package realtysim_test

import (
	"archive/zip"
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/realtysim"
)

func states(d realtysim.Docflow) []string {
	var out []string
	for _, step := range d.History {
		out = append(out, step.State)
	}
	return out
}

func (r *rig) docflow(id string) realtysim.Docflow {
	r.t.Helper()
	d, ok := r.sim.Docflow(id)
	require.True(r.t, ok)
	return d
}

func TestLifeOfAnExtract(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id := r.extract("req-1")
	require.ErrorIs(t, r.sim.Complete(id), realtysim.ErrWrongState, "nothing is finished before it was sent")
	require.NoError(t, r.sim.Dispatch(id))
	require.ErrorIs(t, r.sim.Dispatch(id), realtysim.ErrWrongState)
	require.NoError(t, r.sim.Complete(id))
	require.Equal(t, []string{"queued", "sent", "completed"}, states(r.docflow(id)))

	a := r.get("/docflows/" + id)
	var types []string
	for i := range a.at("result", "files").([]any) {
		types = append(types, a.at("result", "files", i, "type").(string))
		file := r.get("/docflows/" + id + "/files/" + a.at("result", "files", i, "id").(string))
		require.Equal(t, 200, file.status)
		require.NotEmpty(t, file.body)
	}
	require.Equal(t, []string{"egrn:outdoc", "egrn:extract_info:xml", "extract_info:pdf"}, types)
	sig := r.get("/docflows/" + id + "/files/" + a.at("result", "files", 1, "signatures", 0, "id").(string))
	require.Equal(t, "application/x-pkcs7-signature", sig.header.Get("Content-Type"))
	require.ErrorIs(t, r.sim.Fail(id, "", "late"), realtysim.ErrWrongState, "completed is final")
}

func TestOwnershipExtractAndArchive(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	a := r.create("object_request", []byte(`{"options":{"type":"ownership","cadastralNumber":"47:14:<b>:814"}}`))
	id := a.at("docflowId").(string)
	require.NotContains(t, a.json(), "requestId", "absent when it was not sent")
	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.Complete(id))
	d := r.docflow(id)
	require.Equal(t, "egrn:extract_ownership:xml", d.Files[1].Type)
	require.Contains(t, r.get("/docflows/"+id+"/files/"+d.Files[1].ID).text(), "47:14:&lt;b&gt;:814")
	data := r.get("/docflows/" + id + "/files/" + d.Files[0].ID).body
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	require.Len(t, z.File, 1)
}

func TestLifeOfARegistration(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id, files := r.registration()
	require.Len(t, files, 3)
	statement := r.get("/docflows/" + id + "/files/" + files[0])
	require.Equal(t, "application/pdf", statement.header.Get("Content-Type"))
	require.Contains(t, statement.text(), "client-request-12345")

	// Two by bytes, one by link.
	for _, f := range files[:2] {
		a := r.post("/docflows/"+id+"/files/"+f+"/signatures", "application/x-pkcs7-signature", r.signature(id, f))
		require.Equal(t, 204, a.status)
		require.Empty(t, a.body)
	}
	up := r.post("/contents", "application/x-pkcs7-signature", r.signature(id, files[2]))
	require.Equal(t, 201, r.post("/docflows/"+id+"/files/"+files[2]+"/signatures/"+up.at("id").(string), "", nil).status)
	require.Equal(t, "suspended", r.state(id), "signatures alone change nothing")
	require.Len(t, r.docflow(id).SignedBy, 3)

	sub := r.post("/docflows/"+id, "", nil)
	require.Equal(t, 200, sub.status)
	require.Equal(t, map[string]any{
		"docflowId": id, "docflowType": "right_movement_request", "state": "queued", "requestId": "client-request-12345",
	}, sub.json())
	require.Equal(t, 400, r.post("/docflows/"+id, "", nil).status, "nothing left to submit")
	require.Equal(t, 400, r.post("/docflows/"+id+"/files/"+files[0]+"/signatures", "", []byte("late")).status)

	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.ChargeDuty(id, realtysim.Charge{UIN: "1", Sum: 70_050}))
	require.NoError(t, r.sim.ChargeDuty(id))
	charges := r.docflow(id).Charges
	require.Len(t, charges, 2)
	require.Regexp(t, `^0{8}\d{12}$`, charges[1].UIN)
	require.Equal(t, "700.50", r.get("/docflows/"+id).at("requirements", "payment", 0, "summ"))
	require.ErrorIs(t, r.sim.Pay(id, "2"), realtysim.ErrNoCharge)
	require.NoError(t, r.sim.Pay(id, "1"))
	require.Equal(t, "suspended", r.state(id), "one charge is left")
	require.NoError(t, r.sim.Pay(id, charges[1].UIN))
	require.Equal(t, "sent", r.state(id))
	require.ErrorIs(t, r.sim.Pay(id, ""), realtysim.ErrWrongState)
	require.NoError(t, r.sim.Complete(id))
	d := r.docflow(id)
	require.Equal(t, []string{"suspended", "queued", "sent", "suspended", "suspended", "sent", "completed"}, states(d))
	require.Equal(t, "egrn:outdoc", d.Files[0].Type)
	require.Len(t, d.Paid, 2)
}

func TestSignatureCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sw       realtysim.Switches
		sign     func(i int) string
		submit   int
		state    string
		messages []any
	}{
		"nobody signed":  {realtysim.Switches{}, func(int) string { return "" }, 200, "error", []any{"signature is missing"}},
		"one is missing": {realtysim.Switches{}, func(i int) string { return []string{"good", "good", ""}[i] }, 200, "error", []any{"signature is missing"}},
		"one is over another statement": {realtysim.Switches{}, func(i int) string { return []string{"good", "of another", "good"}[i] }, 200, "error",
			[]any{"signature is not valid"}},
		"one is bad": {realtysim.Switches{}, func(i int) string { return []string{"good", "garbage", "good"}[i] }, 200, "error", []any{"signature is not valid"}},
		"refused at once": {realtysim.Switches{SubmitRefusesShortage: true}, func(int) string { return "" }, 400, "suspended",
			[]any{"signature is missing"}},
		"asked again": {realtysim.Switches{BadSignaturesSuspend: true}, func(int) string { return "garbage" }, 200, "suspended",
			[]any{"signature is not valid"}},
		"all good": {realtysim.Switches{}, func(int) string { return "good" }, 200, "queued", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, realtysim.Config{})
			r.sim.SetSwitches(tc.sw)
			id, files := r.registration()
			for i, f := range files {
				switch tc.sign(i) {
				case "good":
					require.Equal(t, 204, r.post("/docflows/"+id+"/files/"+f+"/signature", "", r.signature(id, f)).status)
				case "garbage":
					require.Equal(t, 204, r.post("/docflows/"+id+"/files/"+f+"/signature", "", []byte("garbage")).status)
				case "of another":
					require.Equal(t, 204, r.post("/docflows/"+id+"/files/"+f+"/signature", "", r.signature(id, files[(i+1)%3])).status)
				}
			}
			a := r.post("/docflows/"+id, "", nil)
			require.Equal(t, tc.submit, a.status, a.text())
			require.Equal(t, tc.state, r.state(id))
			switch {
			case tc.submit == 400:
				require.Equal(t, tc.messages[0], a.at("errors", 0, "message"))
			case tc.messages != nil:
				require.Equal(t, "queued", a.at("state"), "the answer comes before the check")
				require.Equal(t, tc.messages[0], r.get("/docflows/"+id).at("error", "errors", 0, "message"))
			}
			if tc.state == "suspended" { // a second try leads on
				require.NoError(t, r.sim.Sign(id))
				require.Equal(t, 200, r.post("/docflows/"+id, "", nil).status)
				require.Equal(t, "queued", r.state(id))
			}
		})
	}
}

func TestSharedStatementWantsEverySigner(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	r.sim.SetSwitches(realtysim.Switches{SharedStatement: true, SubmitRefusesShortage: true, SingleFile: true})
	id, files := r.registration()
	require.Len(t, files, 1)
	a := r.get("/docflows/" + id)
	require.Len(t, a.at("requirements", "signature"), 3)
	require.Equal(t, files[0], a.at("requirements", "signature", 2, "files", "id"))
	path := "/docflows/" + id + "/files/" + files[0] + "/signatures"
	people := r.docflow(id).Statements[0].Persons
	require.Len(t, people, 3)
	signature := func(person string) []byte {
		data, err := r.sim.SignatureOf(id, files[0], person)
		require.NoError(t, err)
		return data
	}
	for _, person := range []string{people[0], people[0], people[1]} {
		require.Equal(t, 204, r.post(path, "", signature(person)).status)
	}
	require.Equal(t, 400, r.post("/docflows/"+id, "", nil).status, "one person twice is one signature")
	require.Equal(t, 204, r.post(path, "", signature(people[2])).status)
	require.Equal(t, 200, r.post("/docflows/"+id, "", nil).status)
}

func TestSignRefusals(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id, files := r.registration()
	pdf := r.post("/contents", "application/pdf", []byte("%PDF")).at("id").(string)
	base := "/docflows/" + id + "/files/"
	require.Equal(t, 400, r.post(base+files[0]+"/signatures", "", nil).status, "empty")
	require.Equal(t, 404, r.post(base+strangers+"/signatures", "", []byte("x")).status)
	require.Equal(t, 404, r.post("/docflows/"+strangers+"/files/"+files[0]+"/signatures", "", []byte("x")).status)
	require.Equal(t, 404, r.post(base+files[0]+"/signatures/"+strangers, "", nil).status)
	require.Equal(t, 400, r.post(base+files[0]+"/signatures/"+pdf, "", nil).status, "a PDF is no signature")
}

func TestPacketFreesASuspendedParent(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id := r.signed()
	require.ErrorIs(t, r.sim.Suspend(id), realtysim.ErrWrongState)
	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.Suspend(id, realtysim.ResultFile{Type: "outdoc", Name: "n.zip", Data: []byte("PK")}))
	require.Equal(t, "PK", r.get("/docflows/"+id+"/files/"+r.docflow(id).Files[0].ID).text())

	a := r.create("additional_package_request", edit(t, r.example("additional_packet_request.json"), "options.docflowId", id))
	require.Equal(t, 200, a.status, a.text())
	packet := a.at("docflowId").(string)
	require.Equal(t, id, r.docflow(packet).Parent)
	require.Equal(t, "suspended", r.state(id), "not before the packet was delivered")
	require.NoError(t, r.sim.Dispatch(packet))
	require.Equal(t, "sent", r.state(id))
	require.NoError(t, r.sim.Complete(packet))
	require.Empty(t, r.get("/docflows/"+packet).at("result", "files"))
	require.NoError(t, r.sim.Complete(id))

	again := r.create("additional_packet_request", edit(t, r.example("additional_packet_request.json"), "options.docflowId", id))
	require.Equal(t, 400, again.status, "the parent has ended")
}

func TestActionsMoveTheParent(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	act := func(id, action string) string {
		body := edit(t, edit(t, r.example("action_request.json"), "options.docflowId", id), "options.actionType", action)
		a := r.create("action_request", body)
		require.Equal(t, 200, a.status, a.text())
		require.NoError(t, r.sim.Dispatch(a.at("docflowId").(string)))
		return r.state(id)
	}
	id := r.extract("1")
	require.NoError(t, r.sim.Dispatch(id))
	require.Equal(t, "suspended", act(id, "suspend"))
	require.Equal(t, "sent", act(id, "resume"))
	require.Equal(t, "error", act(id, "cancel"))
	require.Equal(t, "cancelled", r.docflow(id).Error.Code)

	r.sim.SetSwitches(realtysim.Switches{CancelCompletes: true, ExtraSignature: true})
	other := r.extract("2")
	body := edit(t, edit(t, r.example("action_request.json"), "options.docflowId", other), "options.actionType", "cancel")
	a := r.create("action_request", body)
	require.Equal(t, 201, a.status, "ExtraSignature asks the applicant to sign")
	child := a.at("docflowId").(string)
	require.NoError(t, r.sim.Sign(child))
	require.NoError(t, r.sim.Submit(child))
	require.ErrorIs(t, r.sim.Submit(child), realtysim.ErrWrongState)
	require.ErrorIs(t, r.sim.Sign(child), realtysim.ErrWrongState)
	require.NoError(t, r.sim.Dispatch(child))
	require.Equal(t, "completed", r.state(other))
}

func TestRegistrarErrors(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	require.ErrorIs(t, r.sim.Dispatch(strangers), realtysim.ErrNotFound)
	id := r.extract("1")
	require.ErrorIs(t, r.sim.ChargeDuty(id), realtysim.ErrWrongState)
	require.NoError(t, r.sim.Fail(id, "noObject", "Объект не найден"))
	a := r.get("/docflows/" + id)
	require.Equal(t, "error", a.at("state"))
	require.Equal(t, "noObject", a.at("error", "code"))
}

func TestRepeatedRequestIDFilesTwice(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	require.NotEqual(t, r.extract("same"), r.extract("same"))
	require.Len(t, r.sim.Find("same"), 2)
	require.Empty(t, r.sim.Find("other"))
}

func TestAutomaticByStep(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	extract, registration := r.extract("1"), r.signed()
	free := r.create("cessation_encumbrance_request", r.example("cessation_encumbrance_request.json")).at("docflowId").(string)
	require.NoError(t, r.sim.Sign(free))
	require.NoError(t, r.sim.Submit(free))
	require.Equal(t, 3, r.sim.Step())
	require.Equal(t, 3, r.sim.Step())
	require.Equal(t, "completed", r.state(extract))
	require.Equal(t, "completed", r.state(free), "lifting an encumbrance is free")
	require.Equal(t, "suspended", r.state(registration))
	require.Zero(t, r.sim.Step(), "a duty waits for the payer")
	require.NoError(t, r.sim.Pay(registration, ""))
	require.Equal(t, 1, r.sim.Step())
	require.Equal(t, "completed", r.state(registration))
}

func TestAutomaticByPace(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{Pace: time.Minute})
	id := r.extract("1")
	r.clock.Add(time.Hour)
	require.Equal(t, "queued", r.state(id), "the registrar is still manual")
	r.sim.Automatic(true)
	r.clock.Add(59 * time.Second)
	require.Equal(t, "queued", r.state(id))
	r.clock.Add(time.Second)
	require.Equal(t, "sent", r.state(id))
	r.clock.Add(time.Hour)
	require.Equal(t, "completed", r.state(id), "one move at a time")
}

func TestWaitSeesChanges(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	id := r.extract("1")
	done := make(chan error, 1)
	go func() {
		done <- r.sim.Wait(t.Context(), func() bool {
			d, _ := r.sim.Docflow(id)
			return d.State == "completed"
		})
	}()
	require.NoError(t, r.sim.Dispatch(id))
	require.NoError(t, r.sim.Complete(id))
	require.NoError(t, <-done)
}
