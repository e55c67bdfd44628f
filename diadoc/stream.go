package diadoc

import (
	"errors"
	"fmt"
	"io"
	"time"

	"konturbridge/internal/upstream"
)

// releasing gives the limiter's place back when the body is closed.
type releasing struct {
	io.ReadCloser
	release func()
}

func (r *releasing) Close() error {
	defer r.release()
	return r.ReadCloser.Close()
}

// reading classifies the errors of reading a download.
type reading struct {
	io.ReadCloser
	operation string
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &readError{r.operation, err}
	}
	return n, err
}

// readError is a download that broke off. Reading changes nothing, so that a repeat is always safe.
type readError struct {
	operation string
	cause     error
}

func (e *readError) Error() string { return fmt.Sprintf("diadoc: %s: %v", e.operation, e.cause) }
func (e *readError) Unwrap() error { return e.cause }
func (e *readError) UpstreamClass() upstream.Class {
	if errors.Is(e.cause, upstream.ErrAnswerTooLarge) {
		return upstream.Broken
	}
	return upstream.Retry
}
func (e *readError) RetryAt() time.Time { return time.Time{} }
func (e *readError) MaybeDone() bool    { return false }

var _ upstream.Classified = (*readError)(nil)
