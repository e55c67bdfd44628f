package cms_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/realty/cms"
	"konturbridge/realty/cms/streebog"
)

// The signatures of testdata were made by openssl over contract.pdf, with certificates of test people.
func file(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file, digest         string
		detached, attributes bool
		signers, known       int
	}{
		"DER":                  {"contract.pdf.sig", "SHA-256", true, true, 1, 1},
		"BER, holds its file":  {"contract.attached.sig", "SHA-512", false, true, 1, 1},
		"PEM, key's name":      {"contract.keyid.pem", "SHA-256", true, true, 1, 1},
		"no signed attributes": {"contract.noattr.sig", "SHA-256", true, false, 1, 1},
		"no certificate":       {"contract.nocerts.sig", "SHA-256", true, true, 1, 0},
		"two signers":          {"contract.two.sig", "SHA-256", true, true, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed, err := cms.Parse(file(t, tc.file))
			require.NoError(t, err)
			require.Equal(t, tc.detached, signed.Detached())
			if !tc.detached {
				require.Equal(t, file(t, "contract.pdf"), signed.Content)
			}
			require.Len(t, signed.Signers, tc.signers)
			require.Len(t, signed.Certificates, tc.known)
			for _, signer := range signed.Signers {
				require.Equal(t, tc.digest, signer.Digest.Name)
				require.Equal(t, tc.attributes, signer.MessageDigest != nil)
				require.Equal(t, tc.attributes, !signer.SigningTime.IsZero())
				require.Equal(t, tc.known > 0, signer.Certificate != nil)
			}
		})
	}
}

func TestWhoSigned(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"contract.pdf.sig", "contract.keyid.pem"} {
		signed, err := cms.Parse(file(t, name))
		require.NoError(t, err)
		certificate := signed.Signers[0].Certificate
		require.Equal(t, cms.Name{
			CommonName: "Тестов Виталий Иванович", Surname: "Тестов", GivenName: "Виталий Иванович",
			Organization: "ООО «Тестовый застройщик»", Title: "Генеральный директор", Country: "RU",
			Region: "54 Новосибирская область", City: "Новосибирск", Email: "test@example.ru",
			SNILS: "11223344595", INN: "500100732259", OrganizationINN: "7707083893", OGRN: "1027700132195",
		}, certificate.Subject)
		require.Equal(t, certificate.Subject, certificate.Issuer, "signed by itself")
		require.Equal(t, "Тестов Виталий Иванович, ООО «Тестовый застройщик»", certificate.Subject.String())
		require.True(t, certificate.ValidAt(signed.Signers[0].SigningTime))
		require.False(t, certificate.ValidAt(certificate.NotBefore.Add(-time.Second)))
		require.False(t, certificate.ValidAt(certificate.NotAfter.Add(time.Second)))
	}
	require.Equal(t, "Иванов Иван", cms.Name{CommonName: "Иванов Иван"}.String())
	require.Equal(t, "ООО «Банк»", cms.Name{Organization: "ООО «Банк»"}.String())
	require.Equal(t, "ООО «Банк»", cms.Name{CommonName: "ООО «Банк»", Organization: "ООО «Банк»"}.String())
}

func TestCheck(t *testing.T) {
	t.Parallel()
	contract := string(file(t, "contract.pdf"))
	for name, tc := range map[string]struct {
		signature string
		file      string
		want      []cms.Verdict
	}{
		"its file":             {"contract.pdf.sig", contract, []cms.Verdict{cms.Matches}},
		"found by the key":     {"contract.keyid.pem", contract, []cms.Verdict{cms.Matches}},
		"both signers":         {"contract.two.sig", contract, []cms.Verdict{cms.Matches, cms.Matches}},
		"another file":         {"contract.two.sig", contract + "!", []cms.Verdict{cms.Differs, cms.Differs}},
		"nothing":              {"contract.pdf.sig", "", []cms.Verdict{cms.Differs}},
		"no signed attributes": {"contract.noattr.sig", contract, []cms.Verdict{cms.Unknown}},
		"the file it holds":    {"contract.attached.sig", contract, []cms.Verdict{cms.Matches}},
		"not what it holds":    {"contract.attached.sig", "x" + contract, []cms.Verdict{cms.Differs}},
		"less than it holds":   {"contract.attached.sig", contract[:5], []cms.Verdict{cms.Differs}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, err := cms.Check(file(t, tc.signature), iotest.OneByteReader(strings.NewReader(tc.file)))
			require.NoError(t, err)
			var got []cms.Verdict
			for _, r := range results {
				got = append(got, r.Verdict)
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestCheckFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk")
	_, err := cms.Check(file(t, "contract.pdf.sig"), iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = cms.Check([]byte("no signature"), strings.NewReader(""))
	require.ErrorIs(t, err, cms.ErrNotSigned)
}

// TestGOST checks signatures as Russian programs make them. No program at hand makes one, so that the test builds it by
// RFC 5652 and RFC 9215; the value of the signature is of zeros, since nobody verifies it here.
func TestGOST(t *testing.T) {
	t.Parallel()
	contract := file(t, "contract.pdf")
	short, long, sha := streebog.Sum256(contract), streebog.Sum512(contract), sha256.Sum256(contract)
	for name, tc := range map[string]struct {
		oid    asn1.ObjectIdentifier
		digest []byte
		name   string
		want   cms.Verdict
	}{
		"256 bits":      {asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 2, 2}, short[:], "ГОСТ Р 34.11-2012 (256)", cms.Matches},
		"512 bits":      {asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 2, 3}, long[:], "ГОСТ Р 34.11-2012 (512)", cms.Matches},
		"another file":  {asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 2, 2}, sha[:], "ГОСТ Р 34.11-2012 (256)", cms.Differs},
		"of 1994":       {asn1.ObjectIdentifier{1, 2, 643, 2, 2, 9}, short[:], "ГОСТ Р 34.11-94", cms.Unknown},
		"unheard of":    {asn1.ObjectIdentifier{1, 2, 3}, short[:], "1.2.3", cms.Unknown},
		"a longer hash": {asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 2, 2}, long[:], "ГОСТ Р 34.11-2012 (256)", cms.Differs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signature := signed(t, tc.oid, tc.digest)
			results, err := cms.Check(signature, bytes.NewReader(contract))
			require.NoError(t, err)
			require.Len(t, results, 1)
			require.Equal(t, tc.want, results[0].Verdict)
			require.Equal(t, tc.name, results[0].Digest.Name)
			require.Equal(t, tc.want != cms.Unknown, results[0].Digest.Known())
			require.Equal(t, int64(77), results[0].Serial.Int64())
			require.Equal(t, time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC), results[0].SigningTime)
			require.Nil(t, results[0].Certificate)
		})
	}
}

// signed builds a detached signature without a certificate.
func signed(t *testing.T, digest asn1.ObjectIdentifier, sum []byte) []byte {
	t.Helper()
	type algorithm struct{ ID asn1.ObjectIdentifier }
	type attribute struct {
		Type   asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}
	type signer struct {
		Version int
		ID      struct {
			Issuer []any
			Serial *big.Int
		}
		Digest     algorithm
		Attributes []attribute `asn1:"tag:0,set"`
		Sign       algorithm
		Value      []byte
	}
	type body struct {
		Version int
		Digests []algorithm `asn1:"set"`
		Inner   algorithm
		Signers []signer `asn1:"set"`
	}
	one := signer{Version: 1, Digest: algorithm{digest}, Sign: algorithm{asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 1, 1}}, Value: make([]byte, 64),
		Attributes: []attribute{
			{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, []any{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}},
			{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}, []any{time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)}},
			{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, []any{sum}},
		}}
	one.ID.Serial = big.NewInt(77)
	der, err := asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content body `asn1:"explicit,tag:0"`
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, body{Version: 1, Digests: []algorithm{{digest}},
		Inner: algorithm{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}, Signers: []signer{one}}})
	require.NoError(t, err)
	return der
}

func TestForms(t *testing.T) {
	t.Parallel()
	der := file(t, "contract.pdf.sig")
	plain := base64.StdEncoding.EncodeToString(der)
	var lines strings.Builder
	for rest := plain; rest != ""; rest = rest[min(64, len(rest)):] {
		lines.WriteString(rest[:min(64, len(rest))] + "\r\n")
	}
	for name, data := range map[string]string{
		"base64":          plain,
		"base64 in lines": lines.String(),
		"with a mark":     "\xef\xbb\xbf" + plain,
		"PEM":             "-----BEGIN PKCS7-----\n" + lines.String() + "-----END PKCS7-----\n",
		"padded":          string(der) + "\x00\x00\x00",
		"ends in a blank": string(der[:len(der)-1]) + "\n",
		"indefinite":      "\x30\x80" + string(der[4:]) + "\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed, err := cms.Parse([]byte(data))
			require.NoError(t, err)
			require.Len(t, signed.Signers, 1)
		})
	}
}

func TestNoSignature(t *testing.T) {
	t.Parallel()
	der := file(t, "contract.pdf.sig")
	deep := append(bytes.Repeat([]byte{0x30, 0x80}, 100), bytes.Repeat([]byte{0, 0}, 100)...)
	for name, data := range map[string][]byte{
		"nothing":          nil,
		"a PDF":            []byte("%PDF-1.4"),
		"cut off":          der[:len(der)-1],
		"too deep":         deep,
		"not closed":       {0x30, 0x80, 0x30, 0x80},
		"longer than held": {0x30, 0x03, 0x30, 0x05, 0x01},
		"huge length":      {0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"reserved length":  {0x30, 0x80 | 9, 0, 0, 0, 0, 0, 0, 0, 0, 1},
		"other pieces":     {0x24, 0x80, 0x02, 0x01, 0x01, 0, 0},
		"another content":  {0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01},
		"nobody signed":    nobody(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cms.Parse(data)
			require.ErrorIs(t, err, cms.ErrNotSigned)
		})
	}
	_, err := cms.Parse(make([]byte, cms.MaxSize+1))
	require.ErrorContains(t, err, "larger than")
}

func nobody(t *testing.T) []byte {
	t.Helper()
	whole := signed(t, asn1.ObjectIdentifier{1, 2, 3}, nil)
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version int
			Digests asn1.RawValue
			Inner   asn1.RawValue
			Signers asn1.RawValue
		} `asn1:"explicit,tag:0"`
	}
	_, err := asn1.Unmarshal(whole, &outer)
	require.NoError(t, err)
	outer.Content.Signers = asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true}
	der, err := asn1.Marshal(outer)
	require.NoError(t, err)
	return der
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"contract.pdf.sig", "contract.attached.sig", "contract.keyid.pem", "contract.two.sig"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		signed, err := cms.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, cms.ErrNotSigned)
			return
		}
		results, err := signed.Check(bytes.NewReader(data))
		require.NoError(t, err)
		require.Len(t, results, len(signed.Signers))
		_, err = io.Copy(io.Discard, strings.NewReader(results[0].Digest.Name+results[0].Verdict.String()))
		require.NoError(t, err)
	})
}
