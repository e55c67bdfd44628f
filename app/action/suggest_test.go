package action

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]realty.CadastreQuery{
		"Новосибирская обл., г. Новосибирск, ул. Татьяны Снежиной, д.39, кв 120": {Region: "Новосибирская", City: "Новосибирск", Street: "Татьяны Снежиной", House: "39", Room: "120"},
		"Москва, ул Тверская, 5, 12":                                    {Region: "Москва", City: "Москва", Street: "Тверская", House: "5", Room: "12"},
		"г Санкт-Петербург, Невский пр-кт, дом 28, корп 2, лит А, оф 5": {Region: "Санкт-Петербург", City: "Санкт-Петербург", Street: "Невский", House: "28", Building: "2", Structure: "А", Room: "5"},
		"Московская область, Одинцовский р-н, д Ивановка, д 5":          {Region: "Московская", District: "Одинцовский", Settlement: "Ивановка", House: "5"},
		"Пермский край, Пермь, Ленина, 10":                              {Region: "Пермский", City: "Пермь", Street: "Ленина", House: "10"},
		"  ,": {},
	} {
		require.Equal(t, want, parseAddress(text), text)
	}
}
