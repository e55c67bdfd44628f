package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../enums.txt")
	require.NoError(t, err)
	want, err := generate(string(text))
	require.NoError(t, err)
	got, err := os.ReadFile("../../enums_gen.go")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go generate ./diadoc")
	want, err = generateExtra("../..")
	require.NoError(t, err)
	got, err = os.ReadFile("../../extra_gen.go")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go generate ./diadoc")
}

func TestBadLines(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"A | B | C", "A | B | C | x", "A | B | C | x y", "A | | C | 1"} {
		_, err := generate(line)
		require.ErrorContains(t, err, "line 1", line)
	}
}
