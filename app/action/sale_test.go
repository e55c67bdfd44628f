package action_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/settings"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

const signatureField = "UF_CRM_STATEMENT_SIG"

// filed makes the demo's sale, which waits for signatures then, and gives its id at the service.
func filed(t *testing.T, w *world) string {
	t.Helper()
	w.do(t, "realty_create", w.demo.Sale, props{"docflow_type": "right_movement_request"})
	w.news(t)
	rec := w.record(t)
	require.Equal(t, docflow.RequireSignature, rec.Requirement, rec.Refusal)
	require.Len(t, w.answers(t, w.demo.Sale), 1)
	w.Add(time.Second)
	return rec.ExternalID
}

// put makes the files those of the sale's field and gives their ids.
func (w *world) put(t *testing.T, contents ...[]byte) (ids []string) {
	t.Helper()
	var files []any
	for i, content := range contents {
		id := w.demo.Portal.AddFile(fmt.Sprintf("%d.sig", i+1), content)
		files, ids = append(files, id), append(ids, fmt.Sprint(id))
	}
	require.NoError(t, w.demo.Portal.UpdateItem(bitrixsim.Deal, w.demo.Sale, map[string]any{signatureField: files}))
	return ids
}

// signatures are those of the newest docflow's statements by their own persons, the last one first.
func (w *world) signatures(t *testing.T) (all [][]byte) {
	t.Helper()
	docflows := w.box.Realty.Docflows()
	d := docflows[len(docflows)-1]
	for _, st := range d.Statements {
		for _, person := range st.Persons {
			data, err := w.box.Realty.SignatureOf(d.ID, st.FileID, person)
			require.NoError(t, err)
			all = append([][]byte{data}, all...)
		}
	}
	return all
}

// strangers are signatures of the statements by the other one's person.
func (w *world) strangers(t *testing.T) (all [][]byte) {
	t.Helper()
	d := w.box.Realty.Docflows()[0]
	for i, st := range d.Statements {
		data, err := w.box.Realty.SignatureOf(d.ID, st.FileID, d.Statements[(i+1)%len(d.Statements)].Persons[0])
		require.NoError(t, err)
		all = append(all, data)
	}
	return all
}

func TestCreateUploadsWhatTheCardHolds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	result := w.do(t, "realty_create", w.demo.Sale, props{"docflow_type": "right_movement_request"})
	require.Empty(t, result.Note)
	told := w.answers(t, w.demo.Sale)
	require.Len(t, told, 1, "the first state answers")
	require.Equal(t, "suspended", told[0]["state"])
	require.Equal(t, "signature", told[0]["requirement"])
	require.Equal(t, 2, w.ops("upload"), "the contract and its signature, each once")
	require.Contains(t, fmt.Sprint(w.box.Realty.Docflows()[0].Options), "54:35:021060:1683")
	require.NotContains(t, w.methods(), "crm.requisite.link.get", "a card without a company has chosen nothing")
	fields, items := 0, 0
	for _, c := range w.demo.Portal.Calls() {
		switch c.Method {
		case "crm.item.fields":
			fields++
		case "crm.item.get":
			items++
		}
	}
	require.Equal(t, []int{2, 3}, []int{fields, items}, "card and two contacts")
}

func TestADocumentMustBePDF(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ content, says string }{
		"something else": {"PK\x03\x04 a docx", "не PDF и не XML"},
		"empty":          {"", "пустой"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			id := w.demo.Portal.AddFile("договор.docx", []byte(tc.content))
			require.NoError(t, w.demo.Portal.UpdateItem(bitrixsim.Deal, w.demo.Sale, map[string]any{"UF_CRM_KB_CONTRACT": id}))
			text := w.refusal(t, "invalid_field", w.call(t, "realty_create", w.demo.Sale, props{"docflow_type": "right_movement_request"}))
			require.Contains(t, text, tc.says)
			require.Contains(t, text, "договор.docx")
			require.Zero(t, w.ops("create"))
		})
	}
}

func TestWhichMapping(t *testing.T) {
	t.Parallel()
	options := func(number string) map[string]any { return map[string]any{"type": "info", "cadastralNumber": number} }
	w := setup(t)
	w.set.Mappings = []settings.Mapping{{Name: "own", DocflowType: "object_request", Options: options("47:14:1203001:814")},
		{Name: "other", DocflowType: "object_request", Options: options("{{ deal.UF_CRM_CADASTRAL }}")}}
	for _, tc := range []struct{ name, want string }{{"", "47:14:1203001:814"}, {"own", "47:14:1203001:814"}, {"other", "54:35:021060:1683"}} {
		w.do(t, "realty_create", w.demo.Sale, props{"docflow_type": "object_request", "mapping": tc.name})
		all := w.box.Realty.Docflows()
		require.Equal(t, options(tc.want), all[len(all)-1].Options, tc.name)
	}
}

func TestPartiesAreReadInBatches(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.demo.Portal
	company := p.CreateItem(bitrixsim.Company, map[string]any{"title": "ООО"})
	p.AddRequisite(4, company, map[string]any{"RQ_INN": "1"})
	chosen := p.AddRequisite(4, company, map[string]any{"RQ_INN": "2"})
	p.AddAddress(chosen, map[string]any{"TYPE_ID": "6", "CITY": "Новосибирск"})
	contact := p.AddRequisite(3, w.demo.Buyer, map[string]any{"RQ_INN": "3"})
	p.AddAddress(contact, map[string]any{"TYPE_ID": "1", "CITY": "Бердск"})
	require.NoError(t, p.UpdateItem(bitrixsim.Deal, w.demo.Sale, map[string]any{"companyId": company}))
	for i, want := range []string{"1//Бердск", "2/Новосибирск/Бердск"} {
		if i == 1 {
			p.LinkRequisite(2, w.demo.Sale, chosen)
		}
		w.set.Mappings = []settings.Mapping{{Name: "m", DocflowType: "object_request", Options: map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814",
			"note": "{{ requisites.RQ_INN }}/{{ requisites.ADDRESSES[0].CITY }}/{{ contacts[1].REQUISITES[0].ADDRESSES[0].CITY }}"}}}
		before := p.Requests()
		w.do(t, "realty_create", w.demo.Sale, props{"docflow_type": "object_request", "mapping": "m"})
		all := w.box.Realty.Docflows()
		require.NotEmpty(t, all)
		filed, _ := all[len(all)-1].Options.(map[string]any)
		require.Equal(t, want, filed["note"])
		require.LessOrEqual(t, p.Requests()-before, 10, "descriptions included, at the first time")
	}
}

// TestContactsHaveTheirOwnCompanies: an organization that a contact acts for need not be the card's.
func TestContactsHaveTheirOwnCompanies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.demo.Portal
	add := func(title, inn, city string) int {
		id := p.CreateItem(bitrixsim.Company, map[string]any{"title": title})
		p.AddAddress(p.AddRequisite(4, id, map[string]any{"RQ_INN": inn}), map[string]any{"CITY": city})
		return id
	}
	bank, developer := add("Банк", "1", "Бердск"), add("Застройщик", "2", "Обь")
	require.NoError(t, p.UpdateItem(bitrixsim.Deal, w.demo.Sale, map[string]any{"companyId": developer}))
	told := func(buyers int) string {
		t.Helper()
		require.NoError(t, p.UpdateItem(bitrixsim.Contact, w.demo.Buyer, map[string]any{"companyId": buyers}))
		w.set.Mappings = []settings.Mapping{{Name: "m", DocflowType: "object_request", Options: map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814",
			"note": "{{ let c = contacts[1].COMPANY; join([c.TITLE, c.REQUISITES[0].RQ_INN, c.REQUISITES[0].ADDRESSES[0].CITY, contacts[0].COMPANY.TITLE, requisites.RQ_INN], '/') }}"}}}
		w.do(t, "realty_create", w.demo.Sale, props{"docflow_type": "object_request", "mapping": "m"})
		all := w.box.Realty.Docflows()
		require.NotEmpty(t, all)
		filed, _ := all[len(all)-1].Options.(map[string]any)
		return fmt.Sprint(filed["note"])
	}
	require.Equal(t, "2", told(0), "no company: none is made up")
	require.Equal(t, "Банк/1/Бердск/2", told(bank))
	before := p.Requests()
	require.Equal(t, "Застройщик/2/Обь/2", told(developer), "that of the card")
	require.LessOrEqual(t, p.Requests()-before, 4, "which is not read twice")
	p.HideCards(1, bitrixsim.Company, bank)
	require.Equal(t, "2", told(bank), "one that can't be read is empty, and the card's does not stand in for it")
}

func TestSignAndSubmit(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]func([]string) any{
		"by the field's name": func([]string) any { return signatureField },
		"by file ids":         func(ids []string) any { return ids },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			ext := filed(t, w)
			ids := w.put(t, w.signatures(t)...)
			w.do(t, "realty_sign", w.demo.Sale, props{"signatures": params(ids)})
			require.Empty(t, w.record(t).Unsigned())
			told := w.answers(t, w.demo.Sale)
			require.EqualValues(t, 0, told[0]["left_to_sign"])
			w.do(t, "realty_submit", w.demo.Sale, nil)
			require.Equal(t, docflow.Queued, w.record(t).State)
			require.Empty(t, w.answers(t, w.demo.Sale), "the robot waits for the registrar")
			require.NoError(t, w.box.Realty.Dispatch(ext))
			w.news(t)
			require.Equal(t, "sent", w.answers(t, w.demo.Sale)[0]["state"])
			w.do(t, "realty_submit", w.demo.Sale, nil)
			require.Equal(t, "sent", w.answers(t, w.demo.Sale)[0]["state"], "a second one finds it there")
			require.Equal(t, 1, w.ops("submit"))
		})
	}
}

// TestEachSignatureFindsItsStatement: whatever order the files are in, and what is signed already is passed over.
func TestEachSignatureFindsItsStatement(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ext := filed(t, w)
	all := w.signatures(t)
	w.put(t, all[0])
	w.do(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField})
	rec := w.record(t)
	require.True(t, rec.Statements[0].SignedAt.IsZero())
	require.False(t, rec.Statements[1].SignedAt.IsZero(), "the file is the second statement's")
	w.Add(time.Second)
	w.put(t, all...)
	w.do(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField})
	require.Empty(t, w.record(t).Unsigned())
	d, _ := w.box.Realty.Docflow(ext)
	require.Len(t, d.SignedBy, 2)
	require.Equal(t, 2, w.ops("sign"), "no signature went out twice")
}

// TestASignatureOverAnotherFileIsRefused: the service would end the docflow for good.
func TestASignatureOverAnotherFileIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	filed(t, w)
	w.do(t, "realty_create", w.demo.Sale, props{"docflow_type": "right_movement_request"})
	w.news(t)
	w.answers(t, w.demo.Sale)
	old := w.box.Realty.Docflows()[0]
	data, err := w.box.Realty.SignatureOf(old.ID, old.Statements[0].FileID, old.Statements[0].Persons[0])
	require.NoError(t, err)
	w.put(t, data)
	text := w.refusal(t, "invalid_field", w.call(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField}))
	require.Contains(t, text, "сделана не для этих заявлений")
	require.Contains(t, text, old.Statements[0].Persons[0])
	require.Zero(t, w.ops("sign"))
}

// TestSigningPairsAlike: a run that died between two files goes on with the second file's own statement.
func TestSigningPairsAlike(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ext := filed(t, w)
	w.put(t, w.signatures(t)...)
	row := w.call(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField})
	w.Add(time.Second)
	rec := w.record(t)
	require.NoError(t, w.store.Commit(t.Context(), docflow.Signed{ID: rec.ID, FileID: rec.Statements[0].FileID, PersonID: rec.Statements[0].PersonID, At: w.Now()}))
	w.run(t, row)
	require.Empty(t, w.record(t).Unsigned())
	d, _ := w.box.Realty.Docflow(ext)
	require.Equal(t, []int{0, 1}, []int{d.Statements[0].Signatures, d.Statements[1].Signatures}, "only the second file went out, for the second statement")
	w.run(t, row)
	require.Equal(t, 1, w.ops("sign"))
}

func TestSignRefusals(t *testing.T) {
	t.Parallel()
	w := setup(t)
	filed(t, w)
	sign := func(p props) lane.Row { return w.call(t, "realty_sign", w.demo.Sale, p) }
	require.Contains(t, w.refusal(t, "invalid_field", sign(props{})), "нет ни одного файла подписи")
	require.Contains(t, w.refusal(t, "invalid_field", sign(props{"signatures": signatureField})), "signatures")
	require.Contains(t, w.refusal(t, "invalid_field", sign(props{"signatures": "договор"})), "«договор» не файл")
	require.Contains(t, w.refusal(t, "invalid_field", sign(props{"signatures": "4000000"})), "4000000 не найден в карточке")
	require.Contains(t, w.refusal(t, "bad_file", sign(props{"signatures": "https://evil.example/x"})), "не на портал")
	pgp := []byte("-----BEGIN PGP SIGNATURE-----")
	w.put(t, pgp, pgp, pgp)
	require.Contains(t, w.refusal(t, "too_many_signatures", sign(props{"signatures": signatureField})), "файлов подписей 3, а подписать осталось 2")
	w.put(t, []byte("%PDF-1.4 the document itself"))
	require.Contains(t, w.refusal(t, "invalid_field", sign(props{"signatures": signatureField})), "похож на сам документ")
	w.put(t, []byte("подпись"))
	require.Contains(t, w.refusal(t, "invalid_field", sign(props{"signatures": signatureField})), "«1.sig» не файл электронной подписи")
	require.Zero(t, w.ops("sign"))
	text := w.refusal(t, "not_signed", w.call(t, "realty_submit", w.demo.Sale, nil))
	require.Contains(t, text, "осталось подписать заявлений: 2")
	require.Contains(t, text, "Выдуманный Виктор Образцович")
	require.Zero(t, w.ops("submit"))
}

func TestSignOneStatement(t *testing.T) {
	t.Parallel()
	w := setup(t)
	filed(t, w)
	w.put(t, []byte("-----BEGIN PGP SIGNATURE-----")) // tells nothing about its file
	second := w.record(t).Statements[1]
	w.do(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField, "file_id": strings.ToUpper(second.FileID)})
	rec := w.record(t)
	require.True(t, rec.Statements[0].SignedAt.IsZero())
	require.False(t, rec.Statements[1].SignedAt.IsZero())
	require.EqualValues(t, 1, w.answers(t, w.demo.Sale)[0]["left_to_sign"])
}

func TestSubmitReadsFirst(t *testing.T) {
	t.Parallel()
	w := setup(t)
	filed(t, w)
	w.put(t, w.signatures(t)...)
	w.do(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField})
	row := w.call(t, "realty_submit", w.demo.Sale, nil)
	w.box.Realty.DropAnswerNext("submit")
	_, err := w.worker.Work(t.Context(), row)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	w.run(t, row)
	require.Equal(t, 1, w.ops("submit"), "it went through: a second submission would be another one")
	w.news(t)
	require.Equal(t, docflow.Queued, w.record(t).State)
}

func TestSubmitIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.Contains(t, w.refusal(t, "docflow_not_found", w.call(t, "realty_submit", w.demo.Sale, nil)), "Сначала создайте")
	filed(t, w)
	w.put(t, w.signatures(t)...)
	w.do(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField})
	w.box.Realty.FailNext("submit", 400, 1)
	require.Contains(t, w.refusal(t, "submit_refused", w.call(t, "realty_submit", w.demo.Sale, nil)), "Реестро отклонил запрос")
	require.Equal(t, docflow.Suspended, w.record(t).State, "it stays where it is")
}

// TestBadSignaturesAreSignedAnew: what did not pass its check counts as unsigned again.
func TestBadSignaturesAreSignedAnew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.box.Realty.SetSwitches(realtysim.Switches{BadSignaturesSuspend: true})
	filed(t, w)
	w.put(t, w.strangers(t)...)
	w.do(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField})
	w.do(t, "realty_submit", w.demo.Sale, nil)
	w.news(t)
	rec := w.record(t)
	require.Equal(t, docflow.RequireSignature, rec.Requirement)
	require.NotNil(t, rec.Refusal)
	require.Len(t, rec.Unsigned(), 2)
	w.Add(time.Second)
	w.put(t, w.signatures(t)...)
	w.do(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField})
	require.Empty(t, w.record(t).Unsigned())
}

func TestWaitAndStatus(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ext := filed(t, w)
	wait := func(until string) { w.do(t, "realty_wait", w.demo.Sale, props{"until": until}) }
	require.Contains(t, w.refusal(t, "invalid_field", w.call(t, "realty_wait", w.demo.Sale, props{"until": "вечность"})), "any, suspended, completed")
	wait("suspended")
	require.Equal(t, "signature", w.answers(t, w.demo.Sale)[0]["requirement"], "it is there already")
	wait("any")
	wait("any change")
	wait("completed")
	require.Empty(t, w.answers(t, w.demo.Sale))
	w.do(t, "realty_status", w.demo.Sale, props{"docflow_id": " " + string(w.record(t).ID) + " "})
	require.Equal(t, "suspended", w.answers(t, w.demo.Sale)[0]["state"])
	require.NoError(t, w.box.Realty.Sign(ext))
	require.NoError(t, w.box.Realty.Submit(ext))
	w.news(t)
	require.Len(t, w.answers(t, w.demo.Sale), 2, "any change, both spellings")
	require.NoError(t, w.box.Realty.Fail(ext, "", "отказ"))
	w.news(t)
	require.Len(t, w.answers(t, w.demo.Sale), 1, "an end ends every wait")
}
