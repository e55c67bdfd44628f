package diadocsim

// patchedContent is what PrepareDocumentsToSign made of a document.
type patchedContent struct {
	box     *box
	content []byte
}
