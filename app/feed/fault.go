package feed

import (
	"regexp"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/realty"
	"konturbridge/realty/schema"
)

// Refused makes the refusal of a fault that the service named: in Russian, field by field, with what to do.
// What the service said itself is kept for the journal. code is what robots are told; kind is the docflow's
// type, whose fields have names; lead begins the texts.
func Refused(code string, kind realty.Kind, f realty.Fault, leadRU, leadEN string) *docflow.Refusal {
	var lines []string
	for _, leaf := range f.Leaves() {
		lines = append(lines, faultLine(kind, leaf))
	}
	return &docflow.Refusal{Code: code, CRMText: leadRU + strings.Join(lines, "; "), TextEN: leadEN + f.Summary(), Said: f.Summary()}
}

// faultLine says one fault: where, what, and what to do.
func faultLine(kind realty.Kind, f realty.Fault) string {
	where, what := faultField(kind, f.Target), faultMeaning(f)
	if where == "" {
		return what
	}
	return where + ": " + what
}

// faultTarget is a target as the service writes it: the type's name, then the path inside the body. The docs
// print objectRequest.options.cadastralNumber alone.
var faultTarget = regexp.MustCompile(`^(\w+)\.options\.(.+)$`)

// fileID is the id of a file in a target: people know the file by its signer, see the reaction's texts.
var fileID = regexp.MustCompile(`(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// faultField names the place of a fault for people; "" when it is the request as a whole.
func faultField(kind realty.Kind, target string) string {
	if m := faultTarget.FindStringSubmatch(target); m != nil {
		if kind == "" {
			kind, _ = realty.ParseKind(m[1])
		}
		if set, err := schema.Load(); err == nil {
			if label := set.Label(string(kind), m[2]); label != "" {
				return label + " (" + m[2] + ")"
			}
		}
		return m[2]
	}
	if id := fileID.FindString(target); id != "" {
		return id
	}
	if strings.EqualFold(target, "api") {
		return ""
	}
	return target
}

// meanings are the faults that have a Russian text. The docs print two messages: "must not be null", which is
// a wording of Bean Validation whose other default messages are taken as well, and the outermost "Failed to
// validate input request". That the check of signatures fails, and that a cancellation ends the registration, is
// documented, the words for it are not.
// Doc: Kontur.Reestro API docs, page "Error".
var meanings = []struct {
	said *regexp.Regexp
	ru   string
}{
	{regexp.MustCompile(`(?i)signature.*(missing|absent|required|not found)|(missing|no) signature`), "нет подписи. Приложите откреплённую подпись этого участника"},
	{regexp.MustCompile(`(?i)signature.*(not valid|invalid|wrong|incorrect|expired)|(invalid|wrong|bad) signature`), "подпись не прошла проверку. Подпишите этот файл ещё раз действующим сертификатом того же участника"},
	{regexp.MustCompile(`(?i)^(must|may) not be (null|empty|blank)$`), "не заполнено. Заполните это поле карточки"},
	{regexp.MustCompile(`(?i)^must match\b`), "не того вида, что нужен Реестро. Исправьте значение в карточке"},
	{regexp.MustCompile(`(?i)^(size|length) must be\b`), "не той длины, что нужна Реестро. Исправьте значение в карточке"},
	{regexp.MustCompile(`(?i)^must be a (past|future) date|^must be in the (past|future)`), "дата не подходит. Исправьте её в карточке"},
	{regexp.MustCompile(`(?i)^cancell?ed\b`), "отменено по заявлению участников"},
	{regexp.MustCompile(`(?i)^failed to validate input request$`), "запрос не прошёл проверку. Проверьте поля карточки"},
}

// faultMeaning says in Russian what is wrong. What is not known stands in the service's words: somebody may
// know them.
func faultMeaning(f realty.Fault) string {
	said := strings.TrimSpace(f.Message)
	for _, m := range meanings {
		if m.said.MatchString(said) {
			return m.ru
		}
	}
	switch {
	case said == "" && (f.Code == "" || f.Code == "validation"):
		return "не прошло проверку. Исправьте значение в карточке"
	case said == "":
		return "код «" + f.Code + "»"
	case russian(said):
		return said
	case f.Code == "validation":
		return "не прошло проверку («" + said + "»). Исправьте значение в карточке"
	default:
		return "«" + said + "»"
	}
}

// russian reports whether a text needs no translation.
func russian(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= 'А' && r <= 'я' || r == 'ё' || r == 'Ё' })
}
