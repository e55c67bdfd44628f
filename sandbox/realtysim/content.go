package realtysim

import (
	"bytes"
	"net/http"
	"strings"
)

type content struct {
	account *account
	media   string
	data    []byte
}

func signatureMedia(media string) bool {
	return media == "application/x-pkcs7-signature" || media == "application/pgp-signature"
}

// AddContent stores bytes under a chosen id, as if the account had uploaded them.
func (s *Server) AddContent(accountID, id, media string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contents[strings.ToLower(id)] = content{
		account: s.accounts[strings.ToLower(accountID)], media: strings.ToLower(media), data: bytes.Clone(data),
	}
	s.notify()
}

// upload is method 8. No code is documented for another content type: 415; the old md5 header is ignored (P8).
func (s *Server) upload(req request) reply {
	if req.media != "application/pdf" && req.media != "application/xml" && !signatureMedia(req.media) {
		return unsupportedMedia()
	}
	if len(req.body) == 0 {
		return refuse(http.StatusBadRequest, "validation", "content is empty", "contents")
	}
	id := newGUID()
	s.contents[id] = content{account: req.who.account, media: req.media, data: req.body}
	s.notify()
	link := s.link("/contents/%s", id)
	a := jsonReply(http.StatusCreated, wireFile{ID: id, ContentLink: link})
	a.location = link
	return a
}

// content is method 9.
func (s *Server) content(req request) reply {
	c, ok := s.contents[strings.ToLower(req.id)]
	if !ok {
		return *notFound("no such content")
	}
	if c.account != req.who.account {
		return forbidden()
	}
	return reply{status: http.StatusOK, media: c.media, body: c.data}
}

// file is method 10: statements, result files and signatures of result files under one path.
func (s *Server) file(req request) reply {
	d, bad := s.own(req)
	if bad != nil {
		return *bad
	}
	if st := d.statement(req.file); st != nil {
		return reply{status: http.StatusOK, media: "application/pdf", body: st.data}
	}
	b, ok := d.blobs[strings.ToLower(req.file)]
	if !ok {
		return *notFound("no such file")
	}
	return reply{status: http.StatusOK, media: b.media, body: b.data}
}
