package bitrix

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

// Upload is a file that is read while it is sent: it is never held in memory, nor is its base64. Fields
// of cards, comments and the drive take it; other methods take it through [CallFiles].
type Upload struct {
	Name string
	Size int64 // bytes; the content must be exactly as long
	// Open begins to read the content. It is called for each try of the call; the reader is closed.
	Open func() (io.ReadCloser, error)
}

// MarshalJSON fails: a file that is streamed cannot be part of an encoded document.
func (u *Upload) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("bitrix: the file %q is streamed; send it with CallFiles or a method that takes files", u.Name)
}

// Upload is the content as a file that is streamed: its base64 is not held beside it.
func (f FileContent) Upload() *Upload {
	return &Upload{Name: f.Name, Size: int64(len(f.Data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(f.Data)), nil
	}}
}

// UploadError is a file that could not be read while it was sent. The portal got a part of the request,
// which it cannot have carried out.
type UploadError struct {
	Name  string
	Cause error
	class upstream.Class
}

// Error implements error.
func (e *UploadError) Error() string {
	return fmt.Sprintf("bitrix: read the file %q: %v", e.Name, e.Cause)
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *UploadError) Unwrap() error { return e.Cause }

// UpstreamClass implements upstream.Classified.
func (e *UploadError) UpstreamClass() upstream.Class { return e.class }

// RetryAt implements upstream.Classified.
func (e *UploadError) RetryAt() time.Time { return time.Time{} }

// MaybeDone implements upstream.Classified.
func (e *UploadError) MaybeDone() bool { return false }

// ErrFileSize: a file is longer or shorter than its Size.
var ErrFileSize = errors.New("the file has another size than announced")

// CallFiles calls a method whose parameters hold files: *Upload and FileContent values, alone, in slices,
// in maps, in LegacyFile. They are streamed into the request as ["name","base64"], so such a call never
// goes in a batch. Errors are those of [Call], and *UploadError for a file that cannot be read.
// doc: api-reference/files/how-to-upload-files.md
func CallFiles[T any](ctx context.Context, c *Client, method string, params map[string]any) (T, error) {
	var result T
	answer, err := c.doFiles(ctx, method, params)
	if err != nil {
		return result, err
	}
	err = answer.Decode(&result)
	return result, err
}

func (c *Client) doFiles(ctx context.Context, method string, params map[string]any) (*Answer, error) {
	slots := newFileSlots()
	placed := slots.place(params)
	if len(slots.files) == 0 {
		return c.Do(ctx, method, params)
	}
	object, err := c.encode(method, placed)
	if err != nil {
		return nil, err
	}
	req := request{method: method, timeout: uploadTimeout(slots.files...), body: func(access string) (io.Reader, int64, error) {
		tail := object[len(object)-1:]
		if access != "" {
			tail = authTail(object, access)
		}
		body := slots.body(object[:len(object)-1], tail)
		return body, body.size(), nil
	}}
	answer, err := c.send(ctx, req)
	return answer, uploadFailed(err)
}

// uploadFailed takes the file's own failure out of the transport's error, which would say that the call
// may have been executed.
func uploadFailed(err error) error {
	if failed, ok := errors.AsType[*UploadError](err); ok {
		return failed
	}
	return err
}

// uploadTimeout gives a megabyte of base64 a second beside the usual time.
func uploadTimeout(files ...*Upload) time.Duration {
	total := int64(0)
	for _, f := range files {
		total += f.Size
	}
	return upstream.DefaultTimeout + time.Duration(total>>20)*time.Second*4/3
}

// fileSlots marks the places of files in an encoded document.
type fileSlots struct {
	mark  string // nobody can guess it, so no text of a card can hold it
	files []*Upload
}

func newFileSlots() *fileSlots { return &fileSlots{mark: "file:" + rand.Text() + ":"} }

// slot is the place of a file.
type slot struct {
	name string
	mark string
}

// MarshalJSON implements json.Marshaler.
func (s slot) MarshalJSON() ([]byte, error) { return json.Marshal([2]string{s.name, s.mark}) }

func (s *fileSlots) add(f *Upload) any {
	s.files = append(s.files, f)
	return slot{f.Name, s.mark + strconv.Itoa(len(s.files)-1)}
}

// place copies a value with slots instead of its files.
func (s *fileSlots) place(value any) any {
	switch v := value.(type) {
	case *Upload:
		return s.add(v)
	case FileContent:
		return s.add(v.Upload())
	case *FileContent:
		return s.add(v.Upload())
	case LegacyFile:
		return map[string]any{"fileData": s.place(v.File)}
	case []*Upload:
		return placeAll(s, v)
	case []FileContent:
		return placeAll(s, v)
	case []LegacyFile:
		return placeAll(s, v)
	case []any:
		return placeAll(s, v)
	case map[string]any:
		fields := make(map[string]any, len(v))
		for name, field := range v {
			fields[name] = s.place(field)
		}
		return fields
	default:
		return v
	}
}

func placeAll[T any](s *fileSlots, values []T) any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = s.place(v)
	}
	return all
}

// body is the document with the files' base64 in their places.
func (s *fileSlots) body(object, tail []byte) *uploadBody {
	body := &uploadBody{}
	for rest := object; ; {
		before, after, found := bytes.Cut(rest, []byte(s.mark))
		if !found {
			body.parts = append(body.parts, &uploadPart{text: append(rest[:len(rest):len(rest)], tail...)})
			return body
		}
		digits := after[:bytes.IndexByte(after, '"')] // a mark ends with its string
		n, _ := strconv.Atoi(string(digits))          // it is ours
		body.parts = append(body.parts, &uploadPart{text: before}, &uploadPart{file: s.files[n]})
		rest = after[len(digits):]
	}
}

// uploadBody reads the parts one after the other and opens a file only when its turn comes.
type uploadBody struct {
	parts []*uploadPart
}

func (b *uploadBody) size() int64 {
	total := int64(0)
	for _, part := range b.parts {
		total += part.size()
	}
	return total
}

// Read implements io.Reader.
func (b *uploadBody) Read(p []byte) (int, error) {
	for len(b.parts) > 0 {
		n, err := b.parts[0].read(p)
		if errors.Is(err, io.EOF) {
			err = nil
			b.parts[0].close()
			b.parts = b.parts[1:]
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

// Close implements io.Closer.
func (b *uploadBody) Close() error {
	for _, part := range b.parts {
		part.close()
	}
	b.parts = nil
	return nil
}

// uploadPart is a piece of text, or a file as base64 or, in a multipart form, as it is.
type uploadPart struct {
	text  []byte
	file  *Upload
	plain bool

	reader io.Reader // once it began
	open   io.Closer
}

func (p *uploadPart) size() int64 {
	switch {
	case p.file == nil:
		return int64(len(p.text))
	case p.plain:
		return p.file.Size
	default:
		return (p.file.Size + 2) / 3 * 4
	}
}

func (p *uploadPart) read(into []byte) (int, error) {
	if p.reader == nil {
		if err := p.begin(); err != nil {
			return 0, err
		}
	}
	return p.reader.Read(into)
}

func (p *uploadPart) begin() error {
	if p.file == nil {
		p.reader = bytes.NewReader(p.text)
		return nil
	}
	content, err := p.file.Open()
	if err != nil {
		return &UploadError{p.file.Name, err, upstream.Retry}
	}
	p.open = content
	exact := &exactReader{src: content, left: p.file.Size, name: p.file.Name}
	if p.reader = exact; !p.plain {
		p.reader = &encodedReader{src: exact}
	}
	return nil
}

// close ends reading the file. What was read is not lost by a failure of it.
func (p *uploadPart) close() {
	if p.open != nil {
		_ = p.open.Close()
		p.open = nil
	}
}

// exactReader passes exactly the announced number of bytes on.
type exactReader struct {
	src  io.Reader
	left int64
	name string
}

// Read implements io.Reader.
func (r *exactReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.left -= int64(n)
	switch {
	case r.left < 0, errors.Is(err, io.EOF) && r.left > 0:
		return 0, &UploadError{r.name, ErrFileSize, upstream.Broken}
	case err != nil && !errors.Is(err, io.EOF):
		return n, &UploadError{r.name, err, upstream.Retry}
	}
	return n, err
}

// encodedReader gives the base64 of what it reads.
type encodedReader struct {
	src io.Reader
	raw [3 << 10]byte
	buf [4 << 10]byte
	out []byte
	end bool
}

// Read implements io.Reader.
func (r *encodedReader) Read(p []byte) (int, error) {
	if len(r.out) == 0 {
		if r.end {
			return 0, io.EOF
		}
		n, err := io.ReadFull(r.src, r.raw[:])
		if r.end = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); err != nil && !r.end {
			return 0, err
		}
		base64.StdEncoding.Encode(r.buf[:], r.raw[:n])
		if r.out = r.buf[:base64.StdEncoding.EncodedLen(n)]; n == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// multipartForm is a form with one file.
type multipartForm struct {
	boundary string
	body     *uploadBody
}

func multipartOf(field string, file *Upload) multipartForm {
	boundary := "----" + rand.Text()
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "")
	head := fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\nContent-Type: application/octet-stream\r\n\r\n",
		boundary, quoted.Replace(field), quoted.Replace(file.Name))
	return multipartForm{boundary, &uploadBody{parts: []*uploadPart{
		{text: []byte(head)}, {file: file, plain: true}, {text: []byte("\r\n--" + boundary + "--\r\n")},
	}}}
}
