package feed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/feed"
	"konturbridge/realty"
)

// TestFaultsInRussian: what the service says in English reaches people in Russian, with the field's name and
// what to do; its own words stay for the journal.
func TestFaultsInRussian(t *testing.T) {
	t.Parallel()
	const statement = "c5e78cb0-5234-4bae-9300-9b6d926afbe1"
	one := func(message, target string) realty.Fault {
		return realty.Fault{Code: "validation", Message: message, Target: target}
	}
	for name, tc := range map[string]struct {
		kind  realty.Kind
		fault realty.Fault
		want  string
	}{
		"the printed one": {"object_request", realty.Fault{Code: "validation", Message: "Failed to validate input request", Target: "api",
			Errors: []realty.Fault{one("must not be null", "objectRequest.options.cadastralNumber")}},
			"Кадастровый номер (cadastralNumber): не заполнено. Заполните это поле карточки"},
		"the outermost alone": {"object_request", one("Failed to validate input request", "api"), "запрос не прошёл проверку. Проверьте поля карточки"},
		"a field of a participant": {"right_movement_request", one("must match \"\\d+\"", "rightMovementRequest.options.buyer.sharedOwnership.shares[0].owner.person.snils"),
			"СНИЛС владельца доли покупателя (buyer.sharedOwnership.shares[0].owner.person.snils): не того вида, что нужен Реестро. Исправьте значение в карточке"},
		"an unknown field":          {"object_request", one("must not be empty", "objectRequest.options.weather"), "weather: не заполнено. Заполните это поле карточки"},
		"a signature":               {"right_movement_request", one("signature is not valid", "rightMovementRequest.files."+statement), statement + ": подпись не прошла проверку. Подпишите этот файл ещё раз действующим сертификатом того же участника"},
		"a missing signature":       {"right_movement_request", one("signature is missing", "files."+statement), statement + ": нет подписи. Приложите откреплённую подпись этого участника"},
		"an unknown message":        {"object_request", one("unknown value", "objectRequest.options.type"), "Вид выписки (type): не прошло проверку («unknown value»). Исправьте значение в карточке"},
		"words of another kind":     {"", realty.Fault{Code: "egrn", Message: "gateway closed", Target: "registry"}, "registry: «gateway closed»"},
		"a cancellation":            {"right_movement_request", realty.Fault{Code: "cancelled", Message: "Cancelled by the participants", Target: "api"}, "отменено по заявлению участников"},
		"a code alone":              {"", realty.Fault{Code: "egrn"}, "код «egrn»"},
		"Russian already":           {"", one("Росреестр вернул отказ", ""), "Росреестр вернул отказ"},
		"several":                   {"object_request", realty.Fault{Errors: []realty.Fault{one("must not be null", "objectRequest.options.type"), one("must not be null", "objectRequest.options.cadastralNumber")}}, "Вид выписки (type): не заполнено. Заполните это поле карточки; Кадастровый номер (cadastralNumber): не заполнено. Заполните это поле карточки"},
		"validation without a word": {"", realty.Fault{Code: "validation"}, "не прошло проверку. Исправьте значение в карточке"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusal := feed.Refused("c", tc.kind, tc.fault, "Реестро: ", "Reestro: ")
			require.Equal(t, "Реестро: "+tc.want, refusal.CRMText)
			require.Equal(t, tc.fault.Summary(), refusal.Said)
			require.Contains(t, refusal.Journal(), refusal.Said)
		})
	}
}
