package mapping

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"konturbridge/app/mapping/tree"
)

// The bounds of one rendering.
const (
	maxTicks    = 200_000 // calls and turns of loops
	maxGrowth   = 4 << 20 // bytes of text made on the way
	maxElements = 1000    // of one $each
	maxMade     = 50_000  // values in the result
	maxTime     = 5 * time.Second
)

var (
	errTicks  = say("в сопоставлении слишком много шагов", "the mapping takes too many steps")
	errGrowth = say("сопоставление составляет слишком длинный текст", "the mapping makes too much text")
	errMade   = say("сопоставление составляет слишком много значений", "the mapping makes too many values")
)

// read is a field that an expression looked at, and whether it said something.
type read struct {
	field  string
	filled bool
}

// run is one rendering.
type run struct {
	card     Card
	env      map[string]any
	origins  origins
	prune    bool   // blank places vanish
	reads    []read // by the expression being run
	sources  map[string][]string
	problems []Problem
	failed   map[string]bool // places whose expression failed
	machine  vm.VM
	ticks    int
	growth   int
	made     int
	deadline time.Time
}

func newRun(card Card, prune bool) *run {
	env, known := card.environment()
	r := &run{
		card: card, env: env, origins: known, prune: prune,
		sources: map[string][]string{}, failed: map[string]bool{},
		machine: vm.VM{MemoryBudget: maxMemory}, deadline: time.Now().Add(maxTime),
	}
	env[nameRun] = r
	return r
}

// tick counts a step; the clock is looked at now and then, for steps that are slow in themselves.
func (r *run) tick() error {
	r.ticks++
	if r.ticks > maxTicks || r.ticks%256 == 0 && time.Now().After(r.deadline) {
		return errTicks
	}
	return nil
}

func (r *run) grow(bytes int) error {
	r.growth += bytes
	if r.growth > maxGrowth {
		return errGrowth
	}
	return nil
}

// note remembers a field that the expression being evaluated read.
func (r *run) note(from map[string]any, key string, value any) {
	if from == nil {
		return
	}
	at, ok := r.origins[reflect.ValueOf(from).Pointer()]
	if !ok {
		return
	}
	if real, renamed := at.names[key]; renamed {
		key = real
	}
	r.noteField(at.path+"."+key, !blank(value))
}

func (r *run) noteField(field string, filled bool) {
	if !slices.ContainsFunc(r.reads, func(known read) bool { return known.field == field }) {
		r.reads = append(r.reads, read{field, filled})
	}
}

// eval runs an expression whose value goes into the result.
func (r *run) eval(code *expression, path string) any {
	return r.evaluate(code, path, func(v any) (any, error) { return r.plain(v, 0) })
}

// look runs an expression whose value other expressions go on with: the card's maps stay themselves, so that
// what is read from them later can be traced.
func (r *run) look(code *expression, path string) any {
	return r.evaluate(code, path, func(v any) (any, error) { return v, nil })
}

// evaluate runs an expression for a place of the result; a failure becomes a problem there.
func (r *run) evaluate(code *expression, path string, finish func(any) (any, error)) any {
	r.reads = r.reads[:0]
	value, err := r.machine.Run(code.program, r.env)
	if err == nil {
		value, err = finish(value)
	}
	fields := r.fields(err == nil && !blank(value))
	if len(fields) > 0 {
		r.sources[path] = mergeSorted(r.sources[path], fields)
	}
	if err == nil {
		return value
	}
	if at, ok := errors.AsType[*file.Error](err); ok {
		err = errors.New(at.Message)
		if at.Prev != nil {
			err = at.Prev
		}
	}
	r.problems = append(r.problems, Problem{
		Path: path, Rule: RuleExpression, Severity: SeverityError, Fields: fields,
		RU: "выражение не вычислено: " + inRussian(err), EN: "the expression failed: " + err.Error(), ids: r.ids(),
	})
	r.failed[path] = true
	return nil
}

// fields lists what the expression was made of: where it gave a value, the fields that said something, so that
// default(a, b) names the one that was taken; where it gave none, all that were asked.
func (r *run) fields(gave bool) []string {
	if len(r.reads) == 0 {
		return nil
	}
	var filled, asked []string
	for _, one := range r.reads {
		asked = append(asked, one.field)
		if one.filled {
			filled = append(filled, one.field)
		}
	}
	if gave && len(filled) > 0 {
		asked = filled
	}
	slices.Sort(asked)
	return asked
}

// plain leaves only what a tree may hold, and counts it: an expression can build a value that is small in
// memory and endless when written out.
func (r *run) plain(v any, depth int) (any, error) {
	r.made++
	if r.made > maxMade || depth > tree.MaxDepth {
		return nil, errMade
	}
	switch v := v.(type) {
	case nil, bool, int, float64, *FileRef:
		return v, nil
	case int64:
		return int(v), nil
	case string:
		return strings.TrimSpace(v), nil
	case map[string]any:
		if v == nil {
			return nil, nil
		}
		out := make(map[string]any, len(v))
		for key, item := range v {
			made, err := r.plain(item, depth+1)
			if err != nil {
				return nil, err
			}
			out[key] = made
		}
		return out, nil
	case []any, []map[string]any, []int, []string:
		return r.plainItems(asList(v), depth)
	}
	if s, err := asText(v); err == nil {
		return s, nil
	}
	return nil, say("выражение даёт значение ("+kindNameRU(v)+"), которое нельзя отправить", "the expression gives a "+kindName(v)+", which can't be sent")
}

func (r *run) plainItems(items []any, depth int) (any, error) {
	out := make([]any, len(items))
	for i, item := range items {
		made, err := r.plain(item, depth+1)
		if err != nil {
			return nil, err
		}
		out[i] = made
	}
	return out, nil
}

// with sets a name for what body renders and puts back what it hid.
func (r *run) with(name string, value any, body func()) {
	before, had := r.env[name]
	r.env[name] = value
	body()
	if had {
		r.env[name] = before
	} else {
		delete(r.env, name)
	}
}

// ids are the contacts' ids by their place, for messages.
func (r *run) ids() map[string]string {
	ids := map[string]string{}
	for i, contact := range r.card.Contacts {
		id, _ := asText(contact["ID"]) // a contact without an id is told by its place
		ids[fmt.Sprintf("contacts[%d]", i)] = id
	}
	return ids
}

func mergeSorted(a, b []string) []string {
	if len(a) == 0 && slices.IsSorted(b) {
		return slices.Compact(b)
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func joinPath(path, key string) string { return tree.Join(path, key) }
