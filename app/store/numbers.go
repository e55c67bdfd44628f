package store

import (
	"regexp"
	"slices"
	"strings"

	"konturbridge/app/docflow"
)

var (
	// cadastralPattern is a cadastral number: district, quarter, parcel. It may stand anywhere in a request.
	cadastralPattern = regexp.MustCompile(`\b\d{1,2}:\d{1,2}:\d{1,7}:\d{1,10}\b`)
	// documentPattern is the number of a document in a frozen request; at Диадок it is a named property.
	documentPattern = regexp.MustCompile(`(?i)"(?:document_?number|number)"\s*(?::|,\s*"value"\s*:)\s*"([^"\\]{1,100})"`)
)

// maxNumbers bounds how many numbers of one docflow can be searched for, searchedBytes how much of a request is
// looked through for them: the writer waits.
const (
	maxNumbers    = 50
	searchedBytes = 128 << 10
)

// numberText is a number as it is stored and searched for.
func numberText(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// addNumbers makes a docflow be found by what people know it by.
func (t *tx) addNumbers(portal string, id docflow.ID, numbers []string) error {
	for _, number := range numbers {
		if _, err := t.exec(`INSERT INTO docflow_numbers (portal, number, docflow) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			portal, number, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// requestNumbers lists the numbers that a frozen request holds.
func requestNumbers(body []byte) []string {
	text := string(body[:min(len(body), searchedBytes)])
	all := cadastralPattern.FindAllString(text, maxNumbers)
	for _, found := range documentPattern.FindAllStringSubmatch(text, maxNumbers) {
		all = append(all, found[1])
	}
	for i, number := range all {
		all[i] = numberText(plainText(number))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxNumbers)]
}

// newDuties lists the numbers of the duties that a change brought.
func newDuties(before, now docflow.Record) []string {
	var numbers []string
	for _, c := range now.Charges {
		if c.UIN != "" && !slices.Contains(before.Charges, c) {
			numbers = append(numbers, numberText(c.UIN))
		}
	}
	return numbers
}
