// Package chaos holds tests alone: they run the built command as its users do, against the sandbox and
// real databases, and take its ground away in the middle of the work: kill -9, a stopped Redis, a
// restarted PostgreSQL, expired tokens. What was answered 200 must be done, and nothing done twice.
package chaos
