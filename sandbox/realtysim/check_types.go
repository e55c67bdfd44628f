package realtysim

import (
	"fmt"
	"strings"
)

func index(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }

func (c *checker) movement(o map[string]any, at string) {
	c.word(o, at, "rightMovementType", "sale")
	c.objects(o, at, "object", 1, true)
	if seller, ok := c.object(o, at, "seller"); ok {
		c.owners(seller, at+".seller", forms{shared: true, several: true})
		if proof, ok := c.optional(seller, at+".seller", "evidenceOfOwnership"); ok {
			c.documents(proof, at+".seller.evidenceOfOwnership", "documents", true)
		}
	}
	c.buyer(o, at)
	c.applied(o, at, "contractOfSale")
}

func (c *checker) equity(o map[string]any, at string) {
	key := "object"
	if o[key] == nil && o["objects"] != nil {
		key = "objects" // the name of the RAML (O2)
	}
	c.objects(o, at, key, 0, false) // land plots: a number and an address are enough
	if developer, ok := c.object(o, at, "developer"); ok {
		where := at + ".developer"
		c.requiredMember(developer, where, "developer")
		if papers, ok := c.optional(developer, where, "appliedDocuments"); ok {
			c.document(papers, where+".appliedDocuments", "buildAgreement", true)
			c.document(papers, where+".appliedDocuments", "projectDeclaration", false)
			c.document(papers, where+".appliedDocuments", "buildPlan", false)
		}
	}
	c.buyer(o, at)
	c.applied(o, at, "equityAgreement")
}

func (c *checker) assignment(o map[string]any, at string) {
	c.objects(o, at, "object", 0, true)
	if seller, ok := c.object(o, at, "seller"); ok {
		c.owners(seller, at+".seller", forms{shared: true, several: true})
	}
	c.buyer(o, at)
	c.applied(o, at, "rightTransferAgreement")
}

func (c *checker) encumbrance(o map[string]any, at string) {
	c.word(o, at, "encumbranceType", "mortgage")
	c.objects(o, at, "object", 0, true)
	c.restricted(o, at)
	if who, ok := c.object(o, at, "whoUseRestriction"); ok {
		c.memberList(who, at+".whoUseRestriction", "encumbrancer")
	}
	if papers := c.applied(o, at, "mortgageAgreement"); papers != nil {
		c.document(papers, at+".appliedDocuments", "loanAgreement", false) // O23
		c.document(papers, at+".appliedDocuments", "notarySpouseConsent", false)
	}
}

// cessation tolerates a body without whoUseRestriction (O8) and appliedDocuments (O9): pages disagree.
func (c *checker) cessation(o map[string]any, at string) {
	c.word(o, at, "encumbranceType", "mortgage", "mortgageInLaw")
	c.objects(o, at, "object", 0, true)
	if record, ok := c.optional(o, at, "registrationRecord"); ok {
		c.maybe(record, at+".registrationRecord", "number")
		c.date(record, at+".registrationRecord", "date", false)
	}
	c.restricted(o, at)
	if who, ok := c.optional(o, at, "whoUseRestriction"); ok {
		c.memberList(who, at+".whoUseRestriction", "encumbrancer")
	}
	if papers, ok := c.optional(o, at, "appliedDocuments"); ok {
		c.documents(papers, at+".appliedDocuments", "other", false)
	}
}

func (c *checker) packet(o map[string]any, at string) {
	c.parent(o, at)
	for i, e := range c.list(o, at, "additionalDocuments", true) {
		where := index(at+".additionalDocuments", i)
		c.requiredMember(e, where, "docflowMember")
		c.documents(e, where, "documents", true)
	}
}

func (c *checker) action(o map[string]any, at string) {
	c.word(o, at, "actionType", "cancel", "suspend", "resume")
	c.parent(o, at)
	c.text(o, at, "cause")
	c.memberList(o, at, "docflowMember")
	for _, key := range []string{"documents", "document"} { // O25
		c.documents(o, at, key, false)
	}
}

// parent must be a docflow of the same account that has not ended (O35).
func (c *checker) parent(o map[string]any, at string) {
	id := c.text(o, at, "docflowId")
	if id == "" {
		return
	}
	d := c.server.docflows[strings.ToLower(id)]
	switch {
	case d == nil || d.account != c.account:
		c.fault(at+".docflowId", "no such docflow")
	case final(d.now.state):
		c.fault(at+".docflowId", "docflow is "+d.now.state)
	}
}

// objects checks real estate under key: single or array, at most limit of them (0: any number).
func (c *checker) objects(o map[string]any, at, key string, limit int, needType bool) {
	at += "." + key
	if o[key] == nil {
		c.fault(at, mustNotBeNull)
		return
	}
	list := c.asList(o[key], at, true)
	if limit > 0 && len(list) > limit {
		c.fault(at, "must be one object")
	}
	for i, e := range list {
		where := at
		if _, array := o[key].([]any); array {
			where = index(at, i)
		}
		c.realEstate(e, where, needType)
	}
}

func (c *checker) realEstate(e map[string]any, at string, needType bool) {
	if needType {
		c.text(e, at, "objectType")
	}
	c.known(c.maybe(e, at, "objectType"), at+".objectType", "landPlot", "room", "flat", "structure", "unfinishedObject")
	c.cadastral(e, at)
	c.requiredAddress(e, at)
	if record, ok := c.optional(e, at, "registration"); ok {
		c.text(record, at+".registration", "number")
		c.date(record, at+".registration", "date", true)
	}
	if area, ok := c.optional(e, at, "area"); ok {
		c.text(area, at+".area", "value")
		c.word(area, at+".area", "unit", "кв.м", "га", "гa") // the last with a Latin a, as printed (O30)
	}
}

// applied checks appliedDocuments with its one required paper and the others.
func (c *checker) applied(o map[string]any, at, main string) map[string]any {
	papers, ok := c.object(o, at, "appliedDocuments")
	if !ok {
		return nil
	}
	c.document(papers, at+".appliedDocuments", main, true)
	c.documents(papers, at+".appliedDocuments", "other", false)
	return papers
}
