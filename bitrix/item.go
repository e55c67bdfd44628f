package bitrix

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Item is a row of a CRM method: values by field name as they came. crm.item.* rows have camelCase
// names for standard fields and UF_CRM_… for user fields; requisites, bank details and addresses have
// upper-case names.
//
// Accessors never fail: a value that is absent, empty or of another kind reads as zero. Has and Raw
// tell more. File fields hold links with the caller's access token: do not log or store an Item.
type Item map[string]json.RawMessage

// LogValue implements slog.LogValuer: an item's values are personal data and links with tokens.
func (i Item) LogValue() slog.Value { return slog.StringValue("item " + i.ID().String()) }

// Format implements fmt.Formatter for the same reason.
func (i Item) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "item %d", i.ID()) }

// UnmarshalJSON implements json.Unmarshaler; PHP's [] is an empty item.
func (i *Item) UnmarshalJSON(data []byte) error {
	var fields Map[json.RawMessage]
	err := fields.UnmarshalJSON(data)
	*i = Item(fields)
	return err
}

// ID is the row's own id.
func (i Item) ID() ID {
	if i.Has("id") {
		return ID(i.Int("id"))
	}
	return ID(i.Int("ID"))
}

// Has reports whether the field came at all, be it empty.
func (i Item) Has(name string) bool { return i[name] != nil }

// Raw is the field's JSON; nil when it did not come.
func (i Item) Raw(name string) json.RawMessage { return i[name] }

// values reads a field that may be multiple as T.
func values[T any](i Item, name string) []T {
	var all Multi[T]
	if i[name] == nil || json.Unmarshal(i[name], &all) != nil {
		return nil
	}
	return all
}

func first[T any](all []T) (v T) {
	if len(all) > 0 {
		v = all[0]
	}
	return v
}

// Strings are the field's values as texts.
func (i Item) Strings(name string) []string {
	texts := values[Text](i, name)
	all := make([]string, 0, len(texts))
	for _, s := range texts {
		if s != "" {
			all = append(all, string(s))
		}
	}
	return all
}

// String is the field's value, or the first one of a multiple field, as a text.
func (i Item) String(name string) string { return first(i.Strings(name)) }

// Int is the field's whole number.
func (i Item) Int(name string) int64 {
	n, err := strconv.ParseInt(i.String(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// IDs are the field's ids without zeroes, such as those of contactIds or of an enumeration's options.
func (i Item) IDs(name string) []ID {
	var ids []ID
	for _, id := range values[ID](i, name) {
		if id != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// Bool is the field's flag, however it is written.
func (i Item) Bool(name string) bool { return bool(first(values[Flag](i, name))) }

// Money is the value of a money field or of a bare sum such as opportunity.
func (i Item) Money(name string) Money { return first(values[Money](i, name)) }

// Time is the field's moment.
func (i Item) Time(name string) time.Time { return first(values[Time](i, name)).Time }

// Date is the field's day.
func (i Item) Date(name string) Date { return first(values[Date](i, name)) }

// Files are the field's files.
func (i Item) Files(name string) []FileRef { return values[FileRef](i, name) }

// FieldInfo describes a field of an object type. doc: api-reference/crm/universal/**
type FieldInfo struct {
	Type        Text              `json:"type"`
	Required    Flag              `json:"isRequired"`
	ReadOnly    Flag              `json:"isReadOnly"`
	Immutable   Flag              `json:"isImmutable"`
	Multiple    Flag              `json:"isMultiple"`
	Dynamic     Flag              `json:"isDynamic"` // a user field
	Deprecated  Flag              `json:"isDeprecated"`
	Title       Text              `json:"title"` // for user fields it may be the code: see Label
	UpperName   Text              `json:"upperName"`
	StatusType  Text              `json:"statusType"`
	ListLabel   Text              `json:"listLabel"`
	FormLabel   Text              `json:"formLabel"`
	FilterLabel Text              `json:"filterLabel"`
	Items       List[FieldChoice] `json:"items"` // of an enumeration
	Settings    json.RawMessage   `json:"settings"`
}

// Label is the field's name for people.
func (f FieldInfo) Label() string {
	return string(cmp.Or(f.FormLabel, f.ListLabel, f.FilterLabel, f.Title))
}

// Choice is the text of an enumeration's option; "" for an id that it does not have.
func (f FieldInfo) Choice(id ID) string {
	for _, choice := range f.Items {
		if choice.ID == id {
			return string(choice.Value)
		}
	}
	return ""
}

// ChoiceID is the option of an enumeration with this text, in any case; 0 when it has none.
func (f FieldInfo) ChoiceID(text string) ID {
	for _, choice := range f.Items {
		if strings.EqualFold(string(choice.Value), text) {
			return choice.ID
		}
	}
	return 0
}

// UnknownFields are the names that a type does not have, under the names of its methods or in upper case.
// The portal ignores unknown fields without a word, so names that come from settings are to be checked.
func UnknownFields(infos map[string]FieldInfo, names ...string) []string {
	known := map[string]bool{}
	for name, info := range infos {
		known[name], known[string(info.UpperName)] = true, true
	}
	var unknown []string
	for _, name := range names {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// FieldChoice is one option of an enumeration; values of the field are its ids, which differ from
// portal to portal.
type FieldChoice struct {
	ID    ID   `json:"ID"`
	Value Text `json:"VALUE"`
}
