package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"konturbridge/app/config"
	"konturbridge/app/mapping/tree"
)

// reader collects problems while nodes become values, so that one pass finds them all.
type reader struct {
	check    Checker
	problems []Problem
}

// keys says how each key of a map is read.
type keys map[string]func(node *yaml.Node, path string)

func (r *reader) fail(node *yaml.Node, path, ru, en string) {
	r.problems = append(r.problems, Problem{Line: node.Line, Path: path, RU: ru, EN: en})
}

// object reads a map by its keys; unknown and doubled keys are problems. It reports whether node is a map,
// and which keys were there.
func (r *reader) object(node *yaml.Node, path string, known keys) map[string]bool {
	node = resolve(node)
	if node.Kind != yaml.MappingNode {
		r.fail(node, path, "здесь должны быть ключи со значениями", "must be a map of keys")
		return nil
	}
	given := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], resolve(node.Content[i+1])
		below := tree.Join(path, key.Value)
		read, ok := known[key.Value]
		switch {
		case !ok:
			list := words(slices.Sorted(maps.Keys(known)))
			r.fail(key, below, "неизвестный ключ; известны: "+list, "unknown key; known: "+list)
		case given[key.Value]:
			r.fail(key, below, "ключ указан дважды", "given twice")
		default:
			given[key.Value] = true
			read(value, below)
		}
	}
	return given
}

// list reads each element of a sequence; null is an empty one.
func (r *reader) list(node *yaml.Node, path string, read func(node *yaml.Node, path string)) {
	if isNull(node) {
		return
	}
	if node.Kind != yaml.SequenceNode {
		r.fail(node, path, "здесь должен быть список", "must be a list")
		return
	}
	for i, item := range node.Content {
		read(resolve(item), fmt.Sprintf("%s[%d]", path, i))
	}
}

// text gives a reader of one value into place, blanks trimmed.
func (r *reader) text(place *string) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		if isNull(node) {
			return
		}
		if node.Kind != yaml.ScalarNode {
			r.fail(node, path, "здесь должно быть одно значение", "must be a single value")
			return
		}
		*place = strings.TrimSpace(node.Value)
	}
}

func (r *reader) secret(place *config.Secret) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		var text string
		r.text(&text)(node, path)
		*place = config.Secret(text)
	}
}

// oneOf is text that must be one of the words.
func oneOf[T ~string](r *reader, place *T, allowed ...string) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		var text string
		r.text(&text)(node, path)
		*place = T(text)
		if node.Kind == yaml.ScalarNode && !slices.Contains(allowed, text) {
			list := words(allowed)
			r.fail(node, path, fmt.Sprintf("значение %q не подходит; возможны: %s", text, list), fmt.Sprintf("%q is not one of: %s", text, list))
		}
	}
}

// number reads a whole number of at least least.
func (r *reader) number(place *int, least int) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		n, err := strconv.Atoi(node.Value)
		if node.Kind != yaml.ScalarNode || err != nil || n < least {
			r.fail(node, path, fmt.Sprintf("здесь должно быть целое число не меньше %d", least), fmt.Sprintf("must be a whole number, %d or more", least))
			return
		}
		*place = n
	}
}

func (r *reader) flag(place *bool) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		switch {
		case node.Kind == yaml.ScalarNode && node.Value == "true":
			*place = true
		case node.Kind == yaml.ScalarNode && node.Value == "false":
			*place = false
		default:
			r.fail(node, path, "здесь должно быть true или false", "must be true or false")
		}
	}
}

// tree reads a tree of expressions and has it checked.
func (r *reader) tree(place *any, use Use) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		value, err := tree.Decode(node)
		if err != nil {
			var at *tree.Error
			if errors.As(err, &at) {
				r.problems = append(r.problems, Problem{Line: at.Line, Path: join(path, at.Path), RU: "ошибка разбора: " + at.Message, EN: at.Message})
			}
			return
		}
		*place = value
		for _, p := range r.check.Tree(use, value) {
			r.fail(tree.Find(node, p.Path), join(path, p.Path), p.RU, p.EN)
		}
	}
}

// trees reads a map whose values are trees.
func (r *reader) trees(place *map[string]any, use Use) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		if isNull(node) {
			return
		}
		if node.Kind != yaml.MappingNode {
			r.fail(node, path, "здесь должны быть ключи со значениями", "must be a map of keys")
			return
		}
		var whole any
		r.tree(&whole, use)(node, path)
		if m, ok := whole.(map[string]any); ok {
			*place = m
		}
	}
}

// template is text with expressions in it.
func (r *reader) template(place *string, use Use) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		r.text(place)(node, path)
		if node.Kind == yaml.ScalarNode {
			var checked any
			r.tree(&checked, use)(node, path)
		}
	}
}

// join puts a path that may begin with an index under another.
func join(path, below string) string {
	if below == "" || strings.HasPrefix(below, "[") {
		return path + below
	}
	return tree.Join(path, below)
}

func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }
