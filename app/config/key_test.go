package config_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/config"
)

func embedded(dir string) config.Config {
	return config.Config{DatabaseURL: config.Secret("sqlite://" + filepath.Join(dir, "data", "bridge.db"))}
}

func TestSecretKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	cfg := embedded(t.TempDir())
	key, created, err := config.EnsureSecretKey(cfg)
	require.NoError(t, err)
	require.True(t, created)
	raw, err := config.DecodeKey(key)
	require.NoError(t, err)
	require.Len(t, raw, 32)

	info, err := os.Stat(cfg.SecretKeyPath())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(cfg.SecretKeyPath()))
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing but the key is left behind")

	again, created, err := config.EnsureSecretKey(cfg)
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, key, again)

	cfg.SecretKey = goodKey
	set, created, err := config.EnsureSecretKey(cfg)
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, config.Secret(goodKey), set, "a key that is set wins")
}

func TestSecretKeyOfProcessesThatStartTogether(t *testing.T) {
	t.Parallel()
	cfg := embedded(t.TempDir())
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		keys    = map[config.Secret]int{}
		created int
		failed  []error
	)
	for range 16 {
		wg.Go(func() {
			key, made, err := config.EnsureSecretKey(cfg)
			mu.Lock()
			defer mu.Unlock()
			keys[key]++
			if made {
				created++
			}
			if err != nil {
				failed = append(failed, err)
			}
		})
	}
	wg.Wait()
	require.Empty(t, failed)
	require.Len(t, keys, 1)
	require.Equal(t, 1, created)
}

func TestSecretKeyRefusals(t *testing.T) {
	t.Parallel()
	_, _, err := config.EnsureSecretKey(config.Config{DatabaseURL: "postgres://h/b"})
	require.ErrorIs(t, err, config.ErrNoSecretKey)

	spoiled := embedded(t.TempDir())
	require.NoError(t, os.MkdirAll(filepath.Dir(spoiled.SecretKeyPath()), 0o700))
	require.NoError(t, os.WriteFile(spoiled.SecretKeyPath(), []byte("half a k"), 0o600))
	_, _, err = config.EnsureSecretKey(spoiled)
	require.ErrorContains(t, err, "must be base64 of 32 bytes")
	require.NotContains(t, err.Error(), "half a k")
	kept, err := os.ReadFile(spoiled.SecretKeyPath())
	require.NoError(t, err)
	require.Equal(t, "half a k", string(kept), "a key file is never overwritten")

	blocked := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(blocked, "data"), nil, 0o600))
	_, _, err = config.EnsureSecretKey(embedded(blocked))
	require.Error(t, err)

	memory, created, err := config.EnsureSecretKey(config.Config{DatabaseURL: "sqlite://:memory:"})
	require.NoError(t, err)
	require.True(t, created)
	require.NotEmpty(t, memory)
}

func TestDecodeKeyTakesEveryAlphabet(t *testing.T) {
	t.Parallel()
	for _, key := range []config.Secret{goodKey, config.Secret(goodKey[:43]), "__________________________________________8=", "//////////////////////////////////////////8"} {
		raw, err := config.DecodeKey(key)
		require.NoError(t, err)
		require.Len(t, raw, 32)
	}
	for _, key := range []config.Secret{"", "x", "AAAA", goodKey + "AAAA"} {
		_, err := config.DecodeKey(key)
		require.Error(t, err)
	}
}
