package bitrixsim

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"time"
)

// restError is an error answer of REST.
type restError struct {
	status int
	code   any // string, or a number where the docs show one
	text   string
	extra  map[string]any
}

func (e *restError) Error() string { return str(fromGo(e.code)) + ": " + e.text }

func fail(status int, code, text string) *restError {
	return &restError{status: status, code: code, text: text}
}

// bad is the usual refusal, 400.
func bad(code, text string) *restError { return fail(http.StatusBadRequest, code, text) }

// call is one command: who asks, and with what.
type call struct {
	s       *Server
	p       *Portal
	in      *installation // nil for an inbound webhook
	hook    *webhook
	token   string // access token as presented, or empty
	user    *user
	params  *array
	inBatch bool
	at      time.Time
	total   *int
	next    *int
	drop    bool // cut the connection after the work
	xml     bool // the answer is asked for as XML
}

// actor is who a change is made by, for events and stamps.
func (c *call) actor() actor {
	return actor{user: c.user.id, connector: c.connector()}
}

// page notes the total and the next offset of a list, and cuts out the page.
func page[T any](c *call, rows []T) []T {
	const size = 50
	start := intOf(c.params.fold("start"))
	if start < 0 { // no counting
		return rows[:min(size, len(rows))]
	}
	n := len(rows)
	c.total = &n
	from, to := min(start, n), min(start+size, n)
	if to < n {
		c.next = &to
	}
	return rows[from:to]
}

// servePortal routes everything under /portal/{name}/.
func (s *Server) servePortal(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s.mu.Lock()
	p := s.portals[name]
	newName, moved := s.renamed[name]
	base := s.baseURL
	s.mu.Unlock()
	rest := strings.TrimPrefix(r.URL.Path, "/portal/"+name)
	if p == nil && moved {
		target := base + "/portal/" + newName + rest
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, target, http.StatusFound)
		return
	}
	switch {
	case p == nil:
		htmlError(w, http.StatusNotFound)
	case rest == "/rest/download.json" || rest == "/rest/crm.controller.item.getFile.json" || strings.HasPrefix(rest, "/bitrix/"):
		s.serveFile(w, r, p)
	case strings.HasPrefix(rest, "/rest/api/"):
		s.serveV3(w, r, p, strings.TrimPrefix(rest, "/rest/api/"))
	case rest == "/rest/upload.json":
		s.serveUpload(w, r, p)
	case strings.HasPrefix(rest, "/rest/"):
		s.serveREST(w, r, p, strings.TrimPrefix(rest, "/rest/"))
	case rest == "/oauth/authorize/":
		s.serveAuthorize(w, r, p)
	default:
		htmlError(w, http.StatusNotFound)
	}
}

// serveREST answers one HTTP request of REST. The answer is made under the lock and written after it, so that a slow
// reader holds up nobody.
func (s *Server) serveREST(w http.ResponseWriter, r *http.Request, p *Portal, path string) {
	params, err := readParams(r)
	if err != nil {
		reply(w, http.StatusBadRequest, errorBody(bad("INVALID_REQUEST", "Malformed request")))
		return
	}
	parts := strings.Split(path, "/")
	name := methodName(parts[len(parts)-1])
	names := commandNames(name, params)
	s.mu.Lock()
	p.stats.Requests++
	hang := p.takeHang(names)
	lost := p.takeLever(leverLose, names) != nil
	s.mu.Unlock()
	if hang > 0 {
		s.pause(r, hang)
	}
	if lost {
		panic(http.ErrAbortHandler)
	}
	c := &call{s: s, p: p, params: params, xml: wantsXML(parts)}
	status, body := c.answer(parts, name, remoteHost(r))
	switch {
	case c.drop:
		panic(http.ErrAbortHandler)
	case body == nil:
		htmlError(w, status)
	default:
		w.Header().Set("Content-Type", c.mediaType())
		w.WriteHeader(status)
		_, _ = w.Write(body) // the client may be gone
	}
}

// answer does the command under the lock; a nil body stands for a proxy's page.
func (c *call) answer(parts []string, name, from string) (int, []byte) {
	s, p := c.s, c.p
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.notify()
	c.at = s.now()
	result, err := c.enter(parts, name, from)
	p.noteCall(c, name, err)
	c.drop = c.drop || p.takeLever(leverDrop, []string{name}) != nil
	if err == nil {
		return http.StatusOK, c.encode(c.envelope(name, result))
	}
	s.cfg.Log.Debug("refused", "portal", p.name, "method", name, "error", str(fromGo(err.code)))
	if err.text == htmlPage {
		return err.status, nil
	}
	return err.status, c.encode(errorBody(err))
}

// encode is the JSON of an answer, with slashes and angle brackets as they are.
func encode(body any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return []byte(`{"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error"}`)
	}
	return b.Bytes()
}

func (c *call) encode(body any) []byte {
	if c.xml {
		return encodeXML(body)
	}
	return encode(body)
}

func (c *call) mediaType() string {
	if c.xml {
		return "text/xml; charset=utf-8"
	}
	return "application/json; charset=utf-8"
}

// wantsXML reports whether the method was spelled METHOD.xml.
func wantsXML(parts []string) bool {
	return strings.HasSuffix(strings.ToLower(parts[len(parts)-1]), ".xml")
}

// enter authorises, counts and runs a top-level command.
func (c *call) enter(parts []string, name, from string) (any, *restError) {
	if err := c.p.refused(); err != nil {
		return nil, err
	}
	if err := c.authorise(parts); err != nil {
		return nil, err
	}
	if err := c.p.takeToken(from, c.at); err != nil {
		return nil, err
	}
	if name == "batch" {
		if f := c.p.takeFailure(name); f != nil {
			return nil, f
		}
		return c.batch()
	}
	return c.run(name)
}

// run checks the rights of one command and does it.
func (c *call) run(name string) (any, *restError) {
	if f := c.p.takeFailure(name); f != nil {
		return nil, f
	}
	m, ok := c.s.methods[name]
	switch {
	case !ok:
		return nil, fail(http.StatusNotFound, "ERROR_METHOD_NOT_FOUND", "Method not found!")
	case c.inBatch && m.noBatch:
		return nil, fail(http.StatusMethodNotAllowed, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
	case !c.hasScope(m.scope) || !c.hasScope(m.also):
		return nil, fail(http.StatusForbidden, "insufficient_scope", "The request requires higher privileges than provided by the access token")
	case m.app != nil && c.in == nil:
		return nil, m.app
	case m.admin != nil && !c.user.admin:
		return nil, m.admin
	case c.user.extranet && (m.scope == "crm" || m.scope == "bizproc"):
		return nil, fail(http.StatusForbidden, "allowed_only_intranet_user", "The method is available to intranet users only")
	}
	if err := c.confirm(name); err != nil {
		return nil, err
	}
	if err := c.p.takeOperating(c, name); err != nil {
		return nil, err
	}
	result, err := m.run(c)
	if err != nil {
		return nil, err
	}
	if c.p.takeLever(leverDrop, []string{name}) != nil {
		c.drop = true
	}
	return result, nil
}

// envelope wraps a result with the counters and the time block.
func (c *call) envelope(name string, result any) map[string]any {
	body := map[string]any{"result": result, "time": c.timing(name)}
	if c.total != nil {
		body["total"] = *c.total
	}
	if c.next != nil {
		body["next"] = *c.next
	}
	return body
}

func errorBody(e *restError) map[string]any {
	body := map[string]any{"error": e.code, "error_description": e.text}
	for k, v := range e.extra {
		body[k] = v
	}
	return body
}

// noteCall records one command.
func (p *Portal) noteCall(c *call, name string, err *restError) {
	entry := Call{Method: name, At: c.at, InBatch: c.inBatch, Status: http.StatusOK}
	if c.user != nil {
		entry.UserID = c.user.id
	}
	if err != nil {
		entry.Status, entry.Error = err.status, str(fromGo(err.code))
	}
	p.calls = append(p.calls, entry)
	if err != nil {
		p.stats.Errors[entry.Error]++
	}
	if name == "batch" && !c.inBatch {
		p.stats.Batches = append(p.stats.Batches, asArray(c.params.fold("cmd")).len())
		return
	}
	p.stats.Commands[name]++
}

// methodName lowers the case and cuts the format suffix.
func methodName(s string) string {
	s = strings.ToLower(s)
	return strings.TrimSuffix(strings.TrimSuffix(s, ".json"), ".xml")
}

// remoteHost is the caller's address without the port: rate is counted by it.
func remoteHost(r *http.Request) string {
	h, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return h
}

func mediaType(r *http.Request) string {
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return t
}

// readMultipart adds the plain fields of a multipart body.
func readMultipart(params *array, r *http.Request, body []byte) error {
	_, args, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	parts := multipart.NewReader(bytes.NewReader(body), args["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		setPath(params, splitKey(part.FormName()), string(value))
	}
}

// pause waits as HangNext ordered, or until either side is gone.
func (s *Server) pause(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
}
