package cms

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// ErrNotSigned is wrapped by the error for bytes that are no CMS signature.
var ErrNotSigned = errors.New("not a CMS signature")

// Signed is a signature with all its signers.
type Signed struct {
	// Content is what the signature holds itself; nil when it is detached, as the registry wants it.
	Content []byte
	// Signers are in the signature's order; a good signature has at least one.
	Signers []Signer
	// Certificates are all that came along.
	Certificates []*Certificate
}

// Detached reports whether the signature is apart from its file.
func (s *Signed) Detached() bool { return s.Content == nil }

// Signer is one signature over the file.
type Signer struct {
	Certificate *Certificate // nil when it did not come along
	Serial      *big.Int     // of the certificate; nil when the signer is named by its key
	SigningTime time.Time    // by the signer's own clock; zero when it is not said
	Digest      Algorithm    // of the file
	// MessageDigest is the hash of the file that was signed; nil when the signature has no signed attributes: then
	// nothing can be said without verifying the signature's value.
	MessageDigest []byte
}

// Parse reads a signature: DER, BER, base64 or PEM.
//
// Errors: wrapping [ErrNotSigned].
func Parse(data []byte) (*Signed, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrNotSigned, MaxSize)
	}
	der, err := toDER(unwrap(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	if outer.Type.String() != "1.2.840.113549.1.7.2" {
		return nil, fmt.Errorf("%w: its content is of type %s", ErrNotSigned, outer.Type)
	}
	var body signedData
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &body); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	return body.signed()
}

// unwrap takes PEM and base64 off.
func unwrap(data []byte) []byte {
	if len(data) > 0 && data[0] == 0x30 { // the first octet of a signature, which base64 can't begin with
		return data // its last octets may look like blanks
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if block, _ := pem.Decode(data); block != nil {
		return block.Bytes
	}
	plain := bytes.Join(bytes.Fields(data), nil)
	out := make([]byte, base64.StdEncoding.DecodedLen(len(plain)))
	if n, err := base64.StdEncoding.Decode(out, plain); err == nil {
		return out[:n]
	}
	return data
}

// signedData is SignedData of RFC 5652, section 5.1.
type signedData struct {
	Version int
	Digests asn1.RawValue
	Inner   struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Revoked      asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []rawSigner   `asn1:"set"`
}

type rawSigner struct {
	Version    int
	ID         asn1.RawValue // issuer and number, or [0] key identifier
	Digest     algorithm
	Attributes asn1.RawValue `asn1:"optional,tag:0"`
	Sign       algorithm
	Value      []byte
}

type algorithm struct {
	ID         asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

func (d *signedData) signed() (*Signed, error) {
	s := &Signed{}
	if held := d.Inner.Content; len(held.FullBytes) > 0 {
		s.Content = []byte{}
		if _, err := asn1.Unmarshal(held.Bytes, &s.Content); err != nil {
			return nil, fmt.Errorf("%w: content: %w", ErrNotSigned, err)
		}
	}
	for rest := d.Certificates.Bytes; len(rest) > 0; {
		var next asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &next); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
		}
		if next.Class != asn1.ClassUniversal { // an old kind of certificate, which nobody uses
			continue
		}
		certificate, err := parseCertificate(next.FullBytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
		}
		s.Certificates = append(s.Certificates, certificate)
	}
	for _, raw := range d.Signers {
		signer, err := s.signer(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: signer: %w", ErrNotSigned, err)
		}
		s.Signers = append(s.Signers, signer)
	}
	if len(s.Signers) == 0 {
		return nil, fmt.Errorf("%w: nobody signed", ErrNotSigned)
	}
	return s, nil
}

func (s *Signed) signer(raw rawSigner) (Signer, error) {
	signer := Signer{Digest: algorithmOf(raw.Digest.ID)}
	if raw.ID.Class == asn1.ClassContextSpecific {
		signer.Certificate = s.find(func(c *Certificate) bool { return bytes.Equal(c.keyID, raw.ID.Bytes) })
	} else {
		var id struct {
			Issuer asn1.RawValue
			Serial *big.Int
		}
		if _, err := asn1.Unmarshal(raw.ID.FullBytes, &id); err != nil {
			return signer, err
		}
		signer.Serial = id.Serial
		signer.Certificate = s.find(func(c *Certificate) bool {
			return c.Serial.Cmp(id.Serial) == 0 && bytes.Equal(c.issuer, id.Issuer.FullBytes)
		})
	}
	return signer, signer.attributes(raw.Attributes.Bytes)
}

func (s *Signed) find(is func(*Certificate) bool) *Certificate {
	for _, c := range s.Certificates {
		if is(c) {
			return c
		}
	}
	return nil
}

// attributes reads what was signed beside the file: its hash and the time.
func (s *Signer) attributes(der []byte) error {
	for len(der) > 0 {
		var one struct {
			Type   asn1.ObjectIdentifier
			Values []asn1.RawValue `asn1:"set"`
		}
		rest, err := asn1.Unmarshal(der, &one)
		if err != nil {
			return err
		}
		der = rest
		if len(one.Values) == 0 {
			continue
		}
		switch one.Type.String() {
		case "1.2.840.113549.1.9.4":
			s.MessageDigest = one.Values[0].Bytes
		case "1.2.840.113549.1.9.5":
			if at, err := parseTime(one.Values[0]); err == nil { // a strange time hides nothing else
				s.SigningTime = at
			}
		}
	}
	return nil
}
