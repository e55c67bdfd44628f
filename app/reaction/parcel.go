package reaction

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
	"konturbridge/internal/spool"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
	"konturbridge/realty/archive"
	"konturbridge/realty/extract"
)

// The bounds of what is put into a card.
const (
	maxFile     = 512 << 20 // of one file of the service, in bytes; its client takes no more either
	maxInCard   = 16 << 20  // of one file in a field or a comment; larger ones go to the portal's drive
	maxUnpacked = 40        // files of an archive that are shown one by one
)

// parcel is files of a docflow on their way into the card. They lie on disk and are streamed from there:
// memory does not grow with their size.
type parcel struct {
	limit  int64 // longer files are cut off and left out, when it is set
	small  []*bitrix.Upload
	large  []*bitrix.Upload
	closer []io.Closer
	left   []string // names of files that were left out
	said   *extract.Extract
}

// fetch reads files of the effect's docflow from the service. With a limit, longer files are left out.
// The caller closes the parcel.
func (r *run) fetch(e Effect, files []FileItem, limit int64) (*parcel, error) {
	p := &parcel{limit: limit}
	if len(files) == 0 {
		return p, nil
	}
	rec, err := r.Store.Docflow(r.ctx, e.Docflow)
	if err != nil {
		return p, err
	}
	get, err := r.source(rec)
	if err != nil {
		return p, err
	}
	for _, f := range files {
		if err := p.take(f, get); err != nil {
			return p, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// reader writes a file of a record's service to w.
type reader func(f FileItem, w io.Writer) error

// source gives what reads the files of a record: of Реестро by their ids, of Диадок by what they are of which entity.
func (r *run) source(rec docflow.Record) (reader, error) {
	if rec.System == docflow.Diadoc {
		return r.diadocFiles(rec)
	}
	client, err := r.Realty(r.ctx, rec)
	return func(f FileItem, w io.Writer) error {
		_, err := client.CopyFile(r.ctx, realty.DocflowID(rec.ExternalID), realty.FileID(f.ID), w)
		return err
	}, err
}

// Close drops the files.
func (p *parcel) Close() error {
	var errs []error
	for _, c := range p.closer {
		errs = append(errs, c.Close())
	}
	p.closer = nil
	return errors.Join(errs...)
}

// take adds a file with its signatures and, of an archive, what is inside.
func (p *parcel) take(f FileItem, get reader) error {
	file, err := p.spool(f, get)
	if errors.Is(err, upstream.ErrAnswerTooLarge) && p.limit > 0 {
		p.left = append(p.left, f.Name)
		return nil
	}
	if err != nil {
		return err
	}
	name := withExtension(f.Name, file.Head())
	p.add(name, file.Size(), file.Open)
	for i, id := range f.Signatures {
		signature, err := p.spool(FileItem{ID: id, Source: f.Source.signature()}, get)
		if err != nil {
			return err
		}
		p.add(signatureName(name, i), signature.Size(), signature.Open)
	}
	switch {
	case f.Source != "": // what stands in Реестро's files is looked at, no others
	case path.Ext(name) == ".zip" && file.Size() <= maxInCard:
		return p.unpack(file)
	case path.Ext(name) == ".xml":
		return p.read(file.Open)
	}
	return nil
}

func signatureName(name string, i int) string {
	if i == 0 {
		return name + ".sig"
	}
	return fmt.Sprintf("%s.%d.sig", name, i+1)
}

func (p *parcel) add(name string, size int64, open func() (io.ReadCloser, error)) {
	upload := &bitrix.Upload{Name: name, Size: size, Open: open}
	if size > maxInCard {
		p.large = append(p.large, upload)
	} else {
		p.small = append(p.small, upload)
	}
}

// spool writes a file of the service to disk.
func (p *parcel) spool(f FileItem, get reader) (*spool.File, error) {
	limit := int64(maxFile)
	if p.limit > 0 {
		limit = p.limit
	}
	file, err := spool.New(limit)
	if err != nil {
		return nil, err
	}
	p.closer = append(p.closer, file)
	return file, get(f, file)
}

// unpack adds the files of an archive under names for people. An archive that can't be read is delivered
// as it is.
func (p *parcel) unpack(file *spool.File) error {
	opened, err := archive.Open(file, file.Size(), archive.Limits{Bytes: maxFile, Files: 1000})
	if errors.Is(err, archive.ErrNotZip) || errors.Is(err, archive.ErrTooLarge) {
		return nil
	}
	if err != nil {
		return err
	}
	p.closer = append([]io.Closer{opened}, p.closer...) // before the file that it reads
	for i, inside := range opened.Files {
		if i >= maxUnpacked {
			p.left = append(p.left, fmt.Sprintf("ещё %d в архиве", len(opened.Files)-i))
			break
		}
		p.add(inside.Name, inside.Size, inside.Open)
		for _, signature := range inside.Signatures {
			p.add(signature.Name, signature.Size, signature.Open)
		}
		if strings.EqualFold(path.Ext(inside.Name), ".xml") {
			if err := p.read(inside.Open); err != nil {
				return err
			}
		}
	}
	return nil
}

// read looks for an extract in an XML file. One that is none, or is broken, is delivered all the same.
func (p *parcel) read(open func() (io.ReadCloser, error)) error {
	if p.said != nil {
		return nil
	}
	file, err := open()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if said, ok, err := extract.Read(file); err == nil && ok {
		p.said = &said
	}
	return nil
}

// withExtension names a file by its first bytes where the service does not say what it is.
func withExtension(name string, data []byte) string {
	if path.Ext(name) != "" {
		return name
	}
	switch {
	case bytes.HasPrefix(data, []byte("%PDF")):
		return name + ".pdf"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return name + ".zip"
	case bytes.HasPrefix(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), []byte("<")):
		return name + ".xml"
	default:
		return name + ".bin"
	}
}
