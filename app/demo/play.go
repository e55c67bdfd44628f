package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// atOnce is how many scenarios play side by side: each waits much and computes little.
const atOnce = 8

// Once plays every scenario (or those named), each in a fresh world, prints one timeline for each and a
// last line "N scenarios passed, N failed". The error is nil only when all passed.
func Once(ctx context.Context, out io.Writer, o Options, only ...string) error {
	var stories []Scenario
	for _, s := range Scenarios() {
		if len(only) == 0 || slices.Contains(only, s.Name) {
			stories = append(stories, s)
		}
	}
	played := make([]chan outcome, len(stories))
	slots := make(chan struct{}, atOnce)
	for i, s := range stories {
		played[i] = make(chan outcome, 1)
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			played[i] <- playOne(ctx, s, o)
		}()
	}
	passed, failed := 0, 0
	for i, s := range stories {
		r := <-played[i]
		fmt.Fprintf(out, "\n■ %s (%s)\n%s", s.Title, s.Name, r.timeline)
		if r.err != nil {
			failed++
			fmt.Fprintf(out, "  ✗ %v (%s)\n", r.err, r.took)
			continue
		}
		passed++
		fmt.Fprintf(out, "  ✓ %s\n", r.took)
	}
	fmt.Fprintf(out, "\n%d scenarios passed, %d failed\n", passed, failed)
	if failed > 0 {
		return fmt.Errorf("%d scenarios failed", failed)
	}
	return nil
}

// outcome is one played scenario.
type outcome struct {
	timeline string
	took     time.Duration
	err      error
}

func playOne(ctx context.Context, s Scenario, o Options) outcome {
	started := time.Now()
	var timeline bytes.Buffer
	o.Tell = func(line string) { fmt.Fprintln(&timeline, "  "+line) }
	w, err := NewWorld(ctx, o)
	if err == nil {
		err = errors.Join(s.Play(ctx, w), w.Close())
	}
	return outcome{timeline.String(), time.Since(started).Round(10 * time.Millisecond), err}
}
