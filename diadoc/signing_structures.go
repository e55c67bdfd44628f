package diadoc

// DssSignRequestV2 is the body of [Client.DssSign]; CertificateData and GosKeyData exclude each other
// (Dss/DssSign.proto).
type DssSignRequestV2 struct {
	Files           []DssSignFile       `json:"Files,omitempty"`
	SignDataSource  DssSignDataSource   `json:"SignDataSource"`
	CertificateData *DssCertificateData `json:"CertificateData,omitempty"`
	GosKeyData      *DssGosKeyData      `json:"GosKeyData,omitempty"`
}

// DssSignRequest is the body of [Client.DssSignV1] (Dss/DssSign.proto).
type DssSignRequest struct {
	Files []DssSignFile `json:"Files,omitempty"`
}

// DssSignFile is a file to sign (Dss/DssSign.proto).
type DssSignFile struct {
	Content  ContentV3 `json:"Content"`
	FileName string    `json:"FileName,omitempty"`
}

// DssCertificateData chooses a certificate (Dss/DssSign.proto).
type DssCertificateData struct {
	Thumbprint string `json:"Thumbprint"`
}

// DssGosKeyData chooses a person's Госключ (Dss/DssSign.proto).
type DssGosKeyData struct {
	Snils string `json:"Snils,omitempty"`
	Oid   string `json:"Oid,omitempty"`
}

// DssSignResult is how a signing stands. It carries no ids of files: they are in the order of the
// request (Dss/DssSign.proto).
type DssSignResult struct {
	OperationStatus    DssOperationStatus     `json:"OperationStatus,omitempty"`
	FileSigningResults []DssFileSigningResult `json:"FileSigningResults,omitempty"`
	ConfirmType        DssConfirmType         `json:"ConfirmType,omitempty"`
	Operator           DssOperator            `json:"Operator,omitempty"`
	PhoneLastNumbers   string                 `json:"PhoneLastNumbers,omitempty"`
	Extra              Extra                  `json:"-"`
}

// UnmarshalJSON reads the results under the name that the vendor's sample prints as well.
func (d *DssSignResult) UnmarshalJSON(raw []byte) error {
	type plain DssSignResult
	if err := readExtra(raw, (*plain)(d), &d.Extra); err != nil {
		return err
	}
	const other = "DssFileSigningResult"
	if len(d.FileSigningResults) > 0 || len(d.Extra[other]) == 0 {
		return nil
	}
	err := d.Extra[other].Decode(&d.FileSigningResults)
	delete(d.Extra, other)
	return err
}

// DssFileSigningResult is how the signing of one file stands (Dss/DssSign.proto).
type DssFileSigningResult struct {
	FileSigningStatus DssFileSigningStatus `json:"FileSigningStatus,omitempty"`
	Signature         []byte               `json:"Signature,omitempty"`
	Extra             Extra                `json:"-"`
}

// CloudSignRequest is the body of [Client.CloudSign] (CloudSign.proto).
type CloudSignRequest struct {
	Files []CloudSignFile `json:"Files,omitempty"`
}

// CloudSignFile is a file to sign (CloudSign.proto).
type CloudSignFile struct {
	Content  *ContentV2 `json:"Content,omitempty"`
	FileName string     `json:"FileName,omitempty"`
}

// CloudSignResult brings the token that the code from the SMS is confirmed with (CloudSign.proto).
type CloudSignResult struct {
	Token string `json:"Token,omitempty"`
	Extra Extra  `json:"-"`
}

// CloudSignConfirmResult brings the signatures in the order of the request (CloudSign.proto).
type CloudSignConfirmResult struct {
	Signatures []ContentV2 `json:"Signatures,omitempty"`
	Extra      Extra       `json:"-"`
}

// SignatureInfo tells of a signature: its certificate and the outcome of its check
// (SignatureInfo.proto).
type SignatureInfo struct {
	SigningTime                 Timestamp              `json:"SigningTime"`
	SignatureVerificationTime   Timestamp              `json:"SignatureVerificationTime,omitzero"`
	SignatureVerificationResult Raw                    `json:"SignatureVerificationResult,omitempty"`
	Thumbprint                  string                 `json:"Thumbprint"`
	SerialNumber                string                 `json:"SerialNumber"`
	Issuer                      string                 `json:"Issuer,omitempty"`
	StartDate                   string                 `json:"StartDate,omitempty"`
	EndDate                     string                 `json:"EndDate,omitempty"`
	OrgName                     string                 `json:"OrgName,omitempty"`
	OrgINN                      string                 `json:"OrgInn,omitempty"`
	JobTitle                    string                 `json:"JobTitle,omitempty"`
	FirstName                   string                 `json:"FirstName,omitempty"`
	Surname                     string                 `json:"Surname,omitempty"`
	Snils                       string                 `json:"Snils,omitempty"`
	Email                       string                 `json:"Email,omitempty"`
	CertificateSubjectType      CertificateSubjectType `json:"CertificateSubjectType,omitempty"`
	Extra                       Extra                  `json:"-"`
}

// CertificateInfoV2 is a certificate of the user (Certificates/CertificateInfoV2.proto).
type CertificateInfoV2 struct {
	Thumbprint          string                 `json:"Thumbprint"`
	Type                CertificateType        `json:"Type"`
	ValidFrom           Ticks                  `json:"ValidFrom,omitempty"`
	ValidTo             Ticks                  `json:"ValidTo,omitempty"`
	PrivateKeyValidFrom Ticks                  `json:"PrivateKeyValidFrom,omitempty"`
	PrivateKeyValidTo   Ticks                  `json:"PrivateKeyValidTo,omitempty"`
	OrganizationName    string                 `json:"OrganizationName,omitempty"`
	INN                 string                 `json:"Inn,omitempty"`
	UserFirstName       string                 `json:"UserFirstName,omitempty"`
	UserMiddleName      string                 `json:"UserMiddleName,omitempty"`
	UserLastName        string                 `json:"UserLastName,omitempty"`
	UserShortName       string                 `json:"UserShortName,omitempty"`
	IsDefault           bool                   `json:"IsDefault,omitempty"`
	SubjectType         CertificateSubjectType `json:"SubjectType,omitempty"`
	Usages              []CertificateUsage     `json:"Usages,omitempty"`
	DssType             DssCertificateType     `json:"DssType,omitempty"`
	Extra               Extra                  `json:"-"`
}
