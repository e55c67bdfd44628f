package diadoc

import (
	"context"
	"iter"
	"strconv"
	"strings"
)

// GetDocument reads a document as it is now, with its content unless withContent is false.
//
// Errors: [ErrNotFound].
func (c *Client) GetDocument(ctx context.Context, box BoxID, document DocumentID, withContent bool) (Document, error) {
	q := entityQuery(box, document)
	q["injectEntityContent"] = strconv.FormatBool(withContent)
	return ask[Document](ctx, c, "GetDocument", q, nil)
}

// Category writes a filter of [Client.GetDocuments]: a type ("" for any), the side, and a status word such as
// "NotRevoked" or "WaitingForRecipientSignature" ("" for any), as in "Any.InboundNotRevoked".
func Category(typeNamedID string, side DocumentSide, status string) string {
	if typeNamedID == "" {
		typeNamedID = "Any"
	}
	return typeNamedID + "." + string(side) + status
}

// DocumentSide is the part of a [Category] that says whose document it is.
type DocumentSide string

// Values of [DocumentSide].
const (
	SideInbound  DocumentSide = "Inbound"
	SideOutbound DocumentSide = "Outbound"
	SideInternal DocumentSide = "Internal"
	SideProxy    DocumentSide = "Proxy"
)

// DocumentQuery chooses documents. Filters by time, by document date and by number exclude each other, and
// each gives index keys of its own.
type DocumentQuery struct {
	Category              string // see [Category]; required
	CounteragentBoxID     BoxID
	FromDepartmentID      DepartmentID
	ToDepartmentID        DepartmentID
	DocumentNumber        string
	From, To              Ticks  // of sending or delivery, inclusive
	FromDate, ToDate      string // of the document, see [DateLayout]
	DepartmentID          DepartmentID
	ExcludeSubdepartments bool
	AfterIndexKey         IndexKey
	SortDirection         SortDirection
	Count                 int // 1 to 100; zero: the service's default, a hundred
}

func (q DocumentQuery) query(box BoxID) (query, error) {
	r := rules{operation: "GetDocuments"}
	byTime, byDate := q.From != 0 || q.To != 0, q.FromDate != "" || q.ToDate != ""
	r.want(q.DocumentNumber == "" || !byTime, "documentNumber", Text{"нельзя задать вместе с границами времени", "excludes timestamps"})
	r.want(!byTime || !byDate, "timestampFromTicks", Text{"нельзя задать вместе с датами документа", "excludes document dates"})
	r.page("count", q.Count)
	return query{
		"boxId": string(box), "filterCategory": q.Category, "counteragentBoxId": string(q.CounteragentBoxID),
		"fromDepartmentId": string(q.FromDepartmentID), "toDepartmentId": string(q.ToDepartmentID),
		"documentNumber": q.DocumentNumber, "timestampFromTicks": ticks(q.From), "timestampToTicks": ticks(q.To),
		"fromDocumentDate": q.FromDate, "toDocumentDate": q.ToDate, "departmentId": string(q.DepartmentID),
		"excludeSubdepartments": yes(q.ExcludeSubdepartments), "afterIndexKey": string(q.AfterIndexKey),
		"sortDirection": string(q.SortDirection), "count": number(q.Count),
	}, r.err
}

// GetDocuments reads one page of documents without content; see [Client.Documents]. It is no feed: a document
// that changes does not move in it.
func (c *Client) GetDocuments(ctx context.Context, box BoxID, q DocumentQuery) (DocumentList, error) {
	parameters, err := q.query(box)
	if err != nil {
		return DocumentList{}, err
	}
	return ask[DocumentList](ctx, c, "GetDocuments", parameters, nil)
}

// Documents lists documents from q.AfterIndexKey on.
func (c *Client) Documents(ctx context.Context, box BoxID, q DocumentQuery) iter.Seq2[Document, error] {
	if q.Count == 0 {
		q.Count = MaxPage
	}
	return keyed("GetDocuments", q.AfterIndexKey, func(after IndexKey) ([]Document, IndexKey, bool, error) {
		q.AfterIndexKey = after
		page, err := c.GetDocuments(ctx, box, q)
		next, more := following(page.Documents, q.Count, documentKey)
		return page.Documents, next, more, err
	})
}

func documentKey(d Document) IndexKey { return d.IndexKey }

// GetDocumentsV4 reads one page of documents by lists of filters; see [Client.FilteredDocuments].
func (c *Client) GetDocumentsV4(ctx context.Context, box BoxID, request GetDocumentsV4Request) (DocumentList, error) {
	return ask[DocumentList](ctx, c, "GetDocumentsV4", query{"boxId": string(box)}, request)
}

// FilteredDocuments lists documents by lists of filters, from request.AfterIndexKey on. It goes on while the
// service says that there are more.
func (c *Client) FilteredDocuments(ctx context.Context, box BoxID, request GetDocumentsV4Request) iter.Seq2[Document, error] {
	return keyed("GetDocumentsV4", request.AfterIndexKey, func(after IndexKey) ([]Document, IndexKey, bool, error) {
		request.AfterIndexKey = after
		page, err := c.GetDocumentsV4(ctx, box, request)
		next, more := following(page.Documents, 1, documentKey)
		return page.Documents, next, more && page.HasMoreResults, err
	})
}

// GetDocumentsByMessageId lists the documents of a message.
func (c *Client) GetDocumentsByMessageId(ctx context.Context, box BoxID, message MessageID) (DocumentList, error) {
	return ask[DocumentList](ctx, c, "GetDocumentsByMessageId", query{"boxId": string(box), "messageId": string(message)}, nil)
}

// GetDocumentsByCustomId lists the documents that were sent with a CustomDocumentID: the way to learn whether
// a send of long ago came through.
func (c *Client) GetDocumentsByCustomId(ctx context.Context, box BoxID, customDocumentID string) (DocumentList, error) {
	return ask[DocumentList](ctx, c, "GetDocumentsByCustomId",
		query{"boxId": string(box), "customDocumentId": customDocumentID}, nil)
}

// Property finds a property of the document by its key, such as "FileName".
func (d Document) Property(key string) (value string, ok bool) {
	for _, item := range d.Metadata {
		if item.Key == key {
			return item.Value, true
		}
	}
	return "", false
}

// Tag finds a tag of the document; keys are compared without case.
func (d Document) Tag(key string) (value string, ok bool) {
	for _, item := range d.CustomData {
		if strings.EqualFold(item.Key, key) {
			return item.Value, true
		}
	}
	return "", false
}

// ID names the document.
func (d Document) ID() DocumentID { return DocumentID{d.MessageID, d.EntityID} }

// DetectCustomPrintForms tells which of at most a hundred documents have a print form of their own. request
// is a CustomPrintFormDetectionRequest, the answer a CustomPrintFormDetectionResult.
// Document.HasCustomPrintForm is always false.
func (c *Client) DetectCustomPrintForms(ctx context.Context, box BoxID, request Raw) (Raw, error) {
	return ask[Raw](ctx, c, "DetectCustomPrintForms", query{"boxId": string(box)}, request)
}

// GetResolutionRoutes lists the routes that decisions can take; the answer is a ResolutionRouteList.
func (c *Client) GetResolutionRoutes(ctx context.Context, box BoxID) (Raw, error) {
	return ask[Raw](ctx, c, "GetResolutionRoutes", query{"boxId": string(box)}, nil)
}

// GetResolutionRoutesForOrganization lists routes by organisation.
//
// Deprecated: use [Client.GetResolutionRoutes].
func (c *Client) GetResolutionRoutesForOrganization(ctx context.Context, org OrgID) (Raw, error) {
	return ask[Raw](ctx, c, "GetResolutionRoutesForOrganization", query{"orgId": string(org)}, nil)
}
