package bitrixsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// v3Task is a task as REST 3.0 shows it (doc: api-reference/tasks/tasks-task-add-rest-v3).
type v3Task struct {
	ID            int    `json:"id"`
	Title         string `json:"title"`
	Description   string `json:"description"`
	CreatorID     int    `json:"creatorId"`
	ResponsibleID int    `json:"responsibleId"`
	Deadline      any    `json:"deadline"`
	Status        string `json:"status"`
	Created       string `json:"created"`
}

// values is a task as a map of its fields.
func (t *v3Task) values() map[string]any {
	raw, _ := json.Marshal(t) // a struct of plain values always encodes
	var out map[string]any
	_ = json.Unmarshal(raw, &out)
	return out
}

// v3ID reads the required id, which must be a number.
func (c *call) v3ID() (int, *v3Error) {
	v := c.params.get("id")
	if v == nil {
		return 0, v3Invalid("id", "Required field `id` is missing")
	}
	if _, number := v.(json.Number); !number {
		return 0, v3Invalid("id", "Field `id` requires data type `int` for this request")
	}
	return intOf(v), nil
}

// v3Find finds the task of the id parameter; found is false when there is none.
func (c *call) v3Find() (task *v3Task, id int, err *v3Error) {
	id, err = c.v3ID()
	if err != nil {
		return nil, 0, err
	}
	return c.p.v3tasks[id], id, nil
}

func (c *call) v3Read(t *v3Task, fields *array) *v3Error {
	for _, name := range keysOf(fields) {
		v := fields.vals[name]
		switch name {
		case "title":
			t.Title = str(v)
		case "description":
			t.Description = str(v)
		case "deadline":
			t.Deadline = toGo(v)
		case "creatorId":
			t.CreatorID = intOf(v)
		case "responsibleId":
			if c.p.users[intOf(v)] == nil {
				return v3Invalid("responsibleId", "The user specified in the \"Responsible\" field was not found")
			}
			t.ResponsibleID = intOf(v)
		default:
			return v3Fail(http.StatusBadRequest, "UNKNOWNDTOPROPERTYEXCEPTION", "Unknown field `"+name+"` for entity `TaskDto`")
		}
	}
	return nil
}

func v3TaskAdd(c *call) (any, *v3Error) {
	fields := asArray(c.params.get("fields"))
	if fields == nil {
		return nil, v3Invalid("fields", "Required field `fields` is missing")
	}
	for _, name := range []string{"title", "creatorId", "responsibleId"} {
		if str(fields.get(name)) == "" {
			return nil, v3Invalid(name, "Required field `"+name+"` is missing")
		}
	}
	t := &v3Task{Status: "pending", Created: c.s.now().Format(isoTime)}
	if err := c.v3Read(t, fields); err != nil {
		return nil, err
	}
	t.ID = c.p.nextID("task", 3835)
	c.p.v3tasks[t.ID] = t
	return map[string]any{"item": t.values()}, nil
}

func v3TaskGet(c *call) (any, *v3Error) {
	t, id, err := c.v3Find()
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, v3Fail(http.StatusBadRequest, "ENTITYNOTFOUNDEXCEPTION", "Record with ID = `"+itoa(id)+"` not found")
	}
	return map[string]any{"item": v3Select(t, list(c.params.get("select")))}, nil
}

// v3Select keeps the wanted fields; an unknown one of the object itself is left out without a word.
func v3Select(t *v3Task, names []any) map[string]any {
	all := t.values()
	if len(names) == 0 {
		return all
	}
	out := map[string]any{}
	for _, n := range names {
		if v, ok := all[str(n)]; ok {
			out[str(n)] = v
		}
	}
	return out
}

func v3TaskUpdate(c *call) (any, *v3Error) {
	t, _, err := c.v3Find()
	if err != nil {
		return nil, err
	}
	fields := asArray(c.params.get("fields"))
	switch {
	case fields == nil:
		return nil, v3Invalid("fields", "Required field `fields` is missing")
	case t == nil:
		return nil, v3Fail(http.StatusForbidden, "ACCESSDENIEDEXCEPTION", "Access denied")
	case fields.has("creatorId"):
		return nil, v3Invalid("creatorId", "In DTO `TaskDto`, the field `creatorId` requires the presence of the `Editable` attribute for such a request")
	}
	next := *t
	if err := c.v3Read(&next, fields); err != nil {
		return nil, err
	}
	*t = next
	return map[string]any{"result": true}, nil
}

func v3TaskDelete(c *call) (any, *v3Error) {
	t, id, err := c.v3Find()
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, v3Fail(http.StatusForbidden, "ACCESSDENIEDEXCEPTION", "Access denied")
	}
	delete(c.p.v3tasks, id)
	return map[string]any{"result": true}, nil
}

// v3TaskList filters by id alone, as tasks do; without a selection it answers ids.
func v3TaskList(c *call) (any, *v3Error) {
	keep, err := v3Filter(list(c.params.get("filter")))
	if err != nil {
		return nil, err
	}
	limit, offset := 50, 0
	pagination := asArray(c.params.get("pagination"))
	for _, key := range keysOf(pagination) {
		n, ok := num(pagination.vals[key])
		if !ok || n < 0 || key == "limit" && n == 0 {
			return nil, v3Fail(http.StatusBadRequest, "INVALIDPAGINATIONEXCEPTION", "Unable to recognize the pagination parameter")
		}
		switch key {
		case "limit":
			limit = min(n, 1000)
		case "offset":
			offset = n
		}
	}
	if n, ok := num(pagination.get("page")); ok {
		offset = max(n-1, 0) * limit
	}
	ids := slices.DeleteFunc(sortedKeys(c.p.v3tasks), func(id int) bool { return !keep(id) })
	if order := asArray(c.params.get("order")); strings.EqualFold(str(order.get("id")), "desc") {
		slices.Reverse(ids)
	}
	names := list(c.params.get("select"))
	if len(names) == 0 {
		names = []any{"id"}
	}
	items := []any{}
	for _, id := range ids[min(offset, len(ids)):min(offset+limit, len(ids))] {
		items = append(items, v3Select(c.p.v3tasks[id], names))
	}
	return map[string]any{"items": items}, nil
}

// v3Filter reads conditions on id: ["id", operator, value], ["id", value] and or-groups of them.
func v3Filter(conditions []any) (func(id int) bool, *v3Error) {
	var all []func(int) bool
	for _, raw := range conditions {
		a := asArray(raw)
		if group := asArray(a.get("conditions")); group != nil {
			var any1 []func(int) bool
			for _, inner := range group.values() {
				one, err := v3Filter([]any{inner})
				if err != nil {
					return nil, err
				}
				any1 = append(any1, one)
			}
			all = append(all, func(id int) bool {
				return slices.ContainsFunc(any1, func(one func(int) bool) bool { return one(id) })
			})
			continue
		}
		one, err := v3Condition(a.values())
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return func(id int) bool { return !slices.ContainsFunc(all, func(one func(int) bool) bool { return !one(id) }) }, nil
}

func v3Condition(parts []any) (func(id int) bool, *v3Error) {
	if len(parts) < 2 || str(parts[0]) != "id" {
		return nil, v3Fail(http.StatusBadRequest, "UNKNOWNDTOPROPERTYEXCEPTION", "Unknown field in the filter of `TaskDto`")
	}
	op, want := "in", parts[1]
	if len(parts) > 2 {
		op, want = str(parts[1]), parts[2]
	}
	values := list(want)
	switch op {
	case "=", "in":
		return func(id int) bool { return slices.ContainsFunc(values, func(v any) bool { return intOf(v) == id }) }, nil
	case "between":
		if len(values) != 2 {
			return nil, v3Invalid("id", "Two values are wanted")
		}
		return func(id int) bool { return id >= intOf(values[0]) && id <= intOf(values[1]) }, nil
	case "!=", ">", ">=", "<", "<=":
		return func(id int) bool { return compareOp(op, id, want) }, nil
	}
	return nil, v3Fail(http.StatusBadRequest, "UNKNOWNFILTEROPERATOREXCEPTION", "Unknown filter operator `"+op+"`")
}
