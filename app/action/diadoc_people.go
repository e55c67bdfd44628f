package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// department finds a department of the box by its id or by its name. The head department has an id of zeros and
// goes by the organisation's name.
func (o office) department(ctx context.Context, param, named string) (diadoc.Department, error) {
	all, err := o.departments(ctx)
	if err != nil {
		return diadoc.Department{}, err
	}
	if id := strings.TrimSpace(named); isGUID(id) && !slices.ContainsFunc(all, func(d diadoc.Department) bool { return strings.EqualFold(string(d.DepartmentID), id) }) {
		return diadoc.Department{DepartmentID: diadoc.DepartmentID(id), Name: id}, nil // the service knows whether there is one
	}
	return one(param, named, "подразделение", all, func(d diadoc.Department) (id, name string) { return string(d.DepartmentID), d.Name })
}

// departments lists those of the box that are in use, the head one first.
func (o office) departments(ctx context.Context) ([]diadoc.Department, error) {
	mine, err := o.client.GetMyOrganizations(ctx, false)
	if err != nil {
		return nil, err
	}
	for _, org := range mine.Organizations {
		for _, b := range org.Boxes {
			if !b.BoxIDGUID.Same(o.box) && !b.BoxID.Same(o.box) {
				continue
			}
			all := []diadoc.Department{{DepartmentID: diadoc.HeadDepartment, Name: "Головное подразделение"}}
			for _, d := range org.Departments {
				if !d.IsDisabled && d.DepartmentID != diadoc.HeadDepartment {
					all = append(all, d)
				}
			}
			return all, nil
		}
	}
	return nil, &docflow.Refusal{Code: "no_access", CRMText: "Пользователь подключения к Диадоку больше не видит ящик " + string(o.box) + ". Проверьте подключение.",
		TextEN: "The user of the connection does not see the box any more."}
}

func isGUID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }

// employee finds an employee of the box by the user's id, login or name. An id is taken as it is: only some users
// may list the others.
func (o office) employee(ctx context.Context, param, named string) (diadoc.Employee, error) {
	if named = strings.TrimSpace(named); isGUID(named) {
		return diadoc.Employee{User: diadoc.UserV2{UserID: diadoc.UserID(named)}}, nil
	}
	var all []diadoc.Employee
	for e, err := range o.client.Employees(ctx, o.box) {
		if errors.Is(err, diadoc.ErrNoAccess) {
			return diadoc.Employee{}, &docflow.Refusal{Code: "no_access", Cause: err,
				CRMText: fmt.Sprintf("Параметр %s: пользователю подключения к Диадоку не виден список сотрудников, найти «%s» по имени нельзя. Укажите идентификатор пользователя или дайте подключению права администратора.", param, named),
				TextEN:  fmt.Sprintf("Parameter %s: the connection's user may not list employees; give the user's id.", param)}
		}
		if err != nil {
			return diadoc.Employee{}, err
		}
		if named != "" && strings.EqualFold(e.User.Login, named) {
			return e, nil
		}
		all = append(all, e)
	}
	return one(param, named, "сотрудник", all, func(e diadoc.Employee) (id, name string) {
		if e.User.FullName != nil {
			name = strings.Join(strings.Fields(e.User.FullName.LastName+" "+e.User.FullName.FirstName+" "+e.User.FullName.MiddleName), " ")
		}
		return string(e.User.UserID), name
	})
}

// maxNamed bounds how many names a refusal lists.
const maxNamed = 20

// one chooses among things by id or by name, by the beginning of the name where only one has it. A name that
// several have is refused: the wrong one must not be taken.
func one[T any](param, named, what string, all []T, of func(T) (id, name string)) (T, error) {
	var none T
	named = strings.Join(strings.Fields(named), " ")
	var exact, begun []T
	var names []string
	for _, each := range all {
		id, name := of(each)
		if strings.EqualFold(id, named) {
			return each, nil
		}
		switch fold := strings.ToLower(name); {
		case fold == strings.ToLower(named):
			exact = append(exact, each)
		case named != "" && strings.HasPrefix(fold, strings.ToLower(named)+" "):
			begun = append(begun, each)
		}
		if len(names) < maxNamed && name != "" {
			names = append(names, name)
		}
	}
	if len(exact) == 0 {
		exact = begun
	}
	switch len(exact) {
	case 1:
		return exact[0], nil
	case 0:
		return none, &docflow.Refusal{Code: "not_found",
			CRMText: fmt.Sprintf("Параметр %s: в ящике Диадока нет такого: %s «%s». Есть: %s.", param, what, named, strings.Join(names, "; ")),
			TextEN:  fmt.Sprintf("Parameter %s: the box has none called %q. There are: %s.", param, named, strings.Join(names, "; "))}
	}
	return none, &docflow.Refusal{Code: "ambiguous",
		CRMText: fmt.Sprintf("Параметр %s: под именем «%s» подходит несколько (%s). Укажите идентификатор.", param, named, what),
		TextEN:  fmt.Sprintf("Parameter %s: several are called %q; give the id.", param, named)}
}
