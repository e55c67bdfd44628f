package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"konturbridge/internal/spool"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
	"konturbridge/realty/cms"
)

// maxSignature bounds a detached signature file.
const maxSignature = 4 << 20

// signature is a detached signature on its way to a statement.
type signature struct {
	name    string
	data    []byte
	signed  *cms.Signed      // nil for a PGP signature, which can't be looked into
	content realty.ContentID // where Реестро has it already; "": nowhere yet
	der     []byte           // of one for Диадок
}

// signatures reads what the parameter names: files of the card first, then contents of the service. What is
// no signature is refused here.
func (r *runner) signatures(ctx context.Context, client *realty.Client, c *call) ([]signature, error) {
	var (
		files    []string
		contents []realty.ContentID
	)
	for _, value := range c.Properties.All("signatures") {
		if id, ok := contentID(value); ok {
			contents = append(contents, id)
		} else {
			files = append(files, value)
		}
	}
	all, err := r.cardSignatures(ctx, c, files)
	if err != nil {
		return nil, err
	}
	handed, err := r.handedSignatures(c)
	if err != nil {
		return nil, err
	}
	all = append(all, handed...)
	for _, id := range contents {
		s, err := storedSignature(ctx, client, id)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, invalid([]string{"signatures: нет ни одного файла подписи. Приложите откреплённые подписи к полю, которое указано в роботе"})
	}
	return all, nil
}

// handedSignatures reads those that a person dropped on a page of the bridge.
func (r *runner) handedSignatures(c *call) ([]signature, error) {
	files, err := r.handed(c, "signatures")
	if err != nil {
		return nil, err
	}
	var all []signature
	for _, f := range files {
		s, err := readSignature(f, f.name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// cardSignatures reads files of the card.
func (r *runner) cardSignatures(ctx context.Context, c *call, values []string) ([]signature, error) {
	if len(values) == 0 {
		return nil, nil
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return nil, err
	}
	refs, err := r.filesOf(ctx, b24, c.Card, "signatures", values)
	if err != nil {
		return nil, err
	}
	all := make([]signature, 0, len(refs))
	for _, ref := range refs {
		file, err := fetch(ctx, b24, ref, "signatures")
		if err != nil {
			return nil, err
		}
		s, err := readSignature(file, orID(file.name, ref.ID.String()))
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// contentPattern is a content of the service: its id alone or with the path that the service gives it, which
// its pages print in two forms, at any address.
// Doc: Kontur.Reestro API docs, page "ContentPointer".
var contentPattern = regexp.MustCompile(`(?i)^(?:(?:\S*/)?(?:contents/|docflows/[-0-9a-f]{36}/files/))?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// contentID reads a value that names a content of the service. Only the id counts: the link is information,
// never an address to follow.
func contentID(value string) (realty.ContentID, bool) {
	m := contentPattern.FindStringSubmatch(strings.TrimSpace(value))
	if m == nil {
		return "", false
	}
	return realty.ContentID(m[1]), true
}

// storedSignature reads a signature that was uploaded to the service before: one that does not fit must be told
// before it is attached, wherever it lies.
func storedSignature(ctx context.Context, client *realty.Client, id realty.ContentID) (signature, error) {
	file, err := spool.New(maxSignature)
	if err != nil {
		return signature{}, err
	}
	defer func() { _ = file.Close() }() // it was read
	name := "содержимое " + string(id)
	_, err = client.CopyContent(ctx, id, file)
	switch {
	case errors.Is(err, realty.ErrNotFound):
		return signature{}, invalid([]string{fmt.Sprintf("signatures: %s не найдено в Реестро. Загрузите подпись ещё раз или приложите её файлом", name)})
	case errors.Is(err, realty.ErrNoAccess):
		return signature{}, invalid([]string{fmt.Sprintf("signatures: %s загружено другим аккаунтом Реестро. Загрузите подпись через аккаунт документооборота или приложите её файлом", name)})
	case errors.Is(err, upstream.ErrAnswerTooLarge):
		return signature{}, notASignature(name)
	case err != nil:
		return signature{}, err
	}
	s, err := readSignature(&cardFile{file, ""}, name)
	s.content = id
	return s, err
}

func notASignature(name string) error {
	return invalid([]string{fmt.Sprintf("signatures: «%s» похож на сам документ. Приложите файл откреплённой подписи (обычно .sig)", name)})
}

// readable is a file that can be looked into: of the card, or handed over in a page.
type readable interface {
	Head() []byte
	Size() int64
	Reader() *io.SectionReader
}

// readSignature refuses what is no detached signature.
func readSignature(file readable, name string) (signature, error) {
	if kind, _ := contentOf(file.Head()); kind != "" || file.Size() > maxSignature {
		return signature{}, notASignature(name)
	}
	data, err := io.ReadAll(file.Reader())
	if err != nil {
		return signature{}, err
	}
	switch signed, err := cms.Parse(data); {
	case err == nil && !signed.Detached():
		return signature{}, invalid([]string{fmt.Sprintf("signatures: «%s» содержит сам документ. Нужна откреплённая подпись: подпишите заявление ещё раз, выбрав отдельный файл подписи", name)})
	case err == nil:
		return signature{name: name, data: data, signed: signed}, nil
	case !isPGP(data): // the service documents both
		return signature{}, invalid([]string{fmt.Sprintf("signatures: «%s» не файл электронной подписи. Приложите откреплённую подпись заявления (обычно .sig)", name)})
	}
	return signature{name: name, data: data}, nil
}

// isPGP recognizes an OpenPGP signature, armored or not (RFC 9580, sections 6.2 and 4.2: packet type 2).
func isPGP(data []byte) bool {
	if bytes.HasPrefix(data, []byte("-----BEGIN PGP SIGNATURE-----")) {
		return true
	}
	return len(data) > 0 && (data[0] == 0xc2 || data[0]&0xfc == 0x88)
}

// attach hands a signature over. Two ways lead there. The raw one is a single call, but it has no name for
// what is sent; a signature that the service has already, or that an upload alone can say the type of, goes
// by its link, and so does one that the raw way does not take.
//
// A repeat after a lost answer attaches the same bytes once more, which is assumed to be harmless: no page
// says what it does.
func attach(ctx context.Context, client *realty.Client, id realty.DocflowID, file realty.FileID, s signature) error {
	if s.content == "" && s.signed != nil {
		if err := client.AddSignature(ctx, id, file, s.data); !rawNotTaken(err) {
			return err
		}
	}
	if s.content == "" {
		contentType := realty.SignatureType
		if s.signed == nil {
			contentType = realty.PGPSignatureType
		}
		pointer, err := client.UploadContent(ctx, bytes.NewReader(s.data), int64(len(s.data)), contentType)
		if err != nil {
			return err
		}
		s.content = pointer.ID
	}
	return client.AddSignatureByLink(ctx, id, file, s.content)
}

// rawNotTaken reports whether the service did not take a signature for its size or its type. Neither is
// documented for the raw way, and nothing is attached then.
func rawNotTaken(err error) bool {
	api, ok := errors.AsType[*realty.APIError](err)
	return ok && (api.Status == http.StatusRequestEntityTooLarge || api.Status == http.StatusUnsupportedMediaType)
}
