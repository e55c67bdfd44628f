package diadoc

import (
	"context"
	"slices"
	"strconv"
)

// GetMyOrganizations lists the organisations and boxes that the user sees, with their departments. With
// autoRegister the service may make him an employee of further organisations, or ask their administrators
// for it: a robot says false.
//
// Errors: [ErrConflict] after three attempts to register in a day.
func (c *Client) GetMyOrganizations(ctx context.Context, autoRegister bool) (OrganizationList, error) {
	return ask[OrganizationList](ctx, c, "GetMyOrganizations", query{"autoRegister": strconv.FormatBool(autoRegister)}, nil)
}

// GetMyUser reads the user of the token.
func (c *Client) GetMyUser(ctx context.Context) (UserV2, error) {
	return ask[UserV2](ctx, c, "GetMyUser", nil, nil)
}

// GetMyPermissions reads the user's rights in an organisation.
//
// Deprecated: use [Client.GetMyEmployee].
func (c *Client) GetMyPermissions(ctx context.Context, org OrgID) (OrganizationUserPermissions, error) {
	return ask[OrganizationUserPermissions](ctx, c, "GetMyPermissions", query{"orgId": string(org)}, nil)
}

// GetMyEmployee reads the user as an employee of a box's organisation. Look at [EmployeePermissions.Allows]
// before sending and signing.
func (c *Client) GetMyEmployee(ctx context.Context, box BoxID) (Employee, error) {
	return ask[Employee](ctx, c, "GetMyEmployee", query{"boxId": string(box)}, nil)
}

// Rights that [EmployeePermissions.Allows] is asked about.
const (
	CreateDocuments            = "CreateDocuments"            // send
	SignDocuments              = "SignDocuments"              // sign and refuse
	DeleteRestoreDocuments     = "DeleteRestoreDocuments"     // delete and restore
	AddResolutions             = "AddResolutions"             // decide
	RequestResolutions         = "RequestResolutions"         // ask for decisions
	ManageCounteragents        = "ManageCounteragents"        // counteragents; their groups want an administrator too
	CanAttachUniversalMessages = "CanAttachUniversalMessages" // universal messages
)

// Allows reports whether the employee may do action, such as [SignDocuments].
func (p EmployeePermissions) Allows(action string) bool {
	return slices.ContainsFunc(p.Actions, func(a EmployeeAction) bool { return a.Name == action && a.IsAllowed })
}

// SeesAllDocuments reports whether the employee sees every document of the box, which the feed without a
// department, drafts, docflows and GetEvent want.
func (p EmployeePermissions) SeesAllDocuments() bool {
	return p.DocumentAccessLevel == AccessAllDocuments
}

// CertificateList lists certificates. The name of the list is not documented: any list of an answer is
// taken for it.
type CertificateList struct {
	Certificates []CertificateInfoV2 `json:"Certificates,omitempty"`
	Extra        Extra               `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *CertificateList) UnmarshalJSON(raw []byte) error {
	return readList(raw, "Certificates", &l.Certificates, &l.Extra)
}

// MarshalJSON implements json.Marshaler.
func (l CertificateList) MarshalJSON() ([]byte, error) {
	type plain CertificateList
	return writeExtra(plain(l), l.Extra)
}

// GetMyCertificates lists the user's certificates; with goskey those of Госключ as well.
func (c *Client) GetMyCertificates(ctx context.Context, box BoxID, goskey bool) (CertificateList, error) {
	return ask[CertificateList](ctx, c, "GetMyCertificates", query{"boxId": string(box), "includeGoskeyCertificates": yes(goskey)}, nil)
}

// OrganizationQuery chooses one organisation by exactly one of its fields; KPP may go with INN.
type OrganizationQuery struct {
	BoxID               BoxID
	INN, KPP            string
	FnsParticipantID    string // "2BM-…"
	ForeignTaxpayerCode string
	OrgID               OrgID
}

// GetOrganization finds one organisation. By INN alone it answers only when exactly one has it; a KPP that
// nobody has brings the head organisation.
//
// Errors: [ErrNotFound].
func (c *Client) GetOrganization(ctx context.Context, q OrganizationQuery) (Organization, error) {
	chosen := 0
	for _, value := range []string{string(q.BoxID), q.INN, q.FnsParticipantID, q.ForeignTaxpayerCode, string(q.OrgID)} {
		if value != "" {
			chosen++
		}
	}
	if chosen != 1 || q.KPP != "" && q.INN == "" {
		return Organization{}, &CallError{"GetOrganization", "query", Text{"нужен ровно один признак организации; КПП задаётся только вместе с ИНН", "needs exactly one selector; kpp goes with inn alone"}}
	}
	return ask[Organization](ctx, c, "GetOrganization", query{"orgId": string(q.OrgID), "boxId": string(q.BoxID), "fnsParticipantId": q.FnsParticipantID,
		"inn": q.INN, "kpp": q.KPP, "foreignTaxpayerCode": q.ForeignTaxpayerCode}, nil)
}

// GetBox reads any box.
//
// Errors: [ErrNotFound].
func (c *Client) GetBox(ctx context.Context, box BoxID) (Box, error) {
	return ask[Box](ctx, c, "GetBox", query{"boxId": string(box)}, nil)
}

// GetOrganizationsByInnKpp finds organisations: branches and doubles of other operators share INN and KPP.
func (c *Client) GetOrganizationsByInnKpp(ctx context.Context, inn, kpp string, includeRelations bool) (OrganizationList, error) {
	return ask[OrganizationList](ctx, c, "GetOrganizationsByInnKpp", query{"inn": inn, "kpp": kpp, "includeRelations": yes(includeRelations)}, nil)
}

// GetOrganizationsByInnList finds organisations by a list of INNs. request is a
// GetOrganizationsByInnListRequest, the answer a GetOrganizationsByInnListResponse. Without myBox every row
// says that there is no relation, whatever the relation is.
func (c *Client) GetOrganizationsByInnList(ctx context.Context, myBox BoxID, request Raw) (Raw, error) {
	return ask[Raw](ctx, c, "GetOrganizationsByInnList", query{"myBoxId": string(myBox)}, request)
}

// GetOrganizationsByForeignTaxpayerCode finds organisations from abroad.
func (c *Client) GetOrganizationsByForeignTaxpayerCode(ctx context.Context, code string, includeRelations bool) (OrganizationList, error) {
	return ask[OrganizationList](ctx, c, "GetOrganizationsByForeignTaxpayerCode",
		query{"foreignTaxpayerCode": code, "includeRelations": yes(includeRelations)}, nil)
}

// GetOrganizationUsers lists the users of a box's organisation; [Client.GetEmployees] tells more.
func (c *Client) GetOrganizationUsers(ctx context.Context, box BoxID) (OrganizationUsersList, error) {
	return ask[OrganizationUsersList](ctx, c, "GetOrganizationUsers", query{"boxId": string(box)}, nil)
}

// GetOrganizationFeatures tells whether the box's organisation is blocked and what it may do.
func (c *Client) GetOrganizationFeatures(ctx context.Context, box BoxID) (OrganizationFeatures, error) {
	return ask[OrganizationFeatures](ctx, c, "GetOrganizationFeatures", query{"boxId": string(box)}, nil)
}

// UpdateOrganizationProperties changes an organisation. properties is an OrganizationPropertiesToUpdate.
func (c *Client) UpdateOrganizationProperties(ctx context.Context, properties Raw) error {
	return c.tell(ctx, "UpdateOrganizationProperties", nil, properties)
}

// GetRoamingOperators lists the operators that the box can reach; the answer is a RoamingOperatorList.
func (c *Client) GetRoamingOperators(ctx context.Context, box BoxID) (Raw, error) {
	return ask[Raw](ctx, c, "GetRoamingOperators", query{"boxId": string(box)}, nil)
}

// SendFnsRegistrationMessage registers the organisation with the tax service. info is an
// FnsRegistrationMessageInfo.
//
// Errors: [ErrConflict] when the organisation has no OGRN, tax office code or region code.
func (c *Client) SendFnsRegistrationMessage(ctx context.Context, box BoxID, info Raw) error {
	return c.tell(ctx, "SendFnsRegistrationMessage", query{"boxId": string(box)}, info)
}

// GetOrganizationStorageEntries reads the box's store of keys and values. request is a
// KeyValueStorageApiGetRequest, the answer a KeyValueStorageApiGetResponse.
func (c *Client) GetOrganizationStorageEntries(ctx context.Context, box BoxID, request Raw) (Raw, error) {
	return ask[Raw](ctx, c, "GetOrganizationStorageEntries", query{"boxId": string(box)}, request)
}

// PutOrganizationStorageEntries writes the box's store. request is a KeyValueStorageApiPutRequest.
func (c *Client) PutOrganizationStorageEntries(ctx context.Context, box BoxID, request Raw) error {
	return c.tell(ctx, "PutOrganizationStorageEntries", query{"boxId": string(box)}, request)
}

// ParseGarAddress splits an address; the answer is a GarAddress.
func (c *Client) ParseGarAddress(ctx context.Context, address string) (Raw, error) {
	return ask[Raw](ctx, c, "ParseGarAddress", query{"address": address}, nil)
}

// ParseRussianAddress splits an address; the answer is a RussianAddress.
//
// Deprecated: use [Client.ParseGarAddress].
func (c *Client) ParseRussianAddress(ctx context.Context, address string) (Raw, error) {
	return ask[Raw](ctx, c, "ParseRussianAddress", query{"address": address}, nil)
}
