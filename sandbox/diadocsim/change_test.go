package diadocsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/diadocsim"
)

func TestDeleteRestoreAndForward(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	message, entity := r.sent()
	q := query{"boxId": r.demo.Box, "messageId": message, "documentId": entity}
	for _, step := range []struct {
		path   string
		status int
	}{{"/Restore", 409}, {"/Delete", 200}, {"/Delete", 409}, {"/Restore", 200}} {
		require.Equal(t, step.status, r.post(step.path, q, nil).status, step.path)
	}
	feed := r.feed("100", nil)
	require.Equal(t, true, walk(t, feed[len(feed)-1], "Patch", "MessageIsRestored"))
	body := object{"ToBoxId": r.demo.Stranger, "DocumentId": object{"MessageId": message, "EntityId": entity}}
	require.NotEmpty(t, r.post("/V2/ForwardDocument", query{"boxId": r.demo.Box}, body).str("ForwardedDocumentId", "ForwardEventId"))
	require.Equal(t, 409, r.post("/V2/ForwardDocument", query{"boxId": r.demo.Box}, body).status)
}

func TestShelf(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	name := r.raw("/V2/ShelfUpload", query{"fileExtension": ".pdf"}, "base64", []byte(b64([]byte("договор")))).text()
	require.True(t, strings.HasSuffix(name, ".pdf"))
	require.Equal(t, "договор", r.get("/V2/ShelfDownload", query{"fileName": name}).text())
	body := r.contract("договор")
	body["DocumentAttachments"].([]any)[0].(object)["SignedContent"] = object{"NameOnShelf": name, "Signature": b64(r.signature(r.demo.Box, []byte("договор")))}
	require.Equal(t, 200, r.post("/V3/PostMessage", nil, body).status)

	big := r.raw("/ShelfUploadPartInit", nil, "application/octet-stream", []byte("a")).text()
	part := func(index, last, data string) answer {
		return r.raw("/ShelfUploadPart", query{"fileName": big, "partIndex": index, "isLastPart": last}, "application/octet-stream", []byte(data))
	}
	require.Equal(t, "[1]", part("2", "true", "c").text())
	require.Equal(t, 404, r.get("/V2/ShelfDownload", query{"fileName": big}).status, "a part is missing")
	require.Empty(t, part("1", "false", "b").text())
	require.Equal(t, "[]", part("2", "true", "c").text())
	require.Equal(t, "abc", r.get("/V2/ShelfDownload", query{"fileName": big}).text())
	require.Equal(t, 400, part("3", "true", strings.Repeat("x", 3<<20+1)).status)
	require.Equal(t, 415, r.raw("/V2/ShelfUpload", nil, "text/plain", []byte("a")).status)
	r.clock.Add(7 * 24 * time.Hour)
	r.as(r.demo.Login)
	require.Equal(t, 404, r.get("/V2/ShelfDownload", query{"fileName": name}).status, "kept for seven days")
}

func TestCanPostMessage(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	body := object{"FromBoxId": r.demo.Box, "ToBoxId": r.demo.Closed, "DocumentAttachments": []any{object{"TypeNamedId": "Nonformalized"}, object{"TypeNamedId": "x", "CustomDocumentId": "2"}}}
	a := r.post("/CanPostMessage", nil, body)
	require.Len(t, a.at("Errors"), 2)
	require.Equal(t, "2", a.str("Errors", 1, "CustomDocumentId"))
}

func TestUndeliveredAndRoaming(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	r.sim.HoldDeliveries(true)
	message, entity := r.sent()
	require.NoError(t, r.sim.FailDelivery(message, "вирус"))
	require.Error(t, r.sim.FailDelivery(message, "вирус"))
	r.sim.HoldDeliveries(false)
	feed := r.feed("100", nil)
	require.Equal(t, walk(t, feed[0], "EventId"), walk(t, feed[len(feed)-1], "Patch", "NotDeliveredEventId"))
	require.NoError(t, r.sim.Roam(message, entity, false))
	require.Equal(t, "RoamingNotificationStatusError", r.document(message, entity).str("RoamingNotificationStatus"))
}

func TestProxySignsFirst(t *testing.T) {
	t.Parallel()
	r := setup(t, diadocsim.Config{})
	body := r.contract("договор")
	body["ProxyBoxId"] = r.demo.Stranger
	a := r.post("/V3/PostMessage", nil, body)
	message, entity := a.str("MessageId"), a.str("Entities", 0, "EntityId")
	require.Error(t, r.sim.Sign(r.demo.Partner, message, entity), "it waits for the proxy")
	require.NoError(t, r.sim.Sign(r.demo.Stranger, message, entity))
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, entity))
	require.Equal(t, "WithProxySignature", r.document(message, entity).str("ProxySignatureStatus"))
	require.Equal(t, "WithRecipientSignature", r.document(message, entity).str("RecipientResponseStatus"))
}
