package cms

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Certificate is who signs, as the certificate in the signature says. It is not verified.
type Certificate struct {
	Subject   Name
	Issuer    Name
	Serial    *big.Int
	NotBefore time.Time
	NotAfter  time.Time

	issuer []byte // as encoded, to find the signer by
	keyID  []byte // subject key identifier, likewise
}

// ValidAt reports whether the certificate's own term holds the moment; revocation is not known.
func (c *Certificate) ValidAt(at time.Time) bool {
	return !at.Before(c.NotBefore) && !at.After(c.NotAfter)
}

// rawCertificate is Certificate of RFC 5280. crypto/x509 is not used: it refuses certificates for faults that
// change nothing here.
type rawCertificate struct {
	TBS struct {
		Version  int `asn1:"optional,explicit,default:0,tag:0"`
		Serial   *big.Int
		Sign     asn1.RawValue
		Issuer   asn1.RawValue
		Validity struct {
			NotBefore, NotAfter asn1.RawValue
		}
		Subject    asn1.RawValue
		Key        asn1.RawValue
		IssuerUID  asn1.RawValue `asn1:"optional,tag:1"`
		SubjectUID asn1.RawValue `asn1:"optional,tag:2"`
		Extensions []extension   `asn1:"optional,explicit,tag:3"`
	}
}

type extension struct {
	ID       asn1.ObjectIdentifier
	Critical bool `asn1:"optional"`
	Value    []byte
}

func parseCertificate(der []byte) (*Certificate, error) {
	var raw rawCertificate
	if _, err := asn1.Unmarshal(der, &raw); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	tbs := raw.TBS
	c := &Certificate{Serial: tbs.Serial, issuer: tbs.Issuer.FullBytes}
	var errs [4]error
	c.Subject, errs[0] = parseName(tbs.Subject.FullBytes)
	c.Issuer, errs[1] = parseName(tbs.Issuer.FullBytes)
	c.NotBefore, errs[2] = parseTime(tbs.Validity.NotBefore)
	c.NotAfter, errs[3] = parseTime(tbs.Validity.NotAfter)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	for _, e := range tbs.Extensions {
		if e.ID.String() == "2.5.29.14" {
			_, _ = asn1.Unmarshal(e.Value, &c.keyID) // without it the signer is found by its number
		}
	}
	return c, nil
}

// parseTime reads UTCTime and GeneralizedTime, with or without seconds and fractions.
func parseTime(v asn1.RawValue) (time.Time, error) {
	layouts := []string{"20060102150405Z0700", "20060102150405.999999999Z0700", "200601021504Z0700"}
	if v.Tag == asn1.TagUTCTime {
		layouts = []string{"060102150405Z0700", "0601021504Z0700"}
	}
	for _, layout := range layouts {
		at, err := time.Parse(layout, string(v.Bytes))
		if err != nil {
			continue
		}
		if v.Tag == asn1.TagUTCTime && at.Year() >= 2050 { // two digits mean 1950 to 2049
			at = at.AddDate(-100, 0, 0)
		}
		return at.UTC(), nil
	}
	return time.Time{}, errors.New("a time of unknown form")
}
