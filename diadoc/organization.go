package diadoc

// Organization is an organisation. It has exactly one box (Organization.proto).
type Organization struct {
	OrgID                     OrgID               `json:"OrgId"` // JSON adds OrgIdGuid
	INN                       string              `json:"Inn"`   // 10 or 12 digits; may be empty for foreign
	KPP                       string              `json:"Kpp,omitempty"`
	FullName                  string              `json:"FullName"`
	ShortName                 string              `json:"ShortName,omitempty"`
	Boxes                     []Box               `json:"Boxes,omitempty"` // exactly one
	OGRN                      string              `json:"Ogrn,omitempty"`
	FnsParticipantID          string              `json:"FnsParticipantId,omitempty"`
	Address                   Raw                 `json:"Address,omitempty"`
	FnsRegistrationDate       string              `json:"FnsRegistrationDate,omitempty"` // unused
	Departments               []Department        `json:"Departments,omitempty"`         // all but head
	IfnsCode                  string              `json:"IfnsCode,omitempty"`
	IsPilot                   bool                `json:"IsPilot,omitempty"`
	IsActive                  bool                `json:"IsActive,omitempty"` // has ever acted in Diadoc
	IsTest                    bool                `json:"IsTest,omitempty"`
	IsBranch                  bool                `json:"IsBranch,omitempty"`
	IsRoaming                 bool                `json:"IsRoaming,omitempty"`       // other operator
	IsEmployee                bool                `json:"IsEmployee,omitempty"`      // GetMyOrganizations only
	InvitationCount           int                 `json:"InvitationCount,omitempty"` // GetOrganizationsByInnKpp only
	SearchCount               int                 `json:"SearchCount,omitempty"`
	Sociability               Sociability         `json:"Sociability"`               // who may send to it
	LiquidationDate           string              `json:"LiquidationDate,omitempty"` // filled = cannot exchange
	CertificateOfRegistryInfo string              `json:"CertificateOfRegistryInfo,omitempty"`
	IsForeign                 bool                `json:"IsForeign,omitempty"`
	HasCertificateToSign      bool                `json:"HasCertificateToSign,omitempty"`
	OrganizationType          OrganizationType    `json:"OrganizationType"`
	IsOwner                   bool                `json:"IsOwner,omitempty"`
	ForeignInformation        *ForeignInformation `json:"ForeignInformation,omitempty"`
	ReadyForEpdStatus         ReadyForEpdStatus   `json:"ReadyForEpdStatus"`
	Extra                     Extra               `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Organization) UnmarshalJSON(raw []byte) error {
	type plain Organization
	return readExtra(raw, (*plain)(o), &o.Extra)
}

// MarshalJSON implements json.Marshaler.
func (o Organization) MarshalJSON() ([]byte, error) {
	type plain Organization
	return writeExtra(plain(o), o.Extra)
}

// Box is a box; BoxIDGUID is what calls take (Organization.proto).
type Box struct {
	BoxID                     BoxID         `json:"BoxId"`
	Title                     string        `json:"Title"`
	Organization              *Organization `json:"Organization,omitempty"`
	InvoiceFormatVersion      Symbol        `json:"InvoiceFormatVersion,omitempty"`
	EncryptedDocumentsAllowed bool          `json:"EncryptedDocumentsAllowed,omitempty"`
	BoxIDGUID                 BoxID         `json:"BoxIdGuid"`
	Extra                     Extra         `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *Box) UnmarshalJSON(raw []byte) error {
	type plain Box
	return readExtra(raw, (*plain)(b), &b.Extra)
}

// MarshalJSON implements json.Marshaler.
func (b Box) MarshalJSON() ([]byte, error) {
	type plain Box
	return writeExtra(plain(b), b.Extra)
}

// Department is a department as everybody sees it (Organization.proto).
type Department struct {
	DepartmentID       DepartmentID `json:"DepartmentId"`
	ParentDepartmentID DepartmentID `json:"ParentDepartmentId"`
	Name               string       `json:"Name"`
	Abbreviation       string       `json:"Abbreviation,omitempty"`
	KPP                string       `json:"Kpp,omitempty"`
	Address            Raw          `json:"Address,omitempty"`
	IsDisabled         bool         `json:"IsDisabled,omitempty"`
}

// OrganizationList lists organisations (Organization.proto).
type OrganizationList struct {
	Organizations []Organization `json:"Organizations,omitempty"`
}

// ForeignInformation describes an organisation from abroad (Organization.proto).
type ForeignInformation struct {
	ForeignTaxpayerCode    string `json:"ForeignTaxpayerCode"`
	IdentificationOfStatus string `json:"IdentificationOfStatus,omitempty"`
	OtherInformation       string `json:"OtherInformation,omitempty"`
}

// OrganizationFeatures tells what an organisation may do (Organizations/OrganizationFeatures.proto).
type OrganizationFeatures struct {
	BlockStatus BlockStatus `json:"BlockStatus"`
	Features    []string    `json:"Features,omitempty"`
}

// BlockStatus tells whether an organisation is blocked (Organizations/BlockStatus.proto).
type BlockStatus struct {
	ManualBlockStatus Raw `json:"ManualBlockStatus"`
	AutoBlockStatus   Raw `json:"AutoBlockStatus"`
}
