package action

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"konturbridge/app/inbox"
)

// handedFile is a small file that a person handed over in a page, instead of one of the portal's.
type handedFile struct {
	name string
	data []byte
}

// Head is how the file begins.
func (f handedFile) Head() []byte { return f.data }

// Size is how many bytes it has.
func (f handedFile) Size() int64 { return int64(len(f.data)) }

// Reader reads it from the beginning.
func (f handedFile) Reader() *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(f.data), 0, int64(len(f.data)))
}

// handed opens the files that came with a page's form for a parameter; robots and webhooks bring none.
func (r *runner) handed(c *call, param string) ([]handedFile, error) {
	var all []handedFile
	for _, f := range c.Files {
		if f.Param != param {
			continue
		}
		if r.Sealer == nil {
			return nil, errors.New("there is nothing to open handed files with")
		}
		data, err := r.Sealer.Open(f.Sealed, inbox.FileBind(string(c.portal)))
		if err != nil {
			return nil, fmt.Errorf("open the file of %s: %w", param, err)
		}
		if len(data) == 0 {
			return nil, invalid([]string{fmt.Sprintf("%s: файл «%s» пустой. Приложите его заново", param, f.Name)})
		}
		all = append(all, handedFile{f.Name, data})
	}
	return all, nil
}
