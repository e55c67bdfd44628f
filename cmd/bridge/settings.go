package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/portal"
	"konturbridge/app/store"
)

// maxSettings is a little more than a settings file may have; what is larger is refused by its length.
const maxSettings = 1<<20 + 1

type settingsCommand struct {
	Show  settingsShow  `cmd:"" help:"Print a portal's settings as YAML; secrets are ***, except the hook secret."`
	Apply settingsApply `cmd:"" help:"Make a YAML file a portal's settings; nothing changes when any part of it is wrong."`

	Fields settingsFields `cmd:"" help:"Make the user fields that the ready mappings read, where a portal lacks them."`
}

type settingsShow struct {
	Portal string `required:"" placeholder:"MEMBER_ID" help:"The portal's member_id; bridge portals lists them."`
}

// Run prints the settings.
func (c settingsShow) Run(ctx context.Context, p *process) error {
	return p.withStore(ctx, func(_ config.Config, st *store.Store) error {
		text, err := app.ShowSettings(ctx, st, portal.ID(c.Portal))
		if err != nil {
			return err
		}
		_, err = p.out.Write(text)
		return err
	})
}

type settingsApply struct {
	Portal string `required:"" placeholder:"MEMBER_ID" help:"The portal's member_id; bridge portals lists them."`
	File   string `arg:"" help:"YAML file; - for the standard input."`
}

// Run applies the file.
func (c settingsApply) Run(ctx context.Context, p *process) error {
	text, err := c.read(p.in)
	if err != nil {
		return err
	}
	return p.withStore(ctx, func(_ config.Config, st *store.Store) error {
		problems, err := app.ApplySettings(ctx, st, portal.ID(c.Portal), text, app.CommandLine(store.CauseFile))
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return fmt.Errorf("%s: nothing was changed: %w", c.File, problems)
		}
		_, err = fmt.Fprintf(p.out, "the settings of portal %s are stored; a running bridge follows within two seconds\n", c.Portal)
		return err
	})
}

func (c settingsApply) read(in io.Reader) ([]byte, error) {
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fmt.Errorf("the settings file: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSettings))
	if err != nil {
		return nil, fmt.Errorf("the settings file: %w", err)
	}
	return text, nil
}
