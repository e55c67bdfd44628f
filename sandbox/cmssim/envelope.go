package cmssim

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the default of RSAES-OAEP in CMS (RFC 3560)
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
)

var (
	oidEnvelopedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidOAEP          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}
	oidAES256CBC     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// ErrNotRSA is returned for a certificate that Encrypt can't encrypt for.
var ErrNotRSA = errors.New("cmssim: the certificate has no RSA key")

type recipient struct {
	Version int
	ID      issuerAndNumber
	Method  pkix.AlgorithmIdentifier
	Key     []byte
}

type encrypted struct {
	Type    asn1.ObjectIdentifier
	Method  pkix.AlgorithmIdentifier
	Content asn1.RawValue
}

type envelopedData struct {
	Version    int
	Recipients []recipient `asn1:"set"`
	Encrypted  encrypted
}

// Encrypt makes CMS EnvelopedData (RSAES-OAEP with its defaults, AES-256-CBC) that the owner of the certificate's RSA key can read.
func Encrypt(cert *x509.Certificate, plain []byte) ([]byte, error) {
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, ErrNotRSA
	}
	key, iv := make([]byte, 32), make([]byte, aes.BlockSize)
	rand.Read(key) //nolint:errcheck // crypto/rand.Read never fails
	rand.Read(iv)  //nolint:errcheck // as above
	wrapped, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, public, key, nil)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	sealed := append([]byte(nil), plain...)
	for range pad {
		sealed = append(sealed, byte(pad))
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, sealed)
	wrappedIV, err := asn1.Marshal(iv)
	if err != nil {
		return nil, err
	}
	inner, err := asn1.Marshal(envelopedData{
		Recipients: []recipient{{ID: issuerAndNumber{asn1.RawValue{FullBytes: cert.RawIssuer}, cert.SerialNumber},
			Method: pkix.AlgorithmIdentifier{Algorithm: oidOAEP, Parameters: asn1.RawValue{FullBytes: []byte{0x30, 0}}}, Key: wrapped}},
		Encrypted: encrypted{Type: oidData, Method: pkix.AlgorithmIdentifier{Algorithm: oidAES256CBC, Parameters: asn1.RawValue{FullBytes: wrappedIV}},
			Content: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: sealed}},
	})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{oidEnvelopedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
}

// ErrNotEnvelope is returned by Decrypt for bytes that are not Encrypt's for that key.
var ErrNotEnvelope = errors.New("cmssim: not an envelope for this key")

// Decrypt is what the signing program of the certificate's owner does.
func Decrypt(key *rsa.PrivateKey, envelope []byte) ([]byte, error) {
	var outer contentInfo
	if _, err := asn1.Unmarshal(envelope, &outer); err != nil || !outer.Type.Equal(oidEnvelopedData) {
		return nil, ErrNotEnvelope
	}
	var data envelopedData
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &data); err != nil || len(data.Recipients) != 1 {
		return nil, ErrNotEnvelope
	}
	var iv []byte
	if _, err := asn1.Unmarshal(data.Encrypted.Method.Parameters.FullBytes, &iv); err != nil || len(iv) != aes.BlockSize {
		return nil, ErrNotEnvelope
	}
	content, err := rsa.DecryptOAEP(sha1.New(), nil, key, data.Recipients[0].Key, nil)
	if err != nil {
		return nil, ErrNotEnvelope
	}
	block, err := aes.NewCipher(content)
	sealed := data.Encrypted.Content.Bytes
	if err != nil || len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return nil, ErrNotEnvelope
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(sealed, sealed)
	return sealed[:len(sealed)-int(sealed[len(sealed)-1])], nil
}
