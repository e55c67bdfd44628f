package diadocsim

import (
	"net/http"
	"time"
)

// ends are the announced last days of operations, by their names. Operations that are on the list of removals
// without a date of their own are not here.
func ends() map[string]string {
	const methods, titles = "2027-04-03", "2026-11-30"
	return map[string]string{
		"PostMessagePatchV3": methods, "GetNewEventsV7": methods,
		"GetDocflowsV3": methods, "GetDocflowEventsV3": methods, "SearchDocflowsV3": methods, "GetDocflowsByPacketIdV3": methods,
		"AcquireCounteragentResultV2": "2027-05-01",
		"GenerateTorg12XmlForSeller":  titles, "GenerateTorg12XmlForBuyer": titles,
		"GenerateAcceptanceCertificateXmlForSeller": titles, "GenerateAcceptanceCertificateXmlForBuyer": titles,
		"ParseInvoiceXml": titles, "ParseTorg12SellerTitleXml": titles, "ParseTorg12BuyerTitleXml": titles,
		"ParseAcceptanceCertificateSellerTitleXml": titles, "ParseAcceptanceCertificateBuyerTitleXml": titles,
	}
}

func lastDay(op string) time.Time {
	day, _ := time.Parse(time.DateOnly, ends()[op]) // zero for operations without an end; our own texts
	return day
}

// ended tells whether an operation has been removed: always, after its last day by the clock, or, as on the test
// stand, from the day on which its end was announced.
func (c *call) ended() bool {
	if c.op.gone || c.op.last.IsZero() {
		return c.op.gone
	}
	return c.sw.DeprecatedGone || !c.cfg.Now().Before(c.op.last.AddDate(0, 0, 1))
}

// announceEnd adds the only automatic sign of a coming removal.
func (c *call) announceEnd(out reply) reply {
	if c.op.last.IsZero() {
		return out
	}
	header := map[string]string{"Sunset": c.op.last.Format(http.TimeFormat), "Link": `<https://developer.kontur.ru/doc/diadoc-api>; rel="sunset"`}
	for name, value := range out.header {
		header[name] = value
	}
	out.header = header
	return out
}
