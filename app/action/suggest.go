package action

import (
	"context"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/realty"
)

// maxSuggested bounds the matches that are told: a person chooses among them.
const maxSuggested = 20

// runCadastreSuggest looks for cadastral numbers by address. The service also gives near matches, so the
// card's own number is never set by it.
func runCadastreSuggest(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	query := parseAddress(c.Properties.First("address"))
	for name, level := range map[string]*string{"region": &query.Region, "district": &query.District, "city": &query.City,
		"settlement": &query.Settlement, "street": &query.Street, "house": &query.House, "building": &query.Building,
		"structure": &query.Structure, "room": &query.Room} {
		if given := strings.TrimSpace(c.Properties.First(name)); given != "" {
			*level = given
		}
	}
	if query.Region == "" {
		return lane.Result{}, &docflow.Refusal{Code: "invalid_field",
			CRMText: "Параметр address: не найден регион. Начните адрес с региона, например «Новосибирская область, г Новосибирск, ул Татьяны Снежиной, д 39, кв 120», или заполните параметр region.",
			TextEN:  "Parameter address: the region is missing. Begin with it, or fill in region."}
	}
	conn, err := r.connection(ctx, c.portal, "")
	if err != nil {
		return lane.Result{}, err
	}
	matches, err := r.Clients.Realty(conn).CadastreSuggest(ctx, query)
	if err != nil {
		return lane.Result{}, err
	}
	more := len(matches) > maxSuggested
	matches = matches[:min(len(matches), maxSuggested)]
	numbers, addresses, lines := []string{}, []string{}, []string{}
	for _, m := range matches {
		numbers, addresses = append(numbers, m.CadastralNumber), append(addresses, m.Address)
		lines = append(lines, m.CadastralNumber+" – "+m.Address)
	}
	text := "По этому адресу ничего не найдено. Проверьте написание или укажите меньше подробностей."
	if len(lines) > 0 {
		text = "Найденные объекты, выберите нужный:\n" + strings.Join(lines, "\n")
	}
	if more {
		text += "\nПоказаны первые " + fmt.Sprint(maxSuggested) + ", уточните адрес."
	}
	values := map[string]any{"cadastral_numbers": numbers, "addresses": addresses, "state": "completed", "error": "", "error_code": ""}
	return lane.Result{Note: fmt.Sprintf("%d matches", len(numbers)), Writes: []lane.Write{reaction.Enqueue{
		Effects: reaction.Answered(string(c.portal), c.Card, c.action.Name.RU, text, values, c.EventToken)}}}, nil
}

// levelWords are the words that name an address level, as people write them, without dots.
var levelWords = map[string]string{
	"обл": "region", "область": "region", "край": "region", "респ": "region", "республика": "region", "ао": "county",
	"р-н": "district", "район": "district", "г": "city", "город": "city", "п": "settlement", "пос": "settlement", "поселок": "settlement",
	"посёлок": "settlement", "с": "settlement", "село": "settlement", "д": "house", "дер": "settlement", "деревня": "settlement",
	"пгт": "settlement", "рп": "settlement", "ст-ца": "settlement", "мкр": "street", "ул": "street", "улица": "street", "пр-кт": "street",
	"проспект": "street", "просп": "street", "пер": "street", "переулок": "street", "ш": "street", "шоссе": "street", "б-р": "street",
	"бульвар": "street", "наб": "street", "пл": "street", "площадь": "street", "проезд": "street", "пр-д": "street", "туп": "street",
	"дом": "house", "к": "building", "корп": "building", "корпус": "building", "стр": "structure", "строение": "structure",
	"литера": "structure", "лит": "structure", "кв": "room", "квартира": "room", "оф": "room", "офис": "room", "пом": "room", "ком": "room",
}

// federalCities are regions of their own.
var federalCities = []string{"Москва", "Санкт-Петербург", "Севастополь"}

// parseAddress splits an address as people write it, part by comma-separated part. A part without a word
// that names its level is the region when it comes first, else a house when it begins with a digit.
func parseAddress(text string) realty.CadastreQuery {
	var q realty.CadastreQuery
	for i, part := range strings.Split(text, ",") {
		level, name := levelOf(strings.TrimSpace(part))
		if name == "" {
			continue
		}
		if level == "house" && q.Street == "" && q.Settlement == "" && !startsWithDigit(name) {
			level = "settlement" // "д Ивановка" is a village, "д 5" a house
		}
		switch {
		case level != "":
		case i == 0:
			level = "region"
		case startsWithDigit(name) && q.House == "":
			level = "house"
		case startsWithDigit(name):
			level = "room"
		case q.City == "" && q.Settlement == "":
			level = "city"
		default:
			level = "street"
		}
		switch level {
		case "region":
			q.Region = name
		case "county":
			q.AutonomousCounty = name
		case "district":
			q.District = name
		case "city":
			q.City = name
		case "settlement":
			q.Settlement = name
		case "street":
			q.Street = name
		case "house":
			q.House = name
		case "building":
			q.Building = name
		case "structure":
			q.Structure = name
		case "room":
			q.Room = name
		}
	}
	for _, city := range federalCities {
		if strings.EqualFold(q.City, city) && q.Region == "" || strings.EqualFold(q.Region, city) {
			q.Region, q.City = city, city
		}
	}
	return q
}

// levelOf takes the word that names a level off a part: "ул Ленина", "Ленина ул.", "д.39".
func levelOf(part string) (level, name string) {
	words := strings.Fields(strings.ReplaceAll(part, ".", ". "))
	for i, word := range words {
		key := strings.ToLower(strings.TrimSuffix(word, "."))
		if known := levelWords[key]; known != "" && (i == 0 || i == len(words)-1) && len(words) > 1 {
			rest := append(append([]string{}, words[:i]...), words[i+1:]...)
			return known, strings.Join(rest, " ")
		}
	}
	return "", strings.Join(words, " ")
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }
