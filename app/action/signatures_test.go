package action_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/realty"
)

// uploaded stores signatures at the service, as another program of the account does.
func (w *world) uploaded(t *testing.T, signatures ...[]byte) (all []realty.ContentPointer) {
	t.Helper()
	for _, data := range signatures {
		pointer, err := w.client.UploadContent(t.Context(), bytes.NewReader(data), int64(len(data)), realty.SignatureType)
		require.NoError(t, err)
		all = append(all, pointer)
	}
	return all
}

// TestSignaturesAtTheService: what was uploaded is attached by its link, to the statement that it was made of.
func TestSignaturesAtTheService(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]func(w *world, p []realty.ContentPointer) any{
		"by their links": func(_ *world, p []realty.ContentPointer) any { return []string{p[0].Link, p[1].Link} },
		"by their ids": func(_ *world, p []realty.ContentPointer) any {
			return string(p[0].ID) + ", " + strings.ToUpper(string(p[1].ID))
		},
		"by the other form of a link": func(_ *world, p []realty.ContentPointer) any {
			at := "https://api.kontur.ru/realty/v1/docflows/d20bd506-6325-43e1-b2e4-105ec5d63417/files/"
			return []string{at + string(p[0].ID), "/realty/v1/contents/" + string(p[1].ID)}
		},
		"one of them in the card": func(w *world, p []realty.ContentPointer) any {
			w.put(t, w.signatures(t)[0])
			return []string{string(p[1].ID), signatureField}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			ext := filed(t, w)
			uploads := w.ops("upload")
			p := w.uploaded(t, w.signatures(t)...)
			w.do(t, "realty_sign", w.demo.Sale, props{"signatures": values(w, p)})
			require.Empty(t, w.record(t).Unsigned())
			require.Equal(t, uploads+2, w.ops("upload"), "nothing was uploaded again")
			require.Equal(t, 2, w.ops("sign")+w.ops("sign_link"))
			require.NotZero(t, w.ops("sign_link"))
			d, _ := w.box.Realty.Docflow(ext)
			require.Len(t, d.SignedBy, 2)
			w.do(t, "realty_submit", w.demo.Sale, nil)
			require.NoError(t, w.box.Realty.Dispatch(ext), "the service found every signature good")
		})
	}
}

// TestWhatGoesByLink: the raw way has no name for what is sent, and may not take everything.
func TestWhatGoesByLink(t *testing.T) {
	t.Parallel()
	w := setup(t)
	filed(t, w)
	statement := w.record(t).Statements[0].FileID
	w.put(t, []byte("-----BEGIN PGP SIGNATURE-----"))
	w.do(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField, "file_id": statement})
	require.Equal(t, []int{0, 1}, []int{w.ops("sign"), w.ops("sign_link")}, "a PGP signature is told to be one")
	all := w.signatures(t) // the last statement's first
	sign := func(status int, signature []byte) lane.Row {
		w.Add(time.Second)
		w.put(t, signature)
		w.box.Realty.FailNext("sign", status, 1)
		return w.call(t, "realty_sign", w.demo.Sale, props{"signatures": signatureField})
	}
	w.refusal(t, "not_found", sign(http.StatusNotFound, all[0]))
	require.Equal(t, 1, w.ops("sign_link"), "what is not there is not there by a link either")
	w.run(t, sign(http.StatusRequestEntityTooLarge, all[0]))
	require.Equal(t, 2, w.ops("sign_link"))
	require.Empty(t, w.record(t).Unsigned())

	w = setup(t)
	filed(t, w)
	w.run(t, sign(http.StatusUnsupportedMediaType, w.signatures(t)[0]))
	require.Equal(t, 1, w.ops("sign_link"))
	require.Len(t, w.record(t).Unsigned(), 1)
}

func TestStoredSignaturesAreLookedInto(t *testing.T) {
	t.Parallel()
	w := setup(t)
	filed(t, w)
	sign := func(value string) string {
		return w.refusal(t, "invalid_field", w.call(t, "realty_sign", w.demo.Sale, props{"signatures": value}))
	}
	const unknown, foreign, document = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003"
	w.box.Realty.AddContent(w.demo.AccountID, document, "application/pdf", []byte("%PDF-1.4 the document itself"))
	w.box.Realty.AddAccount("other@b.ru", "1", "5ee84ac0-eb9a-4b42-b814-2f5f7c27c256")
	w.box.Realty.AddContent("5ee84ac0-eb9a-4b42-b814-2f5f7c27c256", foreign, "application/x-pkcs7-signature", w.signatures(t)[0])
	require.Contains(t, sign(unknown), "не найдено в Реестро")
	require.Contains(t, sign("https://api.kontur.ru/realty/v1/contents/"+foreign), "другим аккаунтом")
	require.Contains(t, sign(document), "похож на сам документ")
	w.refusal(t, "bad_file", w.call(t, "realty_sign", w.demo.Sale, props{"signatures": "https://api.kontur.ru/realty/v1/" + unknown})) // no content: a link like any other
	require.Zero(t, w.ops("sign_link"))
}
