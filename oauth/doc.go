// Package oauth keeps the bridge's credentials fresh: Bitrix24 token pairs, Реестро sessions, and what Диадок
// takes, OpenID tokens and those of its old scheme.
//
// One renewal runs at a time for each credential over all nodes, and a rotated pair is stored before
// anybody uses it. The database is the truth; the cache only spares reads and renewals, and everything
// here goes on without it. No token, password or client secret is ever part of a log line or an error.
//
// [Servers] talks to the Bitrix24 authorization servers; [PairKeeper], [SessionKeeper] and [KonturKeeper] hand
// out what a client needs for its calls.
package oauth
