package mapping

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"konturbridge/app/mapping/tree"
)

// presetFiles holds one YAML file for each docflow type that has a ready mapping, named after the type.
//
//go:embed presets/*.yaml
var presetFiles embed.FS

// Preset is a ready mapping. Its tree reads the fields that docs/mapping.md lists.
type Preset struct {
	Name        string
	DocflowType string
	Options     any    // for Compile, and to begin a mapping of one's own from
	Source      string // the YAML text, with its comments
}

// Presets lists the ready mappings by docflow type's name.
//
// Errors: an embedded file that can't be read, which the tests exclude.
func Presets() ([]Preset, error) {
	names, err := fs.Glob(presetFiles, "presets/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list presets: %w", err)
	}
	all := make([]Preset, 0, len(names))
	for _, name := range names {
		p, err := readPreset(name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// PresetFor gives the ready mapping of a docflow type; ok is false when there is none.
//
// Errors: as for Presets.
func PresetFor(docflowType string) (preset Preset, ok bool, err error) {
	all, err := Presets()
	if err != nil {
		return Preset{}, false, err
	}
	for _, p := range all {
		if p.DocflowType == docflowType {
			return p, true, nil
		}
	}
	return Preset{}, false, nil
}

func readPreset(name string) (Preset, error) {
	text, err := presetFiles.ReadFile(name)
	if err != nil {
		return Preset{}, fmt.Errorf("read preset %s: %w", name, err)
	}
	whole, err := tree.Parse(text)
	if err != nil {
		return Preset{}, fmt.Errorf("preset %s: %w", name, err)
	}
	fields, _ := whole.(map[string]any)
	p := Preset{Options: fields["options"], Source: string(text)}
	p.Name, _ = fields["name"].(string)
	p.DocflowType, _ = fields["docflow_type"].(string)
	if p.Options == nil || p.Name == "" || p.DocflowType != strings.TrimSuffix(path.Base(name), ".yaml") {
		return Preset{}, fmt.Errorf("preset %s: name, docflow_type (the file's name) and options are needed", name)
	}
	return p, nil
}
