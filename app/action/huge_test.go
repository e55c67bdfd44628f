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

const hugeDocument = "%PDF-1.7 "

// stretched is what became of the card's document that was made huge.
type stretched struct {
	sent bool
	*apptest.Sink
}

// stretch makes the first document that is read from the portal huge, and takes it in before Реестро, which
// gets a small one: the simulated systems keep files in memory.
func (w *world) stretch(size int64) *stretched {
	s := &stretched{Sink: apptest.NewSink()}
	w.instead = func(rw http.ResponseWriter, r *http.Request) bool {
		switch {
		case !s.sent && strings.Contains(r.URL.Path, "getFile"):
			small := httptest.NewRecorder()
			w.box.ServeHTTP(small, r)
			if s.sent = strings.HasPrefix(small.Body.String(), "%PDF"); s.sent {
				rw.Header().Set("Content-Disposition", small.Header().Get("Content-Disposition"))
				rw.Header().Set("Content-Length", strconv.FormatInt(size, 10))
				_, _ = io.Copy(rw, apptest.Content(hugeDocument, size)) // it may be refused
				return true
			}
			rw.Header()["Content-Disposition"] = small.Header()["Content-Disposition"]
			rw.WriteHeader(small.Code)
			_, _ = rw.Write(small.Body.Bytes())
			return true
		case strings.HasSuffix(r.URL.Path, "/contents") && r.ContentLength == size:
			if _, err := io.Copy(s, r.Body); err != nil {
				return true // without an id it is seen as failed
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader([]byte(hugeDocument))), int64(len(hugeDocument))
		}
		return false
	}
	return s
}

// TestHugeDocumentsGoToTheService: the documents of a card reach Реестро whole, and hardly any memory is
// used for them. It runs alone, because memory is everybody's.
func TestHugeDocumentsGoToTheService(t *testing.T) {
	for name, tc := range map[string]struct {
		action string
		params props
		size   int64
	}{
		"of a registration": {"realty_create", props{"docflow_type": "right_movement_request"}, apptest.Huge},
		"sent later":        {"realty_extra_package", props{"documents": signatureField}, 3 * apptest.MayGrow},
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t)
			if tc.action != "realty_create" {
				sent(t, w)
				w.papers(t, map[string]string{"план.pdf": "%PDF-1.4 plan", "план.pdf.sig": "signature"})
			}
			s := w.stretch(tc.size)
			before := len(w.box.Realty.Docflows())
			peak := apptest.Growth(t)
			result := w.do(t, tc.action, w.demo.Sale, tc.params)
			grown := peak()
			require.Less(t, grown, uint64(apptest.MayGrow), "the document is held in memory")
			t.Logf("%d MB went by, memory grew by %d MB", tc.size>>20, grown>>20)
			require.Equal(t, tc.size, s.Bytes, result.Note)
			require.Equal(t, apptest.ContentSum(hugeDocument, tc.size), s.Sum, "the bytes are those of the card")
			require.Len(t, w.box.Realty.Docflows(), before+1)
		})
	}
}

func TestADocumentLargerThanAllowed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.stretch(apptest.Huge + 1)
	text := w.refusal(t, "bad_file", w.call(t, "realty_create", w.demo.Sale, props{"docflow_type": "right_movement_request"}))
	require.Regexp(t, `^\S+: файл больше 500 МБ. Приложите файл меньшего размера.$`, text)
	require.Empty(t, w.box.Realty.Docflows())
}
