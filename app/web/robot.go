package web

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"konturbridge/bitrix"
)

// robot takes a run of an automation rule.
func (h *handlers) robot(c *fiber.Ctx) error {
	code, known := h.codes[c.Params("code")]
	if !known {
		return errUnknownAction
	}
	call, err := bitrix.ParseRobotCall(c.BodyRaw())
	if err != nil {
		return err
	}
	if call.Code != code {
		return malformed("the form's code is not the address's")
	}
	p, _, err := h.deps.Trust.Trusted(call.Auth.MemberID, string(call.Auth.ApplicationToken))
	if err != nil {
		return err
	}
	ctx, cancel := stored(c)
	defer cancel()
	if _, err := h.deps.Inbox.Robot(ctx, string(p.ID), call); err != nil {
		return fmt.Errorf("store a robot's call: %w", err)
	}
	return c.SendStatus(fiber.StatusOK)
}
