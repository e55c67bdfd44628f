package diadoc

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
)

// GeneratePrintForm asks once for a document's print form, a PDF. The document names the work: asking again is
// cheap and safe. Bound the waiting yourself.
//
// Errors: [*NotReadyError]; [ErrConflict] when there is no print form for the type: offer the original file;
// [ErrNotFound].
func (c *Client) GeneratePrintForm(ctx context.Context, box BoxID, document DocumentID) (File, error) {
	return c.file(ctx, "GeneratePrintForm", documentQuery(box, document), nil)
}

// OpenPrintForm is [Client.GeneratePrintForm] for a form that is read as it arrives.
func (c *Client) OpenPrintForm(ctx context.Context, box BoxID, document DocumentID) (*Download, error) {
	req, err := newCall("GeneratePrintForm", documentQuery(box, document), nil)
	if err != nil {
		return nil, err
	}
	streamed := *req.op
	streamed.Answer, req.op = KindStream, &streamed
	answer, err := c.perform(ctx, req)
	if err != nil {
		return nil, err
	}
	body := bufio.NewReader(&reading{answer.stream.Body, req.op.Name})
	if _, err := body.Peek(1); err != nil { // neither a file nor a word of when
		if errors.Is(err, io.EOF) {
			err = c.notReady(req, answer)
		}
		return nil, errors.Join(err, answer.stream.Body.Close())
	}
	return &Download{ReadCloser: buffered{body, answer.stream.Body}, ContentType: answer.header.Get("Content-Type"),
		Name: fileName(answer.header), Size: answer.stream.ContentLength}, nil
}

// buffered reads through a buffer and closes what is behind it.
type buffered struct {
	io.Reader
	io.Closer
}

// PrintFormID names a print form that is made of a file.
type PrintFormID string

// Poll implements [Task].
func (id PrintFormID) Poll(ctx context.Context, c *Client) (File, error) {
	return c.GetGeneratedPrintForm(ctx, id)
}

var _ Task[File] = PrintFormID("")

// GeneratePrintFormFromAttachment starts a print form of a file; fromBox may be empty.
func (c *Client) GeneratePrintFormFromAttachment(ctx context.Context, documentType DocumentType, fromBox BoxID, content []byte) (PrintFormID, error) {
	id, err := c.word(ctx, "GeneratePrintFormFromAttachment",
		query{"documentType": string(documentType), "fromBoxId": string(fromBox)}, content)
	return PrintFormID(id), err
}

// GetGeneratedPrintForm asks once for a print form of a file.
//
// Errors: [*NotReadyError]; [ErrConflict] when the id is unknown or too old: generate it anew.
func (c *Client) GetGeneratedPrintForm(ctx context.Context, id PrintFormID) (File, error) {
	return c.file(ctx, "GetGeneratedPrintForm", query{"printFormId": string(id)}, nil)
}

// GenerateForwardedDocumentPrintForm is [Client.GeneratePrintForm] of a document that was shown to the box.
func (c *Client) GenerateForwardedDocumentPrintForm(ctx context.Context, box BoxID, forwarded ForwardedDocumentID) (File, error) {
	return c.file(ctx, "GenerateForwardedDocumentPrintForm", forwardedQuery(box, forwarded), nil)
}

// GenerateDocumentProtocol asks once for the protocol of a document's way, as of now.
//
// Errors: [*NotReadyError]; [ErrConflict] when none is possible, as for an unsent document; [ErrNotFound].
func (c *Client) GenerateDocumentProtocol(ctx context.Context, box BoxID, document DocumentID) (DocumentProtocol, error) {
	return c.protocol(ctx, "GenerateDocumentProtocol", documentQuery(box, document))
}

// GenerateForwardedDocumentProtocol is [Client.GenerateDocumentProtocol] of a document that was shown to the
// box.
func (c *Client) GenerateForwardedDocumentProtocol(ctx context.Context, box BoxID, forwarded ForwardedDocumentID) (DocumentProtocol, error) {
	return c.protocol(ctx, "GenerateForwardedDocumentProtocol", forwardedQuery(box, forwarded))
}

func (c *Client) protocol(ctx context.Context, operation string, q query) (DocumentProtocol, error) {
	return ready(ctx, c, operation, q, func(p DocumentProtocol) bool { return len(p.PrintForm) > 0 })
}

// GenerateDocumentZip asks once for an archive of a document and its signatures, with fullDocflow of all that
// happened to it; read it with [Client.OpenZip] within seven days. The names inside the archive are nothing to
// rely on.
//
// Errors: [*NotReadyError]; [ErrConflict] when none is possible; [ErrNotFound].
func (c *Client) GenerateDocumentZip(ctx context.Context, box BoxID, document DocumentID, fullDocflow bool) (DocumentZipGenerationResult, error) {
	q := documentQuery(box, document)
	q["fullDocflow"] = strconv.FormatBool(fullDocflow)
	return ready(ctx, c, "GenerateDocumentZip", q, func(z DocumentZipGenerationResult) bool { return z.ZipFileNameOnShelf != "" })
}

// ready makes a call whose answer may come empty, without a word of when to ask again.
func ready[T any](ctx context.Context, c *Client, operation string, q query, complete func(T) bool) (T, error) {
	var none T
	req, answer, err := c.run(ctx, operation, q, nil)
	if err != nil {
		return none, err
	}
	if len(answer.body) == 0 {
		return none, c.notReady(req, answer)
	}
	result, err := decode[T](c, req, answer)
	if err == nil && !complete(result) {
		return none, c.notReady(req, answer)
	}
	return result, err
}

// OpenZip opens an archive of [Client.GenerateDocumentZip]: by the current version of the shelf and, where
// that does not know the name, by the older one that its page shows.
func (c *Client) OpenZip(ctx context.Context, zip DocumentZipGenerationResult) (io.ReadCloser, error) {
	body, err := c.ShelfDownload(ctx, zip.ZipFileNameOnShelf)
	if err == nil || !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrBadRequest) {
		return opened(body, err)
	}
	older, olderErr := c.ShelfDownloadV1(ctx, string(zip.ZipFileNameOnShelf))
	if olderErr != nil {
		return nil, err // the current version's word counts
	}
	return older, nil
}

func opened(body *Download, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	return body, nil
}
