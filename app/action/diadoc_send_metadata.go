package action

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// sumKeys are the properties that the amount goes into, in the order in which a type is asked for them.
func sumKeys() []string { return []string{"TotalSum", "ContractPrice", "DocumentSum", "Sum"} }

// properties are what is said of a document: keys of the service, its values as people write them, and where each
// comes from.
type properties struct {
	values map[string]string
	source map[string]string
}

func newProperties() properties {
	return properties{values: map[string]string{}, source: map[string]string{}}
}

func (p properties) set(key, value, source string) {
	if value = strings.TrimSpace(value); value != "" {
		p.values[key], p.source[key] = value, source
	}
}

// metadata makes the properties of one document, checked against its type: what is missing or can't be read is told
// all at once. A formal document's are read from its XML, except for those that the type wants beside.
func (f form) metadata(p properties, fileName string) (items []diadoc.MetadataItem, bad []string) {
	title, _ := f.title(0)
	known := map[string]bool{}
	for _, want := range title.MetadataItems {
		if want.Source != diadoc.SourceUser {
			continue
		}
		known[want.ID] = true
		value, source := p.values[want.ID], p.source[want.ID]
		if want.ID == "FileName" {
			value = fileName
		}
		if value == "" {
			if want.IsRequired {
				bad = append(bad, fmt.Sprintf("%s: обязательное свойство типа «%s» не заполнено; задайте его в %s", want.ID, f.kind.Title, paramOf(want.ID)))
			}
			continue
		}
		text, err := metadataValue(want.Type, value)
		if err != nil {
			bad = append(bad, fmt.Sprintf("%s (%s): %s", want.ID, source, err))
			continue
		}
		items = append(items, diadoc.MetadataItem{Key: want.ID, Value: text})
	}
	if !f.formal() && !known["FileName"] { // every type has it, whether it says so or not
		items = append(items, diadoc.MetadataItem{Key: "FileName", Value: fileName})
	}
	for key, source := range p.source { // what the caller has named by its key must not get lost
		if !known[key] && strings.HasPrefix(source, "metadata") {
			bad = append(bad, fmt.Sprintf("%s (%s): у типа «%s» нет такого свойства; есть: %s", key, source, f.kind.Title, strings.Join(keysOf(title), ", ")))
		}
	}
	slices.Sort(bad)
	return items, bad
}

func keysOf(t diadoc.DocumentTitleV2) []string {
	var keys []string
	for _, m := range t.MetadataItems {
		if m.Source == diadoc.SourceUser {
			keys = append(keys, m.ID)
		}
	}
	return keys
}

// paramOf says where a property may be given.
func paramOf(key string) string {
	switch key {
	case "DocumentNumber":
		return "параметре number"
	case "DocumentDate":
		return "параметре date"
	}
	if slices.Contains(sumKeys(), key) {
		return "параметре amount"
	}
	return "параметре metadata (строка «" + key + "=значение») или в сопоставлении"
}

// metadataValue brings a value into the service's form.
func metadataValue(kind int, value string) (string, error) {
	switch kind {
	case diadoc.MetadataInteger:
		n, err := strconv.ParseInt(digits(value), 10, 64)
		if err != nil {
			return "", fmt.Errorf("«%s» не целое число", value)
		}
		return strconv.FormatInt(n, 10), nil
	case diadoc.MetadataDecimal:
		text, err := decimal(value)
		if err != nil {
			return "", err
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "", fmt.Errorf("«%s» не число", value)
		}
		return strconv.FormatFloat(n, 'f', 2, 64), nil
	case diadoc.MetadataDate:
		at, err := localTime(strings.ToLower(value))
		return at.Format(diadoc.DateLayout), err
	case diadoc.MetadataTime:
		at, err := time.Parse(diadoc.ClockLayout, value)
		if err != nil {
			return "", fmt.Errorf("«%s» не время; нужно как 09:30", value)
		}
		return at.Format(diadoc.ClockLayout), nil
	}
	return value, nil
}

// lines reads a parameter of lines key=value.
func lines(c *call, param string) (pairs [][2]string, bad []string) {
	for _, text := range c.Properties.All(param) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			key, value, ok := strings.Cut(line, "=")
			if key = strings.TrimSpace(key); !ok || key == "" {
				bad = append(bad, fmt.Sprintf("%s: строка «%s» не вида ключ=значение", param, line))
				continue
			}
			pairs = append(pairs, [2]string{key, strings.TrimSpace(value)})
		}
	}
	return pairs, bad
}

// tags are the tags of each document: the bridge's own and those of the call.
func tags(portalID string, card docflow.Card, own [][2]string) (items []diadoc.CustomDataItem, bad []string) {
	items = []diadoc.CustomDataItem{{Key: tagPortal, Value: portalID}, {Key: tagCard, Value: card.String()}}
	for _, tag := range own {
		same := func(t diadoc.CustomDataItem) bool { return strings.EqualFold(t.Key, tag[0]) }
		if slices.ContainsFunc(items, same) {
			bad = append(bad, fmt.Sprintf("custom_data: тег «%s» задан дважды или занят мостом", tag[0]))
			continue
		}
		if err := diadoc.CheckTag(tag[0], tag[1]); err != nil {
			bad = append(bad, fmt.Sprintf("custom_data: тег «%s»: %s", tag[0], err.Rule.RU))
		}
		items = append(items, diadoc.CustomDataItem{Key: tag[0], Value: tag[1]})
	}
	if len(items) > diadoc.MaxTags {
		bad = append(bad, fmt.Sprintf("custom_data: тегов %d вместе с двумя тегами моста, допускается не больше %d", len(items), diadoc.MaxTags))
	}
	return items, bad
}
