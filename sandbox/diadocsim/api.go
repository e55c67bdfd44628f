package diadocsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxRequest is the documented limit of a whole request; maxCalls bounds the list of calls.
const (
	maxRequest = 70 << 20
	maxCalls   = 20_000
)

// refusal is an answer with an error status and a plain text.
type refusal struct {
	status int
	text   string
	later  int // seconds of Retry-After
}

func (r *refusal) Error() string { return r.text }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, text: fmt.Sprintf(format, args...)}
}

// reply is an answer before it is written, so that a lever can drop it.
type reply struct {
	status int
	media  string
	body   []byte
	parts  []shelfPart // written after the body
	header map[string]string
}

func jsonReply(v any) reply {
	body, err := json.Marshal(v)
	if err != nil { // only our own values come here
		return reply{status: http.StatusInternalServerError, body: []byte(err.Error())}
	}
	return reply{status: http.StatusOK, media: "application/json; charset=utf-8", body: body}
}

func textReply(text string) reply {
	return reply{status: http.StatusOK, media: "text/plain; charset=utf-8", body: []byte(text)}
}

func bytesReply(media string, data []byte) reply {
	return reply{status: http.StatusOK, media: media, body: data}
}

func fileReply(media, name string, data []byte) reply {
	out := bytesReply(media, data)
	out.header = map[string]string{"Content-Disposition": mime.FormatMediaType("attachment", map[string]string{"filename": name})}
	return out
}

func laterReply(status, seconds int) reply {
	return reply{status: status, header: map[string]string{"Retry-After": strconv.Itoa(seconds)}}
}

func errorReply(err error) reply {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{status: http.StatusInternalServerError, text: err.Error()}
	}
	out := textReply(r.text)
	out.status = r.status
	if r.later > 0 {
		out.header = map[string]string{"Retry-After": strconv.Itoa(r.later)}
	}
	return out
}

// call is one request on its way through the checks.
type call struct {
	*Server
	op      *operation
	r       *http.Request
	query   url.Values
	body    []byte
	media   string
	client  *client
	user    *user // nil with the developer's key alone
	box     *box
	staff   *employee // the user in the box
	unknown []string

	unsignedBytes int // in UnsignedContent so far
}

// arg returns a query parameter.
func (c *call) arg(name string) string { return c.query.Get(name) }

// flag reads a bare flag or a boolean parameter.
func (c *call) flag(name string) bool {
	return c.query.Has(name) && !slices.Contains([]string{"false", "0"}, strings.ToLower(c.arg(name)))
}

// number reads a whole number between least and most.
func (c *call) number(name string, fallback, least, most int) (int, error) {
	if !c.query.Has(name) {
		return fallback, nil
	}
	n, err := strconv.Atoi(c.arg(name))
	if err != nil || n < least || n > most {
		return 0, refuse(http.StatusBadRequest, "Parameter %s must be a number from %d to %d", name, least, most)
	}
	return n, nil
}

// ticks reads a time in ticks, zero when it is not given.
func (c *call) ticks(name string) (int64, error) {
	if !c.query.Has(name) {
		return 0, nil
	}
	n, err := strconv.ParseInt(c.arg(name), 10, 64)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, "Parameter %s must be a number of ticks", name)
	}
	return n, nil
}

// read decodes the body.
func (c *call) read(into any) error {
	unknown, err := decode(c.body, into)
	if err != nil {
		return refuse(http.StatusBadRequest, "Invalid request body: %s", err)
	}
	c.unknown = append(c.unknown, unknown...)
	if c.sw.RefuseUnknown && len(unknown) > 0 {
		return refuse(http.StatusBadRequest, "Invalid request body: unknown fields %s", strings.Join(unknown, ", "))
	}
	return nil
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	verbs, known := s.routes[path]
	if !known {
		write(w, errorReply(refuse(http.StatusNotFound, "There is no method %s", path)))
		return
	}
	op := verbs[r.Method]
	if op == nil {
		write(w, errorReply(refuse(http.StatusMethodNotAllowed, "Method %s does not take %s", path, r.Method)))
		return
	}
	c := &call{Server: s, op: op, r: r}
	c.media, _, _ = mime.ParseMediaType(r.Header.Get("Content-Type"))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		err = refuse(http.StatusBadRequest, "The request is larger than %d bytes or can't be read", maxRequest)
	}
	c.body = body
	s.enter()
	defer s.leave()
	s.suffer(w, r, op.name, func() (reply, Call) {
		if err != nil {
			return errorReply(err), c.record()
		}
		out, err := c.handle()
		if err != nil {
			out = errorReply(err)
		}
		return out, c.record()
	})
}

// suffer does the work of a call between the faults that levers have ordered, and writes the answer.
func (s *Server) suffer(w http.ResponseWriter, r *http.Request, op string, work func() (reply, Call)) {
	f := s.takeFault(op)
	if f.hang > 0 {
		f.lose = !s.waitOut(r, op, f.hang)
	}
	if f.lose {
		s.note(Call{Op: op}, reply{})
		panic(http.ErrAbortHandler) // the documented way to cut a connection without an answer
	}
	answer, made := reply{}, Call{Op: op}
	switch {
	case f.status != 0:
		answer = errorReply(&refusal{status: f.status, text: "failure ordered by a lever"})
		if f.status == http.StatusTooManyRequests {
			answer = errorReply(&refusal{status: f.status, text: "failure ordered by a lever", later: s.cfg.RetryAfter})
		}
	case f.later != 0:
		answer = laterReply(f.later, s.cfg.RetryAfter)
	default:
		answer, made = work()
	}
	if f.drop {
		s.note(made, reply{})
		panic(http.ErrAbortHandler)
	}
	s.note(made, answer)
	write(w, answer)
}

func write(w http.ResponseWriter, a reply) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if a.media != "" {
		w.Header().Set("Content-Type", a.media)
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may be gone; nothing to do about it
	for _, part := range a.parts {
		data, err := part.read()
		if err != nil {
			panic(http.ErrAbortHandler) // a part of a file is worse than none
		}
		_, _ = w.Write(data)
	}
}

func (s *Server) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.parallel++
	s.stats.MostParallel = max(s.stats.MostParallel, s.stats.parallel)
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.parallel--
}

func (c *call) record() Call {
	out := Call{Op: c.op.name, Unknown: c.unknown, OperationID: c.query.Get("operationId")}
	if c.box != nil {
		out.Box = c.box.id
	}
	return out
}

func (s *Server) note(c Call, a reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status, c.At = a.status, s.cfg.Now()
	if a.status >= 400 {
		c.Error = string(a.body)
	}
	s.stats.Calls++
	switch a.status {
	case http.StatusUnauthorized:
		s.stats.Unauthorized++
	case http.StatusTooManyRequests:
		s.stats.TooMany++
	}
	if len(s.calls) >= maxCalls {
		s.calls = append([]Call(nil), s.calls[maxCalls/2:]...)
	}
	s.calls = append(s.calls, c)
	s.cfg.Log.Debug("diadoc call", "op", c.Op, "status", c.Status, "box", c.Box)
	s.notify()
}

// handle does the checks in their documented order under the lock, and then the work.
func (c *call) handle() (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick()
	switch {
	case c.ended():
		return reply{}, refuse(http.StatusGone, "Method %s has been removed", c.op.path)
	case c.op.serve == nil:
		return reply{}, refuse(http.StatusNotImplemented, "diadocsim does not simulate %s (%s %s): %s", c.op.name, c.op.verb, c.op.path, unsimulated()[c.op.name])
	}
	for _, check := range []func() error{c.authorize, c.withinRate, c.headers, c.parameters, c.enterBox} {
		if err := check(); err != nil {
			return reply{}, err
		}
	}
	out, err := c.op.serve(c)
	if err == nil {
		out = c.announceEnd(out)
	}
	return out, err
}

// headers checks that the caller asks for JSON where the answer is a structure, and sends what the method takes.
func (c *call) headers() error {
	if c.op.answer == structure && !strings.Contains(c.r.Header.Get("Accept"), "application/json") {
		return refuse(http.StatusNotImplemented, "diadocsim does not speak protobuf: send Accept: application/json")
	}
	if len(c.body) == 0 {
		if c.op.body == jsonBody {
			return refuse(http.StatusBadRequest, "Request body is required")
		}
		return nil
	}
	if takes := c.op.body.medias(); takes != nil && !slices.Contains(takes, c.media) {
		return refuse(http.StatusUnsupportedMediaType, "Content-Type %q is not supported by %s", c.r.Header.Get("Content-Type"), c.op.path)
	}
	return nil
}

// parameters checks the query against the documented names.
func (c *call) parameters() error {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return refuse(http.StatusBadRequest, "The query can't be read: %s", err)
	}
	c.query = query
	known := map[string]bool{}
	for name := range strings.FieldsSeq(c.op.params) {
		name, optional := strings.CutSuffix(name, "?")
		known[name] = true
		if !optional && c.arg(name) == "" {
			return refuse(http.StatusBadRequest, "Parameter %s is required", name)
		}
	}
	for name := range query {
		if !known[name] {
			c.unknown = append(c.unknown, name)
		}
	}
	if c.sw.RefuseUnknown && len(c.unknown) > 0 {
		return refuse(http.StatusBadRequest, "Unknown parameters: %s", strings.Join(c.unknown, ", "))
	}
	return nil
}

// enterBox checks the box that the query names; a box in the body is entered by its method.
func (c *call) enterBox() error {
	if c.op.box == "" || c.arg(c.op.box) == "" {
		return nil
	}
	return c.enterAs(c.arg(c.op.box))
}

// enterAs makes box the caller's, in the documented order: membership, subscription, right.
func (c *call) enterAs(id string) error {
	guid, ok := boxGUID(id)
	if !ok {
		return refuse(http.StatusBadRequest, "%q is not a box id", id)
	}
	b := c.boxes[guid]
	if b == nil || b.staff[c.user.id] == nil {
		return refuse(http.StatusForbidden, "Access to Box %s is denied", id)
	}
	c.box, c.staff = b, b.staff[c.user.id]
	if b.unpaid {
		return refuse(http.StatusPaymentRequired, "Organization of Box %s has no valid API subscription", id)
	}
	return c.need(c.op.right)
}

// need checks a right; empty asks for nothing.
func (c *call) need(right string) error {
	ok := right == ""
	switch {
	case right == administrator:
		ok = c.staff.Administrator
	case right == allDocuments:
		ok = c.staff.AccessLevel == allDocuments
	case right == groupAdministrator:
		ok = c.staff.Administrator && c.staff.may(manageCounteragents)
	case right != "":
		ok = c.staff.may(right)
	}
	if !ok {
		return refuse(http.StatusForbidden, "User has no right %s in Box %s", right, c.box.id)
	}
	return nil
}
