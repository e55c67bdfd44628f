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

// Department is a department as everybody sees it (Organization.proto).
type Department struct {
	DepartmentID       DepartmentID `json:"DepartmentId"`
	ParentDepartmentID DepartmentID `json:"ParentDepartmentId"`
	Name               string       `json:"Name"`
	Abbreviation       string       `json:"Abbreviation,omitempty"`
	KPP                string       `json:"Kpp,omitempty"`
	Address            Raw          `json:"Address,omitempty"`
	IsDisabled         bool         `json:"IsDisabled,omitempty"`
	Extra              Extra        `json:"-"`
}

// OrganizationList lists organisations (Organization.proto).
type OrganizationList struct {
	Organizations []Organization `json:"Organizations,omitempty"`
	Extra         Extra          `json:"-"`
}

// ForeignInformation describes an organisation from abroad (Organization.proto).
type ForeignInformation struct {
	ForeignTaxpayerCode    string `json:"ForeignTaxpayerCode"`
	IdentificationOfStatus string `json:"IdentificationOfStatus,omitempty"`
	OtherInformation       string `json:"OtherInformation,omitempty"`
	Extra                  Extra  `json:"-"`
}

// OrganizationFeatures tells what an organisation may do (Organizations/OrganizationFeatures.proto).
type OrganizationFeatures struct {
	BlockStatus BlockStatus `json:"BlockStatus"`
	Features    []string    `json:"Features,omitempty"`
	Extra       Extra       `json:"-"`
}

// BlockStatus tells whether an organisation is blocked (Organizations/BlockStatus.proto).
type BlockStatus struct {
	ManualBlockStatus Raw   `json:"ManualBlockStatus"`
	AutoBlockStatus   Raw   `json:"AutoBlockStatus"`
	Extra             Extra `json:"-"`
}
