package bench_test

import (
	"fmt"
	"os"
	"testing"

	"konturbridge/internal/testservers"
)

// TestMain is also the main function of the servers that the benchmarks start.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := serveAs(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testservers.Main(m)
}
