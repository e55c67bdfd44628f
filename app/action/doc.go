// Package action holds what the bridge can be asked to do: the catalogue as data and one file per
// action. A robot, a webhook step and a trigger run an action alike: each gives a card and parameters.
//
// An action runs as a lane row and may run again after a crash, so each starts from what is stored:
// the docflow that a row makes has an id derived from the row, its request is frozen and stored before
// the first call, and a call whose answer was lost is looked for before it is made again.
package action
