package main

import (
	"context"

	"konturbridge/app"
)

type serveCommand struct{}

// Run serves until a signal ends ctx.
func (serveCommand) Run(ctx context.Context, p *process) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	if err := cfg.ValidateServe(); err != nil {
		return err
	}
	log := p.log(cfg)
	bridge, err := app.New(ctx, cfg, app.Options{Log: log})
	if err != nil {
		return err
	}
	log.Info("bridge starts", "version", buildVersion().version, "listen", cfg.Listen, "ops", cfg.OpsListen,
		"public_url", cfg.PublicURL, "database", cfg.Database().Label, "applications", len(cfg.Applications()))
	if len(cfg.Applications()) == 0 {
		log.Warn("no application's keys are set: installations wait until they are", "key", "BRIDGE_BITRIX_CLIENT_ID")
	}
	if err := bridge.Run(ctx); err != nil {
		return err
	}
	log.Info("bridge stopped")
	return nil
}
