// Package feed follows what happens elsewhere: Реестро's news, with a cursor that moves only together
// with what the news caused.
package feed
