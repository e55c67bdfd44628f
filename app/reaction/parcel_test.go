package reaction_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

const extractXML = `<?xml version="1.0" encoding="UTF-8"?><extract_about_property_room>
<details_statement><group_top_requisites><date_formation>2026-05-14</date_formation><registration_number>КУВИ-1</registration_number></group_top_requisites></details_statement>
<room_record><object><common_data><type><value>Помещение</value></type><cad_number>47:14:1203001:814</cad_number></common_data></object>
<params><area>58.3</area><name>Квартира</name></params>
<address_room><address><address><readable_address>г Новосибирск, ул Образцовая, д 14</readable_address></address></address></address_room></room_record>
<right_records><right_record><right_data><right_type><value>Собственность</value></right_type></right_data>
<right_holders><right_holder><individual><surname>Выдуманный</surname><name>Виктор</name></individual></right_holder></right_holders></right_record></right_records>
</extract_about_property_room>`

func zipped(t *testing.T, files ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		require.NoError(t, err)
		_, err = w.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return buf.Bytes()
}

// names lists the files of the card's field.
func (b *bench) names(field string) (all []string) {
	ids, _ := b.field(field).([]any)
	for _, id := range ids {
		name, _, _ := b.sim.File(id.(int))
		all = append(all, name)
	}
	return all
}

func TestAnArchiveIsUnpackedWithItsSignatures(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.sim.AddUserField(2, bitrixsim.UserField{Name: reaction.FieldExtractArea, Type: "string"})
	b.sim.AddUserField(2, bitrixsim.UserField{Name: reaction.FieldExtractRights, Type: "string"})
	files := b.delivered(t, realtysim.ResultFile{Type: "egrn:outdoc", Name: "a", Signatures: [][]byte{[]byte("of the registrar")},
		Data: zipped(t, "Пакет/Выписка.xml", extractXML, "Пакет/Выписка.xml.sig", "sig", "../../план.pdf", "%PDF")})
	b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: portal.FieldRealtyFiles, Files: files})
	b.add(t, reaction.Comment, reaction.CommentParams{Text: "Готово", Files: files})
	b.done(t)
	require.Equal(t, []string{"Выписка 1.zip", "Выписка 1.zip.sig", "Выписка.xml", "Выписка.xml.sig", "план.pdf"}, b.names(portal.FieldRealtyFiles))
	lines := b.timeline("comment")
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], "Помещение, Квартира; 47:14:1203001:814; 58.3 кв.м; г Новосибирск, ул Образцовая, д 14")
	require.Contains(t, lines[0], "Право: Собственность, Выдуманный Виктор")
	require.Contains(t, lines[0], "Обременения в выписке не указаны")
	require.Equal(t, "58.3 кв.м", b.field(reaction.FieldExtractArea))
	require.Equal(t, "Собственность, Выдуманный Виктор", b.field(reaction.FieldExtractRights))
}

// TestALargeFileGoesToTheDrive: a field takes files as base64 within one request that is cut after a minute.
func TestALargeFileGoesToTheDrive(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{"assignedById": 1})
	large := append([]byte("%PDF"), bytes.Repeat([]byte{'x'}, 17<<20)...)
	files := b.delivered(t, realtysim.ResultFile{Type: "extract_info:pdf", Name: "a", Data: large}, realtysim.ResultFile{Type: "extract_info:pdf", Name: "b", Data: []byte("%PDF small")})
	b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: portal.FieldRealtyFiles, Files: files})
	b.done(t)
	require.Equal(t, []string{"Выписка 2.pdf"}, b.names(portal.FieldRealtyFiles))
	for range 2 { // the second is as if the answer to the first comment were lost
		b.add(t, reaction.Comment, reaction.CommentParams{Text: "Готово", Files: files})
		b.done(t)
	}
	lines := b.timeline("comment")
	require.Contains(t, lines[0], "Файл на Диске: [URL=")
	require.Contains(t, lines[0], "Выписка 1.pdf[/URL] (18 МБ)")
	require.Equal(t, 1, b.count("disk.folder.uploadfile"), "what is there is not sent again")
	require.Equal(t, 1, strings.Count(lines[0], "[URL="))
}
