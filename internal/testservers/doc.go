// Package testservers starts real Redis and PostgreSQL servers for tests: private ones, on free
// loopback ports, in temporary folders, gone when the test ends.
//
// A missing server fails the test with the line to type; nothing is skipped. Servers die with the
// test process even when it is killed (on Linux). PostgreSQL refuses to run as root, so under root it
// runs as the user postgres or nobody.
//
// A test that only needs a database takes one from the server that its test binary shares:
//
//	func TestMain(m *testing.M) { testservers.Main(m) }
//
//	func TestSomething(t *testing.T) { url := testservers.NewDatabase(t) }
//
// A test that stops, restarts or crashes its server takes a private one with [Redis] or [Postgres].
package testservers

// Option tunes a server.
type Option func(*settings)

type settings struct{ noSync bool }

// NoSync lets PostgreSQL answer before its data are on disk: faster, and wrong for a test of
// durability. Redis ignores it.
func NoSync() Option { return func(s *settings) { s.noSync = true } }

func apply(opts []Option) settings {
	var s settings
	for _, opt := range opts {
		opt(&s)
	}
	return s
}
