package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/portal"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// dutyUIN is the payment identifier of the duty that the registrar charges.
const dutyUIN = "00000000700486290714"

// registration is a filing that people sign, and what is to be seen of it.
type registration struct {
	docflowType          string            // wire name
	kind, card           int               // of the card
	fileStage, signStage string            // where it is filed, and where robots hand signatures over and submit
	template             int               // the process that a charged duty starts; zero: no duty is due
	robot                bool              // a robot files and its process is answered; else a trigger does
	signers              []string          // surnames, in any order
	options              map[string]string // what the filed options hold, by path
}

// register plays a filing from the card to its result in the card.
func (w *World) register(ctx context.Context, r registration) error {
	d, err := w.sent(ctx, r)
	if err != nil {
		return err
	}
	if r.template != 0 {
		if err := w.charged(ctx, r, d.ID); err != nil {
			return err
		}
		if err := w.Box.Realty.Pay(d.ID, ""); err != nil {
			return err
		}
		w.Say("пошлина оплачена")
	}
	if err := w.completed(ctx, r, d.ID); err != nil {
		return err
	}
	return w.filed(1)
}

// sent plays a filing until the registrar has it: created of the card, signed by everybody, submitted.
func (w *World) sent(ctx context.Context, r registration) (realtysim.Docflow, error) {
	d, err := w.begun(ctx, r)
	if err != nil {
		return d, err
	}
	if err := w.sign(r.kind, r.card, d, false); err != nil {
		return d, err
	}
	w.Say("подписи приложены к карточке, она переходит на стадию «%s»", r.signStage)
	if err := w.Portal.MoveStage(r.kind, r.card, r.signStage); err != nil {
		return d, err
	}
	if err := w.inState(ctx, d.ID, realtysim.StateQueued); err != nil {
		return d, err
	}
	if err := w.Box.Realty.Dispatch(d.ID); err != nil {
		return d, err
	}
	if err := w.workflowEnded(ctx, r.kind, r.card, "sent"); err != nil {
		return d, err
	}
	return d, w.state(ctx, r.kind, r.card, "на рассмотрении в Росреестре")
}

// begun files by moving the card, and checks what reached the service and what the card says then.
func (w *World) begun(ctx context.Context, r registration) (d realtysim.Docflow, err error) {
	w.Say("карточка %d входит в стадию «%s»", r.card, r.fileStage)
	if r.robot {
		w.Portal.PlaceRobot(r.kind, r.fileStage, bitrixsim.Step{Robot: "realty_create", Properties: map[string]any{"docflow_type": r.docflowType}})
	}
	if err := w.Portal.MoveStage(r.kind, r.card, r.fileStage); err != nil {
		return d, err
	}
	if d, err = w.created(ctx, r.docflowType, 1); err != nil {
		return d, fmt.Errorf("%w; the card says: %s", err, w.field(r.kind, r.card, portal.FieldError))
	}
	if err := holds(d.Options, r.options); err != nil {
		return d, err
	}
	w.Say("Реестро получил %s и просит подписи: %s", d.Type, strings.Join(signersOf(d), ", "))
	if got := signersOf(d); !sameSurnames(got, r.signers) {
		return d, fmt.Errorf("%v are to sign instead of %v", got, r.signers)
	}
	if r.robot {
		if err := w.workflowEnded(ctx, r.kind, r.card, "suspended"); err != nil {
			return d, err
		}
	}
	if err := w.state(ctx, r.kind, r.card, "нужны подписи"); err != nil {
		return d, err
	}
	if got := w.field(r.kind, r.card, portal.FieldRealtyID); got != d.ID {
		return d, fmt.Errorf("the card names docflow %q", got)
	}
	return d, w.todos(ctx, r.kind, r.card, "Подписать заявление", len(r.signers))
}

// charged lets the registrar charge a duty, and checks that it reached the card and started the process.
func (w *World) charged(ctx context.Context, r registration, docflow string) error {
	if err := w.Box.Realty.ChargeDuty(docflow, realtysim.Charge{UIN: dutyUIN, Sum: 200000}); err != nil {
		return err
	}
	w.Say("Росреестр начислил пошлину")
	started := func() (n int) {
		for _, wf := range w.Portal.Workflows() {
			if wf.TemplateID == r.template && wf.Parameters["uin"] == dutyUIN {
				n++
			}
		}
		return n
	}
	if err := w.Until(ctx, "УИН and sum are in the card and the process has started", func() bool {
		return w.field(r.kind, r.card, portal.FieldRealtyUIN) == dutyUIN &&
			strings.HasPrefix(w.field(r.kind, r.card, portal.FieldRealtyDuty), "2000") && started() > 0
	}); err != nil {
		return err
	}
	if n := started(); n != 1 {
		return fmt.Errorf("the process was started %d times", n)
	}
	w.Say("запущен бизнес-процесс %d с УИН %s", r.template, dutyUIN)
	return w.todos(ctx, r.kind, r.card, "Оплатить госпошлину", 1)
}

// completed lets the registrar finish, and checks that the result is in the card and where the card is then.
func (w *World) completed(ctx context.Context, r registration, docflow string) error {
	if err := w.Box.Realty.Complete(docflow); err != nil {
		return err
	}
	if err := w.state(ctx, r.kind, r.card, "исполнен"); err != nil {
		return err
	}
	if err := w.filesInCard(ctx, r.kind, r.card); err != nil {
		return err
	}
	if r.kind != bitrixsim.Deal {
		return nil
	}
	if err := w.Until(ctx, "the deal is moved to its last stage", func() bool {
		return w.field(r.kind, r.card, "stageId") == stageDone
	}); err != nil {
		return err
	}
	w.Say("сделка перенесена на стадию «%s»", stageDone)
	return nil
}

// filed checks how many docflows the service holds.
func (w *World) filed(n int) error {
	if all := w.Box.Realty.Docflows(); len(all) != n {
		return fmt.Errorf("%d docflows were filed instead of %d", len(all), n)
	}
	return nil
}

// todos waits until a card has n to-dos that begin alike.
func (w *World) todos(ctx context.Context, kind, id int, begin string, n int) error {
	var found []string
	if err := w.Until(ctx, fmt.Sprintf("%d to-dos «%s» are in the card", n, begin), func() bool {
		found = nil
		for _, a := range w.Portal.Activities(kind, id) {
			if strings.HasPrefix(a.Subject, begin) {
				found = append(found, a.Subject)
			}
		}
		return len(found) >= n
	}); err != nil {
		return err
	}
	if len(found) != n {
		return fmt.Errorf("%d to-dos instead of %d: %v", len(found), n, found)
	}
	for _, text := range found {
		w.Say("дело: %s", text)
	}
	return nil
}

// field is a card's field as text.
func (w *World) field(kind, id int, name string) string {
	item, _ := w.Portal.Item(kind, id)
	if item[name] == nil {
		return ""
	}
	return fmt.Sprint(item[name])
}

func signersOf(d realtysim.Docflow) (all []string) {
	for _, st := range d.Statements {
		all = append(all, st.Persons...)
	}
	return all
}

// sameSurnames compares without regard to the order; names begin with the surname.
func sameSurnames(names, surnames []string) bool {
	var begin []string
	for _, name := range names {
		surname, _, _ := strings.Cut(name, " ")
		begin = append(begin, surname)
	}
	return slices.Equal(slices.Sorted(slices.Values(begin)), slices.Sorted(slices.Values(surnames)))
}

// holds checks single values of filed options. A number in a path is a place in a list; the value "*" stands for any.
func holds(options any, want map[string]string) error {
	for path, value := range want {
		at := options
		for _, step := range strings.Split(path, ".") {
			switch v := at.(type) {
			case map[string]any:
				at = v[step]
			case []any:
				at = nil
				if n, err := strconv.Atoi(step); err == nil && n < len(v) {
					at = v[n]
				}
			default:
				at = nil
			}
		}
		if at == nil || value != "*" && fmt.Sprint(at) != value {
			return fmt.Errorf("the filed options have %v at %s instead of %s", at, path, value)
		}
	}
	return nil
}
