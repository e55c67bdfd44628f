package reaction

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
)

// ownPrefix begins the names of the bridge's own fields on deals and leads.
const ownPrefix = "UF_CRM_KB_"

func isOwn(name string) bool { return strings.HasPrefix(name, ownPrefix) }

// cardField is a field of a card type.
type cardField struct {
	name     string // in the portal's methods
	multiple bool
}

// room is how many of n files the field can take.
func (f cardField) room(n int) int {
	if f.multiple {
		return n
	}
	return min(n, 1)
}

// withFiles is the field's value with new files. A multiple field loses every file that is not listed; a
// single one takes the first new file, the others are in the timeline.
func (f cardField) withFiles(there []bitrix.FileRef, fresh []*bitrix.Upload) any {
	if !f.multiple {
		return fresh[0]
	}
	all := make([]any, 0, len(there)+len(fresh))
	for _, file := range there {
		all = append(all, file)
	}
	for _, file := range fresh {
		all = append(all, file)
	}
	return all
}

func noField(name, setting string) error {
	return &docflow.Refusal{Code: "no_field", CRMText: fmt.Sprintf("В карточке нет поля %s. Создайте его в CRM или исправьте %s в настройках моста.", name, setting)}
}

// field finds a field by the name that people use: upper case, and for the bridge's own fields of a
// smart process without that type's number.
func (r *run) field(name string) (cardField, bool, error) {
	all, err := r.fields.of(r.ctx, r.b24, r.row.Lane, r.kind())
	if err != nil {
		return cardField{}, false, err
	}
	f, ok := all[name]
	return f, ok, nil
}

// fieldsFor is how long a card type's description is believed.
const fieldsFor = 10 * time.Minute

// maxTypes bounds how many descriptions are held.
const maxTypes = 1000

// descriptions remembers the fields of card types, by every name that they go by.
type descriptions struct {
	now func() time.Time
	mu  sync.Mutex
	all map[string]described
}

type described struct {
	fields map[string]cardField
	until  time.Time
}

func (d *descriptions) of(ctx context.Context, b24 *bitrix.Client, portal string, kind bitrix.EntityTypeID) (map[string]cardField, error) {
	key := portal + "/" + bitrix.ID(kind).String()
	d.mu.Lock()
	known, ok := d.all[key]
	d.mu.Unlock()
	if ok && known.until.After(d.now()) {
		return known.fields, nil
	}
	infos, err := b24.ItemFields(ctx, kind)
	if err != nil {
		return nil, err
	}
	known = described{fields: named(infos), until: d.now().Add(fieldsFor)}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) >= maxTypes {
		clear(d.all)
	}
	d.all[key] = known
	return known.fields, nil
}

// named lists fields by the portal's names, by upper-case names, and a smart process's own fields of the
// bridge (UF_CRM_7_KB_ERROR) by the names that they have on deals.
func named(infos map[string]bitrix.FieldInfo) map[string]cardField {
	own := regexp.MustCompile(`^UF_CRM_\d+_(KB_.+)$`)
	fields := make(map[string]cardField, 2*len(infos))
	for name, info := range infos {
		f := cardField{name: name, multiple: bool(info.Multiple)}
		upper := string(info.UpperName)
		if upper == "" {
			upper = name
		}
		fields[name], fields[upper] = f, f
		if m := own.FindStringSubmatch(upper); m != nil {
			fields["UF_CRM_"+m[1]] = f
		}
	}
	return fields
}
