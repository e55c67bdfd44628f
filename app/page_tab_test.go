package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/store"
)

// TestShownAs: what a browser could be made to run is never named as such, whatever the file says.
func TestShownAs(t *testing.T) {
	t.Parallel()
	for head, want := range map[string][2]string{
		"%PDF-1.7 …":                           {"application/pdf", ".pdf"},
		"\xef\xbb\xbf<?xml version=\"1.0\"?>":  {"application/xml", ".xml"},
		"\x89PNG\r\n\x1a\n":                    {"image/png", ".png"},
		"PK\x03\x04":                           {"application/zip", ".zip"},
		"\x30\x80\x06\x09":                     {"application/octet-stream", ".sig"},
		"<!doctype html><script>alert(1)":      {"application/octet-stream", ""},
		"<svg xmlns='http://www.w3.org/2000'>": {"application/octet-stream", ""},
		"plain words":                          {"application/octet-stream", ""},
		"":                                     {"application/octet-stream", ""},
	} {
		kind, ending := shownAs([]byte(head))
		require.Equal(t, want, [2]string{kind, ending}, head)
	}
}

// TestFilesOfADocflow: only files that the record names are fetched through a page.
func TestFilesOfADocflow(t *testing.T) {
	t.Parallel()
	rec := docflow.Record{Statements: []docflow.Statement{{FileID: "s-1"}}, Files: []docflow.File{{ID: "F-1", Signatures: []string{"sig-1"}}},
		Documents: []docflow.Document{{EntityID: "e-1"}, {}}}
	for id, want := range map[string]bool{"s-1": true, "f-1": true, "sig-1": true, "e-1": true, "": false, "x": false, "../s-1": false} {
		require.Equal(t, want, holds(rec, id), id)
	}
}

// TestTabJob tells a business no from work that went well, and leaves the asking to a docflow that is uncertain.
func TestTabJob(t *testing.T) {
	t.Parallel()
	for note, want := range map[string]string{"not_signed: осталось подписать 2": "осталось подписать 2", "uncertain: a person must decide": "", "2 signatures handed over": "", "": ""} {
		j := tabJob(store.CardJob{Job: store.Job{State: "done", Note: note, Kind: "page", Code: "realty_sign"}})
		require.Equal(t, want != "", j.Refused, note)
		if j.Refused {
			require.Equal(t, want, j.Note)
		}
		require.Equal(t, "Реестро: приложить подписи", j.Title.RU)
	}
}
