package diadocsim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The limits of the shelf, and how long it keeps a file.
const (
	maxPart      = 3 << 20
	maxShelfFile = 400 << 20
	shelfLife    = 7 * 24 * time.Hour
)

// shelfFile is a file of a user's temporary storage, in parts.
type shelfFile struct {
	id    string
	owner *user
	parts map[int]shelfPart
	last  int // index of the last part, -1 until it is known
	until time.Time
}

// shelfPart is in memory, or in a file of Config.ShelfDir.
type shelfPart struct {
	data []byte
	path string
	size int
}

func (p shelfPart) read() ([]byte, error) {
	if p.path == "" {
		return p.data, nil
	}
	return os.ReadFile(p.path)
}

// store keeps a part of a file.
func (c *call) store(f *shelfFile, name string, index int, data []byte) error {
	part := shelfPart{data: data, size: len(data)}
	if c.cfg.ShelfDir != "" {
		part = shelfPart{path: filepath.Join(c.cfg.ShelfDir, f.id+"."+strconv.Itoa(index)), size: len(data)}
		if err := os.WriteFile(part.path, data, 0o600); err != nil {
			return fmt.Errorf("shelf: %s: %w", name, err)
		}
	}
	f.parts[index] = part
	return nil
}

func shelfArea() map[string]behaviour {
	return map[string]behaviour{
		"ShelfUpload":         {body: rawBody, answer: other, serve: (*call).shelfUpload},
		"ShelfUploadPartInit": {body: rawBody, answer: other, serve: (*call).shelfUploadPartInit},
		"ShelfUploadPart":     {body: rawBody, answer: other, serve: (*call).shelfUploadPart},
		"ShelfDownload":       {answer: other, serve: func(c *call) (reply, error) { return c.shelfRead(c.arg("fileName")) }},
		"ShelfDownloadV1": {answer: other, serve: func(c *call) (reply, error) {
			return c.shelfRead(strings.TrimPrefix(strings.TrimPrefix(c.arg("nameOnShelf"), "__userId__/"), "public/"))
		}},
	}
}

// part reads the body of a part: bytes, or base64 text under the content type base64.
func (c *call) part() ([]byte, error) {
	data := c.body
	if c.media == "base64" {
		var err error
		if data, err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(c.body))); err != nil {
			return nil, refuse(http.StatusBadRequest, "The body is not base64")
		}
	}
	if len(data) == 0 || len(data) > maxPart {
		return nil, refuse(http.StatusBadRequest, "A part must have from 1 to %d bytes", maxPart)
	}
	return data, nil
}

func (c *call) newShelfFile() (string, *shelfFile) {
	f := &shelfFile{id: newGUID(), owner: c.user, parts: map[int]shelfPart{}, last: -1, until: c.cfg.Now().Add(shelfLife)}
	name := f.id + c.arg("fileExtension")
	c.shelf[name] = f
	return name, f
}

func (c *call) shelfUpload() (reply, error) {
	data, err := c.part()
	if err != nil {
		return reply{}, err
	}
	name, f := c.newShelfFile()
	f.last = 0
	return textReply(name), c.store(f, name, 0, data)
}

func (c *call) shelfUploadPartInit() (reply, error) {
	data, err := c.part()
	if err != nil {
		return reply{}, err
	}
	name, f := c.newShelfFile()
	if c.flag("isLastPart") {
		f.last = 0
	}
	return textReply(name), c.store(f, name, 0, data)
}

// shelfUploadPart answers the missing parts when the last one comes.
func (c *call) shelfUploadPart() (reply, error) {
	f := c.shelf[c.arg("fileName")]
	if f == nil || f.owner != c.user {
		return reply{}, refuse(http.StatusBadRequest, "File not found in temporary file storage: %s", c.arg("fileName"))
	}
	index, err := c.number("partIndex", 0, 1, maxShelfFile/maxPart+1)
	if err != nil {
		return reply{}, err
	}
	data, err := c.part()
	if err != nil {
		return reply{}, err
	}
	if f.size()-f.parts[index].size+len(data) > maxShelfFile {
		return reply{}, refuse(http.StatusBadRequest, "A file on the shelf may have no more than %d bytes", maxShelfFile)
	}
	if err := c.store(f, c.arg("fileName"), index, data); err != nil {
		return reply{}, err
	}
	if !c.flag("isLastPart") {
		return reply{status: http.StatusOK}, nil
	}
	f.last = index
	missing := []string{}
	for i := range index {
		if f.parts[i].size == 0 {
			missing = append(missing, strconv.Itoa(i))
		}
	}
	return bytesReply("application/json", []byte("["+strings.Join(missing, ",")+"]")), nil
}

func (f *shelfFile) size() int {
	n := 0
	for _, part := range f.parts {
		n += part.size
	}
	return n
}

// complete finds a complete file of the caller.
func (c *call) complete(name string, missing int) (*shelfFile, error) {
	f := c.shelf[name]
	if f == nil || f.owner != c.user || f.last < 0 || len(f.parts) <= f.last || !c.cfg.Now().Before(f.until) {
		return nil, refuse(missing, "File not found in temporary file storage: %s", name)
	}
	return f, nil
}

// shelved gives the content of a complete file of the caller.
func (c *call) shelved(name string, missing int) ([]byte, error) {
	f, err := c.complete(name, missing)
	if err != nil {
		return nil, err
	}
	var out []byte
	for i := range f.last + 1 {
		part, err := f.parts[i].read()
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

// shelfRead answers a file part by part.
func (c *call) shelfRead(name string) (reply, error) {
	f, err := c.complete(name, http.StatusNotFound)
	if err != nil {
		return reply{}, err
	}
	out := bytesReply("application/octet-stream", nil)
	for i := range f.last + 1 {
		out.parts = append(out.parts, f.parts[i])
	}
	return out, nil
}

// putOnShelf keeps what the service made for the caller to fetch.
func (c *call) putOnShelf(name string, data []byte) {
	c.shelf[name] = &shelfFile{owner: c.user, parts: map[int]shelfPart{0: {data: data, size: len(data)}}, until: c.cfg.Now().Add(shelfLife)}
}
