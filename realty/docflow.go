package realty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Ids that the service gives out: hyphenated GUIDs, to be compared without regard to case.
type (
	// DocflowID names a docflow.
	DocflowID string
	// FileID names a file of a docflow, or a signature of such a file.
	FileID string
	// ContentID names content uploaded by [Client.UploadContent].
	ContentID string
)

// Docflow is one filing as the service describes it. What it carries is independent of its state: a
// suspended one may want signatures or a payment, or bring files, or several of these, or nothing.
//
// Doc: Kontur.Reestro API docs, page "Docflow".
type Docflow struct {
	ID        DocflowID
	Kind      Kind   // "" when RawKind is a type that this client does not know
	RawKind   string // as the service wrote it
	State     State
	RawState  string // as the service wrote it; "" when it wrote none
	UserID    string // who started it; in news and in Get only
	RequestID string // the caller's own id, when one was sent

	Options      json.RawMessage // as created; in Get only
	Requirements Requirements
	Fault        *Fault // why processing failed; nil when the service names none
	Result       *Result
	Raw          json.RawMessage // the whole docflow as it came
}

// Requirements are what somebody must do before a suspended docflow goes on.
//
// Doc: Kontur.Reestro API docs, page "Requirements".
type Requirements struct {
	Signature []SignatureRequirement
	Payment   []PaymentRequirement
}

// IsZero reports whether nothing is wanted.
func (r Requirements) IsZero() bool { return len(r.Signature) == 0 && len(r.Payment) == 0 }

// SignatureRequirement is a person and the files that this person must sign. A file wanted from several
// persons appears under each of them. Nothing says that a satisfied requirement disappears.
type SignatureRequirement struct {
	Person Person // find the signer by PersonID, then SNILS digits, then identity document
	Files  []File
}

// PaymentRequirement is one charge of state duty. No call reports the payment: the registry learns of
// it by itself within a day.
type PaymentRequirement struct {
	UIN      string  // УИН, digits with leading zeros
	Sum      Kopecks // meaningful when SumKnown
	SumKnown bool    // whether RawSum could be read as an amount
	RawSum   string  // as the service wrote it
}

// Result is what a completed docflow brought, or a suspension by Rosreestr.
type Result struct {
	Files []File
}

// File is a file of a docflow: a statement to sign or a result.
//
// Doc: Kontur.Reestro API docs, pages "File" and "FilePointer".
type File struct {
	ID         FileID
	Type       string // "statement", "outdoc", "egrn:extract_info:xml"; open-ended, see Format
	Link       string // information only, never an address to follow
	Signatures []FileSignature
}

// FileSignature is a detached signature of a result file; [Client.File] fetches it by its id.
type FileSignature struct {
	ID   FileID
	Link string
}

// ParseDocflow reads a docflow, bare or wrapped into a news item as the page of Get describes it. A
// missing or null part is absent, scalars may be strings or numbers.
func ParseDocflow(raw []byte) (Docflow, error) {
	var wrapper struct{ Docflow json.RawMessage }
	if err := json.Unmarshal(raw, &wrapper); err != nil {
		return Docflow{}, fmt.Errorf("realty: docflow: %w", err)
	}
	if inner := bytes.TrimSpace(wrapper.Docflow); len(inner) > 0 && inner[0] == '{' {
		raw = inner
	}
	var wire wireDocflow
	if err := json.Unmarshal(raw, &wire); err != nil {
		return Docflow{}, fmt.Errorf("realty: docflow: %w", err)
	}
	if wire.DocflowID == "" {
		return Docflow{}, errors.New("realty: docflow: no docflowId")
	}
	return wire.docflow(raw), nil
}

type wireDocflow struct {
	DocflowID    text
	DocflowType  text
	Type         text // the create page's name of docflowType
	State        text
	UserID       text
	RequestID    text
	Options      json.RawMessage
	Requirements *struct {
		Signature oneOrMany[wireSignature]
		Payment   oneOrMany[wirePayment]
	}
	Error  *Fault
	Result *wireResult
}

func (w *wireDocflow) docflow(raw []byte) Docflow {
	d := Docflow{ID: DocflowID(w.DocflowID), RawKind: string(w.DocflowType),
		State: ParseState(string(w.State)), RawState: string(w.State), UserID: string(w.UserID),
		RequestID: string(w.RequestID), Options: absentIfNull(w.Options), Raw: bytes.Clone(raw)}
	d.Kind, _ = ParseKind(d.RawKind)
	if d.RawKind == "" { // "type" counts only when it is a docflow type: it could mean anything
		if kind, ok := ParseKind(string(w.Type)); ok {
			d.Kind, d.RawKind = kind, string(w.Type)
		}
	}
	if w.Requirements != nil {
		for _, one := range w.Requirements.Signature {
			d.Requirements.Signature = append(d.Requirements.Signature, one.requirement())
		}
		for _, one := range w.Requirements.Payment {
			d.Requirements.Payment = append(d.Requirements.Payment, one.requirement())
		}
	}
	if w.Error != nil && !w.Error.IsZero() {
		d.Fault = w.Error
	}
	if w.Result != nil {
		d.Result = &Result{Files: files(w.Result.Files)}
	}
	return d
}

type wireSignature struct {
	Person json.RawMessage
	Files  oneOrMany[wireFile] // older revisions: a single object
}

func (w wireSignature) requirement() SignatureRequirement {
	person, _ := parsePerson(w.Person) // a person in a strange form must not hide the files to sign
	return SignatureRequirement{Person: person, Files: files(w.Files)}
}

type wirePayment struct {
	UIN  text
	Summ text // so spelled in the docs
	Sum  text
}

func (w wirePayment) requirement() PaymentRequirement {
	p := PaymentRequirement{UIN: string(w.UIN), RawSum: string(w.Summ)}
	if p.RawSum == "" {
		p.RawSum = string(w.Sum)
	}
	sum, err := ParseRubles(p.RawSum)
	p.Sum, p.SumKnown = sum, err == nil
	return p
}

// wireResult is {"files": [...]}, or the bare array that the field list names.
type wireResult struct{ Files oneOrMany[wireFile] }

func (w *wireResult) UnmarshalJSON(raw []byte) error {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '[' {
		return json.Unmarshal(raw, &w.Files)
	}
	var object struct{ Files oneOrMany[wireFile] }
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	w.Files = object.Files
	return nil
}

type wireFile struct {
	ID          text
	Type        text
	ContentLink text
	Signatures  oneOrMany[wireFile]
}

func files(wire []wireFile) []File {
	list := make([]File, 0, len(wire))
	for _, w := range wire {
		file := File{ID: FileID(w.ID), Type: string(w.Type), Link: string(w.ContentLink)}
		for _, s := range w.Signatures {
			file.Signatures = append(file.Signatures, FileSignature{ID: FileID(s.ID), Link: string(s.ContentLink)})
		}
		list = append(list, file)
	}
	return list
}
