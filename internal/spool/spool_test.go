package spool_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/spool"
	"konturbridge/internal/upstream"
)

// TestAFileOnItsWay can't run beside others: it looks into the folder for temporary files.
func TestAFileOnItsWay(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f, err := spool.New(1000)
	require.NoError(t, err)
	text := strings.Repeat("0123456789", 90)
	for _, part := range []string{text[:5], text[5:600], text[600:]} {
		n, err := io.WriteString(f, part)
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	require.EqualValues(t, 900, f.Size())
	require.Equal(t, text[:512], string(f.Head()))
	for range 2 {
		opened, err := f.Open()
		require.NoError(t, err)
		first, err := io.ReadAll(io.LimitReader(opened, 100))
		require.NoError(t, err)
		all, err := io.ReadAll(f.Reader())
		require.NoError(t, err)
		require.Equal(t, text, string(all), "in the midst of another reading")
		rest, err := io.ReadAll(opened)
		require.NoError(t, err)
		require.Equal(t, text, string(first)+string(rest))
		require.NoError(t, opened.Close())
	}
	part := make([]byte, 3)
	_, err = f.ReadAt(part, 897)
	require.NoError(t, err)
	require.Equal(t, "789", string(part))

	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left, "a process that dies now leaves nothing behind")

	_, err = io.WriteString(f, text)
	require.ErrorIs(t, err, upstream.ErrAnswerTooLarge)
	require.EqualValues(t, 900, f.Size(), "nothing of a write that is too long")
	_, err = io.WriteString(f, text[:100])
	require.NoError(t, err, "just as much as allowed")
	require.NoError(t, f.Close())
	_, err = f.ReadAt(part, 0)
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestADiskThatTakesNothing(t *testing.T) {
	f, err := spool.New(10)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = io.WriteString(f, "x")
	require.ErrorIs(t, err, os.ErrClosed)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err), "it may take it later")
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	_, err = spool.New(10)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
}
