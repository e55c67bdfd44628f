package seal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/seal"
)

func newKey(t *testing.T) []byte {
	t.Helper()
	key, err := seal.ParseKey(seal.NewKey())
	require.NoError(t, err)
	return key
}

func newBox(t *testing.T, key, old []byte) *seal.Box {
	t.Helper()
	box, err := seal.New(key, old)
	require.NoError(t, err)
	return box
}

func TestSealOpens(t *testing.T) {
	t.Parallel()
	box := newBox(t, newKey(t), nil)
	for name, plain := range map[string][]byte{
		"text":  []byte("refresh token"),
		"empty": {},
		"long":  bytes.Repeat([]byte("x"), 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sealed := box.Seal(plain, "portals/a")
			require.NotContains(t, string(sealed), "refresh")
			opened, err := box.Open(sealed, "portals/a")
			require.NoError(t, err)
			require.True(t, bytes.Equal(plain, opened))
		})
	}
	require.NotEqual(t, box.Seal([]byte("a"), "r"), box.Seal([]byte("a"), "r"), "equal secrets must not look equal")
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	box := newBox(t, newKey(t), nil)
	sealed := box.Seal([]byte("secret"), "row")
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		_, err := box.Open(changed, "row")
		require.ErrorIs(t, err, seal.ErrOpen, "byte %d", i)
	}
	for length := range sealed {
		_, err := box.Open(sealed[:length], "row")
		require.ErrorIs(t, err, seal.ErrOpen, "cut to %d", length)
	}
}

func TestAnotherRowDoesNotOpen(t *testing.T) {
	t.Parallel()
	box := newBox(t, newKey(t), nil)
	_, err := box.Open(box.Seal([]byte("secret"), "portals/a"), "portals/b")
	require.ErrorIs(t, err, seal.ErrOpen)
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	// Many pairs, so that some share their key id byte.
	for range 600 {
		older, newer := newKey(t), newKey(t)
		sealed := newBox(t, older, nil).Seal([]byte("secret"), "row")

		both := newBox(t, newer, older)
		opened, err := both.Open(sealed, "row")
		require.NoError(t, err)
		require.Equal(t, "secret", string(opened))

		_, err = newBox(t, newer, nil).Open(sealed, "row")
		require.ErrorIs(t, err, seal.ErrOpen)
		_, err = newBox(t, older, nil).Open(both.Seal([]byte("secret"), "row"), "row")
		require.ErrorIs(t, err, seal.ErrOpen, "new values are sealed under the new key alone")
	}
}

func TestKeysAreChecked(t *testing.T) {
	t.Parallel()
	require.NotEqual(t, seal.NewKey(), seal.NewKey())
	for _, text := range []string{"", "short", "bm90IDMyIGJ5dGVz", seal.NewKey() + "=", seal.NewKey()[1:]} {
		_, err := seal.ParseKey(text)
		require.Error(t, err)
		if text != "" {
			require.NotContains(t, err.Error(), text)
		}
	}
	_, err := seal.New(make([]byte, 16), nil)
	require.Error(t, err)
	_, err = seal.New(make([]byte, seal.KeySize), make([]byte, 31))
	require.ErrorContains(t, err, "old key")
}

func FuzzOpen(f *testing.F) {
	key := bytes.Repeat([]byte{7}, seal.KeySize)
	box, err := seal.New(key, bytes.Repeat([]byte{8}, seal.KeySize))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(box.Seal([]byte("secret"), "row"), "row")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, sealed []byte, bind string) {
		// Only what was sealed may open; a fuzzer that forges a value has broken AES-GCM.
		if plain, err := box.Open(sealed, bind); err == nil {
			require.Equal(t, "secret", string(plain))
		}
	})
}
