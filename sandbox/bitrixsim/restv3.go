package bitrixsim

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"
)

// REST 3.0 (doc: api-reference/rest-v3): JSON alone, one envelope, repeats told by a key. It has no CRM and no
// automation; the simulator serves its own documentation, the list of scopes and tasks.

// idempotencyLife is how long the answer to a call with an Idempotency-Key is kept.
const idempotencyLife = 24 * time.Hour

// replay is a stored answer of a successful write.
type replay struct {
	body   []byte // of the request
	answer []byte
	at     time.Time
}

// v3Error is a refusal of REST 3.0; field, when set, names what did not pass.
type v3Error struct {
	status               int
	code, message, field string
}

func v3Fail(status int, suffix, message string) *v3Error {
	return &v3Error{status: status, code: "BITRIX_REST_V3_EXCEPTION_" + suffix, message: message}
}

// v3Invalid is the refusal of a request that does not validate.
func v3Invalid(field, message string) *v3Error {
	err := v3Fail(http.StatusBadRequest, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "Ошибка при валидации объекта запроса")
	err.field = field
	err.message += ": " + message
	return err
}

func (e *v3Error) body() map[string]any {
	inner := map[string]any{"code": e.code, "message": e.message}
	if e.field != "" {
		inner["validation"] = []any{map[string]any{"field": e.field, "message": e.message}}
	}
	return map[string]any{"error": inner}
}

// v3Method is a method of REST 3.0.
type v3Method struct {
	scope  string
	writes bool
	run    func(c *call) (any, *v3Error)
}

func v3Methods() map[string]v3Method {
	methods := map[string]v3Method{
		"tasks.task.add":    {scope: "task|tasks", writes: true, run: v3TaskAdd},
		"tasks.task.get":    {scope: "task|tasks", run: v3TaskGet},
		"tasks.task.list":   {scope: "task|tasks", run: v3TaskList},
		"tasks.task.update": {scope: "task|tasks", writes: true, run: v3TaskUpdate},
		"tasks.task.delete": {scope: "task|tasks", writes: true, run: v3TaskDelete},
	}
	methods["rest.scope.list"] = v3Method{run: func(*call) (any, *v3Error) {
		return map[string]any{"items": []any{map[string]any{"scope": "tasks", "methods": []string{
			"tasks.task.add", "tasks.task.delete", "tasks.task.get", "tasks.task.list", "tasks.task.update",
		}}}}, nil
	}}
	return methods
}

// openAPI is rest.documentation.openapi: no envelope around it.
func openAPI() map[string]any {
	paths := map[string]any{}
	for _, name := range sortedNames(v3Methods()) {
		paths["/"+name] = map[string]any{}
	}
	return map[string]any{
		"openapi": "3.0.0", "info": map[string]any{"title": "Bitrix24 REST V3 API", "version": "1.0.0"},
		"tags": []any{map[string]any{"name": "tasks", "description": "tasks module methods"}}, "paths": paths,
		"components": map[string]any{"schemas": map[string]any{}},
	}
}

// serveV3 answers one request under /rest/api/.
func (s *Server) serveV3(w http.ResponseWriter, r *http.Request, p *Portal, path string) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		htmlError(w, http.StatusBadRequest)
		return
	}
	parts := strings.Split(path, "/")
	name := methodName(parts[len(parts)-1])
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.notify()
	p.stats.Requests++
	c := &call{s: s, p: p, params: newArray(), at: s.now()}
	body, refused := readV3(r, raw)
	if refused != nil && name != "batch" {
		reply(w, refused.status, refused.body())
		return
	}
	c.params = body
	if err := c.enterV3(parts, remoteHost(r)); err != nil {
		p.noteCall(c, name, err)
		reply(w, err.status, errorBody(err))
		return
	}
	key, answer := r.Header.Get("Idempotency-Key"), []byte(nil)
	if _, given := r.Header["Idempotency-Key"]; given && v3Methods()[name].writes {
		if answer, refused = c.replayed(name, key, raw); refused != nil {
			reply(w, refused.status, refused.body())
			return
		}
		w.Header().Set("Idempotency-Key", key)
	}
	if answer != nil {
		w.Header().Set("Idempotent-Replayed", "true")
	} else if answer = c.answerV3(w, name); answer == nil {
		return // refused, and told so
	} else if w.Header().Get("Idempotency-Key") != "" {
		p.replays[c.replayKey(name, key)] = replay{body: raw, answer: answer, at: s.now()}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(answer) // the client may be gone
}

// readV3 reads the body: JSON or nothing. The query is not looked at.
func readV3(r *http.Request, raw []byte) (*array, *v3Error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return newArray(), nil
	}
	v, err := parseJSON(raw)
	if body := asArray(v); err == nil && body != nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return body, nil
	}
	return newArray(), v3Fail(http.StatusBadRequest, "INVALIDJSONEXCEPTION", "Invalid JSON in the request body")
}

// enterV3 authorises and counts; these refusals come as those of the previous version.
func (c *call) enterV3(parts []string, from string) *restError {
	if err := c.p.refused(); err != nil && err.text != htmlPage {
		return err
	}
	if err := c.authorise(parts); err != nil {
		return err
	}
	return c.p.takeToken(from, c.at)
}

// answerV3 runs a method and gives the answer, or writes the refusal and gives nil.
func (c *call) answerV3(w http.ResponseWriter, name string) []byte {
	if name == "rest.documentation.openapi" || name == "documentation" {
		return encode(openAPI())
	}
	var result any
	var refused *v3Error
	if name == "batch" {
		result, refused = c.batchV3()
	} else {
		if _, known := v3Methods()[name]; !known {
			err := fail(http.StatusNotFound, "ERROR_METHOD_NOT_FOUND", "Method not found!")
			c.p.noteCall(c, name, err)
			reply(w, err.status, errorBody(err))
			return nil
		}
		result, refused = c.runV3(name)
	}
	if refused != nil {
		reply(w, refused.status, refused.body())
		return nil
	}
	return encode(map[string]any{"result": result, "time": c.timing(name)})
}

// runV3 checks the rights of one command and does it.
func (c *call) runV3(name string) (any, *v3Error) {
	m, known := v3Methods()[name]
	var result any
	var refused *v3Error
	switch {
	case !known:
		refused = v3Fail(http.StatusNotFound, "METHODNOTFOUNDEXCEPTION", "Method not found") // in a batch; not described
	case !c.hasScope(m.scope):
		refused = v3Fail(http.StatusForbidden, "INSUFFICIENTSCOPEEXCEPTION", "Insufficient scope")
	default:
		result, refused = m.run(c)
	}
	var noted *restError
	if refused != nil {
		noted = fail(refused.status, refused.code, refused.message)
	}
	c.p.noteCall(c, name, noted)
	return result, refused
}

// batchV3 runs a list of {"method","query"}; the map of the previous version is refused. Beside the list an
// application's token may stand under auth, which makes an object with numeric keys of it. The first refusal is the
// answer to the whole, as the vendor's library expects; the page shows no failed batch.
func (c *call) batchV3() (any, *v3Error) {
	calls := newArray()
	for _, key := range c.params.keys {
		if key != "auth" {
			calls.set(key, c.params.vals[key])
		}
	}
	if !calls.isList() || calls.len() == 0 {
		return nil, v3Fail(http.StatusBadRequest, "INVALIDSELECTEXCEPTION", "The batch is not a list of calls")
	}
	out := []any{}
	for _, e := range calls.values() {
		query := asArray(asArray(e).get("query"))
		if query == nil {
			query = newArray()
		}
		inner := &call{s: c.s, p: c.p, in: c.in, hook: c.hook, token: c.token, user: c.user, params: query, inBatch: true, at: c.s.now()}
		result, refused := inner.runV3(methodName(str(asArray(e).get("method"))))
		if refused != nil {
			return nil, refused
		}
		out = append(out, result)
	}
	return out, nil
}

// replayKey is what a key is unique within: application or webhook, user, method.
func (c *call) replayKey(name, key string) string {
	return c.operatingKey(name) + " " + itoa(c.user.id) + " " + key
}

// replayed looks for the stored answer to a key; nil means that the method is to run.
func (c *call) replayed(name, key string, raw []byte) ([]byte, *v3Error) {
	if len(key) < 1 || len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return nil, v3Fail(http.StatusBadRequest, "INVALIDIDEMPOTENCYKEYEXCEPTION", "Invalid idempotency key")
	}
	kept, known := c.p.replays[c.replayKey(name, key)]
	if !known || c.s.now().Sub(kept.at) > idempotencyLife {
		return nil, nil
	}
	if !bytes.Equal(kept.body, raw) {
		return nil, v3Fail(http.StatusUnprocessableEntity, "IDEMPOTENCYKEYREUSEDEXCEPTION", "The key was used with another body")
	}
	return kept.answer, nil
}
