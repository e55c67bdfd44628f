package diadoc

import (
	"context"
	"iter"
)

// ForwardDocument shows a document to a third box. The service is going to end the four methods of
// forwarding; what takes their place is not known.
//
// Errors: [ErrNotFound], [ErrConflict].
func (c *Client) ForwardDocument(ctx context.Context, box BoxID, request ForwardDocumentRequest) (ForwardDocumentResponse, error) {
	return ask[ForwardDocumentResponse](ctx, c, "ForwardDocument", query{"boxId": string(box)}, request)
}

// GetForwardedDocuments reads documents that were shown to the box. request is a
// GetForwardedDocumentsRequest, the answer a GetForwardedDocumentsResponse.
func (c *Client) GetForwardedDocuments(ctx context.Context, box BoxID, request Raw) (Raw, error) {
	return ask[Raw](ctx, c, "GetForwardedDocuments", query{"boxId": string(box)}, request)
}

// GetForwardedDocumentEvents reads one page of the feed of shown documents; the answer is a
// GetForwardedDocumentEventsResponse. See [Client.ForwardedDocumentEvents].
func (c *Client) GetForwardedDocumentEvents(ctx context.Context, box BoxID, request GetForwardedDocumentEventsRequest) (Raw, error) {
	return ask[Raw](ctx, c, "GetForwardedDocumentEvents", query{"boxId": string(box)}, request)
}

// ForwardedDocumentEvents reads the feed of shown documents from request.AfterIndexKey on. The fields of its
// events are not documented but for the IndexKey (bytes): the only list of a page is taken, and pages are
// read until one is empty.
func (c *Client) ForwardedDocumentEvents(ctx context.Context, box BoxID, request GetForwardedDocumentEventsRequest) iter.Seq2[Raw, error] {
	return keyed("GetForwardedDocumentEvents", string(request.AfterIndexKey), func(after string) ([]Raw, string, bool, error) {
		request.AfterIndexKey = []byte(after)
		page, err := ask[rawList](ctx, c, "GetForwardedDocumentEvents", query{"boxId": string(box)}, request)
		next, more := following(page.items, 1, rawBytesKey)
		return page.items, next, more, err
	})
}

func rawBytesKey(item Raw) string {
	var key struct{ IndexKey []byte }
	if err := item.Decode(&key); err != nil {
		return ""
	}
	return string(key.IndexKey)
}

// GetForwardedEntityContent opens the content of an entity of a shown document.
//
// Errors: [ErrNotFound].
func (c *Client) GetForwardedEntityContent(ctx context.Context, box BoxID, forwarded ForwardedDocumentID, entity EntityID) (*Download, error) {
	q := forwardedQuery(box, forwarded)
	q["entityId"] = string(entity)
	return c.download(ctx, "GetForwardedEntityContent", q)
}

func forwardedQuery(box BoxID, forwarded ForwardedDocumentID) query {
	q := query{"boxId": string(box), "fromBoxId": string(forwarded.FromBoxID), "forwardEventId": string(forwarded.ForwardEventID)}
	if forwarded.DocumentID != nil {
		q["messageId"], q["documentId"] = string(forwarded.DocumentID.MessageID), string(forwarded.DocumentID.EntityID)
	}
	return q
}
