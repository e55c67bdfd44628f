package demo

import (
	"context"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// playEquity files a shared construction agreement: a developer with its representative, two buyers in shares.
func playEquity(ctx context.Context, w *World) error {
	w.placeSigning(bitrixsim.Deal, stageSign)
	return w.register(ctx, registration{docflowType: realtysim.TypeEquity, kind: bitrixsim.Deal, card: w.Demo.Equity,
		fileStage: stageFile, signStage: stageSign, template: w.payDeal, signers: []string{"Небывалов", "Гипотетов", "Гипотетова"},
		options: map[string]string{
			"object.0.objectType":                                               "landPlot",
			"developer.developer.organization.inn":                              "0000000011",
			"developer.developer.organization.regDate":                          "2007-04-06",
			"developer.developer.organization.address.region":                   "Новосибирская область",
			"developer.developer.representative.representativeType":             "authorized",
			"developer.appliedDocuments.buildAgreement.content.signatures.0.id": "*",
			"buyer.sharedOwnership.shares.1.owner.person.surname":               "Гипотетова",
			"buyer.sharedOwnership.shares.1.share.denominator":                  "2",
			"appliedDocuments.equityAgreement.number":                           "ДДУ-1",
			"appliedDocuments.equityAgreement.content.info.contentPointer.id":   "*",
			"appliedDocuments.equityAgreement.content.signatures.0.id":          "*",
		}})
}

// playAssignment files an assignment of rights: the assignor has a representative, spouses buy on credit.
func playAssignment(ctx context.Context, w *World) error {
	w.placeSigning(bitrixsim.Deal, stageSign)
	return w.register(ctx, registration{docflowType: realtysim.TypeAssignment, kind: bitrixsim.Deal, card: w.Demo.Assignment,
		fileStage: stageFile, signStage: stageSign, template: w.payDeal, signers: []string{"Доверенный", "Несуществующая", "Несуществующий"},
		options: map[string]string{
			"object.0.cadastralNumber":                                           "54:35:021060:1690",
			"seller.individualOwnership.owner.person.surname":                    "Выдуманный",
			"seller.individualOwnership.owner.representative.representativeType": "confidant",
			"seller.individualOwnership.owner.representative.attorney.type":      "powerOfAttorney",
			"buyer.cooperativeOwnership.spouse2.person.surname":                  "Несуществующий",
			"buyer.cooperativeOwnership.mortgage.loanAgreement.documentType":     "loanAgreement",
			"appliedDocuments.rightTransferAgreement.content.signatures.0.id":    "*",
			"appliedDocuments.other.0.documentType":                              "marriageCertificate",
		}})
}

// playPledge files a mortgage in favour of a bank, for which a contact of the deal acts; here a robot files.
func playPledge(ctx context.Context, w *World) error {
	w.placeSigning(bitrixsim.Deal, stageSign)
	return w.register(ctx, registration{docflowType: realtysim.TypeEncumbrance, kind: bitrixsim.Deal, card: w.Demo.Pledge,
		fileStage: stageRobot, signStage: stageSign, template: w.payDeal, robot: true, signers: []string{"Залогов", "Кредитова"},
		options: map[string]string{
			"encumbranceType":        "mortgage",
			"object.cadastralNumber": "54:35:021060:1701",
			"whoseRightRestricted.individualOwnership.owner.person.surname": "Залогов",
			"whoUseRestriction.encumbrancer.0.organization.name":            "ПАО «Вымышленный банк»",
			"whoUseRestriction.encumbrancer.0.representative.attorney.type": "powerOfAttorneyBankRepresentative",
			"appliedDocuments.mortgageAgreement.number":                     "ИПОТЕКА-1",
			"appliedDocuments.other.0.documentType":                         "loanAgreement",
		}})
}

// playLifting files the lifting of a mortgage, for which no duty is due.
func playLifting(ctx context.Context, w *World) error {
	w.placeSigning(bitrixsim.Deal, stageSign)
	return w.register(ctx, registration{docflowType: realtysim.TypeCessation, kind: bitrixsim.Deal, card: w.Demo.Lifting,
		fileStage: stageRobot, signStage: stageSign, robot: true, signers: []string{"Залогов", "Кредитова"},
		options: map[string]string{
			"encumbranceType":                                   "mortgageInLaw",
			"registrationRecord.number":                         "54:35:021060:1701-54/001/2019-2",
			"registrationRecord.date":                           "2019-06-14",
			"whoUseRestriction.encumbrancer.0.organization.kpp": "000001001",
		}})
}
