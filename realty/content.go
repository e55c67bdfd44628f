package realty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"konturbridge/internal/upstream"
)

// Content types that the service takes. PDF and XML are for attached documents.
const (
	PDFType          = "application/pdf"
	XMLType          = "application/xml"
	PGPSignatureType = "application/pgp-signature"
)

// ContentPointer refers to uploaded content from a request body.
//
// Doc: Kontur.Reestro API docs, page "ContentPointer".
type ContentPointer struct {
	ID   ContentID `json:"id"`
	Link string    `json:"contentLink,omitempty"` // information only, never an address to follow
}

// UnmarshalJSON reads a pointer, or the first of an array of them, as the docs type it in one place.
func (p *ContentPointer) UnmarshalJSON(raw []byte) error {
	var wire oneOrMany[struct{ ID, ContentLink text }]
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	*p = ContentPointer{}
	if len(wire) > 0 {
		*p = ContentPointer{ID: ContentID(wire[0].ID), Link: string(wire[0].ContentLink)}
	}
	return nil
}

// UploadContent stores content from r and returns its pointer. size is the number of bytes, negative
// when unknown. The call reads r to its end and does not close it. When the session has expired, a
// seekable r is sent again; any other is not, and the error matches [ErrSessionExpired].
//
// Repeating an upload is safe: at worst an unused content remains.
//
// Errors: *APIError matching [ErrRefused] for a bad type or size (no code is documented).
//
// Doc: Kontur.Reestro API docs, page "Загрузка контента", POST /contents.
func (c *Client) UploadContent(ctx context.Context, r io.Reader, size int64, contentType string) (ContentPointer, error) {
	req := call{op: "POST /contents", method: http.MethodPost, path: "/contents",
		contentType: strings.ToLower(contentType), stream: r, size: size, timeout: c.transferTimeout}
	answer, err := c.do(ctx, req)
	if err != nil {
		return ContentPointer{}, err
	}
	var pointer ContentPointer
	if body := bytes.TrimSpace(answer.Body); len(body) > 0 {
		err = json.Unmarshal(body, &pointer)
	}
	if pointer.ID == "" {
		pointer = pointerFromLocation(answer.Header.Get("Location"))
	}
	if pointer.ID == "" {
		return ContentPointer{}, badAnswer(req, answer, errors.Join(errors.New("no id of the content"), err))
	}
	return pointer, nil
}

// pointerFromLocation takes the id from an absolute or relative address of the content.
func pointerFromLocation(location string) ContentPointer {
	address, err := url.Parse(location)
	if err != nil {
		return ContentPointer{}
	}
	if id := path.Base(address.Path); IsGUID(id) {
		return ContentPointer{ID: ContentID(id), Link: location}
	}
	return ContentPointer{}
}

// Content opens uploaded content. The caller closes the reader; ctx bounds the reading. A read past
// [WithMaxFile] fails.
//
// Errors: *APIError matching [ErrNotFound] or [ErrNoAccess].
//
// Doc: Kontur.Reestro API docs, page "Получение контента", GET /contents/{contentId}.
func (c *Client) Content(ctx context.Context, id ContentID) (io.ReadCloser, error) {
	req := call{op: "GET /contents/{id}", method: http.MethodGet, path: "/contents/" + string(id)}
	if err := wantGUIDs(req.op, string(id)); err != nil {
		return nil, err
	}
	return c.download(ctx, req)
}

// File opens a file of a docflow: a statement to sign, a result, or the signature of a result. The
// caller closes the reader; ctx bounds the reading. A read past [WithMaxFile] fails. The answer's
// content type and file name are not documented: see [File.Format].
//
// Errors: *APIError matching [ErrNotFound] or [ErrNoAccess].
//
// Doc: Kontur.Reestro API docs, page "Получение файла", GET /docflows/{docflowId}/files/{fileId}.
func (c *Client) File(ctx context.Context, id DocflowID, file FileID) (io.ReadCloser, error) {
	req := call{op: "GET /docflows/{id}/files/{file}", method: http.MethodGet,
		path: "/docflows/" + string(id) + "/files/" + string(file)}
	if err := wantGUIDs(req.op, string(id), string(file)); err != nil {
		return nil, err
	}
	return c.download(ctx, req)
}

// CopyFile writes a file of a docflow to w and returns how many bytes it wrote, which may be some of
// them when it fails.
func (c *Client) CopyFile(ctx context.Context, id DocflowID, file FileID, w io.Writer) (int64, error) {
	body, err := c.File(ctx, id, file)
	if err != nil {
		return 0, err
	}
	return copyOut("GET /docflows/{id}/files/{file}", w, body)
}

// CopyContent writes uploaded content to w and returns how many bytes it wrote, which may be some of them when it fails.
func (c *Client) CopyContent(ctx context.Context, id ContentID, w io.Writer) (int64, error) {
	body, err := c.Content(ctx, id)
	if err != nil {
		return 0, err
	}
	return copyOut("GET /contents/{id}", w, body)
}

// copyOut tells a broken download, which has its class, from a writer that fails.
func copyOut(op string, w io.Writer, body io.ReadCloser) (int64, error) {
	defer func() { _ = body.Close() }()
	n, err := io.Copy(w, body)
	if _, reading := errors.AsType[*readError](err); err != nil && !reading {
		err = fmt.Errorf("realty: %s: write: %w", op, err)
	}
	return n, err
}

func (c *Client) download(ctx context.Context, req call) (io.ReadCloser, error) {
	req.timeout = c.transferTimeout
	var body io.ReadCloser
	err := c.withSession(ctx, req, func(out upstream.Request) (int, http.Header, []byte, error) {
		out.MaxAnswer = c.maxFile
		answer, err := c.up.Stream(ctx, out)
		if err != nil {
			return 0, nil, nil, err
		}
		if isSuccess(answer.StatusCode) {
			body = &download{ReadCloser: answer.Body, op: req.op}
			return answer.StatusCode, answer.Header, nil, nil
		}
		defer func() { _ = answer.Body.Close() }()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // the status alone is enough
		return answer.StatusCode, answer.Header, text, nil
	})
	return body, err
}

// download classifies the errors of reading.
type download struct {
	io.ReadCloser
	op string
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &readError{op: d.op, cause: err}
	}
	return n, err
}

// Format is what the docs say of the bytes behind a file's type: "zip", "xml" or "pdf"; "" when they
// say nothing, as of "statement".
//
// Doc: Kontur.Reestro API docs, pages of the docflow types, "Типы файлов результата".
func (f File) Format() string {
	switch name, format, _ := strings.Cut(strings.TrimPrefix(f.Type, "egrn:"), ":"); {
	case name == "outdoc" && format == "":
		return "zip"
	case strings.HasPrefix(name, "extract_") && (format == "xml" || format == "pdf"):
		return format
	}
	return ""
}

// Title is the Russian name of what the file is, as the docs print it for its type; "" for a type that they do not have.
// It says nothing of the format: see Format.
//
// Doc: Kontur.Reestro API docs, pages of the docflow types, "Типы файлов результата".
func (f File) Title() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(f.Type, "egrn:"), ":")
	switch name {
	case "statement":
		return "Заявление"
	case "outdoc":
		return "Архив документов из ЕГРН"
	case "extract_info":
		return "Выписка об основных характеристиках и зарегистрированных правах на объект недвижимости"
	case "extract_ownership":
		return "Выписка о переходе прав на объект недвижимости"
	case "extract_agreement": // older revisions
		return "Выписка о зарегистрированных договорах участия в долевом строительстве"
	}
	return ""
}
