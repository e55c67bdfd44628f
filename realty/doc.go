// Package realty is a client of the Kontur.Reestro (Контур.Реестро) HTTP API, version 1: filings with
// the Russian land registry, called docflows.
//
// # Calls
//
// A [Client] makes the calls. It asks its [SessionSource] for a session before each of them and for a
// new one after a 401, repeats the call once, and classifies every failure (see [APIError] and the
// upstream package), so that a caller never compares status numbers. [Login] opens a session.
//
//	Create, Get, Submit                          a docflow's life
//	News, NewsPages, NewsItems                   what happened to the account's docflows
//	AddSignature, AddSignatureByLink             signatures on statements
//	UploadContent, Content, CopyContent          documents to file with
//	File, CopyFile                               statements to sign, results, their signatures
//	CadastreSuggest                              cadastral numbers by address
//
// Files of any size go through in a stream, up and down; nothing of them is held.
//
// # Filing once
//
// A filing has no idempotency key: the body of a create is built once with [Spelling.CreateBody],
// stored, and sent unchanged by [Client.Create]. When its answer is lost (upstream.MaybeDone), look for
// its request id in the news since a position from before the call, and never send it again blindly.
// After a lost answer to [Client.Submit] get the docflow first.
//
// # Options
//
// The options of the eight docflow types are Go structs ([RightMovement] and others). Field names are
// ours; the service's own spellings stay in the tags. The package schema below this one checks options
// before they are sent.
//
// # Contradictions
//
// Where the vendor's pages contradict each other, reading accepts every form that they show (see
// [ReadOptions], [ParseDocflow], [ParseNews], [ParseKind], [ParseState]), and writing follows what they
// recommend or print most. What they leave undecided can be chosen: by options of the client, by
// [Spelling] for bodies, by [Switches] under names for settings.
//
// Below this package: schema checks options, archive opens result archives, cms reads detached
// signatures, extract reads extracts.
package realty
