// Package journal says what can be asked of the past: which rows of work there were, what each of them did and
// what it led to, and how the connections are.
//
// A row's story has these parts, each told by what led to it: the row and its cause, every run with the calls
// that were made during it, the rows that it made, the docflows that it moved with all their states, the
// effects in Bitrix24 and who applied them, and what people pressed.
package journal
