package diadocsim

import (
	"net/http"

	"konturbridge/sandbox/cmssim"
)

// The structures that carry a document and its signature.

type signedContent struct {
	Content               []byte
	Signature             []byte
	NameOnShelf           string
	SignWithTestSignature bool
	SignatureNameOnShelf  string
	PowerOfAttorney       *powerOfAttorney
}

type unsignedContent struct {
	Content     []byte
	NameOnShelf string
}

type fullID struct {
	RegistrationNumber string `dia:"req"`
	IssuerInn          string `dia:"req"`
	RepresentativeInn  string
}

type contentV3 struct {
	Content          []byte
	NameOnShelf      string
	EntityId         *documentID
	PatchedContentId string
}

type powerContent struct {
	Content   *contentV3 `dia:"req"`
	Signature *contentV3 `dia:"req"`
}

type powerOfAttorney struct {
	FullId             *fullID
	UseDefault         *bool `dia:"req"`
	Content            *powerContent
	SendAsFile         bool
	Contents           []powerContent
	UseDocumentContent bool
}

type documentID struct {
	MessageId string `dia:"req"`
	EntityId  string `dia:"req"`
}

// check wants exactly one source of the power of attorney.
func (p *powerOfAttorney) check() error {
	if p == nil {
		return nil
	}
	sources := 0
	for _, given := range []bool{p.FullId != nil, *p.UseDefault, p.Content != nil, len(p.Contents) > 0, p.UseDocumentContent} {
		if given {
			sources++
		}
	}
	if sources != 1 {
		return refuse(http.StatusBadRequest, "PowerOfAttorney must have exactly one source")
	}
	return nil
}

// bytesOf takes a content from the body or from the shelf.
func (c *call) bytesOf(what string, content []byte, onShelf string) ([]byte, error) {
	if (content != nil) == (onShelf != "") {
		return nil, refuse(http.StatusBadRequest, "%s: exactly one of Content and NameOnShelf is required", what)
	}
	if onShelf != "" {
		return c.shelved(onShelf, http.StatusBadRequest)
	}
	if len(content) == 0 {
		return nil, refuse(http.StatusBadRequest, "%s: Content is empty", what)
	}
	return content, nil
}

// maxUnsigned is the documented limit of UnsignedContent in one request.
const maxUnsigned = 5 << 20

func (c *call) unsigned(what string, u *unsignedContent) ([]byte, error) {
	if c.unsignedBytes += len(u.Content); c.unsignedBytes > maxUnsigned {
		return nil, refuse(http.StatusBadRequest, "%s: Contents are larger than %d bytes together", what, maxUnsigned)
	}
	return c.bytesOf(what, u.Content, u.NameOnShelf)
}

// signatureOf takes a signature from the body, from the shelf, or makes a test one; nil means that there is none.
func (c *call) signatureOf(what string, given []byte, onShelf string, test bool, file []byte) ([]byte, error) {
	ways := 0
	for _, one := range []bool{len(given) > 0, onShelf != "", test} {
		if one {
			ways++
		}
	}
	if ways > 1 {
		return nil, refuse(http.StatusBadRequest, "%s: only one of Signature, SignatureNameOnShelf, SignWithTestSignature may be given", what)
	}
	switch {
	case onShelf != "":
		var err error
		if given, err = c.shelved(onShelf, http.StatusBadRequest); err != nil {
			return nil, err
		}
	case test && !c.box.Test:
		return nil, refuse(http.StatusBadRequest, "%s: SignWithTestSignature is for test organizations only", what)
	case test:
		return c.signAs(c.box, c.user, file)
	case len(given) == 0:
		return nil, nil
	}
	if _, err := cmssim.Read(given); err != nil {
		return nil, refuse(http.StatusBadRequest, "%s: Signature is not a detached CMS SignedData in DER", what)
	}
	return given, nil
}

// open takes content and signature of a part that must have both.
func (c *call) open(what string, sc *signedContent) (file, signature []byte, err error) {
	if err := sc.PowerOfAttorney.check(); err != nil {
		return nil, nil, err
	}
	if file, err = c.bytesOf(what, sc.Content, sc.NameOnShelf); err != nil {
		return nil, nil, err
	}
	signature, err = c.signatureOf(what, sc.Signature, sc.SignatureNameOnShelf, sc.SignWithTestSignature, file)
	return file, signature, err
}

func (s *Server) signAs(b *box, u *user, file []byte) ([]byte, error) {
	p := cmssim.Person{Name: "Представитель " + b.ShortName, Organization: b.FullName, INN: b.INN}
	if u != nil {
		p.Name = u.Surname + " " + u.FirstName
	}
	return cmssim.Sign(p, file)
}

// certificateOf is a certificate of somebody who signs in a box, made once.
func (s *Server) certificateOf(b *box) ([]byte, error) {
	if b.certificate != nil {
		return b.certificate, nil
	}
	signature, err := s.signAs(b, nil, []byte("certificate"))
	if err != nil {
		return nil, err
	}
	read, err := cmssim.Read(signature)
	if err == nil {
		b.certificate = read.Certificate.Raw
	}
	return b.certificate, err
}

// Signature makes the detached signature that somebody of the box would make of a file.
func (s *Server) Signature(boxID string, file []byte) (signature []byte, err error) {
	err = s.lever(func() error {
		b, err := s.known(boxID)
		if err == nil {
			signature, err = s.signAs(b, nil, file)
		}
		return err
	})
	return signature, err
}

// over tells whether a signature is over a file.
func over(signature, file []byte) bool {
	read, err := cmssim.Read(signature)
	return err == nil && read.Over(file)
}
