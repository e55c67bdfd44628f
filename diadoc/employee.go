package diadoc

// User is a user as the first version of GetMyUser told of him (User.proto).
type User struct {
	ID                string `json:"Id,omitempty"`
	LastName          string `json:"LastName,omitempty"`
	FirstName         string `json:"FirstName,omitempty"`
	MiddleName        string `json:"MiddleName,omitempty"`
	CloudCertificates []Raw  `json:"CloudCertificates,omitempty"`
}

// UserV2 is a user (User.proto).
type UserV2 struct {
	UserID       UserID    `json:"UserId"`
	Login        string    `json:"Login,omitempty"`
	FullName     *FullName `json:"FullName,omitempty"`
	IsRegistered bool      `json:"IsRegistered"`
	Extra        Extra     `json:"-"`
}

// FullName is a person's name (User.proto).
type FullName struct {
	LastName   string `json:"LastName"`
	FirstName  string `json:"FirstName"`
	MiddleName string `json:"MiddleName,omitempty"`
	Extra      Extra  `json:"-"`
}

// OrganizationUser is a user of an organisation with his rights (OrganizationUser.proto).
type OrganizationUser struct {
	ID          string                      `json:"Id"`
	Name        string                      `json:"Name"`
	Permissions OrganizationUserPermissions `json:"Permissions"`
	Position    string                      `json:"Position"`
	Extra       Extra                       `json:"-"`
}

// OrganizationUsersList lists an organisation's users (OrganizationUser.proto).
type OrganizationUsersList struct {
	Users         []OrganizationUser `json:"Users,omitempty"`
	CurrentUserID UserID             `json:"CurrentUserId"`
	Extra         Extra              `json:"-"`
}

// Employee is an employee with his rights (Employees/Employee.proto).
type Employee struct {
	User                UserV2              `json:"User"`
	Permissions         EmployeePermissions `json:"Permissions"`
	Position            string              `json:"Position"`
	CanBeInvitedForChat bool                `json:"CanBeInvitedForChat"`
	CreationTimestamp   Timestamp           `json:"CreationTimestamp,omitzero"`
	Extra               Extra               `json:"-"`
}

// EmployeeList is a page of employees (Employees/Employee.proto).
type EmployeeList struct {
	Employees  []Employee `json:"Employees,omitempty"`
	TotalCount int        `json:"TotalCount"`
	Extra      Extra      `json:"-"`
}

// EmployeePermissions are an employee's rights; see [EmployeePermissions.Allows]
// (Employees/Employee.proto).
type EmployeePermissions struct {
	UserDepartmentID        DepartmentID        `json:"UserDepartmentId"`
	IsAdministrator         bool                `json:"IsAdministrator"`
	DocumentAccessLevel     DocumentAccessLevel `json:"DocumentAccessLevel"`
	SelectedDepartmentIDs   []DepartmentID      `json:"SelectedDepartmentIds,omitempty"`
	Actions                 []EmployeeAction    `json:"Actions,omitempty"`
	AuthorizationPermission Raw                 `json:"AuthorizationPermission,omitempty"`
	Extra                   Extra               `json:"-"`
}

// EmployeeAction is one right (Employees/Employee.proto).
type EmployeeAction struct {
	Name      string `json:"Name"`
	IsAllowed bool   `json:"IsAllowed"`
	Extra     Extra  `json:"-"`
}

// OrganizationUserPermissions are a user's rights in the older form
// (OrganizationUserPermissions.proto).
type OrganizationUserPermissions struct {
	UserDepartmentID           DepartmentID        `json:"UserDepartmentId"`
	IsAdministrator            bool                `json:"IsAdministrator"`
	DocumentAccessLevel        DocumentAccessLevel `json:"DocumentAccessLevel,omitempty"` // AllDocuments needed for the full feed
	CanSignDocuments           bool                `json:"CanSignDocuments"`
	CanManageCounteragents     bool                `json:"CanManageCounteragents"`
	CanAddResolutions          bool                `json:"CanAddResolutions"`
	CanRequestResolutions      bool                `json:"CanRequestResolutions"`
	SelectedDepartmentIDs      []DepartmentID      `json:"SelectedDepartmentIds,omitempty"` // level 3
	JobTitle                   string              `json:"JobTitle,omitempty"`
	CanCreateDocuments         bool                `json:"CanCreateDocuments"`
	AuthorizationPermission    Raw                 `json:"AuthorizationPermission"` // blocked user
	CanDeleteRestoreDocuments  bool                `json:"CanDeleteRestoreDocuments"`
	CanAttachUniversalMessages bool                `json:"CanAttachUniversalMessages"`
	CanUseGoskeyFL             bool                `json:"CanUseGoskeyFL,omitempty"`
	Extra                      Extra               `json:"-"`
}
