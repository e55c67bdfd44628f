package sandbox_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
)

// lifting is the smallest filing that people must sign: by both spouses.
const lifting = `{"requestId":"r","options":{"encumbranceType":"mortgage","object":{"objectType":"flat","cadastralNumber":"54:35:021060:1683",
 "address":{"region":"Новосибирская область"}},"whoseRightRestricted":{"cooperativeOwnership":{"spouse1":{"person":P1},"spouse2":{"person":P2}}},"appliedDocuments":{}}}`

const somebody = `{"name":"NAME","surname":"Выдуманный","dateBirth":"1990-01-01","birthPlace":"г. Образцовск","snils":"000-000-000 00","gender":"male",
 "citizenship":"РФ","identityDocument":{"documentType":"russPassport","number":"NAME","issueDate":"2015-05-05","issuer":{"name":"ОВД"}},
 "address":{"region":"Новосибирская область"}}`

// fileLifting files it, and writes it into the card as the bridge does.
func fileLifting(t *testing.T, box *sandbox.Sandbox, demo sandbox.Demo, typ, id int) string {
	t.Helper()
	person := func(name string) string { return strings.ReplaceAll(somebody, "NAME", name) }
	code, out := newService(t, box.Realty, demo)("/docflows/cessation_encumbrance_request", "application/json",
		strings.NewReplacer("P1", person("Виктор"), "P2", person("Вера")).Replace(lifting))
	require.Equal(t, 201, code, out)
	docflow := out["docflowId"].(string)
	require.NoError(t, demo.Portal.UpdateItem(typ, id, map[string]any{"UF_CRM_KB_REALTY_ID": docflow}))
	return docflow
}

// What the button puts into a card is what the service accepts of its signers.
func TestSignaturesIntoTheCard(t *testing.T) {
	t.Parallel()
	for name, typ := range map[string]int{"deal": bitrixsim.Deal, "lead": bitrixsim.Lead} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box, demo, base := start(t)
			id := map[int]int{bitrixsim.Deal: demo.Sale, bitrixsim.Lead: demo.Lead}[typ]
			card := map[string]any{"type": typ, "id": id}
			code, body := act(t, base, "sign", card)
			require.Equal(t, 409, code, body)
			require.Contains(t, body, "waits for signatures")
			docflow := fileLifting(t, box, demo, typ, id)
			require.Contains(t, shown(t, base, typ, id), `"signs":true`)
			for range 2 { // pressed again, it replaces what it put
				code, body = act(t, base, "sign", card)
				require.Equal(t, 200, code, body)
			}
			item, _ := demo.Portal.Item(typ, id)
			files, _ := item[sandbox.SignatureField].([]any)
			require.Len(t, files, 2)
			d, _ := box.Realty.Docflow(docflow)
			call := newService(t, box.Realty, demo)
			for i, st := range d.Statements {
				title, data, ok := demo.Portal.File(files[i].(int))
				require.True(t, ok)
				require.Equal(t, "Заявление "+strconv.Itoa(i+1)+" "+st.Persons[0]+".sig", title)
				code, _ := call("/docflows/"+docflow+"/files/"+st.FileID+"/signatures", "application/x-pkcs7-signature", string(data))
				require.Equal(t, 204, code)
			}
			require.NoError(t, box.Realty.Submit(docflow))
			d, _ = box.Realty.Docflow(docflow)
			require.Equal(t, "queued", d.State, "every signature passes the check")
			code, _ = act(t, base, "sign", card)
			require.Equal(t, 409, code, "signed already")
		})
	}
}

func shown(t *testing.T, base string, typ, id int) string {
	t.Helper()
	_, text := send(t, "GET", base+"/control/sandbox/card?type="+strconv.Itoa(typ)+"&id="+strconv.Itoa(id), "", "")
	return text
}

func TestCardsThatTakeNoSignatures(t *testing.T) {
	t.Parallel()
	box, demo, base := start(t)
	code, _ := act(t, base, "sign", map[string]any{"type": bitrixsim.Contact, "id": demo.Seller})
	require.Equal(t, 404, code, "a contact has no field for them")
	code, _ = act(t, base, "sign", map[string]any{"type": bitrixsim.Deal, "id": 1})
	require.Equal(t, 404, code)
	require.Error(t, box.Sign(demo.Portal, bitrixsim.Deal, 1))

	// On a smart process the names have the type's number in them.
	own := "UF_CRM_" + strconv.Itoa(demo.Portal.AddType(150, "Объекты")) + "_"
	demo.Portal.AddUserField(150, bitrixsim.UserField{Name: own + "STATEMENT_SIG", Type: "file", Multiple: true})
	id := demo.Portal.CreateItem(150, map[string]any{"title": "Объект"})
	docflow := fileLifting(t, box, demo, bitrixsim.Deal, demo.Sale)
	require.NoError(t, demo.Portal.UpdateItem(150, id, map[string]any{own + "KB_REALTY_ID": docflow}))
	require.NoError(t, box.Sign(demo.Portal, 150, id))
	item, _ := demo.Portal.Item(150, id)
	require.Len(t, item[own+"STATEMENT_SIG"], 2)
}
