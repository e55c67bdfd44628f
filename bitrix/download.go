package bitrix

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"

	"konturbridge/internal/upstream"
)

// Errors of a download that no portal answers.
var (
	// ErrNoLink: only the file's id is known; read its card or [Client.DiskFile] first.
	ErrNoLink = errors.New("the file has no link")
	// ErrForeignHost: the link leads away from the portal; it is not followed.
	ErrForeignHost = errors.New("the link does not lead to the portal")
)

// opDownload names downloads in errors, limits and metrics.
const opDownload = "download"

// maxErrorPage bounds how much of an answer is read to tell an error from a file, in bytes.
const maxErrorPage = 16 << 10

// Downloaded describes a file that was read.
type Downloaded struct {
	Name        string // a bare file name; "" when the portal named none
	ContentType string
	Size        int64
}

// DownloadError is a download that was refused here, before or while reading.
type DownloadError struct {
	Cause error
	class upstream.Class
}

// Error implements error.
func (e *DownloadError) Error() string { return "bitrix: download: " + e.Cause.Error() }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *DownloadError) Unwrap() error { return e.Cause }

// UpstreamClass implements upstream.Classified.
func (e *DownloadError) UpstreamClass() upstream.Class { return e.class }

// RetryAt implements upstream.Classified.
func (e *DownloadError) RetryAt() time.Time { return time.Time{} }

// MaybeDone implements upstream.Classified: reading changes nothing.
func (e *DownloadError) MaybeDone() bool { return false }

// Download streams a file of the portal into w and refuses more than maxBytes. A link is followed only on the
// portal's own host; the portal may pass the request on to its storage once, without the token.
// After an error w may hold a part of the file.
//
// Errors: ErrNoLink, ErrForeignHost, upstream.ErrAnswerTooLarge, ErrNotFound, and those of [Call].
// doc: api-reference/files/*.md
func (c *Client) Download(ctx context.Context, ref FileRef, w io.Writer, maxBytes int64) (Downloaded, error) {
	if ref.Link == "" {
		return Downloaded{}, &DownloadError{ErrNoLink, upstream.Refused}
	}
	access, endpoint, err := c.tokens.Token(ctx)
	if err != nil {
		return Downloaded{}, fmt.Errorf("bitrix: download: token: %w", err)
	}
	to := target{access, endpoint}
	done, err := c.download(ctx, string(ref.Link), to, false, w, maxBytes)
	if !errors.Is(err, ErrExpiredToken) {
		return done, err
	}
	next, failure := c.renew(ctx, opDownload, to)
	if failure != nil {
		return Downloaded{}, failure
	}
	if next.access == to.access {
		return Downloaded{}, err
	}
	return c.download(ctx, string(ref.Link), next, true, w, maxBytes)
}

// download makes one try. Renewed replaces the token that the link brought along.
func (c *Client) download(ctx context.Context, link string, to target, renewed bool, w io.Writer, limit int64) (Downloaded, error) {
	address, origin, err := portalLink(link, to, renewed)
	if err != nil {
		return Downloaded{}, err
	}
	if err := c.admit(ctx, opDownload); err != nil {
		return Downloaded{}, err
	}
	header := http.Header{"Accept": {"*/*"}, "Accept-Language": {"en-US,en;q=0.9"}, "Referer": {origin}}
	resp, err := c.stream(ctx, address, header, limit)
	if err == nil && isRedirect(resp.StatusCode) {
		resp, err = c.streamMoved(ctx, address, to.access, resp, header, limit)
	}
	if err != nil {
		return Downloaded{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body := bufio.NewReaderSize(resp.Body, maxErrorPage)
	if err := c.refused(resp, body, to.access); err != nil {
		return Downloaded{}, err
	}
	done := Downloaded{Name: fileName(resp.Header), ContentType: resp.Header.Get("Content-Type")}
	if done.Size, err = io.Copy(w, io.LimitReader(body, limit)); err != nil {
		return Downloaded{}, readFailed(err)
	}
	switch _, err = body.ReadByte(); {
	case err == nil:
		return Downloaded{}, readFailed(upstream.ErrAnswerTooLarge)
	case !errors.Is(err, io.EOF):
		return Downloaded{}, readFailed(err)
	}
	return done, nil
}

func (c *Client) stream(ctx context.Context, address string, header http.Header, limit int64) (*http.Response, error) {
	resp, err := c.up.Stream(ctx, upstream.Request{
		API: apiName, Op: opDownload, Method: http.MethodGet, URL: address, Header: header, MaxAnswer: max(limit, maxErrorPage),
	})
	if err == nil && resp.StatusCode == http.StatusOK && resp.ContentLength > limit {
		_ = resp.Body.Close()
		return nil, &DownloadError{upstream.ErrAnswerTooLarge, upstream.Refused}
	}
	return resp, err
}

// streamMoved follows the one redirect to the portal's storage. The token must not travel along.
func (c *Client) streamMoved(ctx context.Context, from, access string, resp *http.Response, header http.Header, limit int64) (*http.Response, error) {
	_ = resp.Body.Close()
	base, err := url.Parse(from)
	if err != nil {
		return nil, &DownloadError{ErrForeignHost, upstream.Refused}
	}
	next, err := base.Parse(resp.Header.Get("Location"))
	if err != nil || c.up.CheckURL(next.String()) != nil ||
		hostOf(next.String()) != hostOf(from) && access != "" && strings.Contains(next.String(), access) {
		return nil, &DownloadError{ErrForeignHost, upstream.Refused}
	}
	if resp, err = c.stream(ctx, next.String(), header, limit); err == nil && isRedirect(resp.StatusCode) {
		_ = resp.Body.Close()
		return nil, &APIError{Method: opDownload, Status: resp.StatusCode, Code: codeMoved, Description: "redirected twice"}
	}
	return resp, err
}

// portalLink resolves a link against the portal and adds the token where it brings none. The rest of
// the query is signed and stays byte for byte.
func portalLink(link string, to target, renewed bool) (address, origin string, err error) {
	base, err := url.Parse(to.endpoint)
	if err != nil {
		return "", "", &DownloadError{ErrForeignHost, upstream.Broken}
	}
	u, err := base.Parse(link)
	safe := err == nil && u.User == nil && (u.Scheme == "https" || u.Scheme == base.Scheme)
	if !safe || hostOf(u.String()) != hostOf(to.endpoint) {
		return "", "", &DownloadError{ErrForeignHost, upstream.Refused}
	}
	u.Fragment = ""
	if to.access != "" {
		u.RawQuery = withAuthQuery(u.RawQuery, to.access, renewed)
	}
	return u.String(), base.Scheme + "://" + base.Host + "/", nil
}

// withAuthQuery sets auth in a raw query when it is absent, empty, or stale.
func withAuthQuery(raw, access string, replace bool) string {
	pair := "auth=" + url.QueryEscape(access)
	if raw == "" {
		return pair
	}
	pairs := strings.Split(raw, "&")
	for i, old := range pairs {
		key, value, _ := strings.Cut(old, "=")
		if key != "auth" {
			continue
		}
		if value == "" || replace {
			pairs[i] = pair
		}
		return strings.Join(pairs, "&")
	}
	return raw + "&" + pair
}

// refused tells a file from an error. Errors come as JSON, with 200 too, or as pages; a file that
// looks like either is recognised by the name that the portal gives it.
func (c *Client) refused(resp *http.Response, body *bufio.Reader, access string) error {
	if resp.StatusCode == http.StatusOK && resp.Header.Get("Content-Disposition") != "" && !isJSON(resp.Header) {
		return nil
	}
	head, err := body.Peek(maxErrorPage)
	whole := errors.Is(err, io.EOF)
	if err != nil && !whole {
		return readFailed(err)
	}
	answer := &upstream.Response{Status: resp.StatusCode, Header: resp.Header, Body: head}
	var env envelope
	if whole && json.Unmarshal(bytes.TrimSpace(head), &env) == nil && errorOf(env.Error) != nil {
		_, err := c.read(opDownload, access, answer)
		return err
	}
	switch page := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"); {
	case resp.StatusCode == http.StatusOK && (!page || resp.Header.Get("Content-Disposition") != ""):
		return nil
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusForbidden:
		return &APIError{Method: opDownload, Status: resp.StatusCode}
	default:
		return c.garbage(opDownload, answer, errors.New("a page came instead of the file"))
	}
}

func isJSON(header http.Header) bool {
	return strings.HasPrefix(header.Get("Content-Type"), "application/json")
}

// readFailed classifies a failure in the middle of a file: of the connection, of the cap, or of w.
func readFailed(err error) error {
	if errors.Is(err, upstream.ErrAnswerTooLarge) {
		return &DownloadError{upstream.ErrAnswerTooLarge, upstream.Refused}
	}
	return &DownloadError{err, upstream.Retry}
}

// fileName is the bare name in Content-Disposition, free of paths and control characters.
func fileName(header http.Header) string {
	_, params, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	name := path.Base(strings.ReplaceAll(params["filename"], `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if name == "." || name == ".." || name == "/" {
		return ""
	}
	return name
}
