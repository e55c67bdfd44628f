package diadoc

// ForwardDocumentRequest is the body of [Client.ForwardDocument] (Forwarding/ForwardingApi.proto).
type ForwardDocumentRequest struct {
	ToBoxID    BoxID      `json:"ToBoxId"`
	DocumentID DocumentID `json:"DocumentId"`
}

// ForwardDocumentResponse is the answer of [Client.ForwardDocument] (Forwarding/ForwardingApi.proto).
type ForwardDocumentResponse struct {
	ForwardTimestamp    Timestamp            `json:"ForwardTimestamp,omitzero"`
	ForwardedDocumentID *ForwardedDocumentID `json:"ForwardedDocumentId,omitempty"`
	Extra               Extra                `json:"-"`
}

// ForwardedDocumentID names a document that was shown to a third box
// (Forwarding/ForwardedDocument.proto).
type ForwardedDocumentID struct {
	FromBoxID      BoxID       `json:"FromBoxId,omitempty"`
	DocumentID     *DocumentID `json:"DocumentId,omitempty"`
	ForwardEventID EventID     `json:"ForwardEventId,omitempty"`
	Extra          Extra       `json:"-"`
}

// GetForwardedDocumentEventsRequest is the body of [Client.GetForwardedDocumentEvents]
// (Forwarding/ForwardingApi.proto).
type GetForwardedDocumentEventsRequest struct {
	Filter                     TimeBasedFilter `json:"Filter"`
	AfterIndexKey              []byte          `json:"AfterIndexKey,omitempty"`
	PopulateForwardedDocuments bool            `json:"PopulateForwardedDocuments,omitempty"`
	InjectEntityContent        bool            `json:"InjectEntityContent,omitempty"`
}

// DocumentsMove is the body of [Client.MoveDocuments] (DocumentsMoveOperation on the wire);
// Documents/DocumentsMoveOperation.proto.
type DocumentsMove struct {
	BoxID          BoxID        `json:"BoxId"`
	ToDepartmentID DepartmentID `json:"ToDepartmentId,omitempty"`
	DocumentIDs    []DocumentID `json:"DocumentIds,omitempty"`
}
