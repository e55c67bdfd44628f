// Package diadocsim is a stateful, strict stand-in for the HTTP API of Контур.Диадок, with its identity
// provider and with the other sides of the exchange behind it.
//
// A Server serves the API under /diadoc, the identity provider under /identity and, with Config.Control, its
// levers under /control/diadoc. It speaks JSON in both directions; a request for protobuf, the service's
// default, is refused with 415 or 501. What people do elsewhere (the partner who signs, the person who types
// a code) and what goes wrong on the way (lost answers, expired tokens) are Go methods and control calls.
//
// Everything is written from the service's documentation alone and shares nothing with any client, so that
// a misreading on one side shows on the other. Where the pages leave a question open the zero Switches give
// the recommended reading and each field of Switches gives another one.
//
// Every documented operation has its path: those that have been removed answer 410, and those that are not
// simulated answer 501 with their name. Of PostMessagePatch the routes, verifications, edits and TtGis parts
// answer 501. Schemas are not known: GenerateTitleXml wraps the user data into a title and ParseTitleXml takes
// it out again. Approvement signatures are not counted, and the time when universal messages become a must is
// in the future for every type.
//
// These operations are not simulated:
// Register, RegisterConfirm, GetMyPermissions, GetOrganizationsByForeignTaxpayerCode,
// UpdateOrganizationProperties, CreateEmployee, UpdateEmployee, DeleteEmployee, GetSubscriptions,
// UpdateSubscriptions, SendFnsRegistrationMessage, GetOrganizationStorageEntries,
// PutOrganizationStorageEntries, ParseRussianAddress, ParseGarAddress, GetCounteragentCertificates,
// PostRoamingNotification, PostTemplate, PostTemplatePatch, TransformTemplateToMessage, GetTemplate,
// DetectDocumentTypes, GenerateSenderTitleXml, GenerateRecipientTitleXml, ExtendedSignerDetails,
// GenerateInvoiceDocumentReceiptXml, GenerateDocumentReceiptXml, ParseUniversalMessage,
// ParseUniversalMessageXml, GenerateTtGisFixationCancellationRequest, GenerateInvoiceXml,
// GenerateTorg12XmlForSeller, GenerateTorg12XmlForBuyer, GenerateAcceptanceCertificateXmlForSeller,
// GenerateAcceptanceCertificateXmlForBuyer, GenerateUniversalTransferDocumentXmlForSeller,
// GenerateUniversalTransferDocumentXmlForBuyer, ParseInvoiceXml, ParseTorg12SellerTitleXml,
// ParseTorg12BuyerTitleXml, ParseAcceptanceCertificateSellerTitleXml,
// ParseAcceptanceCertificateBuyerTitleXml, ParseUniversalTransferDocumentSellerTitleXml,
// ParseUniversalTransferDocumentBuyerTitleXml, ParseUniversalCorrectionDocumentSellerTitleXml,
// ParseUniversalCorrectionDocumentBuyerTitleXml, ParseRevocationRequestXml, ParseSignatureRejectionXml,
// GetInvoiceCorrectionRequestInfo, AutoSignReceipts, AutoSignReceiptsResult, GetEmployeePowersOfAttorney,
// AddEmployeePowerOfAttorney, UpdateEmployeePowerOfAttorney, DeleteEmployeePowerOfAttorney,
// RegisterPowerOfAttorney, RegisterPowerOfAttorneyResult, PrevalidatePowerOfAttorney,
// GetPowerOfAttorneyInfo, GetPowerOfAttorneyContent, SearchDocflows, GetDocflowsV4, GetDocflowsV3,
// GetPartnerEvents, GetSecurityEvents, GetResolutionRoutes, GetResolutionRoutesForOrganization,
// GetForwardedDocuments, GetForwardedDocumentEvents, GetForwardedEntityContent,
// GenerateForwardedDocumentProtocol, GenerateForwardedDocumentPrintForm.
package diadocsim
