package action

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"konturbridge/internal/spool"
	"konturbridge/realty/cms"
)

// cardSignaturesOf reads detached signatures of a parameter: files of the card, and those that came with a page's
// form. None: an empty list.
func (r *runner) cardSignaturesOf(ctx context.Context, c *call, param string) ([]signature, error) {
	var all []signature
	handed, err := r.handed(c, param)
	if err != nil {
		return nil, err
	}
	for _, f := range handed {
		s, err := diadocSignature(param, f.name, f.data)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	values := c.Properties.All(param)
	if len(values) == 0 {
		return all, nil
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return nil, err
	}
	refs, err := r.filesOf(ctx, b24, c.Card, param, values)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		file, err := fetch(ctx, b24, ref, param)
		if err != nil {
			return nil, err
		}
		s, err := readDiadocSignature(param, file, orID(file.name, ref.ID.String()))
		_ = file.Close() // it was read
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func readDiadocSignature(param string, file *cardFile, name string) (signature, error) {
	if file.Size() > maxSignature {
		return signature{}, notDetached(param, name)
	}
	data, err := io.ReadAll(file.Reader())
	if err != nil {
		return signature{}, err
	}
	return diadocSignature(param, name, data)
}

// diadocSignature refuses what is no detached signature, and brings it to DER, which alone the service takes.
func diadocSignature(param, name string, data []byte) (signature, error) {
	signed, err := cms.Parse(data)
	if err != nil || !signed.Detached() {
		return signature{}, notDetached(param, name)
	}
	return signature{name: name, data: data, der: derOf(data), signed: signed}, nil
}

func notDetached(param, name string) error {
	return invalid([]string{fmt.Sprintf("%s: «%s» не файл откреплённой подписи. Подпишите документ, выбрав отдельный файл подписи, и приложите этот файл (обычно .sig)", param, name)})
}

// derOf takes PEM and base64 off a signature that was read already.
func derOf(data []byte) []byte {
	if len(data) > 0 && data[0] == 0x30 {
		return data
	}
	var text strings.Builder
	for line := range bytes.Lines(data) {
		if !bytes.HasPrefix(line, []byte("-----")) {
			text.Write(bytes.TrimSpace(line))
		}
	}
	der, err := base64.StdEncoding.DecodeString(text.String())
	if err != nil {
		return data // cms reads more than is known here; the service will say what it thinks of it
	}
	return der
}

// overFile finds a signature that is over a file; -1: none is.
func overFile(signatures []signature, taken []bool, file *spool.File) (int, error) {
	for i, s := range signatures {
		if taken[i] {
			continue
		}
		results, err := s.signed.Check(file.Reader())
		if err != nil {
			return -1, err
		}
		for _, result := range results {
			if result.Verdict == cms.Matches {
				return i, nil
			}
		}
	}
	return -1, nil
}

// silent reports whether a signature does not tell what it is over.
func silent(s signature) bool {
	results, err := s.signed.Check(strings.NewReader(""))
	if err != nil {
		return false
	}
	for _, result := range results {
		if result.Verdict != cms.Unknown {
			return false
		}
	}
	return true
}
