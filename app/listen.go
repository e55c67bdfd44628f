package app

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app/action"
	"konturbridge/app/config"
	"konturbridge/app/inbox"
	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/app/web"
)

// web builds the public side.
func (a *App) web(setup *portal.Setup, o Options) (*fiber.App, error) {
	pages, err := page.New()
	if err != nil {
		return nil, err
	}
	in := inbox.New(a.store, a.sealer, o.Now).SettleIn(settleOf(o))
	desks, err := a.desks(in, o.Now)
	if err != nil {
		return nil, err
	}
	key, oldKey, err := secretKeys(a.cfg)
	if err != nil {
		return nil, err
	}
	return web.New(web.Deps{
		Trust: a.directory, Installer: a.installer, Inbox: in,
		Sessions: portal.NewSessions(key, oldKey, o.Now), Pages: pages, Codes: action.Codes(), Progress: setup.Progress, Echo: setup.Echo,
		Robot: a.robotForm, Desks: desks, May: a.may, Ready: a.store.Ready, Observe: a.metrics.request, Log: a.log,
	}), nil
}

// secretKeys are the process's key and, while keys rotate, the former one.
func secretKeys(cfg config.Config) (key, old []byte, err error) {
	secret, _, err := config.EnsureSecretKey(cfg)
	if err != nil {
		return nil, nil, err
	}
	if key, err = config.DecodeKey(secret); err != nil {
		return nil, nil, fmt.Errorf("BRIDGE_SECRET_KEY: %w", err)
	}
	if cfg.SecretKeyOld != "" {
		if old, err = config.DecodeKey(cfg.SecretKeyOld); err != nil {
			return nil, nil, fmt.Errorf("BRIDGE_SECRET_KEY_OLD: %w", err)
		}
	}
	return key, old, nil
}
