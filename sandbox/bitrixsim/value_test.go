package bitrixsim

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseForm(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"a=1&b=2":                                `{"a":"1","b":"2"}`,
		"a[]=x&a[]=y":                            `{"a":["x","y"]}`,
		"a[5]=x&a[]=y":                           `{"a":{"5":"x","6":"y"}}`,
		"fields[PHONE][0][VALUE]=%2B7":           `{"fields":{"PHONE":[{"VALUE":"+7"}]}}`,
		"a%5Bb%5D%5Bc%5D=1":                      `{"a":{"b":{"c":"1"}}}`,
		"a=1&a[b]=2":                             `{"a":{"b":"2"}}`,
		"filter[%3EID]=5&filter[%3DTITLE]=a=b&x": `{"filter":{">ID":"5","=TITLE":"a=b"},"x":""}`,
		"a[b=1":                                  `{"a":"1"}`,
		"[a]=1":                                  `{"[a]":"1"}`,
		"":                                       `[]`,
	} {
		a := newArray()
		require.NoError(t, parseForm(a, body), body)
		require.Equal(t, want, strings.TrimSpace(string(encode(a))), body)
	}
	require.Error(t, parseForm(newArray(), "%zz=1"))
	require.Error(t, parseForm(newArray(), "a=%zz"))
}

func TestParseJSONKeepsOrder(t *testing.T) {
	t.Parallel()
	v, err := parseJSON([]byte(`{"z":1.50,"a":[true,null,{"b":"x"}],"e":{}}`))
	require.NoError(t, err)
	got, err := json.Marshal(v)
	require.NoError(t, err)
	require.Equal(t, `{"z":1.50,"a":[true,null,{"b":"x"}],"e":[]}`, string(got), "empty maps become lists")
	for _, bad := range []string{"", "{", "{}{}", `{"a"}`, strings.Repeat("[", 100)} {
		_, err := parseJSON([]byte(bad))
		require.Error(t, err, bad)
	}
}

func TestScalars(t *testing.T) {
	t.Parallel()
	for in, want := range map[any]bool{"Y": true, "1": true, "true": true, true: true, "N": false, "0": false, "": false, nil: false, false: false} {
		require.Equal(t, want, yes(in), "%v", in)
	}
	require.Equal(t, "1", str(true))
	require.Equal(t, "", str(false))
	require.Equal(t, 7, intOf(json.Number("7")))
	require.Equal(t, 0, intOf("x"))
	require.Equal(t, []any{"x"}, list("x"))
	require.Empty(t, list(nil))
	a := pairs("ID", "1")
	require.Equal(t, "1", a.fold("id"))
	require.Nil(t, a.get("id"))
}

func TestFormWriterLeavesNothingOfEmptyArrays(t *testing.T) {
	t.Parallel()
	var f form
	f.addValue("data", pairs("FIELDS", pairs("ID", "1"), "EMPTY", newArray(), "NULL", nil, "S", ""))
	require.Equal(t, "data%5BFIELDS%5D%5BID%5D=1&data%5BS%5D=", f.String())
}

func TestDecodeBase64(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"QQ==": "A", "QQ": "A", "QU\nJD": "ABC", "": "", "!!": ""} {
		require.Equal(t, want, string(decodeBase64(in)), in)
	}
}

func FuzzParseForm(f *testing.F) {
	for _, seed := range []string{
		"event=ONCRMCONTACTADD&data%5BFIELDS%5D%5BID%5D=134806&auth%5Bdomain%5D=portal.example",
		"cmd[a]=crm.item.get%3Fid%3D1&halt=1", "PROPERTIES[docType][Options][pdf]=PDF", "a[][][]=1&a[x", "a[9223372036854775807]=1&a[]=2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		a := newArray()
		if parseForm(a, body) != nil {
			return
		}
		raw, err := json.Marshal(a)
		require.NoError(t, err)
		require.True(t, json.Valid(raw))
		var again form
		for _, k := range a.keys {
			again.addValue(k, a.vals[k])
		}
		_, err = url.ParseQuery(again.String())
		require.NoError(t, err, "what is written can be read")
	})
}

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"auth":"TOKEN","halt":1,"cmd":{"deal":"crm.item.get?entityTypeId=2&id=57"}}`))
	f.Add([]byte(`{"fields":{"FILES":[["signed.pdf","JVBERi0x"]]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := parseJSON(body)
		if err != nil {
			return
		}
		require.True(t, json.Valid(body), "only JSON is accepted")
		_, err = json.Marshal(v)
		require.NoError(t, err)
	})
}

func FuzzResolve(f *testing.F) {
	f.Add("$result[deal][item][companyId]", "deal")
	f.Add("x$result[a]y$result[b][0]", "a")
	f.Add("$result[][]", "")
	f.Fuzz(func(t *testing.T, value, name string) {
		a := pairs("v", value)
		resolve(a, pairs(name, pairs("item", pairs("companyId", "9"))))
		require.NotContains(t, str(a.get("v")), "$result["+name+"][item]")
	})
}
