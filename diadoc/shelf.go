package diadoc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"konturbridge/internal/upstream"
)

// ShelfUpload stores a file of at most [MaxShelfPart] bytes and returns its name on the shelf, which keeps
// it for seven days. extension is such as ".pdf", or empty.
func (c *Client) ShelfUpload(ctx context.Context, extension string, content []byte) (ShelfName, error) {
	if err := part("ShelfUpload", content); err != nil {
		return "", err
	}
	name, err := c.word(ctx, "ShelfUpload", query{"fileExtension": extension}, content)
	return ShelfName(name), err
}

// ShelfUploadPartInit stores part 0 of a file and returns the file's name.
func (c *Client) ShelfUploadPartInit(ctx context.Context, extension string, content []byte, last bool) (ShelfName, error) {
	if err := part("ShelfUploadPartInit", content); err != nil {
		return "", err
	}
	name, err := c.word(ctx, "ShelfUploadPartInit", query{"fileExtension": extension, "isLastPart": yes(last)}, content)
	return ShelfName(name), err
}

// ShelfUploadPart stores a further part, counted from 1. The call with the last part answers the indexes
// that are missing: send exactly those, and the last one again.
func (c *Client) ShelfUploadPart(ctx context.Context, name ShelfName, index int, content []byte, last bool) (missing []int, err error) {
	if err := part("ShelfUploadPart", content); err != nil {
		return nil, err
	}
	req, answer, err := c.run(ctx, "ShelfUploadPart",
		query{"fileName": string(name), "partIndex": strconv.Itoa(index), "isLastPart": yes(last)}, content)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(answer.body)) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(answer.body, &missing); err != nil {
		return nil, c.badAnswer(req, answer.status, err)
	}
	return missing, nil
}

func part(operation string, content []byte) error {
	r := rules{operation: operation}
	r.want(len(content) > 0, "body", Text{"пусто", "is empty"})
	r.atMost("body", len(content), MaxShelfPart, unitBytes)
	return r.err
}

// ShelfUploadV1 is gone.
//
// Deprecated: use [Client.ShelfUpload].
func (c *Client) ShelfUploadV1(ctx context.Context, nameOnShelf string, partIndex int, content []byte, last bool) error {
	return c.tell(ctx, "ShelfUploadV1",
		query{"nameOnShelf": nameOnShelf, "partIndex": strconv.Itoa(partIndex), "isLastPart": yes(last)}, content)
}

// ShelfDownload opens a file on the shelf.
//
// Errors: [ErrNotFound] for a name that is unknown or older than seven days.
func (c *Client) ShelfDownload(ctx context.Context, name ShelfName) (*Download, error) {
	return c.download(ctx, "ShelfDownload", query{"fileName": string(name)})
}

// ShelfDownloadV1 opens a file by a name with a "public/" or "__userId__/" prefix. Which of the two versions
// serves the archives of [Client.GenerateDocumentZip] is not documented: see [Client.OpenZip].
//
// Deprecated: use [Client.ShelfDownload].
func (c *Client) ShelfDownloadV1(ctx context.Context, nameOnShelf string) (*Download, error) {
	return c.download(ctx, "ShelfDownloadV1", query{"nameOnShelf": nameOnShelf})
}

// How often a part is sent, and how many rounds of missing parts are filled in, before an upload fails.
const (
	partAttempts = 3
	fillRounds   = 3
)

// UploadToShelf stores everything that r holds, in one piece or in parts, and
// returns its name on the shelf. It reads r to its end, one part ahead, and does not close it. A part that
// fails is sent again. Parts that the service has lost are sent again when r is an [io.ReaderAt];
// otherwise the upload fails.
//
// Repeating an upload is safe: at worst an unused file remains for seven days.
//
// Errors: [*CallError] for more than [MaxShelfFile] bytes or none, [*APIError].
func (c *Client) UploadToShelf(ctx context.Context, r io.Reader, extension string) (ShelfName, error) {
	u := &upload{client: c, source: r, extension: extension, start: offset(r)}
	current, err := u.read()
	if err != nil {
		return "", err
	}
	for index := 0; ; index++ {
		next, err := u.read()
		if err != nil {
			return "", err
		}
		last := len(next) == 0
		missing, err := u.send(ctx, index, current, last)
		if err != nil {
			return "", err
		}
		if last {
			return u.name, u.fill(ctx, missing, index, current)
		}
		current = next
	}
}

// offset is where r begins; zero when it cannot say.
func offset(r io.Reader) int64 {
	if s, ok := r.(io.Seeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil {
			return at
		}
	}
	return 0
}

type upload struct {
	client    *Client
	source    io.Reader
	extension string
	start     int64
	name      ShelfName
	total     int64
}

// read gives the next part, nothing at the end.
func (u *upload) read() ([]byte, error) {
	size := u.client.part
	if known, ok := u.source.(interface{ Len() int }); ok {
		size = min(size, known.Len())
	}
	content := make([]byte, size) // a new one each time: a request that failed may still be read
	n, err := io.ReadFull(u.source, content)
	if content = content[:n]; err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("diadoc: UploadToShelf: read: %w", err)
	}
	u.total += int64(len(content))
	if u.total > MaxShelfFile {
		return nil, &CallError{"UploadToShelf", "content", tooMuch(int(u.total), MaxShelfFile, unitBytes)}
	}
	return content, nil
}

// send stores one part, in up to partAttempts tries. A whole file of one part goes in one call.
func (u *upload) send(ctx context.Context, index int, content []byte, last bool) (missing []int, err error) {
	for range partAttempts {
		switch {
		case index == 0 && last:
			u.name, err = u.client.ShelfUpload(ctx, u.extension, content)
		case index == 0:
			u.name, err = u.client.ShelfUploadPartInit(ctx, u.extension, content, false)
		default:
			missing, err = u.client.ShelfUploadPart(ctx, u.name, index, content, last)
		}
		if err == nil || upstream.ClassOf(err) != upstream.Retry || ctx.Err() != nil {
			return missing, err
		}
	}
	return nil, err
}

// fill sends the parts that the service misses, and then the last one again.
func (u *upload) fill(ctx context.Context, missing []int, lastIndex int, last []byte) error {
	source, ok := u.source.(io.ReaderAt)
	for range fillRounds {
		if len(missing) == 0 {
			return nil
		}
		if !ok {
			break
		}
		for _, index := range missing {
			if index < 0 || index >= lastIndex { // the last one follows below
				continue
			}
			if err := u.again(ctx, source, index); err != nil {
				return err
			}
		}
		var err error
		if missing, err = u.send(ctx, lastIndex, last, true); err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return &APIError{Operation: "ShelfUploadPart", Class: upstream.Retry, At: u.client.now(),
		Cause: fmt.Errorf("%w: parts %v are missing", ErrBadAnswer, missing)}
}

func (u *upload) again(ctx context.Context, source io.ReaderAt, index int) error {
	content := make([]byte, u.client.part)
	n, err := source.ReadAt(content, u.start+int64(index)*int64(u.client.part))
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("diadoc: UploadToShelf: read: %w", err)
	}
	for range partAttempts { // part 0 by its index: its first call named the file
		_, err = u.client.ShelfUploadPart(ctx, u.name, index, content[:n], false)
		if err == nil || upstream.ClassOf(err) != upstream.Retry || ctx.Err() != nil {
			break
		}
	}
	return err
}
