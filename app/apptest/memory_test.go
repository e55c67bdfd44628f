package apptest_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
)

// TestGrowthIsSeen: a file that is held in memory does not pass for one that is not.
func TestGrowthIsSeen(t *testing.T) {
	peak := apptest.Growth(t)
	held, err := io.ReadAll(apptest.Content("%PDF", apptest.MayGrow+1))
	require.NoError(t, err)
	require.Greater(t, peak(), uint64(apptest.MayGrow))
	runtime.KeepAlive(held)
	held = nil
	peak = apptest.Growth(t)
	sink := apptest.NewSink()
	_, err = io.Copy(sink, apptest.Content("%PDF", apptest.MayGrow+1))
	require.NoError(t, err)
	require.Less(t, peak(), uint64(8<<20))
	require.EqualValues(t, apptest.MayGrow+1, sink.Bytes)
	require.Equal(t, apptest.ContentSum("%PDF", apptest.MayGrow+1), sink.Sum)
	require.NotEqual(t, apptest.ContentSum("%PDF", apptest.MayGrow), sink.Sum)
	require.NotEqual(t, apptest.ContentSum("PK", apptest.MayGrow+1), sink.Sum)
}
