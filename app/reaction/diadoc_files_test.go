package reaction_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/diadoc"
)

// letters stands for Диадок: it has files of one document.
type letters struct {
	later int // how many print forms are not ready
	huge  bool
}

// ServeHTTP answers as the service's pages say.
func (l *letters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/GeneratePrintForm":
		if l.later > 0 {
			l.later--
			w.Header().Set("Retry-After", "3")
			return
		}
		w.Header().Set("Content-Disposition", `attachment; filename="form.pdf"`)
		if l.huge {
			_, _ = io.Copy(w, apptest.Content(hugeArchive, large))
			return
		}
		_, _ = io.WriteString(w, "%PDF form of "+r.URL.Query().Get("documentId"))
	case "/GenerateDocumentProtocol":
		_, _ = io.WriteString(w, `{"PrintForm":"JVBERi1wcm90b2NvbA==","Signature":"MIIG"}`)
	case "/GenerateDocumentZip":
		_, _ = fmt.Fprintf(w, `{"ZipFileNameOnShelf":"full-%s.zip"}`, r.URL.Query().Get("fullDocflow"))
	case "/V2/ShelfDownload":
		_, _ = io.WriteString(w, "PK "+r.URL.Query().Get("fileName"))
	case "/V4/GetEntityContent":
		_, _ = io.WriteString(w, "content of "+r.URL.Query().Get("entityId"))
	default:
		http.Error(w, "no such path", http.StatusNotFound)
	}
}

type key struct{}

func (key) Token(context.Context) (diadoc.Authorization, error) { return diadoc.Bearer("t"), nil }
func (key) Renew(context.Context, diadoc.Authorization) (diadoc.Authorization, error) {
	return diadoc.Bearer("t"), nil
}

// writes lets the card's docflow be a message at Диадок.
func (b *bench) writes(t *testing.T, l *letters) {
	t.Helper()
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	client := diadoc.New(apptest.Calls(), server.URL, key{}, diadoc.WithClock(b.Now))
	b.worker = reaction.New(reaction.Deps{Store: b.store, Cards: action.New(action.Deps{Clients: b, Portals: b, Now: b.Now}), Sealer: b.box, Bitrix: b.Bitrix, Now: b.Now,
		Diadoc: func(context.Context, docflow.Record) (*diadoc.Client, diadoc.BoxID, error) {
			return client, "box", b.gone
		},
		TokenBind: func(p string) string { return "event_token/" + p }})
	require.NoError(t, b.store.Commit(t.Context(), docflow.Prepare{Record: docflow.Record{ID: "d", Portal: "m1", Card: b.card, System: docflow.Diadoc,
		Kind: "Nonformalized", ExternalID: "m", RequestID: "d", State: docflow.AllSigned}}))
}

// TestFilesOfDiadoc: each source of a file comes into the card under its name, the operator's signature beside the
// protocol; nothing of them is taken apart.
func TestFilesOfDiadoc(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.writes(t, &letters{})
	b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: portal.FieldRealtyFiles, Files: []reaction.FileItem{
		{ID: "e", Source: reaction.SourcePrintForm, Name: "Форма.pdf"}, {ID: "e", Source: reaction.SourceProtocol, Name: "Протокол.pdf", Signatures: []string{"e"}},
		{ID: "e", Source: reaction.SourceZipAll, Name: "Архив.zip"}, {ID: "e", Source: reaction.SourceEntity, Name: "Договор.docx", Signatures: []string{"s"}}}})
	b.done(t)
	files := map[string]string{}
	ids, _ := b.field(portal.FieldRealtyFiles).([]any)
	for _, id := range ids {
		name, data, _ := b.sim.File(id.(int))
		files[name] = string(data)
	}
	require.Equal(t, map[string]string{"Форма.pdf": "%PDF form of e", "Протокол.pdf": "%PDF-protocol", "Протокол.pdf.sig": "\x30\x82\x06",
		"Архив.zip": "PK full-true.zip", "Договор.docx": "content of e", "Договор.docx.sig": "content of s"}, files)
}

// TestAFileThatIsNotReadyWaits: an effect whose file is in the making again waits as long as the service said.
func TestAFileThatIsNotReadyWaits(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.writes(t, &letters{later: 1})
	set := settings.Settings{}
	rec, err := b.store.Docflow(t.Context(), "d")
	require.NoError(t, err)
	require.NoError(t, b.store.Commit(t.Context(), reaction.Enqueue{Effects: reaction.Delivered(set, reaction.Delivery{Record: rec, Card: b.card, Action: "Печатная форма",
		Text: "Файл в карточке", File: reaction.FileItem{ID: "e", Source: reaction.SourcePrintForm, Name: "Форма.pdf"}})}))
	_, err = b.work(t)
	require.ErrorIs(t, err, diadoc.ErrNotReady)
	require.Len(t, b.waiting(t), 1)
	b.done(t)
	require.Contains(t, strings.Join(b.timeline("comment"), ""), "Файл в карточке")
}

// large is the size of a print form that must not be held in memory, in bytes.
const large = 3 * apptest.MayGrow

// TestALargePrintFormIsRead: it is read as it arrives; that what is read goes on from the disk is proven with the files
// of Реестро. It runs alone, because memory is everybody's.
func TestALargePrintFormIsRead(t *testing.T) {
	server := httptest.NewServer(&letters{huge: true})
	t.Cleanup(server.Close)
	client := diadoc.New(apptest.Calls(), server.URL, key{})
	sink := apptest.NewSink()
	peak := apptest.Growth(t)
	name, err := reaction.CopyFile(t.Context(), client, "box", diadoc.DocumentID{MessageID: "m", EntityID: "e"}, reaction.SourcePrintForm, sink)
	require.NoError(t, err)
	require.Less(t, peak(), uint64(apptest.MayGrow), "the file is held in memory")
	require.Equal(t, "form.pdf", name)
	require.EqualValues(t, large, sink.Bytes)
	require.Equal(t, apptest.ContentSum(hugeArchive, large), sink.Sum, "the bytes are those of the service")
}
