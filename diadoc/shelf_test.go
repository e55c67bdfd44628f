package diadoc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

const shelfPart = 1000

// shelf keeps what is uploaded and loses or refuses what it is told to.
type shelf struct {
	mu     sync.Mutex
	parts  map[int][]byte
	last   int
	calls  []string
	lose   map[int]int // how often a part is lost
	refuse map[int]int // how often a part is answered by a 500
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	q := r.URL.Query()
	index, _ := strconv.Atoi(q.Get("partIndex"))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf("%s %d %s", r.URL.Path, index, q.Get("isLastPart")))
	if s.refuse[index] > 0 {
		s.refuse[index]--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if s.lose[index] > 0 {
		s.lose[index]--
	} else {
		s.parts[index] = body
	}
	switch {
	case r.URL.Path != "/ShelfUploadPart":
		_, _ = io.WriteString(w, "name"+q.Get("fileExtension"))
	case q.Get("isLastPart") == "true":
		s.last = index
		missing := []int{}
		for i := range index + 1 {
			if s.parts[i] == nil {
				missing = append(missing, i)
			}
		}
		_ = json.NewEncoder(w).Encode(missing)
	}
}

func (s *shelf) content() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []byte
	for i := range len(s.parts) {
		all = append(all, s.parts[i]...)
	}
	return all
}

func pattern(size int) []byte {
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i >> 3)
	}
	return content
}

// only hides everything of a reader but Read.
type only struct{ io.Reader }

func TestUploadToShelf(t *testing.T) {
	t.Parallel()
	const part = shelfPart
	for name, tc := range map[string]struct {
		size         int
		source       func([]byte) io.Reader
		lose, refuse map[int]int
		want         error
		calls        []string
	}{
		"small":            {10, nil, nil, nil, nil, []string{"/V2/ShelfUpload 0 "}},
		"exactly one part": {part, nil, nil, nil, nil, []string{"/V2/ShelfUpload 0 "}},
		"streamed": {2*part + 1, func(b []byte) io.Reader { return only{bytes.NewReader(b)} }, nil, nil, nil,
			[]string{"/ShelfUploadPartInit 0 ", "/ShelfUploadPart 1 ", "/ShelfUploadPart 2 true"}},
		"exactly two parts": {2 * part, nil, nil, nil, nil, []string{"/ShelfUploadPartInit 0 ", "/ShelfUploadPart 1 true"}},
		"a part fails twice": {2 * part, nil, nil, map[int]int{1: 2}, nil,
			[]string{"/ShelfUploadPartInit 0 ", "/ShelfUploadPart 1 true", "/ShelfUploadPart 1 true", "/ShelfUploadPart 1 true"}},
		"a part keeps failing": {2 * part, nil, nil, map[int]int{1: 9}, diadoc.ErrUnavailable,
			[]string{"/ShelfUploadPartInit 0 ", "/ShelfUploadPart 1 true", "/ShelfUploadPart 1 true", "/ShelfUploadPart 1 true"}},
		"lost parts are sent again": {3*part + 5, nil, map[int]int{0: 1, 2: 1}, nil, nil,
			[]string{"/ShelfUploadPartInit 0 ", "/ShelfUploadPart 1 ", "/ShelfUploadPart 2 ", "/ShelfUploadPart 3 true",
				"/ShelfUploadPart 0 ", "/ShelfUploadPart 2 ", "/ShelfUploadPart 3 true"}},
		"the last part is lost": {part + 5, nil, map[int]int{1: 1}, nil, nil,
			[]string{"/ShelfUploadPartInit 0 ", "/ShelfUploadPart 1 true", "/ShelfUploadPart 1 true"}},
		"a lost part of a stream": {2 * part, func(b []byte) io.Reader { return only{bytes.NewReader(b)} }, map[int]int{0: 1}, nil, diadoc.ErrBadAnswer,
			[]string{"/ShelfUploadPartInit 0 ", "/ShelfUploadPart 1 true"}},
		"parts are lost for ever": {2 * part, nil, map[int]int{0: 9}, nil, diadoc.ErrBadAnswer, nil},
		"nothing":                 {0, nil, nil, nil, diadoc.ErrBadCall, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{parts: map[int][]byte{}, lose: tc.lose, refuse: tc.refuse}
			server := httptest.NewServer(s)
			t.Cleanup(server.Close)
			content := pattern(tc.size)
			var source io.Reader = bytes.NewReader(content)
			if tc.source != nil {
				source = tc.source(content)
			}
			c := diadoc.New(upstream.New(upstream.WithInsecure(true)), server.URL, &tokens{}, diadoc.WithShelfPart(part))
			shelfName, err := c.UploadToShelf(t.Context(), source, ".pdf")
			require.ErrorIs(t, err, tc.want)
			if tc.calls != nil {
				require.Equal(t, tc.calls, s.calls)
			}
			require.False(t, upstream.MaybeDone(err), "an upload may always be repeated")
			if tc.want == nil {
				require.Equal(t, diadoc.ShelfName("name.pdf"), shelfName)
				require.True(t, bytes.Equal(content, s.content()))
			}
		})
	}
}

func TestUploadOfAnOpenFile(t *testing.T) {
	t.Parallel()
	content := pattern(2*shelfPart + 7)
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, append([]byte("skipped"), content...), 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	_, err = f.Seek(int64(len("skipped")), io.SeekStart)
	require.NoError(t, err)
	s := &shelf{parts: map[int][]byte{}, lose: map[int]int{1: 1}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	_, err = diadoc.New(upstream.New(upstream.WithInsecure(true)), server.URL, &tokens{}, diadoc.WithShelfPart(shelfPart)).UploadToShelf(t.Context(), f, "")
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, s.content()), "a lost part is read again from where the file began")
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestUploadReportsItsSource(t *testing.T) {
	t.Parallel()
	s := newService(t, ok("n"))
	_, err := s.client().UploadToShelf(t.Context(), failing{}, "")
	require.ErrorContains(t, err, "the disk is gone")
	require.Empty(t, s.seen())
}

func TestShelfPartIsChecked(t *testing.T) {
	t.Parallel()
	s := newService(t, ok("n"))
	c := s.client()
	_, err := c.ShelfUpload(t.Context(), "", make([]byte, diadoc.MaxShelfPart+1))
	require.ErrorIs(t, err, diadoc.ErrBadCall)
	_, err = c.ShelfUploadPart(t.Context(), "n", 1, nil, true)
	require.ErrorIs(t, err, diadoc.ErrBadCall)
	require.Empty(t, s.seen())
	_, err = c.ShelfUpload(t.Context(), ".pdf", []byte("x"))
	require.NoError(t, err)
	require.Equal(t, "application/octet-stream", s.one(t).header.Get("Content-Type"))
	require.Equal(t, url.Values{"fileExtension": {".pdf"}}.Encode(), s.one(t).query)
}
