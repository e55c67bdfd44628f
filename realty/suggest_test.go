package realty_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
)

func TestCadastreSuggest(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 200, body: string(file(t, "cadastre-suggest.response.json"))})
	got, err := s.client().CadastreSuggest(t.Context(), realty.CadastreQuery{Region: "Новосибирский", City: "Новосибирск",
		Street: "Татьяны Снежиной", House: "39", Room: "120"})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, realty.CadastreMatch{CadastralNumber: "54:35:000000:5911", ObjectID: "54:35:0:5911", SubjectID: "150000000000",
		RegionID: "150401000000", SettlementID: "150401379000", SourceObject: "1", RegionKey: "154", Street: "ТАТЬЯНЫ СНЕЖИНОЙ|УЛ",
		House: "39||", Apartment: "120", Address: "г Новосибирск, ул Татьяны Снежиной, д. 39, 120"}, got[0])
	request := s.seen()[0]
	require.Equal(t, "/realty/v1/location/cadastre/suggest", request.uri)
	require.Equal(t, "auth.sid s0", request.auth)
	require.JSONEq(t, string(file(t, "cadastre-suggest.request.json")), request.body)
}

func TestCadastreSuggestSwitches(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 200, body: "[]"})
	client := s.client(realty.WithSuggestPath("cadastre/suggest"), realty.WithStructureName("sructureNumber"))
	got, err := client.CadastreSuggest(t.Context(), realty.CadastreQuery{Region: "r", AutonomousCounty: "a", District: "d", Settlement: "s",
		Building: "2", Structure: "В"})
	require.NoError(t, err)
	require.Empty(t, got)
	require.Equal(t, "/realty/v1/cadastre/suggest", s.seen()[0].uri)
	require.JSONEq(t, `{"region":{"name":"r"},"autonomousCounty":{"name":"a"},"district":{"name":"d"},"settlement":{"name":"s"},
		"house":{"buildingNumber":"2","sructureNumber":"В"}}`, s.seen()[0].body)
}

func TestCadastreSuggestAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		want   error
		count  int
	}{
		"nothing":   {answer{status: 200}, nil, 0},
		"null":      {answer{status: 200, body: "null"}, nil, 0},
		"single":    {answer{status: 200, body: `{"objectCn":"1:1:1:1"}`}, nil, 1},
		"bad level": {answer{status: 400, body: `{"message":"house"}`}, realty.ErrRefused, 0},
		"page":      {answer{status: 200, body: "<html>"}, realty.ErrBadAnswer, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newService(t, tc.answer).client().CadastreSuggest(t.Context(), realty.CadastreQuery{Region: "r"})
			require.ErrorIs(t, err, tc.want)
			require.Len(t, got, tc.count)
		})
	}
}
