package diadocsim

import (
	"slices"
	"strings"
)

// unsimulated is why a documented operation answers 501: the pages do not say enough to answer honestly.
func unsimulated() map[string]string {
	const old = "the structures of its body are not described, and GenerateTitleXml has taken its place"
	const read = "the structure of its answer is not described, and ParseTitleXml has taken its place"
	return map[string]string{
		"Register":                     "RegistrationRequest is not described",
		"RegisterConfirm":              "RegistrationConfirmRequest is not described",
		"UpdateOrganizationProperties": "OrganizationPropertiesToUpdate is not described, not even where it names the box",
		"ParseRussianAddress":          "RussianAddress is not described",
		"ParseGarAddress":              "GarAddress is not described",
		"PostRoamingNotification":      "it is the operators' own, and RoamingNotificationToPost is not described",
		"GetPartnerEvents":             "who holds a partner's token and what an event holds is not described",
		"GenerateInvoiceXml":           old, "GenerateTorg12XmlForSeller": old, "GenerateTorg12XmlForBuyer": old,
		"GenerateAcceptanceCertificateXmlForSeller": old, "GenerateAcceptanceCertificateXmlForBuyer": old,
		"GenerateUniversalTransferDocumentXmlForSeller": old, "GenerateUniversalTransferDocumentXmlForBuyer": old,
		"ParseInvoiceXml": read, "ParseTorg12SellerTitleXml": read, "ParseTorg12BuyerTitleXml": read,
		"ParseAcceptanceCertificateSellerTitleXml": read, "ParseAcceptanceCertificateBuyerTitleXml": read,
		"ParseUniversalTransferDocumentSellerTitleXml": read, "ParseUniversalTransferDocumentBuyerTitleXml": read,
		"ParseUniversalCorrectionDocumentSellerTitleXml": read, "ParseUniversalCorrectionDocumentBuyerTitleXml": read,
	}
}

// Reason is why the simulator answers 501 to an operation; empty when it does not.
func Reason(op string) string { return unsimulated()[op] }

// Operations names every operation of the catalogue, in the order of the documentation.
func Operations() []string {
	var out []string
	for line := range strings.Lines(strings.TrimSpace(catalogue)) {
		out = append(out, strings.Fields(line)[0])
	}
	return out
}

// Unsimulated names the documented operations that answer 501, or 410 after their last day.
func Unsimulated() []string {
	var out []string
	for _, verbs := range routing() {
		for _, op := range verbs {
			if op.serve == nil && !op.gone {
				out = append(out, op.name)
			}
		}
	}
	slices.Sort(out)
	return out
}
