package action

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"konturbridge/bitrix"
)

// paper is a document with its detached signatures.
type paper struct {
	kind, contentType string
	file              *cardFile
	signatures        []*cardFile
}

type papers []paper

func (all papers) close() {
	for _, p := range all {
		for _, file := range slices.Concat(p.signatures, []*cardFile{p.file}) {
			_ = file.Close() // it was read to its end, or nobody wants it
		}
	}
}

// readPapers reads the files and gives each signature to the document that it is named after:
// "план.pdf.sig" and "план.sig" both sign "план.pdf". With one document every signature is its. The caller
// closes what it gets, with an error too.
func readPapers(ctx context.Context, b24 *bitrix.Client, refs []bitrix.FileRef) (all papers, err error) {
	var signatures []*cardFile
	defer func() {
		for _, s := range signatures { // that found no document
			_ = s.Close()
		}
	}()
	for _, ref := range refs {
		file, err := fetch(ctx, b24, ref, "documents")
		if err != nil {
			return all, err
		}
		kind, contentType := contentOf(file.Head())
		switch ext := strings.ToLower(path.Ext(file.name)); {
		case kind != "":
			all = append(all, paper{kind: kind, contentType: contentType, file: file})
		case slices.Contains([]string{".sig", ".sgn", ".p7s", ".p7m"}, ext):
			signatures = append(signatures, file)
		default:
			_ = file.Close()
			return all, invalid([]string{fmt.Sprintf("documents: файл «%s» не PDF, не XML и не подпись (.sig). Реестро принимает только эти форматы", orID(file.name, ref.ID.String()))})
		}
	}
	for len(signatures) > 0 {
		s := signatures[0]
		at := all.signedBy(s.name)
		if at < 0 {
			return all, invalid([]string{fmt.Sprintf("documents: непонятно, какой документ подписывает «%s». Назовите подпись по документу: план.pdf и план.pdf.sig", s.name)})
		}
		all[at].signatures, signatures = append(all[at].signatures, s), signatures[1:]
	}
	return all, nil
}

// signedBy finds the document that a signature is named after; -1: none.
func (all papers) signedBy(signature string) int {
	stem := strings.TrimSuffix(signature, path.Ext(signature))
	at := slices.IndexFunc(all, func(p paper) bool {
		return strings.EqualFold(p.file.name, stem) || strings.EqualFold(strings.TrimSuffix(p.file.name, path.Ext(p.file.name)), stem)
	})
	if at < 0 && len(all) == 1 {
		return 0
	}
	return at
}
