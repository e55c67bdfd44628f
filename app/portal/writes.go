package portal

import (
	"context"
	"errors"
	"maps"
	"sync"

	"golang.org/x/sync/errgroup"

	"konturbridge/bitrix"
)

// outcome is what became of one write.
type outcome struct {
	deed deed
	name string // such as "robot realty_extract"
	what string // names the write in a problem
	err  error
	// problem is what a person has to put in order, where nothing could be written.
	problem string
}

// job does writes that depend on each other, in their order.
type job func(ctx context.Context) []outcome

// write does jobs side by side and then judges all of them in order, so that what was done is told although
// another one failed. After a failure that ends the setup no other job is begun.
func (r *run) write(ctx context.Context, jobs []job) error {
	results := make([][]outcome, len(jobs))
	working, stop := context.WithCancel(ctx)
	defer stop()
	var g errgroup.Group
	g.SetLimit(sideBySide)
	for i, do := range jobs {
		g.Go(func() error {
			if working.Err() != nil {
				return nil
			}
			results[i] = do(ctx)
			for _, o := range results[i] {
				if o.err != nil && ends(o.err) {
					stop()
				}
			}
			return nil
		})
	}
	_ = g.Wait() // jobs keep their errors
	var failed error
	for _, list := range results {
		for _, o := range list {
			if o.problem != "" {
				r.problem(o.problem)
			}
			if o.err == nil {
				r.report.note(o.deed, o.name)
			} else if err := r.judge(o.what, o.err); err != nil && failed == nil {
				failed = err
			}
		}
	}
	return failed
}

// book is what the application has written in the portal, while a run adds to it.
type book struct {
	mu      sync.Mutex
	known   Registered
	touched bool
}

func (b *book) open(known Registered) { b.known = maps.Clone(known) }

func (b *book) get(name string) (Written, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w, ok := b.known[name]
	return w, ok
}

func (b *book) put(name string, w Written) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known[name], b.touched = w, true
}

func (b *book) drop(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.known[name]; ok {
		delete(b.known, name)
		b.touched = true
	}
}

func (b *book) close() (Registered, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known, b.touched
}

// bound takes the refusal of a repeated binding for what it is: it is there.
func bound(err error) error {
	if errors.Is(err, bitrix.ErrAlreadyBound) {
		return nil
	}
	return err
}
