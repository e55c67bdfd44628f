package action

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// How long and of how many boxes the document types are held. The service asks to look at them daily.
const (
	boxTypesFor = time.Hour
	maxBoxTypes = 1000
)

// boxTypes remembers what boxes may send and receive.
type boxTypes struct {
	mu  sync.Mutex
	all map[diadoc.BoxID]typesOfBox
}

type typesOfBox struct {
	types []diadoc.DocumentTypeDescriptionV3
	until time.Time
}

func (r *runner) typesOf(ctx context.Context, at office) ([]diadoc.DocumentTypeDescriptionV3, error) {
	key := at.box.GUID()
	r.types.mu.Lock()
	known, ok := r.types.all[key]
	r.types.mu.Unlock()
	if ok && known.until.After(r.Now()) {
		return known.types, nil
	}
	list, err := at.client.GetDocumentTypes(ctx, at.box)
	if err != nil {
		return nil, err
	}
	r.types.mu.Lock()
	defer r.types.mu.Unlock()
	if len(r.types.all) >= maxBoxTypes {
		clear(r.types.all)
	}
	r.types.all[key] = typesOfBox{list.DocumentTypes, r.Now().Add(boxTypesFor)}
	return list.DocumentTypes, nil
}

// form is what a document is sent as.
type form struct {
	kind     diadoc.DocumentTypeDescriptionV3
	function string
	version  diadoc.DocumentVersionV2
}

// title finds the description of a title: 0 the sender's, 1 the recipient's.
func (f form) title(index int) (diadoc.DocumentTitleV2, bool) {
	at := slices.IndexFunc(f.version.Titles, func(t diadoc.DocumentTitleV2) bool { return t.Index == index })
	if at < 0 {
		return diadoc.DocumentTitleV2{}, false
	}
	return f.version.Titles[at], true
}

// formal reports whether the sender's title is XML by a schema.
func (f form) formal() bool {
	t, ok := f.title(0)
	return ok && t.IsFormal
}

// named gives the title as the service's methods take it.
func (f form) named(box diadoc.BoxID, index int) diadoc.Title {
	return diadoc.Title{Box: box, TypeNamedID: f.kind.Name, Function: f.function, Version: f.version.Version, Index: index}
}

// anyFunction has formOf find the type alone.
const anyFunction = "*"

// formOf chooses type, function and version: of those that the box offers, the one that is named, else the only one.
// A type may also be named as people read it.
func (r *runner) formOf(ctx context.Context, at office, name, function, version string) (form, error) {
	types, err := r.typesOf(ctx, at)
	if err != nil {
		return form{}, err
	}
	offered := types[:0:0]
	for _, t := range types {
		if len(t.SupportedDocflows) == 0 || slices.Contains(t.SupportedDocflows, diadoc.DocflowExternal) {
			offered = append(offered, t)
		}
	}
	i := slices.IndexFunc(offered, func(t diadoc.DocumentTypeDescriptionV3) bool {
		return strings.EqualFold(t.Name, name) || strings.EqualFold(t.Title, name)
	})
	if i < 0 {
		return form{}, unknownForm("document_type", "типа документа", name, names(offered, func(t diadoc.DocumentTypeDescriptionV3) string {
			return cmp.Or(t.Name, t.Title) + " («" + t.Title + "»)"
		}))
	}
	f := form{kind: offered[i]}
	if function == anyFunction {
		return f, nil
	}
	j := slices.IndexFunc(f.kind.Functions, func(x diadoc.DocumentFunctionV2) bool {
		return strings.EqualFold(x.Name, function) || function == "" && (len(f.kind.Functions) == 1 || x.Name == "default")
	})
	if j < 0 {
		return form{}, unknownForm("function", "функции у типа «"+f.kind.Title+"»", function, names(f.kind.Functions, func(x diadoc.DocumentFunctionV2) string { return x.Name }))
	}
	f.function = f.kind.Functions[j].Name
	actual := slices.DeleteFunc(slices.Clone(f.kind.Functions[j].Versions), func(v diadoc.DocumentVersionV2) bool { return !v.IsActual })
	k := slices.IndexFunc(actual, func(v diadoc.DocumentVersionV2) bool { return version == "" || v.Version == version })
	if k < 0 {
		return form{}, unknownForm("version", "действующей версии у типа «"+f.kind.Title+"»", version, names(actual, func(v diadoc.DocumentVersionV2) string { return v.Version }))
	}
	f.version = actual[k]
	return f, nil
}

func names[T any](all []T, name func(T) string) []string {
	texts := make([]string, 0, len(all))
	for _, one := range all {
		texts = append(texts, name(one))
	}
	return texts
}

func unknownForm(param, what, given string, offered []string) *docflow.Refusal {
	ru, en := fmt.Sprintf("у ящика нет %s «%s»", what, given), fmt.Sprintf("the box does not offer %q", given)
	if given == "" {
		ru, en = "не указано, а вариантов несколько: нет однозначной "+what, "must be chosen"
	}
	choice := "подходящих вариантов ящик не предлагает"
	if len(offered) > 0 {
		choice = "доступны: " + strings.Join(offered, ", ")
	}
	return &docflow.Refusal{Code: "unknown_document_type", CRMText: fmt.Sprintf("Параметр %s: %s; %s.", param, ru, choice),
		TextEN: fmt.Sprintf("Parameter %s: %s; offered: %s.", param, en, strings.Join(offered, ", "))}
}

// answeredByTitle reports whether a document is answered with a title of the recipient's instead of a signature.
func (r *runner) answeredByTitle(ctx context.Context, at office, d diadoc.Document) (bool, error) {
	f, ok, err := r.formOfDocument(ctx, at, d)
	if err != nil || !ok {
		return false, err
	}
	answer, ok := f.title(1)
	return ok && answer.IsFormal, nil
}

// formOfDocument finds the form of a document that is there already, also of a version that is not sent any more.
func (r *runner) formOfDocument(ctx context.Context, at office, d diadoc.Document) (form, bool, error) {
	types, err := r.typesOf(ctx, at)
	if err != nil {
		return form{}, false, err
	}
	for _, t := range types {
		for _, f := range t.Functions {
			for _, v := range f.Versions {
				if t.Name == d.TypeNamedID && f.Name == d.Function && v.Version == d.Version {
					return form{t, f.Name, v}, true, nil
				}
			}
		}
	}
	return form{}, false, nil
}
