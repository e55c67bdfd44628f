package diadoc

import (
	"context"
	"iter"
)

// GetDocflows reads the docflows of at most a hundred documents, for users who see all documents.
//
// Errors: [ErrNotFound].
func (c *Client) GetDocflows(ctx context.Context, box BoxID, request GetDocflowBatchRequest) (GetDocflowBatchResponseV5, error) {
	return ask[GetDocflowBatchResponseV5](ctx, c, "GetDocflows", query{"boxId": string(box)}, request)
}

// GetDocflowBatchResponseV4 is the answer of [Client.GetDocflowsV4].
type GetDocflowBatchResponseV4 struct {
	Documents []DocumentWithDocflowV4 `json:"Documents,omitempty"`
	Extra     Extra                   `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler. The name of the list is not documented for this version.
func (r *GetDocflowBatchResponseV4) UnmarshalJSON(raw []byte) error {
	return readList(raw, "Documents", &r.Documents, &r.Extra)
}

// GetDocflowsV4 reads docflows in their two-sided form.
func (c *Client) GetDocflowsV4(ctx context.Context, box BoxID, request GetDocflowBatchRequest) (GetDocflowBatchResponseV4, error) {
	return ask[GetDocflowBatchResponseV4](ctx, c, "GetDocflowsV4", query{"boxId": string(box)}, request)
}

// GetDocflowBatchResponseV3 is the answer of [Client.GetDocflowsV3].
type GetDocflowBatchResponseV3 struct {
	Documents []DocumentWithDocflowV3 `json:"Documents,omitempty"`
	Extra     Extra                   `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler. The name of the list is not documented for this version.
func (r *GetDocflowBatchResponseV3) UnmarshalJSON(raw []byte) error {
	return readList(raw, "Documents", &r.Documents, &r.Extra)
}

// GetDocflowsV3 reads docflows in their two-sided form without universal messages; it ends after 3 April
// 2027.
//
// Deprecated: use [Client.GetDocflows].
func (c *Client) GetDocflowsV3(ctx context.Context, box BoxID, request GetDocflowBatchRequest) (GetDocflowBatchResponseV3, error) {
	return ask[GetDocflowBatchResponseV3](ctx, c, "GetDocflowsV3", query{"boxId": string(box)}, request)
}

// GetDocflowEvents reads one page of what happened to documents, for users who see all documents; see
// [Client.DocflowEvents]. Its keys are not those of [Client.GetNewEvents].
func (c *Client) GetDocflowEvents(ctx context.Context, box BoxID, request GetDocflowEventsRequest) (GetDocflowEventsResponseV5, error) {
	return ask[GetDocflowEventsResponseV5](ctx, c, "GetDocflowEvents", query{"boxId": string(box)}, request)
}

// DocflowEvents reads the feed from request.AfterIndexKey to its end. Store an event's IndexKey together with
// what the event caused.
func (c *Client) DocflowEvents(ctx context.Context, box BoxID, request GetDocflowEventsRequest) iter.Seq2[DocflowEventV5, error] {
	if request.Limit == 0 {
		request.Limit = MaxPage
	}
	return keyed("GetDocflowEvents", string(request.AfterIndexKey), func(after string) ([]DocflowEventV5, string, bool, error) {
		request.AfterIndexKey = []byte(after)
		page, err := c.GetDocflowEvents(ctx, box, request)
		next, more := following(page.Events, request.Limit, func(e DocflowEventV5) string { return string(e.IndexKey) })
		return page.Events, next, more, err
	})
}

// SearchDocflows reads one page of documents that match a text; see [Client.FoundDocflows].
func (c *Client) SearchDocflows(ctx context.Context, box BoxID, request SearchDocflowsRequest) (SearchDocflowsResponseV5, error) {
	return ask[SearchDocflowsResponseV5](ctx, c, "SearchDocflows", query{"boxId": string(box)}, request)
}

// FoundDocflows lists the documents that match a text, from request.FirstIndex on, each of them once. A short
// or an empty page is not the last one: it goes on while the service says that there are more.
func (c *Client) FoundDocflows(ctx context.Context, box BoxID, request SearchDocflowsRequest) iter.Seq2[DocumentWithDocflowV5, error] {
	if request.Count == 0 {
		request.Count = MaxPage
	}
	return func(yield func(DocumentWithDocflowV5, error) bool) {
		seen := map[DocumentID]bool{}
		for {
			page, err := c.SearchDocflows(ctx, box, request)
			fresh := page.Documents[:0]
			for _, document := range page.Documents {
				if !seen[document.DocumentID] {
					fresh = append(fresh, document)
				}
				seen[document.DocumentID] = true
			}
			request.FirstIndex += len(page.Documents)
			if len(page.Documents) == 0 { // how documents out of reach are counted is not documented
				request.FirstIndex += request.Count
			}
			if !give(fresh, err, yield) || !page.HaveMoreDocuments {
				return
			}
		}
	}
}

// GetDocflowsByPacketId reads one page of a packet's documents; see [Client.PacketDocflows].
func (c *Client) GetDocflowsByPacketId(ctx context.Context, box BoxID, request GetDocflowsByPacketIDRequest) (GetDocflowsByPacketIDResponseV5, error) {
	return ask[GetDocflowsByPacketIDResponseV5](ctx, c, "GetDocflowsByPacketId", query{"boxId": string(box)}, request)
}

// PacketDocflows lists the documents of a packet from request.AfterIndexKey on. An empty page is not the last
// one: it goes on while there is a key of the next page.
func (c *Client) PacketDocflows(ctx context.Context, box BoxID, request GetDocflowsByPacketIDRequest) iter.Seq2[FetchedDocumentV5, error] {
	return keyed("GetDocflowsByPacketId", string(request.AfterIndexKey), func(after string) ([]FetchedDocumentV5, string, bool, error) {
		request.AfterIndexKey = []byte(after)
		page, err := c.GetDocflowsByPacketId(ctx, box, request)
		return page.Documents, string(page.NextPageIndexKey), len(page.NextPageIndexKey) > 0, err
	})
}
