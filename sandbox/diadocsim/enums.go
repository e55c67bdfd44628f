package diadocsim

// The enumerations that requests carry, with their numbers.

type lockMode string

func (lockMode) names() map[int]string { return map[int]string{1: "None", 2: "Send", 3: "Full"} }

type resolutionType string

func (resolutionType) names() map[int]string {
	return map[int]string{0: "UndefinedResolutionType", 1: "Approve", 2: "Disapprove"}
}

type resolutionRequestType string

func (resolutionRequestType) names() map[int]string {
	return map[int]string{0: "ApprovementRequest", 1: "SignatureRequest", 2: "ApprovementSignatureRequest", 3: "Custom"}
}

type customDataOperation string

func (customDataOperation) names() map[int]string { return map[int]string{0: "Set", 1: "Remove"} }

type messageCodeGroup string

func (messageCodeGroup) names() map[int]string {
	return map[int]string{0: "UnknownUniversalMessageCodeGroup", 1: "Receipt", 2: "AmendmentRequest", 3: "Rejection", 4: "InformationMessage"}
}

type messageBehaviour string

func (messageBehaviour) names() map[int]string {
	return map[int]string{0: "Undefined", 1: "AffectsWorkflow", 2: "DoesNotAffectWorkflow"}
}

type sortDirection string

func (sortDirection) names() map[int]string { return map[int]string{1: "Ascending", 2: "Descending"} }

type signDataSource string

func (signDataSource) names() map[int]string {
	return map[int]string{0: "CertificateSign", 1: "GosKeySign"}
}
