package mapping

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"konturbridge/app/mapping/tree"
)

// documentFiles holds one YAML file for each document type of Диадок that has a ready mapping, named after it.
//
//go:embed documents/*.yaml
var documentFiles embed.FS

// DocumentPreset is a ready mapping of a document type.
type DocumentPreset struct {
	Name         string
	DocumentType string // TypeNamedId
	Options      any    // for Compile; shared, not to be changed
	Source       string // the YAML text with its comments
}

var documentPresets = sync.OnceValues(readDocumentPresets)

// DocumentPresets lists the ready mappings of documents by their type's name.
//
// Errors: an embedded file that can't be read, which the tests exclude.
func DocumentPresets() ([]DocumentPreset, error) { return documentPresets() }

func readDocumentPresets() ([]DocumentPreset, error) {
	names, err := fs.Glob(documentFiles, "documents/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list document presets: %w", err)
	}
	var all []DocumentPreset
	for _, name := range names {
		text, err := documentFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read document presets: %w", err)
		}
		whole, err := tree.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("document preset %s: %w", name, err)
		}
		fields, _ := whole.(map[string]any)
		p := DocumentPreset{Options: fields["options"], Source: string(text)}
		p.Name, _ = fields["name"].(string)
		p.DocumentType, _ = fields["document_type"].(string)
		if p.Options == nil || p.Name == "" || p.DocumentType != strings.TrimSuffix(path.Base(name), ".yaml") {
			return nil, fmt.Errorf("document preset %s: name, document_type (the file's name) and options are needed", name)
		}
		if _, err := Compile(p.Options); err != nil {
			return nil, fmt.Errorf("document preset %s: %w", name, err)
		}
		all = append(all, p)
	}
	return all, nil
}
