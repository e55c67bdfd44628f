package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"konturbridge/app/config"
)

// maxFile bounds a settings file; eight full mappings take about 60 kilobytes.
const maxFile = 1 << 20

// hookSecretPattern is what fits into a URL path and can't be guessed.
const hookSecretPattern = `^[A-Za-z0-9_-]{24,128}$`

// Parse reads a settings file and finds everything wrong with it, in the order of its lines. The settings
// are only good when there are no problems. A section that the file leaves out is nil in the result; an
// empty one is empty and not nil.
func Parse(text []byte, check Checker) (Settings, []Problem) {
	if len(text) > maxFile {
		return Settings{}, []Problem{{RU: "файл больше 1 МиБ", EN: "the file is larger than 1 MiB"}}
	}
	root, problem := document(text)
	if problem != nil {
		return Settings{}, []Problem{*problem}
	}
	if root == nil {
		return Settings{}, nil
	}
	var (
		r = &reader{check: check}
		s Settings
	)
	r.object(root, "", keys{
		"hook_secret": r.hookSecret(&s.HookSecret),
		"files":       r.files(&s.Files),
		"roles":       r.roles(&s.Roles),
		"connections": func(node *yaml.Node, path string) {
			s.Connections = []Connection{}
			r.list(node, path, func(node *yaml.Node, path string) { s.Connections = append(s.Connections, r.connection(node, path)) })
			r.checkConnections(s.Connections, node, path)
		},
		"triggers": func(node *yaml.Node, path string) {
			s.Triggers = []Trigger{}
			r.list(node, path, func(node *yaml.Node, path string) { s.Triggers = append(s.Triggers, r.trigger(node, path)) })
		},
		"mappings": func(node *yaml.Node, path string) {
			s.Mappings = []Mapping{}
			seen := map[string]bool{}
			r.list(node, path, func(node *yaml.Node, path string) { s.Mappings = append(s.Mappings, r.mapping(node, path, seen)) })
		},
		"reactions": func(node *yaml.Node, path string) {
			s.Reactions = []Reaction{}
			r.list(node, path, func(node *yaml.Node, path string) { s.Reactions = append(s.Reactions, r.reaction(node, path)) })
		},
		"incoming": func(node *yaml.Node, path string) {
			s.Incoming = []Incoming{}
			r.list(node, path, func(node *yaml.Node, path string) { s.Incoming = append(s.Incoming, r.incoming(node, path)) })
		},
	})
	r.checkIncoming(s.Incoming, s.Connections, root)
	sortProblems(r.problems)
	return s, r.problems
}

// yamlLine finds the line in the YAML parser's message.
const yamlLine = `line (\d+):\s*`

// document reads exactly one YAML document; nil when the file is empty.
func document(text []byte) (*yaml.Node, *Problem) {
	var doc, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		message := strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
		p := Problem{RU: "это не YAML: " + message, EN: "not YAML: " + message}
		if m := regexp.MustCompile(yamlLine).FindStringSubmatchIndex(message); m != nil {
			p.Line, _ = strconv.Atoi(message[m[2]:m[3]]) // digits by the pattern
			message = message[:m[0]] + message[m[1]:]
			p.RU, p.EN = "это не YAML: "+message, "not YAML: "+message
		}
		return nil, &p
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Problem{RU: "в файле должен быть один документ YAML", EN: "the file must hold one YAML document"}
	}
	if isNull(doc.Content[0]) {
		return nil, nil
	}
	return doc.Content[0], nil
}

func (r *reader) hookSecret(place *config.Secret) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		r.secret(place)(node, path)
		text := place.Reveal()
		if text == "" || text == Masked || text == NewSecret || regexp.MustCompile(hookSecretPattern).MatchString(text) {
			return
		}
		r.fail(node, path, "нужно от 24 до 128 латинских букв, цифр, - и _; либо new: тогда секрет будет создан",
			"must be 24 to 128 letters, digits, - and _; or new to have one made")
	}
}

// files reads where an action's files go: deal, lead, item:128 → field name.
func (r *reader) files(place *map[string]string) func(*yaml.Node, string) {
	return func(node *yaml.Node, path string) {
		*place = map[string]string{}
		if isNull(node) {
			return
		}
		if node.Kind != yaml.MappingNode {
			r.fail(node, path, "здесь должны быть ключи со значениями", "must be a map of keys")
			return
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], resolve(node.Content[i+1])
			below := path + "." + key.Value
			id, isItem := strings.CutPrefix(key.Value, "item:")
			if n, err := strconv.Atoi(id); key.Value != "deal" && key.Value != "lead" && (!isItem || err != nil || n <= 0) {
				r.fail(key, below, "ключ должен быть deal, lead или item:номер типа", "the key must be deal, lead or item:entityTypeId")
				continue
			}
			var field string
			r.text(&field)(value, below)
			r.fieldName(value, below, field)
			(*place)[key.Value] = field
		}
	}
}

// fieldPattern is what a CRM field's name looks like, in the upper-case form that people see.
const fieldPattern = `^[A-Z][A-Z0-9_]{0,99}$`

func (r *reader) fieldName(node *yaml.Node, path, name string) {
	if node.Kind == yaml.ScalarNode && !regexp.MustCompile(fieldPattern).MatchString(name) {
		r.fail(node, path, fmt.Sprintf("%q не похоже на имя поля, такое как UF_CRM_CADASTRAL", name), fmt.Sprintf("%q is no field's name such as UF_CRM_CADASTRAL", name))
	}
}
