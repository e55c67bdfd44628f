package portal

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"konturbridge/bitrix"
)

const (
	// EchoTime is how long a test event may take from the portal, through the vendor's queue, to the bridge.
	EchoTime = 10 * time.Second
	echoLook = 50 * time.Millisecond
	// echoQuery is the parameter that comes back with it.
	echoQuery = "bridge"
)

func echoKey(id ID) string { return "echo:" + string(id) }

// Echo takes a test event that has come back; the event was trusted before.
func (s *Setup) Echo(ctx context.Context, id ID, e bitrix.Event) error {
	return s.deps.Memory.Set(ctx, echoKey(id), []byte(e.Data.At("QUERY").Get(echoQuery)), time.Minute)
}

// echo has the portal send a test event and waits for it: that events reach the bridge is seen in no other way.
// doc: api-reference/events/test-handler.md
func (s *Setup) echo(ctx context.Context, p Portal, report *Report) {
	client, err := s.deps.Client(ctx, p.ID, "")
	if err != nil {
		return // the check has said so
	}
	mark := rand.Text()
	if err := client.EventTest(ctx, map[string]any{echoQuery: mark}); err != nil {
		report.Problems = append(report.Problems, "ask for a test event: "+err.Error())
		return
	}
	deadline := time.After(s.deps.EchoFor)
	for {
		if came, found, err := s.deps.Memory.Get(ctx, echoKey(p.ID)); err == nil && found && string(came) == mark {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-deadline:
			report.Problems = append(report.Problems, fmt.Sprintf(
				"a test event did not arrive within %s: Bitrix24 has to reach %s/bitrix/events from the internet, with a valid certificate",
				s.deps.EchoFor, s.deps.PublicURL))
			return
		case <-time.After(echoLook):
		}
	}
}
