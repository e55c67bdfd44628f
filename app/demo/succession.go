package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// deputy is an administrator beside the one who installed the application.
const deputy = 3

// playSuccessor dismisses the employee whose tokens do the work while another administrator's are at hand.
func playSuccessor(ctx context.Context, w *World) error {
	w.Portal.AddUser(deputy, "Вера", "Заместитель", true)
	if err := w.openPage(ctx, deputy); err != nil {
		return err
	}
	w.Say("второй администратор открыл страницу приложения")
	w.Portal.DismissUser(1)
	w.Say("сотрудник, чьими токенами работал мост, уволен")
	if err := playExtract(ctx, w); err != nil {
		return err
	}
	return w.worksAs(ctx, deputy)
}

// playReconnect dismisses the only administrator: work waits until another one opens the application's page.
func playReconnect(ctx context.Context, w *World) error {
	w.Portal.DismissUser(1)
	w.Say("единственный администратор, чьими токенами работал мост, уволен")
	w.placeExtract()
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	if err := w.Until(ctx, "work waits for a reconnection", func() bool { return w.held(ctx) }); err != nil {
		return err
	}
	if n := len(w.Portal.DroppedDeliveries()); n > 0 {
		return fmt.Errorf("%d calls of the portal were refused", n)
	}
	w.Say("робот вызван: вызов принят, работа ждёт, портал отмечен как требующий переподключения")
	w.Portal.AddUser(deputy, "Вера", "Заместитель", true)
	if err := w.openPage(ctx, deputy); err != nil {
		return err
	}
	w.Say("другой администратор открыл страницу приложения")
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	if err := w.delivered(ctx, d.ID); err != nil {
		return err
	}
	return w.worksAs(ctx, deputy)
}

// held reports whether the portal needs reconnecting and work waits for that.
func (w *World) held(ctx context.Context) (waits bool) {
	_ = w.WithStore(ctx, func(st *store.Store) error {
		all, err := st.Portals(ctx)
		if err != nil || all[0].State != portal.Paused {
			return err
		}
		jobs, err := st.Jobs(ctx, 0, 100)
		for _, j := range jobs {
			waits = waits || j.Note == portal.WaitingNote
		}
		return err
	})
	return waits
}

// openPage opens the application's main page as a browser does.
func (w *World) openPage(ctx context.Context, user int) error {
	query, form := w.Portal.OpenPage(clientID, "", "", user)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/bitrix/app?"+query.Encode(), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the page answers %d", answer.StatusCode)
	}
	return nil
}

// worksAs checks whose tokens do the portal's work, and that its robots were registered in that name.
func (w *World) worksAs(ctx context.Context, user int64) error {
	return w.Until(ctx, "the portal is set up in the name of the other administrator", func() bool {
		ok := false
		_ = w.WithStore(ctx, func(st *store.Store) error {
			all, err := st.Portals(ctx)
			if err != nil {
				return err
			}
			service, found := all[0].Service()
			report, err := st.Check(ctx, all[0].ID)
			ok = found && all[0].State == portal.Active && service.Worker() == user && err == nil && len(report.Problems) == 0
			return nil
		})
		return ok
	})
}
