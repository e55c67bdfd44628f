package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"konturbridge/sandbox/bitrixsim"
)

// Live opens a world for a person to play with: the registrar acts by itself, robots and triggers stand
// on stages, and everything that happens is printed as it happens, until ctx ends.
func Live(ctx context.Context, out io.Writer, o Options) error {
	if o.Pace == 0 {
		o.Pace = 3 * time.Second
	}
	o.Sandbox, o.Listen = usual(o.Sandbox, "127.0.0.1:8081"), usual(o.Listen, "127.0.0.1:8080")
	o.Tell = func(line string) { fmt.Fprintln(out, line) }
	fmt.Fprintln(out, "Поднимаю песочницу (Bitrix24, сервер авторизации, Реестро, Диадок) и мост…")
	w, err := NewWorld(ctx, o)
	if err != nil {
		return err
	}
	w.Box.Realty.Automatic(true)
	if err := w.Portal.UpdateItem(bitrixsim.Deal, w.Demo.Sale, map[string]any{"categoryId": 1, "stageId": "C1:NEW"}); err != nil {
		return errors.Join(err, w.Close())
	}
	w.placeExtract()
	w.placeSigning(bitrixsim.Deal, stageSign)
	w.placeSigning(bitrixsim.Lead, leadSign)
	w.placePackage()
	w.placeCancel()
	fmt.Fprintf(out, `
  Откройте %s/

  Что попробовать:
   • перенесите сделку «Проверка квартиры перед покупкой» на стадию «Подготовка документов»:
     робот закажет выписку ЕГРН, файлы придут в карточку;
   • в воронке «Регистрация прав» перенесите на «Подготовка документов» продажу, ДДУ, уступку, ипотеку
     или её снятие: мост подаст документы на регистрацию; нажмите «Подписи в карточку» (у документооборота
     справа или в карточке) и перенесите сделку на «В работе»: подписи и отправка, затем пошлина (оплатите
     её кнопкой) и результат; сделка сама перейдёт на последнюю стадию;
   • приложите PDF в поле «Дополнительные документы» поданной сделки и перенесите её на «Финальный счёт»:
     мост отправит дополнительный пакет; перенесите её в проваленные: регистрация будет отменена;
   • нажмите «Приложение «Контур»»: настройки, журнал и состояние; в карточке — «Контур»: подача, подписи и
     отправка договора в Диадок руками; «Открывать как» показывает страницы другим сотрудникам;
   • нажимайте рычаги песочницы: истёкшие токены, потерянные ответы.

  Мост: %s   Ctrl+C останавливает всё, временные данные удаляются.

`, w.BoxURL, w.URL)
	w.watch(ctx)
	return w.Close()
}

// watch tells what changes at the registrar and in the cards.
func (w *World) watch(ctx context.Context) {
	states, workflows, lines := map[string]string{}, map[string]string{}, map[string]int{}
	for {
		changed, registry := w.Portal.Changed(), w.Box.Realty.Changed()
		for _, d := range w.Box.Realty.Docflows() {
			now := d.State + " " + d.Waits
			if states[d.ID] != now {
				states[d.ID] = now
				w.Say("Реестро: %s %s → %s", d.Type, short(d.ID), now)
			}
		}
		for _, wf := range w.Portal.Workflows() {
			now := wf.State + " " + wf.WaitingFor
			if workflows[wf.ID] != now {
				workflows[wf.ID] = now
				w.Say("Бизнес-процесс %s: %s", wf.Document[2], now)
			}
		}
		for _, kind := range []int{bitrixsim.Lead, bitrixsim.Deal} {
			for _, item := range w.Portal.Items(kind) {
				w.tellTimeline(kind, item, lines)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-registry:
		case <-time.After(time.Second): // the automatic registrar moves when it is asked
		}
	}
}

func (w *World) tellTimeline(kind int, item map[string]any, seen map[string]int) {
	id, ok := item["id"].(int)
	if !ok {
		return
	}
	key := fmt.Sprintf("%d:%d", kind, id)
	entries := w.Portal.Timeline(kind, id)
	for _, e := range entries {
		if e.ID > seen[key] {
			w.Say("Карточка «%v»: %s", item["title"], firstLine(e.Text))
		}
	}
	for _, e := range entries {
		seen[key] = max(seen[key], e.ID)
	}
}

func short(id string) string { return id[:min(8, len(id))] }

// usual is the address that was asked for, else the usual one, else any free port: a demo must start
// whatever else runs on the machine.
func usual(asked, address string) string {
	if asked != "" {
		return asked
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return ""
	}
	_ = l.Close()
	return address
}
