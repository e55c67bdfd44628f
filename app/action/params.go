package action

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
)

// ReadParams brings the parameters of a call into one form each, whatever spelling they came in, and
// tells every fault at once, each naming its parameter, what is wrong and what to do.
//
//	bool      Y or N
//	int       decimal
//	double    decimal with a point
//	select    the option's key
//	date      2026-03-02
//	datetime  2026-03-02T10:00:00 in the zone of whoever wrote it: the platform does not say which
//	user      employees' numbers, one value each
//	file      links, file numbers and contents of the service, one value each
//	text      without BB-code and HTML
//
// A parameter that is empty has no values, unless it has a default and need not be given. What is asked of
// files, and of a choice whose words the service has more of, is left to the action.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md; the values' spelling is not documented
// there, so everything is taken that has been seen.
func ReadParams(params []Param, given bitrix.Properties) (bitrix.Properties, []string) {
	read := make(bitrix.Properties, len(given))
	for name, value := range given {
		read[name] = value
	}
	var faults []string
	for _, p := range params {
		values, err := p.read(given[p.Name])
		if err == nil && len(values) == 0 && p.Required && !p.Filled && p.Type != "file" {
			err = fmt.Errorf("не заполнен, заполните его в роботе или в адресе вебхука")
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("параметр %s («%s»): %s", p.Name, p.Label.RU, err))
			continue
		}
		if len(values) == 0 && p.Default != "" {
			values = []string{p.Default}
		}
		read[p.Name] = bitrix.PropertyValue{Values: values, List: p.Multiple}
	}
	return read, faults
}

// badParams is the refusal of a call whose parameters can't be read.
func badParams(faults []string) *docflow.Refusal {
	return &docflow.Refusal{Code: "invalid_field",
		CRMText: "Действие не выполнено, исправьте параметры:\n" + strings.Join(faults, "\n"),
		TextEN:  "Nothing was done; correct the parameters:\n" + strings.Join(faults, "\n")}
}

// read gives a parameter's values that are not empty.
func (p Param) read(given bitrix.PropertyValue) ([]string, error) {
	var values []string
	for _, raw := range given.Values {
		for _, one := range p.split(strings.TrimSpace(raw)) {
			value, err := p.one(one)
			if err != nil {
				return nil, err
			}
			values = append(values, value)
		}
	}
	if p.Type == "select" && !p.Multiple && len(values) > 1 {
		return nil, fmt.Errorf("выбрано несколько значений, нужно одно")
	}
	return values, nil
}

// split takes a text apart that holds several values: lists of employees and of files come so too.
func (p Param) split(text string) []string {
	parts := []string{text}
	switch p.Type {
	case "user":
		parts = strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' })
	case "file":
		if several := strings.Split(text, ", "); !slices.ContainsFunc(several, notAFile) {
			parts = several
		}
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(s string) bool { return s == "" })
}

func notAFile(text string) bool {
	_, err := bitrix.ParseFileValue(text)
	_, stored := contentID(text)
	return err != nil && !stored
}

// one brings one value into its form.
func (p Param) one(text string) (string, error) {
	switch p.Type {
	case "bool":
		yes, err := yesOf(text)
		return bitrix.Flag(yes).String(), err
	case "int":
		n, err := strconv.ParseInt(digits(text), 10, 64)
		if err != nil {
			return "", fmt.Errorf("«%s» не целое число", text)
		}
		return strconv.FormatInt(n, 10), nil
	case "double":
		return decimal(text)
	case "select":
		return p.option(text)
	case "date":
		at, err := localTime(text)
		return at.Format(time.DateOnly), err
	case "datetime":
		at, err := localTime(text)
		return at.Format("2006-01-02T15:04:05"), err
	case "user":
		return userID(text)
	case "text":
		return plainText(text), nil
	default:
		return text, nil
	}
}

func yesOf(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "да":
		return true, nil
	case "нет":
		return false, nil
	}
	yes, err := bitrix.ParseFlag(text)
	if err != nil {
		return false, fmt.Errorf("«%s» не «да» и не «нет»; укажите Y или N", text)
	}
	return bool(yes), nil
}

// digits drops the spaces between groups of digits, no-break ones too.
func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' || r == '\u202f' {
			return -1
		}
		return r
	}, text)
}

// decimal reads a number as people and the CRM write it: 1 234,50 or 1234.5 or 1000|RUB.
func decimal(text string) (string, error) {
	number, _, _ := strings.Cut(digits(text), "|")
	if at := strings.LastIndexAny(number, ".,"); at >= 0 {
		whole := strings.NewReplacer(".", "", ",", "").Replace(number[:at])
		number = whole + "." + number[at+1:]
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.ContainsAny(number, "eExXnNiI") {
		return "", fmt.Errorf("«%s» не число", text)
	}
	return strconv.FormatFloat(n, 'f', -1, 64), nil
}

// option finds a choice by its key, or by what it is called: a webhook's address is typed by people.
func (p Param) option(text string) (string, error) {
	keys := make([]string, 0, len(p.Options))
	for _, o := range p.Options {
		if o.Key == text {
			return o.Key, nil
		}
		keys = append(keys, o.Key)
	}
	for _, o := range p.Options {
		if strings.EqualFold(o.Key, text) || strings.EqualFold(o.Label.RU, text) || strings.EqualFold(o.Label.EN, text) {
			return o.Key, nil
		}
	}
	if p.Open {
		return text, nil
	}
	return "", fmt.Errorf("неизвестное значение «%s»; возможны: %s", text, strings.Join(keys, ", "))
}

// userID reads user_7, 7, or the name with its number that designers show: Иван Петров [7].
func userID(text string) (string, error) {
	number := strings.TrimPrefix(text, "user_")
	if at := strings.LastIndexByte(text, '['); at >= 0 && strings.HasSuffix(text, "]") {
		number = strings.TrimPrefix(text[at+1:len(text)-1], "user_")
	}
	id, err := bitrix.ParseID(number)
	switch {
	case strings.HasPrefix(text, "group_"):
		return "", fmt.Errorf("«%s» — группа; выберите сотрудника", text)
	case err != nil || id <= 0:
		return "", fmt.Errorf("«%s» не сотрудник; нужно значение вида user_7", text)
	}
	return id.String(), nil
}

// localTime reads a moment in the regional formats of portals. Its zone is that of the text's author.
// Day and month of 02/03/2026 can't be told apart, and a wrong date must not be filed: it is refused.
func localTime(text string) (time.Time, error) {
	bad := func(why string) (time.Time, error) {
		return time.Time{}, fmt.Errorf("дата «%s» %s; укажите её как 02.03.2026 или 2026-03-02", text, why)
	}
	m := datePattern.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return bad("не читается")
	}
	n := func(group int) int { v, _ := strconv.Atoi(m[group]); return v } // digits by the pattern
	year, month, day := n(1), n(3), n(4)
	if m[5] != "" {
		day, month, year = n(5), n(7), n(8)
		switch {
		case m[6] != "/":
		case day > 12 && month <= 12, day == month:
		case month > 12 && day <= 12:
			day, month = month, day
		default:
			return bad("двусмысленна: неясно, где день, а где месяц")
		}
	}
	hour, minute, second := n(9), n(10), n(11)
	switch {
	case m[12] == "pm" && hour < 12:
		hour += 12
	case m[12] == "am" && hour == 12:
		hour = 0
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if at.Day() != day || at.Month() != time.Month(month) || hour > 23 || minute > 59 || second > 59 {
		return bad("не существует")
	}
	return at, nil
}

var (
	// datePattern is a date of either order with an optional time, whose zone is left aside: 1 year, 2
	// separator, 3 month, 4 day, or 5 first, 6 separator, 7 second, 8 year; then 9 hour, 10 minute, 11
	// second, 12 half of the day.
	datePattern = regexp.MustCompile(`^(?:(\d{4})([-./])(\d{1,2})[-./](\d{1,2})|(\d{1,2})([-./])(\d{1,2})[-./](\d{4}))` +
		`(?:[t ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(am|pm)?\s*(?:z|[-+]\d{2}:?\d{2})?)?(?:\s*\[[-+]?\d+\])?$`)

	bbCode  = regexp.MustCompile(`(?i)\[/?(?:b|i|u|s|p|br|url|img|list|\*|quote|code|color|size|font|left|right|center|justify|table|tr|td|th|user)(?:=[^\]]*)?\]`)
	htmlTag = regexp.MustCompile(`(?i)</?(?:[a-z][a-z0-9]*)(?:\s[^<>]*)?/?>`)
	newLine = regexp.MustCompile(`(?i)<br\s*/?>|</p>|\[br\]`)
)

// plainText is a text without the markup of the portal's editor: what goes into a form of the registrar is
// read by people.
func plainText(text string) string {
	text = newLine.ReplaceAllString(text, "\n")
	text = htmlTag.ReplaceAllString(bbCode.ReplaceAllString(text, ""), "")
	return strings.TrimSpace(html.UnescapeString(text))
}
