package bitrix_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

// decode reads JSON into T.
func decode[T any](data string) (T, error) {
	var v T
	err := json.Unmarshal([]byte(data), &v)
	return v, err
}

// accepts checks what a type reads; refuses what it does not.
func accepts[T any](t *testing.T, want map[string]T) {
	t.Helper()
	for data, value := range want {
		got, err := decode[T](data)
		require.NoError(t, err, data)
		require.Equal(t, value, got, data)
	}
}

func refuses[T any](t *testing.T, all ...string) {
	t.Helper()
	for _, data := range all {
		_, err := decode[T](data)
		require.Error(t, err, data)
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.ID{`57`: 57, `"8061"`: 8061, `null`: 0, `""`: 0, `"0"`: 0, `false`: 0, `-1`: -1, `" 5 "`: 5})
	refuses[bitrix.ID](t, `"x"`, `1.5`, `true`, `[]`, `{}`, `99999999999999999999`, `"\ud800x"`)
}

func TestFlag(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.Flag{
		`"Y"`: true, `"y"`: true, `true`: true, `1`: true, `"1"`: true, `"true"`: true,
		`"N"`: false, `false`: false, `0`: false, `"0"`: false, `""`: false, `null`: false,
	})
	refuses[bitrix.Flag](t, `"maybe"`, `2`, `[]`)
	data, err := json.Marshal([]bitrix.Flag{true, false})
	require.NoError(t, err)
	require.Equal(t, `["Y","N"]`, string(data))
}

func TestText(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.Text{`"a"`: "a", `5`: "5", `null`: "", `false`: "", `1.50`: "1.50", `true`: "true"})
	refuses[bitrix.Text](t, `[]`, `{}`)
}

func TestKopecks(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.Kopecks{
		`"1000000.00"`: 100000000, `1000000.5`: 100000050, `0.30000000000000004`: 30, `-12.345`: -1235, `null`: 0, `""`: 0, `"0"`: 0, `7`: 700, `1.005`: 101,
	})
	refuses[bitrix.Kopecks](t, `"1e5"`, `1e5`, `"1,5"`, `".5"`, `"--1"`, `"99999999999999999999"`, `{}`, `"1.2.3"`)
	require.Equal(t, "-0.05", bitrix.Kopecks(-5).String())
	require.Equal(t, "-92233720368547758.07", bitrix.Kopecks(math.MinInt64).String())
	data, err := json.Marshal(bitrix.Kopecks(100050))
	require.NoError(t, err)
	require.Equal(t, "1000.50", string(data))
}

func TestMoney(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.Money{
		`"1000|RUB"`: {100000, "RUB"}, `"1000.50|EUR"`: {100050, "EUR"}, `1.5`: {150, ""}, `""`: {}, `null`: {}, `"|RUB"`: {0, "RUB"},
	})
	refuses[bitrix.Money](t, `"x|RUB"`, `"1|LONGCURRENCY"`, `[]`)
	data, err := json.Marshal(bitrix.Money{Amount: 100050, Currency: "RUB"})
	require.NoError(t, err)
	require.Equal(t, `"1000.50|RUB"`, string(data))
}

func TestDate(t *testing.T) {
	t.Parallel()
	day := bitrix.Date{Year: 2024, Month: time.September, Day: 9}
	accepts(t, map[string]bitrix.Date{
		`"2024-09-09"`: day, `"2024-09-09T02:00:00+02:00"`: day, `"2024-09-09T00:00:00+03:00"`: day, `"09.09.2024"`: day,
		`"09.09.2024 13:19:39"`: day, `""`: {}, `null`: {},
	})
	refuses[bitrix.Date](t, `"2024-13-01"`, `"soon"`, `"2024-09-091"`, `"20240909"`, `{}`)
	require.Equal(t, "2024-09-09", day.String())
	require.Empty(t, bitrix.Date{}.String())
	require.True(t, bitrix.Date{}.IsZero())
	data, err := json.Marshal(day)
	require.NoError(t, err)
	require.Equal(t, `"2024-09-09"`, string(data))
}

func TestTime(t *testing.T) {
	t.Parallel()
	got, err := decode[bitrix.Time](`"2024-08-30T14:29:00+02:00"`)
	require.NoError(t, err)
	require.Equal(t, int64(1725020940), got.Unix())
	accepts(t, map[string]bitrix.Time{`""`: {}, `null`: {}, `false`: {}})
	refuses[bitrix.Time](t, `"24.08.2023 13:19:39"`, `5`, `{}`)
	data, err := json.Marshal([]bitrix.Time{got, {}})
	require.NoError(t, err)
	require.Equal(t, `["2024-08-30T14:29:00+02:00",""]`, string(data))
}

func TestMulti(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.Multi[bitrix.ID]{
		`[1,"2"]`: {1, 2}, `5`: {5}, `"5"`: {5}, `null`: nil, `""`: nil, `false`: nil, `[]`: nil, `{"3":7,"1":5,"10":9}`: {5, 7, 9},
	})
	accepts(t, map[string]bitrix.Multi[bitrix.FileRef]{
		`{"id":1,"urlMachine":"u"}`:       {{ID: 1, Link: "u"}},
		`[{"id":1,"downloadUrl":"/d"},7]`: {{ID: 1, Link: "/d"}, {ID: 7}},
		`{"0":{"id":1},"2":{"id":"2"}}`:   {{ID: 1}, {ID: 2}},
	})
	refuses[bitrix.Multi[bitrix.ID]](t, `"x"`, `["x"]`, `{"a":1}`)
	refuses[bitrix.Multi[bitrix.FileRef]](t, `{"id":"x"}`)
}

func TestListAndMap(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.List[string]{
		`["a"]`: {"a"}, `{"2":"b","0":"a"}`: {"a", "b"}, `[]`: nil, `null`: nil, `false`: nil, `""`: nil, `{}`: nil,
	})
	refuses[bitrix.List[string]](t, `"a"`, `{"a":"b"}`, `{"01":"b"}`, `[1]`, `5`)
	accepts(t, map[string]bitrix.Map[int]{
		`{"a":1}`: {"a": 1}, `[]`: {}, `[5,6]`: {"0": 5, "1": 6}, `null`: {}, `false`: {}, `""`: {},
	})
	refuses[bitrix.Map[int]](t, `"a"`, `{"a":"b"}`, `["a"]`)
}

func TestTexts(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.Texts{`"a"`: {"": "a"}, `{"ru":"а","en":"a"}`: {"ru": "а", "en": "a"}, `""`: nil, `[]`: {}, `false`: nil})
	refuses[bitrix.Texts](t, `{"ru":{}}`, `[[]]`)
}

func TestEntityNames(t *testing.T) {
	t.Parallel()
	for id, want := range map[bitrix.EntityTypeID][3]string{
		bitrix.EntityLead: {"LEAD", "L", "lead"}, bitrix.EntityDeal: {"DEAL", "D", "deal"}, bitrix.EntityContact: {"CONTACT", "C", "contact"},
		bitrix.EntityCompany: {"COMPANY", "CO", "company"}, bitrix.EntityInvoice: {"INVOICE", "I", "invoice"}, bitrix.EntityQuote: {"QUOTE", "Q", "quote"},
		bitrix.EntityRequisite: {"REQUISITE", "RQ", "requisite"}, bitrix.EntityOrder: {"ORDER", "O", "order"},
		bitrix.EntitySmartInvoice: {"SMART_INVOICE", "SI", "smart_invoice"}, bitrix.EntitySmartDocument: {"SMART_DOCUMENT", "", "smart_document"},
		128: {"DYNAMIC_128", "T80", "dynamic_128"}, 1046: {"DYNAMIC_1046", "T416", "dynamic_1046"}, 99: {"", "", ""},
	} {
		require.Equal(t, want, [3]string{id.Name(), id.ShortPrefix(), id.TimelineName()})
		require.Equal(t, id >= 128, id.IsSmartProcess())
		if id.Name() != "" {
			back, err := bitrix.ParseEntityName(id.TimelineName())
			require.NoError(t, err)
			require.Equal(t, id, back)
		}
	}
	for _, name := range []string{"", "DYNAMIC_", "DYNAMIC_5", "DYNAMIC_0147", "DYNAMIC_x", "DEALS"} {
		_, err := bitrix.ParseEntityName(name)
		require.Error(t, err, name)
	}
	require.Equal(t, "T80_6", bitrix.Binding(128, 6))
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	const prefix = `Bitrix\Crm\Integration\BizProc\Document\`
	for _, tc := range []struct {
		kind  bitrix.EntityTypeID
		parts [3]string
	}{
		{bitrix.EntityLead, [3]string{"crm", "CCrmDocumentLead", "LEAD_777"}},
		{bitrix.EntityDeal, [3]string{"crm", "CCrmDocumentDeal", "DEAL_777"}},
		{bitrix.EntityContact, [3]string{"crm", "CCrmDocumentContact", "CONTACT_777"}},
		{bitrix.EntityCompany, [3]string{"crm", "CCrmDocumentCompany", "COMPANY_777"}},
		{bitrix.EntityQuote, [3]string{"crm", prefix + "Quote", "QUOTE_777"}},
		{147, [3]string{"crm", prefix + "Dynamic", "DYNAMIC_147_777"}},
		{bitrix.EntitySmartInvoice, [3]string{"crm", prefix + "SmartInvoice", "SMART_INVOICE_777"}},
	} {
		document, err := bitrix.NewDocumentID(tc.kind, 777)
		require.NoError(t, err)
		require.Equal(t, tc.parts, [3]string{document.Module, document.Entity, document.Element})
		kind, id, err := document.Card()
		require.NoError(t, err)
		require.Equal(t, tc.kind, kind)
		require.Equal(t, bitrix.ID(777), id)
		data, err := json.Marshal(document)
		require.NoError(t, err)
		back, err := decode[bitrix.DocumentID](string(data))
		require.NoError(t, err)
		require.Equal(t, document, back)
		documentType, err := bitrix.NewDocumentType(tc.kind)
		require.NoError(t, err)
		kind, err = documentType.EntityTypeID()
		require.NoError(t, err)
		require.Equal(t, tc.kind, kind)
	}
	for _, kind := range []bitrix.EntityTypeID{bitrix.EntityOrder, 0, 99} {
		_, err := bitrix.NewDocumentID(kind, 1)
		require.Error(t, err)
	}
	_, err := bitrix.NewDocumentID(bitrix.EntityDeal, 0)
	require.Error(t, err)
	_, err = bitrix.DocumentType{Module: "lists", Entity: "BizprocDocument", Type: "iblock_5"}.EntityTypeID()
	require.Error(t, err)
	data, err := json.Marshal(bitrix.DocumentType{Module: "crm", Entity: "CCrmDocumentDeal", Type: "DEAL"})
	require.NoError(t, err)
	require.Equal(t, `["crm","CCrmDocumentDeal","DEAL"]`, string(data))
}

func TestDocumentsThatAreNoCards(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]string{
		{"disk", `Bitrix\Disk\BizProcDocument`, "777"}, {"crm", "CCrmDocumentDeal", "DEAL"}, {"crm", "CCrmDocumentDeal", "DEAL_"},
		{"crm", "CCrmDocumentDeal", "DEAL_x"}, {"crm", "CCrmDocumentDeal", "DEAL_0"}, {"crm", "x", "SHEEP_5"}, {"crm", "x", "DYNAMIC_5"},
	} {
		document, err := bitrix.ParseDocumentID(parts)
		require.NoError(t, err)
		_, _, err = document.Card()
		require.Error(t, err, fmt.Sprint(parts))
	}
	for _, parts := range [][]string{nil, {"crm", "x"}, {"crm", "", "DEAL_1"}, {"a", "b", "c", "d"}} {
		_, err := bitrix.ParseDocumentID(parts)
		require.Error(t, err)
	}
	refuses[bitrix.DocumentID](t, `["crm"]`, `5`, `"x"`)
}

func TestStageDictionaries(t *testing.T) {
	t.Parallel()
	require.Equal(t, "STATUS", bitrix.StageDictionary(bitrix.EntityLead, 0))
	require.Equal(t, "DEAL_STAGE", bitrix.StageDictionary(bitrix.EntityDeal, 0))
	require.Equal(t, "DEAL_STAGE_1", bitrix.StageDictionary(bitrix.EntityDeal, 1))
	require.Equal(t, "QUOTE_STATUS", bitrix.StageDictionary(bitrix.EntityQuote, 0))
	require.Equal(t, "SMART_INVOICE_STAGE_3", bitrix.StageDictionary(bitrix.EntitySmartInvoice, 3))
	require.Equal(t, "DYNAMIC_177_STAGE_7", bitrix.StageDictionary(177, 7))
	require.Empty(t, bitrix.StageDictionary(bitrix.EntityContact, 0))
}

func TestFileValues(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bitrix.FileRef{
		"57": {ID: 57}, " https://portal/x ": {Link: "https://portal/x"}, "/bitrix/x": {Link: "/bitrix/x"}, "http://p/x": {Link: "http://p/x"},
	} {
		got, err := bitrix.ParseFileValue(value)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, value := range []string{"", "0", "-5", "text", "ftp://x"} {
		_, err := bitrix.ParseFileValue(value)
		require.Error(t, err, value)
	}
	require.Equal(t, "n8930", bitrix.DiskFile{ID: 8930}.TaskValue())
	data, err := json.Marshal([]any{bitrix.FileRef{ID: 5, Link: "secret"}, bitrix.FileContent{Name: "a", Data: []byte("b")}})
	require.NoError(t, err)
	require.Equal(t, `[{"id":5},["a","Yg=="]]`, string(data))
}
