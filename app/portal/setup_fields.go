package portal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// fields adds the bridge's own fields to deals, leads and the smart processes that the settings name. A field
// of another type can't be changed and is never deleted: it may hold somebody's data. A name that people gave
// it stays. doc: api-reference/crm/deals/user-defined-fields/crm-deal-userfield-add.md
func (r *run) fields(ctx context.Context) error {
	r.track.begin(ctx, "fields", (2+len(r.seen.processes))*len(Fields()))
	if !r.requires("crm", "fields") {
		return nil
	}
	var jobs []job
	for _, kind := range []bitrix.EntityTypeID{bitrix.EntityDeal, bitrix.EntityLead} {
		ok, err := r.has(readFields(kind.Name()))
		if err != nil {
			return err
		}
		if ok {
			jobs = append(jobs, r.fieldsOf(oldCards{r, kind}))
		}
	}
	smart, err := r.smartJobs()
	if err != nil {
		return err
	}
	return r.write(ctx, append(jobs, smart...))
}

// smartJobs adds the fields of the smart processes that the settings name.
func (r *run) smartJobs() ([]job, error) {
	if len(r.types) == 0 {
		return nil, nil
	}
	if ok, err := r.has(readProcesses); !ok {
		return nil, err
	}
	for _, named := range r.types {
		if !slices.ContainsFunc(r.seen.processes, func(t bitrix.SmartType) bool { return int(t.EntityTypeID) == named }) {
			r.problem(fmt.Sprintf("the settings name the smart process with entityTypeId %d, which the portal does not have", named))
		}
	}
	if len(r.seen.processes) > 0 && !r.requires("userfieldconfig", "fields of smart processes") {
		return nil, nil
	}
	var jobs []job
	for _, t := range r.seen.processes {
		ok, err := r.has(readFields(t.EntityTypeID.Name()))
		if err != nil {
			return nil, err
		}
		if ok {
			jobs = append(jobs, r.fieldsOf(smartCards{r, t}))
		}
	}
	return jobs, nil
}

// cards is a kind of cards with fields of its own.
type cards interface {
	kind() string
	// named is the field under the name that it has on such cards.
	named(f bitrix.UserField) string
	// shape says of which type the portal shows the field of that name, and whether it holds several values.
	shape(name string) (userType string, multiple, ok bool)
	add(ctx context.Context, f bitrix.UserField) error
	// look asks for one field by its name: the list may have been cut.
	look(ctx context.Context, name string) bool
}

// fieldsOf adds what a kind of cards lacks, one after the other: each changes the same table.
func (r *run) fieldsOf(c cards) job {
	return func(ctx context.Context) (done []outcome) {
		for _, field := range Fields() {
			userType, multiple, there := c.shape(c.named(field))
			switch {
			case !there:
				done = append(done, addField(ctx, c, field))
			case userType != field.UserTypeID || multiple != bool(field.Multiple):
				done = append(done, outcome{problem: fmt.Sprintf(
					"field %s of %s is %s and should be %s: delete it in the CRM settings once nobody needs what it holds, and it is made anew",
					c.named(field), c.kind(), fieldKind(userType, multiple), fieldKind(field.UserTypeID, bool(field.Multiple)))})
			}
			r.track.advance(ctx)
			if len(done) > 0 && done[len(done)-1].err != nil && ends(done[len(done)-1].err) {
				break
			}
		}
		return done
	}
}

// addField adds one. When that is refused it is looked for by name: the list above may have been cut, and
// the answer to an earlier try may have been lost.
func addField(ctx context.Context, c cards, field bitrix.UserField) outcome {
	name := fmt.Sprintf("field %s of %s", c.named(field), c.kind())
	err := c.add(ctx, field)
	if err != nil && upstream.ClassOf(err) != upstream.Wait && c.look(ctx, c.named(field)) { // who has to wait did nothing
		return outcome{}
	}
	return outcome{deed: didAdd, name: name, what: "add the " + name, err: err}
}

func fieldKind(userType string, multiple bool) string {
	if multiple {
		return userType + ", multiple"
	}
	return userType
}

// oldCards are deals or leads.
type oldCards struct {
	r        *run
	cardType bitrix.EntityTypeID
}

func (o oldCards) kind() string                    { return o.cardType.Name() }
func (o oldCards) named(f bitrix.UserField) string { return f.FieldName }

func (o oldCards) shape(name string) (string, bool, bool) {
	return userFieldIn(o.r.seen.fields[o.cardType], name)
}

func userFieldIn(list []bitrix.UserField, name string) (string, bool, bool) {
	for _, f := range list {
		if strings.EqualFold(f.FieldName, name) {
			return f.UserTypeID, bool(f.Multiple), true
		}
	}
	return "", false, false
}

func (o oldCards) add(ctx context.Context, f bitrix.UserField) error {
	_, err := o.r.c.UserFieldAdd(ctx, o.cardType, f)
	return err
}

func (o oldCards) look(ctx context.Context, name string) bool {
	list, err := o.r.c.UserFieldList(ctx, o.cardType, bitrix.ListOptions{Filter: map[string]any{"FIELD_NAME": name}})
	_, _, found := userFieldIn(list, name)
	return err == nil && found
}

// smartCards are the items of a smart process. The names of their fields carry the number of the process's
// definition, which is not its entityTypeId: UF_CRM_7_KB_ERROR.
// doc: api-reference/crm/universal/user-defined-fields/**
type smartCards struct {
	r        *run
	cardType bitrix.SmartType
}

func (s smartCards) kind() string { return s.cardType.EntityTypeID.Name() }

func (s smartCards) named(f bitrix.UserField) string {
	return "UF_" + s.cardType.UserFieldEntity() + strings.TrimPrefix(f.FieldName, "UF_CRM")
}

func (s smartCards) shape(name string) (string, bool, bool) {
	return fieldConfigIn(s.r.seen.smart[s.cardType.EntityTypeID], name)
}

func fieldConfigIn(list []bitrix.FieldConfig, name string) (string, bool, bool) {
	for _, f := range list {
		if strings.EqualFold(f.FieldName, name) {
			return f.UserTypeID, bool(f.Multiple), true
		}
	}
	return "", false, false
}

func (s smartCards) add(ctx context.Context, f bitrix.UserField) error {
	name := s.named(f)
	_, err := s.r.c.FieldConfigAdd(ctx, bitrix.FieldConfig{EntityID: s.cardType.UserFieldEntity(), FieldName: name,
		UserTypeID: f.UserTypeID, XMLID: bitrix.Text(name), Multiple: f.Multiple, EditFormLabel: f.EditFormLabel})
	return err
}

func (s smartCards) look(ctx context.Context, name string) bool {
	page, err := s.r.c.FieldConfigList(ctx, bitrix.ListOptions{Filter: map[string]any{"entityId": s.cardType.UserFieldEntity(), "fieldName": name}})
	_, _, found := fieldConfigIn(page.Result, name)
	return err == nil && found
}
