package realty_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

const contentID = realty.ContentID("d20bd506-6325-43e1-b2e4-105ec5d63417")

func TestUploadContent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		link   string
	}{
		"pointer":  {answer{status: 201, body: string(file(t, "content-pointer.response.json"))}, "https://api.kontur.ru/realty/v1/contents/d20bd506-6325-43e1-b2e4-105ec5d63417"},
		"200":      {answer{status: 200, body: `{"id":"d20bd506-6325-43e1-b2e4-105ec5d63417"}`}, ""},
		"array":    {answer{status: 201, body: `[{"id":"d20bd506-6325-43e1-b2e4-105ec5d63417"},{"id":"x"}]`}, ""},
		"location": {answer{201, "", map[string]string{"Location": "https://api.kontur.ru/realty/v1/contents/d20bd506-6325-43e1-b2e4-105ec5d63417?x=1"}}, "https://api.kontur.ru/realty/v1/contents/d20bd506-6325-43e1-b2e4-105ec5d63417?x=1"},
		"relative": {answer{201, "{}", map[string]string{"Location": "d20bd506-6325-43e1-b2e4-105ec5d63417"}}, "d20bd506-6325-43e1-b2e4-105ec5d63417"},
		"not JSON": {answer{201, "stored", map[string]string{"Location": "/contents/d20bd506-6325-43e1-b2e4-105ec5d63417/"}}, "/contents/d20bd506-6325-43e1-b2e4-105ec5d63417/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, tc.answer)
			got, err := s.client().UploadContent(t.Context(), strings.NewReader("%PDF"), 4, "Application/PDF")
			require.NoError(t, err)
			require.Equal(t, realty.ContentPointer{ID: contentID, Link: tc.link}, got)
			require.Equal(t, []seen{{"POST", "/realty/v1/contents", "auth.sid s0", realty.PDFType, "%PDF", 4}}, s.seen())
		})
	}
}

func TestUploadFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		want   error
		class  upstream.Class
	}{
		"bad type":     {answer{status: 415}, realty.ErrRefused, upstream.Refused},
		"no id":        {answer{status: 201, body: "{}"}, realty.ErrBadAnswer, upstream.Retry},
		"location":     {answer{201, "", map[string]string{"Location": "https://x/contents"}}, realty.ErrBadAnswer, upstream.Retry},
		"bad location": {answer{201, "", map[string]string{"Location": "%zz"}}, realty.ErrBadAnswer, upstream.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newService(t, tc.answer).client().UploadContent(t.Context(), strings.NewReader("x"), 1, realty.XMLType)
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			require.False(t, upstream.MaybeDone(err), "an upload may be repeated")
		})
	}
}

func TestUploadAndTheSession(t *testing.T) {
	t.Parallel()
	stored := answer{status: 201, body: `{"id":"d20bd506-6325-43e1-b2e4-105ec5d63417"}`}

	s := newService(t, answer{status: 401}, stored)
	whole := strings.NewReader("skipped%PDF")
	_, err := io.CopyN(io.Discard, whole, 7)
	require.NoError(t, err)
	_, err = s.client().UploadContent(t.Context(), whole, 4, realty.PDFType)
	require.NoError(t, err)
	require.Equal(t, "%PDF", s.seen()[1].body, "sent again from where it began")

	s = newService(t, answer{status: 401}, stored)
	_, err = s.client().UploadContent(t.Context(), io.MultiReader(strings.NewReader("%PDF")), 4, realty.PDFType)
	require.ErrorIs(t, err, realty.ErrSessionExpired)
	require.Equal(t, upstream.Relogin, upstream.ClassOf(err))
	require.Equal(t, []string{"s0"}, s.sessions.renewed, "renewed for the caller's next try")
	require.Len(t, s.seen(), 1)
}

func TestUploadOfUnknownSize(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 201, body: `{"id":"d20bd506-6325-43e1-b2e4-105ec5d63417"}`})
	_, err := s.client().UploadContent(t.Context(), io.MultiReader(strings.NewReader("abc")), -1, realty.SignatureType)
	require.NoError(t, err)
	require.Equal(t, "abc", s.seen()[0].body)
	require.EqualValues(t, -1, s.seen()[0].length, "chunked")

	_, err = s.client().UploadContent(t.Context(), strings.NewReader(""), 0, realty.SignatureType)
	require.NoError(t, err)
	require.Empty(t, s.seen()[1].body)
}

// broken gives some bytes and then fails.
type broken struct{ cause error }

func (b broken) Read([]byte) (int, error) { return 0, b.cause }

func TestUploadOfABrokenStream(t *testing.T) {
	t.Parallel()
	cause := errors.New("the portal hung up")
	s := newService(t, answer{status: 201})
	_, err := s.client().UploadContent(t.Context(), io.MultiReader(strings.NewReader("abc"), broken{cause}), 10, realty.PDFType)
	require.ErrorIs(t, err, cause)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 401}, answer{status: 200, body: "PK\x03\x04"})
	client := s.client()
	body, err := client.Content(t.Context(), contentID)
	require.NoError(t, err)
	raw, err := io.ReadAll(body)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	require.Equal(t, "PK\x03\x04", string(raw))

	var buffer bytes.Buffer
	n, err := client.CopyFile(t.Context(), docflowID, fileID, &buffer)
	require.NoError(t, err)
	require.EqualValues(t, 4, n)
	require.Equal(t, "PK\x03\x04", buffer.String())

	requests := s.seen()
	require.Equal(t, "/realty/v1/contents/"+string(contentID), requests[1].uri)
	require.Equal(t, "auth.sid s1", requests[1].auth)
	require.Equal(t, "/realty/v1/docflows/"+string(docflowID)+"/files/"+string(fileID), requests[2].uri)
}

func TestDownloadFails(t *testing.T) {
	t.Parallel()
	_, err := newService(t, answer{status: 404, body: `{"message":"gone"}`}).client().File(t.Context(), docflowID, fileID)
	require.ErrorIs(t, err, realty.ErrNotFound)
	require.ErrorContains(t, err, "gone")

	client := newService(t, answer{status: 200, body: "0123456789"}).client(realty.WithMaxFile(4))
	n, err := client.CopyFile(t.Context(), docflowID, fileID, io.Discard)
	require.ErrorIs(t, err, upstream.ErrAnswerTooLarge)
	require.Equal(t, upstream.Broken, upstream.ClassOf(err))
	require.LessOrEqual(t, n, int64(4))

	cut := newService(t, answer{200, "0123", map[string]string{"Content-Length": "10"}}).client()
	_, err = cut.CopyFile(t.Context(), docflowID, fileID, io.Discard)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.False(t, upstream.MaybeDone(err))
	require.True(t, upstream.RetryAt(err).IsZero())
	require.ErrorContains(t, err, "realty: GET /docflows/{id}/files/{file}: ")

	full := errors.New("disk full")
	_, err = newService(t, answer{status: 200, body: "0123"}).client().CopyFile(t.Context(), docflowID, fileID, sink{full})
	require.ErrorIs(t, err, full)
}

type sink struct{ cause error }

func (s sink) Write([]byte) (int, error) { return 0, s.cause }

func TestFormat(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"outdoc": "zip", "egrn:outdoc": "zip", "egrn:extract_info:xml": "xml", "extract_info:xml": "xml", "extract_info:pdf": "pdf",
		"egrn:extract_ownership:xml": "xml", "extract_agreement:pdf": "pdf", "statement": "", "extract_info:docx": "", "outdoc:x": "", "": "",
	} {
		require.Equal(t, want, realty.File{Type: kind}.Format(), kind)
	}
}
