// Package seal encrypts what the bridge stores: refresh tokens, passwords, client secrets.
//
// A sealed value is bound to the row it belongs to: copied into another row it does not open.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// KeySize is the length of a key in bytes: AES-256.
const KeySize = 32

// ErrOpen is the error of every value that does not open: another key, another row, changed bytes. The
// reasons are not told apart, since whoever can change stored bytes should learn nothing.
var ErrOpen = errors.New("seal: the value does not open with this key for this row")

// Box seals under one key and opens under that one and, while keys rotate, under the one before.
// Safe for concurrent use.
type Box struct {
	current slot
	opening []slot
}

type slot struct {
	id   byte
	aead cipher.AEAD
	mark [sha256.Size]byte // the key of marks
}

// New returns a Box that seals under key. old may be nil; values sealed under it still open.
func New(key, old []byte) (*Box, error) {
	current, err := newSlot(key)
	if err != nil {
		return nil, err
	}
	box := &Box{current: current, opening: []slot{current}}
	if old != nil {
		previous, err := newSlot(old)
		if err != nil {
			return nil, fmt.Errorf("the old key: %w", err)
		}
		box.opening = append(box.opening, previous)
	}
	return box, nil
}

func newSlot(key []byte) (slot, error) {
	if len(key) != KeySize {
		return slot{}, fmt.Errorf("seal: a key has %d bytes, not %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return slot{}, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return slot{}, fmt.Errorf("seal: %w", err)
	}
	// One byte of a hash tells nothing useful about the key and spares a try with the wrong one; two
	// keys that share it are both tried.
	sum := sha256.Sum256(append([]byte("seal key id\x00"), key...))
	return slot{id: sum[0], aead: aead, mark: sha256.Sum256(append([]byte("seal mark key\x00"), key...))}, nil
}

// Seal encrypts plain for the row that bind names, such as "portals/<member_id>/refresh". Shape: key id
// byte, 12 bytes of nonce, ciphertext, 16 bytes of tag.
func (b *Box) Seal(plain []byte, bind string) []byte {
	return b.current.aead.Seal([]byte{b.current.id}, nil, plain, []byte(bind))
}

// Open decrypts what Seal made for the same row, or fails with [ErrOpen].
func (b *Box) Open(sealed []byte, bind string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, ErrOpen
	}
	for _, s := range b.opening {
		if s.id != sealed[0] {
			continue
		}
		if plain, err := s.aead.Open(nil, nil, sealed[1:], []byte(bind)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrOpen
}

// Mark names a secret for a cache or a log: the same for the same text, and nothing can be guessed from it
// without the key.
func (b *Box) Mark(text string) string {
	mac := hmac.New(sha256.New, b.current.mark[:])
	_, _ = mac.Write([]byte(text)) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// NewKey is a fresh key in the form that the settings take: base64 of 32 random bytes.
func NewKey() string {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails: it ends the process instead
	return base64.StdEncoding.EncodeToString(key)
}

// ParseKey reads a key as NewKey writes it. Its error never holds the text.
func ParseKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("seal: a key is base64 of %d bytes", KeySize)
	}
	return key, nil
}
