package reaction

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// passing reports whether an effect that failed so may succeed later: it and those behind it wait.
func passing(err error) bool {
	if err == nil {
		return false
	}
	switch upstream.ClassOf(err) {
	case upstream.Retry, upstream.Wait, upstream.Relogin:
		return true
	}
	return errors.Is(err, lane.ErrLeaseLost) || errors.Is(err, lane.ErrStoreDown) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// explain says in the journal's and the card's language why an effect can't be applied, and what to do.
func explain(err error) string {
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok {
		return refusal.CRMText
	}
	if problems, ok := errors.AsType[mapping.Problems](err); ok {
		lines := make([]string, 0, len(problems))
		for _, p := range problems {
			lines = append(lines, p.Text())
		}
		return "Шаблон из настроек моста не заполнен: " + strings.Join(lines, "; ")
	}
	if faults, ok := errors.AsType[mapping.CompileErrors](err); ok {
		return "Ошибка в шаблоне настроек моста: " + faults.Error()
	}
	if errors.Is(err, upstream.ErrAnswerTooLarge) {
		return "Файл слишком большой (больше " + strconv.Itoa(maxFile>>20) + " МБ). Скачайте его в личном кабинете."
	}
	if text := explainPortal(err); text != "" {
		return text
	}
	if api, ok := errors.AsType[*diadoc.APIError](err); ok {
		said := strings.TrimSpace(api.Explanation().RU)
		if said == "" {
			said = "ответ " + strconv.Itoa(api.Status)
		}
		return "Диадок не отдал файл: " + said + ". Скачайте его в Диадоке."
	}
	switch {
	case errors.Is(err, realty.ErrNotFound):
		return "Реестро не находит файл или документооборот."
	case errors.Is(err, realty.ErrNoAccess), errors.Is(err, realty.ErrLoginRefused):
		return "Реестро не пускает подключённый аккаунт. Проверьте логин, пароль и accountId в настройках моста."
	}
	if _, ok := errors.AsType[*realty.APIError](err); ok {
		return "Реестро не отдал файл. Скачайте его в личном кабинете Реестро."
	}
	return "Ошибка моста, сообщите разработчику: " + err.Error()
}

func explainPortal(err error) string {
	api, ok := errors.AsType[*bitrix.APIError](err)
	if !ok {
		return ""
	}
	said := api.Description
	if said == "" {
		said = api.Code
	}
	if said != "" {
		said = " (ответ портала: " + said + ")"
	}
	switch {
	case errors.Is(err, bitrix.ErrNotFound):
		return "На портале нет такой карточки, стадии или шаблона" + said + "."
	case errors.Is(err, bitrix.ErrAccessDenied):
		return "У сотрудника, от имени которого работает мост, нет прав на это" + said + "."
	case errors.Is(err, bitrix.ErrScope):
		return "В форме приложения не хватает прав (scope); добавьте их и переустановите приложение" + said + "."
	case errors.Is(err, bitrix.ErrPaymentRequired):
		return "Тариф портала этого не позволяет" + said + "."
	case errors.Is(err, bitrix.ErrAppGone):
		return "Приложение моста удалено с портала; установите его заново" + said + "."
	default:
		return "Портал отказал" + said + "."
	}
}

// textOf writes a rendered value as people do: 4500000, not 4.5e+06; nothing is "".
func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, 0, len(v))
		for _, each := range v {
			parts = append(parts, textOf(each))
		}
		return strings.Join(parts, ", ")
	default:
		return ""
	}
}
