package bitrix_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

func file(body string) reply {
	return reply{status: 200, body: body, header: map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="signed.pdf"; filename*=utf-8''%D0%94.pdf`,
	}}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	p := newPortal(t, file("%PDF-1.7"))
	l := &limiter{}
	var w bytes.Buffer
	got, err := newClient(t, p, bitrix.WithLimiter(l)).Download(t.Context(),
		bitrix.FileLink(p.URL+"/rest/download.json?token=disk%7CB&x=%2f"), &w, 1000)
	require.NoError(t, err)
	require.Equal(t, bitrix.Downloaded{Name: "Д.pdf", ContentType: "application/pdf", Size: 8}, got)
	require.Equal(t, "%PDF-1.7", w.String())
	sent := p.requests()[0]
	require.Equal(t, "token=disk%7CB&x=%2f&auth=TOKEN-OF-TEST", sent.Query, "the signed part stays byte for byte")
	require.Equal(t, "*/*", sent.Header.Get("Accept"))
	require.Equal(t, "en-US,en;q=0.9", sent.Header.Get("Accept-Language"))
	require.Equal(t, p.URL+"/", sent.Header.Get("Referer"))
	require.Regexp(t, `^\w+/\w+`, sent.Header.Get("User-Agent"))
	require.NotContains(t, sent.Header.Get("User-Agent"), "Go-http-client")
	require.Equal(t, 1, l.taken)
}

func TestDownloadSetsTheToken(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ link, want string }{
		"absent":   {"/bitrix/show_file.php?id=1", "id=1&auth=TOKEN-OF-TEST"},
		"empty":    {"/bitrix/show_file.php?auth=&ownerId=5", "auth=TOKEN-OF-TEST&ownerId=5"},
		"no value": {"/bitrix/show_file.php?auth&ownerId=5", "auth=TOKEN-OF-TEST&ownerId=5"},
		"given":    {"/rest/getFile.json?auth=A&token=B", "auth=A&token=B"},
		"no query": {"/rest/getFile.json", "auth=TOKEN-OF-TEST"},
		"fragment": {"/rest/getFile.json#x", "auth=TOKEN-OF-TEST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, file("x"))
			_, err := newClient(t, p).Download(t.Context(), bitrix.FileLink(tc.link), &bytes.Buffer{}, 10)
			require.NoError(t, err)
			require.Equal(t, tc.want, p.requests()[0].Query)
		})
	}
	p := newPortal(t, file("x"))
	_, err := clientOf(bitrix.NewWebhook(p.endpoint())).Download(t.Context(), bitrix.FileLink("/x?a=1"), &bytes.Buffer{}, 10)
	require.NoError(t, err)
	require.Equal(t, "a=1", p.requests()[0].Query, "a webhook has no token")
}

func TestDownloadRefusesForeignLinks(t *testing.T) {
	t.Parallel()
	thief := newPortal(t, file("x"))
	for name, link := range map[string]string{
		"another host": thief.URL + "/x", "another scheme": "https://" + thief.host() + "/x", "a user": "http://u@" + thief.host() + "/x",
		"no scheme": "//" + thief.host() + "/x", "file": "file:///etc/passwd", "broken": "http://[",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			_, err := newClient(t, p).Download(t.Context(), bitrix.FileLink(link), &bytes.Buffer{}, 10)
			require.ErrorIs(t, err, bitrix.ErrForeignHost)
			require.Equal(t, upstream.Refused, upstream.ClassOf(err))
			require.False(t, upstream.MaybeDone(err))
			require.True(t, upstream.RetryAt(err).IsZero())
			require.Empty(t, thief.requests())
			require.Empty(t, p.requests())
		})
	}
	_, err := newClient(t, thief).Download(t.Context(), bitrix.FileRef{ID: 5}, &bytes.Buffer{}, 10)
	require.ErrorIs(t, err, bitrix.ErrNoLink)
}

func TestDownloadFollowsOneRedirect(t *testing.T) {
	t.Parallel()
	storage := newPortal(t, file("stored"))
	p := newPortal(t, reply{status: 302, header: map[string]string{"Location": storage.URL + "/cdn?sig=1"}})
	var w bytes.Buffer
	_, err := newClient(t, p).Download(t.Context(), bitrix.FileLink("/x"), &w, 100)
	require.NoError(t, err)
	require.Equal(t, "stored", w.String())
	require.Equal(t, "sig=1", storage.requests()[0].Query)
	require.NotContains(t, storage.requests()[0].Header, "Authorization")
}

func TestDownloadRefusesRedirects(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		location string
		want     error
	}{
		"with the token":  {"http://storage.example/x?auth=TOKEN-OF-TEST", bitrix.ErrForeignHost},
		"another scheme":  {"ftp://storage.example/x", bitrix.ErrForeignHost},
		"the second time": {"/again", bitrix.ErrMoved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			moved := reply{status: 302, header: map[string]string{"Location": tc.location}}
			p := newPortal(t, moved, moved)
			_, err := newClient(t, p).Download(t.Context(), bitrix.FileLink("/x"), &bytes.Buffer{}, 100)
			require.ErrorIs(t, err, tc.want)
			require.NotContains(t, err.Error(), "TOKEN")
		})
	}
}

func TestDownloadErrors(t *testing.T) {
	t.Parallel()
	page := map[string]string{"Content-Type": "text/html"}
	for name, tc := range map[string]struct {
		reply reply
		want  error
		class upstream.Class
	}{
		"JSON error with 200":  {ok(`{"error":"ACCESS_DENIED"}`), bitrix.ErrAccessDenied, upstream.Refused},
		"JSON error with name": {reply{200, `{"error":"NOT_FOUND"}`, map[string]string{"Content-Disposition": "attachment; filename=a"}}, bitrix.ErrNotFound, upstream.Refused},
		"rate":                 {reply{status: 503, body: `{"error":"QUERY_LIMIT_EXCEEDED"}`}, bitrix.ErrRateLimited, upstream.Wait},
		"nginx 404":            {reply{404, "<html>", page}, bitrix.ErrNotFound, upstream.Refused},
		"403 page":             {reply{403, "<html>", page}, bitrix.ErrAccessDenied, upstream.Refused},
		"login page":           {reply{200, "<html>", page}, bitrix.ErrBadAnswer, upstream.Retry},
		"gateway":              {reply{502, "<html>", page}, bitrix.ErrBadAnswer, upstream.Retry},
		"too large":            {file(strings.Repeat("x", 101)), upstream.ErrAnswerTooLarge, upstream.Refused},
		"far too large":        {file(strings.Repeat("x", 100_000)), upstream.ErrAnswerTooLarge, upstream.Refused},
		"chunked too large":    {reply{200, strings.Repeat("x", 101), map[string]string{"Content-Disposition": "attachment", "Transfer-Encoding": "chunked"}}, upstream.ErrAnswerTooLarge, upstream.Refused},
		"far too large chunks": {reply{200, strings.Repeat("x", 100_000), map[string]string{"Content-Type": "text/csv", "Transfer-Encoding": "chunked"}}, upstream.ErrAnswerTooLarge, upstream.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, tc.reply)
			var w bytes.Buffer
			_, err := newClient(t, p).Download(t.Context(), bitrix.FileLink("/x"), &w, 100)
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			require.LessOrEqual(t, w.Len(), 100)
			require.False(t, upstream.MaybeDone(err))
		})
	}
}

func TestDownloadKeepsFilesThatLookLikeErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ kind, disposition, body string }{
		"JSON":      {"application/json", "", `{"a":1}`},
		"HTML":      {"text/html", `attachment; filename="a.html"`, `<html>`},
		"named":     {"text/plain", `attachment; filename="a.txt"`, `{"error":"x"}`},
		"exactly":   {"application/pdf", "", strings.Repeat("x", 100)},
		"empty":     {"text/plain", "", ""},
		"bad names": {"text/plain", "attachment; filename=", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, reply{200, tc.body, map[string]string{"Content-Type": tc.kind, "Content-Disposition": tc.disposition}})
			var w bytes.Buffer
			_, err := newClient(t, p).Download(t.Context(), bitrix.FileLink("/x"), &w, 100)
			require.NoError(t, err)
			require.Equal(t, tc.body, w.String())
		})
	}
}

func TestDownloadNames(t *testing.T) {
	t.Parallel()
	for disposition, want := range map[string]string{
		`attachment; filename="../../etc/passwd"`: "passwd", `attachment; filename="C:\\x\\a.txt"`: "a.txt",
		`attachment; filename=".."`: "", `attachment`: "", `attachment; filename*=utf-8''a%0d%0ab.txt`: "ab.txt",
	} {
		p := newPortal(t, reply{200, "x", map[string]string{"Content-Type": "text/plain", "Content-Disposition": disposition}})
		got, err := newClient(t, p).Download(t.Context(), bitrix.FileLink("/x"), &bytes.Buffer{}, 10)
		require.NoError(t, err)
		require.Equal(t, want, got.Name, disposition)
	}
}

func TestDownloadRenewsTheToken(t *testing.T) {
	t.Parallel()
	p := newPortal(t, reply{status: 401, body: expired}, file("x"))
	source := &tokens{access: "old", endpoint: p.endpoint(), next: []string{"new"}}
	var w bytes.Buffer
	_, err := clientOf(source).Download(t.Context(), bitrix.FileLink("/x?auth=old&token=B"), &w, 10)
	require.NoError(t, err)
	require.Equal(t, "auth=new&token=B", p.requests()[1].Query)

	gone := errors.New("gone")
	for _, source := range []*tokens{{access: "old"}, {access: "old", fail: gone}} {
		p := newPortal(t, reply{status: 401, body: expired})
		source.endpoint = p.endpoint()
		_, err := clientOf(source).Download(t.Context(), bitrix.FileLink("/x"), &w, 10)
		require.Error(t, err)
		require.Equal(t, source.fail != nil, errors.Is(err, gone))
		require.Equal(t, source.fail == nil, errors.Is(err, bitrix.ErrExpiredToken))
	}
}

// full is a disk without room.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestDownloadReportsTheWriter(t *testing.T) {
	t.Parallel()
	noRoom := errors.New("no room")
	p := newPortal(t, file("x"))
	_, err := newClient(t, p).Download(t.Context(), bitrix.FileLink("/x"), full{noRoom}, 10)
	require.ErrorIs(t, err, noRoom)
}

func TestDownloadWaitsForTheLimit(t *testing.T) {
	t.Parallel()
	busy := errors.New("busy")
	p := newPortal(t)
	_, err := newClient(t, p, bitrix.WithLimiter(&limiter{fail: busy})).Download(t.Context(), bitrix.FileLink("/x"), &bytes.Buffer{}, 10)
	require.ErrorIs(t, err, busy)
	require.Empty(t, p.requests())
}
