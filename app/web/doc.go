// Package web is the bridge's public HTTP side: routes, the checks that need no work, and one map from
// errors to answers. Fiber is named here and where the process is put together, nowhere else.
//
// A handler parses, makes one call and answers. It answers 200 only after what it took is stored
// durably, and it never does the work itself.
package web
