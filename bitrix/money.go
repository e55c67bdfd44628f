package bitrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Kopecks is a sum in hundredths of its currency. Old methods write sums as "1000000.00", new ones as
// 1000000.5; null, "" and false read as zero.
type Kopecks int64

// ParseKopecks reads a decimal sum exactly; digits behind the second are rounded half away from zero,
// because the API writes binary fractions. "" is zero.
func ParseKopecks(s string) (Kopecks, error) {
	if s == "" {
		return 0, nil
	}
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || len(whole) > 16 || len(fraction) > 32 || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, fmt.Errorf("%.40q is not a sum of money", s)
	}
	padded := fraction + "000"
	n, err := strconv.ParseInt(whole+padded[:2], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a sum of money", s)
	}
	if padded[2] >= '5' {
		n++
	}
	if negative {
		n = -n
	}
	return Kopecks(n), nil
}

// String is the decimal form with two digits behind the point.
func (k Kopecks) String() string {
	sign, n := "", uint64(max(int64(k), -math.MaxInt64))
	if k < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// UnmarshalJSON implements json.Unmarshaler.
func (k *Kopecks) UnmarshalJSON(data []byte) error {
	var s Text
	err := s.UnmarshalJSON(data)
	if err == nil {
		*k, err = ParseKopecks(string(s))
	}
	return err
}

// MarshalJSON implements json.Marshaler: a number with two digits behind the point.
func (k Kopecks) MarshalJSON() ([]byte, error) { return []byte(k.String()), nil }

// Money is the value of a money field, "1000|RUB" on the wire. doc: api-reference/crm/data-types.md
type Money struct {
	Amount   Kopecks
	Currency string // "" when the value names none
}

// ParseMoney reads "1000.50|RUB" or a bare sum; "" is zero.
func ParseMoney(s string) (Money, error) {
	sum, currency, _ := strings.Cut(s, "|")
	amount, err := ParseKopecks(sum)
	if err == nil && len(currency) > 8 {
		err = fmt.Errorf("%.40q is not a currency", currency)
	}
	if err != nil {
		return Money{}, err
	}
	return Money{amount, currency}, nil
}

// String is the wire form.
func (m Money) String() string { return m.Amount.String() + "|" + m.Currency }

// MarshalJSON implements json.Marshaler.
func (m Money) MarshalJSON() ([]byte, error) { return json.Marshal(m.String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (m *Money) UnmarshalJSON(data []byte) error {
	var s Text
	err := s.UnmarshalJSON(data)
	if err == nil {
		*m, err = ParseMoney(string(s))
	}
	return err
}

// Date is a day without a time. The API writes some as midnight with the server's offset: the day is
// cut out, never converted between zones.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads "2024-09-09", "2024-09-09T02:00:00+02:00" and the Russian "09.09.2024" that
// requisites hold; "" is the zero Date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	day, rest := s, ""
	if len(s) > len(time.DateOnly) {
		day, rest = s[:len(time.DateOnly)], s[len(time.DateOnly):]
	}
	for _, layout := range []string{time.DateOnly, "02.01.2006"} {
		t, err := time.Parse(layout, day)
		if err == nil && (rest == "" || rest[0] == 'T' || rest[0] == ' ') {
			return Date{t.Year(), t.Month(), t.Day()}, nil
		}
	}
	return Date{}, fmt.Errorf("%.40q is not a date", s)
}

// IsZero reports whether the date is absent.
func (d Date) IsZero() bool { return d == Date{} }

// String is "2024-09-09"; "" when zero.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// MarshalJSON implements json.Marshaler.
func (d Date) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Date) UnmarshalJSON(data []byte) error {
	var s Text
	err := s.UnmarshalJSON(data)
	if err == nil {
		*d, err = ParseDate(string(s))
	}
	return err
}

// Texts are a text in several languages, by language code. A lone string reads as language "".
type Texts map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Texts) UnmarshalJSON(data []byte) error {
	var byLanguage Map[Text]
	if len(data) > 0 && (data[0] == '{' || data[0] == '[') {
		if err := json.Unmarshal(data, &byLanguage); err != nil {
			return err
		}
		*t = Texts{}
		for language, s := range byLanguage {
			(*t)[language] = string(s)
		}
		return nil
	}
	var s Text
	if err := s.UnmarshalJSON(data); err != nil {
		return errors.New("neither a text nor texts by language")
	}
	*t = nil
	if s != "" {
		*t = Texts{"": string(s)}
	}
	return nil
}

// MarshalJSON implements json.Marshaler; a lone text of language "" is a string.
func (t Texts) MarshalJSON() ([]byte, error) {
	if s, ok := t[""]; ok && len(t) == 1 {
		return json.Marshal(s)
	}
	return json.Marshal(map[string]string(t))
}
