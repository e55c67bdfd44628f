package diadoc

// DocumentProtocol is the protocol of a document's way, as of now: a PDF and the operator's signature
// of it (Documents/DocumentProtocol.proto).
type DocumentProtocol struct {
	PrintForm []byte `json:"PrintForm"`
	Signature []byte `json:"Signature"`
	Extra     Extra  `json:"-"`
}

// DocumentZipGenerationResult names the archive on the shelf; the name is empty until it is ready
// (Documents/DocumentZip.proto).
type DocumentZipGenerationResult struct {
	ZipFileNameOnShelf ShelfName `json:"ZipFileNameOnShelf,omitempty"`
	Extra              Extra     `json:"-"`
}
