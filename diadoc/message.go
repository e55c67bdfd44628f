package diadoc

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Message is a message, a draft or a template: a flat list of entities that form a tree by
// ParentEntityID (Events/DiadocMessage-GetApi.proto).
type Message struct {
	MessageID                          MessageID   `json:"MessageId"`
	TimestampTicks                     Ticks       `json:"TimestampTicks"` // creation, UTC
	LastPatchTimestampTicks            Ticks       `json:"LastPatchTimestampTicks"`
	FromBoxID                          BoxID       `json:"FromBoxId"` // in either form, see [BoxID.Same]
	FromTitle                          string      `json:"FromTitle"`
	ToBoxID                            BoxID       `json:"ToBoxId,omitempty"`
	ToTitle                            string      `json:"ToTitle,omitempty"`
	Entities                           []Entity    `json:"Entities,omitempty"` // flat list, tree by ParentEntityId
	IsDraft                            bool        `json:"IsDraft,omitempty"`
	DraftIsLocked                      bool        `json:"DraftIsLocked,omitempty"`
	DraftIsRecycled                    bool        `json:"DraftIsRecycled,omitempty"`
	CreatedFromDraftID                 MessageID   `json:"CreatedFromDraftId,omitempty"`
	DraftIsTransformedToMessageIDList  []MessageID `json:"DraftIsTransformedToMessageIdList,omitempty"` // on a sent draft
	IsDeleted                          bool        `json:"IsDeleted,omitempty"`
	IsTest                             bool        `json:"IsTest,omitempty"` // one side is a test organisation
	IsInternal                         bool        `json:"IsInternal,omitempty"`
	IsProxified                        bool        `json:"IsProxified,omitempty"`
	ProxyBoxID                         BoxID       `json:"ProxyBoxId,omitempty"`
	ProxyTitle                         string      `json:"ProxyTitle,omitempty"`
	PacketIsLocked                     bool        `json:"PacketIsLocked,omitempty"`
	LockMode                           LockMode    `json:"LockMode"`
	MessageType                        MessageType `json:"MessageType"`
	TemplateToLetterTransformationInfo Raw         `json:"TemplateToLetterTransformationInfo,omitempty"` // templates only
	IsReusable                         bool        `json:"IsReusable,omitempty"`                         // templates only
	Extra                              Extra       `json:"-"`
}

// MessagePatch is an addition to a message (Events/DiadocMessage-GetApi.proto).
type MessagePatch struct {
	MessageID                         MessageID     `json:"MessageId"` // message it extends
	TimestampTicks                    Ticks         `json:"TimestampTicks"`
	Entities                          []Entity      `json:"Entities,omitempty"`
	ForDraft                          bool          `json:"ForDraft,omitempty"`
	DraftIsRecycled                   bool          `json:"DraftIsRecycled,omitempty"`
	DraftIsTransformedToMessageIDList []MessageID   `json:"DraftIsTransformedToMessageIdList,omitempty"`
	DraftIsLocked                     bool          `json:"DraftIsLocked,omitempty"`
	MessageIsDeleted                  bool          `json:"MessageIsDeleted,omitempty"`
	EntityPatches                     []EntityPatch `json:"EntityPatches,omitempty"` // state marks without new entities
	MessageIsRestored                 bool          `json:"MessageIsRestored,omitempty"`
	MessageIsDelivered                bool          `json:"MessageIsDelivered,omitempty"` // delivery mark
	DeliveredPatchID                  EventID       `json:"DeliveredPatchId,omitempty"`   // our patch that was delivered
	PatchID                           EventID       `json:"PatchId"`
	NotDeliveredEventID               EventID       `json:"NotDeliveredEventId,omitempty"` // our message/patch that was not delivered
	MessageType                       MessageType   `json:"MessageType"`
	Extra                             Extra         `json:"-"`
}

// EntityPatch marks a change of an entity that brings no new one (Events/DiadocMessage-GetApi.proto).
type EntityPatch struct {
	EntityID           EntityID     `json:"EntityId"`
	DocumentIsDeleted  bool         `json:"DocumentIsDeleted,omitempty"`
	MovedToDepartment  DepartmentID `json:"MovedToDepartment,omitempty"`
	DocumentIsRestored bool         `json:"DocumentIsRestored,omitempty"`
	ContentIsPatched   bool         `json:"ContentIsPatched,omitempty"`
	ForwardedToBoxID   BoxID        `json:"ForwardedToBoxId,omitempty"`
	Extra              Extra        `json:"-"`
}

// BoxEvent is one event of a box: a new message or a patch, never both
// (Events/DiadocMessage-GetApi.proto).
type BoxEvent struct {
	EventID  EventID       `json:"EventId"`
	Message  *Message      `json:"Message,omitempty"`
	Patch    *MessagePatch `json:"Patch,omitempty"`
	IndexKey IndexKey      `json:"IndexKey,omitempty"`

	// Err tells why the event could not be read, so that one strange event neither stops the feed nor
	// disappears; Message and Patch are nil then, and Unread is the event as it came.
	Err    error `json:"-"`
	Unread Raw   `json:"-"`
	Extra  Extra `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler. It fails only where the id or the index key cannot be read.
func (e *BoxEvent) UnmarshalJSON(raw []byte) error {
	type plain BoxEvent
	key, fault, err := readEvent[IndexKey](raw, (*plain)(e), &e.Extra)
	if fault != nil {
		*e = BoxEvent{EventID: key.EventID, IndexKey: key.IndexKey, Err: fault, Unread: bytes.Clone(raw)}
	}
	return err
}

// eventKey is what an event must have to be passed over.
type eventKey[K any] struct {
	EventID  EventID `json:"EventId"`
	IndexKey K
}

// readEvent reads an event into plain. Where that fails it reads the key alone and gives the fault; err means
// that not even the key can be read.
func readEvent[K, T any](raw []byte, plain *T, extra *Extra) (key eventKey[K], fault, err error) {
	if fault = readExtra(raw, plain, extra); fault == nil {
		return key, nil, nil
	}
	if err = json.Unmarshal(raw, &key); err != nil {
		return key, nil, err
	}
	return key, fmt.Errorf("diadoc: event: %w", fault), nil
}

// BoxEventList is a page of a box's events, oldest first unless asked otherwise
// (Events/DiadocMessage-GetApi.proto).
type BoxEventList struct {
	Events         []BoxEvent     `json:"Events,omitempty"`
	TotalCount     int            `json:"TotalCount,omitempty"`
	TotalCountType TotalCountType `json:"TotalCountType"`
	Extra          Extra          `json:"-"`
}

// Content is what an entity holds. Data is missing in feeds and lists, and where an answer would grow
// too large; Size is always there (Content.proto).
type Content struct {
	Size  int    `json:"Size"`
	Data  []byte `json:"Data,omitempty"`
	Extra Extra  `json:"-"`
}

// MoveDocumentInfo tells between which departments a document was moved
// (Events/DiadocMessage-GetApi.proto).
type MoveDocumentInfo struct {
	MovedFromDepartment DepartmentID `json:"MovedFromDepartment"`
	MovedToDepartment   DepartmentID `json:"MovedToDepartment"`
	Extra               Extra        `json:"-"`
}

// Template is a template of a message (Events/DiadocMessage-GetApi.proto).
type Template struct {
	MessageID                MessageID    `json:"MessageId"`
	TimestampTicks           Ticks        `json:"TimestampTicks"`
	FromBoxID                BoxID        `json:"FromBoxId"`
	ToBoxID                  BoxID        `json:"ToBoxId"`
	MessageFromBoxID         BoxID        `json:"MessageFromBoxId"`
	MessageToBoxID           BoxID        `json:"MessageToBoxId"`
	Entities                 []Entity     `json:"Entities,omitempty"`
	IsDeleted                bool         `json:"IsDeleted,omitempty"`
	MessageToDepartmentID    DepartmentID `json:"MessageToDepartmentId,omitempty"`
	LockMode                 LockMode     `json:"LockMode"`
	MessageProxyBoxID        BoxID        `json:"MessageProxyBoxId,omitempty"`
	MessageProxyDepartmentID DepartmentID `json:"MessageProxyDepartmentId,omitempty"`
	IsReusable               bool         `json:"IsReusable,omitempty"`
	Extra                    Extra        `json:"-"`
}
