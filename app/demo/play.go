package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Once plays every scenario, each in a fresh world, prints one timeline for each and a last line
// "N scenarios passed, N failed". The error is nil only when all passed.
func Once(ctx context.Context, out io.Writer, o Options, only ...string) error {
	passed, failed := 0, 0
	for _, s := range Scenarios() {
		if len(only) > 0 && !contains(only, s.Name) {
			continue
		}
		fmt.Fprintf(out, "\n■ %s (%s)\n", s.Title, s.Name)
		started := time.Now()
		o := o
		o.Tell = func(line string) { fmt.Fprintln(out, "  "+line) }
		err := playOne(ctx, s, o)
		took := time.Since(started).Round(10 * time.Millisecond)
		if err != nil {
			failed++
			fmt.Fprintf(out, "  ✗ %v (%s)\n", err, took)
			continue
		}
		passed++
		fmt.Fprintf(out, "  ✓ %s\n", took)
	}
	fmt.Fprintf(out, "\n%d scenarios passed, %d failed\n", passed, failed)
	if failed > 0 {
		return fmt.Errorf("%d scenarios failed", failed)
	}
	return nil
}

func playOne(ctx context.Context, s Scenario, o Options) error {
	w, err := NewWorld(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(s.Play(ctx, w), w.Close())
}

func contains(list []string, s string) bool {
	for _, each := range list {
		if each == s {
			return true
		}
	}
	return false
}
