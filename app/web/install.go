package web

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// install takes the installer page of an application with pages, and the event that stands for it in one
// without.
func (h *handlers) install(c *fiber.Ctx) error {
	form, err := bitrix.ParseForm(c.BodyRaw())
	if err != nil {
		return malformed(err.Error())
	}
	if form.At("event") != nil {
		return h.event(c)
	}
	opening, err := bitrix.ParsePage(c.Request().URI().QueryString(), c.BodyRaw())
	if err != nil {
		return err
	}
	ctx, cancel := proving(c)
	defer cancel()
	out, err := h.deps.Installer.Install(ctx, portal.FromPage(opening))
	if err != nil {
		return err
	}
	view := page.View{Portal: out.Origin, Waiting: waitingText(opening.Lang, out.Pending)}
	session := portal.Session{Portal: out.Portal, UserID: out.UserID, Admin: out.Pending == ""}
	return h.render(c, page.Install, opening.Lang, out.Origin, session, view)
}

// installByEvent takes ONAPPINSTALL and ONAPPUPDATE.
func (h *handlers) installByEvent(c *fiber.Ctx, e bitrix.Event) error {
	if e.Auth.ApplicationToken == "" { // no later request could ever be matched
		return fmt.Errorf("%w: the application_token is missing", portal.ErrDenied)
	}
	ctx, cancel := proving(c)
	defer cancel()
	if _, err := h.deps.Installer.Install(ctx, portal.FromEvent(e)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusOK)
}

// waitingText says in the opener's language why an installation waits.
func waitingText(lang string, why portal.Reason) string {
	texts := map[portal.Reason][2]string{
		portal.ServerSilent: {"Сервер авторизации Битрикс24 не отвечает. Установка продолжится сама; откройте эту страницу позже.",
			"The Bitrix24 authorization server does not answer. The installation goes on by itself; open this page later."},
		portal.NoKeys: {"В настройках моста нет ключей этого приложения (BRIDGE_BITRIX_CLIENT_ID и BRIDGE_BITRIX_CLIENT_SECRET). Добавьте их — установка завершится сама.",
			"The bridge has no keys of this application (BRIDGE_BITRIX_CLIENT_ID, BRIDGE_BITRIX_CLIENT_SECRET). Add them and the installation completes by itself."},
		portal.WrongKeys: {"Сервер авторизации не принимает ключи приложения. Проверьте их в настройках моста.",
			"The authorization server does not accept the application's keys. Check them in the bridge's settings."},
		portal.NotPaid: {"Тариф портала или приложение не оплачены.", "The portal's plan or the application is not paid."},
		portal.PortalSilent: {"Портал не отвечает мосту. Установка продолжится сама.",
			"The portal does not answer the bridge. The installation goes on by itself."},
	}
	if page.Language(lang) == "en" {
		return texts[why][1]
	}
	return texts[why][0]
}
