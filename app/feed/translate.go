package feed

import (
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/realty"
)

// FromRealty translates what Реестро said about a docflow. A suspension is classified by what the
// docflow carries, never by its word alone: it may want signatures, a payment, or an answer to files.
func FromRealty(d realty.Docflow, cause string, token realty.Token, at time.Time) docflow.Update {
	u := docflow.Update{
		ExternalID: strings.ToLower(string(d.ID)), // ids are compared as texts from here on
		State:      stateOf(d),
		Cause:      cause,
		Token:      string(token),
		At:         at,
	}
	for _, s := range d.Requirements.Signature {
		for _, f := range s.Files {
			u.Statements = append(u.Statements, docflow.Statement{
				FileID: string(f.ID), PersonID: signerID(s.Person), Person: fullName(s.Person), SNILS: s.Person.SNILSDigits()})
		}
	}
	for _, p := range d.Requirements.Payment {
		u.Charges = append(u.Charges, docflow.Charge{UIN: p.UIN, Sum: docflow.Kopecks(p.Sum)})
	}
	if d.Result != nil {
		for _, f := range d.Result.Files {
			file := docflow.File{ID: string(f.ID), Type: f.Type}
			for _, sig := range f.Signatures {
				file.Signatures = append(file.Signatures, string(sig.ID))
			}
			u.Files = append(u.Files, file)
		}
	}
	if d.Fault != nil && d.Fault.Summary() != "" {
		u.Refusal = Refused("service_"+faultCode(*d.Fault), d.Kind, *d.Fault, "Реестро: ", "Reestro: ")
	}
	if u.State == docflow.Failed && u.Refusal == nil {
		u.Refusal = &docflow.Refusal{Code: "service_error", CRMText: "Реестро завершил документооборот с ошибкой и не назвал причину. Обратитесь в поддержку Контур.Реестро.",
			TextEN: "Reestro ended the docflow with an error and named no cause. Ask Kontur.Reestro support."}
	}
	if u.State == docflow.Suspended {
		u.Requirement = requirementOf(u)
	}
	return u
}

// stateOf keeps a word that the bridge does not know: it is shown, and the docflow stays watched.
func stateOf(d realty.Docflow) docflow.State {
	switch d.State {
	case realty.StateQueued:
		return docflow.Queued
	case realty.StateVerified:
		return docflow.Verified
	case realty.StateSent:
		return docflow.Sent
	case realty.StateSuspended:
		return docflow.Suspended
	case realty.StateCompleted:
		return docflow.Completed
	case realty.StateError:
		return docflow.Failed
	default:
		return docflow.State(strings.TrimSpace(string(d.State)))
	}
}

// requirementOf names the most urgent thing that is wanted: without signatures nothing is sent, without
// payment nothing is considered.
func requirementOf(u docflow.Update) docflow.Requirement {
	switch {
	case len(u.Statements) > 0:
		return docflow.RequireSignature
	case len(u.Charges) > 0:
		return docflow.RequirePayment
	case len(u.Files) > 0:
		return docflow.RequireAnswer
	default:
		return docflow.RequireNothing
	}
}

// signerID finds the name under which a signer is known again: the mapping's own id, else the СНИЛС, else
// the identity document, else the name. Two persons who share a statement must not look like one.
func signerID(p realty.Person) string {
	paper := p.IdentityDocument
	switch {
	case p.PersonID != "":
		return p.PersonID
	case p.SNILSDigits() != "":
		return p.SNILSDigits()
	case paper.Number != "":
		return strings.TrimSpace(paper.Series + " " + paper.Number)
	default:
		return fullName(p)
	}
}

func fullName(p realty.Person) string {
	return strings.Join(strings.Fields(p.Surname+" "+p.Name+" "+p.Patronymic), " ")
}

func faultCode(f realty.Fault) string {
	if f.Code == "" {
		return "error"
	}
	return f.Code
}
