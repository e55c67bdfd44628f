package cmssim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/cmssim"
)

func TestSignatureSaysWhoseAndOverWhat(t *testing.T) {
	t.Parallel()
	file := []byte("договор")
	signature, err := cmssim.Sign(cmssim.Person{Name: "Образцов Виктор", SNILS: "00000000001", Organization: "ООО «Пример»", INN: "7700000000"}, file)
	require.NoError(t, err)
	read, err := cmssim.Read(signature)
	require.NoError(t, err)
	require.Equal(t, "Образцов Виктор", read.Name())
	require.Equal(t, []string{"ООО «Пример»"}, read.Certificate.Subject.Organization)
	require.True(t, read.Over(file))
	require.False(t, read.Over([]byte("другой договор")))
}

func TestReadRefusesOtherBytes(t *testing.T) {
	t.Parallel()
	good, err := cmssim.Sign(cmssim.Person{Name: "Образцов Виктор"}, nil)
	require.NoError(t, err)
	for name, bytes := range map[string][]byte{"empty": nil, "text": []byte("signature"), "cut": good[:len(good)-1], "more": append(good, 0)} {
		_, err := cmssim.Read(bytes)
		require.ErrorIs(t, err, cmssim.ErrNotCMS, name)
	}
}

func FuzzRead(f *testing.F) {
	good, err := cmssim.Sign(cmssim.Person{Name: "Образцов Виктор"}, nil)
	require.NoError(f, err)
	f.Add(good)
	f.Fuzz(func(t *testing.T, signature []byte) {
		if read, err := cmssim.Read(signature); err == nil {
			read.Over(nil)
			_ = read.Name()
		}
	})
}

func TestOnlyTheOwnerOpensAnEnvelope(t *testing.T) {
	t.Parallel()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Образцов Виктор"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	envelope, err := cmssim.Encrypt(cert, []byte("secret"))
	require.NoError(t, err)
	plain, err := cmssim.Decrypt(private, envelope)
	require.NoError(t, err)
	require.Equal(t, "secret", string(plain))
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, err = cmssim.Decrypt(stranger, envelope)
	require.ErrorIs(t, err, cmssim.ErrNotEnvelope)
	_, err = cmssim.Decrypt(private, []byte("secret"))
	require.ErrorIs(t, err, cmssim.ErrNotEnvelope)
	_, err = cmssim.Encrypt(&x509.Certificate{}, nil)
	require.ErrorIs(t, err, cmssim.ErrNotRSA)
}
