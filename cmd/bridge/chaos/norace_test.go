//go:build !race

package chaos_test

// raceDetector has the command built with it, too.
const raceDetector = false
