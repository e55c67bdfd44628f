package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

// playIncomingLead lets a counteragent that the CRM does not know send a document: it makes a lead, once, with the
// file and what to do. It is signed in Диадок's own web, and the card follows.
func playIncomingLead(ctx context.Context, w *World) error {
	if err := w.takeIncoming(ctx, "incoming:\n  - {action: deal}\n"); err != nil {
		return err
	}
	message, entity, err := w.receive("Акт № 12.pdf")
	if err != nil {
		return err
	}
	w.Say("контрагент, которого нет в CRM, прислал документ через Диадок")
	var lead int
	if err := w.Until(ctx, "the lead has the document", func() bool {
		for _, id := range w.leads() {
			if strings.Contains(w.field(bitrixsim.Lead, id, "title"), "Застройщик Выдуманный") && w.timelineFile(bitrixsim.Lead, id, "Акт № 12.pdf") {
				lead = id
			}
		}
		return lead != 0
	}); err != nil {
		return err
	}
	w.Say("лид: %s", w.field(bitrixsim.Lead, lead, "title"))
	for _, line := range strings.Split(plainText(w.Portal.Timeline(bitrixsim.Lead, lead)[0].Text), "\n") {
		w.Say("таймлайн: %s", line)
	}
	if err := w.Box.Diadoc.Sign(w.Demo.Diadoc.Box, message, entity); err != nil {
		return err
	}
	w.Say("менеджер подписал документ в Диадоке")
	if err := w.Until(ctx, "the card says so", func() bool {
		return w.field(bitrixsim.Lead, lead, portal.FieldDiadocStatus) == "подписан"
	}); err != nil {
		return err
	}
	w.Say("в карточке: %s", w.field(bitrixsim.Lead, lead, portal.FieldDiadocStatus))
	made := 0
	for _, id := range w.leads() {
		if strings.HasPrefix(w.field(bitrixsim.Lead, id, "title"), "Диадок:") {
			made++
		}
	}
	if made != 1 {
		return fmt.Errorf("%d leads were made", made)
	}
	return nil
}

// playIncomingDeal lets a counteragent whose company is in the CRM send a document: it joins the company's newest
// open deal.
func playIncomingDeal(ctx context.Context, w *World) error {
	company := w.Portal.CreateItem(bitrixsim.Company, map[string]any{"title": "Застройщик Выдуманный"})
	w.Portal.AddRequisite(bitrixsim.Company, company, map[string]any{"RQ_INN": partnerINN, "RQ_KPP": "540001001", "NAME": "Основные"})
	deal := func(title, stage string) int {
		return w.Portal.CreateItem(bitrixsim.Deal, map[string]any{"title": title, "companyId": company, "stageId": stage})
	}
	deal("Прошлогодняя сделка", "NEW")
	newest := deal("Новая сделка", "NEW")
	deal("Проигранная сделка", "LOSE")
	if err := w.takeIncoming(ctx, "incoming:\n  - {action: deal}\n"); err != nil {
		return err
	}
	message, entity, err := w.receive("Договор.pdf")
	if err != nil {
		return err
	}
	w.Say("контрагент прислал документ; у его компании две открытые сделки и одна закрытая")
	if err := w.Until(ctx, "the newest open deal has the document", func() bool {
		return w.field(bitrixsim.Deal, newest, portal.FieldDiadocStatus) == "ждёт нашей подписи" && w.timelineFile(bitrixsim.Deal, newest, "Договор.pdf")
	}); err != nil {
		return err
	}
	w.Say("документ в сделке «%s»: %s", w.field(bitrixsim.Deal, newest, "title"), w.field(bitrixsim.Deal, newest, portal.FieldDiadocStatus))
	if err := w.Box.Diadoc.AskRevocation(w.Demo.Diadoc.Partner, message, entity, "ошибка в сумме"); err != nil {
		return err
	}
	if err := w.Until(ctx, "the card says why it is to be revoked", func() bool {
		return slices.ContainsFunc(w.Portal.Timeline(bitrixsim.Deal, newest), func(e bitrixsim.TimelineEntry) bool {
			return strings.Contains(e.Text, "просит аннулировать") && strings.Contains(e.Text, "ошибка в сумме")
		})
	}); err != nil {
		return err
	}
	w.Say("контрагент просит аннулировать: причина в таймлайне, дело ответственному")
	return nil
}

// leads are the numbers of all leads.
func (w *World) leads() (ids []int) {
	for _, item := range w.Portal.Items(bitrixsim.Lead) {
		if id, ok := item["id"].(int); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// takeIncoming applies a rule and waits until the box is followed: what came before is nobody's.
func (w *World) takeIncoming(ctx context.Context, yaml string) error {
	if err := w.Apply(ctx, yaml); err != nil {
		return err
	}
	return w.boxFollowed(ctx)
}

func (w *World) boxFollowed(ctx context.Context) error {
	return w.WithStore(ctx, func(st *store.Store) error {
		return w.Until(ctx, "the box is followed", func() bool {
			all, err := st.BoxConnections(ctx, w.Demo.Diadoc.Box)
			return err == nil && len(all) == 1 && all[0].Cursor != ""
		})
	})
}

// receive lets the partner send a file that asks for our signature.
func (w *World) receive(file string) (message, entity string, err error) {
	message, err = w.Box.Diadoc.Send(w.Demo.Diadoc.Partner, w.Demo.Diadoc.Box,
		diadocsim.Paper{FileName: file, Content: []byte("документ " + file), NeedReply: true})
	for _, d := range w.Box.Diadoc.Documents() {
		if d.MessageID == message {
			entity = d.EntityID
		}
	}
	return message, entity, err
}

// timelineFile reports whether a card's timeline has a file.
func (w *World) timelineFile(kind, id int, name string) bool {
	return slices.ContainsFunc(w.Portal.Timeline(kind, id), func(e bitrixsim.TimelineEntry) bool {
		return slices.ContainsFunc(e.Files, func(f bitrixsim.File) bool { return f.Name == name })
	})
}
