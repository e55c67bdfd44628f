package reaction

import (
	"fmt"
	"slices"

	"konturbridge/app/docflow"
)

// todos lists what people have to do after a change: a line for each signer and for each charge.
func todos(r docflow.Record, ch docflow.Change) []string {
	if r.State != docflow.Suspended || !ch.Changed {
		return nil
	}
	var lines []string
	add := func(line string) {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	switch {
	case r.Requirement == docflow.RequireSignature && ch.StatementsNew:
		for _, s := range r.Unsigned() {
			add(fmt.Sprintf("Подписать заявление: %s (%s)", orText(s.Person, "участник сделки"), kindText(r.Kind)))
		}
	case r.Requirement == docflow.RequirePayment && ch.DutyNew:
		for _, c := range r.Charges {
			add(fmt.Sprintf("Оплатить госпошлину %s, УИН %s (%s)", sumText(c.Sum), c.UIN, kindText(r.Kind)))
		}
	case r.Requirement == docflow.RequireAnswer && ch.Moved():
		add(fmt.Sprintf("Ответить Росреестру на приостановление (%s)", kindText(r.Kind)))
	}
	return lines
}

// Overdue lists what is told in the card when a duty is unpaid for a day.
func Overdue(r docflow.Record) []Effect {
	text := fmt.Sprintf("[B]%s[/B]: госпошлина не оплачена больше суток, рассмотрение не начинается.", kindText(r.Kind))
	for _, c := range r.Charges {
		text += fmt.Sprintf("\n• УИН %s — %s", c.UIN, sumText(c.Sum))
	}
	text += "\nЕсли оплата уже была, проверьте УИН в платёжном документе."
	return []Effect{
		effect(r.Portal, r.Card, r.ID, Comment, CommentParams{Text: text}),
		effect(r.Portal, r.Card, r.ID, Todo, TextParams{Plain: true, Text: fmt.Sprintf("Проверить оплату госпошлины %s (%s)", sumText(r.Duty()), kindText(r.Kind))}),
	}
}
