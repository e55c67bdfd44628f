// Package feed follows what happens elsewhere: Реестро's news, with a cursor that moves only together
// with what the news caused, and Bitrix24's offline event queue, which is confirmed only after it is stored.
package feed
