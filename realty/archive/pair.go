package archive

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// isSignature reports whether a name is that of a detached signature.
func isSignature(name string) bool {
	return slices.Contains([]string{".sig", ".sgn", ".p7s"}, strings.ToLower(path.Ext(name)))
}

// counted is the number that several signatures of one file carry: "акт.pdf.1.sig", "акт.pdf(2).sig".
var counted = regexp.MustCompile(`(\.\d{1,2}|[ _-]?\(\d{1,2}\))$`)

// paired puts signatures under the files that they lie beside: under "акт.pdf" those called "акт.pdf.sig", with a
// number or without, and "акт.sig" when no other file is called so. What a signature is over is said by its name
// alone: check it by the hash that it holds.
func paired(files []*File) []*File {
	byPath, byStem := map[string]*File{}, map[string][]*File{}
	for _, file := range files {
		if isSignature(file.Path) {
			continue
		}
		whole := strings.ToLower(file.Path)
		stem := strings.TrimSuffix(whole, path.Ext(whole))
		byPath[whole] = file
		byStem[stem] = append(byStem[stem], file)
	}
	signed := func(name string) *File {
		if file := byPath[name]; file != nil {
			return file
		}
		if same := byStem[name]; len(same) == 1 {
			return same[0]
		}
		return nil
	}
	var kept []*File
	for _, file := range files {
		if !isSignature(file.Path) {
			kept = append(kept, file)
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(file.Path, path.Ext(file.Path)))
		of := signed(name)
		if of == nil {
			of = signed(counted.ReplaceAllString(name, ""))
		}
		if of == nil {
			kept = append(kept, file)
			continue
		}
		of.Signatures = append(of.Signatures, file)
	}
	return kept
}
