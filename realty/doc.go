// Package realty is a client of the Kontur.Reestro (Контур.Реестро) HTTP API, version 1: filings with
// the Russian land registry, called docflows.
//
// A [Client] makes the calls. It asks its [SessionSource] for a session before each of them and for a
// new one after a 401, repeats the call once, and classifies every failure (see [APIError] and the
// upstream package), so that a caller never compares status numbers. [Login] opens a session.
//
// The options of the eight docflow types are Go structs ([RightMovement] and others). Field names are
// ours; the service's own spellings stay in the tags. Where its pages contradict each other, reading
// accepts every form that they show, and writing follows [Spelling], whose zero value is what the
// pages recommend.
//
// A filing has no idempotency key: the body of a create is built once with [Spelling.CreateBody],
// stored, and sent unchanged by [Client.Create]. When its answer is lost, look for its request id in
// the news before sending it again.
package realty
