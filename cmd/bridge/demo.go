package main

import (
	"context"
	"log/slog"

	"konturbridge/app/demo"
)

type demoCommand struct {
	Once    bool     `help:"Play every built-in scenario, print its timeline and end."`
	Only    []string `help:"With --once: only the scenarios of these names." placeholder:"NAME"`
	Sandbox string   `help:"Address of the sandbox's page; default 127.0.0.1:8081, or a free port when that is taken." placeholder:"ADDR"`
	Listen  string   `help:"Address of the bridge; default 127.0.0.1:8080, or a free port when that is taken." placeholder:"ADDR"`
	Verbose bool     `short:"v" help:"Print the bridge's own log too."`
}

// Run plays the demo: nothing but this binary is needed, and nothing stays behind.
func (c demoCommand) Run(ctx context.Context, p *process) error {
	log := slog.New(slog.DiscardHandler)
	if c.Verbose {
		log = slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if c.Once {
		if err := demo.Once(ctx, p.out, demo.Options{Log: log}, c.Only...); err != nil {
			return errQuiet // the last line has said it
		}
		return nil
	}
	return demo.Live(ctx, p.out, demo.Options{Log: log, Sandbox: c.Sandbox, Listen: c.Listen})
}
