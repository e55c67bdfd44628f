package action_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/realty"
	"konturbridge/sandbox/bitrixsim"
)

// sent brings the demo's sale to the registrar and gives its id at the service.
func sent(t *testing.T, w *world) string {
	t.Helper()
	id := filed(t, w)
	require.NoError(t, w.box.Realty.Sign(id))
	require.NoError(t, w.box.Realty.Submit(id))
	require.NoError(t, w.box.Realty.Dispatch(id))
	w.news(t)
	w.answers(t, w.demo.Sale)
	require.Equal(t, docflow.Sent, w.record(t).State)
	return id
}

// papers puts files into the sale's card under the field that the robots of these tests name.
func (w *world) papers(t *testing.T, files map[string]string) {
	t.Helper()
	var ids []any
	for name, content := range files {
		ids = append(ids, w.demo.Portal.AddFile(name, []byte(content)))
	}
	require.NoError(t, w.demo.Portal.UpdateItem(bitrixsim.Deal, w.demo.Sale, map[string]any{signatureField: ids}))
}

func TestARegistrationIsCancelledInTheNameOfItsParticipants(t *testing.T) {
	t.Parallel()
	w := setup(t)
	parent := sent(t, w)
	w.Add(1)
	w.do(t, "realty_action", w.demo.Sale, props{"action_type": "cancel", "cause": "Стороны передумали"})
	told := w.answers(t, w.demo.Sale)
	require.Len(t, told, 1)
	require.Equal(t, string(w.record(t).ID), told[0]["action_docflow_id"])
	all := w.box.Realty.Docflows()
	require.Len(t, all, 2)
	made := all[1]
	options, _ := made.Options.(map[string]any)
	require.Equal(t, string(realty.ActionKind), made.Type)
	require.Equal(t, "cancel", options["actionType"])
	require.Equal(t, "Стороны передумали", options["cause"])
	require.Equal(t, parent, options["docflowId"])
	members, _ := options["docflowMember"].([]any)
	require.Len(t, members, 2, "the buyer and the seller")
	parentOptions := all[0].Options
	require.Contains(t, fmt.Sprint(parentOptions), fmt.Sprint(members[0]), "word for word")
	require.NotContains(t, fmt.Sprint(made.Options), "documents")
}

func TestMoreDocumentsGoWithTheirSignatures(t *testing.T) {
	t.Parallel()
	w := setup(t)
	parent := sent(t, w)
	require.NoError(t, w.box.Realty.Suspend(parent))
	w.news(t)
	w.answers(t, w.demo.Sale)
	uploads := w.ops("upload")
	w.papers(t, map[string]string{"план.pdf": "%PDF-1.4 plan", "план.pdf.sig": "signature", "справка.xml": "<a/>"})
	w.do(t, "realty_extra_package", w.demo.Sale, props{"documents": signatureField})
	require.Len(t, w.answers(t, w.demo.Sale), 1)
	require.Equal(t, uploads+3, w.ops("upload"))
	made := w.box.Realty.Docflows()[1]
	options, _ := made.Options.(map[string]any)
	require.Equal(t, string(realty.AdditionalPackageKind), made.Type)
	require.Equal(t, parent, options["docflowId"])
	packages, err := realty.ReadOptions[realty.AdditionalPackage](mustJSON(t, made.Options))
	require.NoError(t, err)
	require.Len(t, packages.Documents, 1)
	signed := 0
	for _, d := range packages.Documents[0].Documents {
		require.Equal(t, "other", d.DocumentType)
		signed += len(d.Content.Signatures)
	}
	require.Len(t, packages.Documents[0].Documents, 2)
	require.Equal(t, 1, signed)
	require.NotNil(t, packages.Documents[0].Member.Person)
}

// TestACompanionGoesThroughItsParentsAccount: another account does not know the docflow.
func TestACompanionGoesThroughItsParentsAccount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sent(t, w)
	parent := w.record(t)
	w.connect(t, "second", "main") // the default is another account now
	w.do(t, "realty_action", w.demo.Sale, props{"action_type": "cancel", "cause": "x"})
	rec := w.record(t)
	require.Equal(t, string(realty.ActionKind), rec.Kind)
	require.Equal(t, parent.Connection, rec.Connection)
}

func TestWhatACompanionRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare func(t *testing.T, w *world)
		action  string
		params  props
		code    string
		says    string
	}{
		"nothing filed": {func(*testing.T, *world) {}, "realty_action", props{"action_type": "cancel", "cause": "x"}, "docflow_not_found", "нет документооборота регистрации"},
		"only an extract": {func(t *testing.T, w *world) {
			w.do(t, "realty_extract", w.demo.Sale, props{"cadastral_number": "47:14:1203001:814"})
		}, "realty_action", props{"action_type": "cancel", "cause": "x"}, "docflow_not_found", "нет документооборота регистрации"},
		"ended": {func(t *testing.T, w *world) {
			require.NoError(t, w.box.Realty.Fail(sent(t, w), "", "нет"))
			w.news(t)
		}, "realty_action", props{"action_type": "cancel", "cause": "x"}, "already_ended", "уже завершён"},
		"an unknown action": {func(t *testing.T, w *world) { sent(t, w) }, "realty_action", props{"action_type": "stop", "cause": "x"}, "invalid_field", "параметр action_type"},
		"no cause":          {func(t *testing.T, w *world) { sent(t, w) }, "realty_action", props{"action_type": "cancel"}, "invalid_field", "параметр cause"},
		"no documents":      {func(t *testing.T, w *world) { sent(t, w) }, "realty_extra_package", props{}, "invalid_field", "нет ни одного документа"},
		"a signature of nothing": {func(t *testing.T, w *world) {
			sent(t, w)
			w.papers(t, map[string]string{"a.pdf": "%PDF-1", "b.pdf": "%PDF-2", "c.pdf.sig": "s"})
		}, "realty_extra_package", props{"documents": signatureField}, "invalid_field", "какой документ подписывает «c.pdf.sig»"},
		"a picture": {func(t *testing.T, w *world) {
			sent(t, w)
			w.papers(t, map[string]string{"a.jpg": "\xff\xd8"})
		}, "realty_extra_package", props{"documents": signatureField}, "invalid_field", "«a.jpg» не PDF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			tc.prepare(t, w)
			made := w.ops("create")
			require.Contains(t, w.refusal(t, tc.code, w.call(t, tc.action, w.demo.Sale, tc.params)), tc.says)
			require.Equal(t, made, w.ops("create"))
		})
	}
}

func TestCadastralNumbersAreFoundByAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.box.Realty.AddPlace("54:35:000000:5911", "ТАТЬЯНЫ СНЕЖИНОЙ|УЛ", "39||", "120", "г Новосибирск, ул Татьяны Снежиной, д. 39, 120")
	w.do(t, "realty_cadastre_suggest", w.demo.Sale, props{"address": "Новосибирская обл., г. Новосибирск, ул. Татьяны Снежиной, д.39, кв 120"})
	told := w.answers(t, w.demo.Sale)
	require.Len(t, told, 1)
	require.Contains(t, told[0]["cadastral_numbers"], "54:35:000000:5911")
	require.Empty(t, told[0]["error"])
	require.Contains(t, w.refusal(t, "invalid_field", w.call(t, "realty_cadastre_suggest", w.demo.Sale, props{"address": ""})), "регион")
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}
