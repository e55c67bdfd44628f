package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
)

// anyDepartment lifts the restriction of a group.
const anyDepartment = "any"

// runDiadocGroupCreate makes a group of counteragents. There is no operation id; the name is unique in the box. A
// group of that name that an earlier try of this row may have made is taken for it when it is what was asked for.
func runDiadocGroupCreate(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	name := strings.TrimSpace(c.Properties.First("name"))
	departments, err := r.groupDepartments(ctx, c, at)
	if err != nil {
		return lane.Result{}, err
	}
	if c.begun() {
		made, found, err := at.groupNamed(ctx, name)
		if err != nil {
			return lane.Result{}, err
		}
		if found && sameDepartments(made.Departments, departments) {
			return groupTold(c, made, "the answer was lost; found by its name"), nil
		}
	}
	if err := r.begin(ctx, c); err != nil {
		return lane.Result{}, err
	}
	body := diadoc.CounteragentGroupToCreate{Name: name}
	if len(departments) > 0 { // an empty list is left out: the pages disagree about what it means
		body.Departments = &diadoc.DepartmentsInGroup{DepartmentIDs: departments}
	}
	made, err := at.client.CreateCounteragentGroup(ctx, at.box, body)
	if err != nil {
		return lane.Result{}, r.unbegun(ctx, c, groupRefused(err, name))
	}
	return groupTold(c, made, "created"), nil
}

func groupTold(c *call, g diadoc.CounteragentGroup, note string) lane.Result {
	return c.tell(note, fmt.Sprintf("Группа контрагентов «%s» создана, её идентификатор %s.", g.Name, g.CounteragentGroupID),
		map[string]any{"group_id": string(g.CounteragentGroupID)})
}

// runDiadocGroupUpdate renames a group or changes into which departments its members may send. What is left empty stays
// as it is; a repeat sets the same again.
func runDiadocGroupUpdate(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	group, err := at.group(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	change := diadoc.CounteragentGroupToUpdate{Name: strings.TrimSpace(c.Properties.First("name"))}
	switch given := c.Properties.All("departments"); {
	case len(given) == 1 && strings.EqualFold(given[0], anyDepartment):
		change.GroupDepartments = &diadoc.CounteragentGroupDepartmentPatch{AnyDepartment: true}
	case len(given) > 0:
		departments, err := r.groupDepartments(ctx, c, at)
		if err != nil {
			return lane.Result{}, err
		}
		change.GroupDepartments = &diadoc.CounteragentGroupDepartmentPatch{Departments: &diadoc.DepartmentsInGroup{DepartmentIDs: departments}}
	case change.Name == "":
		return lane.Result{}, badParams([]string{"name, departments: укажите новое имя группы, подразделения или и то и другое"})
	}
	if group == diadoc.DefaultGroup && change.Name != "" {
		return lane.Result{}, defaultGroup("переименовать", "renamed")
	}
	changed, err := at.client.UpdateCounteragentGroup(ctx, at.box, group, change)
	if err != nil {
		return lane.Result{}, groupRefused(err, change.Name)
	}
	return c.tell("updated", fmt.Sprintf("Группа контрагентов «%s» изменена.", changed.Name), map[string]any{"group_id": string(group)}), nil
}

// runDiadocGroupDelete deletes a group; its members go to the default one. One that is not there any more is deleted.
func runDiadocGroupDelete(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	group, err := at.group(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	if group == diadoc.DefaultGroup {
		return lane.Result{}, defaultGroup("удалить", "deleted")
	}
	repeated := c.begun()
	if err := r.begin(ctx, c); err != nil {
		return lane.Result{}, err
	}
	err = at.client.DeleteCounteragentGroup(ctx, at.box, group)
	if err != nil && !(repeated && errors.Is(err, diadoc.ErrNotFound)) {
		return lane.Result{}, r.unbegun(ctx, c, groupRefused(err, ""))
	}
	return c.tell("deleted", "Группа контрагентов удалена, её участники перешли в группу «По умолчанию».", map[string]any{"group_id": string(group)}), nil
}

// runDiadocGroupAdd puts a counteragent into a group. Being in it already changes nothing.
func runDiadocGroupAdd(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	group, err := at.group(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	to, err := r.counteragent(ctx, c, at)
	if err != nil {
		return lane.Result{}, err
	}
	err = at.client.AddCounteragentToGroup(ctx, at.box, group, to.box)
	if errors.Is(err, diadoc.ErrConflict) {
		return lane.Result{}, &docflow.Refusal{Code: "not_a_partner", Cause: err,
			CRMText: fmt.Sprintf("В группу можно добавить только контрагента, а с организацией «%s» (ИНН %s) обмен не установлен. Сначала пригласите её роботом «Диадок: пригласить контрагента».", to.name(), to.inn),
			TextEN:  "Only a partner can be added to a group: invite it first."}
	}
	if err != nil {
		return lane.Result{}, groupRefused(err, "")
	}
	return c.tell("added", fmt.Sprintf("%s (ИНН %s) теперь в группе контрагентов.", to.name(), to.inn), map[string]any{"group_id": string(group)}), nil
}

// group finds the group that a call is about, by its id or by its name.
func (o office) group(ctx context.Context, c *call) (diadoc.GroupID, error) {
	named := strings.TrimSpace(c.Properties.First("group_id"))
	if isGUID(named) {
		return diadoc.GroupID(strings.ToLower(named)), nil
	}
	if named == "" {
		return "", badParams([]string{"group_id: укажите идентификатор группы или её имя"})
	}
	all, err := o.groups(ctx)
	if err != nil {
		return "", groupRefused(err, "")
	}
	found, err := one("group_id", named, "группа", all, func(g diadoc.CounteragentGroup) (id, name string) { return string(g.CounteragentGroupID), g.Name })
	return found.CounteragentGroupID, err
}

func (o office) groups(ctx context.Context) (all []diadoc.CounteragentGroup, err error) {
	for g, err := range o.client.CounteragentGroups(ctx, o.box) {
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}

func (o office) groupNamed(ctx context.Context, name string) (diadoc.CounteragentGroup, bool, error) {
	all, err := o.groups(ctx)
	at := slices.IndexFunc(all, func(g diadoc.CounteragentGroup) bool { return g.Name == name })
	if at < 0 {
		return diadoc.CounteragentGroup{}, false, err
	}
	return all[at], true, err
}

// groupDepartments gives the ids of the departments that a call lists.
func (r *runner) groupDepartments(ctx context.Context, c *call, at office) ([]diadoc.DepartmentID, error) {
	var ids []diadoc.DepartmentID
	var named []string
	for _, value := range c.Properties.All("departments") {
		for _, each := range strings.Split(value, ";") {
			switch each = strings.TrimSpace(each); {
			case each == "" || strings.EqualFold(each, anyDepartment):
			case isGUID(each):
				ids = append(ids, diadoc.DepartmentID(strings.ToLower(each)))
			default:
				named = append(named, each)
			}
		}
	}
	if len(ids)+len(named) > diadoc.MaxGroupDepartment {
		return nil, badParams([]string{fmt.Sprintf("departments: %d подразделений, а в группе их может быть не больше %d", len(ids)+len(named), diadoc.MaxGroupDepartment)})
	}
	if len(named) == 0 {
		return ids, nil
	}
	all, err := at.departments(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range named {
		d, err := one("departments", name, "подразделение", all, func(d diadoc.Department) (id, name string) { return string(d.DepartmentID), d.Name })
		if err != nil {
			return nil, err
		}
		ids = append(ids, d.DepartmentID)
	}
	return ids, nil
}

func sameDepartments(there *diadoc.DepartmentsInGroup, asked []diadoc.DepartmentID) bool {
	var ids []string
	if there != nil {
		for _, id := range there.DepartmentIDs {
			ids = append(ids, strings.ToLower(string(id)))
		}
	}
	if len(ids) != len(asked) {
		return false
	}
	for _, id := range asked {
		if !slices.Contains(ids, strings.ToLower(string(id))) {
			return false
		}
	}
	return true
}

func defaultGroup(ru, en string) error {
	return &docflow.Refusal{Code: "default_group", CRMText: "Группу «По умолчанию» нельзя " + ru + ". Укажите другую группу.", TextEN: "The default group can't be " + en + "."}
}

// groupRefused says what the service's refusals mean for groups.
func groupRefused(err error, name string) error {
	switch {
	case errors.Is(err, diadoc.ErrConflict) && name != "":
		return &docflow.Refusal{Code: "name_taken", Cause: err,
			CRMText: fmt.Sprintf("Параметр name: группа контрагентов «%s» в ящике уже есть, имена не повторяются. Выберите другое имя или измените существующую группу роботом «Диадок: изменить группу контрагентов».", name),
			TextEN:  "Parameter name: the box has a group of that name already."}
	case errors.Is(err, diadoc.ErrNoAccess):
		return &docflow.Refusal{Code: "no_access", Cause: err,
			CRMText: "Группами контрагентов распоряжается только администратор ящика с правом управлять контрагентами. Дайте пользователю подключения к Диадоку эти права.",
			TextEN:  "Only administrators of the box who may manage counteragents can change groups."}
	case errors.Is(err, diadoc.ErrNotFound):
		return &docflow.Refusal{Code: "not_found", Cause: err,
			CRMText: "Группа контрагентов или подразделение не найдены в ящике: возможно, их удалили. Проверьте group_id и departments.",
			TextEN:  "The group or a department is not in the box."}
	}
	return err
}
