// Package lane is the scheduler that everything in the bridge runs on.
//
// Work is rows of one table. A lane is a portal's (or a connection's feed), a part is a card's. A node
// leases whole lanes; within a lane each part is worked strictly in order, one row at a time, parts side
// by side. So a portal's budget has one owner, a card keeps its order, and no lock is on the path. Rows of one
// kind never take all the workers of their lane: what waits for one system does not hold up another. A row
// that waits for its portal's budget is parked (see [Park]): it keeps its part and needs no worker, so that
// hundreds may wait together and be packed into few requests.
//
// A row ends in one of these ways (see [Verdict]):
//
//	Done     worked; a business refusal too
//	Again    works again at a set time as if new (a feed, a self-check)
//	Backoff  failed for now: burns a try and holds only its part
//	Aside    must wait for a known moment: the rows behind it run, unless they are about the same docflow
//	Dead     failed for good: kept with its reason until a person retries or cancels it
//
// Every outcome is written under the fence of the lease it was worked under, so a node that stalled past
// its lease can write nothing. What was running when a process died is unfinished in the table and runs
// again at the lease's end, or at once when the process starts again on an embedded database.
//
// The reading order is row.go (what is worked), retry.go (what a failure means), queue.go (order within
// a lane, pure), scheduler.go (workers), park.go (rows that need none), leases.go (claim, renew, release,
// follow foreign changes).
package lane
