package diadoc

// AdminDepartment is a department as an administrator sees it (Departments.Department on the wire);
// Departments/Department.proto.
type AdminDepartment struct {
	ID                 string       `json:"Id"`
	ParentDepartmentID DepartmentID `json:"ParentDepartmentId,omitempty"`
	Name               string       `json:"Name"`
	Abbreviation       string       `json:"Abbreviation"`
	KPP                string       `json:"Kpp,omitempty"`
	Address            Raw          `json:"Address,omitempty"`
	Routing            Routing      `json:"Routing"`
	CreationTimestamp  Timestamp    `json:"CreationTimestamp"`
	Extra              Extra        `json:"-"`
}

// DepartmentList is a page of departments (Departments/DepartmentList.proto).
type DepartmentList struct {
	Departments []AdminDepartment `json:"Departments,omitempty"`
	TotalCount  int               `json:"TotalCount"`
	Extra       Extra             `json:"-"`
}

// DepartmentToCreate is the body of [Client.CreateDepartment] (Departments/DepartmentToCreate.proto).
type DepartmentToCreate struct {
	ParentDepartmentID DepartmentID `json:"ParentDepartmentId,omitempty"`
	Name               string       `json:"Name"`
	Abbreviation       string       `json:"Abbreviation"`
	KPP                string       `json:"Kpp,omitempty"`
	Address            Raw          `json:"Address,omitempty"`
	Routing            Routing      `json:"Routing"`
}

// DepartmentToUpdate is the body of [Client.UpdateDepartment]; what is left out stays as it is
// (Departments/DepartmentToUpdate.proto).
type DepartmentToUpdate struct {
	ParentDepartment Raw `json:"ParentDepartment,omitempty"`
	DepartmentNaming Raw `json:"DepartmentNaming,omitempty"`
	KPP              Raw `json:"Kpp,omitempty"`
	Address          Raw `json:"Address,omitempty"`
	Routing          Raw `json:"Routing,omitempty"`
}

// Routing tells by what incoming documents find the department (Departments/Routing.proto).
type Routing struct {
	KPP     bool  `json:"Kpp"`
	Address bool  `json:"Address"`
	Extra   Extra `json:"-"`
}
