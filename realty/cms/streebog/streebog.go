// Package streebog is the hash function GOST R 34.11-2012 (Стрибог), 256 and 512 bits, of RFC 6986. It is here because
// a detached signature names the hash of the file that it is over, and Russian signatures use this one.
//
// The bytes of a digest are in the order in which signatures carry them; the RFC prints its numbers the other way
// round. Nothing here is constant-time: what is hashed are public files.
package streebog

import (
	"encoding/binary"
	"hash"
	"math/bits"
	"sync"
)

// Sizes in bytes.
const (
	Size256   = 32
	Size512   = 64
	BlockSize = 64
)

// block is 512 bits, the least significant word first.
type block [8]uint64

var shared = sync.OnceValue(newTables)

// digest is a hash under way.
type digest struct {
	tables *tables
	size   int
	state  block
	length block // bits that were compressed
	sum    block // of the blocks that were compressed
	rest   [BlockSize]byte
	filled int
}

// New256 makes a hash of 256 bits.
func New256() hash.Hash { return newDigest(Size256) }

// New512 makes a hash of 512 bits.
func New512() hash.Hash { return newDigest(Size512) }

// Sum256 hashes data to 256 bits.
func Sum256(data []byte) [Size256]byte {
	d := newDigest(Size256)
	d.write(data)
	return [Size256]byte(d.Sum(nil))
}

// Sum512 hashes data to 512 bits.
func Sum512(data []byte) [Size512]byte {
	d := newDigest(Size512)
	d.write(data)
	return [Size512]byte(d.Sum(nil))
}

func newDigest(size int) *digest {
	d := &digest{tables: shared(), size: size}
	d.Reset()
	return d
}

// Size implements hash.Hash.
func (d *digest) Size() int { return d.size }

// BlockSize implements hash.Hash.
func (d *digest) BlockSize() int { return BlockSize }

// Reset implements hash.Hash.
func (d *digest) Reset() {
	*d = digest{tables: d.tables, size: d.size}
	if d.size == Size256 {
		for i := range d.state {
			d.state[i] = 0x0101010101010101
		}
	}
}

// Write implements hash.Hash; it never fails.
func (d *digest) Write(p []byte) (int, error) {
	d.write(p)
	return len(p), nil
}

func (d *digest) write(p []byte) {
	if d.filled > 0 {
		n := copy(d.rest[d.filled:], p)
		d.filled, p = d.filled+n, p[n:]
		if d.filled < BlockSize {
			return
		}
		d.compress(d.rest[:], BlockSize)
		d.filled = 0
	}
	for len(p) >= BlockSize {
		d.compress(p, BlockSize)
		p = p[BlockSize:]
	}
	d.filled = copy(d.rest[:], p)
}

// Sum implements hash.Hash: more may be written afterwards.
func (d *digest) Sum(to []byte) []byte {
	end := *d
	var last [BlockSize]byte
	copy(last[:], end.rest[:end.filled])
	last[end.filled] = 1
	end.compress(last[:], end.filled)
	end.tables.step(&end.state, &block{}, &end.length)
	end.tables.step(&end.state, &block{}, &end.sum)
	var out [Size512]byte
	for i, word := range end.state {
		binary.LittleEndian.PutUint64(out[8*i:], word)
	}
	return append(to, out[Size512-d.size:]...)
}

// compress takes one block of the message, of which bytes belong to the message itself.
func (d *digest) compress(p []byte, bytes int) {
	var m block
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(p[8*i:])
	}
	d.tables.step(&d.state, &d.length, &m)
	add(&d.length, &block{uint64(bytes) * 8})
	add(&d.sum, &m)
}

// add is addition modulo 2 to the power of 512.
func add(to, b *block) {
	var carry uint64
	for i := range to {
		to[i], carry = bits.Add64(to[i], b[i], carry)
	}
}

// step is the compression function g of the standard: it mixes m into the state h.
func (t *tables) step(h, n, m *block) {
	var key, mixed block
	t.round(&key, h, n)
	mixed = *m
	for i := range t.keys {
		t.round(&mixed, &key, &mixed)
		t.round(&key, &key, &t.keys[i])
	}
	for i := range h {
		h[i] ^= mixed[i] ^ key[i] ^ m[i]
	}
}

// round adds two blocks without carry, substitutes, transposes and transforms: X, S, P and L of the standard.
func (t *tables) round(to, a, b *block) {
	var x block
	for i := range x {
		x[i] = a[i] ^ b[i]
	}
	for i := range to {
		shift := 8 * uint(i)
		to[i] = t.steps[0][byte(x[0]>>shift)] ^ t.steps[1][byte(x[1]>>shift)] ^
			t.steps[2][byte(x[2]>>shift)] ^ t.steps[3][byte(x[3]>>shift)] ^
			t.steps[4][byte(x[4]>>shift)] ^ t.steps[5][byte(x[5]>>shift)] ^
			t.steps[6][byte(x[6]>>shift)] ^ t.steps[7][byte(x[7]>>shift)]
	}
}
