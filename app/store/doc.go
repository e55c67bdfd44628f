// Package store keeps everything that must survive: portals, what arrived, docflows, effects, lanes.
//
// SQL is the only truth. Embedded SQLite (WAL, synchronous=FULL, one writer) serves one node;
// PostgreSQL serves several. All writes of a process go through one goroutine that commits together
// what arrived while the last commit ran (writer.go), so a lane's rows, its releases and its outcomes
// have one order and the running fsync is the only wait. Reads have a pool of their own.
//
// The changes that a consumer wants committed together are values (lane.Write); writes.go knows each of
// them. Nothing here calls out: a transaction never waits for an upstream.
package store
