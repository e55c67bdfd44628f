package diadocsim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/diadocsim"
)

// TestEveryOperationIsSimulatedOrSaysWhyNot compares what answers 501 with the table of reasons.
func TestEveryOperationIsSimulatedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	missing := diadocsim.Unsimulated()
	for _, name := range diadocsim.Operations() {
		require.Equal(t, slices.Contains(missing, name), diadocsim.Reason(name) != "", name)
	}
	require.LessOrEqual(t, len(missing), 23)
}

func TestOperationsEnd(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	box := query{"boxId": r.demo.Box}
	require.Equal(t, 501, r.raw("/ParseInvoiceXml", nil, "application/xml", []byte("<a/>")).status)
	require.Equal(t, "Sat, 03 Apr 2027 00:00:00 GMT", r.get("/V7/GetNewEvents", box).header.Get("Sunset"))
	require.Empty(t, r.get("/V8/GetNewEvents", box).header.Get("Sunset"))
	r.sim.SetSwitches(diadocsim.Switches{DeprecatedGone: true})
	require.Equal(t, 410, r.get("/V7/GetNewEvents", box).status, "the test stand is ahead")
	r.sim.SetSwitches(diadocsim.Switches{})
	r.clock.Add(9 * 24 * time.Hour) // 1 December 2026
	r.as(r.demo.Login)
	require.Equal(t, 410, r.raw("/ParseInvoiceXml", nil, "application/xml", []byte("<a/>")).status)
	require.Equal(t, 200, r.get("/V7/GetNewEvents", box).status)
	r.clock.Add(200 * 24 * time.Hour)
	r.as(r.demo.Login)
	require.Equal(t, 410, r.get("/V7/GetNewEvents", box).status)
	require.Equal(t, 410, r.get("/V2/AcquireCounteragentResult", query{"taskId": "x"}).status)
}
