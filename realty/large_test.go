package realty_test

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

const (
	largeFile = 500 << 20
	mayGrow   = 64 << 20
)

// pattern is a file of largeFile bytes that is made while it is read.
type pattern struct {
	block []byte
	at    int64
}

func newPattern() *pattern {
	block := make([]byte, 64<<10)
	for i := range block {
		block[i] = byte(i * 7 >> 3)
	}
	return &pattern{block: block}
}

func (p *pattern) Read(to []byte) (int, error) {
	left := largeFile - p.at
	if left == 0 {
		return 0, io.EOF
	}
	n := copy(to[:min(int64(len(to)), left)], p.block[p.at%int64(len(p.block)):])
	p.at += int64(n)
	return n, nil
}

// heap notes the largest heap that was in use while a stream went by.
type heap struct {
	hash hash.Hash // nil: only counts
	next int64
	size int64
	peak uint64
}

func (h *heap) Write(p []byte) (int, error) {
	h.size += int64(len(p))
	if h.hash != nil && h.size <= 8<<20 {
		_, _ = h.hash.Write(p)
	}
	if h.size >= h.next {
		h.next += 16 << 20
		h.peak = max(h.peak, inUse())
	}
	return len(p), nil
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// TestLargeFiles moves 500 MB up and down through a service that keeps nothing: the heap stays where it was. It runs
// alone, because the heap is everybody's.
func TestLargeFiles(t *testing.T) {
	up := &heap{hash: sha256.New()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.Copy(w, newPattern())
			return
		}
		_, _ = io.Copy(up, r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"d20bd506-6325-43e1-b2e4-105ec5d63417"}`)
	}))
	t.Cleanup(server.Close)
	client := realty.New(upstream.New(upstream.WithInsecure(true)), server.URL, &sessions{})
	runtime.GC()
	before := inUse()

	for name, size := range map[string]int64{"of a known size": largeFile, "of an unknown size": -1} {
		*up = heap{hash: sha256.New()}
		_, err := client.UploadContent(t.Context(), newPattern(), size, realty.PDFType)
		require.NoError(t, err, name)
		require.EqualValues(t, largeFile, up.size, name)
		require.Less(t, up.peak, before+mayGrow, "a file %s is held in memory", name)
	}

	down := &heap{hash: sha256.New()}
	n, err := client.CopyFile(t.Context(), docflowID, fileID, down)
	require.NoError(t, err)
	require.EqualValues(t, largeFile, n)
	require.Less(t, down.peak, before+mayGrow, "a download is held in memory")
	require.Equal(t, hex.EncodeToString(up.hash.Sum(nil)), hex.EncodeToString(down.hash.Sum(nil)), "the same bytes at the beginning")
}
