package realtysim

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// maxBody caps a request body; the service's own limit is not documented.
const maxBody = 64 << 20

// maxCalls bounds the list of calls, so that a sandbox left running for days stays small.
const maxCalls = 20_000

const apiPrefix = "/realty/v1/"

var guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Call is one request to the API as the server saw it.
type Call struct {
	Op     string    `json:"op"`     // auth, create, get, submit, news, sign, sign_link, upload, content, file or suggest
	Status int       `json:"status"` // HTTP status; 0 when the connection was cut
	At     time.Time `json:"at"`
	// DocflowID is the docflow in the path, or the one that a create made.
	DocflowID string `json:"docflowId,omitempty"`
}

// request is one call, read to its end, with the parts of its path.
type request struct {
	op      string
	id      string // docflow, content, or the type name of a create
	file    string
	sig     string
	after   string
	hasNext bool // after was given
	auth    string
	media   string // content type, lower case, without parameters
	body    []byte
	who     session
}

// reply is an answer before it is written, so that a lever can drop it.
type reply struct {
	status   int
	media    string
	body     []byte
	location string
	docflow  string // for Call
}

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil { // only our own structs come here
		return reply{status: http.StatusInternalServerError}
	}
	return reply{status: status, media: "application/json", body: body}
}

func refuse(status int, code, message, target string) reply {
	return jsonReply(status, Refusal{Code: code, Message: message, Target: target})
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	req, bad := route(r)
	if bad != nil {
		write(w, *bad)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
			status = http.StatusRequestEntityTooLarge
		}
		write(w, refuse(status, "validation", "body can't be read", "api"))
		return
	}
	req.body = body

	f := s.takeFault(req.op)
	if f.hang > 0 {
		t := time.NewTimer(f.hang)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			s.record(req, reply{})
			panic(http.ErrAbortHandler)
		}
	}
	if f.lose {
		s.record(req, reply{})
		panic(http.ErrAbortHandler) // the documented way to cut a connection without an answer
	}
	answer := reply{}
	if f.status != 0 {
		answer = refuse(f.status, "sandbox", "failure ordered by a lever", "api")
	} else {
		answer = s.handle(req)
	}
	if f.drop {
		answer.status = 0
		s.record(req, answer)
		panic(http.ErrAbortHandler)
	}
	s.record(req, answer)
	write(w, answer)
}

func write(w http.ResponseWriter, a reply) {
	if a.media != "" {
		w.Header().Set("Content-Type", a.media)
	}
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may be gone; nothing to do about it
}

func (s *Server) record(req request, a reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := Call{Op: req.op, Status: a.status, At: s.cfg.Now(), DocflowID: a.docflow}
	if call.DocflowID == "" && guidPattern.MatchString(req.id) && req.op != "content" {
		call.DocflowID = strings.ToLower(req.id)
	}
	if len(s.calls) >= maxCalls {
		s.calls = append([]Call(nil), s.calls[maxCalls/2:]...)
	}
	s.calls = append(s.calls, call)
	s.cfg.Log.Debug("reestro call", "op", call.Op, "status", call.Status, "docflow", call.DocflowID)
	s.notify()
}

// handle does the work of one call under the lock: the session first, as every method but auth wants it.
func (s *Server) handle(req request) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	if req.op == "auth" {
		return s.login(req)
	}
	who, ok := s.session(req.auth)
	if !ok {
		return refuse(http.StatusUnauthorized, "unauthorized", "Authorization missing or wrong", "api")
	}
	req.who = who
	switch req.op {
	case "create":
		return s.create(req)
	case "get":
		return s.get(req)
	case "submit":
		return s.submit(req)
	case "news":
		return s.news(req)
	case "sign", "sign_link":
		return s.sign(req)
	case "upload":
		return s.upload(req)
	case "content":
		return s.content(req)
	case "file":
		return s.file(req)
	default:
		return s.suggest(req)
	}
}

// route finds the method by verb and path. It takes the documented variants of a path: /docflow/ (P1),
// /signature (P2, P3) and the short suggest path (P5).
func route(r *http.Request) (request, *reply) {
	req := request{auth: r.Header.Get("Authorization")}
	req.media, _, _ = mime.ParseMediaType(r.Header.Get("Content-Type")) // an unreadable one is a wrong one
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), apiPrefix)
	if !ok {
		return req, notFound("no such path")
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil || plain == "" {
			return req, notFound("no such path")
		}
		parts[i] = plain
	}
	verbs := req.match(parts)
	if verbs == nil {
		return req, notFound("no such path")
	}
	op, ok := verbs[r.Method]
	if !ok {
		a := refuse(http.StatusMethodNotAllowed, "validation", "method not allowed", "api")
		return req, &a
	}
	req.op = op
	if op == "news" {
		query := r.URL.Query()
		req.after, req.hasNext = query.Get("after"), query.Has("after")
	}
	if op == "create" && guidPattern.MatchString(req.id) {
		req.op = "submit" // create and submit share one path shape; the segment decides
	}
	return req, nil
}

// match stores the path's variables and returns the operation for each verb.
func (q *request) match(parts []string) map[string]string {
	switch len(parts) {
	case 1:
		switch parts[0] {
		case "auth":
			return map[string]string{"POST": "auth"}
		case "news":
			return map[string]string{"GET": "news"}
		case "contents":
			return map[string]string{"POST": "upload"}
		}
	case 2:
		q.id = parts[1]
		switch parts[0] {
		case "docflows", "docflow":
			return map[string]string{"POST": "create", "GET": "get"}
		case "contents":
			return map[string]string{"GET": "content"}
		case "cadastre":
			if parts[1] == "suggest" {
				return map[string]string{"POST": "suggest"}
			}
		}
	case 3:
		if strings.Join(parts, "/") == "location/cadastre/suggest" {
			return map[string]string{"POST": "suggest"}
		}
	}
	return q.matchFile(parts)
}

func (q *request) matchFile(parts []string) map[string]string {
	if len(parts) < 4 || parts[0] != "docflows" && parts[0] != "docflow" || parts[2] != "files" {
		return nil
	}
	q.id, q.file = parts[1], parts[3]
	if len(parts) == 4 {
		return map[string]string{"GET": "file"}
	}
	if parts[4] != "signatures" && parts[4] != "signature" || len(parts) > 6 {
		return nil
	}
	if len(parts) == 5 {
		return map[string]string{"POST": "sign"}
	}
	q.sig = parts[5]
	return map[string]string{"POST": "sign_link"}
}

func notFound(message string) *reply {
	a := refuse(http.StatusNotFound, "notFound", message, "api")
	return &a
}

// Calls returns the requests so far, oldest first; of very many only the newest ten thousand or more.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}
