// Package diadoc is a client of the Контур.Диадок (Kontur.Diadoc) HTTP API: legally binding documents between
// organisations.
//
// A [Client] makes the calls of one user. Every operation of the service has a method of the same name, such
// as [Client.PostMessage] and [Client.GetNewEvents]; those that have been superseded are marked as deprecated,
// and those that the service has ended answer [ErrGone] without a call. [Operations] describes all of them,
// with the vendor's page of each, and [Client.Do] calls any by its name, checked against the description. Over
// every paged method there is an iterator.
//
// The client asks its [TokenSource] for an [Authorization] before each call, renews it once after a 401 and
// repeats the call, and classifies every failure (see [APIError] and the upstream package), so that a caller
// never compares status numbers. [Identity] gets tokens from the identity provider, [DiadocLogin] those of
// the old scheme.
//
// Nothing here sleeps until something is ready. Work that the service does on its own is a [Task] that is
// polled; an answer that is not ready is a [*NotReadyError] with the time of the next try. Only a [Limiter]
// may hold a call back for a moment.
//
// Everything that sends takes an [OperationID]: with the same one a repeat brings the first result. Build the
// bytes with [Body], store them with the operation id, and send them with [Client.PostStoredMessage] however
// often it takes.
//
// Structures are written and read as JSON under the service's own names. Enumerations keep values that this
// package does not know, and structures keep fields that it does not know ([Extra]), but for [DocumentID] and
// [Timestamp], which are compared as a whole. Those
// whose fields the documentation leaves out are passed on as they are ([Raw]). [Document.State] tells where
// a document stands.
package diadoc
