package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds the settings file: real ones are a few kilobytes.
const maxFile = 1 << 20

// readFile reads the YAML file: a map of the environment's keys, and applications.
func readFile(path string) (map[string]string, []Application, Faults) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, Faults{{"--config", err.Error()}}
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, nil, Faults{{"--config", err.Error()}}
	}
	if len(raw) > maxFile {
		return nil, nil, Faults{{"--config", fmt.Sprintf("%s is larger than %d bytes", path, maxFile)}}
	}
	return parseFile(raw)
}

// parseFile reads the file's bytes; every fault names its key and line.
func parseFile(raw []byte) (map[string]string, []Application, Faults) {
	var doc, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, Faults{{"--config", yamlMessage(err)}}
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, nil, Faults{{"--config", "the file must hold one YAML document"}}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, nil, Faults{{"--config", "the file must be a map of settings"}}
	}
	var (
		values = map[string]string{}
		apps   []Application
		faults Faults
	)
	for key, value := range pairs(root, "", &faults) {
		if key.Value == "applications" {
			apps = parseApplications(value, &faults)
			continue
		}
		if !strings.HasPrefix(key.Value, prefix) {
			faults = append(faults, Fault{key.Value, fmt.Sprintf("line %d: unknown setting", key.Line)})
			continue
		}
		if text, ok := scalar(value); ok {
			values[key.Value] = text
		} else {
			faults = append(faults, Fault{key.Value, fmt.Sprintf("line %d: must be a single value", value.Line)})
		}
	}
	return values, apps, faults
}

// parseApplications reads the list of further applications' keys.
func parseApplications(list *yaml.Node, faults *Faults) []Application {
	if list.Kind != yaml.SequenceNode {
		*faults = append(*faults, Fault{"applications", fmt.Sprintf("line %d: must be a list of client_id, client_secret", list.Line)})
		return nil
	}
	var apps []Application
	for i, item := range list.Content {
		path := fmt.Sprintf("applications[%d]", i)
		if item.Kind != yaml.MappingNode {
			*faults = append(*faults, Fault{path, fmt.Sprintf("line %d: must hold client_id and client_secret", item.Line)})
			continue
		}
		before := len(*faults)
		var app Application
		for key, value := range pairs(item, path+".", faults) {
			text, ok := scalar(value)
			switch {
			case !ok:
				*faults = append(*faults, Fault{path + "." + key.Value, fmt.Sprintf("line %d: must be a single value", value.Line)})
			case key.Value == "client_id":
				app.ClientID = strings.TrimSpace(text)
			case key.Value == "client_secret":
				app.ClientSecret = Secret(strings.TrimSpace(text))
			default:
				*faults = append(*faults, Fault{path + "." + key.Value, fmt.Sprintf("line %d: unknown setting", key.Line)})
			}
		}
		if len(*faults) == before && (app.ClientID == "" || app.ClientSecret == "") {
			*faults = append(*faults, Fault{path, fmt.Sprintf("line %d: client_id and client_secret are both required", item.Line)})
			continue
		}
		apps = append(apps, app)
	}
	return apps
}

// pairs walks a map's keys in the file's order and reports doubled ones, of which the first counts.
func pairs(node *yaml.Node, path string, faults *Faults) func(func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		seen := map[string]int{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			if line, again := seen[key.Value]; again {
				*faults = append(*faults, Fault{path + key.Value, fmt.Sprintf("line %d: given twice, first on line %d", key.Line, line)})
				continue
			}
			seen[key.Value] = key.Line
			if !yield(key, value) {
				return
			}
		}
	}
}

// scalar gives a node's text as written; null is an empty value.
func scalar(node *yaml.Node) (string, bool) {
	if node.Kind != yaml.ScalarNode {
		return "", false
	}
	if node.Tag == "!!null" {
		return "", true
	}
	return node.Value, true
}

// yamlMessage drops the parser's own prefix: the line that follows it is what a person needs.
func yamlMessage(err error) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
}
