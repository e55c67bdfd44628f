package schema

import "strings"

// digitsOf keeps the digits of a number that may be written with hyphens and blanks.
func digitsOf(raw string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, raw)
}

// snilsOK checks the last two digits of a СНИЛС. Numbers up to 001-001-998 have none.
func snilsOK(raw string) bool {
	digits := digitsOf(raw)
	if len(digits) != 11 {
		return false
	}
	if digits[:9] <= "001001998" {
		return true
	}
	sum := 0
	for i, digit := range digits[:9] {
		sum += (9 - i) * int(digit-'0')
	}
	check := sum % 101 % 100 // 100 and 101 stand for 00
	return int(digits[9]-'0')*10+int(digits[10]-'0') == check
}

// innOK checks the last digit of an organization's ИНН.
func innOK(inn string) bool {
	if len(inn) != 10 || digitsOf(inn) != inn {
		return false
	}
	sum := 0
	for i, weight := range []int{2, 4, 10, 3, 5, 9, 4, 6, 8} {
		sum += weight * int(inn[i]-'0')
	}
	return sum%11%10 == int(inn[9]-'0')
}

// ogrnOK checks the last digit of an ОГРН of 13 digits or an ОГРНИП of 15.
func ogrnOK(ogrn string) bool {
	if digitsOf(ogrn) != ogrn || len(ogrn) != 13 && len(ogrn) != 15 {
		return false
	}
	last := len(ogrn) - 1
	rest := 0
	for _, digit := range ogrn[:last] {
		rest = (rest*10 + int(digit-'0')) % (last - 1) // 11 for 13 digits, 13 for 15
	}
	return rest%10 == int(ogrn[last]-'0')
}
