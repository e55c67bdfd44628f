package cms

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"fmt"
	"hash"
	"io"

	"konturbridge/realty/cms/streebog"
)

// Algorithm is a hash function by its identifier in the signature.
type Algorithm struct {
	OID  string // 1.2.643.7.1.1.2.2
	Name string // «ГОСТ Р 34.11-2012 (256)»; the OID when it is unknown
}

// Known reports whether [Check] can compute it. ГОСТ Р 34.11-94, withdrawn in 2019, is not.
func (a Algorithm) Known() bool { return a.new() != nil }

func algorithmOf(oid asn1.ObjectIdentifier) Algorithm {
	a := Algorithm{OID: oid.String()}
	switch a.OID {
	case "1.2.643.7.1.1.2.2":
		a.Name = "ГОСТ Р 34.11-2012 (256)"
	case "1.2.643.7.1.1.2.3":
		a.Name = "ГОСТ Р 34.11-2012 (512)"
	case "1.2.643.2.2.9":
		a.Name = "ГОСТ Р 34.11-94"
	case "1.3.14.3.2.26":
		a.Name = "SHA-1"
	case "2.16.840.1.101.3.4.2.1":
		a.Name = "SHA-256"
	case "2.16.840.1.101.3.4.2.2":
		a.Name = "SHA-384"
	case "2.16.840.1.101.3.4.2.3":
		a.Name = "SHA-512"
	default:
		a.Name = a.OID
	}
	return a
}

func (a Algorithm) new() hash.Hash {
	switch a.OID {
	case "1.2.643.7.1.1.2.2":
		return streebog.New256()
	case "1.2.643.7.1.1.2.3":
		return streebog.New512()
	case "1.3.14.3.2.26":
		return sha1.New()
	case "2.16.840.1.101.3.4.2.1":
		return sha256.New()
	case "2.16.840.1.101.3.4.2.2":
		return sha512.New384()
	case "2.16.840.1.101.3.4.2.3":
		return sha512.New()
	}
	return nil
}

// Verdict says whether a signature is over a file.
type Verdict int

const (
	// Unknown: it can't be told without verifying the signature's value, or the hash function is not known here.
	Unknown Verdict = iota
	// Matches: the signature is over this very file. Whether it is valid was not checked.
	Matches
	// Differs: the signature is over another file, or the file was changed since.
	Differs
)

// String names the verdict for logs.
func (v Verdict) String() string {
	switch v {
	case Matches:
		return "matches"
	case Differs:
		return "differs"
	}
	return "unknown"
}

// Result is what was found out about one signer.
type Result struct {
	Signer
	Verdict Verdict
}

// Check tells for each signer of a signature whether it is over the file. The file is read once, to its end, whatever
// the number of signers, in pieces.
//
// Errors: wrapping [ErrNotSigned]; those of reading the file.
func Check(signature []byte, file io.Reader) ([]Result, error) {
	signed, err := Parse(signature)
	if err != nil {
		return nil, err
	}
	return signed.Check(file)
}

// Check is the function of that name for a signature that was read already. Beside a signature that holds its file
// itself, the file is compared with what it holds.
//
// Errors: those of reading the file.
func (s *Signed) Check(file io.Reader) ([]Result, error) {
	hashes := map[string]hash.Hash{}
	var all []io.Writer
	for _, signer := range s.Signers {
		if h := signer.Digest.new(); h != nil && hashes[signer.Digest.OID] == nil {
			hashes[signer.Digest.OID] = h
			all = append(all, h)
		}
	}
	held := &comparison{rest: s.Content}
	if !s.Detached() {
		all = append(all, held)
	}
	if _, err := io.Copy(io.MultiWriter(all...), file); err != nil {
		return nil, fmt.Errorf("cms: read the file: %w", err)
	}
	results := make([]Result, 0, len(s.Signers))
	for _, signer := range s.Signers {
		result := Result{Signer: signer}
		h := hashes[signer.Digest.OID]
		switch {
		case !s.Detached() && !held.same():
			result.Verdict = Differs
		case h == nil || signer.MessageDigest == nil:
		case bytes.Equal(h.Sum(nil), signer.MessageDigest):
			result.Verdict = Matches
		default:
			result.Verdict = Differs
		}
		results = append(results, result)
	}
	return results, nil
}

// comparison compares what is written with what is expected.
type comparison struct {
	rest    []byte
	differs bool
}

// Write implements io.Writer; it never fails.
func (c *comparison) Write(p []byte) (int, error) {
	if rest, ok := bytes.CutPrefix(c.rest, p); ok {
		c.rest = rest
	} else {
		c.differs = true
	}
	return len(p), nil
}

func (c *comparison) same() bool { return !c.differs && len(c.rest) == 0 }
