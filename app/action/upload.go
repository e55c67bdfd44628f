package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/bitrix"
	"konturbridge/internal/spool"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// maxUpload bounds a document of a card, in bytes. It goes over the disk, not through memory.
const maxUpload = 500 << 20

// uploader hands documents of one card over, each file once however many places it stands in. A repeat
// after a crash leaves at worst an unused content behind.
type uploader struct {
	b24    *bitrix.Client
	client *realty.Client
	card   mapping.Card
	done   map[string]uploaded
}

type uploaded struct{ id, kind string }

// content uploads a document with its detached signatures.
func (u *uploader) content(ctx context.Context, use mapping.FileUse) (any, error) {
	document, err := u.one(ctx, use.Ref.ID, use.Path, false)
	if err != nil {
		return nil, err
	}
	signatures := make([]string, 0, len(use.Ref.Signatures))
	for _, id := range use.Ref.Signatures {
		signature, err := u.one(ctx, id, use.Path, true)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, signature.id)
	}
	return mapping.Content(document.kind, document.id, signatures), nil
}

func (u *uploader) one(ctx context.Context, fileID, path string, signature bool) (uploaded, error) {
	key := fmt.Sprintf("%s/%t", fileID, signature)
	if known, ok := u.done[key]; ok {
		return known, nil
	}
	value, ok := u.card.FindFile(fileID)
	if !ok {
		return uploaded{}, invalid([]string{fmt.Sprintf("%s: файл %s не найден в карточке. Приложите его заново", path, fileID)})
	}
	file, err := fetch(ctx, u.b24, linkOf(value), path)
	if err != nil {
		return uploaded{}, err
	}
	defer func() { _ = file.Close() }()
	kind, contentType := contentOf(file.Head())
	switch {
	case signature:
		contentType = realty.SignatureType
	case kind == "":
		return uploaded{}, invalid([]string{fmt.Sprintf("%s: файл «%s» не PDF и не XML. Реестро принимает только эти форматы: приложите документ в одном из них", path, orID(file.name, fileID))})
	}
	id, err := handOver(ctx, u.client, file, contentType)
	if err != nil {
		return uploaded{}, err
	}
	u.done[key] = uploaded{id, kind}
	return u.done[key], nil
}

// handOver stores a file as content of the service and gives its id.
func handOver(ctx context.Context, client *realty.Client, file *cardFile, contentType string) (string, error) {
	pointer, err := client.UploadContent(ctx, file.Reader(), file.Size(), contentType)
	return string(pointer.ID), err
}

// linkOf is the address with which a file's value can be read by a machine.
func linkOf(value map[string]any) bitrix.FileRef {
	for _, key := range []string{"urlMachine", "downloadUrl"} {
		if link, _ := value[key].(string); link != "" {
			return bitrix.FileLink(link)
		}
	}
	return bitrix.FileRef{}
}

func orID(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

// contentOf tells a document's type by its first bytes: names in a CRM say little.
func contentOf(head []byte) (kind, contentType string) {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \r\n\t")
	switch {
	case bytes.HasPrefix(head, []byte("%PDF")):
		return "pdf", realty.PDFType
	case bytes.HasPrefix(head, []byte("<")):
		return "xml", realty.XMLType
	default:
		return "", ""
	}
}

// cardFile is a file of a card on its way.
type cardFile struct {
	*spool.File
	name string // "" when the portal names none
}

// fetch brings a file of the portal to the disk. field says in refusals where it stands. The caller closes it.
func fetch(ctx context.Context, b24 *bitrix.Client, ref bitrix.FileRef, field string) (*cardFile, error) {
	file, err := spool.New(maxUpload)
	if err != nil {
		return nil, err
	}
	got, err := b24.Download(ctx, ref, file, maxUpload)
	switch {
	case errors.Is(err, upstream.ErrAnswerTooLarge):
		err = &docflow.Refusal{Code: "bad_file", CRMText: fmt.Sprintf("%s: файл больше %d МБ. Приложите файл меньшего размера.", field, maxUpload>>20),
			TextEN: fmt.Sprintf("%s: a file is larger than %d MB. Attach a smaller one.", field, maxUpload>>20), Cause: err}
	case err == nil && file.Size() == 0:
		err = invalid([]string{fmt.Sprintf("%s: файл «%s» пустой. Приложите его заново", field, orID(got.Name, "без имени"))})
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &cardFile{file, got.Name}, nil
}
