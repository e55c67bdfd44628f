package diadocsim

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // a thumbprint is SHA-1 by definition
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"konturbridge/sandbox/cmssim"
)

const legacyLife = 24 * time.Hour

// proof is a login with a certificate between its two steps.
type proof struct {
	client      *client
	user        *user
	certificate []byte
}

func loginArea() map[string]behaviour {
	return map[string]behaviour{
		"Authenticate":        {body: textBody, answer: other, open: true, serve: (*call).authenticate},
		"AuthenticateConfirm": {body: textBody, answer: other, open: true, serve: (*call).authenticateConfirm},
	}
}

// AddCertificate gives a user a certificate (DER), for logging in and for GetMyCertificates.
func (s *Server) AddCertificate(login string, der []byte) error {
	return s.lever(func() error {
		u := s.users[login]
		if u == nil {
			return errNotFound("user", login)
		}
		u.certificates = append(u.certificates, der)
		return nil
	})
}

func (c *call) authenticate() (reply, error) {
	if c.user != nil || c.client == nil { // a bearer does not get another token
		return reply{}, refuse(http.StatusUnauthorized, "Authenticate takes DiadocAuth with ddauth_api_client_id alone")
	}
	switch c.arg("type") {
	case "password":
		if c.media != "application/json" {
			return reply{}, refuse(http.StatusUnsupportedMediaType, "Content-Type %q is not supported", c.media)
		}
		// The keys are lower-case here, unlike everywhere else.
		var raw map[string]string
		if err := json.Unmarshal(c.body, &raw); err != nil {
			return reply{}, refuse(http.StatusBadRequest, "Invalid request body: %s", err)
		}
		return c.legacyToken(c.Server.login(raw["login"], raw["password"]))
	case "sid":
		if c.media != "text/plain" {
			return reply{}, refuse(http.StatusUnsupportedMediaType, "Content-Type %q is not supported", c.media)
		}
		for _, u := range c.users {
			if sid := string(bytes.TrimSpace(c.body)); u.SID != "" && u.SID == sid {
				return c.legacyToken(u)
			}
		}
		return c.legacyToken(nil)
	case "certificate":
		return c.certificateLogin()
	}
	return reply{}, refuse(http.StatusBadRequest, "Parameter type must be password, certificate or sid")
}

func (c *call) legacyToken(u *user) (reply, error) {
	if u == nil {
		return reply{}, refuse(http.StatusUnauthorized, "Login, password, SID or certificate is not accepted")
	}
	c.stats.Exchanges++
	token := base64.StdEncoding.EncodeToString([]byte("ddauth-" + newGUID()))
	c.access[token] = &grant{client: c.client, user: u, legacy: true, until: c.cfg.Now().Add(legacyLife)}
	return textReply(token), nil
}

// certificateLogin encrypts a secret for the certificate, so that only the owner of its key can go on.
func (c *call) certificateLogin() (reply, error) {
	if c.media != "application/octet-stream" {
		return reply{}, refuse(http.StatusUnsupportedMediaType, "Content-Type %q is not supported", c.media)
	}
	u := c.owner(c.body)
	cert, err := x509.ParseCertificate(c.body)
	if err != nil {
		return reply{}, refuse(http.StatusBadRequest, "The body is not a certificate in DER")
	}
	if u == nil {
		return reply{}, refuse(http.StatusUnauthorized, "The certificate belongs to nobody")
	}
	secret := newGUID()
	blob, err := cmssim.Encrypt(cert, []byte(secret))
	if err != nil {
		return reply{}, refuse(http.StatusBadRequest, "The certificate can't be encrypted for: %s", err)
	}
	c.proofs[secret] = &proof{client: c.client, user: u, certificate: c.body}
	return bytesReply("application/octet-stream", blob), nil
}

func (c *call) owner(der []byte) *user {
	for _, u := range c.users {
		for _, one := range u.certificates {
			if bytes.Equal(one, der) {
				return u
			}
		}
	}
	return nil
}

func (c *call) authenticateConfirm() (reply, error) {
	secret, err := base64.StdEncoding.DecodeString(c.arg("token"))
	if err != nil {
		return reply{}, refuse(http.StatusBadRequest, "Parameter token is not base64")
	}
	p := c.proofs[string(secret)]
	if p == nil || p.client != c.client {
		return c.legacyToken(nil)
	}
	thumb := c.arg("thumbprint")
	if thumb == "" && !bytes.Equal(c.body, p.certificate) || thumb != "" && !strings.EqualFold(thumb, thumbprint(p.certificate)) {
		return c.legacyToken(nil)
	}
	delete(c.proofs, string(secret))
	return c.legacyToken(p.user)
}

func thumbprint(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // see the import
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
