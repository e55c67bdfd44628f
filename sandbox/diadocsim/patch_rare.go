package diadocsim

import "regexp"

// The parts of a patch that few documents take.

type signatureVerification struct {
	InitialDocumentId string `dia:"req"`
	IsValid           *bool  `dia:"req"`
	ErrorMessage      string
	Labels            []string
}

// editingPatch changes the content of an unsent document.
type editingPatch struct {
	ParentEntityId string           `dia:"req"`
	Content        *unsignedContent `dia:"req"`
	Labels         []string
}

// verify is the recipient's check of a signature that the service can't check: of an encrypted document.
func (p *patching) verify(part *signatureVerification) error {
	_, d, err := p.parent(part.InitialDocumentId)
	if err != nil {
		return err
	}
	if !d.encrypted || p.box == p.m.from {
		return conflict("Signatures of document %s are checked by the service", d.e.id)
	}
	p.put(&entity{kind: "SignatureVerificationReport", parent: d.e.id, content: []byte(part.ErrorMessage), hasContent: part.ErrorMessage != "", labels: part.Labels})
	p.change(d, "", func() { d.senderSignature = pick(*part.IsValid, senderValid, senderInvalid) })
	return nil
}

// edit needs an editing setting, which the document was posted with.
func (p *patching) edit(part *editingPatch) error {
	if err := p.need(createDocuments); err != nil {
		return err
	}
	e, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	if e != d.e || d.editing == "" || p.m.sentOn || p.box != p.m.from {
		return conflict("Document %s can't be edited", d.e.id)
	}
	file, err := p.unsigned("EditingPatches", part.Content)
	if err != nil {
		return err
	}
	metadata := d.metadata
	if d.version.formal {
		if metadata, err = readMetadata(d.version, nil, file, d.encrypted); err != nil {
			return err
		}
	}
	p.keepIn(&entity{kind: "Edition", parent: d.e.id, labels: part.Labels})
	p.marks = append(p.marks, mark{d, object{"ContentIsPatched": true}})
	p.change(d, "", func() { d.e.content, d.metadata = file, metadata })
	return nil
}

func (p *patching) rareParts(body *patchBody) error {
	for i := range body.ResolutionRouteAssignments {
		if err := p.assignRoute(&body.ResolutionRouteAssignments[i]); err != nil {
			return err
		}
	}
	for i := range body.ResolutionRouteRemovals {
		if err := p.removeRoute(&body.ResolutionRouteRemovals[i]); err != nil {
			return err
		}
	}
	for i := range body.SignatureVerifications {
		if err := p.verify(&body.SignatureVerifications[i]); err != nil {
			return err
		}
	}
	for i := range body.EditingPatches {
		if err := p.edit(&body.EditingPatches[i]); err != nil {
			return err
		}
	}
	if len(body.TtGisFixationCancellationRequests) > 0 {
		return conflict("The message has no transport documents")
	}
	return nil
}

// The limits of labels. One that begins with _ is the service's own, such as _impersonal.
const (
	maxLabels = 30
	maxLabel  = 20
)

var labelText = regexp.MustCompile(`^_?[A-Za-z0-9-]+$`)

func (p *patching) checkLabels() error {
	for _, list := range [][]*entity{p.added, p.private} {
		for _, e := range list {
			if len(e.labels) > maxLabels {
				return bad("An entity may have no more than %d labels", maxLabels)
			}
			for _, label := range e.labels {
				if len(label) > maxLabel || !labelText.MatchString(label) {
					return bad("Label %q must have from 1 to %d Latin letters, digits and hyphens", label, maxLabel)
				}
			}
		}
	}
	return nil
}
