package diadocsim

import (
	"strings"
	"time"
)

// catalogue is every documented operation, one a line: name, verb, path and query parameters, the optional ones
// with a question mark. The forms that the pages mention without a row of their own (the siblings of GetDocflowsV4
// and GetDocflowsV3, reading by GET what is written by POST) are named after their rows.
const catalogue = `
CreateCounteragentGroup POST /CreateCounteragentGroup boxId
UpdateCounteragentGroup POST /UpdateCounteragentGroup boxId counteragentGroupId
DeleteCounteragentGroup POST /DeleteCounteragentGroup boxId counteragentGroupId
AddCounteragentToGroup POST /AddCounteragentToGroup boxId counteragentGroupId counteragentBoxId
Authenticate POST /V3/Authenticate type
AuthenticateConfirm POST /V3/AuthenticateConfirm token thumbprint? saveBinding?
GetExternalServiceAuthInfo POST /GetExternalServiceAuthInfo key
Register POST /Register
RegisterConfirm POST /RegisterConfirm
GetMyOrganizations GET /GetMyOrganizations autoRegister?
GetMyUser GET /V2/GetMyUser
GetMyPermissions GET /GetMyPermissions orgId
GetMyEmployee GET /GetMyEmployee boxId
GetMyCertificates GET /GetMyCertificates boxId includeGoskeyCertificates?
GetOrganization GET /GetOrganization orgId? boxId? fnsParticipantId? inn? kpp? foreignTaxpayerCode?
GetBox GET /GetBox boxId
GetOrganizationsByInnKpp GET /GetOrganizationsByInnKpp inn kpp? includeRelations?
GetOrganizationsByInnList POST /V2/GetOrganizationsByInnList myBoxId?
GetOrganizationsByForeignTaxpayerCode GET /GetOrganizationsByForeignTaxpayerCode foreignTaxpayerCode includeRelations?
GetOrganizationUsers GET /V2/GetOrganizationUsers boxId
GetOrganizationFeatures GET /GetOrganizationFeatures boxId
UpdateOrganizationProperties POST /UpdateOrganizationProperties
GetDepartment GET /V2/GetDepartment boxId departmentId
GetDepartments GET /admin/GetDepartments boxId page? count?
GetDepartmentAdmin GET /admin/GetDepartment boxId departmentId
CreateDepartment POST /admin/CreateDepartment boxId
UpdateDepartment POST /admin/UpdateDepartment boxId departmentId
DeleteDepartment POST /admin/DeleteDepartment boxId departmentId
GetEmployee GET /GetEmployee boxId userId
GetEmployees GET /GetEmployees boxId page? count?
CreateEmployee POST /CreateEmployee boxId
UpdateEmployee POST /UpdateEmployee boxId userId
DeleteEmployee POST /DeleteEmployee boxId userId
GetSubscriptions GET /GetSubscriptions boxId userId
UpdateSubscriptions POST /UpdateSubscriptions boxId userId
GetRoamingOperators GET /GetRoamingOperators boxId
SendFnsRegistrationMessage POST /SendFnsRegistrationMessage boxId
GetOrganizationStorageEntries POST /V2/KeyValueStorageGet boxId
PutOrganizationStorageEntries POST /V2/KeyValueStoragePut boxId
ParseRussianAddress GET /ParseRussianAddress address
ParseGarAddress GET /V1/ParseGarAddress address
GetRecognized GET /GetRecognized
Recognize POST /Recognize
AcquireCounteragent POST /V3/AcquireCounteragent myBoxId myDepartmentId?
AcquireCounteragentResult GET /V3/AcquireCounteragentResult myBoxId taskId
AcquireCounteragentResultV2 GET /V2/AcquireCounteragentResult taskId
BreakWithCounteragent POST /V2/BreakWithCounteragent myBoxId counteragentBoxId comment?
GetCounteragent GET /V3/GetCounteragent myBoxId counteragentBoxId
GetCounteragents GET /V3/GetCounteragents myBoxId counteragentStatus? afterIndexKey? query? pageSize?
GetCounteragentCertificates GET /V2/GetCounteragentCertificates myBoxId counteragentBoxId
GetCounteragentEvents GET /V1/GetCounteragentEvents boxId afterIndexKey? timestampFromTicks? timestampToTicks? limit?
GetCounteragentGroup GET /GetCounteragentGroup boxId counteragentGroupId
GetCounteragentGroups GET /GetCounteragentGroups boxId page? count?
GetCounteragentsFromGroup GET /GetCounteragentsFromGroup boxId counteragentGroupId afterIndexKey? count?
PostMessage POST /V3/PostMessage operationId?
CanPostMessage POST /CanPostMessage
PostMessagePatch POST /V4/PostMessagePatch operationId?
PostMessagePatchV3 POST /V3/PostMessagePatch operationId?
SendDraft POST /SendDraft operationId?
RecycleDraft POST /RecycleDraft boxId draftId
PrepareDocumentsToSign POST /PrepareDocumentsToSign excludeContent?
ShelfUpload POST /V2/ShelfUpload fileExtension?
ShelfUploadPartInit POST /ShelfUploadPartInit fileExtension? isLastPart?
ShelfUploadPart POST /ShelfUploadPart fileName partIndex isLastPart?
ShelfUploadV1 POST /ShelfUpload nameOnShelf partIndex isLastPart?
ShelfDownload GET /V2/ShelfDownload fileName
ShelfDownloadV1 GET /ShelfDownload nameOnShelf
Delete POST /Delete boxId messageId documentId?
Restore POST /Restore boxId messageId documentId?
MoveDocuments POST /MoveDocuments
CanSendInvoice POST /CanSendInvoice boxId
PostRoamingNotification POST /PostRoamingNotification
PostTemplate POST /PostTemplate operationId?
PostTemplatePatch POST /PostTemplatePatch boxId templateId operationId?
TransformTemplateToMessage POST /TransformTemplateToMessage operationId?
GetTemplate GET /GetTemplate boxId templateId entityId?
GetDocumentTypes GET /V3/GetDocumentTypes boxId
DetectDocumentTypes POST /DetectDocumentTypes boxId
DetectDocumentTypesOnShelf GET /DetectDocumentTypes boxId nameOnShelf
DetectDocumentTitles POST /DetectDocumentTitles boxId
DetectDocumentTitlesOnShelf GET /DetectDocumentTitles boxId nameOnShelf
GetContent GET /GetContent typeNamedId function version titleIndex contentType
GetWorkflowsSettings GET /V2/GetWorkflowsSettings boxId
GenerateTitleXml POST /GenerateTitleXml boxId documentTypeNamedId documentFunction documentVersion titleIndex disableValidation? editingSettingId? letterId? documentId?
GenerateSenderTitleXml POST /GenerateSenderTitleXml boxId documentTypeNamedId documentFunction documentVersion disableValidation? editingSettingId?
GenerateRecipientTitleXml POST /GenerateRecipientTitleXml boxId senderTitleMessageId senderTitleAttachmentId documentVersion?
ParseTitleXml POST /ParseTitleXml boxId documentTypeNamedId documentFunction documentVersion titleIndex
ExtendedSignerDetails POST /V2/ExtendedSignerDetails boxId thumbprint documentTitleType
ReadExtendedSignerDetails GET /V2/ExtendedSignerDetails boxId thumbprint documentTitleType
GenerateReceiptXml POST /V2/GenerateReceiptXml boxId
GenerateInvoiceDocumentReceiptXml POST /GenerateInvoiceDocumentReceiptXml boxId messageId attachmentId
GenerateDocumentReceiptXml POST /GenerateDocumentReceiptXml boxId messageId attachmentId
GenerateInvoiceCorrectionRequestXml POST /V2/GenerateInvoiceCorrectionRequestXml boxId
GenerateSignatureRejectionXml POST /V2/GenerateSignatureRejectionXml boxId
GenerateRevocationRequestXml POST /V2/GenerateRevocationRequestXml boxId messageId attachmentId contentTypeId?
GenerateUniversalMessage POST /GenerateUniversalMessage boxId messageId attachmentId
ParseUniversalMessage POST /ParseUniversalMessage boxId messageId attachmentId
ParseUniversalMessageXml POST /ParseUniversalMessageXml
GenerateTtGisFixationCancellationRequest POST /GenerateTtGisFixationCancellationRequest boxId messageId documentId
GenerateInvoiceXml POST /GenerateInvoiceXml invoiceType disableValidation?
GenerateTorg12XmlForSeller POST /GenerateTorg12XmlForSeller documentVersion? disableValidation?
GenerateTorg12XmlForBuyer POST /GenerateTorg12XmlForBuyer documentVersion? boxId sellerTitleMessageId sellerTitleAttachmentId
GenerateAcceptanceCertificateXmlForSeller POST /GenerateAcceptanceCertificateXmlForSeller documentVersion? disableValidation?
GenerateAcceptanceCertificateXmlForBuyer POST /GenerateAcceptanceCertificateXmlForBuyer documentVersion? boxId sellerTitleMessageId sellerTitleAttachmentId
GenerateUniversalTransferDocumentXmlForSeller POST /GenerateUniversalTransferDocumentXmlForSeller correction? documentVersion? disableValidation?
GenerateUniversalTransferDocumentXmlForBuyer POST /GenerateUniversalTransferDocumentXmlForBuyer boxId sellerTitleMessageId sellerTitleAttachmentId
ParseInvoiceXml POST /ParseInvoiceXml
ParseTorg12SellerTitleXml POST /ParseTorg12SellerTitleXml documentVersion?
ParseTorg12BuyerTitleXml POST /ParseTorg12BuyerTitleXml documentVersion?
ParseAcceptanceCertificateSellerTitleXml POST /ParseAcceptanceCertificateSellerTitleXml documentVersion?
ParseAcceptanceCertificateBuyerTitleXml POST /ParseAcceptanceCertificateBuyerTitleXml documentVersion?
ParseUniversalTransferDocumentSellerTitleXml POST /ParseUniversalTransferDocumentSellerTitleXml documentVersion?
ParseUniversalTransferDocumentBuyerTitleXml POST /ParseUniversalTransferDocumentBuyerTitleXml
ParseUniversalCorrectionDocumentSellerTitleXml POST /ParseUniversalCorrectionDocumentSellerTitleXml documentVersion?
ParseUniversalCorrectionDocumentBuyerTitleXml POST /ParseUniversalCorrectionDocumentBuyerTitleXml
ParseRevocationRequestXml POST /ParseRevocationRequestXml
ParseSignatureRejectionXml POST /ParseSignatureRejectionXml
GetInvoiceCorrectionRequestInfo GET /GetInvoiceCorrectionRequestInfo boxId messageId entityId
CloudSign POST /CloudSign certificateThumbprint?
CloudSignResult GET /CloudSignResult taskId
CloudSignConfirm POST /CloudSignConfirm token confirmationCode return?
CloudSignConfirmResult GET /CloudSignConfirmResult taskId
DssSign POST /V2/DssSign boxId
DssSignV1 POST /DssSign boxId certificateThumbprint?
DssSignResult GET /DssSignResult boxId taskId
GetSignatureInfo GET /GetSignatureInfo boxId messageId entityId
AutoSignReceipts POST /AutoSignReceipts boxId thumbprint? batchKey?
AutoSignReceiptsResult GET /AutoSignReceiptsResult taskId
GetEmployeePowersOfAttorney GET /GetEmployeePowersOfAttorney boxId userId? onlyActual?
AddEmployeePowerOfAttorney POST /V2/AddEmployeePowerOfAttorney boxId userId?
UpdateEmployeePowerOfAttorney POST /V2/UpdateEmployeePowerOfAttorney boxId userId?
DeleteEmployeePowerOfAttorney POST /V2/DeleteEmployeePowerOfAttorney boxId userId?
RegisterPowerOfAttorney POST /RegisterPowerOfAttorney boxId
RegisterPowerOfAttorneyResult GET /RegisterPowerOfAttorneyResult boxId taskId
PrevalidatePowerOfAttorney POST /V2/PrevalidatePowerOfAttorney boxId
GetPowerOfAttorneyInfo GET /GetPowerOfAttorneyInfo boxId messageId entityId
GetPowerOfAttorneyContent GET /V2/GetPowerOfAttorneyContent boxId messageId entityId
GetNewEvents GET /V8/GetNewEvents boxId afterEventId? afterIndexKey? departmentId? messageType? typeNamedId? documentDirection? timestampFromTicks? timestampToTicks? counteragentBoxId? orderBy? limit?
GetNewEventsV7 GET /V7/GetNewEvents boxId afterEventId? afterIndexKey? departmentId? messageType? typeNamedId? documentDirection? timestampFromTicks? timestampToTicks? counteragentBoxId? orderBy? limit?
GetEvent GET /V3/GetEvent eventId boxId
GetLastEvent GET /V2/GetLastEvent boxId
GetMessage GET /V6/GetMessage boxId messageId entityId? originalSignature? injectEntityContent?
GetMessageV5 GET /V5/GetMessage boxId messageId entityId? originalSignature? injectEntityContent?
GetDocument GET /V3/GetDocument boxId messageId entityId injectEntityContent?
GetDocuments GET /V3/GetDocuments boxId filterCategory counteragentBoxId? fromDepartmentId? toDepartmentId? documentNumber? timestampFromTicks? timestampToTicks? fromDocumentDate? toDocumentDate? departmentId? excludeSubdepartments? afterIndexKey? sortDirection? count?
GetDocumentsV4 POST /V4/GetDocuments boxId
GetDocumentsByMessageId GET /GetDocumentsByMessageId boxId messageId
GetDocumentsByCustomId GET /GetDocumentsByCustomId boxId customDocumentId
GetEntityContent GET /V4/GetEntityContent boxId messageId entityId
DetectCustomPrintForms POST /DetectCustomPrintForms boxId
GetDocflows POST /V5/GetDocflows boxId
GetDocflowEvents POST /V5/GetDocflowEvents boxId
SearchDocflows POST /V5/SearchDocflows boxId
GetDocflowsByPacketId POST /V5/GetDocflowsByPacketId boxId
GetDocflowsV4 POST /V4/GetDocflows boxId
GetDocflowsV3 POST /V3/GetDocflows boxId
GetDocflowEventsV4 POST /V4/GetDocflowEvents boxId
SearchDocflowsV4 POST /V4/SearchDocflows boxId
GetDocflowsByPacketIdV4 POST /V4/GetDocflowsByPacketId boxId
GetDocflowEventsV3 POST /V3/GetDocflowEvents boxId
SearchDocflowsV3 POST /V3/SearchDocflows boxId
GetDocflowsByPacketIdV3 POST /V3/GetDocflowsByPacketId boxId
GetPartnerEvents POST /GetPartnerEvents
GetSecurityEvents GET /V1/GetSecurityEvents boxId afterIndexKey? count?
GetResolutionRoutes GET /GetResolutionRoutes boxId
GetResolutionRoutesForOrganization GET /GetResolutionRoutesForOrganization orgId
ForwardDocument POST /V2/ForwardDocument boxId
GetForwardedDocuments POST /V2/GetForwardedDocuments boxId
GetForwardedDocumentEvents POST /V2/GetForwardedDocumentEvents boxId
GetForwardedEntityContent GET /V2/GetForwardedEntityContent boxId fromBoxId messageId documentId forwardEventId entityId
GeneratePrintForm GET /GeneratePrintForm boxId messageId documentId
GeneratePrintFormFromAttachment POST /GeneratePrintFormFromAttachment documentType fromBoxId?
GetGeneratedPrintForm GET /GetGeneratedPrintForm printFormId
GenerateDocumentProtocol GET /GenerateDocumentProtocol boxId messageId documentId
GenerateForwardedDocumentProtocol GET /V2/GenerateForwardedDocumentProtocol boxId fromBoxId messageId documentId forwardEventId
GenerateForwardedDocumentPrintForm GET /GenerateForwardedDocumentPrintForm boxId fromBoxId messageId documentId forwardEventId
GenerateDocumentZip GET /GenerateDocumentZip boxId messageId documentId fullDocflow
PostDraft POST /PostDraft
SendMessage POST /SendMessage
`

// gone are the operations that have been removed from the service: 410 to everybody.
const gone = " GetExternalServiceAuthInfo GetRecognized PostDraft Recognize SendMessage ShelfUploadV1 "

type bodyKind int

const (
	noBody   bodyKind = iota
	jsonBody          // required
	rawBody           // bytes or base64
	xmlBody
	textBody // whatever the method takes by itself
)

// medias are the content types that go with a body; nil allows any.
func (k bodyKind) medias() []string {
	switch k {
	case jsonBody:
		return []string{"application/json"}
	case rawBody:
		return []string{"application/octet-stream", "base64"}
	case xmlBody:
		return []string{"application/xml", "text/xml", "application/octet-stream"}
	}
	return nil
}

type answerKind int

const (
	structure answerKind = iota // JSON when it is asked for
	other                       // bytes, text, XML, PDF or nothing: the Accept header is ignored
)

// operation is a method of the API. Without serve it is documented but not simulated.
type operation struct {
	name, verb, path, params string
	gone                     bool
	last                     time.Time // the announced last day; zero: none
	behaviour
}

// behaviour is what an area of the simulator says of an operation.
type behaviour struct {
	body   bodyKind
	answer answerKind
	box    string // the parameter that names the caller's box
	right  string // what the caller needs there
	key    bool   // the developer's key alone is enough under DiadocAuth
	open   bool   // the method gives the token itself
	serve  func(*call) (reply, error)
}

// routing joins the catalogue with what the areas simulate.
func routing() map[string]map[string]*operation {
	simulated := map[string]behaviour{}
	for _, area := range []map[string]behaviour{loginArea(), organizationArea(), counteragentArea(), groupArea(), shelfArea(),
		postArea(), patchArea(), changeArea(), feedArea(), readingArea(), signingArea(), typesArea(), generateArea(), printingArea(), docflowArea(),
		templateArea(), forwardArea(), routeArea(), staffArea(), storageArea(), powerArea(), parseArea(), receiptArea(), securityArea()} {
		for name, b := range area {
			simulated[name] = b
		}
	}
	out := map[string]map[string]*operation{}
	for line := range strings.Lines(strings.TrimSpace(catalogue)) {
		fields := strings.Fields(line)
		op := &operation{name: fields[0], verb: fields[1], path: fields[2], params: strings.Join(fields[3:], " "),
			gone: strings.Contains(gone, " "+fields[0]+" "), last: lastDay(fields[0]), behaviour: simulated[fields[0]]}
		if out[op.path] == nil {
			out[op.path] = map[string]*operation{}
		}
		out[op.path][op.verb] = op
	}
	return out
}
