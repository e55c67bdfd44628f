// Package bench measures what the bridge promises about speed; it has benchmarks only.
//
// A server that is loaded runs in a process of its own, the test binary started again, so that load and
// server share the machine but no Go runtime. Rates are told as a share of what a Fiber handler reaches
// that only parses the same form, loaded right before and after: on another machine, or beside other
// work, the share stays about the same where a rate does not. docs/performance.md holds the results.
package bench
