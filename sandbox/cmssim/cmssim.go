// Package cmssim makes and reads detached signatures for the simulators: CMS SignedData (RFC 5652) with the
// signer's certificate. It has its own parser, so that the bridge's own is proved by another witness.
package cmssim

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"time"
)

// The identifiers of a detached signature (RFC 5652) and of a person in a Russian certificate.
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSA         = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidSurname       = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidGivenName     = asn1.ObjectIdentifier{2, 5, 4, 42}
	oidSNILS         = asn1.ObjectIdentifier{1, 2, 643, 100, 3}
	oidINN           = asn1.ObjectIdentifier{1, 2, 643, 3, 131, 1, 1}
)

// ErrNotCMS is returned for bytes that are no detached signature of one signer.
var ErrNotCMS = errors.New("cmssim: not a CMS signature of one signer")

// Person is who signs.
type Person struct {
	Name         string // surname and given names
	SNILS        string // digits; empty: the certificate has none
	Organization string
	INN          string
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []any `asn1:"set"`
}

type issuerAndNumber struct {
	Issuer asn1.RawValue
	Number *big.Int
}

type signerInfo struct {
	Version    int
	ID         issuerAndNumber
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue
	Sign       pkix.AlgorithmIdentifier
	Value      []byte
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Inner        struct{ Type asn1.ObjectIdentifier }
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue
}

// Sign makes the detached signature of a file that a person's signing program would make, with a certificate
// of the person's own. Russian people sign by ГОСТ; here it is ECDSA over SHA-256, which says the same about
// whose signature it is and what it is over.
func Sign(p Person, file []byte) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := certificate(p, key)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(file)
	attributes, err := asn1.MarshalWithParams([]attribute{
		{oidContentType, []any{oidData}}, {oidMessageDigest, []any{digest[:]}}}, "set")
	if err != nil {
		return nil, err
	}
	over := sha256.Sum256(attributes) // the attributes are signed as a set (RFC 5652, section 5.4)
	value, err := key.Sign(rand.Reader, over[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	tagged := bytes.Clone(attributes)
	tagged[0] = 0xa0 // and stand under the tag [0]
	data := signedData{Version: 1, Digests: []pkix.AlgorithmIdentifier{{Algorithm: oidSHA256}},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: cert.Raw},
		Signers: []signerInfo{{Version: 1, ID: issuerAndNumber{asn1.RawValue{FullBytes: cert.RawIssuer}, cert.SerialNumber},
			Digest: pkix.AlgorithmIdentifier{Algorithm: oidSHA256}, Attributes: asn1.RawValue{FullBytes: tagged},
			Sign: pkix.AlgorithmIdentifier{Algorithm: oidECDSA}, Value: value}}}
	data.Inner.Type = oidData
	inner, err := asn1.Marshal(data)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{oidSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
}

// certificate is self-signed: the simulators have no authority, and nobody checks the chain.
func certificate(p Person, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	surname, given, _ := strings.Cut(p.Name, " ")
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	subject := pkix.Name{CommonName: p.Name, ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: oidSurname, Value: surname}, {Type: oidGivenName, Value: given}}}
	if p.SNILS != "" {
		subject.ExtraNames = append(subject.ExtraNames, pkix.AttributeTypeAndValue{Type: oidSNILS, Value: p.SNILS})
	}
	if p.Organization != "" {
		subject.Organization = []string{p.Organization}
	}
	if p.INN != "" {
		subject.ExtraNames = append(subject.ExtraNames, pkix.AttributeTypeAndValue{Type: oidINN, Value: p.INN})
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Signature is what a detached signature says.
type Signature struct {
	// Certificate is the signer's, nil when the signature carries none.
	Certificate *x509.Certificate
	digest      []byte // of the signed file, nil when there is no such attribute
	sha256      bool
}

// Read parses a detached signature: CMS SignedData in DER with one signer.
func Read(signature []byte) (*Signature, error) {
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	if rest, err := asn1.Unmarshal(signature, &outer); err != nil || len(rest) > 0 || !outer.Type.Equal(oidSignedData) {
		return nil, ErrNotCMS
	}
	var data struct {
		Version      int
		Digests      asn1.RawValue
		Inner        asn1.RawValue
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		Signers      []struct {
			Version    int
			ID         asn1.RawValue
			Digest     pkix.AlgorithmIdentifier
			Attributes asn1.RawValue `asn1:"optional,tag:0"`
			Sign       pkix.AlgorithmIdentifier
			Value      []byte
		} `asn1:"set"`
	}
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &data); err != nil || len(data.Signers) != 1 {
		return nil, ErrNotCMS
	}
	out := &Signature{sha256: data.Signers[0].Digest.Algorithm.Equal(oidSHA256)}
	if certs, err := x509.ParseCertificates(data.Certificates.Bytes); err == nil && len(certs) > 0 {
		out.Certificate = certs[0]
	}
	for rest := data.Signers[0].Attributes.Bytes; len(rest) > 0; {
		var attr struct {
			Type   asn1.ObjectIdentifier
			Values []asn1.RawValue `asn1:"set"`
		}
		var err error
		if rest, err = asn1.Unmarshal(rest, &attr); err != nil {
			return nil, ErrNotCMS
		}
		if attr.Type.Equal(oidMessageDigest) && len(attr.Values) == 1 {
			out.digest = attr.Values[0].Bytes
		}
	}
	return out, nil
}

// Over tells whether the signature is over the file. Other hash functions than SHA-256 are believed: the
// simulators prove the way of a signature, not every algorithm.
func (s *Signature) Over(file []byte) bool {
	if !s.sha256 {
		return true
	}
	digest := sha256.Sum256(file)
	return bytes.Equal(s.digest, digest[:])
}

// Name is the common name of the signer, empty without a certificate.
func (s *Signature) Name() string {
	if s.Certificate == nil {
		return ""
	}
	return s.Certificate.Subject.CommonName
}
