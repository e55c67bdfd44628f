package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/app/store"
	"konturbridge/sandbox/bitrixsim"
)

// playOverdue leaves a duty unpaid for a day: the card tells it, once for each charge, and the registration goes on
// when it is paid after all.
func playOverdue(ctx context.Context, w *World) error {
	if err := w.openSale(); err != nil {
		return err
	}
	r := w.saleOfDeal()
	d, err := w.sent(ctx, r)
	if err != nil {
		return err
	}
	if err := w.charged(ctx, r, d.ID); err != nil {
		return err
	}
	w.Pass(25 * time.Hour)
	w.Say("проходит 25 часов, пошлина не оплачена")
	if err := w.told(ctx, r, "госпошлина не оплачена больше суток"); err != nil {
		return err
	}
	if err := w.todos(ctx, r.kind, r.card, "Проверить оплату госпошлины", 1); err != nil {
		return err
	}
	w.Pass(25 * time.Hour)
	if err := w.chores(ctx); err != nil {
		return err
	}
	w.Say("прошли ещё сутки: напоминание не повторяется")
	if err := w.Box.Realty.Pay(d.ID, ""); err != nil {
		return err
	}
	w.Say("пошлина оплачена")
	if err := w.completed(ctx, r, d.ID); err != nil {
		return err
	}
	return w.todos(ctx, r.kind, r.card, "Проверить оплату госпошлины", 1)
}

// chores waits until the bridge has done what it does from time to time.
func (w *World) chores(ctx context.Context) error {
	return w.WithStore(ctx, func(st *store.Store) error {
		return w.Until(ctx, "the bridge has looked for what is overdue", func() bool {
			jobs, err := st.Jobs(ctx, 0, 100)
			return err == nil && slices.ContainsFunc(jobs, func(j store.Job) bool { return j.Kind == "prune" && j.RunAt.After(w.now()) })
		})
	})
}

// told waits until a card's timeline has a comment with a text.
func (w *World) told(ctx context.Context, r registration, text string) error {
	return w.Until(ctx, fmt.Sprintf("the card tells «%s»", text), func() bool {
		for _, e := range w.Portal.Timeline(r.kind, r.card) {
			if e.Kind == bitrixsim.KindComment && strings.Contains(e.Text, text) {
				w.Say("таймлайн: %s", strings.ReplaceAll(plainText(e.Text), "\n", " "))
				return true
			}
		}
		return false
	})
}
