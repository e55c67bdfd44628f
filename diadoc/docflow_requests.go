package diadoc

// GetDocflowBatchRequest is the body of [Client.GetDocflows] (Docflow/DocflowApi.proto).
type GetDocflowBatchRequest struct {
	Requests []GetDocflowRequest `json:"Requests,omitempty"`
}

// GetDocflowRequest asks for one docflow (Docflow/DocflowApi.proto).
type GetDocflowRequest struct {
	DocumentID          DocumentID `json:"DocumentId"`
	LastEventID         EventID    `json:"LastEventId,omitempty"`
	InjectEntityContent bool       `json:"InjectEntityContent,omitempty"`
}

// GetDocflowEventsRequest is the body of [Client.GetDocflowEvents]. With PopulateDocuments every event
// brings the state of its document (Docflow/DocflowApi.proto).
type GetDocflowEventsRequest struct {
	Filter                         TimeBasedFilter     `json:"Filter"`
	AfterIndexKey                  []byte              `json:"AfterIndexKey,omitempty"`
	PopulateDocuments              bool                `json:"PopulateDocuments,omitempty"`
	InjectEntityContent            bool                `json:"InjectEntityContent,omitempty"`
	PopulatePreviousDocumentStates bool                `json:"PopulatePreviousDocumentStates,omitempty"`
	MessageTypes                   []MessageType       `json:"MessageTypes,omitempty"`
	DocumentDirections             []DocumentDirection `json:"DocumentDirections,omitempty"`
	DepartmentID                   DepartmentID        `json:"DepartmentId,omitempty"`
	TypeNamedIDs                   []string            `json:"TypeNamedIds,omitempty"`
	CounteragentBoxID              BoxID               `json:"CounteragentBoxId,omitempty"`
	Limit                          int                 `json:"Limit,omitempty"`
	Extra                          Extra               `json:"-"`
}

// TimeBasedFilter bounds and orders events by time, inclusive at both ends (TimeBasedFilter.proto).
type TimeBasedFilter struct {
	FromTimestamp Timestamp     `json:"FromTimestamp,omitzero"`
	ToTimestamp   Timestamp     `json:"ToTimestamp,omitzero"`
	SortDirection SortDirection `json:"SortDirection,omitempty"`
}

// SearchDocflowsRequest is the body of [Client.SearchDocflows] (Docflow/DocflowApi.proto).
type SearchDocflowsRequest struct {
	QueryString         string      `json:"QueryString"`
	Count               int         `json:"Count,omitempty"`
	FirstIndex          int         `json:"FirstIndex,omitempty"`
	Scope               SearchScope `json:"Scope,omitempty"`
	InjectEntityContent bool        `json:"InjectEntityContent,omitempty"`
}

// GetDocflowsByPacketIDRequest is the body of [Client.GetDocflowsByPacketId]
// (Docflow/DocflowApi.proto).
type GetDocflowsByPacketIDRequest struct {
	PacketID            string `json:"PacketId"`
	Count               int    `json:"Count,omitempty"`
	InjectEntityContent bool   `json:"InjectEntityContent,omitempty"`
	AfterIndexKey       []byte `json:"AfterIndexKey,omitempty"`
}
