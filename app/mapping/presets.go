package mapping

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"konturbridge/app/mapping/tree"
)

// presetFiles holds one YAML file for each docflow type, named after the type, and the pieces that they share.
//
//go:embed presets/*.yaml fragments.yaml
var presetFiles embed.FS

// Preset is a ready mapping. Its tree reads the fields that Fields lists.
type Preset struct {
	Name        string
	DocflowType string
	Options     any      // for Compile, and to begin a mapping of one's own from; shared, not to be changed
	Mapping     *Mapping // Options compiled
	Source      string   // the YAML text with its comments, complete
}

var presets = sync.OnceValues(readPresets)

// Presets lists the ready mappings by docflow type's name. They are read and compiled once.
//
// Errors: an embedded file that can't be read, which the tests exclude.
func Presets() ([]Preset, error) {
	all, err := presets()
	return slices.Clone(all), err
}

// PresetFor gives the ready mapping of a docflow type; ok is false when there is none.
//
// Errors: as for Presets.
func PresetFor(docflowType string) (preset Preset, ok bool, err error) {
	all, err := presets()
	at := slices.IndexFunc(all, func(p Preset) bool { return p.DocflowType == docflowType })
	if err != nil || at < 0 {
		return Preset{}, false, err
	}
	return all[at], true, nil
}

func readPresets() ([]Preset, error) {
	names, err := fs.Glob(presetFiles, "presets/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list presets: %w", err)
	}
	fragments, err := presetFiles.ReadFile("fragments.yaml")
	if err != nil {
		return nil, fmt.Errorf("read presets: %w", err)
	}
	all := make([]Preset, 0, len(names))
	for _, name := range names {
		own, err := presetFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read presets: %w", err)
		}
		p, err := readPreset(name, fragments, own)
		if err != nil {
			return nil, fmt.Errorf("preset %s: %w", name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func readPreset(name string, fragments, own []byte) (Preset, error) {
	text := string(own)
	if strings.Contains(text, ": *") || strings.Contains(text, "- *") { // it uses the shared pieces
		text = string(fragments) + "\n" + text
	}
	whole, err := tree.Parse([]byte(text))
	if err != nil {
		return Preset{}, err
	}
	fields, _ := whole.(map[string]any)
	p := Preset{Options: fields["options"], Source: text}
	p.Name, _ = fields["name"].(string)
	p.DocflowType, _ = fields["docflow_type"].(string)
	if p.Options == nil || p.Name == "" || p.DocflowType != strings.TrimSuffix(path.Base(name), ".yaml") {
		return Preset{}, fmt.Errorf("name, docflow_type (the file's name) and options are needed")
	}
	p.Mapping, err = Compile(p.Options)
	return p, err
}
