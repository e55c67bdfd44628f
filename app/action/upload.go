package action

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"konturbridge/app/mapping"
	"konturbridge/bitrix"
	"konturbridge/realty"
)

// maxUpload bounds a document of a card, in bytes; it is held in memory while it is handed over.
const maxUpload = 64 << 20

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
	data, name, err := fetch(ctx, u.b24, linkOf(value))
	if err != nil {
		return uploaded{}, err
	}
	kind, contentType := contentOf(data)
	switch {
	case signature:
		contentType = realty.SignatureType
	case kind == "":
		return uploaded{}, invalid([]string{fmt.Sprintf("%s: файл «%s» не PDF и не XML. Реестро принимает только эти форматы: приложите документ в одном из них", path, orID(name, fileID))})
	}
	pointer, err := u.client.UploadContent(ctx, bytes.NewReader(data), int64(len(data)), contentType)
	if err != nil {
		return uploaded{}, err
	}
	u.done[key] = uploaded{string(pointer.ID), kind}
	return u.done[key], nil
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
func contentOf(data []byte) (kind, contentType string) {
	head := bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 256)], []byte("\xef\xbb\xbf")), " \r\n\t")
	switch {
	case bytes.HasPrefix(head, []byte("%PDF")):
		return "pdf", realty.PDFType
	case bytes.HasPrefix(head, []byte("<")):
		return "xml", realty.XMLType
	default:
		return "", ""
	}
}

// fetch reads a file of the portal.
func fetch(ctx context.Context, b24 *bitrix.Client, ref bitrix.FileRef) (data []byte, name string, err error) {
	var buf bytes.Buffer
	got, err := b24.Download(ctx, ref, &buf, maxUpload)
	if err != nil {
		return nil, "", err
	}
	if buf.Len() == 0 {
		return nil, "", invalid([]string{strings.TrimSpace("файл «" + got.Name + "» пустой. Приложите его заново")})
	}
	return buf.Bytes(), got.Name, nil
}
