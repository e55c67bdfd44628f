package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/internal/spool"
	"konturbridge/realty/cms"
)

// maxFormal bounds the XML of a formal document, in bytes.
const maxFormal = 3 << 20

// sheet is one document on its way: its file, and the signature that came beside it.
type sheet struct {
	file      *cardFile
	name      string
	signature []byte // DER
}

type sheets []sheet

func (all sheets) close() {
	for _, s := range all {
		_ = s.file.Close() // it was read, or nobody wants it
	}
}

// signed reports whether the documents came with signatures.
func (all sheets) signed() bool {
	return slices.ContainsFunc(all, func(s sheet) bool { return s.signature != nil })
}

// sheets brings the documents of a parameter to the disk and gives each the signature that is named after it. The
// caller closes what it gets, with an error too.
func (r *runner) sheets(ctx context.Context, c *call, param string) (all sheets, bad []string, err error) {
	files, err := r.sentFiles(ctx, c, param)
	defer func() {
		for _, f := range files { // signatures, and what failed
			_ = f.Close()
		}
	}()
	if err != nil {
		return nil, nil, err
	}
	var signatures []*cardFile
	for i, f := range files {
		files[i] = nil
		if isSignature(f.name) {
			signatures = append(signatures, f)
			continue
		}
		all = append(all, sheet{file: f, name: cmp.Or(f.name, "Документ "+strconv.Itoa(len(all)+1))})
		if f.Size() > diadoc.MaxShelfFile {
			bad = append(bad, fmt.Sprintf("%s: «%s» больше %d МБ. Приложите файл меньшего размера", param, f.name, diadoc.MaxShelfFile>>20))
		}
	}
	files = signatures
	if len(all) > diadoc.MaxDocuments {
		bad = append(bad, fmt.Sprintf("%s: документов %d, в одном сообщении допускается не больше %d. Разделите их на несколько отправок", param, len(all), diadoc.MaxDocuments))
	}
	for _, f := range signatures {
		problem, err := all.sign(param, f)
		if err != nil {
			return all, nil, err
		}
		if problem != "" {
			bad = append(bad, problem)
		}
	}
	if all.signed() {
		for _, s := range all {
			if s.signature == nil {
				bad = append(bad, fmt.Sprintf("%s: у документа «%s» нет подписи, а у других есть. Приложите «%s.sig» или уберите подписи", param, s.name, s.name))
			}
		}
	}
	return all, bad, nil
}

// sentFiles are the files of the card and those of a page's form. The caller closes them, with an error too.
func (r *runner) sentFiles(ctx context.Context, c *call, param string) (files []*cardFile, err error) {
	handed, err := r.handed(c, param)
	if err != nil {
		return nil, err
	}
	for _, f := range handed {
		file, err := spool.New(maxUpload)
		if err != nil {
			return files, err
		}
		files = append(files, &cardFile{file, f.name})
		if _, err := file.Write(f.data); err != nil {
			return files, err
		}
	}
	if len(c.Properties.All(param)) == 0 {
		return files, nil
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return files, err
	}
	refs, err := r.files(ctx, b24, c, param)
	if err != nil {
		return files, err
	}
	for _, ref := range refs {
		file, err := fetch(ctx, b24, bitrix.FileRef(ref), param)
		if err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}

func isSignature(name string) bool {
	return slices.Contains([]string{".sig", ".sgn", ".p7s"}, strings.ToLower(path.Ext(name)))
}

// sign gives a signature to the document that it is named after, and checks that it is over that very file.
func (all sheets) sign(param string, f *cardFile) (problem string, err error) {
	at := all.namedBy(f.name)
	if at < 0 {
		return fmt.Sprintf("%s: непонятно, какой документ подписывает «%s». Назовите подпись по документу: договор.pdf и договор.pdf.sig", param, f.name), nil
	}
	if all[at].signature != nil {
		return fmt.Sprintf("%s: у документа «%s» две подписи. Оставьте одну", param, all[at].name), nil
	}
	s, err := readDiadocSignature(param, f, f.name)
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok {
		_, line, _ := strings.Cut(refusal.CRMText, "\n")
		return line, nil
	}
	if err != nil {
		return "", err
	}
	results, err := s.signed.Check(all[at].file.Reader())
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(results, func(r cms.Result) bool { return r.Verdict != cms.Differs }) {
		return fmt.Sprintf("%s: «%s» (%s) сделана не для «%s»: файл изменился после подписания или подписан другой. Подпишите документ ещё раз", param, f.name, who(s), all[at].name), nil
	}
	all[at].signature = s.der
	return "", nil
}

// namedBy finds the document that a signature is named after; -1: none.
func (all sheets) namedBy(signature string) int {
	stem := strings.TrimSuffix(signature, path.Ext(signature))
	at := slices.IndexFunc(all, func(s sheet) bool {
		return strings.EqualFold(s.name, stem) || strings.EqualFold(strings.TrimSuffix(s.name, path.Ext(s.name)), stem)
	})
	if at < 0 && len(all) == 1 {
		return 0
	}
	return at
}
