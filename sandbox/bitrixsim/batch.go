package bitrixsim

import (
	"regexp"
	"strings"
)

// maxCommands is the length limit of a batch.
const maxCommands = 50

// reference is $result[name][key]…
var reference = regexp.MustCompile(`\$result((?:\[[^\[\]]*\])+)`)

// commandNames lists the methods that a request runs: its own and those of a batch.
func commandNames(name string, params *array) []string {
	names := []string{name}
	if name == "batch" {
		for _, cmd := range asArray(params.fold("cmd")).values() {
			method, _, _ := strings.Cut(str(cmd), "?")
			names = append(names, methodName(method))
		}
	}
	return names
}

// batchAnswer collects the five maps of a batch.
type batchAnswer struct {
	results, errors, totals, nexts, times *array
}

// batch runs the commands in the order of the map (doc: settings/how-to-call-rest-api/batch).
func (c *call) batch() (any, *restError) {
	cmds := asArray(c.params.fold("cmd"))
	if cmds == nil {
		return nil, bad("100", "Could not find value for parameter {cmd}")
	}
	halt := yes(c.params.fold("halt"))
	out := batchAnswer{newArray(), newArray(), newArray(), newArray(), newArray()}
	for i, key := range cmds.keys {
		inner := &call{s: c.s, p: c.p, in: c.in, hook: c.hook, token: c.token, user: c.user, inBatch: true, at: c.s.now()}
		name, result, err := inner.command(str(cmds.vals[key]), out.results, i)
		c.p.noteCall(inner, name, err)
		c.drop = c.drop || inner.drop
		if err != nil {
			out.errors.set(key, fromGo(errorBody(err)))
			if halt {
				break
			}
			continue
		}
		out.results.set(key, fromGo(result))
		if inner.total != nil {
			out.totals.set(key, fromGo(*inner.total))
		}
		if inner.next != nil {
			out.nexts.set(key, fromGo(*inner.next))
		}
		out.times.set(key, fromGo(inner.timing(name)))
	}
	return map[string]any{
		"result": out.results, "result_error": out.errors, "result_total": out.totals, "result_next": out.nexts, "result_time": out.times,
	}, nil
}

// command parses one "method?query", fills its references and runs it.
func (c *call) command(cmd string, results *array, index int) (string, any, *restError) {
	method, query, _ := strings.Cut(cmd, "?")
	name := methodName(method)
	c.params = newArray()
	if err := parseForm(c.params, query); err != nil {
		return name, nil, bad("INVALID_REQUEST", "Malformed command")
	}
	resolve(c.params, results)
	switch {
	case index >= maxCommands:
		return name, nil, bad("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
	case name == "batch":
		return name, nil, fail(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
	}
	result, err := c.run(name)
	if err != nil && err.text == htmlPage { // a page can only replace the whole answer
		err = fail(err.status, "INTERNAL_SERVER_ERROR", "Internal server error")
	}
	return name, result, err
}

// resolve replaces references in all values; what cannot be resolved becomes empty (undocumented).
func resolve(a, results *array) {
	for _, k := range a.keys {
		switch v := a.vals[k].(type) {
		case *array:
			resolve(v, results)
		case string:
			if m := reference.FindStringSubmatch(v); m != nil && m[0] == v {
				a.vals[k] = lookupPath(m[1], results)
				continue
			}
			a.vals[k] = reference.ReplaceAllStringFunc(v, func(ref string) string {
				return str(lookupPath(strings.TrimPrefix(ref, "$result"), results))
			})
		}
	}
}

func lookupPath(path string, results *array) any {
	var v any = results
	for key := range strings.SplitSeq(strings.Trim(path, "[]"), "][") {
		a := asArray(v)
		if !a.has(key) {
			return ""
		}
		v = a.get(key)
	}
	return v
}
