package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/sandbox/bitrixsim"
)

// playRevokedGrant takes the bridge's access to the box away: the administrator is told, once, and with a new
// grant everything that happened meanwhile is told in the card.
func playRevokedGrant(ctx context.Context, w *World) error {
	message, entity, err := w.sendContract(ctx)
	if err != nil {
		return err
	}
	w.Box.Diadoc.RevokeRefreshTokens()
	w.Box.Diadoc.ExpireTokens()
	w.Say("доступ моста к ящику отозван")
	if err := w.boxState(ctx, portal.ConnectionRefused); err != nil {
		return err
	}
	if err := w.Until(ctx, "the administrator is told", func() bool { return len(w.refusals()) > 0 }); err != nil {
		return err
	}
	w.Say("уведомление администратору: %s", plainText(w.refusals()[0]))
	if err := w.Box.Diadoc.Sign(w.Demo.Diadoc.Partner, message, entity); err != nil {
		return err
	}
	w.Say("контрагент подписал документ, пока ящик не читался")
	fresh, err := w.Box.Diadoc.IssueRefreshToken(w.Demo.Diadoc.ClientID, w.Demo.Diadoc.Login)
	if err != nil {
		return err
	}
	if err := w.Apply(ctx, strings.Replace(w.settings(), w.Demo.Diadoc.RefreshToken, fresh, 1)); err != nil {
		return err
	}
	w.Say("администратор выдал новый доступ")
	if err := w.cardSays(ctx, "подписан"); err != nil {
		return err
	}
	if err := w.boxState(ctx, ""); err != nil {
		return err
	}
	if n := len(w.refusals()); n != 1 {
		return fmt.Errorf("the administrator was told %d times", n)
	}
	return nil
}

// playSlowDown has Диадок answer "later" to a sending and to a read of the box: the bridge waits as long as it was
// asked to, sends once and misses nothing.
func playSlowDown(ctx context.Context, w *World) error {
	if err := w.boxFollowed(ctx); err != nil {
		return err
	}
	w.Box.Diadoc.RetryLaterNext("PostMessage", 429)
	message, entity, err := w.sendContract(ctx)
	if err != nil {
		return err
	}
	calls := w.Box.Diadoc.Calls("PostMessage")
	if len(calls) != 2 || calls[0].Status != 429 || calls[1].Status != 200 {
		return fmt.Errorf("%d sendings: %v", len(calls), calls)
	}
	pause := calls[1].At.Sub(calls[0].At)
	w.Say("Диадок попросил подождать; та же отправка повторена через %.1f с, документ один", pause.Seconds())
	if pause < time.Second {
		return fmt.Errorf("the bridge waited %s instead of a second", pause)
	}
	w.Box.Diadoc.RetryLaterNext("GetNewEvents", 429)
	if err := w.Until(ctx, "the feed is told to wait", func() bool { return w.boxAnswered(429) }); err != nil {
		return err
	}
	if err := w.Box.Diadoc.Sign(w.Demo.Diadoc.Partner, message, entity); err != nil {
		return err
	}
	return w.cardSays(ctx, "подписан")
}

// boxAnswered reports whether a read of the box was answered so.
func (w *World) boxAnswered(status int) bool {
	for _, c := range w.Box.Diadoc.Calls("GetNewEvents") {
		if c.Status == status {
			return true
		}
	}
	return false
}

// sendContract has a robot send the deal's contract, and waits until the partner has it.
func (w *World) sendContract(ctx context.Context) (message, entity string, err error) {
	w.Portal.PlaceRobot(bitrixsim.Deal, stageOrder, bitrixsim.Step{Robot: "diadoc_send", Properties: map[string]any{"inn": partnerINN,
		"files": "{=Document:UF_CRM_KB_CONTRACT}", "document_type": "Nonformalized", "need_signature": "Y", "sign_with": "test"}})
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Sale, stageOrder); err != nil {
		return "", "", err
	}
	err = w.Until(ctx, "the partner has the document", func() bool {
		all := w.Box.Diadoc.Documents()
		if len(all) != 1 || !all[0].Delivered {
			return false
		}
		message, entity = all[0].MessageID, all[0].EntityID
		return true
	})
	if err == nil {
		w.Say("документ отправлен контрагенту: %s", message)
		err = w.cardSays(ctx, "ожидает подписи контрагента")
	}
	return message, entity, err
}

// cardSays waits until the deal shows a status.
func (w *World) cardSays(ctx context.Context, status string) error {
	err := w.Until(ctx, "the card says: "+status, func() bool {
		return w.field(bitrixsim.Deal, w.Demo.Sale, portal.FieldDiadocStatus) == status
	})
	if err == nil {
		w.Say("в карточке: %s", status)
	}
	return err
}

// boxState waits until the box's connection is in a state.
func (w *World) boxState(ctx context.Context, state string) error {
	return w.WithStore(ctx, func(st *store.Store) error {
		return w.Until(ctx, "the connection is "+state, func() bool {
			all, err := st.BoxConnections(ctx, w.Demo.Diadoc.Box)
			return err == nil && len(all) == 1 && all[0].State == state
		})
	})
}
