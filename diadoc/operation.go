package diadoc

import (
	_ "embed" // operations.json
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

//go:embed operations.json
var operationsJSON []byte

// Kind says what a body or an answer is made of.
type Kind string

// The kinds. An operation without a body or without an answer has none.
const (
	KindNone   Kind = ""
	KindJSON   Kind = "json"
	KindXML    Kind = "xml"
	KindBytes  Kind = "bytes"
	KindText   Kind = "text"
	KindFile   Kind = "file"   // bytes with a content type, mostly with a file name
	KindStream Kind = "stream" // bytes of any size
)

// Parameter is one name of an operation's query.
type Parameter struct {
	Name string `json:"name"`
	// Required also marks what the service leaves to the caller, but a careful one always sends:
	// operationId, and autoRegister of GetMyOrganizations, whose default may register the user.
	Required bool `json:"required,omitempty"`
	Flag     bool `json:"flag,omitempty"` // sent as a bare name: "true" sets it, "false" leaves it out
}

// Operation describes one method of the service.
type Operation struct {
	Name       string      `json:"name"`
	Section    string      `json:"section"` // of the list of operations: 8.1 logging in … 8.8 printing, 8.9 gone
	Verb       string      `json:"verb"`
	Path       string      `json:"path"` // with its version
	Query      []Parameter `json:"query,omitempty"`
	Request    string      `json:"request,omitempty"` // the structure or a description; "" for no body
	Body       Kind        `json:"body,omitempty"`
	Response   string      `json:"response,omitempty"` // the structure or a description; "" for no answer
	Answer     Kind        `json:"answer,omitempty"`
	Statuses   []int       `json:"statuses"`
	Write      bool        `json:"write,omitempty"`      // carrying it out twice would be seen
	RetryAfter bool        `json:"retryAfter,omitempty"` // the answer can be "not ready"
	Async      bool        `json:"async,omitempty"`      // starts a task or asks for one
	Deprecated bool        `json:"deprecated,omitempty"`
	ReplacedBy string      `json:"replacedBy,omitempty"` // the name of another operation, or a phrase
	Removed    string      `json:"removed,omitempty"`    // the day (2006-01-02) after which it is gone; it is not called any more
	Ends       string      `json:"ends,omitempty"`       // the day after which it will be gone
	Conflict   *Text       `json:"conflict,omitempty"`   // what a 409 means, where its page says so
	Doc        string      `json:"doc,omitempty"`        // its page in the vendor's public documentation; some have none
	AlsoGet    bool        `json:"alsoGet,omitempty"`    // a GET of the same path without a body reads what the POST writes
}

// Parameter finds a query parameter by its name.
func (o *Operation) Parameter(name string) (Parameter, bool) {
	i := slices.IndexFunc(o.Query, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		return Parameter{}, false
	}
	return o.Query[i], true
}

// gone is the error of calling an operation that has ended.
func (o *Operation) gone() *APIError {
	status, _, _ := meaning(410)
	return &APIError{Operation: o.Name, Successor: o.ReplacedBy, Class: status, Cause: ErrGone,
		Text: "it was removed after " + o.Removed}
}

// Operations lists every operation of the service, in the order of its documentation.
func Operations() []Operation {
	return slices.Clone(operationTable().list)
}

// LookupOperation finds an operation by its name, such as "PostMessage" or "GetNewEventsV7".
func LookupOperation(name string) (Operation, bool) {
	if op, ok := operationTable().byName[name]; ok {
		return *op, true
	}
	return Operation{}, false
}

type operations struct {
	list   []Operation
	byName map[string]*Operation
}

var operationTable = sync.OnceValue(func() operations {
	table := operations{byName: map[string]*Operation{}}
	if err := json.Unmarshal(operationsJSON, &table.list); err != nil {
		panic(fmt.Sprintf("diadoc: operations.json: %v", err)) // part of the binary, read by every test
	}
	for i := range table.list {
		table.byName[table.list[i].Name] = &table.list[i]
	}
	return table
})
