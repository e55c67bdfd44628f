package apptest

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"
)

// Huge is the size of a file that is far too large for memory, in bytes.
const Huge = 500 << 20

// MayGrow is how much memory may be in use beside what was when a huge file goes by, in bytes.
const MayGrow = 64 << 20

// Content is a file of size bytes that begins with head. It is made while it is read, the same each time.
func Content(head string, size int64) io.Reader {
	return io.LimitReader(io.MultiReader(strings.NewReader(head), &numbered{}), size)
}

// numbered is blocks without end, each with its own number in it.
type numbered struct {
	block [32 << 10]byte
	left  []byte
	n     uint64
}

func (n *numbered) Read(p []byte) (int, error) {
	if len(n.left) == 0 {
		n.n++
		binary.BigEndian.PutUint64(n.block[:], n.n)
		n.left = n.block[:]
	}
	read := copy(p, n.left)
	n.left = n.left[read:]
	return read, nil
}

// ContentSum is the checksum of what a [Sink] gets when it gets [Content].
func ContentSum(head string, size int64) uint32 {
	s := NewSink()
	_, _ = io.Copy(s, Content(head, size)) // neither of them fails
	return s.Sum
}

// Sink takes a file in and keeps nothing of it but its size and checksum.
type Sink struct {
	Bytes int64
	Sum   uint32
	table *crc32.Table
}

// NewSink is an empty sink.
func NewSink() *Sink { return &Sink{table: crc32.MakeTable(crc32.Castagnoli)} }

// Write implements io.Writer.
func (s *Sink) Write(b []byte) (int, error) {
	s.Bytes += int64(len(b))
	s.Sum = crc32.Update(s.Sum, s.table, b)
	return len(b), nil
}

// Growth watches how much more memory is in use than now, garbage that is not collected yet included, and
// gives the peak in bytes. Memory is everybody's: a test that asks runs alone.
func Growth(t testing.TB) (peak func() uint64) {
	t.Helper()
	runtime.GC()
	before := inUse()
	most := before
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				most = max(most, inUse())
			}
		}
	})
	end := sync.OnceFunc(func() {
		close(stop)
		done.Wait()
	})
	t.Cleanup(end)
	return func() uint64 {
		end()
		return max(most, inUse()) - before
	}
}

// inUse is the memory of objects and stacks with what their pages waste.
func inUse() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	total := uint64(0)
	for _, s := range samples {
		total += s.Value.Uint64()
	}
	return total
}
