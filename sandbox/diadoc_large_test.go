package sandbox_test

import (
	"crypto/sha256"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/diadocsim"
)

const (
	largePaper = 300 << 20
	mayGrow    = 64 << 20
)

// flow is a file that is made while it is read, and watches the memory as it goes by, read or written.
type flow struct {
	at    int
	sum   hash.Hash
	most  uint64
	block []byte // is repeated; its size is no multiple of a part's
}

func newFlow() *flow {
	block := make([]byte, 65_521)
	for i := range block {
		block[i] = byte(i * 7 >> 3)
	}
	return &flow{sum: sha256.New(), block: block}
}

func (f *flow) watch(p []byte) {
	before := f.at / (1 << 20)
	f.at += len(p)
	_, _ = f.sum.Write(p)
	if f.at/(1<<20) != before {
		f.most = max(f.most, memory())
	}
}

func (f *flow) Read(p []byte) (int, error) {
	p = p[:min(len(p), largePaper-f.at)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	p = p[:copy(p, f.block[f.at%len(f.block):])]
	f.watch(p)
	return len(p), nil
}

func (f *flow) Write(p []byte) (int, error) {
	f.watch(p)
	return len(p), nil
}

// memory is what is in use in bytes, garbage that is not collected yet included.
func memory() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	total := uint64(0)
	for _, s := range samples {
		total += s.Value.Uint64()
	}
	return total
}

// TestLargePapersGoToTheShelfInParts puts 300 MB on the shelf of the simulator, which writes them to files, and reads
// them back; on the way a part is refused and another one is lost. It runs alone, because memory is everybody's.
func TestLargePapersGoToTheShelfInParts(t *testing.T) {
	sim := diadocsim.New(diadocsim.Config{RPS: -1, ShelfDir: t.TempDir()})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	demo := sim.SeedDemo()
	client := diadoc.New(upstream.New(upstream.WithInsecure(true)), server.URL+"/diadoc", &bearer{sim: sim, demo: demo}, diadoc.WithLimiter(diadoc.NewLimiter(1000, 4)))
	_, err := client.GetMyUser(t.Context()) // so that what a first call needs is there
	require.NoError(t, err)
	sim.FailNext("ShelfUploadPart", http.StatusInternalServerError, 1)
	sim.LoseRequestNext("ShelfUploadPart")
	runtime.GC()
	before := memory()

	up := newFlow()
	name, err := client.UploadToShelf(t.Context(), up, ".pdf")
	require.NoError(t, err)
	require.Less(t, up.most, before+mayGrow, "the file is held in memory")
	require.Equal(t, largePaper, up.at)
	parts := 0
	for _, c := range sim.Calls("ShelfUploadPart") {
		if c.Status == http.StatusOK {
			parts++
		}
	}
	require.Equal(t, largePaper/(3<<20)-1, parts, "in parts of 3 MB, each stored once; the first one names the file")

	down := newFlow()
	file, err := client.ShelfDownload(t.Context(), name)
	require.NoError(t, err)
	_, err = io.Copy(down, file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Less(t, down.most, before+mayGrow, "the download is held in memory")
	require.Equal(t, up.sum.Sum(nil), down.sum.Sum(nil), "the same bytes")
	t.Logf("%d MB went up and down; memory grew by %d and %d MB", largePaper>>20, (max(up.most, before)-before)>>20, (max(down.most, before)-before)>>20)
}
