package demo

import (
	"context"
	"fmt"
	"strings"

	"konturbridge/app/portal"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// playPassword gives the bridge a wrong password of Реестро: the card and the administrator are told once, the
// password is sent once, and with the right one work goes on.
func playPassword(ctx context.Context, w *World) error {
	settings := w.settings()
	if err := w.Until(ctx, "the news are followed", func() bool { return w.Box.Realty.Logins() > 0 }); err != nil {
		return err
	}
	tried := w.passwords()
	w.Say("в настройках моста указан неверный пароль Реестро")
	if err := w.Apply(ctx, strings.Replace(settings, "password: "+w.Demo.Password, "password: not-the-password", 1)); err != nil {
		return err
	}
	if err := w.Until(ctx, "the administrator is told", func() bool { return len(w.refusals()) > 0 }); err != nil {
		return err
	}
	w.placeExtract()
	w.Say("сделка %d переходит на стадию «%s», на ней робот заказывает выписку", w.Demo.Extract, stageOrder)
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	if err := w.workflowEnded(ctx, bitrixsim.Deal, w.Demo.Extract, "error"); err != nil {
		return err
	}
	if err := w.Until(ctx, "the card says why", func() bool {
		return strings.Contains(w.field(bitrixsim.Deal, w.Demo.Extract, portal.FieldError), "не принимает логин и пароль")
	}); err != nil {
		return err
	}
	w.Say("в карточке: %s", w.field(bitrixsim.Deal, w.Demo.Extract, portal.FieldError))
	told := w.refusals()
	w.Say("уведомление администратору: %s", plainText(told[0]))
	if n := w.passwords() - tried; n != 1 || len(told) != 1 {
		return fmt.Errorf("the wrong password was sent %d times and told of %d times", n, len(told))
	}
	w.Say("пароль исправлен")
	if err := w.Apply(ctx, settings); err != nil {
		return err
	}
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, "NEW"); err != nil {
		return err
	}
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	if err := w.delivered(ctx, d.ID); err != nil {
		return err
	}
	if n := len(w.refusals()); n != 1 {
		return fmt.Errorf("the administrator was told %d times", n)
	}
	return nil
}

// refusals are the notifications of refused credentials.
func (w *World) refusals() (texts []string) {
	for _, n := range w.Portal.Notifications() {
		if strings.Contains(n.Message, "не принимает") {
			texts = append(texts, n.Message)
		}
	}
	return texts
}

// passwords counts the logins that Реестро was asked for.
func (w *World) passwords() (n int) {
	for _, c := range w.Box.Realty.Calls() {
		if c.Op == "auth" {
			n++
		}
	}
	return n
}
