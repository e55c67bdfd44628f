// Package app puts the bridge together: New wires the parts, Run lives.
//
// The way of the data, and the order in which to read the tree:
//
//	1  web       the only package that knows Fiber: routes, errors, pages
//	2  portal    who may talk to the bridge, installation, page sessions
//	3  inbox     what arrived becomes a stored row of work, repeats are told
//	4  lane      the scheduler: order per card, waiting, retries, leases
//	5  trigger   an event of a card becomes the actions that the settings ask for
//	6  action    what can be done, one file per action; mapping makes the request of a card
//	7  docflow   record, states, requirements, refusals, history
//	8  feed      what happened elsewhere: Реестро's news, Bitrix24's offline queue
//	9  reaction  a change of state becomes effects in Bitrix24, applied in order
//
// Beside the way stand store (SQL, the only truth), settings and config. arch_test.go keeps who may
// import whom.
package app
