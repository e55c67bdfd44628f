package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app/inbox"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// errUnknownAction is returned for a code that the catalogue doesn't have.
var errUnknownAction = errors.New("there is no such action")

// bug is a fault of ours: a panic, a page that can't be rendered.
type bug struct{ cause error }

func (b *bug) Error() string { return b.cause.Error() }
func (b *bug) Unwrap() error { return b.cause }

// malformed marks a request that can't be what it says.
func malformed(why string) error { return fmt.Errorf("%w: %s", bitrix.ErrMalformed, why) }

// failure is an error as the sender sees it.
type failure struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// failureOf is the whole map from errors to answers. What it does not know is the database's, or
// something else that passes: the sender is told to come again, and nothing is pretended.
func failureOf(err error) failure {
	routed, isRouted := errors.AsType[*fiber.Error](err)
	switch {
	case isRouted:
		return routing(routed.Code)
	case errors.Is(err, errUnknownAction):
		return failure{http.StatusNotFound, "not_found", "There is no such action."}
	case errors.Is(err, portal.ErrSessionEnded):
		return failure{http.StatusUnauthorized, "unauthorized", "The page session has ended. Open the page again."}
	case errors.Is(err, portal.ErrDenied), errors.Is(err, portal.ErrUnknown):
		// One answer for all reasons: who guesses learns nothing.
		return failure{http.StatusForbidden, "forbidden", "The request is not trusted."}
	case errors.Is(err, bitrix.ErrMalformed):
		return failure{http.StatusBadRequest, "malformed", err.Error()}
	case errors.Is(err, inbox.ErrNotACard):
		return failure{http.StatusBadRequest, "malformed", "The document is not a CRM card."}
	case errors.Is(err, portal.ErrPendingFull):
		return failure{http.StatusServiceUnavailable, "unavailable", "Too many installations are waiting."}
	case errors.Is(err, portal.ErrUpstreamSilent):
		return failure{http.StatusServiceUnavailable, "upstream_unavailable", "Bitrix24 does not answer. Try again later."}
	}
	if _, ours := errors.AsType[*bug](err); ours {
		return failure{http.StatusInternalServerError, "internal", "The bridge failed."}
	}
	return failure{http.StatusServiceUnavailable, "unavailable", "The request could not be stored. Try again later."}
}

// routing is what the HTTP layer itself refuses.
func routing(status int) failure {
	switch status {
	case http.StatusNotFound:
		return failure{status, "not_found", "There is nothing here."}
	case http.StatusMethodNotAllowed:
		return failure{status, "method_not_allowed", "The method is not allowed here."}
	case http.StatusRequestEntityTooLarge:
		return failure{status, "too_large", "The request is larger than 1 MiB."}
	case http.StatusRequestTimeout:
		return failure{status, "timeout", "The request took too long to arrive."}
	case http.StatusRequestHeaderFieldsTooLarge:
		return failure{status, "too_large", "The request's headers are too large."}
	default:
		return failure{http.StatusBadRequest, "malformed", "The request cannot be read."}
	}
}

// fail answers an error and logs its reason, which the sender does not see.
func (h *handlers) fail(c *fiber.Ctx, route string, err error) {
	f := failureOf(err)
	level := slog.LevelInfo
	switch {
	case f.Status >= http.StatusInternalServerError:
		level = slog.LevelError
	case f.Status == http.StatusForbidden, f.Status == http.StatusUnauthorized:
		level = slog.LevelWarn
	}
	h.deps.Log.LogAttrs(c.UserContext(), level, "request refused", slog.String("route", route),
		slog.Int("status", f.Status), slog.String("reason", err.Error()))
	c.Response().Reset() // what a failed handler had begun
	c.Status(f.Status)
	_ = c.JSON(struct { // a struct of texts always encodes
		Error failure `json:"error"`
	}{f})
}
