package bitrix_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// source is a file that is read in small pieces and remembers how often it was opened and closed.
type source struct {
	content        string
	opened, closed int
	refuse, breaks error
}

func (s *source) upload(name string, size int64) *bitrix.Upload {
	return &bitrix.Upload{Name: name, Size: size, Open: func() (io.ReadCloser, error) {
		if s.refuse != nil {
			return nil, s.refuse
		}
		s.opened++
		return &piece{Reader: strings.NewReader(s.content), of: s}, nil
	}}
}

type piece struct {
	io.Reader
	of *source
}

func (p *piece) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b[:min(len(b), 7)])
	if errors.Is(err, io.EOF) && p.of.breaks != nil {
		err = p.of.breaks
	}
	return n, err
}

func (p *piece) Close() error {
	p.of.closed++
	return nil
}

func TestUploadsOfAllSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 2, 3, 4, 3071, 3072, 3073, 6144, 100_000} {
		content := strings.Repeat("ж", size/2+1)[:size]
		p := newPortal(t, ok(`{"result":{"ID":1}}`))
		file := &source{content: content}
		_, err := newClient(t, p).DiskFolderUpload(t.Context(), 8, file.upload("a.txt", int64(size)), bitrix.DiskUploadOptions{})
		require.NoError(t, err, "%d bytes", size)
		var sent struct {
			FileContent [2]string `json:"fileContent"`
			Auth        string    `json:"auth"`
		}
		require.NoError(t, json.Unmarshal([]byte(p.requests()[0].Body), &sent))
		got, err := base64.StdEncoding.DecodeString(sent.FileContent[1])
		require.NoError(t, err)
		require.Equal(t, content, string(got))
		require.Equal(t, "TOKEN-OF-TEST", sent.Auth)
		require.Equal(t, 1, file.opened)
		require.Equal(t, 1, file.closed)
	}
}

func TestFilesInAllPlaces(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"item":{"id":57}}}`))
	a, b := &source{content: "A"}, &source{content: "BB"}
	_, err := newClient(t, p).ItemUpdate(t.Context(), bitrix.EntityDeal, 57, map[string]any{
		"title":        `text with "quotes" and file:X:0`,
		"UF_CRM_ONE":   a.upload("a.pdf", 1),
		"UF_CRM_MANY":  []any{bitrix.FileRef{ID: 30577, Link: "https://portal/x?auth=A"}, b.upload("b.pdf", 2), bitrix.FileContent{Name: "c.pdf", Data: []byte("CCC")}},
		"UF_CRM_BYTES": []bitrix.FileContent{{Name: "d.pdf", Data: []byte("D")}},
		"UF_CRM_REFS":  []*bitrix.Upload{a.upload("e.pdf", 1)},
		"UF_CRM_NONE":  []any{},
		"UF_CRM_CLEAR": "",
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"auth":"TOKEN-OF-TEST","entityTypeId":2,"id":57,"useOriginalUfNames":"Y","fields":{
		"title":"text with \"quotes\" and file:X:0","UF_CRM_ONE":["a.pdf","QQ=="],
		"UF_CRM_MANY":[{"id":30577},["b.pdf","QkI="],["c.pdf","Q0ND"]],"UF_CRM_BYTES":[["d.pdf","RA=="]],"UF_CRM_REFS":[["e.pdf","QQ=="]],
		"UF_CRM_NONE":[],"UF_CRM_CLEAR":""}}`, p.requests()[0].Body)
	require.Equal(t, 2, a.closed)
}

func TestCommentWithStreamedFile(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":5}`))
	file := &source{content: "A"}
	id, err := newClient(t, p).CommentAdd(t.Context(), bitrix.Comment{
		Kind: bitrix.EntityDeal, EntityID: 57, Text: "x", Files: []bitrix.FileContent{{Name: "b", Data: []byte("B")}}, Uploads: []*bitrix.Upload{file.upload("a", 1)},
	})
	require.NoError(t, err)
	require.Equal(t, bitrix.ID(5), id)
	require.JSONEq(t, `[["b","Qg=="],["a","QQ=="]]`, field(t, field(t, p.requests()[0].Body, "fields"), "FILES"))
}

// TestUploadIsReadAgain: each try of a call reads the file from its beginning.
func TestUploadIsReadAgain(t *testing.T) {
	t.Parallel()
	p := newPortal(t, reply{status: 401, body: expired}, ok(`{"result":{"ID":1}}`))
	tokens := &tokens{access: "old-token", endpoint: p.endpoint(), next: []string{"new-token"}}
	file := &source{content: "content"}
	_, err := clientOf(tokens).DiskStorageUpload(t.Context(), 8, file.upload("a.txt", 7), bitrix.DiskUploadOptions{})
	require.NoError(t, err)
	require.Equal(t, 2, file.opened)
	require.Equal(t, 2, file.closed)
	sent := p.requests()
	require.Equal(t, field(t, sent[0].Body, "fileContent"), field(t, sent[1].Body, "fileContent"))
	require.Equal(t, `"new-token"`, field(t, sent[1].Body, "auth"))
}

func TestUploadThatCannotBeRead(t *testing.T) {
	t.Parallel()
	gone := errors.New("the disk is gone")
	for name, tc := range map[string]struct {
		file  *source
		size  int64
		want  error
		class upstream.Class
	}{
		"shorter":          {&source{content: "12345"}, 6, bitrix.ErrFileSize, upstream.Broken},
		"longer":           {&source{content: "12345"}, 4, bitrix.ErrFileSize, upstream.Broken},
		"breaks off":       {&source{content: "12345", breaks: gone}, 9, gone, upstream.Retry},
		"cannot be opened": {&source{refuse: gone}, 5, gone, upstream.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, ok(`{"result":{"ID":1}}`), ok(`{"result":{"ID":1}}`))
			_, err := newClient(t, p).DiskFolderUpload(t.Context(), 8, tc.file.upload("secret.txt", tc.size), bitrix.DiskUploadOptions{})
			failed, is := errors.AsType[*bitrix.UploadError](err)
			require.True(t, is, "%v", err)
			require.Equal(t, "secret.txt", failed.Name)
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			require.True(t, upstream.RetryAt(err).IsZero())
			require.False(t, upstream.MaybeDone(err), "a cut request cannot have been carried out")
			require.Equal(t, tc.file.opened, tc.file.closed)
		})
	}
}

func TestStreamedFileCannotBeEncoded(t *testing.T) {
	t.Parallel()
	file := (&source{content: "A"}).upload("a.pdf", 1)
	p := newPortal(t)
	_, err := bitrix.Call[any](t.Context(), newClient(t, p), "crm.item.update", map[string]any{"fields": map[string]any{"X": file}})
	require.ErrorContains(t, err, "streamed")
	require.ErrorContains(t, bitrix.Batchable("crm.item.update", map[string]any{"X": file}), "streamed")
	require.Empty(t, p.requests())
}

// TestUploadIsNotHeldInMemory sends a file that is far larger than what may be allocated meanwhile.
func TestUploadIsNotHeldInMemory(t *testing.T) { // not parallel: it looks at all allocations
	const size = 32 << 20
	received := int64(0)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		received, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"result":{"item":{"id":57}}}`)
	}))
	defer srv.Close()
	client := bitrix.New(insecure(), bitrix.NewToken("TOKEN", srv.URL+"/rest/", nil))
	file := &bitrix.Upload{Name: "big.pdf", Size: size, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeros{}, size)), nil
	}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := client.ItemUpdate(t.Context(), bitrix.EntityDeal, 57, map[string]any{"UF_CRM_FILE": file})
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Greater(t, received, int64(size)*4/3)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(size/4))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestDiskFolderSend(t *testing.T) {
	t.Parallel()
	p := newPortal(t, reply{}, ok(`{"result":{"ID":8930,"NAME":"a\"b.pdf"}}`))
	p.replies[0] = ok(`{"result":{"field":"file","uploadUrl":"` + p.URL + `/rest/upload.json?auth=A&token=disk%7CB"}}`)
	file := &source{content: "%PDF-1.7"}
	stored, err := newClient(t, p).DiskFolderSend(t.Context(), 8910, file.upload(`a"b.pdf`, 8), bitrix.DiskUploadOptions{UniqueName: true})
	require.NoError(t, err)
	require.Equal(t, bitrix.ID(8930), stored.ID)
	sent := p.requests()
	require.JSONEq(t, `{"auth":"TOKEN-OF-TEST","id":8910,"data":{"NAME":"a\"b.pdf"},"generateUniqueName":true}`, sent[0].Body)
	require.Equal(t, "/rest/upload.json", sent[1].Path)
	require.Equal(t, "auth=A&token=disk%7CB", sent[1].Query, "the signed part stays byte for byte")
	_, params, err := mime.ParseMediaType(sent[1].Header.Get("Content-Type"))
	require.NoError(t, err)
	part, err := multipart.NewReader(strings.NewReader(sent[1].Body), params["boundary"]).NextPart()
	require.NoError(t, err)
	require.Equal(t, "file", part.FormName())
	require.Equal(t, `a"b.pdf`, part.FileName())
	content, err := io.ReadAll(part)
	require.NoError(t, err)
	require.Equal(t, "%PDF-1.7", string(content))
}

func TestDiskFolderSendFails(t *testing.T) {
	t.Parallel()
	thief := newPortal(t)
	place := func(address string) reply { return ok(`{"result":{"field":"file","uploadUrl":"` + address + `"}}`) }
	for name, tc := range map[string]struct {
		replies func(p *portal) []reply
		size    int64
		want    error
	}{
		"another host": {func(*portal) []reply { return []reply{place(thief.URL + "/rest/upload.json")} }, 1, bitrix.ErrForeignHost},
		"no address":   {func(*portal) []reply { return []reply{{status: 400, body: `{"error":"ERROR_NOT_FOUND"}`}} }, 1, bitrix.ErrNotFound},
		"name is taken": {func(p *portal) []reply {
			return []reply{place(p.URL + "/u"), {status: 400, body: `{"error":"DISK_OBJ_22000"}`}}
		}, 1, bitrix.ErrExists},
		"no answer": {func(p *portal) []reply { return []reply{place(p.URL + "/u"), ok(`<html>`)} }, 1, bitrix.ErrBadAnswer},
		"cut file":  {func(p *portal) []reply { return []reply{place(p.URL + "/u"), ok(`{"result":{}}`)} }, 2, bitrix.ErrFileSize},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t)
			p.replies = tc.replies(p)
			_, err := newClient(t, p).DiskFolderSend(t.Context(), 8, (&source{content: "A"}).upload("a", tc.size), bitrix.DiskUploadOptions{})
			require.ErrorIs(t, err, tc.want)
			require.NotContains(t, err.Error(), "TOKEN")
		})
	}
	require.Empty(t, thief.requests())
}

func TestDiskDownload(t *testing.T) {
	t.Parallel()
	p := newPortal(t, reply{}, reply{status: 200, body: "%PDF", header: map[string]string{"Content-Type": "application/pdf"}})
	p.replies[0] = ok(`{"result":{"ID":"8930","FILE_ID":"30577","NAME":"signed.pdf","DOWNLOAD_URL":"` + p.URL + `/rest/download.json?auth=A&token=B"}}`)
	var w bytes.Buffer
	done, err := newClient(t, p).DiskDownload(t.Context(), 8930, &w, 100)
	require.NoError(t, err)
	require.Equal(t, "signed.pdf", done.Name)
	require.Equal(t, "%PDF", w.String())

	_, err = newClient(t, newPortal(t, reply{status: 400, body: `{"error":"ERROR_NOT_FOUND"}`})).DiskDownload(t.Context(), 1, &w, 100)
	require.ErrorIs(t, err, bitrix.ErrNotFound)
}

// TestFilesWaitForTheirContext: a call that is given up leaves no file open.
func TestGivenUpUploadIsClosed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := &source{content: "A"}
	_, err := newClient(t, newPortal(t)).DiskFolderUpload(ctx, 8, file.upload("a", 1), bitrix.DiskUploadOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, file.opened, file.closed)
}
