package realty_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestWire freezes what every method sends, down to its headers, against testdata/wire: the page's own example request
// with the ids of these tests. The answers are the page's too.
func TestWire(t *testing.T) {
	t.Parallel()
	const stored = `{"id":"d20bd506-6325-43e1-b2e4-105ec5d63417","contentLink":"https://api.kontur.ru/realty/v1/contents/d20bd506-6325-43e1-b2e4-105ec5d63417"}`
	for name, tc := range map[string]struct {
		answer answer
		call   func(t *testing.T, c *realty.Client) error
	}{
		"auth": {answer{status: 200, body: string(file(t, "auth.response.json"))}, nil},
		"create": {answer{status: 201, body: string(file(t, "docflow.object_request.created-suspended.earlier.json"))},
			func(t *testing.T, c *realty.Client) error {
				body, err := c.Spelling().CreateBody(realty.ObjectRequestKind, "client-request-12345",
					realty.ObjectRequest{Type: "info", CadastralNumber: "47:14:1203001:814"})
				require.NoError(t, err)
				_, err = c.Create(t.Context(), realty.ObjectRequestKind, body)
				return err
			}},
		"get": {answer{status: 200, body: string(file(t, "docflow.object_request.completed.json"))}, func(t *testing.T, c *realty.Client) error {
			got, err := c.Get(t.Context(), docflowID)
			require.JSONEq(t, `{"type":"info","cadastralNumber":"47:14:1203001:814"}`, string(got.Options))
			return err
		}},
		"submit": {answer{status: 200, body: string(file(t, "docflow.encumbrance_request.submitted-verified.earlier.json"))},
			func(t *testing.T, c *realty.Client) error { _, err := c.Submit(t.Context(), docflowID); return err }},
		"news": {answer{status: 200, body: string(file(t, "news.page.json"))},
			func(t *testing.T, c *realty.Client) error { _, err := c.News(t.Context(), "3254tsadf5"); return err }},
		"news-first": {answer{status: 200, body: string(file(t, "news.empty.json"))},
			func(t *testing.T, c *realty.Client) error { _, err := c.News(t.Context(), ""); return err }},
		"signature": {answer{status: 204}, sign},
		"signature-by-link": {answer{status: 201}, func(t *testing.T, c *realty.Client) error {
			return c.AddSignatureByLink(t.Context(), docflowID, fileID, signatureID)
		}},
		"upload": {answer{201, stored, map[string]string{"Location": "https://api.kontur.ru/realty/v1/contents/d20bd506-6325-43e1-b2e4-105ec5d63417"}},
			func(t *testing.T, c *realty.Client) error {
				_, err := c.UploadContent(t.Context(), strings.NewReader("%PDF-1.4"), 8, realty.PDFType)
				return err
			}},
		"content": {answer{status: 200, body: "%PDF-1.4"}, func(t *testing.T, c *realty.Client) error {
			var got bytes.Buffer
			_, err := c.CopyContent(t.Context(), contentID, &got)
			require.Equal(t, "%PDF-1.4", got.String())
			return err
		}},
		"file": {answer{status: 200, body: "PK"}, func(t *testing.T, c *realty.Client) error {
			var got bytes.Buffer
			_, err := c.CopyFile(t.Context(), docflowID, fileID, &got)
			require.Equal(t, "PK", got.String())
			return err
		}},
		"suggest": {answer{status: 200, body: string(file(t, "cadastre-suggest.response.json"))}, func(t *testing.T, c *realty.Client) error {
			got, err := c.CadastreSuggest(t.Context(), realty.CadastreQuery{Region: "Новосибирский", City: "Новосибирск",
				Street: "Татьяны Снежиной", House: "39", Room: "120"})
			require.Equal(t, "54:35:000000:5911", got[0].CadastralNumber)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent bytes.Buffer
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				dump(&sent, r)
				for header, value := range tc.answer.header {
					w.Header().Set(header, value)
				}
				w.WriteHeader(tc.answer.status)
				_, _ = w.Write([]byte(tc.answer.body))
			}))
			defer server.Close()
			up := upstream.New(upstream.WithInsecure(true))
			if tc.call == nil {
				var credentials realty.Credentials
				require.NoError(t, json.Unmarshal(file(t, "auth.request.json"), &credentials))
				_, err := realty.Login(t.Context(), up, server.URL+"/realty/v1", credentials)
				require.NoError(t, err)
			} else {
				require.NoError(t, tc.call(t, realty.New(up, server.URL+"/realty/v1", &sessions{})))
			}
			golden := filepath.Join("testdata", "wire", name+".http")
			if *update {
				require.NoError(t, os.WriteFile(golden, sent.Bytes(), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), sent.String())
		})
	}
}

// dump writes a request with its headers in order, without what the transport adds by itself.
func dump(to *bytes.Buffer, r *http.Request) {
	fmt.Fprintf(to, "%s %s\n", r.Method, r.URL.RequestURI())
	var names []string
	for name := range r.Header {
		if name != "Accept-Encoding" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(to, "%s: %s\n", name, strings.Join(r.Header[name], ", "))
	}
	to.WriteString("\n")
	_, _ = to.ReadFrom(r.Body)
}

// TestExamplesOfThePage reads every answer that the pages print.
func TestExamplesOfThePage(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"docflow.object_request.created-queued.json":                    "object_request queued",
		"docflow.object_request.created-suspended.earlier.json":         "object_request suspended",
		"docflow.encumbrance_request.submitted-verified.earlier.json":   "encumbrance_request verified",
		"docflow.object_request.completed.json":                         "object_request completed files=3",
		"docflow.encumbrance_request.completed.json":                    "encumbrance_request completed files=1",
		"docflow.object_request.error.json":                             "object_request error fault",
		"docflow.right_movement_request.suspended-payment.json":         "right_movement_request suspended payment=1",
		"docflow.right_movement_request.suspended-payment.wrapped.json": "right_movement_request suspended payment=1",
		"docflow.right_movement_request.suspended-signature.json":       "right_movement_request suspended signature=1",
		"docflow.right_movement_request.suspended-result.json":          "right_movement_request suspended files=1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := realty.ParseDocflow(file(t, name))
			require.NoError(t, err)
			got := fmt.Sprintf("%s %s", d.Kind, d.State)
			for what, n := range map[string]int{" signature": len(d.Requirements.Signature), " payment": len(d.Requirements.Payment)} {
				if n > 0 {
					got += fmt.Sprintf("%s=%d", what, n)
				}
			}
			if d.Result != nil {
				got += fmt.Sprintf(" files=%d", len(d.Result.Files))
			}
			if d.Fault != nil {
				got += " fault"
			}
			require.Equal(t, want, got)
		})
	}
}

func TestFileTitles(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"statement": "Заявление", "outdoc": "Архив документов из ЕГРН", "egrn:outdoc": "Архив документов из ЕГРН",
		"extract_info:pdf":           "Выписка об основных характеристиках и зарегистрированных правах на объект недвижимости",
		"egrn:extract_ownership:xml": "Выписка о переходе прав на объект недвижимости",
		"egrn:extract_agreement:xml": "Выписка о зарегистрированных договорах участия в долевом строительстве",
		"new":                        "", "": "",
	} {
		require.Equal(t, want, realty.File{Type: kind}.Title(), kind)
	}
}
