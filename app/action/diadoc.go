package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/diadoc"
)

// office is a box of Диадок with the client that works in it.
type office struct {
	conn   portal.Connection
	box    diadoc.BoxID
	client *diadoc.Client
}

// office gives the box that a call names, else the portal's default one.
func (r *runner) office(ctx context.Context, c *call) (office, error) {
	return r.officeNamed(ctx, c.portal, strings.TrimSpace(c.Properties.First("connection")))
}

func (r *runner) officeNamed(ctx context.Context, id portal.ID, name string) (office, error) {
	conn, err := r.connectionOf(ctx, id, docflow.Diadoc, name)
	if err != nil {
		return office{}, err
	}
	client, err := r.Clients.Diadoc(conn)
	return office{conn, diadoc.BoxID(conn.AccountID), client}, err
}

// letter is a message with the one of its documents that an action is about.
type letter struct {
	office
	rec    docflow.Record
	entity diadoc.EntityID // "" where the message has no documents yet
}

func (l letter) message() diadoc.MessageID { return diadoc.MessageID(l.rec.ExternalID) }

func (l letter) document() diadoc.DocumentID {
	return diadoc.DocumentID{MessageID: l.message(), EntityID: l.entity}
}

// letter finds the message and the document that an action is about: those named, else the card's latest
// message and its first document. A message that the bridge does not know is joined to the card, so that what
// becomes of it is followed from now on.
func (r *runner) letter(ctx context.Context, c *call) (letter, error) {
	rec, err := r.message(ctx, c)
	if err != nil {
		return letter{}, err
	}
	at, err := r.officeNamed(ctx, c.portal, rec.Connection)
	if err != nil {
		return letter{}, err
	}
	l := letter{office: at, rec: rec, entity: diadoc.EntityID(feed.MessageKey(diadoc.MessageID(strings.TrimSpace(c.Properties.First("entity_id")))))}
	if l.entity == "" && len(rec.Documents) > 0 {
		l.entity = diadoc.EntityID(rec.Documents[0].EntityID)
	}
	if _, known := rec.Document(string(l.entity)); l.entity != "" && !known {
		return letter{}, &docflow.Refusal{Code: "document_not_found",
			CRMText: fmt.Sprintf("Параметр entity_id: в сообщении %s нет документа %s. Возьмите номер из результата робота «Диадок: отправить документы» или оставьте параметр пустым.", rec.ExternalID, l.entity),
			TextEN:  fmt.Sprintf("Parameter entity_id: message %s has no document %s.", rec.ExternalID, l.entity)}
	}
	return l, nil
}

// message finds the record of the message that an action is about.
func (r *runner) message(ctx context.Context, c *call) (docflow.Record, error) {
	id := feed.MessageKey(diadoc.MessageID(strings.TrimSpace(c.Properties.First("message_id"))))
	if id == "" {
		return r.latestMessage(ctx, c)
	}
	known, err := r.Messages.Messages(ctx, string(c.portal), []string{id})
	if err != nil {
		return docflow.Record{}, err
	}
	for _, rec := range known { // of several cards, this one's
		if rec.Card == c.Card {
			return rec, nil
		}
	}
	if len(known) > 0 {
		return known[0], nil
	}
	return r.join(ctx, c, id)
}

func (r *runner) latestMessage(ctx context.Context, c *call) (docflow.Record, error) {
	all, err := r.Store.CardDocflows(ctx, string(c.portal), c.Card, maxLooked)
	if err != nil {
		return docflow.Record{}, err
	}
	for _, rec := range all {
		if rec.System == docflow.Diadoc && rec.Kind != docflow.KindInvitation {
			return rec, nil
		}
	}
	return docflow.Record{}, &docflow.Refusal{Code: "message_not_found",
		CRMText: "В карточке нет документов Диадока. Сначала отправьте их роботом «Диадок: отправить документы» или укажите номер сообщения в параметре message_id.",
		TextEN:  "The card has no documents of Diadoc. Send some first, or name a message in message_id."}
}

// join stores a message that came about outside the bridge as one of the card.
func (r *runner) join(ctx context.Context, c *call, id string) (docflow.Record, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return docflow.Record{}, err
	}
	message, err := at.client.GetMessage(ctx, at.box, diadoc.MessageID(id), diadoc.MessageOptions{OriginalSignature: true})
	if err != nil {
		return docflow.Record{}, err
	}
	now := r.Now()
	u := feed.FromDiadoc(message, at.box, docflow.CauseGet, "", now)
	rec := docflow.Record{ID: c.docflowID(), Portal: string(c.portal), Card: c.Card, System: docflow.Diadoc, Kind: kindOf(u.Documents),
		Connection: at.conn.Name, RequestID: string(c.docflowID()), ExternalID: u.ExternalID, State: u.State, Documents: u.Documents, Read: u.Read,
		Created: now, Changed: now, Version: 1}
	return rec, r.Store.Write(ctx, c.row.Lease, docflow.Prepare{Record: rec})
}

// kindOf names a message by its first document.
func kindOf(documents []docflow.Document) string {
	if len(documents) == 0 {
		return "Nonformalized"
	}
	return cmp.Or(documents[0].Type, "Nonformalized")
}

// reread reads a message after an act of ours, so that whoever waits sees what the act has changed. A message
// that the service does not show yet changes nothing: the feed tells it.
func (r *runner) reread(ctx context.Context, l letter, id diadoc.MessageID) ([]lane.Write, error) {
	u, err := feed.Read(ctx, l.client, l.box, id, l.rec, docflow.CauseAct, r.Now())
	if errors.Is(err, diadoc.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u.MovedTo = u.ExternalID
	return []lane.Write{docflow.Settle{ID: l.rec.ID, Update: u}}, nil
}

// operationID names one send of a row for the service: it does what comes under one id once, however often it
// is asked. A row that makes several sends numbers them.
func (c *call) operationID(step string) diadoc.OperationID {
	return diadoc.OperationID(string(c.docflowID()) + step)
}

// diadocRefused says a refusal of Диадок in words for the card.
func diadocRefused(err error) *docflow.Refusal {
	if wrong, ok := errors.AsType[*diadoc.CallError](err); ok {
		said := wrong.Explanation()
		return &docflow.Refusal{Code: "invalid_field", CRMText: "Диадок не примет это: " + said.RU + ". Исправьте и повторите.", TextEN: "Diadoc will not take this: " + said.EN, Cause: err}
	}
	api, ok := errors.AsType[*diadoc.APIError](err)
	if !ok {
		return nil
	}
	known := refusalOfDiadoc(api)
	said := api.Explanation()
	ru, en := cmp.Or(said.RU, "запрос отклонён"), cmp.Or(said.EN, "the request was refused")
	if api.Text != "" {
		ru, en = ru+" (ответ Диадока: "+api.Text+")", en+" (Diadoc: "+api.Text+")"
	}
	return &docflow.Refusal{Code: known.code, CRMText: strings.TrimSpace("Диадок: " + ru + ". " + known.remedy), TextEN: "Diadoc: " + en + ".", Cause: err}
}

// meaning is what a refusal of the service means for robots, and what people can do.
type meaning struct {
	is           error
	code, remedy string
}

func refusalOfDiadoc(err error) meaning {
	for _, m := range []meaning{
		{diadoc.ErrGone, "not_supported", "Обновите мост: эта операция удалена из API."},
		{diadoc.ErrNoSubscription, "no_subscription", "Оформите подписку на API для организации этого ящика: без неё не пройдёт ни один запрос."},
		{diadoc.ErrUnauthorized, "no_access", "Подключите ящик заново: Диадок не принимает ключ разработчика или пользователя подключения."},
		{diadoc.ErrNoAccess, "no_access", "Дайте пользователю подключения в Диадоке доступ к документу и нужное право (подписывать, согласовывать, управлять контрагентами) или выберите другой ящик."},
		{diadoc.ErrNotFound, "not_found", "Проверьте идентификаторы и ящик, указанные в роботе."},
		{diadoc.ErrConflict, "conflict", ""},
	} {
		if errors.Is(err, m.is) {
			return m
		}
	}
	return meaning{code: "service_refused", remedy: "Исправьте данные и повторите."}
}
