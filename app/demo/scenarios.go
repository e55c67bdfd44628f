package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// Scenario is one story of the main job, played in a world of its own.
type Scenario struct {
	Name  string // stable, for the command line and tests
	Title string
	Play  func(ctx context.Context, w *World) error
}

// Scenarios lists every story that `bridge demo --once` plays.
func Scenarios() []Scenario {
	return append([]Scenario{
		{"extract", "Робот сделки заказывает выписку ЕГРН, файлы возвращаются в карточку", playExtract},
		{"sale", "Сделка входит в стадию: подача, подписи, пошлина, бизнес-процесс, результат", playSaleOfDeal},
		{"lead", "То же для лида", playSaleOfLead},
		{"equity", "Регистрация ДДУ: застройщик с представителем, двое дольщиков", playEquity},
		{"assignment", "Уступка права: представитель по доверенности, супруги, кредит", playAssignment},
		{"pledge", "Ипотека: робот подаёт, за банк подписывает его представитель", playPledge},
		{"lifting", "Снятие обременения: пошлины нет", playLifting},
		{"package", "Росреестр приостановил: робот отправляет дополнительный пакет, регистрация идёт дальше", playPackage},
		{"suspension", "Приостановка по заявлению и допакет, оба по готовым сопоставлениям", playSuspension},
		{"cancel", "Сделка провалена: регистрация отменена, карточка об этом говорит", playCancel},
		{"overdue", "Пошлина не оплачена больше суток: карточка напоминает один раз", playOverdue},
		{"extracts", "Базовая выписка и выписка о переходе прав в одном бизнес-процессе", playExtracts},
		{"hook", "Вебхук бизнес-процесса заказывает выписку", playHook},
		{"refusal", "Неверный кадастровый номер: отказ до единого обращения, поле названо", playRefusal},
		{"incomplete", "Карточка без продавца: все ошибки сразу, в Реестро ничего не ушло", playIncomplete},
		{"lost-answer", "Ответ на создание потерян: документооборот всё равно один", playLostAnswer},
		{"expired", "Истекли auth.sid и токен доступа: один вход и одно обновление", playExpired},
		{"password", "Реестро не принимает пароль: администратору сказано один раз, после исправления работа идёт дальше", playPassword},
		{"bad-signature", "Неверная подпись: ошибка видна в карточке", playBadSignature},
		{"restart", "Мост перезапущен посреди работы: ничего не потеряно", playRestart},
		{"repeat", "Вызов робота пришёл дважды: документооборот один", playRepeat},
		{"smart-process", "Элемент смарт-процесса заказывает выписку: поля, файлы, стадия, бизнес-процесс", playSmartProcess},
		{"pipeline-trigger", "Воронку двигает CRM-триггер моста", playPipelineTrigger},
		{"time-limit", "Время ожидания робота выходит: ответ раньше срока, итог в карточке", playTimeLimit},
		{"lost-call", "Вызов робота потерян: процесс найден, его завершает человек", playLostCall},
		{"successor", "Уволен сотрудник, чьими токенами работает мост: работу продолжает другой администратор", playSuccessor},
		{"contract", "Договор отправлен в Диадок, контрагент подписал, робот дождался", playContract},
		{"incoming-lead", "Пришёл документ от незнакомого контрагента: лид с файлом и делом, один", playIncomingLead},
		{"incoming-deal", "Пришёл документ от компании из CRM: он в её новейшей открытой сделке", playIncomingDeal},
		{"revoked-grant", "Доступ к ящику Диадока отозван: администратору сказано один раз, после починки ничего не пропущено", playRevokedGrant},
		{"slow-down", "Диадок просит подождать: мост ждёт сколько сказано, документ отправлен один раз", playSlowDown},
		{"reconnect", "Администраторов не осталось: работа ждёт и продолжается, когда портал переподключён", playReconnect},
	}, append(papers(), sending()...)...)
}

func playExtract(ctx context.Context, w *World) error {
	w.placeExtract()
	w.Say("сделка %d переходит на стадию «%s», на ней робот заказывает выписку", w.Demo.Extract, stageOrder)
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	w.Say("Реестро получил запрос %s: %v", d.Type, d.Options)
	return w.delivered(ctx, d.ID)
}

// placeExtract puts the robot that orders an extract on a stage of deals.
func (w *World) placeExtract() {
	w.Portal.PlaceRobot(bitrixsim.Deal, stageOrder, bitrixsim.Step{Robot: "realty_extract",
		Properties: map[string]any{"cadastral_number": "{=Document:UF_CRM_CADASTRAL}", "type": "info"}})
}

func playHook(ctx context.Context, w *World) error {
	secret := ""
	if err := w.WithStore(ctx, func(st *store.Store) error {
		portals, err := st.Portals(ctx)
		if err == nil && len(portals) == 1 {
			secret = portals[0].HookSecret
		}
		return err
	}); err != nil {
		return err
	}
	url := w.URL + "/bitrix/hooks/" + secret + "/realty_extract?cadastral_number={{UF_CRM_CADASTRAL}}"
	w.Portal.PlaceRobot(bitrixsim.Deal, stageOrder, bitrixsim.Step{Webhook: url})
	w.Say("на стадии стоит шаг «Вебхук» с адресом моста")
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	w.Say("Реестро получил запрос %s", d.Type)
	if err := w.finish(d.ID); err != nil {
		return err
	}
	return w.filesInCard(ctx, bitrixsim.Deal, w.Demo.Extract)
}

func playRefusal(ctx context.Context, w *World) error {
	if err := w.Portal.UpdateItem(bitrixsim.Deal, w.Demo.Extract, map[string]any{"UF_CRM_CADASTRAL": "47-14-1203001"}); err != nil {
		return err
	}
	before := len(w.Box.Realty.Calls())
	w.placeExtract()
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	if err := w.workflowEnded(ctx, bitrixsim.Deal, w.Demo.Extract, "error"); err != nil {
		return err
	}
	item, _ := w.Portal.Item(bitrixsim.Deal, w.Demo.Extract)
	text := fmt.Sprint(item[portal.FieldError])
	w.Say("в карточке: %s", strings.ReplaceAll(text, "\n", " "))
	if !strings.Contains(text, "cadastralNumber") || !strings.Contains(text, "cadastral_number") {
		return fmt.Errorf("the error does not name the field: %q", text)
	}
	for _, call := range w.Box.Realty.Calls()[before:] {
		if call.Op != "news" && call.Op != "auth" {
			return fmt.Errorf("the service was called: %s", call.Op)
		}
	}
	return nil
}

func playIncomplete(ctx context.Context, w *World) error {
	if err := w.Portal.UpdateItem(bitrixsim.Deal, w.Demo.Incomplete, map[string]any{"categoryId": 1, "stageId": stageFile}); err != nil {
		return err
	}
	w.Say("сделка без продавца входит в стадию, на которой подаются документы")
	if err := w.Until(ctx, "the card shows what is missing", func() bool {
		item, _ := w.Portal.Item(bitrixsim.Deal, w.Demo.Incomplete)
		text, _ := item[portal.FieldError].(string)
		return strings.Contains(text, "seller")
	}); err != nil {
		return err
	}
	item, _ := w.Portal.Item(bitrixsim.Deal, w.Demo.Incomplete)
	for _, line := range strings.Split(fmt.Sprint(item[portal.FieldError]), "\n") {
		w.Say("в карточке: %s", line)
	}
	if n := len(w.Box.Realty.Docflows()); n != 0 {
		return fmt.Errorf("%d docflows were filed", n)
	}
	return nil
}

func playLostAnswer(ctx context.Context, w *World) error {
	w.Box.Realty.DropAnswerNext("create")
	w.placeExtract()
	w.Say("соединение оборвётся, когда Реестро уже создаст документооборот")
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	if err := w.recordIn(ctx, docflow.Queued); err != nil {
		return err
	}
	w.Say("мост нашёл документооборот %s в новостях по номеру запроса", d.ID)
	return w.delivered(ctx, d.ID)
}

func playExpired(ctx context.Context, w *World) error {
	w.placeExtract()
	if err := w.Until(ctx, "the news are followed", func() bool { return w.Box.Realty.Logins() > 0 }); err != nil {
		return err
	}
	w.Box.Realty.ExpireSessions()
	w.Portal.ExpireAccessTokens()
	logins, refreshes := w.Box.Realty.Logins(), w.Box.Bitrix.TokenRefreshes()
	w.Say("сессия Реестро и токен портала истекли")
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
	l, r := w.Box.Realty.Logins()-logins, w.Box.Bitrix.TokenRefreshes()-refreshes
	w.Say("входов в Реестро: %d, обновлений токена: %d", l, r)
	if l != 1 || r != 1 {
		return fmt.Errorf("%d logins and %d refreshes instead of one each", l, r)
	}
	return nil
}

func playRestart(ctx context.Context, w *World) error {
	w.placeExtract()
	w.Box.Realty.HangNext("create", time.Second)
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	if err := w.tried(ctx); err != nil {
		return err
	}
	w.Say("мост останавливается, пока Реестро не ответил на создание")
	if err := w.StopBridge(); err != nil {
		return err
	}
	deal := w.Portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Создана, пока мост не работал", "categoryId": 1,
		"stageId": stageFile, "UF_CRM_CADASTRAL": "54:35:021060:1683"})
	w.Say("сделка %d создана, пока мост не работает", deal)
	if err := w.StartBridge(ctx); err != nil {
		return err
	}
	w.Say("мост запущен снова")
	if err := w.Until(ctx, "the deal that was made meanwhile is worked", func() bool {
		item, _ := w.Portal.Item(bitrixsim.Deal, deal)
		text, _ := item[portal.FieldError].(string)
		return strings.Contains(text, "seller")
	}); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	return w.delivered(ctx, d.ID)
}

func playRepeat(ctx context.Context, w *World) error {
	w.placeExtract()
	if err := w.Portal.MoveStage(bitrixsim.Deal, w.Demo.Extract, stageOrder); err != nil {
		return err
	}
	d, err := w.created(ctx, realtysim.TypeObject, 1)
	if err != nil {
		return err
	}
	status, err := w.repeatRobot(ctx)
	if err != nil {
		return err
	}
	w.Say("тот же вызов робота пришёл ещё раз, ответ %d", status)
	if status != 200 {
		return fmt.Errorf("the repeat was answered %d", status)
	}
	return w.delivered(ctx, d.ID)
}

// created waits until the service holds n docflows of a type and gives the newest.
func (w *World) created(ctx context.Context, kind string, n int) (realtysim.Docflow, error) {
	var found []realtysim.Docflow
	err := w.Until(ctx, fmt.Sprintf("%d docflows of type %s exist", n, kind), func() bool {
		found = slices.DeleteFunc(w.Box.Realty.Docflows(), func(d realtysim.Docflow) bool { return d.Type != kind })
		return len(found) >= n
	})
	if err != nil {
		return realtysim.Docflow{}, err
	}
	return found[len(found)-1], nil
}

// delivered lets the registrar do an extract and checks that the waiting workflow and the card have it,
// and that it was filed once.
func (w *World) delivered(ctx context.Context, id string) error {
	if err := w.finish(id); err != nil {
		return err
	}
	w.Say("Росреестр выполнил запрос")
	if err := w.workflowEnded(ctx, bitrixsim.Deal, w.Demo.Extract, "completed"); err != nil {
		return err
	}
	if n := len(w.Box.Realty.Docflows()); n != 1 {
		return fmt.Errorf("%d docflows instead of one", n)
	}
	return w.filesInCard(ctx, bitrixsim.Deal, w.Demo.Extract)
}

// finish lets the registrar take and complete an extract.
func (w *World) finish(id string) error {
	return errors.Join(w.Box.Realty.Dispatch(id), w.Box.Realty.Complete(id))
}

// workflowEnded waits until the card's newest process of a stage has gone on to its end, and checks what its last
// step was told.
func (w *World) workflowEnded(ctx context.Context, kind, id int, state string) error {
	last, err := w.ended(ctx, kind, id)
	if err != nil {
		return err
	}
	got := last.Returns[len(last.Returns)-1]
	w.Say("бизнес-процесс пошёл дальше: state=%v, error_code=%v", got["state"], got["error_code"])
	if fmt.Sprint(got["state"]) != state {
		return fmt.Errorf("the robot returned state %v instead of %s (%v)", got["state"], state, got["error"])
	}
	return nil
}

// ended waits until the card's newest process of a stage has ended with what it waited for.
func (w *World) ended(ctx context.Context, kind, id int) (last bitrixsim.Workflow, err error) {
	document := fmt.Sprintf("%s_%d", map[int]string{bitrixsim.Lead: "LEAD", bitrixsim.Deal: "DEAL"}[kind], id)
	err = w.Until(ctx, "the workflow goes on", func() bool {
		for _, wf := range w.Portal.Workflows() {
			if wf.Document[2] == document && wf.TemplateID == 0 {
				last = wf
			}
		}
		return last.State == bitrixsim.Done && len(last.Returns) > 0
	})
	return last, err
}

// filesInCard waits until the result is in the card's own field and in its timeline.
func (w *World) filesInCard(ctx context.Context, kind, id int) error {
	if err := w.Until(ctx, "the files are in the card", func() bool {
		item, _ := w.Portal.Item(kind, id)
		files, _ := item[portal.FieldRealtyFiles].([]any)
		ids, _ := item[portal.FieldRealtyFiles].([]int)
		withFiles := slices.ContainsFunc(w.Portal.Timeline(kind, id), func(e bitrixsim.TimelineEntry) bool {
			return len(e.Files) > 0 && strings.Contains(e.Text, "исполнен")
		})
		return len(files)+len(ids) > 0 && withFiles
	}); err != nil {
		return err
	}
	for _, e := range w.Portal.Timeline(kind, id) {
		if e.Kind != bitrixsim.KindComment {
			continue
		}
		var names []string
		for _, f := range e.Files {
			names = append(names, f.Name)
		}
		w.Say("таймлайн: %s %s", firstLine(e.Text), strings.Join(names, ", "))
	}
	return nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(plainText(s), "\n")
	return line
}

// plainText leaves the marks of text out, and the small print under a comment.
func plainText(s string) string {
	text, _, _ := strings.Cut(s, "\n[SIZE=")
	return strings.NewReplacer("[B]", "", "[/B]", "").Replace(text)
}

// recordIn waits until the bridge's own record is in a state.
func (w *World) recordIn(ctx context.Context, state docflow.State) error {
	return w.WithStore(ctx, func(st *store.Store) error {
		return w.Until(ctx, "the bridge's record is "+string(state), func() bool {
			all, err := st.Docflows(ctx, "", 10)
			return err == nil && len(all) > 0 && all[0].State == state
		})
	})
}

// tried waits until the bridge has begun the call that files.
func (w *World) tried(ctx context.Context) error {
	return w.WithStore(ctx, func(st *store.Store) error {
		return w.Until(ctx, "the creation is under way", func() bool {
			all, err := st.Docflows(ctx, "", 10)
			return err == nil && len(all) > 0 && !all[0].TriedAt.IsZero()
		})
	})
}
