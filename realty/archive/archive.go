package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

var (
	// ErrNotZip is wrapped by the error for bytes that are no ZIP archive.
	ErrNotZip = errors.New("not a ZIP archive")
	// ErrTooLarge is wrapped by the error for an archive beyond its [Limits].
	ErrTooLarge = errors.New("the archive is larger than allowed")
)

// Limits bound one archive with all archives inside it. A zero field means its default.
type Limits struct {
	Files int   // entries in all; 2,000
	Bytes int64 // unpacked bytes in all, archives inside included; 1 GiB
	Depth int   // archives inside archives; 3
}

func (l Limits) filled() Limits {
	if l.Files == 0 {
		l.Files = 2000
	}
	if l.Bytes == 0 {
		l.Bytes = 1 << 30
	}
	if l.Depth == 0 {
		l.Depth = 3
	}
	return l
}

// File is a file of an archive.
type File struct {
	// Name is for people: the file's own name, without folders and without anything that a file system or a reader
	// could stumble over. It is unique within its archive.
	Name string
	// Path is where the file lies: "пакет.zip/Выписка.xml". It has no "..", no root and no backslash.
	Path string
	// Size is how many bytes it unpacks to, as the archive promises; reading more fails.
	Size int64
	// Signatures are the detached signatures that lie beside it.
	Signatures []*File

	entry *zip.File
}

// Open unpacks the file as a stream. The caller closes it.
//
// Errors: the archive's; reading past Size wraps [ErrTooLarge].
func (f *File) Open() (io.ReadCloser, error) {
	r, err := f.entry.Open()
	if err != nil {
		return nil, fmt.Errorf("archive: %s: %w", f.Name, err)
	}
	return &bounded{ReadCloser: r, left: f.Size, name: f.Name}, nil
}

// bounded refuses more bytes than the archive promised: the limits were counted by the promise.
type bounded struct {
	io.ReadCloser
	left int64
	name string
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("archive: %s: %w", b.name, ErrTooLarge)
	}
	return n, err
}

// Archive is an open archive.
type Archive struct {
	// Files are in the archive's order, those of an archive inside it in its place. A signature stands under its
	// file alone; one whose file is not there stands here.
	Files []*File

	limits Limits
	files  int
	bytes  int64
	spools []*os.File
}

// Open reads the directory of the archive in r, of size bytes, and of the archives inside it. Nothing but those is
// unpacked yet. The caller closes the archive; r must stay readable until then.
//
// Errors: wrapping [ErrNotZip] or [ErrTooLarge]; those of a temporary file.
func Open(r io.ReaderAt, size int64, limits Limits) (*Archive, error) {
	a := &Archive{limits: limits.filled()}
	if err := a.read(r, size, "", 0); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	a.Files = paired(a.Files)
	unique(a.Files)
	return a, nil
}

// Close drops the temporary files that archives inside the archive were unpacked to.
func (a *Archive) Close() error {
	var errs []error
	for _, spool := range a.spools {
		errs = append(errs, spool.Close(), os.Remove(spool.Name()))
	}
	a.spools = nil
	return errors.Join(errs...)
}

func (a *Archive) read(r io.ReaderAt, size int64, folder string, depth int) error {
	if depth > a.limits.Depth {
		return fmt.Errorf("archive: %w: archives inside archives, deeper than %d", ErrTooLarge, a.limits.Depth)
	}
	directory, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are cleaned below
		return fmt.Errorf("archive: %w: %w", ErrNotZip, err)
	}
	for _, entry := range directory.File {
		if err := a.count(entry); err != nil {
			return err
		}
		if entry.Mode()&os.ModeType != 0 || strings.HasSuffix(entry.Name, "/") {
			continue // folders, links and devices
		}
		file := &File{entry: entry, Size: int64(entry.UncompressedSize64), Path: path.Join(folder, cleanPath(nameOf(entry)))}
		file.Name = path.Base(file.Path)
		if !strings.EqualFold(path.Ext(file.Name), ".zip") {
			a.Files = append(a.Files, file)
			continue
		}
		if err := a.inside(file, depth); err != nil {
			return err
		}
	}
	return nil
}

// count adds an entry to what the limits allow.
func (a *Archive) count(entry *zip.File) error {
	a.files++
	if a.files > a.limits.Files {
		return fmt.Errorf("archive: %w: more than %d files", ErrTooLarge, a.limits.Files)
	}
	if size := entry.UncompressedSize64; size > uint64(a.limits.Bytes-a.bytes) {
		return fmt.Errorf("archive: %w: more than %d bytes", ErrTooLarge, a.limits.Bytes)
	}
	a.bytes += int64(entry.UncompressedSize64)
	return nil
}

// inside opens an archive that lies in this one. ZIP is read from its end, so that it is unpacked to a temporary file
// first. What is called .zip and is none stays a file.
func (a *Archive) inside(file *File, depth int) error {
	spool, err := a.spool(file)
	if err != nil {
		return err
	}
	before := len(a.Files)
	err = a.read(spool, file.Size, file.Path, depth+1)
	if errors.Is(err, ErrNotZip) && len(a.Files) == before {
		a.Files = append(a.Files, file)
		return nil
	}
	return err
}

func (a *Archive) spool(file *File) (*os.File, error) {
	from, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }()
	spool, err := os.CreateTemp("", "kontur-archive-*")
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	a.spools = append(a.spools, spool)
	if _, err := io.Copy(spool, from); err != nil {
		return nil, fmt.Errorf("archive: %s: %w", file.Name, err)
	}
	return spool, nil
}
