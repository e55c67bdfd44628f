package diadoc

import (
	"context"
	"iter"
)

// GetDepartments reads one page of departments, for administrators. page counts from 1; zeros take the
// service's defaults. See [Client.Departments].
func (c *Client) GetDepartments(ctx context.Context, box BoxID, page, count int) (DepartmentList, error) {
	return ask[DepartmentList](ctx, c, "GetDepartments", query{"boxId": string(box), "page": number(page), "count": number(count)}, nil)
}

// Departments lists all departments of a box, for administrators.
func (c *Client) Departments(ctx context.Context, box BoxID) iter.Seq2[AdminDepartment, error] {
	return numbered(func(page int) ([]AdminDepartment, error) {
		list, err := c.GetDepartments(ctx, box, page, MaxPage)
		return list.Departments, err
	})
}

// GetDepartment reads a department as everybody sees it.
func (c *Client) GetDepartment(ctx context.Context, box BoxID, department DepartmentID) (Department, error) {
	return ask[Department](ctx, c, "GetDepartment", query{"boxId": string(box), "departmentId": string(department)}, nil)
}

// GetDepartmentAdmin reads a department as an administrator sees it.
func (c *Client) GetDepartmentAdmin(ctx context.Context, box BoxID, department DepartmentID) (AdminDepartment, error) {
	return ask[AdminDepartment](ctx, c, "GetDepartmentAdmin", query{"boxId": string(box), "departmentId": string(department)}, nil)
}

// CreateDepartment creates a department, for administrators. After a lost answer list the departments
// before a second try.
func (c *Client) CreateDepartment(ctx context.Context, box BoxID, department DepartmentToCreate) (AdminDepartment, error) {
	return ask[AdminDepartment](ctx, c, "CreateDepartment", query{"boxId": string(box)}, department)
}

// UpdateDepartment changes a department, for administrators.
func (c *Client) UpdateDepartment(ctx context.Context, box BoxID, department DepartmentID, change DepartmentToUpdate) (AdminDepartment, error) {
	return ask[AdminDepartment](ctx, c, "UpdateDepartment", query{"boxId": string(box), "departmentId": string(department)}, change)
}

// DeleteDepartment deletes an empty department, for administrators.
//
// Errors: [ErrConflict] for the head department and for one with children, documents or employees.
func (c *Client) DeleteDepartment(ctx context.Context, box BoxID, department DepartmentID) error {
	return c.tell(ctx, "DeleteDepartment", query{"boxId": string(box), "departmentId": string(department)}, nil)
}

// GetEmployee reads an employee.
func (c *Client) GetEmployee(ctx context.Context, box BoxID, user UserID) (Employee, error) {
	return ask[Employee](ctx, c, "GetEmployee", query{"boxId": string(box), "userId": string(user)}, nil)
}

// GetEmployees reads one page of employees. page counts from 1; zeros take the service's defaults. See
// [Client.Employees].
func (c *Client) GetEmployees(ctx context.Context, box BoxID, page, count int) (EmployeeList, error) {
	return ask[EmployeeList](ctx, c, "GetEmployees", query{"boxId": string(box), "page": number(page), "count": number(count)}, nil)
}

// Employees lists all employees of a box's organisation.
func (c *Client) Employees(ctx context.Context, box BoxID) iter.Seq2[Employee, error] {
	return numbered(func(page int) ([]Employee, error) {
		list, err := c.GetEmployees(ctx, box, page, MaxPage)
		return list.Employees, err
	})
}

// CreateEmployee makes somebody an employee, by login or certificate. employee is an EmployeeToCreate.
//
// Errors: [ErrConflict] when he is one already.
func (c *Client) CreateEmployee(ctx context.Context, box BoxID, employee Raw) (Employee, error) {
	return ask[Employee](ctx, c, "CreateEmployee", query{"boxId": string(box)}, employee)
}

// UpdateEmployee changes an employee. change is an EmployeeToUpdate.
func (c *Client) UpdateEmployee(ctx context.Context, box BoxID, user UserID, change Raw) (Employee, error) {
	return ask[Employee](ctx, c, "UpdateEmployee", query{"boxId": string(box), "userId": string(user)}, change)
}

// DeleteEmployee dismisses an employee.
func (c *Client) DeleteEmployee(ctx context.Context, box BoxID, user UserID) error {
	return c.tell(ctx, "DeleteEmployee", query{"boxId": string(box), "userId": string(user)}, nil)
}

// GetSubscriptions reads what an employee is told by e-mail; the answer is an EmployeeSubscriptions.
func (c *Client) GetSubscriptions(ctx context.Context, box BoxID, user UserID) (Raw, error) {
	return ask[Raw](ctx, c, "GetSubscriptions", query{"boxId": string(box), "userId": string(user)}, nil)
}

// UpdateSubscriptions changes what an employee is told by e-mail. change is a SubscriptionsToUpdate, the
// answer an EmployeeSubscriptions.
func (c *Client) UpdateSubscriptions(ctx context.Context, box BoxID, user UserID, change Raw) (Raw, error) {
	return ask[Raw](ctx, c, "UpdateSubscriptions", query{"boxId": string(box), "userId": string(user)}, change)
}
