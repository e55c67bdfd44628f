package extract

import (
	"strings"
	"time"
)

// first is the first text that says something.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// words joins what there is.
func words(texts ...string) string {
	return strings.Join(strings.Fields(strings.Join(texts, " ")), " ")
}

func fraction(top, bottom string) string {
	if top == "" || bottom == "" {
		return ""
	}
	return top + "/" + bottom
}

// day is the date of a date, or of a date with a time, as YYYY-MM-DD: never shifted between zones. What is no date
// stays as it is.
func day(text string) string {
	for _, form := range []struct {
		layout string
		size   int
	}{{time.DateOnly, 10}, {"02.01.2006", 10}} {
		if len(text) >= form.size {
			if at, err := time.Parse(form.layout, text[:form.size]); err == nil {
				return at.Format(time.DateOnly)
			}
		}
	}
	return text
}

// typeName words what some versions of the schemas give as the name of an element.
func typeName(word string) string {
	switch word {
	case "land_record", "Parcel":
		return "Земельный участок"
	case "build_record", "Building":
		return "Здание"
	case "room_record", "premises_record", "Flat":
		return "Помещение"
	case "construction_record", "Construction":
		return "Сооружение"
	case "object_under_construction_record", "Uncompleted":
		return "Объект незавершённого строительства"
	case "car_parking_space_record", "CarParkingSpace":
		return "Машино-место"
	case "property_complex_record", "enterprise_as_property_complex_record":
		return "Предприятие как имущественный комплекс"
	case "unified_real_estate_complex_record":
		return "Единый недвижимый комплекс"
	}
	return word
}
