package web

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app/inbox"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// event takes everything that the bridge is bound to.
func (h *handlers) event(c *fiber.Ctx) error {
	e, err := bitrix.ParseEvent(c.BodyRaw())
	if err != nil {
		return err
	}
	switch e.Name {
	case bitrix.EventAppInstall, bitrix.EventAppUpdate:
		return h.installByEvent(c, e)
	case bitrix.EventAppUninstall:
		return h.uninstall(c, e)
	case bitrix.EventAppPayment:
		return h.payment(c, e)
	default:
		return h.happened(c, e)
	}
}

func (h *handlers) uninstall(c *fiber.Ctx, e bitrix.Event) error {
	ctx, cancel := stored(c)
	defer cancel()
	if err := h.deps.Installer.Uninstall(ctx, e); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusOK)
}

// payment takes the one event that carries no proof: it only makes the bridge look.
func (h *handlers) payment(c *fiber.Ctx, e bitrix.Event) error {
	ctx, cancel := stored(c)
	defer cancel()
	if err := h.deps.Installer.Payment(ctx, e); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusOK)
}

// notice stores that a portal's offline queue has rows, so that it is read at once.
func (h *handlers) notice(c *fiber.Ctx, id portal.ID) error {
	ctx, cancel := stored(c)
	defer cancel()
	if err := h.deps.Inbox.Notice(ctx, string(id)); err != nil {
		return fmt.Errorf("store a notice: %w", err)
	}
	return c.SendStatus(fiber.StatusOK)
}

// echo takes a test event that a self-check has asked for.
func (h *handlers) echo(c *fiber.Ctx, id portal.ID, e bitrix.Event) error {
	ctx, cancel := stored(c)
	defer cancel()
	if err := h.deps.Echo(ctx, id, e); err != nil { // the check says that it did not arrive
		h.deps.Log.LogAttrs(ctx, slog.LevelWarn, "a test event is lost", slog.String("error", err.Error()))
	}
	return c.SendStatus(fiber.StatusOK)
}

// happened stores an event of a card. Anything else that is trusted is none of the bridge's business:
// an error would only make the queue call slower.
func (h *handlers) happened(c *fiber.Ctx, e bitrix.Event) error {
	p, _, err := h.deps.Trust.Trusted(e.Auth.MemberID, string(e.Auth.ApplicationToken))
	if err != nil {
		return err
	}
	switch e.Name {
	case bitrix.EventOffline:
		return h.notice(c, p.ID)
	case bitrix.EventAppTest:
		return h.echo(c, p.ID, e)
	}
	ctx, cancel := stored(c)
	defer cancel()
	_, err = h.deps.Inbox.Event(ctx, string(p.ID), e)
	switch {
	case errors.Is(err, inbox.ErrNotACard):
		h.deps.Log.LogAttrs(ctx, slog.LevelDebug, "event ignored", slog.String("event", e.Name))
	case err != nil:
		return fmt.Errorf("store an event: %w", err)
	}
	return c.SendStatus(fiber.StatusOK)
}
