package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/seal"
)

func TestMark(t *testing.T) {
	t.Parallel()
	one, err := seal.New(make([]byte, seal.KeySize), nil)
	require.NoError(t, err)
	key := make([]byte, seal.KeySize)
	key[0] = 1
	other, err := seal.New(key, nil)
	require.NoError(t, err)
	require.Len(t, one.Mark("password"), 32)
	require.Equal(t, one.Mark("password"), one.Mark("password"))
	require.NotEqual(t, one.Mark("password"), one.Mark("passworD"))
	require.NotEqual(t, one.Mark("password"), other.Mark("password"), "useless without the key")
}
