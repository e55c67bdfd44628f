package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNoSecretKey says that a key is needed and may not be made up: nodes share the database.
var ErrNoSecretKey = errors.New("BRIDGE_SECRET_KEY is required with postgres://")

// NewSecretKey makes a fresh key: base64 of 32 random bytes.
func NewSecretKey() Secret {
	raw := make([]byte, keyBytes)
	rand.Read(raw) // never fails: crypto/rand ends the process instead
	return Secret(base64.StdEncoding.EncodeToString(raw))
}

// SecretKeyPath is where the key of an embedded database lies: beside it, with the extension .key.
// Empty for other databases and for one in memory.
func (c Config) SecretKeyPath() string {
	db := c.Database()
	if db.Dialect != SQLite || db.Path == ":memory:" {
		return ""
	}
	return strings.TrimSuffix(db.Path, filepath.Ext(db.Path)) + ".key"
}

// EnsureSecretKey gives the key to work with: the one that was set, else the one beside the embedded
// database, else a new one, stored there with mode 0600 (then created is true). A key file is never
// overwritten: of two processes that start together both get the key of the first. A database in memory
// gets a key that lives as long as it does.
//
// Errors: ErrNoSecretKey; a key file that can't be read or written, or that holds no key.
func EnsureSecretKey(c Config) (key Secret, created bool, err error) {
	if c.SecretKey != "" {
		return c.SecretKey, false, nil
	}
	if c.Database().Dialect != SQLite {
		return "", false, ErrNoSecretKey
	}
	path := c.SecretKeyPath()
	if path == "" {
		return NewSecretKey(), true, nil
	}
	if key, err = readKey(path); !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	key = NewSecretKey()
	err = createKey(path, key)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		key, err = readKey(path)
		return key, false, err
	}
	if err != nil {
		return "", false, fmt.Errorf("store the secret key: %w", err)
	}
	return key, true, nil
}

func readKey(path string) (Secret, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the secret key: %w", err)
	}
	key := Secret(strings.TrimSpace(string(raw)))
	if _, err := DecodeKey(key); err != nil {
		return "", fmt.Errorf("secret key file %s: %w", path, err)
	}
	return key, nil
}

// createKey writes a whole file first and gives it its name by a link, which fails when the name is taken:
// a crash leaves no half key behind, and nobody's key is replaced.
func createKey(path string, key Secret) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(key.Reveal() + "\n")
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Link(temp.Name(), path)
}
