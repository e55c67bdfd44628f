package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/bitrix"
	"konturbridge/realty"
)

// maxUpload bounds a document of a card; it is held in memory while it is handed over.
const maxUpload = 64 << 20

// docflowTypes lists the types that have a ready mapping or may be given one in the settings.
func docflowTypes() []Option {
	var opts []Option
	for _, k := range realty.Kinds() {
		opts = append(opts, Option{Key: string(k), Label: Text{k.Label(), string(k)}})
	}
	return opts
}

// runExtract orders an extract. What can be checked is checked before any call.
func runExtract(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	options := map[string]any{"type": c.Properties.First("type"), "cadastralNumber": strings.TrimSpace(c.Properties.First("cadastral_number"))}
	if options["type"] == "" {
		options["type"] = "info"
	}
	return r.file(ctx, c, filing{kind: realty.ObjectRequestKind, until: docflow.UntilCompleted,
		body: func(_ context.Context, _ *realty.Client, requestID string) ([]byte, error) {
			var bad []string
			for _, p := range r.Check.Check(string(realty.ObjectRequestKind), options) {
				if p.Severity != mapping.SeverityError {
					continue
				}
				param := map[string]string{"cadastralNumber": "cadastral_number", "type": "type"}[p.Path]
				bad = append(bad, fmt.Sprintf("%s (параметр %s): %s", p.Path, param, p.MessageRU))
			}
			if len(bad) > 0 {
				return nil, invalid(bad)
			}
			return realty.NewCreateBody(requestID, options)
		}})
}

// runCreate files a docflow made from the card by a mapping.
func runCreate(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	kind, ok := realty.ParseKind(c.Properties.First("docflow_type"))
	if !ok {
		return lane.Result{}, &docflow.Refusal{Code: "unknown_docflow_type",
			CRMText: fmt.Sprintf("Неизвестный тип документооборота «%s» в параметре docflow_type. Выберите тип из списка робота.", c.Properties.First("docflow_type")),
			TextEN:  "Unknown docflow type in docflow_type."}
	}
	return r.file(ctx, c, filing{kind: kind, until: docflow.UntilFirst,
		body: func(ctx context.Context, client *realty.Client, requestID string) ([]byte, error) {
			return r.mapped(ctx, c, client, kind, requestID)
		}})
}

// mapped makes the request of a card: render, check everything at once, upload the files, freeze.
func (r *runner) mapped(ctx context.Context, c *call, client *realty.Client, kind realty.Kind, requestID string) ([]byte, error) {
	m, err := r.mapping(ctx, c, kind)
	if err != nil {
		return nil, err
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return nil, err
	}
	card, err := r.readCard(ctx, b24, c, m.Reads())
	if err != nil {
		return nil, err
	}
	result, problems := m.Render(card)
	problems = append(problems, mapping.Check(r.Check, string(kind), result)...)
	var bad []string
	for _, p := range problems {
		if p.Severity == mapping.SeverityError {
			bad = append(bad, p.Text())
		}
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	options, err := result.Resolve(func(use mapping.FileUse) (any, error) { return r.upload(ctx, b24, client, card, use) })
	if err != nil {
		return nil, err
	}
	return realty.NewCreateBody(requestID, options)
}

// mapping finds the mapping to use: the named one, the settings' own for the type, the ready one.
func (r *runner) mapping(ctx context.Context, c *call, kind realty.Kind) (*mapping.Mapping, error) {
	set, err := r.Portals.Settings(ctx, c.portal)
	if err != nil {
		return nil, err
	}
	name := c.Properties.First("mapping")
	for _, m := range set.Mappings {
		own, _ := realty.ParseKind(m.DocflowType)
		if m.Name == name || name == "" && own == kind {
			return compile(m.Options)
		}
	}
	preset, ok, err := mapping.PresetFor(string(kind))
	if err != nil {
		return nil, err
	}
	if !ok || name != "" && name != preset.Name {
		return nil, &docflow.Refusal{Code: "no_mapping",
			CRMText: fmt.Sprintf("Нет сопоставления полей «%s» для типа «%s». Добавьте его в раздел mappings настроек моста.", name, kind.Label()),
			TextEN:  fmt.Sprintf("There is no mapping %q for %s. Add one to the settings.", name, kind)}
	}
	return compile(preset.Options)
}

func compile(tree any) (*mapping.Mapping, error) {
	m, err := mapping.Compile(tree)
	if err != nil {
		return nil, &docflow.Refusal{Code: "bad_mapping", CRMText: "Сопоставление полей содержит ошибку: " + err.Error(),
			TextEN: "The mapping is faulty: " + err.Error(), Cause: err}
	}
	return m, nil
}

func invalid(lines []string) *docflow.Refusal {
	return &docflow.Refusal{Code: "invalid_field",
		CRMText: "Документы не отправлены, исправьте данные:\n" + strings.Join(lines, "\n"),
		TextEN:  "Nothing was sent; correct the data:\n" + strings.Join(lines, "\n")}
}

// upload hands one document of the card with its signatures over. A repeat after a crash leaves at
// worst an unused content behind.
func (r *runner) upload(ctx context.Context, b24 *bitrix.Client, client *realty.Client, card mapping.Card, use mapping.FileUse) (any, error) {
	id, kind, err := r.uploadOne(ctx, b24, client, card, use.Ref.ID, use.Path)
	if err != nil {
		return nil, err
	}
	signatures := make([]string, 0, len(use.Ref.Signatures))
	for _, sig := range use.Ref.Signatures {
		sigID, _, err := r.uploadOne(ctx, b24, client, card, sig, use.Path+".signatures")
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, sigID)
	}
	return mapping.Content(kind, id, signatures), nil
}

func (r *runner) uploadOne(ctx context.Context, b24 *bitrix.Client, client *realty.Client, card mapping.Card, fileID, path string) (id, kind string, err error) {
	data, name, err := r.download(ctx, b24, card, fileID)
	if err != nil {
		return "", "", err
	}
	kind, contentType := contentOf(data)
	if strings.HasSuffix(path, ".signatures") {
		contentType = realty.SignatureType
	} else if kind == "" {
		return "", "", invalid([]string{fmt.Sprintf("%s: файл «%s» не PDF и не XML. Реестро принимает только эти форматы", path, name)})
	}
	pointer, err := client.UploadContent(ctx, bytes.NewReader(data), int64(len(data)), contentType)
	if err != nil {
		return "", "", err
	}
	return string(pointer.ID), kind, nil
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

// download reads a file of the card by the address that the card was read with.
func (r *runner) download(ctx context.Context, b24 *bitrix.Client, card mapping.Card, fileID string) ([]byte, string, error) {
	value, ok := card.FindFile(fileID)
	if !ok {
		return nil, "", invalid([]string{fmt.Sprintf("файл %s не найден в карточке", fileID)})
	}
	link, _ := value["urlMachine"].(string)
	return fetch(ctx, b24, bitrix.FileLink(link))
}

func fetch(ctx context.Context, b24 *bitrix.Client, ref bitrix.FileRef) ([]byte, string, error) {
	var buf bytes.Buffer
	got, err := b24.Download(ctx, ref, &buf, maxUpload)
	if err != nil {
		return nil, "", err
	}
	if buf.Len() == 0 {
		return nil, "", errors.Join(io.ErrUnexpectedEOF, fmt.Errorf("the file %s is empty", got.Name))
	}
	return buf.Bytes(), got.Name, nil
}
