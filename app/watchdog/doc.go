// Package watchdog finds business processes that wait for a call of the bridge which never came.
//
// Bitrix24 calls a robot once. When that call is lost, its workflow stands still until the step's own time
// limit, or for ever, and the bridge has never heard of it. The portal lists running workflows, but neither
// the step at which one stands nor the robots of a template can be read. So the watchdog learns from the
// calls that do come: by the workflow's id in a call it asks, while that workflow runs, which template it
// is of, and remembers which robots workflows of that template call. A running workflow of such a template
// is suspected when
//
//   - nothing has moved in it for an hour,
//   - it began after the bridge had learned of the robot,
//   - its call of that robot was never received,
//   - nothing that it has asked for is still being worked or waited for, and
//   - no person has an open task in it.
//
// That is a suspicion, not a proof: a workflow may also stand at a pause, or have taken a branch without
// the robot. And a template whose every call was lost is never learned. Therefore nothing is ended by
// itself: the suspects are listed, and a person ends them.
package watchdog
