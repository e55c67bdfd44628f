package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"konturbridge/app/mapping"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// FieldsWanted says which fields of the ready mappings a portal is to have.
type FieldsWanted struct {
	Types  []string            // docflow types
	Card   bitrix.EntityTypeID // deal, lead or a smart process: on whose cards
	DryRun bool                // look only
}

// FieldState is what was found or done about one field.
type FieldState string

// The states of fields. A field that differs is left alone: it may hold somebody's data.
const (
	FieldThere   FieldState = "there"
	FieldMade    FieldState = "made"
	FieldMissing FieldState = "missing" // of a dry run
	FieldDiffers FieldState = "differs"
	FieldFailed  FieldState = "failed"
)

// FieldLine tells about one field.
type FieldLine struct {
	Holder string // deal, lead, item, contact, company
	Name   string // as it is on this holder
	State  FieldState
	Note   string // English: what differs or why it failed
}

var (
	// ErrNoSmartProcess is wrapped by the error for an entityTypeId that the portal does not have.
	ErrNoSmartProcess = errors.New("the portal has no such smart process")
	// ErrFieldsFailed says that at least one field could not be made.
	ErrFieldsFailed = errors.New("not all fields could be made")
)

// MakeFields makes the user fields that the ready mappings of docflow types read, on cards, contacts and companies. It
// looks first and adds only what is missing, so that it may be repeated; a field is never changed or removed. tell hears
// of every field as it goes.
//
// Errors: wrapping ErrNoSmartProcess or ErrFieldsFailed; the portal's, where nothing more would pass (no rights, no
// scope, not reachable).
// doc: api-reference/crm/deals/**, api-reference/crm/universal/**
func MakeFields(ctx context.Context, client *bitrix.Client, wanted FieldsWanted, tell func(FieldLine)) error {
	holders, err := fieldHolders(ctx, client, wanted.Card)
	if err != nil {
		return err
	}
	failed := 0
	for _, h := range holders {
		fields, err := fieldsOn(h.on, wanted.Types)
		if err != nil {
			return err
		}
		if len(fields) == 0 {
			continue
		}
		there, err := h.list(ctx, "")
		if err != nil {
			return fmt.Errorf("list the fields of %s: %w", h.name, err)
		}
		for _, f := range fields {
			line, err := h.field(ctx, f, there, wanted.DryRun)
			if err != nil {
				return fmt.Errorf("make the field %s of %s: %w", line.Name, h.name, err)
			}
			if line.State == FieldFailed {
				failed++
			}
			tell(line)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%w: %d failed; repeat the command", ErrFieldsFailed, failed)
	}
	return nil
}

// fieldsOn lists what the mappings of the types read on a holder, each field once.
func fieldsOn(on mapping.Holder, types []string) ([]mapping.Field, error) {
	var all []mapping.Field
	seen := map[string]bool{}
	for _, kind := range types {
		fields, err := mapping.FieldsFor(kind)
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			if f.On == on && !seen[f.Name] {
				seen[f.Name] = true
				all = append(all, f)
			}
		}
	}
	return all, nil
}

// shape is what can't be changed about a field.
type shape struct {
	kind     string
	multiple bool
}

func (s shape) String() string {
	if s.multiple {
		return s.kind + ", multiple"
	}
	return s.kind
}

// compare tells a field that is there from one that only has its name.
func compare(found shape, f mapping.Field) (FieldState, string) {
	want := shape{f.Type, f.Multiple}
	if found == want {
		return FieldThere, ""
	}
	note := fmt.Sprintf("it is %s and not %s", found, want)
	if found.kind == "string" && f.Type == "enumeration" {
		note += "; the mapping understands its words as text too"
	}
	return FieldDiffers, note
}

// stops reports whether nothing more would pass after this error.
func stops(err error) bool {
	if err == nil {
		return false
	}
	switch upstream.ClassOf(err) {
	case upstream.Retry, upstream.Wait, upstream.Relogin:
		return true
	}
	return errors.Is(err, bitrix.ErrAccessDenied) || errors.Is(err, context.Canceled)
}

// fieldHolder is a kind of objects that have user fields.
type fieldHolder struct {
	name  string
	on    mapping.Holder
	list  func(ctx context.Context, name string) (map[string]shape, error) // by upper-case names; one, or all for ""
	named func(f mapping.Field) string
	add   func(ctx context.Context, f mapping.Field) error
}

// listed is how many fields a portal lists at once: a longer list may have been cut.
const listed = 50

// field looks for a field and makes it when it is missing. The error is one after which nothing more would pass.
func (h fieldHolder) field(ctx context.Context, f mapping.Field, there map[string]shape, dry bool) (FieldLine, error) {
	line := FieldLine{Holder: h.name, Name: h.named(f), State: FieldMissing}
	found, has := there[strings.ToUpper(line.Name)]
	if !has && len(there) >= listed {
		one, err := h.list(ctx, line.Name)
		if err != nil {
			return line, err
		}
		found, has = one[strings.ToUpper(line.Name)]
	}
	switch {
	case has:
		line.State, line.Note = compare(found, f)
		return line, nil
	case dry:
		return line, nil
	}
	err := h.add(ctx, f)
	if err == nil {
		line.State = FieldMade
		return line, nil
	}
	if upstream.ClassOf(err) != upstream.Wait { // it was tried, and the answer to this or an earlier try was lost
		one, lookup := h.list(ctx, line.Name)
		if found, has = one[strings.ToUpper(line.Name)]; lookup == nil && has {
			if line.State, line.Note = compare(found, f); upstream.MaybeDone(err) {
				line.State = FieldMade
			}
			return line, nil
		}
	}
	if stops(err) {
		return line, err
	}
	line.State, line.Note = FieldFailed, err.Error()
	return line, nil
}

func fieldHolders(ctx context.Context, client *bitrix.Client, card bitrix.EntityTypeID) ([]fieldHolder, error) {
	cards := classicHolder(client, card, mapping.OnCard)
	if card.IsSmartProcess() {
		var err error
		if cards, err = smartHolder(ctx, client, card); err != nil {
			return nil, err
		}
	}
	return []fieldHolder{cards, classicHolder(client, bitrix.EntityContact, mapping.OnContact),
		classicHolder(client, bitrix.EntityCompany, mapping.OnCompany)}, nil
}

// classicHolder is deals, leads, contacts or companies.
func classicHolder(client *bitrix.Client, kind bitrix.EntityTypeID, on mapping.Holder) fieldHolder {
	return fieldHolder{
		name:  strings.ToLower(kind.Name()),
		on:    on,
		named: func(f mapping.Field) string { return f.Name },
		list: func(ctx context.Context, name string) (map[string]shape, error) {
			there, opts := map[string]shape{}, bitrix.ListOptions{}
			if name != "" {
				opts.Filter = map[string]any{"FIELD_NAME": name}
			}
			all, err := client.UserFieldList(ctx, kind, opts)
			for _, f := range all {
				there[strings.ToUpper(f.FieldName)] = shape{f.UserTypeID, bool(f.Multiple)}
			}
			return there, err
		},
		add: func(ctx context.Context, f mapping.Field) error {
			label := bitrix.Texts{"ru": f.RU, "en": f.EN}
			field := bitrix.UserField{FieldName: f.Name, UserTypeID: f.Type, XMLID: bitrix.Text(f.Name), Multiple: bitrix.Flag(f.Multiple),
				ShowFilter: "Y", ShowInList: "Y", EditInList: "Y", EditFormLabel: label, ListLabel: label, FilterLabel: label}
			for i, w := range f.Choices() {
				field.Choices = append(field.Choices, bitrix.UserFieldChoice{Value: bitrix.Text(w.RU), Sort: bitrix.ID(10 * (i + 1)), XMLID: bitrix.Text(w.Code)})
			}
			_, err := client.UserFieldAdd(ctx, kind, field)
			return err
		},
	}
}

// smartHolder is the items of a smart process. The names of their fields carry the number of the process's definition,
// which is not its entityTypeId: UF_CRM_7_KB_AREA.
func smartHolder(ctx context.Context, client *bitrix.Client, kind bitrix.EntityTypeID) (fieldHolder, error) {
	var process bitrix.SmartType
	for t, err := range client.Types(ctx, bitrix.ScanOptions{Filter: map[string]any{"entityTypeId": int(kind)}}) {
		if err != nil {
			return fieldHolder{}, fmt.Errorf("list the smart processes: %w", err)
		}
		if t.EntityTypeID == kind {
			process = t
		}
	}
	if process.ID == 0 {
		return fieldHolder{}, fmt.Errorf("%w: entityTypeId %d", ErrNoSmartProcess, int(kind))
	}
	entity := process.UserFieldEntity()
	named := func(f mapping.Field) string { return "UF_" + entity + strings.TrimPrefix(f.Name, "UF_CRM") }
	return fieldHolder{
		name:  "item",
		on:    mapping.OnCard,
		named: named,
		list: func(ctx context.Context, name string) (map[string]shape, error) {
			there, filter := map[string]shape{}, map[string]any{"entityId": entity}
			if name != "" {
				filter["fieldName"] = name
			}
			for f, err := range client.FieldConfigs(ctx, bitrix.ScanOptions{Filter: filter}) {
				if err != nil {
					return nil, err
				}
				if f.EntityID == entity { // a filter that the portal ignores must not show the fields of others
					there[strings.ToUpper(f.FieldName)] = shape{f.UserTypeID, bool(f.Multiple)}
				}
			}
			return there, nil
		},
		add: func(ctx context.Context, f mapping.Field) error {
			field := bitrix.FieldConfig{EntityID: entity, FieldName: named(f), UserTypeID: f.Type, XMLID: bitrix.Text(named(f)),
				Multiple: bitrix.Flag(f.Multiple), EditFormLabel: bitrix.Texts{"ru": f.RU, "en": f.EN}}
			for i, w := range f.Choices() {
				field.Choices = append(field.Choices, bitrix.FieldConfigChoice{Value: bitrix.Text(w.RU), Sort: bitrix.ID(10 * (i + 1)), XMLID: bitrix.Text(w.Code)})
			}
			_, err := client.FieldConfigAdd(ctx, field)
			return err
		},
	}, nil
}

// Gentle is a limiter for commands that run beside the service, which spends the portal's budget of requests: a few at
// once, then two a second. Only one goroutine may use it.
type Gentle struct {
	now  func() time.Time
	free time.Time // when the next request would go out in an even stream
}

// NewGentle makes a Gentle by the clock now.
func NewGentle(now func() time.Time) *Gentle { return &Gentle{now: now} }

const (
	gentlePace  = 500 * time.Millisecond
	gentleBurst = 10
)

// Take implements bitrix.Limiter.
func (g *Gentle) Take(context.Context) (time.Duration, error) {
	now := g.now()
	if begin := now.Add(-gentleBurst * gentlePace); g.free.Before(begin) {
		g.free = begin
	}
	if wait := g.free.Sub(now); wait > 0 {
		return wait, nil
	}
	g.free = g.free.Add(gentlePace)
	return 0, nil
}

// Exceeded implements bitrix.Limiter: the service is at work, so this one holds back.
func (g *Gentle) Exceeded(context.Context) { g.free = g.now().Add(2 * time.Second) }

var _ bitrix.Limiter = (*Gentle)(nil)
