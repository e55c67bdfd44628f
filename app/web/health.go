package web

import (
	"fmt"

	"github.com/gofiber/fiber/v2"
)

// alive answers as long as the process serves.
func (h *handlers) alive(c *fiber.Ctx) error { return c.JSON(fiber.Map{"status": "ok"}) }

// ready answers 200 when work can be taken.
func (h *handlers) ready(c *fiber.Ctx) error {
	ctx, cancel := stored(c)
	defer cancel()
	if err := h.deps.Ready(ctx); err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	return c.JSON(fiber.Map{"status": "ready"})
}
