package feed_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/diadoc"
)

// TestARevocationThatWaitsInside: while our request waits for an approval inside the company, the service's status is
// the one of no request; a robot must not take that for a refusal.
func TestARevocationThatWaitsInside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status diadoc.RevocationStatus
		by     diadoc.BoxID
		state  docflow.State
	}{
		"waits inside":     {diadoc.RevocationStatusNone, "ours", docflow.RevocationOut},
		"was refused":      {diadoc.RevocationRejected, "ours", docflow.AllSigned},
		"of the other one": {diadoc.RevocationStatusNone, "theirs", docflow.AllSigned},
	} {
		u := feed.FromDiadoc(diadoc.Message{MessageID: "m", Entities: []diadoc.Entity{
			{EntityID: "d", EntityType: diadoc.EntityTypeAttachment, DocumentInfo: &diadoc.Document{RecipientResponseStatus: diadoc.WithRecipientSignature, RevocationStatus: c.status}},
			{EntityID: "r", ParentEntityID: "d", EntityType: diadoc.EntityTypeAttachment, AttachmentType: diadoc.AttachmentRevocationRequest,
				RevocationRequestInfo: &diadoc.RevocationRequestInfo{InitiatorBoxID: c.by}},
		}}, "ours", docflow.CauseGet, "", time.Time{})
		require.Equal(t, c.state, u.Documents[0].State, name)
	}
}
