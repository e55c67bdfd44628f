package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"konturbridge/app/page/setup"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

const (
	// listLife is how long a portal's list is shown as it was: forms ask for the same ones again and again.
	listLife = time.Minute
	// maxLists bounds how many are held for all portals.
	maxLists = 2000
	// maxPeople bounds how many users of a portal are offered.
	maxPeople = 500
)

// deskCRM reads what settings are chosen from out of portals, in the bridge's own name.
type deskCRM struct {
	clients *clients
	now     func() time.Time
	mu      sync.Mutex
	known   map[string]knownList
}

type knownList struct {
	at   time.Time
	list any
}

var (
	_ setup.Cards  = (*deskCRM)(nil)
	_ setup.Office = (*deskCRM)(nil)
)

// portalList gives a portal's list, from memory while that is fresh. What the application may not see is an empty list:
// there the pages let codes be typed.
func portalList[T any](ctx context.Context, d *deskCRM, id, name string, ask func(context.Context, *bitrix.Client) ([]T, error)) ([]T, error) {
	key := id + "/" + name
	d.mu.Lock()
	known, ok := d.known[key]
	d.mu.Unlock()
	if ok && d.now().Sub(known.at) < listLife {
		return known.list.([]T), nil
	}
	client, err := d.clients.Bitrix(ctx, portal.ID(id))
	if err != nil {
		return nil, err
	}
	list, err := ask(ctx, client)
	if errors.Is(err, bitrix.ErrScope) || errors.Is(err, bitrix.ErrAccessDenied) || errors.Is(err, bitrix.ErrMethodNotFound) {
		list, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxLists {
		clear(d.known)
	}
	d.known[key] = knownList{d.now(), list}
	return list, nil
}

// Kinds implements setup.Cards.
func (d *deskCRM) Kinds(ctx context.Context, id string) ([]setup.Kind, error) {
	return portalList(ctx, d, id, "kinds", func(ctx context.Context, c *bitrix.Client) ([]setup.Kind, error) {
		all := []setup.Kind{{Key: "deal", Type: setup.TypeDeal, Funnels: true}, {Key: "lead", Type: setup.TypeLead}}
		for t, err := range c.Types(ctx, bitrix.ScanOptions{}) {
			if err != nil {
				return nil, err
			}
			if t.EntityTypeID.IsSmartProcess() {
				all = append(all, setup.Kind{Key: "item:" + strconv.Itoa(int(t.EntityTypeID)), Title: string(t.Title), Type: int(t.EntityTypeID), Funnels: bool(t.Categories)})
			}
		}
		return all, nil
	})
}

// Funnels implements setup.Cards. All stages come with one request; the funnels' names are asked for where the kind
// has funnels.
func (d *deskCRM) Funnels(ctx context.Context, id string, kind int) ([]setup.Funnel, error) {
	return portalList(ctx, d, id, fmt.Sprintf("funnels/%d", kind), func(ctx context.Context, c *bitrix.Client) ([]setup.Funnel, error) {
		of := bitrix.EntityTypeID(kind)
		statuses, err := c.Statuses(ctx, bitrix.ListOptions{})
		if err != nil {
			return nil, err
		}
		var categories []bitrix.Category
		if of != bitrix.EntityLead {
			categories, err = c.Categories(ctx, of)
			if _, refused := errors.AsType[*bitrix.APIError](err); err != nil && !refused { // a kind without funnels is refused
				return nil, err
			}
		}
		return funnels(of, categories, statuses), nil
	})
}

// funnels puts stages to their funnels, both in the order that the portal keeps.
func funnels(kind bitrix.EntityTypeID, categories []bitrix.Category, statuses []bitrix.Status) []setup.Funnel {
	slices.SortStableFunc(statuses, func(a, b bitrix.Status) int { return cmp.Compare(a.Sort, b.Sort) })
	slices.SortStableFunc(categories, func(a, b bitrix.Category) int { return cmp.Compare(a.Sort, b.Sort) })
	named := map[string]bitrix.Category{}
	var order []string
	for _, c := range categories {
		dictionary := bitrix.StageDictionary(kind, c.ID)
		named[dictionary] = c
		order = append(order, dictionary)
	}
	prefix := strings.TrimSuffix(bitrix.StageDictionary(kind, 0), "0") // of a smart process: DYNAMIC_128_STAGE_
	stages := map[string][]setup.Stage{}
	for _, s := range statuses {
		dictionary := string(s.EntityID)
		_, known := named[dictionary]
		if !known && dictionary != prefix && (!kind.IsSmartProcess() || !strings.HasPrefix(dictionary, prefix)) {
			continue
		}
		if stages[dictionary] == nil && !slices.Contains(order, dictionary) {
			order = append(order, dictionary)
		}
		stages[dictionary] = append(stages[dictionary], setup.Stage{Code: string(s.StatusID), Name: cmp.Or(string(s.Name), string(s.StatusID))})
	}
	var all []setup.Funnel
	for _, dictionary := range order {
		if len(stages[dictionary]) > 0 {
			all = append(all, setup.Funnel{ID: int(named[dictionary].ID), Name: string(named[dictionary].Name), Stages: stages[dictionary]})
		}
	}
	return all
}

// Fields implements setup.Cards.
func (d *deskCRM) Fields(ctx context.Context, id string, kind int) ([]setup.CardField, error) {
	return portalList(ctx, d, id, fmt.Sprintf("fields/%d", kind), func(ctx context.Context, c *bitrix.Client) ([]setup.CardField, error) {
		var (
			fields map[string]bitrix.FieldInfo
			err    error
		)
		if kind == setup.TypeRequisite {
			fields, err = c.RequisiteFields(ctx)
		} else {
			fields, err = c.ItemFields(ctx, bitrix.EntityTypeID(kind))
		}
		var all []setup.CardField
		for key, f := range fields {
			name := strings.ToUpper(cmp.Or(string(f.UpperName), key))
			all = append(all, setup.CardField{Name: name, Title: cmp.Or(f.Label(), name), Type: string(f.Type), Multiple: bool(f.Multiple), Own: strings.HasPrefix(name, "UF_")})
		}
		slices.SortFunc(all, func(a, b setup.CardField) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.Name, b.Name))
		})
		return all, err
	})
}

// rank puts people's own fields first.
func rank(f setup.CardField) int {
	if f.Own {
		return 0
	}
	return 1
}

// Workflows implements setup.Office.
func (d *deskCRM) Workflows(ctx context.Context, id string) ([]setup.Workflow, error) {
	return portalList(ctx, d, id, "workflows", func(ctx context.Context, c *bitrix.Client) ([]setup.Workflow, error) {
		var all []setup.Workflow
		for t, err := range c.Templates(ctx, bitrix.ScanOptions{Select: []string{"ID", "NAME", "DOCUMENT_TYPE", "PARAMETERS"}}) {
			if err != nil {
				return nil, err
			}
			w := setup.Workflow{ID: int(t.ID), Name: cmp.Or(string(t.Name), t.ID.String()), Kind: documentName(t.DocumentType)}
			for id, p := range t.Parameters {
				w.Parameters = append(w.Parameters, setup.Parameter{ID: id, Name: string(p.Name), Required: bool(p.Required)})
			}
			slices.SortFunc(w.Parameters, func(a, b setup.Parameter) int { return cmp.Compare(a.ID, b.ID) })
			all = append(all, w)
		}
		return all, nil
	})
}

// documentName is the sort of documents that a workflow runs on: the key of a kind of cards, else the portal's word.
func documentName(t bitrix.DocumentType) string {
	switch kind, err := bitrix.ParseEntityName(t.Type); {
	case err != nil:
		return t.Type
	case kind == bitrix.EntityDeal, kind == bitrix.EntityLead:
		return strings.ToLower(kind.Name())
	case kind.IsSmartProcess():
		return "item:" + strconv.Itoa(int(kind))
	default:
		return kind.Name()
	}
}

// People implements setup.Office: active employees.
func (d *deskCRM) People(ctx context.Context, id string) ([]setup.Person, error) {
	return portalList(ctx, d, id, "people", func(ctx context.Context, c *bitrix.Client) ([]setup.Person, error) {
		var all []setup.Person
		for u, err := range c.Users(ctx, bitrix.ScanOptions{Filter: map[string]any{"ACTIVE": true}}) {
			if err != nil {
				return nil, err
			}
			if u.Type != "" && u.Type != bitrix.UserEmployee {
				continue
			}
			if all = append(all, person(u)); len(all) == maxPeople {
				break
			}
		}
		slices.SortFunc(all, func(a, b setup.Person) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
		return all, nil
	})
}

func person(u bitrix.User) setup.Person {
	name := strings.Join(strings.Fields(string(u.LastName)+" "+string(u.Name)), " ")
	return setup.Person{ID: int64(u.ID), Name: cmp.Or(name, string(u.Email), u.ID.String()), Note: string(u.Position)}
}

// personName names a user for the history; by number when the portal does not tell.
func (d *deskCRM) personName(ctx context.Context, id string, user int64) string {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	people, _ := d.People(ctx, id) // without the portal the number does
	for _, one := range people {
		if one.ID == user {
			return one.Name
		}
	}
	return "ID " + strconv.FormatInt(user, 10)
}
