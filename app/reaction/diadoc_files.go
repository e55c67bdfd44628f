package reaction

import (
	"bytes"
	"context"
	"io"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// Source says what of an entity of a message at Диадок a file is.
type Source string

// The sources. What the service generates it generates again when it is asked again, from what it has by then, so a
// file that was ready once is ready again; should it not be, the effect waits as for any answer that is not ready.
const (
	SourceEntity            Source = "entity"             // its content, as it is: of a document, of a signature
	SourcePrintForm         Source = "print_form"         // PDF
	SourceProtocol          Source = "protocol"           // PDF of the document's way
	SourceProtocolSignature Source = "protocol_signature" // the operator's signature of that
	SourceZip               Source = "zip"                // the document with its signatures
	SourceZipAll            Source = "zip_all"            // and with all that happened to it
)

// signature is the source of the signatures that a file's ids name.
func (s Source) signature() Source {
	switch s {
	case "":
		return ""
	case SourceProtocol:
		return SourceProtocolSignature
	}
	return SourceEntity
}

// diadocFiles reads files of a message.
func (r *run) diadocFiles(rec docflow.Record) (reader, error) {
	client, box, err := r.Diadoc(r.ctx, rec)
	return func(f FileItem, w io.Writer) error {
		_, err := CopyFile(r.ctx, client, box, diadoc.DocumentID{MessageID: diadoc.MessageID(rec.ExternalID), EntityID: diadoc.EntityID(f.ID)}, f.Source, w)
		return err
	}, err
}

// CopyFile writes a file of an entity to w as it arrives, and gives the name that the service has for it, if any.
//
// Errors: [*diadoc.NotReadyError] while the service is still making it.
func CopyFile(ctx context.Context, client *diadoc.Client, box diadoc.BoxID, of diadoc.DocumentID, source Source, w io.Writer) (name string, err error) {
	switch source {
	case SourcePrintForm:
		return copied(w)(client.OpenPrintForm(ctx, box, of))
	case SourceProtocol, SourceProtocolSignature:
		p, err := client.GenerateDocumentProtocol(ctx, box, of)
		if err != nil {
			return "", err
		}
		content := p.PrintForm
		if source == SourceProtocolSignature {
			content = p.Signature
		}
		_, err = io.Copy(w, bytes.NewReader(content))
		return "", err
	case SourceZip, SourceZipAll:
		zip, err := client.GenerateDocumentZip(ctx, box, of, source == SourceZipAll)
		if err != nil {
			return "", err
		}
		body, err := client.OpenZip(ctx, zip)
		if err != nil {
			return "", err
		}
		defer func() { _ = body.Close() }()
		_, err = io.Copy(w, body)
		return "", err
	}
	return copied(w)(client.GetEntityContent(ctx, box, of))
}

func copied(w io.Writer) func(*diadoc.Download, error) (string, error) {
	return func(file *diadoc.Download, err error) (string, error) {
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		_, err = io.Copy(w, file)
		return file.Name, err
	}
}
