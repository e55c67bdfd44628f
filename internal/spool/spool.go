// Package spool keeps files on disk that are on their way from one system to another, so that memory does
// not grow with their size. They lie in the folder for temporary files (TMPDIR), which should be a disk:
// on a tmpfs they are in memory all the same.
package spool

import (
	"errors"
	"io"
	"os"
	"time"

	"konturbridge/internal/upstream"
)

// headSize is how much of its beginning a file remembers, in bytes: enough to tell what it is.
const headSize = 512

// File is written once, from its beginning, and then read any number of times. It has no name on disk any
// more, so that nothing stays behind whatever becomes of the process.
type File struct {
	file  *os.File
	named bool // the system does not take the name of an open file away
	limit int64
	size  int64
	head  []byte
}

// New makes an empty file of at most limit bytes. The caller closes it.
//
// Errors: *DiskError.
func New(limit int64) (*File, error) {
	file, err := os.CreateTemp("", "bridge-spool-")
	if err != nil {
		return nil, &DiskError{err}
	}
	return &File{file: file, named: os.Remove(file.Name()) != nil, limit: limit}, nil
}

// Write implements io.Writer. Past the limit it fails with [upstream.ErrAnswerTooLarge], else with *DiskError.
func (f *File) Write(b []byte) (int, error) {
	if int64(len(b)) > f.limit-f.size {
		return 0, upstream.ErrAnswerTooLarge
	}
	if room := headSize - len(f.head); room > 0 {
		f.head = append(f.head, b[:min(room, len(b))]...)
	}
	n, err := f.file.Write(b)
	f.size += int64(n)
	if err != nil {
		return n, &DiskError{err}
	}
	return n, nil
}

// Size is how many bytes were written.
func (f *File) Size() int64 { return f.size }

// Head is how the file begins.
func (f *File) Head() []byte { return f.head }

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(b []byte, at int64) (int, error) { return f.file.ReadAt(b, at) }

// Reader reads what was written, from the beginning. Readers do not disturb each other.
func (f *File) Reader() *io.SectionReader { return io.NewSectionReader(f.file, 0, f.size) }

// Open is [File.Reader] for those who close what they read.
func (f *File) Open() (io.ReadCloser, error) { return io.NopCloser(f.Reader()), nil }

// Close drops the file.
func (f *File) Close() error {
	err := f.file.Close()
	if f.named {
		err = errors.Join(err, os.Remove(f.file.Name()))
	}
	return err
}

// DiskError is a disk that takes no file now, mostly because it is full. That passes.
type DiskError struct{ Cause error }

// Error implements error.
func (e *DiskError) Error() string { return "keep a file on disk: " + e.Cause.Error() }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *DiskError) Unwrap() error { return e.Cause }

// UpstreamClass implements upstream.Classified.
func (e *DiskError) UpstreamClass() upstream.Class { return upstream.Retry }

// RetryAt implements upstream.Classified.
func (e *DiskError) RetryAt() time.Time { return time.Time{} }

// MaybeDone implements upstream.Classified.
func (e *DiskError) MaybeDone() bool { return false }
