package cms

import (
	"errors"
	"fmt"
)

// The bounds of one signature.
const (
	// MaxSize is the largest signature that is read, in bytes. A detached one has a few thousand; one that
	// holds its file has as many as the file.
	MaxSize  = 32 << 20
	maxDepth = 64
)

var errBER = errors.New("not BER")

// toDER rewrites BER with definite, shortest lengths and octet strings in one piece, as encoding/asn1 wants it. What
// follows the first value is dropped: signing programs pad.
func toDER(ber []byte) ([]byte, error) {
	r := &berReader{in: ber}
	out, err := r.value(nil, 0)
	if err != nil {
		return nil, err
	}
	return out, nil
}

type berReader struct {
	in []byte
	at int
}

// berHead is a value's identifier and length.
type berHead struct {
	id          []byte // identifier octets
	constructed bool
	length      int // -1: until the end mark
}

// The universal types that matter here.
const (
	tagOctetString = 0x04
	constructedBit = 0x20
)

// value appends the next value as DER.
func (r *berReader) value(out []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested too deep", errBER)
	}
	head, err := r.head()
	if err != nil {
		return nil, err
	}
	if !head.constructed {
		content, err := r.take(head.length)
		if err != nil {
			return nil, err
		}
		return appendValue(out, head.id, content), nil
	}
	pieces := len(head.id) == 1 && head.id[0] == tagOctetString|constructedBit
	content, err := r.content(head, depth, pieces)
	if err != nil {
		return nil, err
	}
	if pieces {
		return appendValue(out, []byte{tagOctetString}, content), nil
	}
	return appendValue(out, head.id, content), nil
}

// content reads what a constructed value holds: values, or the pieces of an octet string joined.
func (r *berReader) content(head berHead, depth int, pieces bool) ([]byte, error) {
	var content []byte
	end := r.at + head.length
	for {
		if head.length >= 0 && r.at >= end {
			break
		}
		if head.length < 0 && r.atEndMark() {
			r.at += 2
			break
		}
		before := len(content)
		made, err := r.value(content, depth+1)
		if err != nil {
			return nil, err
		}
		content = made
		if pieces {
			inner, err := bare(content[before:])
			if err != nil {
				return nil, err
			}
			content = append(content[:before], inner...)
		}
	}
	if head.length >= 0 && r.at != end {
		return nil, fmt.Errorf("%w: a value is longer than what holds it", errBER)
	}
	return content, nil
}

func (r *berReader) atEndMark() bool {
	return r.at+1 < len(r.in) && r.in[r.at] == 0 && r.in[r.at+1] == 0
}

func (r *berReader) head() (berHead, error) {
	start := r.at
	first, err := r.take(1)
	if err != nil {
		return berHead{}, err
	}
	head := berHead{constructed: first[0]&constructedBit != 0}
	for more := first[0]&0x1f == 0x1f; more; { // a tag of several octets
		next, err := r.take(1)
		if err != nil {
			return berHead{}, err
		}
		more = next[0]&0x80 != 0
	}
	head.id = r.in[start:r.at]
	length, err := r.take(1)
	if err != nil {
		return berHead{}, err
	}
	switch n := int(length[0]); {
	case n < 0x80:
		head.length = n
	case n == 0x80 && head.constructed:
		head.length = -1
	default:
		head.length, err = r.longLength(n & 0x7f)
	}
	if err == nil && head.length > len(r.in)-r.at {
		err = fmt.Errorf("%w: cut off", errBER)
	}
	return head, err
}

func (r *berReader) longLength(octets int) (int, error) {
	if octets == 0 || octets > 8 {
		return 0, fmt.Errorf("%w: an impossible length", errBER)
	}
	raw, err := r.take(octets)
	if err != nil {
		return 0, err
	}
	length := 0
	for _, b := range raw {
		if length = length<<8 | int(b); length > MaxSize {
			return 0, fmt.Errorf("%w: an impossible length", errBER)
		}
	}
	return length, nil
}

func (r *berReader) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.in)-r.at {
		return nil, fmt.Errorf("%w: cut off", errBER)
	}
	taken := r.in[r.at : r.at+n]
	r.at += n
	return taken, nil
}

// bare is the content of one DER value of an octet string.
func bare(der []byte) ([]byte, error) {
	r := &berReader{in: der}
	head, err := r.head()
	if err != nil || len(head.id) != 1 || head.id[0] != tagOctetString {
		return nil, fmt.Errorf("%w: an octet string of other pieces", errBER)
	}
	return r.take(head.length)
}

func appendValue(out, id, content []byte) []byte {
	out = append(out, id...)
	n := len(content)
	if n < 0x80 {
		out = append(out, byte(n))
		return append(out, content...)
	}
	var octets []byte
	for ; n > 0; n >>= 8 {
		octets = append([]byte{byte(n)}, octets...)
	}
	out = append(out, 0x80|byte(len(octets)))
	out = append(out, octets...)
	return append(out, content...)
}
