package web

import (
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"konturbridge/bitrix"
)

// hook takes the call of a business process's webhook step. It carries no token: the secret in the
// address and the portal that it was issued for decide.
func (h *handlers) hook(c *fiber.Ctx) error {
	code, known := h.codes[c.Params("code")]
	if !known {
		return errUnknownAction
	}
	call, err := bitrix.ParseHook(c.Request().URI().QueryString(), c.BodyRaw())
	if err != nil {
		return err
	}
	p, err := h.deps.Trust.TrustedHook(strings.Clone(c.Params("secret")), call.MemberID)
	if err != nil {
		return err
	}
	ctx, cancel := stored(c)
	defer cancel()
	if _, err := h.deps.Inbox.Hook(ctx, string(p.ID), code, call); err != nil {
		return fmt.Errorf("store a webhook's call: %w", err)
	}
	return c.SendStatus(fiber.StatusOK)
}
