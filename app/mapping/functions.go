package mapping

import (
	"errors"
	"strings"
	"time"

	"konturbridge/realty"
)

// function is one function of the language. Its first argument is the rendering it runs in.
type function struct {
	usage       string
	least, most int // arguments; most < 0: any number
	reads       string
	body        func(r *run, args []any) (any, error)
}

// call is how expr calls it.
func (f function) call(params ...any) (any, error) {
	r, ok := params[0].(*run)
	if !ok {
		return nil, errors.New("a function outside a rendering")
	}
	if err := r.tick(); err != nil {
		return nil, err
	}
	return f.body(r, params[1:])
}

// functions is the language's own functions; docs/mapping.md lists them in this order.
func functions() map[string]function {
	return map[string]function{
		"date":           {"date(value)", 1, 1, "", one(isoDate)},
		"dmy":            {"dmy(value)", 1, 1, "", one(russianDate)},
		"digits":         {"digits(value)", 1, 1, "", one(text(digits))},
		"snils":          {"snils(value)", 1, 1, "", one(text(snils))},
		"unit_code":      {"unit_code(value)", 1, 1, "", one(text(unitCode))},
		"upper":          {"upper(value)", 1, 1, "", one(text(strings.ToUpper))},
		"lower":          {"lower(value)", 1, 1, "", one(text(strings.ToLower))},
		"trim":           {"trim(value)", 1, 1, "", one(text(strings.TrimSpace))},
		"string":         {"string(value)", 1, 1, "", one(func(v any) (any, error) { return asText(v) })},
		"replace":        {"replace(value, old, new)", 3, 3, "", replaceText},
		"split":          {"split(value, separator)", 2, 2, "", splitText},
		"join":           {"join(list, separator)", 2, 2, "", joinText},
		"default":        {"default(value, other, …)", 1, -1, "", firstFilled},
		"yes":            {"yes(value)", 1, 1, "", one(func(v any) (any, error) { return truthy(v), nil })},
		"list":           {"list(value)", 1, 1, "", one(func(v any) (any, error) { return asList(v), nil })},
		"text":           {"text(value)", 1, 1, "", optionText},
		"code":           {"code(value)", 1, 1, "", optionCode},
		"word":           {"word(list, value)", 2, 2, "", word},
		"gender":         {"gender(value)", 1, 1, "", gender},
		"share":          {"share(value)", 1, 1, "", one(share)},
		"money":          {"money(value)", 1, 1, "", one(money)},
		"currency":       {"currency(value)", 1, 1, "", one(currency)},
		"address":        {"address(requisites)", 1, 1, "", one(requisiteAddress)},
		"contact":        {"contact(role, …)", 1, -1, "contacts", contactByRole},
		"by_role":        {"by_role(role, …)", 1, -1, "contacts", contactsByRole},
		"has_role":       {"has_role(contact, role, …)", 2, -1, "contacts", hasRole},
		"representative": {"representative(contact)", 1, 1, "contacts", representative},
		"file":           {"file(value, signature, …)", 1, -1, "", fileRef},
		nameGet:          {"", 2, 2, "", getMember},
		nameAdd:          {"", 2, 2, "", add},
		nameTick:         {"", 0, 0, "", func(*run, []any) (any, error) { return nil, nil }},
	}
}

// one makes a function's body of a function of one value.
func one(f func(any) (any, error)) func(*run, []any) (any, error) {
	return func(_ *run, args []any) (any, error) { return f(args[0]) }
}

// text makes a function of text one of any value; nothing stays nothing.
func text(f func(string) string) func(any) (any, error) {
	return func(v any) (any, error) {
		if v == nil {
			return nil, nil
		}
		s, err := asText(v)
		return f(s), err
	}
}

// isoDate gives YYYY-MM-DD of what Bitrix24 holds: ISO with or without a time, or 31.12.2018 as in
// requisites. The time is cut off and never shifted between zones: a date of birth has none.
func isoDate(v any) (any, error) {
	s, err := asText(v)
	if s = strings.TrimSpace(s); err != nil || s == "" {
		return nil, err
	}
	for _, form := range []struct {
		layout string
		size   int
	}{{time.DateOnly, 10}, {"02.01.2006", 10}} {
		if len(s) >= form.size && (len(s) == form.size || s[form.size] == 'T' || s[form.size] == ' ') {
			if day, err := time.Parse(form.layout, s[:form.size]); err == nil {
				return day.Format(time.DateOnly), nil
			}
		}
	}
	return nil, say("«"+s+"» — не дата (нужно 2018-12-31 или 31.12.2018)", "«"+s+"» is not a date (2018-12-31 or 31.12.2018)")
}

func russianDate(v any) (any, error) {
	iso, err := isoDate(v)
	if err != nil || iso == nil {
		return nil, err
	}
	day, err := time.Parse(time.DateOnly, iso.(string))
	return day.Format("02.01.2006"), err
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// snils writes eleven digits as 000-000-000 00; anything else stays for the check to report.
func snils(s string) string {
	d := digits(s)
	if len(d) != 11 {
		return strings.TrimSpace(s)
	}
	return d[:3] + "-" + d[3:6] + "-" + d[6:9] + " " + d[9:]
}

// unitCode writes six digits as 000-000, the code of the office that issued a passport.
func unitCode(s string) string {
	d := digits(s)
	if len(d) != 6 {
		return strings.TrimSpace(s)
	}
	return d[:3] + "-" + d[3:]
}

func replaceText(r *run, args []any) (any, error) {
	if args[0] == nil {
		return nil, nil
	}
	s, err1 := asText(args[0])
	from, err2 := asText(args[1])
	to, err3 := asText(args[2])
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	if err := r.grow(len(s) + (strings.Count(s, from)+1)*len(to)); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(s, from, to), nil
}

func splitText(r *run, args []any) (any, error) {
	s, err1 := asText(args[0])
	separator, err2 := asText(args[1])
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	out := []any{}
	if s == "" {
		return out, nil
	}
	if err := r.grow(16*len(s) + len(s)); err != nil {
		return nil, err
	}
	for _, piece := range strings.Split(s, separator) {
		out = append(out, piece)
	}
	return out, nil
}

func joinText(r *run, args []any) (any, error) {
	separator, err := asText(args[1])
	if err != nil {
		return nil, err
	}
	var pieces []string
	for _, v := range asList(args[0]) {
		s, err := asText(v)
		if err != nil {
			return nil, err
		}
		if s == "" {
			continue
		}
		if err := r.grow(len(s) + len(separator)); err != nil {
			return nil, err
		}
		pieces = append(pieces, s)
	}
	return strings.Join(pieces, separator), nil
}

// firstFilled is default: the first argument that says something, else the last one.
func firstFilled(_ *run, args []any) (any, error) {
	for _, v := range args {
		if !blank(v) {
			return v, nil
		}
	}
	return args[len(args)-1], nil
}

// optionText gives what people see of a list field's value; a value that is no option stays as it is.
func optionText(r *run, args []any) (any, error) {
	return eachOption(r, args[0], func(o Option) string { return o.Text })
}

// optionCode gives the XML_ID of a list field's value. A text field may hold the code itself.
func optionCode(r *run, args []any) (any, error) {
	return eachOption(r, args[0], func(o Option) string { return default2(o.Code, o.Text) })
}

func default2(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

func eachOption(r *run, v any, pick func(Option) string) (any, error) {
	if list, ok := v.([]any); ok {
		out := make([]any, 0, len(list))
		for _, item := range list {
			one, err := eachOption(r, item, pick)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		return out, nil
	}
	if blank(v) {
		return nil, nil
	}
	s, err := asText(v)
	if err != nil {
		return nil, err
	}
	if option, ok := r.card.Options[s]; ok {
		return pick(option), nil
	}
	return pick(Option{Text: strings.TrimSpace(s)}), nil
}

// word gives the service's own word of one of its lists for what a portal keeps: the external code of a list field's
// value, the code itself, or what people see, in Russian or English. What is in none stays for the check to report.
func word(r *run, args []any) (any, error) {
	list, err := asText(args[0])
	if err != nil {
		return nil, err
	}
	if !dictionary().has(list) {
		return nil, say("нет списка слов «"+list+"»", "there is no list of words "+list)
	}
	return eachOption(r, args[1], func(o Option) string {
		if code := dictionary().code(list, o.Code); o.Code != "" && dictionary().knows(list, code) {
			return code
		}
		return dictionary().code(list, default2(o.Text, o.Code))
	})
}

// gender is word('gender', value).
func gender(r *run, args []any) (any, error) { return word(r, []any{"gender", args[0]}) }

// share reads 1/2 as numerator and denominator; 1 is the whole. Percents and decimals are not read: 33 % is hardly
// ever what is meant.
func share(v any) (any, error) {
	s, err := asText(v)
	if s = strings.Join(strings.Fields(s), ""); err != nil || s == "" {
		return nil, err
	}
	if s == "1" {
		s = "1/1"
	}
	top, bottom, ok := strings.Cut(s, "/")
	if !ok || digits(top) != top || digits(bottom) != bottom || top == "" || strings.Trim(bottom, "0") == "" {
		return nil, say("«"+s+"» — не доля (нужно, например, 1/2)", "«"+s+"» is not a share such as 1/2")
	}
	return map[string]any{"numerator": top, "denominator": bottom}, nil
}

// money gives the amount of a money field, "1500.5|RUB", or of a plain number, as rubles and kopecks: "1500.50".
func money(v any) (any, error) {
	s, err := asText(v)
	s, _, _ = strings.Cut(s, "|")
	if s = strings.TrimSpace(s); err != nil || s == "" {
		return nil, err
	}
	sum, err := realty.ParseRubles(s)
	if err != nil {
		return nil, say("«"+s+"» — не сумма денег", "«"+s+"» is not an amount of money")
	}
	return sum.String(), nil
}

// currency gives the currency of a money field: "RUB" of "1500.5|RUB".
func currency(v any) (any, error) {
	s, err := asText(v)
	if _, s, _ = strings.Cut(s, "|"); err != nil || s == "" {
		return nil, err
	}
	return strings.TrimSpace(s), nil
}

// requisiteAddress picks the address of requisites to send: the legal one, else the registered, else the first
// (doc: api-reference/crm/requisites, crm.enum.addresstype).
func requisiteAddress(v any) (any, error) {
	requisites, _ := v.(map[string]any)
	rows := asList(requisites["ADDRESSES"])
	for _, kind := range []string{"6", "4"} {
		for _, row := range rows {
			fields, _ := row.(map[string]any)
			if has, err := asText(fields["TYPE_ID"]); err == nil && has == kind {
				return row, nil
			}
		}
	}
	if len(rows) > 0 {
		return rows[0], nil
	}
	return nil, nil
}
