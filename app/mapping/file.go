package mapping

import (
	"fmt"
	"slices"
)

// FileRef stands for a file of the card where a Content object will be, until its caller has uploaded it
// (Kontur.Reestro API docs, objects Content, ContentInfo and ContentPointer).
type FileRef struct {
	// ID is the file's id in Bitrix24; Card.FindFile gives the field's value with its address.
	ID string
	// Name as the card gives it; usually "", because crm.item.get gives none.
	Name string
	// Signatures are the ids of the files that hold the detached signatures.
	Signatures []string
}

// MarshalJSON refuses: a file that was not uploaded must not be sent as if it were.
func (f *FileRef) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("file %s of the card is not uploaded yet", f.ID)
}

// FileUse is one place of the result where a file goes.
type FileUse struct {
	Path string
	Ref  FileRef
}

// Content is the object that Реестро wants for an uploaded file: kind is pdf or xml, id and signatures are
// the ids that the uploads gave.
func Content(kind, id string, signatures []string) map[string]any {
	content := map[string]any{"info": map[string]any{"type": kind, "contentPointer": map[string]any{"id": id}}}
	if len(signatures) > 0 {
		pointers := make([]any, len(signatures))
		for i, s := range signatures {
			pointers[i] = map[string]any{"id": s}
		}
		content["signatures"] = pointers
	}
	return content
}

// isFile recognizes the value of a file field (doc: api-reference/crm/universal, file fields).
func isFile(v any) bool {
	m, ok := v.(map[string]any)
	return ok && fileID(m) != ""
}

func fileID(m map[string]any) string {
	for _, key := range []string{"url", "urlMachine", "downloadUrl", "showUrl"} {
		if _, has := m[key]; has {
			id, _ := asText(m["id"]) // something that is no id is no file
			return id
		}
	}
	return ""
}

// fileRef is file(value, signature, …): the first file of the value, signed by all files of the others. A file
// without signatures is legal.
func fileRef(r *run, args []any) (any, error) {
	files, err := fileValues(args[0])
	if err != nil || len(files) == 0 {
		return nil, err
	}
	if len(files) > 1 {
		return nil, say("в поле несколько файлов, а нужен один: оставьте один файл",
			"the field holds several files where one goes: use $each, or name one, as in [0]")
	}
	ref := &FileRef{ID: files[0].ID, Name: files[0].Name}
	for _, arg := range args[1:] {
		signatures, err := fileValues(arg)
		if err != nil {
			return nil, err
		}
		for _, s := range signatures {
			if !slices.Contains(ref.Signatures, s.ID) {
				ref.Signatures = append(ref.Signatures, s.ID)
			}
		}
	}
	return ref, r.grow(64 * (1 + len(ref.Signatures)))
}

// fileValues reads a file field, single or multiple; a bare id is taken too.
func fileValues(v any) ([]FileRef, error) {
	var out []FileRef
	for _, item := range asList(v) {
		switch item := item.(type) {
		case nil:
		case map[string]any:
			id, err := asText(item["id"])
			if err != nil || id == "" {
				return nil, errNoFile()
			}
			name, _ := item["name"].(string)
			out = append(out, FileRef{ID: id, Name: name})
		default:
			id, err := asText(item)
			if err != nil || digits(id) != id {
				return nil, errNoFile()
			}
			if id != "" && id != "0" {
				out = append(out, FileRef{ID: id})
			}
		}
	}
	return out, nil
}

func errNoFile() error { return say("значение — не файл", "the value is not a file") }

// Resolve gives the options with a Content (or whatever content makes) in place of every file. It is called once
// for each place, in the order of Files; a file that stands in two places comes twice.
func (r Result) Resolve(content func(FileUse) (any, error)) (any, error) {
	return resolve(r.Options, "", content)
}

func resolve(v any, path string, content func(FileUse) (any, error)) (any, error) {
	switch v := v.(type) {
	case *FileRef:
		made, err := content(FileUse{path, *v})
		if err != nil {
			return nil, fmt.Errorf("file at %s: %w", path, err)
		}
		return made, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range sortedKeys(v) {
			made, err := resolve(v[key], joinPath(path, key), content)
			if err != nil {
				return nil, err
			}
			out[key] = made
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			made, err := resolve(item, fmt.Sprintf("%s[%d]", path, i), content)
			if err != nil {
				return nil, err
			}
			out[i] = made
		}
		return out, nil
	}
	return v, nil
}
