package diadoc

// CounteragentGroup limits into which departments its members may send; without Departments into any
// (CounteragentGroups/CounteragentGroup.proto).
type CounteragentGroup struct {
	CounteragentGroupID GroupID             `json:"CounteragentGroupId"`
	Name                string              `json:"Name"`
	Departments         *DepartmentsInGroup `json:"Departments,omitempty"`
	Extra               Extra               `json:"-"`
}

// CounteragentGroupsList is a page of groups (CounteragentGroups/CounteragentGroup.proto).
type CounteragentGroupsList struct {
	Groups     []CounteragentGroup `json:"Groups,omitempty"`
	TotalCount int                 `json:"TotalCount"`
	Extra      Extra               `json:"-"`
}

// CounteragentGroupToCreate is the body of [Client.CreateCounteragentGroup]
// (CounteragentGroups/CounteragentGroupToCreate.proto).
type CounteragentGroupToCreate struct {
	Name        string              `json:"Name"`
	Departments *DepartmentsInGroup `json:"Departments,omitempty"`
}

// CounteragentGroupToUpdate is the body of [Client.UpdateCounteragentGroup]; what is left out stays as
// it is (CounteragentGroups/CounteragentGroupToUpdate.proto).
type CounteragentGroupToUpdate struct {
	Name             string                            `json:"Name,omitempty"`
	GroupDepartments *CounteragentGroupDepartmentPatch `json:"GroupDepartments,omitempty"`
}

// CounteragentGroupDepartmentPatch replaces the departments of a group, or lifts the restriction
// (CounteragentGroups/CounteragentGroupToUpdate.proto).
type CounteragentGroupDepartmentPatch struct {
	AnyDepartment bool                `json:"AnyDepartment"`
	Departments   *DepartmentsInGroup `json:"Departments,omitempty"`
}

// DepartmentsInGroup lists departments (CounteragentGroups/DepartmentsInGroup.proto).
type DepartmentsInGroup struct {
	DepartmentIDs []DepartmentID `json:"DepartmentIds,omitempty"`
	Extra         Extra          `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *DepartmentsInGroup) UnmarshalJSON(raw []byte) error {
	type plain DepartmentsInGroup
	if err := readExtra(raw, (*plain)(d), &d.Extra); err != nil {
		return err
	}
	if other, ok := d.Extra["DepartmentId"]; ok && len(d.DepartmentIDs) == 0 { // as one page calls it
		delete(d.Extra, "DepartmentId")
		return other.Decode(&d.DepartmentIDs)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (d DepartmentsInGroup) MarshalJSON() ([]byte, error) {
	type plain DepartmentsInGroup
	return writeExtra(plain(d), d.Extra)
}

// CounteragentFromGroupResponse is a page of a group's members
// (CounteragentGroups/CounteragentFromGroupResponse.proto).
type CounteragentFromGroupResponse struct {
	CounteragentBoxID []BoxID  `json:"CounteragentBoxId,omitempty"`
	TotalCount        int      `json:"TotalCount"`
	AfterIndexKey     IndexKey `json:"AfterIndexKey,omitempty"`
	Extra             Extra    `json:"-"`
}
