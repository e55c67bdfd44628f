package reaction_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
	"konturbridge/app/reaction"
	"konturbridge/bitrix"
	"konturbridge/realty"
	"konturbridge/sandbox/realtysim"
)

// hugeArchive is how the archive begins: it is none, which nobody looks at in a file of its size.
const hugeArchive = "PK\x03\x04"

// pair are a portal's tokens that never expire.
type pair struct{ access, endpoint string }

func (p pair) Token(context.Context) (string, string, error) { return p.access, p.endpoint, nil }
func (p pair) Refresh(context.Context, string) (string, string, error) {
	return p.access, p.endpoint, nil
}

// stretch stands before the simulated systems, which keep files in memory: it makes a file of the service
// huge, and takes files for the drive in.
func (b *bench) stretch(t *testing.T, file string) (drive *apptest.Sink) {
	t.Helper()
	drive = apptest.NewSink()
	sim, err := url.Parse(b.sim.Endpoint())
	require.NoError(t, err)
	rest := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: sim.Scheme, Host: sim.Host}) }}
	answer := func(w http.ResponseWriter, result any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"result": result}) // who asked may be gone
	}
	mux := http.NewServeMux()
	mux.Handle("/", rest)
	mux.Handle("/realty/", b.realty)
	mux.HandleFunc("GET /realty/v1/docflows/{id}/files/"+file, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, apptest.Content(hugeArchive, apptest.Huge))
	})
	mux.HandleFunc(sim.Path+"disk.folder.uploadFile", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]string{"field": "file", "uploadUrl": "http://" + r.Host + "/upload?token=t"})
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		body := bufio.NewReader(r.Body) // by hand: looking for the boundary takes the race detector seconds
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = body.ReadString('\n'); err != nil {
				return
			}
		}
		_, err := io.CopyN(drive, body, apptest.Huge)
		if end, _ := io.ReadAll(body); err != nil || !strings.HasPrefix(string(end), "\r\n--") {
			http.Error(w, "not the form of a huge file", http.StatusBadRequest)
			return
		}
		answer(w, map[string]any{"ID": 77, "NAME": "Выписка 1.zip", "SIZE": drive.Bytes, "DETAIL_URL": "https://agency/disk/77"})
	})
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	access, _ := b.sim.IssueTokens("local.1", 1)
	b.b24 = bitrix.New(apptest.Calls(), pair{access, front.URL + sim.Path})
	b.client = realty.New(apptest.Calls(), front.URL+"/realty/v1", session{front.URL + "/realty/v1"})
	return drive
}

// TestAHugeArchiveGoesToTheDrive: 500 MB from Реестро reach the drive whole, and hardly any memory is used
// for them. It runs alone, because memory is everybody's.
func TestAHugeArchiveGoesToTheDrive(t *testing.T) {
	b := open(t, 2, map[string]any{"assignedById": 1})
	files := b.delivered(t, realtysim.ResultFile{Type: "outdoc", Name: "a", Data: []byte(hugeArchive)})
	drive := b.stretch(t, files[0].ID)
	b.add(t, reaction.Comment, reaction.CommentParams{Text: "Готово", Files: files})
	peak := apptest.Growth(t)
	b.done(t)
	grown := peak()
	require.Less(t, grown, uint64(apptest.MayGrow), "the file is held in memory")
	t.Logf("%d MB went by, memory grew by %d MB", apptest.Huge>>20, grown>>20)
	require.EqualValues(t, apptest.Huge, drive.Bytes)
	require.Equal(t, apptest.ContentSum(hugeArchive, apptest.Huge), drive.Sum, "the bytes are those of the service")
	line := strings.Join(b.timeline("comment"), "")
	require.Contains(t, line, "Файл на Диске: [URL=https://agency/disk/77]Выписка 1.zip[/URL] (500 МБ)")
}
