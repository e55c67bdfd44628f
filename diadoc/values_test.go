package diadoc_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
)

func TestTicks(t *testing.T) {
	t.Parallel()
	const n = 638585445988979088
	moment := time.Date(2024, 8, 6, 12, 36, 38, 897908800, time.UTC)
	for raw, want := range map[string]diadoc.Ticks{"638585445988979088": n, `"638585445988979088"`: n, "null": 0, "0": 0, `""`: 0} {
		require.Equal(t, want, read[diadoc.Ticks](t, raw), raw)
	}
	var ticks diadoc.Ticks
	for _, raw := range []string{"6.385e17", `"x"`, "true", "99999999999999999999"} {
		require.Error(t, json.Unmarshal([]byte(raw), &ticks), raw)
	}
	require.Equal(t, moment, diadoc.Ticks(n).Time())
	require.Equal(t, diadoc.Ticks(n), diadoc.TicksOf(moment))
	require.Equal(t, diadoc.Ticks(n), diadoc.TicksOf(moment.In(time.FixedZone("", 3600))))
	require.True(t, diadoc.Ticks(0).Time().IsZero())
	require.Zero(t, diadoc.TicksOf(time.Time{}))
	require.Equal(t, time.Unix(0, 0).UTC(), diadoc.Ticks(621355968000000000).Time())
	before := time.Date(1969, 12, 31, 23, 59, 59, 999999900, time.UTC)
	require.Equal(t, before, diadoc.TicksOf(before).Time())
	written, err := json.Marshal(diadoc.TimestampOf(moment))
	require.NoError(t, err)
	require.Equal(t, `{"Ticks":638585445988979088}`, string(written), "every digit, and Ticks alone")
	require.Equal(t, moment, read[diadoc.Timestamp](t, `{"Ticks":638585445988979088,"DateTime":"2018-11-01T05:40:17.6953926Z"}`).Time())

	local := diadoc.MoscowTicks(diadoc.TicksOf(time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)))
	require.Equal(t, time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC), local.Time())
	older := diadoc.MoscowTicks(diadoc.TicksOf(time.Date(2013, 11, 21, 6, 0, 0, 0, time.UTC)))
	require.Equal(t, time.Date(2013, 11, 21, 2, 0, 0, 0, time.UTC), older.Time())
	require.True(t, diadoc.MoscowTicks(0).Time().IsZero())
	require.Equal(t, local, read[diadoc.ConfirmationMetadata](t, fmt.Sprintf(`{"DateTimeTicks":%d}`, local)).DateTimeTicks)
}

func TestEnumerations(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]struct {
		value   diadoc.DocumentAccessLevel
		known   bool
		written string
	}{
		`"AllDocuments"`: {diadoc.AccessAllDocuments, true, `"AllDocuments"`},
		`2`:              {diadoc.AccessAllDocuments, true, `"AllDocuments"`},
		`-1`:             {diadoc.UnknownDocumentAccessLevel, true, `"UnknownDocumentAccessLevel"`},
		`"NewLevel"`:     {"NewLevel", false, `"NewLevel"`},
		`77`:             {"77", false, `77`},
		`"77"`:           {"77", false, `77`},
		`null`:           {"", false, `""`},
	} {
		value := read[diadoc.DocumentAccessLevel](t, raw)
		require.Equal(t, want.value, value, raw)
		require.Equal(t, want.known, value.Known(), raw)
		written, err := json.Marshal(value)
		require.NoError(t, err)
		require.Equal(t, want.written, string(written), raw)
	}
	var level diadoc.DocumentAccessLevel
	for _, raw := range []string{"1.5", "{}", "true", "[]"} {
		require.Error(t, json.Unmarshal([]byte(raw), &level), raw)
	}
	require.Equal(t, diadoc.Symbol("3"), read[diadoc.Symbol](t, "3"))
	require.Equal(t, diadoc.TitleAuthorStatusSigned, read[diadoc.TitleAuthorStatus](t, "4"))

	legacy := read[diadoc.Document](t, `{"Torg12Metadata":{"DocumentStatus":2},"PriceListMetadata":{"DocumentStatus":"Inbound"}}`)
	status, is := legacy.Torg12Metadata.DocumentStatus.Bilateral()
	require.True(t, is)
	require.Equal(t, diadoc.BilateralOutboundWithRecipientSignature, status)
	alone, is := legacy.PriceListMetadata.DocumentStatus.Unilateral()
	require.True(t, is)
	require.Equal(t, diadoc.UnilateralInbound, alone)
	_, is = legacy.PriceListMetadata.DocumentStatus.Bilateral()
	require.False(t, is)
}

func TestAbsentNullAndEmptyAreAlike(t *testing.T) {
	t.Parallel()
	want := diadoc.Document{EntityID: "e"}
	for _, raw := range []string{
		`{"EntityId":"e"}`,
		`{"EntityId":"e","IndexKey":null,"Content":null,"Metadata":null,"ResolutionStatus":null,"SendTimestampTicks":null,"LockMode":null,"Unknown":null}`,
	} {
		require.Equal(t, want, read[diadoc.Document](t, raw))
	}
	require.Empty(t, read[diadoc.Document](t, `{"Metadata":[]}`).Metadata)
	require.Nil(t, read[diadoc.Entity](t, `{"CancellationInfo":null}`).CancellationInfo)
}

func TestUnknownFieldsAreSentBack(t *testing.T) {
	t.Parallel()
	raw := `{"RegistrationNumber":"n","IssuerInn":"7700000000","Newer":{"a":[1,638585445988979088]},"Another":true}`
	power := read[diadoc.PowerOfAttorneyID](t, raw)
	require.Len(t, power.Extra, 2)
	written, err := json.Marshal(diadoc.DocumentSignature{ParentEntityID: "e", PowerOfAttorney: &diadoc.PowerOfAttorneyToPost{FullID: &power}})
	require.NoError(t, err)
	require.Equal(t, `{"ParentEntityId":"e","PowerOfAttorney":{"FullId":{"RegistrationNumber":"n","IssuerInn":"7700000000",`+
		`"Another":true,"Newer":{"a":[1,638585445988979088]}},"UseDefault":false}}`, string(written))

	power.Extra["issuerinn"] = diadoc.Raw(`"7800000000"`)
	written, err = json.Marshal(power)
	require.NoError(t, err)
	require.NotContains(t, string(written), "7800000000", "a field that the structure has cannot be said twice")

	empty, err := json.Marshal(diadoc.ContentV3{Extra: diadoc.Extra{"X": diadoc.Raw("1")}})
	require.NoError(t, err)
	require.Equal(t, `{"X":1}`, string(empty))
	power.Extra["Broken"] = diadoc.Raw("{")
	_, err = diadoc.Body("AddEmployeePowerOfAttorney", power)
	require.ErrorIs(t, err, diadoc.ErrBadCall)
}

func TestBytesAreBase64(t *testing.T) {
	t.Parallel()
	written, err := json.Marshal(diadoc.UnsignedContent{Content: []byte{0xff, 0xfe, 0x00, 0x3e}})
	require.NoError(t, err)
	require.Equal(t, `{"Content":"//4APg=="}`, string(written), "the standard alphabet with padding")
	require.Equal(t, []byte{0xff, 0xfe, 0x00, 0x3e}, read[diadoc.Content](t, `{"Size":4,"Data":"//4APg=="}`).Data)
}

func TestListsOfUndocumentedName(t *testing.T) {
	t.Parallel()
	const one = `[{"Thumbprint":"ab"}]`
	for raw, want := range map[string]int{
		`{"Certificates":` + one + `}`:                    1,
		`{"CertificateInfos":` + one + `}`:                1,
		`{"CertificateInfos":` + one + `,"TotalCount":1}`: 1,
		`{"Certificates":` + one + `,"Others":[{"A":1}]}`: 1,
		`{}`:                     0,
		`{"TotalCount":0}`:       0,
		`{"Certificates":null}`:  0,
		`{"CertificateInfo":[]}`: 0,
	} {
		list := read[diadoc.CertificateList](t, raw)
		require.Len(t, list.Certificates, want, raw)
	}
	for _, raw := range []string{`{"A":[{}],"B":[{}]}`, `{"A":{"B":[{}]}}`, `{"Certificates":[1]}`, `[]`} {
		var list diadoc.CertificateList
		require.Error(t, json.Unmarshal([]byte(raw), &list), raw)
	}
}

func TestBoxIDs(t *testing.T) {
	t.Parallel()
	const guid = diadoc.BoxID("aaaaaaaa-0000-4000-8000-00000000000f")
	for _, same := range []diadoc.BoxID{guid, "AAAAAAAA-0000-4000-8000-00000000000F", "aaaaaaaa00004000800000000000000f@diadoc.ru", "AAAAAAAA00004000800000000000000F@Diadoc.ru"} {
		require.Equal(t, guid, same.GUID())
		require.True(t, guid.Same(same))
	}
	for _, other := range []diadoc.BoxID{"", "box", "aaaaaaaa-0000-4000-8000-00000000000e", "zzzzzzzz00004000800000000000000f@diadoc.ru"} {
		require.False(t, guid.Same(other))
	}
	require.Equal(t, diadoc.BoxID("box"), diadoc.BoxID("box").GUID())
}

func TestOneStrangeEventDoesNotStopTheFeed(t *testing.T) {
	t.Parallel()
	page := read[diadoc.BoxEventList](t, `{"Events":[{"EventId":"e1","IndexKey":"k1","Patch":{"Entities":"?"}},{"EventId":"e2","IndexKey":"k2","Patch":{"MessageId":"m"}}],"TotalCountType":"Equal"}`)
	require.ErrorContains(t, page.Events[0].Err, "Entities")
	require.Equal(t, diadoc.IndexKey("k1"), page.Events[0].IndexKey)
	require.Contains(t, page.Events[0].Unread.String(), `"e1"`)
	require.Nil(t, page.Events[0].Patch)
	require.NoError(t, page.Events[1].Err)
	flows := read[diadoc.GetDocflowEventsResponseV5](t, `{"Events":[{"EventId":"e1","IndexKey":"azE=","Document":1}]}`)
	require.Error(t, flows.Events[0].Err)
	require.Equal(t, "k1", string(flows.Events[0].IndexKey))
	relations := read[diadoc.BoxCounteragentEventList](t, `{"Events":[{"EventId":"e1","IndexKey":"k1","Counteragent":[]}]}`)
	require.Error(t, relations.Events[0].Err)
	require.Equal(t, diadoc.IndexKey("k1"), relations.Events[0].IndexKey)
	var list diadoc.BoxEventList
	require.Error(t, json.Unmarshal([]byte(`{"Events":[{"EventId":"e1","IndexKey":{}}]}`), &list), "without a key there is no way past it")
}

func TestGroupUnderItsOtherName(t *testing.T) {
	t.Parallel()
	require.Equal(t, []diadoc.DepartmentID{"d"}, read[diadoc.DepartmentsInGroup](t, `{"DepartmentId":["d"]}`).DepartmentIDs)
}
