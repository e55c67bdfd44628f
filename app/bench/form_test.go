package bench_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

const (
	member   = "a223c6b3710f85df22e9377d6c4f7553"
	appToken = "51856fefc120afa4b628cc82d3935cce"
	route    = "/bitrix/robots/realty_status"
	// deals is how many cards the calls are about.
	deals = 5000
)

// Where a call's own digits stand in the form.
const (
	tokenMark = "0123456789abcdef"
	dealMark  = "900000"
)

// robotForm is a robot's call with everything that a portal of today sends.
func robotForm() string {
	return strings.NewReplacer("\n", "").Replace(`workflow_id=66e81a641752f8.56521481&code=realty_status
&document_id%5B0%5D=crm&document_id%5B1%5D=CCrmDocumentDeal&document_id%5B2%5D=DEAL_` + dealMark + `
&document_type%5B0%5D=crm&document_type%5B1%5D=CCrmDocumentDeal&document_type%5B2%5D=DEAL
&event_token=55c1dc1c3f0d75.78875596%7CA51601_82584_96831_81132%7C` + tokenMark + `N45eH66CcQtEvpUIP.47dd5d888e8e549d
&properties%5Bdocflow_id%5D=0f8fad5b-d9cb-469f-a165-70867728950e
&use_subscription=Y&timeout_duration=3600&ts=1727018926
&auth%5Baccess_token%5D=be45f066007111ab0043d2a30000000150380795b2ad2fba9fc3f7a31eb26c4f61cc5b
&auth%5Bexpires%5D=1727022526&auth%5Bexpires_in%5D=3600
&auth%5Bscope%5D=crm%2Cbizproc%2Cplacement%2Cuser_brief%2Cdisk%2Cim%2Cuserfieldconfig
&auth%5Bdomain%5D=some-agency.bitrix24.ru&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix.info%2Frest%2F
&auth%5Bstatus%5D=L&auth%5Bclient_endpoint%5D=https%3A%2F%2Fsome-agency.bitrix24.ru%2Frest%2F
&auth%5Bmember_id%5D=` + member + `&auth%5Buser_id%5D=1
&auth%5Brefresh_token%5D=aec4eb76007111ab0043d2a3000000015038072a38e0af48b3bb59e2f2b5b6f1d24f3e
&auth%5Bapplication_token%5D=` + appToken)
}

// shot is a prepared request of which only a few digits change. It belongs to one sender.
type shot struct {
	raw         []byte
	token, deal int
	series      uint64 // tells this sender's tokens from all others'
	n           uint64
}

// post makes the request that posts a form; the form may have the marks or not.
func post(path, form string) *shot {
	raw := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bridge.example\r\nUser-Agent: Bitrix24 Webhook Engine\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(form), form)
	return &shot{raw: raw, token: bytes.Index(raw, []byte(tokenMark)), deal: bytes.Index(raw, []byte(dealMark))}
}

// of gives another sender its own copy.
func (s *shot) of(series uint64) *shot {
	c := *s
	c.raw, c.series, c.n = bytes.Clone(s.raw), series, 0
	return &c
}

// next is the request with a token that was never used and the next card.
func (s *shot) next() []byte {
	s.n++
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], s.series<<32|s.n)
	hex.Encode(s.raw[s.token:], id[:])
	if s.deal >= 0 {
		strconv.AppendUint(s.raw[s.deal:s.deal], 900000+(s.series*977+s.n)%deals, 10)
	}
	return s.raw
}
