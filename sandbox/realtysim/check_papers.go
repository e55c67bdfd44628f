package realtysim

import "strings"

// documentTypes are the words of AppliedDocument.documentType; the last but one is the page's spelling of
// lawAgreement (O33).
const documentTypes = " contractOfSale evaluationReport mortgage loanAgreement mortgageAgreement notarySpouseConsent" +
	" permissionGuardianshipAuthority birthCertificate stateRegistrationCertificate powerOfAttorney" +
	" powerOfAttorneyBankRepresentative equityAgreement acceptanceTransferAct permissionForCommissioning balanceSheet" +
	" majorTransactionsApproval refuseOfPurchase rightTransferAgreement statementFromHomeBook marriageContract" +
	" inheritanceByLaw inheritanceByWill contractOfGift contractOfChange investmentAgreement contractOfPrivatization" +
	" agreementOfShareAllocation agreementOfShareDistribution actOfDivisionOfProperty partnershipAgreement" +
	" indemnityAgreement marriageCertificate buildAgreement projectDeclaration buildPlan buildDescription" +
	" cessationOfLoanAgreement other lowAgreement lawAgreement "

func (c *checker) document(m map[string]any, at, key string, required bool) {
	if m[key] == nil {
		if required {
			c.fault(at+"."+key, mustNotBeNull)
		}
		return
	}
	if d, ok := c.asObject(m[key], at+"."+key); ok {
		c.attached(d, at+"."+key)
	}
}

func (c *checker) documents(m map[string]any, at, key string, required bool) {
	empty, _ := m[key].([]any)
	if m[key] == nil || !required && empty != nil && len(empty) == 0 {
		if required {
			c.fault(at+"."+key, mustNotBeNull)
		}
		return
	}
	for i, d := range c.asList(m[key], at+"."+key, true) {
		c.attached(d, index(at+"."+key, i))
	}
}

// attached checks one AppliedDocument.
func (c *checker) attached(d map[string]any, at string) {
	if v := c.text(d, at, "documentType"); v != "" && !strings.Contains(documentTypes, " "+v+" ") {
		c.fault(at+".documentType", "unknown value")
	}
	c.maybe(d, at, "series")
	c.maybe(d, at, "number")
	c.date(d, at, "issueDate", false)
	if issuer, ok := c.optional(d, at, "issuer"); ok {
		c.maybe(issuer, at+".issuer", "name")
		c.match(c.maybe(issuer, at+".issuer", "code"), at+".issuer.code", issuerPattern)
	}
	if content, ok := c.object(d, at, "content"); ok {
		c.contentOf(content, at+".content")
	}
}

// contentOf checks a Content: what it points to must have been uploaded by this account, as the type it
// claims. Signatures may be absent; the same one may come twice.
func (c *checker) contentOf(content map[string]any, at string) {
	if info, ok := c.object(content, at, "info"); ok {
		c.word(info, at+".info", "type", "pdf", "xml")
		media, _ := info["type"].(string)
		if info["contentPointer"] == nil {
			c.fault(at+".info.contentPointer", mustNotBeNull)
		} else if list := c.asList(info["contentPointer"], at+".info.contentPointer", true); len(list) > 0 {
			c.pointer(list[0], at+".info.contentPointer", func(stored string) bool { return stored == "application/"+media })
		}
	}
	if content["signatures"] == nil {
		return
	}
	if empty, ok := content["signatures"].([]any); ok && len(empty) == 0 {
		return
	}
	for i, p := range c.asList(content["signatures"], at+".signatures", true) {
		c.pointer(p, index(at+".signatures", i), signatureMedia)
	}
}

func (c *checker) pointer(p map[string]any, at string, fits func(media string) bool) {
	id := c.text(p, at, "id")
	if id == "" {
		return
	}
	stored, ok := c.server.contents[strings.ToLower(id)]
	switch {
	case !ok || stored.account != c.account:
		c.fault(at+".id", "no such content")
	case !fits(stored.media):
		c.fault(at+".id", "content was uploaded with another type")
	}
}
