package diadocsim

import (
	"net/http"

	"konturbridge/sandbox/cmssim"
)

// getSignatureInfo tells of the certificate and of the check of a Signature entity.
func (c *call) getSignatureInfo() (reply, error) {
	m, err := c.theMessage()
	if err != nil {
		return reply{}, err
	}
	e := m.entity(c.arg("entityId"))
	if e == nil || !e.signature || !e.visible(c.box) {
		return reply{}, refuse(http.StatusNotFound, "Signature %s is not found", c.arg("entityId"))
	}
	read, err := cmssim.Read(e.content)
	if err != nil || read.Certificate == nil {
		return reply{}, refuse(http.StatusNotFound, "Signature %s has no certificate", e.id)
	}
	cert := read.Certificate
	out := object{"SigningTime": c.timestamp(e.at), "SignatureVerificationTime": c.timestamp(e.at), "Thumbprint": thumbprint(cert.Raw),
		"SerialNumber": cert.SerialNumber.Text(16), "Issuer": cert.Issuer.CommonName, "StartDate": cert.NotBefore.Format(dayLayout),
		"EndDate": cert.NotAfter.Format(dayLayout), "SignatureVerificationResult": object{"IsValid": e.valid}, "CertificateSubjectType": "LegalEntity"}
	if len(cert.Subject.Organization) > 0 {
		out["OrgName"] = cert.Subject.Organization[0]
	}
	if e.by != nil {
		out["OrgInn"] = e.by.INN
	}
	return jsonReply(out), nil
}
