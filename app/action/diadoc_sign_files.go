package action

import (
	"bytes"
	"context"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
)

// signedFor signs a file that the service has made for an act on a letter: a refusal, a request to revoke. With a
// certificate of the cloud its owner is asked once: the first file is kept on the shelf, later runs of the row bring
// another one for nothing.
func (r *runner) signedFor(ctx context.Context, c *call, l letter, content []byte) (diadoc.SignedContent, error) {
	how, err := r.signer(ctx, c, l.office)
	if err != nil {
		return diadoc.SignedContent{}, err
	}
	if how.certificate == "" {
		return r.signedFile(ctx, c, l.office, content)
	}
	s := l.rec.Signing
	if s != nil && s.Operation != string(c.patchID()) && r.Now().Before(s.Until) {
		return diadoc.SignedContent{}, signingElsewhere(*s)
	}
	if s == nil || s.Operation != string(c.patchID()) {
		if s, err = r.beginFile(ctx, c, l, how.certificate, content); err != nil {
			return diadoc.SignedContent{}, err
		}
	}
	for s.Stage != docflow.Signatures {
		if err = r.askOwner(ctx, c, &job{letter: l, certificate: how.certificate}, s); err == nil {
			continue
		}
		if refusal := refusalFor(err); refusal != nil { // nothing was given: the next call begins anew
			if ended := r.Store.Write(ctx, c.row.Lease, docflow.Sign{ID: l.rec.ID}); ended != nil {
				return diadoc.SignedContent{}, ended
			}
			return diadoc.SignedContent{}, refusal
		}
		return diadoc.SignedContent{}, err
	}
	return diadoc.SignedContent{NameOnShelf: diadoc.ShelfName(s.Parts[0].Shelf), Signature: s.Parts[0].Signature, PowerOfAttorney: how.attorney}, nil
}

// beginFile puts the file where it stays until it is signed, and has somebody answer the robot in time.
func (r *runner) beginFile(ctx context.Context, c *call, l letter, certificate string, content []byte) (*docflow.Signing, error) {
	if _, err := r.certificate(ctx, l.office, certificate); err != nil {
		return nil, err
	}
	shelf, err := l.client.UploadToShelf(ctx, bytes.NewReader(content), ".xml")
	if err != nil {
		return nil, err
	}
	s := &docflow.Signing{Operation: string(c.patchID()), Certificate: certificate, Stage: docflow.SigningDue, Until: r.Now().Add(signPatience),
		Parts: []docflow.SignPart{{As: docflow.AsFile, Entity: string(l.entity), Shelf: string(shelf), Name: c.action.Name.RU + ".xml"}}}
	var more []lane.Write
	if w := c.waiter("", docflow.UntilNow); w != nil && !w.AnswerBy.IsZero() {
		more = append(more, docflow.Await{Waiter: *w})
	}
	return s, r.keep(ctx, c, l, s, more...)
}

// patchID is the operation id of the one patch that the row makes.
func (c *call) patchID() diadoc.OperationID { return c.operationID("/patch") }
