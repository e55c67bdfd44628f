package diadoc

import (
	"bytes"
	"context"
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

	"konturbridge/internal/upstream"
)

// query holds parameters by their names on the wire; an empty value is left out.
type query map[string]string

// number, ticks and yes write parameters; the zero value is left out.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func ticks(t Ticks) string {
	if t == 0 {
		return ""
	}
	return strconv.FormatInt(int64(t), 10)
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// list writes a parameter that takes several values.
func list[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return strings.Join(texts, ",")
}

// call is one checked call of an operation.
type call struct {
	op    *Operation
	verb  string
	query query
	body  []byte
}

// maxRequest is the limit of a whole request in bytes ("70 MB"; the service may mean the smaller megabyte).
const maxRequest = 70 << 20

// maxStructure caps the bytes of an answer in JSON: a request's worth of files in base64.
const maxStructure = 128 << 20

// newCall checks a call against its operation. body is nil, bytes that are sent as they are, or a
// structure that becomes JSON; a structure with a check method is checked first.
func newCall(name string, parameters query, body any) (call, error) {
	op, ok := operationTable().byName[name]
	if !ok {
		return call{}, fmt.Errorf("diadoc: %w: %.60q", ErrUnknownOperation, name)
	}
	if op.Removed != "" {
		return call{}, op.gone()
	}
	req := call{op: op, verb: op.Verb, query: parameters}
	if body == nil && op.AlsoGet {
		req.verb = http.MethodGet
	}
	if err := checkQuery(op, parameters); err != nil {
		return call{}, err
	}
	var err error
	req.body, err = encode(op, req.verb, body)
	return req, err
}

func checkQuery(op *Operation, parameters query) error {
	for name, value := range parameters {
		p, known := op.Parameter(name)
		if !known {
			return &CallError{op.Name, name, Text{"у операции нет такого параметра", "is not a parameter of this operation"}}
		}
		if p.Flag && value != "" && value != "true" && value != "false" {
			return &CallError{op.Name, name, Text{"это признак: true или false", "is a flag: true or false"}}
		}
	}
	for _, p := range op.Query {
		if p.Required && parameters[p.Name] == "" {
			return &CallError{op.Name, p.Name, isRequired}
		}
	}
	return nil
}

// checked is a structure that knows the service's limits.
type checked interface {
	check(operation string) error
}

func encode(op *Operation, verb string, body any) ([]byte, error) {
	if limited, ok := body.(checked); ok {
		if err := limited.check(op.Name); err != nil {
			return nil, err
		}
	}
	raw, isRaw := rawBody(body)
	switch {
	case body == nil && op.Body != KindNone && verb == op.Verb:
		return nil, &CallError{op.Name, "body", Text{"обязательно: " + op.Request, "is required: " + op.Request}}
	case body == nil:
		return nil, nil
	case op.Body == KindNone:
		return nil, &CallError{op.Name, "body", Text{"у операции нет тела запроса", "is not allowed"}}
	case isRaw && len(raw) == 0:
		return nil, &CallError{op.Name, "body", Text{"пусто, а нужно: " + op.Request, "is empty: " + op.Request}}
	case !isRaw:
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return nil, &CallError{op.Name, "body", Text{"не записывается как JSON: " + err.Error(), "cannot be written as JSON: " + err.Error()}}
		}
	case op.Body == KindJSON && !isObject(raw):
		return nil, &CallError{op.Name, "body", Text{"это не объект JSON: " + op.Request, "is not a JSON object: " + op.Request}}
	}
	if len(raw) > maxRequest {
		return nil, &CallError{op.Name, "body", tooMuch(len(raw), maxRequest, unitBytes)}
	}
	return raw, nil
}

// rawBody gives a body that is sent as it is.
func rawBody(body any) ([]byte, bool) {
	switch raw := body.(type) {
	case []byte:
		return raw, true
	case json.RawMessage:
		return raw, true
	case Raw:
		return raw, true
	}
	return nil, false
}

func isObject(raw []byte) bool {
	trimmed := bytes.TrimSpace(raw)
	return len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(trimmed)
}

// box is the box that the call is about; it may be named in the body alone.
func (r call) box() BoxID {
	for _, name := range []string{"boxId", "myBoxId", "fromBoxId"} {
		if r.query[name] != "" {
			return BoxID(r.query[name])
		}
	}
	return ""
}

// address writes the query: values escaped, since index keys hold "+" and "/" and functions are Cyrillic,
// flags as bare names.
func (r call) address(base string) string {
	values, flags := url.Values{}, []string{}
	for name, value := range r.query {
		switch p, _ := r.op.Parameter(name); {
		case p.Flag && value == "true":
			flags = append(flags, url.QueryEscape(name))
		case !p.Flag && value != "":
			values.Set(name, value)
		}
	}
	slices.Sort(flags)
	parts := flags
	if len(values) > 0 {
		parts = append([]string{values.Encode()}, flags...)
	}
	if len(parts) == 0 {
		return base + r.op.Path
	}
	return base + r.op.Path + "?" + strings.Join(parts, "&")
}

func contentType(kind Kind) string {
	switch kind {
	case KindJSON:
		return "application/json; charset=utf-8"
	case KindXML:
		return "application/xml"
	}
	return "application/octet-stream"
}

func (c *Client) request(req call, token Authorization) upstream.Request {
	head := http.Header{}
	head.Set("Authorization", string(token))
	if req.op.Answer == KindJSON || req.op.Answer == KindNone {
		head.Set("Accept", "application/json")
	}
	if c.solution != "" {
		head.Set("X-Solution-Info", c.solution)
	}
	out := upstream.Request{API: api, Op: req.op.Name, Method: req.verb, URL: req.address(c.base), Header: head, Timeout: c.timeout}
	if len(req.body) > 0 {
		head.Set("Content-Type", contentType(req.op.Body))
		out.Body = bytes.NewReader(req.body)
	}
	if len(req.body) > 1<<20 || req.op.Answer == KindStream {
		out.Timeout = c.transfer
	}
	out.MaxAnswer = maxStructure
	if req.op.Answer == KindFile || req.op.Answer == KindStream {
		out.MaxAnswer = c.maxFile
	}
	return out
}

// transport sends one request. Only a successful answer of a streaming operation stays open.
func (c *Client) transport(ctx context.Context, req call, out upstream.Request) (reply, error) {
	if req.op.Answer != KindStream {
		answer, err := c.up.Do(ctx, out)
		if err != nil {
			return reply{}, err
		}
		return reply{status: answer.Status, header: answer.Header, body: answer.Body}, nil
	}
	answer, err := c.up.Stream(ctx, out)
	if err != nil {
		return reply{}, err
	}
	if isSuccess(answer.StatusCode) {
		return reply{status: answer.StatusCode, header: answer.Header, stream: answer}, nil
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // the status alone is enough
	return reply{status: answer.StatusCode, header: answer.Header, body: text}, nil
}

// perform makes a checked call. An answer that is not ready yet is a [*NotReadyError].
func (c *Client) perform(ctx context.Context, req call) (reply, error) {
	answer, err := c.exchange(ctx, req)
	if err != nil {
		return reply{}, err
	}
	waiting := answer.header.Get("Retry-After") != ""
	if req.op.RetryAfter {
		waiting = waiting || answer.status == http.StatusNoContent
	} else {
		waiting = waiting && answer.status == http.StatusNoContent
	}
	if waiting {
		return reply{}, c.notReady(req, answer)
	}
	return answer, nil
}

func (c *Client) notReady(req call, answer reply) *NotReadyError {
	fallback := defaultTaskWait
	if strings.HasPrefix(req.op.Name, "Generate") || req.op.Name == "GetGeneratedPrintForm" {
		fallback = defaultFormWait
	}
	if answer.stream != nil {
		_ = answer.stream.Body.Close()
	}
	return &NotReadyError{Operation: req.op.Name, Status: answer.status, Until: retryAfter(answer.header, c.now(), fallback)}
}

// run checks and makes a call.
func (c *Client) run(ctx context.Context, name string, parameters query, body any) (call, reply, error) {
	req, err := newCall(name, parameters, body)
	if err != nil {
		return call{}, reply{}, err
	}
	answer, err := c.perform(ctx, req)
	return req, answer, err
}

// ask makes a call whose answer is a structure.
func ask[T any](ctx context.Context, c *Client, name string, parameters query, body any) (T, error) {
	req, answer, err := c.run(ctx, name, parameters, body)
	if err != nil {
		var none T
		return none, err
	}
	return decode[T](c, req, answer)
}

func decode[T any](c *Client, req call, answer reply) (T, error) {
	var into T
	if err := json.Unmarshal(answer.body, &into); err != nil {
		var none T
		return none, c.badAnswer(req, answer.status, err)
	}
	return into, nil
}

// start makes a call that is answered by the id of a task.
func (c *Client) start(ctx context.Context, name string, parameters query, body any) (TaskID, error) {
	req, answer, err := c.run(ctx, name, parameters, body)
	if err != nil {
		return "", err
	}
	started, err := decode[AsyncMethodResult](c, req, answer)
	if err == nil && started.TaskID == "" {
		err = c.badAnswer(req, answer.status, errors.New("no id of the task"))
	}
	return started.TaskID, err
}

// tell makes a call whose answer says nothing but yes.
func (c *Client) tell(ctx context.Context, name string, parameters query, body any) error {
	_, _, err := c.run(ctx, name, parameters, body)
	return err
}

// word makes a call whose answer is one line of text.
func (c *Client) word(ctx context.Context, name string, parameters query, body any) (string, error) {
	req, answer, err := c.run(ctx, name, parameters, body)
	if err != nil {
		return "", err
	}
	text := strings.Trim(strings.TrimSpace(string(answer.body)), `"`)
	if text == "" {
		return "", c.badAnswer(req, answer.status, errors.New("an empty text"))
	}
	return text, nil
}

// File is a generated or downloaded file. Treat XML as bytes: it is signed and sent as it came, in whatever
// encoding it names, and its name is for display and storage.
type File struct {
	ContentType string
	Name        string // from Content-Disposition; may be empty
	Body        []byte
}

// file makes a call whose answer is a file.
func (c *Client) file(ctx context.Context, name string, parameters query, body any) (File, error) {
	req, answer, err := c.run(ctx, name, parameters, body)
	if err != nil {
		return File{}, err
	}
	if len(answer.body) == 0 && req.op.RetryAfter { // neither a file nor a word of when
		return File{}, c.notReady(req, answer)
	}
	if len(answer.body) == 0 {
		return File{}, c.badAnswer(req, answer.status, errors.New("an empty file"))
	}
	return File{ContentType: answer.header.Get("Content-Type"), Name: fileName(answer.header), Body: answer.body}, nil
}

// fileName reads Content-Disposition, whose name may be encoded as RFC 5987 wants.
func fileName(head http.Header) string {
	_, parameters, err := mime.ParseMediaType(head.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return parameters["filename"]
}

// Download is a file that is read as it arrives. The caller closes it; the context of the call bounds the
// reading.
type Download struct {
	io.ReadCloser
	ContentType string
	Name        string // from Content-Disposition; may be empty
	Size        int64  // bytes; -1 when the service did not say
}

// download makes a call whose answer is a stream.
func (c *Client) download(ctx context.Context, name string, parameters query) (*Download, error) {
	_, answer, err := c.run(ctx, name, parameters, nil)
	if err != nil {
		return nil, err
	}
	return &Download{ReadCloser: &reading{answer.stream.Body, name}, ContentType: answer.header.Get("Content-Type"),
		Name: fileName(answer.header), Size: answer.stream.ContentLength}, nil
}
