package action_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
)

// stretchForShelf makes the deal's document huge and takes its parts in before the shelf, which gets a small file: the
// simulated systems keep files in memory.
func (d *desk) stretchForShelf(size int64) *apptest.Sink {
	sink := apptest.NewSink()
	d.instead = func(rw http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.Path, "getFile"):
			small := httptest.NewRecorder()
			d.box.ServeHTTP(small, r)
			rw.Header().Set("Content-Disposition", small.Header().Get("Content-Disposition"))
			rw.Header().Set("Content-Length", strconv.FormatInt(size, 10))
			_, _ = io.Copy(rw, apptest.Content(hugeDocument, size)) // it may be refused
			return true
		case strings.HasSuffix(r.URL.Path, "/ShelfUploadPartInit"):
			_, _ = io.Copy(sink, r.Body)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader([]byte(hugeDocument))), int64(len(hugeDocument))
			r.URL.RawQuery += "&isLastPart=true"
		case strings.HasSuffix(r.URL.Path, "/ShelfUploadPart"):
			_, _ = io.Copy(sink, r.Body)
			_, _ = io.WriteString(rw, "[]")
			return true
		}
		return false
	}
	return sink
}

// TestHugeDocumentsGoOverTheShelf: a document reaches the shelf whole, part by part, and hardly any memory is used for
// it. It runs alone, because memory is everybody's.
func TestHugeDocumentsGoOverTheShelf(t *testing.T) {
	d := openDesk(t)
	d.attach(t, [2]string{"план.pdf", "%PDF"})
	const size = 3 * apptest.MayGrow
	sink := d.stretchForShelf(size)
	peak := apptest.Growth(t)
	result := d.run(t, d.send(t, props{"sign_with": "test"}))
	grown := peak()
	t.Logf("%d MB went by, memory grew by %d MB", size>>20, grown>>20)
	require.Less(t, grown, uint64(apptest.MayGrow), "the document is held in memory")
	require.Equal(t, int64(size), sink.Bytes, result.Note)
	require.Equal(t, apptest.ContentSum(hugeDocument, size), sink.Sum, "the bytes are those of the card")
	require.Len(t, d.sim.Documents(), 1)
}

// TestADocumentLargerThanTheShelf: what the service would not take is told before it is sent anywhere.
func TestADocumentLargerThanTheShelf(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.attach(t, [2]string{"план.pdf", "%PDF"})
	sink := d.stretchForShelf(400<<20 + 1)
	text := d.refusal(t, "invalid_field", d.send(t, props{"sign_with": "test"}))
	require.Contains(t, text, "files: «план.pdf» больше 400 МБ")
	require.Zero(t, sink.Bytes)
}
