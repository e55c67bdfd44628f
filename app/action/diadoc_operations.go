package action

// DiadocOperations tells what the bridge calls an operation of Диадок for: the codes of the robots, or another use of
// its own. Whatever else the service has is called by the robot diadoc_call.
func DiadocOperations() map[string]string {
	const (
		letters   = "diadoc_sign, diadoc_reject, diadoc_revoke, diadoc_request_approval, diadoc_resolve"
		companies = "diadoc_send, diadoc_check_counteragent, diadoc_invite, diadoc_break, diadoc_group_add, diadoc_forward"
		cloud     = "diadoc_send, diadoc_send_draft, diadoc_sign (cloud certificates)"
		drafts    = "diadoc_send, diadoc_send_draft"
		invites   = "diadoc_send, diadoc_invite"
		events    = "the feed of events"
	)
	return map[string]string{
		"GetMyOrganizations":       "diadoc_group_create, diadoc_group_update, diadoc_move; connecting a box",
		"GetMyEmployee":            "diadoc_sign, diadoc_revoke; " + events,
		"GetMyCertificates":        cloud,
		"GetEmployees":             "diadoc_request_approval",
		"GetOrganizationsByInnKpp": companies,

		"AcquireCounteragent": "diadoc_invite", "AcquireCounteragentResult": "diadoc_invite",
		"BreakWithCounteragent": "diadoc_break", "GetCounteragent": "diadoc_send, diadoc_check_counteragent, diadoc_invite, diadoc_break",
		"CreateCounteragentGroup": "diadoc_group_create", "UpdateCounteragentGroup": "diadoc_group_update",
		"DeleteCounteragentGroup": "diadoc_group_delete", "AddCounteragentToGroup": "diadoc_group_add",
		"GetCounteragentGroups": "diadoc_group_create, diadoc_group_add",

		"PostMessage": "diadoc_send", "CanPostMessage": "diadoc_send", "SendDraft": drafts, "GetDocumentTypes": "diadoc_send",
		"ShelfUpload": invites, "ShelfUploadPartInit": invites, "ShelfUploadPart": invites, "GetDocumentsByCustomId": "diadoc_send",
		"PostMessagePatch": letters + "; " + drafts, "GenerateSignatureRejectionXml": "diadoc_reject, diadoc_revoke", "GenerateRevocationRequestXml": "diadoc_revoke",
		"GenerateTitleXml": "diadoc_send, diadoc_sign", "GenerateReceiptXml": "diadoc_sign", "GetContent": "diadoc_send, diadoc_sign",
		"Delete": "diadoc_delete", "Restore": "diadoc_restore", "MoveDocuments": "diadoc_move", "ForwardDocument": "diadoc_forward",

		"CloudSign": cloud, "CloudSignResult": cloud, "CloudSignConfirm": cloud, "CloudSignConfirmResult": cloud, "DssSign": cloud, "DssSignResult": cloud,

		"GetMessage":  drafts + ", diadoc_status, diadoc_wait, " + letters + "; " + events,
		"GetDocument": "diadoc_invite", "GeneratePrintForm": "diadoc_print_form", "GenerateDocumentProtocol": "diadoc_protocol",
		"GenerateDocumentZip": "diadoc_zip", "ShelfDownload": "diadoc_zip", "ShelfDownloadV1": "diadoc_zip",
		"GetEntityContent": "diadoc_sign; files put into the card, and shown on its tab; " + events,

		"GetNewEvents": events, "GetLastEvent": events, "GetSignatureInfo": events, "GetInvoiceCorrectionRequestInfo": events,
		"ParseSignatureRejectionXml": events, "ParseRevocationRequestXml": events,
	}
}
