package realtysim

import (
	"errors"
	"strings"

	"konturbridge/sandbox/cmssim"
)

// ErrNoStatement is returned for a statement or a person that the docflow does not have.
var ErrNoStatement = errors.New("realtysim: no such statement or person")

// SignatureOf makes the detached signature that a person's signing program would make of a statement.
func (s *Server) SignatureOf(id, fileID, person string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docflows[strings.ToLower(id)]
	if d == nil {
		return nil, ErrNoStatement
	}
	st := d.statement(fileID)
	if st == nil {
		return nil, ErrNoStatement
	}
	for _, p := range d.people {
		if p.name == person {
			return signFile(p, st.data)
		}
	}
	return nil, ErrNoStatement
}

func signFile(p person, file []byte) ([]byte, error) {
	return cmssim.Sign(cmssim.Person{Name: p.name, SNILS: p.snils}, file)
}

// signerOf reads whose signature it is and whether it is over the file.
func signerOf(signature, file []byte) (name string, good bool) {
	read, err := cmssim.Read(signature)
	if err != nil {
		return "", false
	}
	return read.Name(), read.Over(file)
}
