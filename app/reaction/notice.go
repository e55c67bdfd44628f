package reaction

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// KindRefused is the kind of the rows that tell a portal's administrators of refused credentials: only they can
// put them in order.
const KindRefused = "connection-refused"

// notice is the body of such a row.
type notice struct {
	Connection string `json:"connection"`
}

// RefusedRow makes the row that tells of a connection whose credentials were refused.
func RefusedRow(id portal.ID, connection string) lane.NewRow {
	body, err := json.Marshal(notice{connection})
	if err != nil { // a string always marshals
		body = nil
	}
	return lane.NewRow{Lane: string(id), Part: KindRefused + "/" + connection, Kind: KindRefused, Code: connection, Body: body}
}

// NoticeStore is what notices are made of.
type NoticeStore interface {
	Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error)
	// Administrators lists the users in whose name the bridge may work in a portal.
	Administrators(ctx context.Context, id portal.ID) ([]int64, error)
}

// Notices works the rows that tell administrators.
type Notices struct {
	Store  NoticeStore
	Bitrix func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
}

// Work implements lane.Worker. A notice has a tag of its own, so that one whose answer was lost is replaced
// by its repeat. What was put in order meanwhile is not told.
func (n Notices) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var told notice
	if err := json.Unmarshal(row.Body, &told); err != nil {
		return lane.Result{}, err
	}
	id := portal.ID(row.Lane)
	all, err := n.Store.Connections(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	at := slices.IndexFunc(all, func(c portal.Connection) bool {
		return c.Name == told.Connection && c.State == portal.ConnectionRefused
	})
	if at < 0 {
		return lane.Result{Note: "подключение уже исправлено"}, nil
	}
	users, err := n.Store.Administrators(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	b24, err := n.Bitrix(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	sent, why := 0, "портал не доставил уведомление ни одному администратору"
	for _, user := range users {
		notice, err := b24.Notify(ctx, bitrix.Notice{UserID: bitrix.ID(user), Type: bitrix.NoticeSystem,
			Message: refusedText(all[at]), Tag: "KB|refused|" + told.Connection})
		switch {
		case passing(err):
			return lane.Result{}, err
		case err != nil:
			why = explain(err)
		case notice > 0:
			sent++
		}
	}
	if sent == 0 {
		return lane.Result{Verdict: lane.Dead, Note: fmt.Sprintf("Администраторам не сказано, что подключение «%s» не работает: %s", told.Connection, why)}, nil
	}
	return lane.Result{Note: fmt.Sprintf("администраторам сказано: %d", sent)}, nil
}

// refusedText says what stands still, and what to do. No secret and no login is in it: a notice also goes
// by e-mail.
func refusedText(c portal.Connection) string {
	if said, _, _ := strings.Cut(c.Note, " (diadoc: "); c.Kind == docflow.Diadoc && strings.HasPrefix(said, "Диадок") { // not the credentials
		return fmt.Sprintf("[B]Контур Мост[/B]: подключение «%s» не работает. %s До этого документы через него не отправляются, статусы не обновляются.", c.Name, said)
	}
	service, wrong, remedy := "Контур.Реестро", "логин, пароль или accountId", "Проверьте, что с ними можно войти в личный кабинет Реестро, и исправьте"
	if c.Kind == docflow.Diadoc {
		service, wrong, remedy = "Контур.Диадок", "логин и пароль", "Исправьте"
		if c.Secrets["refreshToken"] != "" {
			return fmt.Sprintf("[B]Контур Мост[/B]: Контур.Диадок больше не принимает доступ, выданный подключению «%s». Документы через него не отправляются, статусы не обновляются. "+
				"Войдите в Диадок заново командой bridge connect diadoc, работа продолжится сама.", c.Name)
		}
	}
	return fmt.Sprintf("[B]Контур Мост[/B]: %s не принимает %s подключения «%s». Документы через него не отправляются, статусы не обновляются. "+
		"%s их в настройках моста (раздел connections, подключение %s): после сохранения работа продолжится сама.", service, wrong, c.Name, remedy, c.Name)
}
