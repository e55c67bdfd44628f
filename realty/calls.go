package realty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Create files a docflow. body is what [Spelling.CreateBody] or [NewCreateBody] made; it is sent
// unchanged, so that bytes stored before the first try stay what was filed.
//
// The answer's requirements may be missing although its state is suspended: get the docflow until they
// appear. After an error with MaybeDone look for the request id in the news before a second try.
//
// Errors: [ErrUnknownKind] and [ErrBadBody] without a call; *APIError matching [ErrRefused] (400, with
// the faults; some type names also answer 404), [ErrNoAccess] or [ErrUnsupported] (501).
//
// Doc: Kontur.Reestro API docs, page "Создание документооборота", POST /docflows/{docflowType}.
func (c *Client) Create(ctx context.Context, kind Kind, body []byte) (Docflow, error) {
	req := call{op: "POST /docflows/{type}", method: http.MethodPost, contentType: jsonType, body: body, write: true}
	name, err := c.kindName(kind)
	if err != nil {
		return Docflow{}, fmt.Errorf("realty: %s: %w", req.op, err)
	}
	if err := checkCreateBody(body); err != nil {
		return Docflow{}, fmt.Errorf("realty: %s: %w", req.op, err)
	}
	req.path = "/docflows/" + name
	answer, err := c.do(ctx, req)
	if failure, ok := errors.AsType[*APIError](err); ok && failure.Status == http.StatusNotFound {
		failure.Cause = ErrRefused // nothing is looked up here: the service does not know the type
	}
	if err != nil {
		return Docflow{}, err
	}
	docflow, err := ParseDocflow(answer.Body)
	if err != nil {
		return Docflow{}, badAnswer(req, answer, err)
	}
	if docflow.State == "" { // the state decides, the code only stands in for it
		docflow.State = StateQueued
		if answer.Status == http.StatusCreated {
			docflow.State = StateSuspended
		}
	}
	return docflow, nil
}

// kindName refuses what could turn a create into a submit.
func (c *Client) kindName(kind Kind) (string, error) {
	known, ok := ParseKind(string(kind))
	if !ok || IsGUID(string(kind)) {
		return "", fmt.Errorf("%w %q", ErrUnknownKind, string(kind))
	}
	name := string(known)
	if other, ok := c.kindNames[known]; ok {
		name = other
	}
	if !kindName.MatchString(name) || IsGUID(name) {
		return "", fmt.Errorf("%w %q", ErrUnknownKind, name)
	}
	return name, nil
}

func checkCreateBody(body []byte) error {
	var envelope struct{ Options json.RawMessage }
	if err := json.Unmarshal(body, &envelope); err != nil {
		return fmt.Errorf("%w: %w", ErrBadBody, err)
	}
	if options := bytes.TrimSpace(envelope.Options); len(options) == 0 || options[0] != '{' {
		return fmt.Errorf("%w: options is not an object", ErrBadBody)
	}
	return nil
}

// Get reads a docflow with the options that it was created with. The service may answer with a news
// item around it; the token of such an answer is dropped, because it is no position in the news.
//
// Errors: *APIError matching [ErrNotFound] or [ErrNoAccess].
//
// Doc: Kontur.Reestro API docs, page "Получение документооборота", GET /docflows/{docflowId}.
func (c *Client) Get(ctx context.Context, id DocflowID) (Docflow, error) {
	req := call{op: "GET /docflows/{id}", method: http.MethodGet, path: "/docflows/" + string(id)}
	if err := wantGUIDs(req.op, string(id)); err != nil {
		return Docflow{}, err
	}
	answer, err := c.do(ctx, req)
	if err != nil {
		return Docflow{}, err
	}
	docflow, err := ParseDocflow(answer.Body)
	if err == nil && !strings.EqualFold(string(docflow.ID), string(id)) {
		err = errors.New("another docflow than asked for")
	}
	if err != nil {
		return Docflow{}, badAnswer(req, answer, err)
	}
	return docflow, nil
}

// Submit sends a docflow on after its statements were signed. A shortage of signatures or a bad one
// is reported later, by an event with a fault. The answer has no options and usually no requirements;
// its state is empty when the service says nothing but yes.
// After an error with MaybeDone get the docflow; repeat only while it still wants signatures.
//
// Errors: *APIError matching [ErrRefused] (400, with the faults), [ErrNoAccess] or [ErrNotFound].
//
// Doc: Kontur.Reestro API docs, page "Отправка документооборота", POST /docflows/{docflowId}.
func (c *Client) Submit(ctx context.Context, id DocflowID) (Docflow, error) {
	req := call{op: "POST /docflows/{id}", method: http.MethodPost, path: "/docflows/" + string(id), write: true}
	if err := wantGUIDs(req.op, string(id)); err != nil {
		return Docflow{}, err
	}
	answer, err := c.do(ctx, req)
	if err != nil {
		return Docflow{}, err
	}
	if len(bytes.TrimSpace(answer.Body)) == 0 { // accepted is all that matters here
		return Docflow{ID: id}, nil
	}
	docflow, err := ParseDocflow(answer.Body)
	if err == nil && !strings.EqualFold(string(docflow.ID), string(id)) {
		err = errors.New("another docflow than submitted")
	}
	if err != nil {
		return Docflow{}, badAnswer(req, answer, err)
	}
	return docflow, nil
}

// SignatureType is the content type of a detached signature in PKCS #7.
const SignatureType = "application/x-pkcs7-signature"

// AddSignature attaches a detached signature of a docflow's file; file comes from a
// [SignatureRequirement]. The service finds the signer in the signature itself. Whether a repeat is
// harmless is not documented.
//
// Errors: *APIError matching [ErrNotFound] (an unknown docflow or file, or [WithSignatureSegment] is
// needed) or [ErrNoAccess].
//
// Doc: Kontur.Reestro API docs, page "Добавление подписи",
// POST /docflows/{docflowId}/files/{fileId}/signatures.
func (c *Client) AddSignature(ctx context.Context, id DocflowID, file FileID, signature []byte) error {
	req := call{op: "POST /docflows/{id}/files/{file}/signatures", method: http.MethodPost,
		contentType: SignatureType, body: signature, write: true}
	if err := wantGUIDs(req.op, string(id), string(file)); err != nil {
		return err
	}
	req.path = "/docflows/" + string(id) + "/files/" + string(file) + "/" + url.PathEscape(c.signatureSegment)
	return c.sign(ctx, req)
}

// AddSignatureByLink attaches a signature that was uploaded with [Client.UploadContent].
//
// Errors: as [Client.AddSignature], and [ErrRefused] (400). A 403 is met with one new session before it
// is believed, because this page's texts of 401 and 403 look swapped.
//
// Doc: Kontur.Reestro API docs, page "Добавление подписи по ссылке",
// POST /docflows/{docflowId}/files/{fileId}/signatures/{signatureId}.
func (c *Client) AddSignatureByLink(ctx context.Context, id DocflowID, file FileID, signature ContentID) error {
	req := call{op: "POST /docflows/{id}/files/{file}/signatures/{signature}", method: http.MethodPost,
		write: true, renewOn403: true}
	if err := wantGUIDs(req.op, string(id), string(file), string(signature)); err != nil {
		return err
	}
	req.path = "/docflows/" + string(id) + "/files/" + string(file) + "/" +
		url.PathEscape(c.signatureSegment) + "/" + string(signature)
	return c.sign(ctx, req)
}

// sign makes a call whose path the docs print in two ways. Trying the other one would hide an id that
// is really unknown.
func (c *Client) sign(ctx context.Context, req call) error {
	_, err := c.do(ctx, req)
	if failure, ok := errors.AsType[*APIError](err); ok && failure.Status == http.StatusNotFound {
		failure.Hint = "when the ids are right, the service may want another path segment than " + c.signatureSegment
	}
	return err
}

// wantGUIDs refuses an id that could lead a call to another path.
func wantGUIDs(op string, ids ...string) error {
	for _, id := range ids {
		if !IsGUID(id) {
			return fmt.Errorf("realty: %s: %w: %q", op, ErrBadID, id)
		}
	}
	return nil
}
