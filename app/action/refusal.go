package action

import (
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// refusalFor turns an error into a business no where the service or the portal has answered so: the robot
// is told instead of waiting for ever. nil for every other failure.
func refusalFor(err error) *docflow.Refusal {
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok {
		return refusal
	}
	if err == nil || upstream.ClassOf(err) != upstream.Refused {
		return nil
	}
	if download, ok := errors.AsType[*bitrix.DownloadError](err); ok {
		return badDownload(download)
	}
	if api, ok := errors.AsType[*bitrix.APIError](err); ok {
		return portalRefused(api)
	}
	if refusal := diadocRefused(err); refusal != nil {
		return refusal
	}
	return refusalOf(err, "")
}

func badDownload(err *bitrix.DownloadError) *docflow.Refusal {
	text, en := "Файл карточки не удалось прочитать. Приложите его заново.", "A file of the card can't be read."
	if errors.Is(err, bitrix.ErrForeignHost) {
		text, en = "Ссылка на файл ведёт не на портал. Укажите в роботе поле карточки с файлом.", "A file's link leads away from the portal."
	}
	return &docflow.Refusal{Code: "bad_file", CRMText: text, TextEN: en, Cause: err}
}

func portalRefused(api *bitrix.APIError) *docflow.Refusal {
	why := "портал отказал"
	switch {
	case errors.Is(api, bitrix.ErrNotFound):
		why = "карточка, контакт или компания не найдены"
	case errors.Is(api, bitrix.ErrAccessDenied):
		why = "у сотрудника, от имени которого работает мост, нет прав на чтение"
	case errors.Is(api, bitrix.ErrScope):
		why = "в форме приложения не хватает прав (scope)"
	case errors.Is(api, bitrix.ErrPaymentRequired):
		why = "тариф портала не позволяет"
	}
	if api.Description != "" {
		why += " (" + api.Description + ")"
	}
	return &docflow.Refusal{Code: "portal_refused", CRMText: "Не удалось прочитать данные карточки: " + why + ".",
		TextEN: "The portal refused to give the card's data.", Cause: api}
}

func invalid(lines []string) *docflow.Refusal {
	return &docflow.Refusal{Code: "invalid_field",
		CRMText: "Документы не отправлены, исправьте данные:\n" + strings.Join(lines, "\n"),
		TextEN:  "Nothing was sent; correct the data:\n" + strings.Join(lines, "\n")}
}

// refusalOf says a service's refusal in words for the card. kind is the docflow's type, where it is known.
func refusalOf(err error, kind realty.Kind) *docflow.Refusal {
	if errors.Is(err, realty.ErrLoginRefused) { // also one that is remembered: then nothing was asked
		return &docflow.Refusal{Code: "no_access", CRMText: "Реестро не принимает логин и пароль подключённого аккаунта. Исправьте их в разделе connections настроек моста.", TextEN: "Reestro refuses the login data.", Cause: err}
	}
	api, ok := errors.AsType[*realty.APIError](err)
	if !ok {
		return &docflow.Refusal{Code: "refused", CRMText: "Реестро отказал в приёме документооборота.", TextEN: "Reestro refused the docflow.", Cause: err}
	}
	switch {
	case errors.Is(err, realty.ErrNoAccess):
		return &docflow.Refusal{Code: "no_access", CRMText: "У подключённого аккаунта Реестро нет доступа. Проверьте accountId и права пользователя.", TextEN: "The Reestro account has no access.", Cause: err}
	case errors.Is(err, realty.ErrNotFound):
		return &docflow.Refusal{Code: "not_found", CRMText: "Реестро не находит этот документооборот или файл.", TextEN: "Reestro does not find the docflow or file.", Cause: err}
	case errors.Is(err, realty.ErrUnsupported):
		return &docflow.Refusal{Code: "not_supported", CRMText: "Реестро пока не принимает такой запрос: он относится к системе ЕГРОН. Подайте его позже или другим путём.", TextEN: "Reestro does not support this request for now.", Cause: err}
	case api.IsZero():
		text := fmt.Sprintf("%d", api.Status)
		return &docflow.Refusal{Code: "service_refused", CRMText: "Реестро отклонил запрос: код ответа " + text + ". Попробуйте ещё раз; если отказ повторится, обратитесь в поддержку Контур.Реестро.",
			TextEN: "Reestro refused: status " + text, Said: api.Text, Cause: err}
	}
	refusal := feed.Refused("service_refused", kind, api.Fault, "Реестро отклонил запрос: ", "Reestro refused: ")
	refusal.Cause = err
	return refusal
}
