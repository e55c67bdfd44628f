package action

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// maxResult bounds in bytes what a robot is given of an answer.
const maxResult = 64 << 10

func diadocCallAction() Action {
	return Action{
		Code: "diadoc_call", run: runDiadocCall,
		Name: Text{"Диадок: вызвать операцию API", "Diadoc: call an operation"},
		Description: Text{"Вызывает любую операцию API Диадока по имени. Для тех, кто знает API: мост проверяет параметры, но не последствия.",
			"Calls any operation of the Diadoc API by its name, for those who know the API: the bridge checks the parameters, not the consequences."},
		Params: []Param{
			{Name: "operation", Type: "string", Required: true, Label: Text{"Операция, например GetDocument", "Operation, such as GetDocument"}},
			{Name: "query", Type: "string", Label: Text{"Параметры запроса: a=1&b=2 или JSON", "Query: a=1&b=2 or JSON"}},
			{Name: "body", Type: "string", Label: Text{"Тело запроса (JSON или XML)", "Body (JSON or XML)"}},
			boxParam(),
		},
		Returns: returned(Param{Name: "result", Type: "text", Label: Text{"Ответ (JSON)", "Answer (JSON)"}}),
	}
}

// runDiadocCall makes one call of any operation but those that hand out or take credentials. What changes something
// and has no operation id is never made twice: when its answer is lost, that is told.
func runDiadocCall(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	at, err := r.office(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	op, query, body, err := c.operation(at)
	if err != nil {
		return lane.Result{}, err
	}
	_, repeatable := op.Parameter("operationId")
	once := op.Write && !repeatable
	if once && strings.HasPrefix(c.row.Key, begunMark) {
		return lane.Result{}, unknownOutcome(op.Name)
	}
	if once {
		if err := r.begin(ctx, c); err != nil {
			return lane.Result{}, err
		}
	}
	answer, err := at.client.Do(ctx, op.Name, query, body)
	switch {
	case err == nil:
		return c.told(op, answer), nil
	case once && upstream.MaybeDone(err):
		return lane.Result{}, unknownOutcome(op.Name)
	case once:
		err = r.unbegun(ctx, c, err)
	}
	if late, ok := errors.AsType[*diadoc.NotReadyError](err); ok && r.Now().Sub(c.row.Received) <= maxGenerating {
		r.hold(ctx, c)
		return lane.Result{Verdict: lane.Aside, At: late.Until, Note: "Диадок ещё выполняет операцию " + op.Name}, nil
	}
	return lane.Result{}, err
}

func unknownOutcome(operation string) error {
	return &docflow.Refusal{Code: "uncertain",
		CRMText: fmt.Sprintf("Ответ Диадока на операцию %s потерян: неизвестно, выполнена ли она. Мост не повторяет её сам. Проверьте в Диадоке и при необходимости запустите действие заново.", operation),
		TextEN:  fmt.Sprintf("The answer to %s was lost: nobody knows whether it was carried out. Check in Diadoc before you start it again.", operation)}
}

// operation reads the call: everything wrong with it is said at once.
func (c *call) operation(at office) (diadoc.Operation, url.Values, any, error) {
	name := strings.TrimSpace(c.Properties.First("operation"))
	op, known := diadoc.LookupOperation(name)
	if !known {
		return op, nil, nil, badParams([]string{fmt.Sprintf("operation: операции «%s» у Диадока нет. Имена пишутся как в документации: GetDocument, PostMessagePatch%s", name, similar(name))})
	}
	switch {
	case op.Removed != "":
		instead := "замены у неё нет"
		if op.ReplacedBy != "" {
			instead = "вместо неё: " + op.ReplacedBy
		}
		return op, nil, nil, &docflow.Refusal{Code: "not_supported", CRMText: fmt.Sprintf("Операция %s удалена из API Диадока после %s; %s.", op.Name, op.Removed, instead),
			TextEN: fmt.Sprintf("%s was removed after %s; instead: %s.", op.Name, op.Removed, op.ReplacedBy)}
	case secretive(op):
		return op, nil, nil, &docflow.Refusal{Code: "not_allowed", CRMText: fmt.Sprintf("Операция %s выдаёт или принимает пароли, токены или коды подтверждения: роботам она не доступна. Вход в Диадок настраивается в разделе connections, подпись – сертификатом подключения.", op.Name),
			TextEN: op.Name + " hands out or takes credentials and is not offered to robots."}
	case op.Answer == diadoc.KindStream:
		return op, nil, nil, &docflow.Refusal{Code: "not_allowed", CRMText: fmt.Sprintf("Операция %s отдаёт файл любого размера, вернуть его роботу нельзя. Файлы кладут в карточку роботы «Диадок: печатная форма», «Диадок: протокол передачи» и «Диадок: архив документа».", op.Name),
			TextEN: op.Name + " answers with a file of any size; use the actions that put files into the card."}
	}
	query, faults := c.query(op, at)
	body, bodyFaults := c.body(op)
	if faults = append(faults, bodyFaults...); len(faults) > 0 {
		return op, nil, nil, badParams(faults)
	}
	return op, query, body, nil
}

// secretive tells the operations that answer with a token, or take a password, a token or a code.
func secretive(op diadoc.Operation) bool {
	return op.Section == "8.1" || strings.HasPrefix(op.Name, "CloudSign")
}

// similar lists operations whose name has the given one in it.
func similar(name string) string {
	var like []string
	for _, op := range diadoc.Operations() {
		if len(name) > 3 && op.Removed == "" && strings.Contains(strings.ToLower(op.Name), strings.ToLower(name)) && len(like) < 5 {
			like = append(like, op.Name)
		}
	}
	if len(like) == 0 {
		return ""
	}
	return ". Похожие: " + strings.Join(like, ", ")
}

// query reads the parameters and fills in what the bridge knows: the box of the connection, and the operation id of
// this row.
func (c *call) query(op diadoc.Operation, at office) (url.Values, []string) {
	query, err := parseQuery(strings.TrimSpace(c.Properties.First("query")))
	if err != nil {
		return nil, []string{"query: " + err.Error()}
	}
	for _, p := range op.Query {
		switch {
		case query.Get(p.Name) != "":
		case p.Name == "boxId" || p.Name == "myBoxId":
			query.Set(p.Name, string(at.box))
		case p.Name == "operationId":
			query.Set(p.Name, string(c.operationID("/call")))
		}
	}
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		p, known := op.Parameter(name)
		switch {
		case !known:
			faults = append(faults, fmt.Sprintf("query.%s: у операции %s нет такого параметра. Есть: %s", name, op.Name, parameterNames(op)))
		case len(query[name]) > 1:
			faults = append(faults, fmt.Sprintf("query.%s: задан больше одного раза", name))
		default:
			if why := wrongValue(p, query.Get(name)); why != "" {
				faults = append(faults, fmt.Sprintf("query.%s: «%s» %s", name, query.Get(name), why))
			}
		}
	}
	for _, p := range op.Query {
		if p.Required && query.Get(p.Name) == "" {
			faults = append(faults, fmt.Sprintf("query.%s: обязательный параметр операции %s, укажите его", p.Name, op.Name))
		}
	}
	return query, faults
}

func parameterNames(op diadoc.Operation) string {
	names := make([]string, 0, len(op.Query))
	for _, p := range op.Query {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return "ни одного"
	}
	return strings.Join(names, ", ")
}

// parseQuery reads parameters as an address has them, or as an object of JSON.
func parseQuery(text string) (url.Values, error) {
	if !strings.HasPrefix(text, "{") {
		query, err := url.ParseQuery(strings.TrimPrefix(text, "?"))
		if err != nil {
			return nil, errors.New("не читается; запишите параметры как a=1&b=2 или как объект JSON")
		}
		return query, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, fmt.Errorf("не объект JSON (%s)", err)
	}
	query := url.Values{}
	for name, value := range object {
		switch value := value.(type) {
		case string, json.Number, bool:
			query.Set(name, fmt.Sprint(value))
		case nil:
		default:
			return nil, fmt.Errorf("значение %s должно быть строкой, числом или true/false", name)
		}
	}
	return query, nil
}

// wrongValue says what is wrong with a value whose kind the parameter's name tells; "" when nothing is.
func wrongValue(p diadoc.Parameter, value string) string {
	isNumber := func() bool { return value != "" && strings.Trim(value, "0123456789") == "" }
	switch name := p.Name; {
	case p.Flag, slices.Contains([]string{"autoRegister", "fullDocflow", "isLastPart", "includeRelations", "onlyActual"}, name):
		if value != "true" && value != "false" {
			return "не true и не false"
		}
	case slices.Contains([]string{"boxId", "myBoxId", "fromBoxId", "counteragentBoxId"}, name):
		if guid := string(diadoc.BoxID(value).GUID()); !isGUID(guid) {
			return "не идентификатор ящика: он выглядит как 6ba7b810-9dad-11d1-80b4-00c04fd430c8"
		}
	case slices.Contains([]string{"messageId", "entityId", "documentId", "attachmentId", "letterId", "draftId", "eventId", "departmentId", "myDepartmentId",
		"counteragentGroupId", "templateId", "sellerTitleMessageId", "sellerTitleAttachmentId", "senderTitleMessageId", "senderTitleAttachmentId"}, name):
		if !isGUID(value) {
			return "не идентификатор: он выглядит как 6ba7b810-9dad-11d1-80b4-00c04fd430c8"
		}
	case slices.Contains([]string{"page", "count", "limit", "pageSize", "partIndex", "titleIndex", "timestampFromTicks", "timestampToTicks"}, name):
		if !isNumber() {
			return "не целое число"
		}
	}
	return ""
}

// body reads the body: an object of JSON whose fields are checked where the structure is known, XML or text as it is,
// other bytes in base64.
func (c *call) body(op diadoc.Operation) (any, []string) {
	text := strings.TrimSpace(c.Properties.First("body"))
	switch {
	case text == "" && op.Body != diadoc.KindNone && !op.AlsoGet:
		return nil, []string{fmt.Sprintf("body: операции %s нужно тело запроса: %s", op.Name, op.Request)}
	case text == "":
		return nil, nil
	case op.Body == diadoc.KindNone:
		return nil, []string{fmt.Sprintf("body: у операции %s нет тела запроса, очистите параметр", op.Name)}
	case op.Body == diadoc.KindBytes:
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, []string{fmt.Sprintf("body: операции %s нужны байты в base64", op.Name)}
		}
		return raw, nil
	case op.Body != diadoc.KindJSON:
		return []byte(text), nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return nil, []string{fmt.Sprintf("body: не объект JSON (%s); операции %s нужна структура %s", err, op.Name, op.Request)}
	}
	return json.RawMessage(text), checkBody(op, []byte(text))
}

// told ends the run with the answer.
func (c *call) told(op diadoc.Operation, answer *diadoc.Answer) lane.Result {
	result, cut := resultOf(op, answer)
	note := fmt.Sprintf("%s: %d bytes", op.Name, len(answer.Body))
	text := fmt.Sprintf("Операция %s выполнена.", op.Name)
	if cut {
		text += fmt.Sprintf(" Ответ длиннее %d КБ и обрезан: запросите меньше.", maxResult>>10)
	}
	return c.tell(note, text, map[string]any{"result": result})
}

// resultOf is the answer as JSON, without what may be a secret. An answer that is too long is cut, and is no valid
// JSON then.
func resultOf(op diadoc.Operation, answer *diadoc.Answer) (result string, cut bool) {
	var value any
	switch {
	case len(answer.Body) == 0:
		return "{}", false
	case op.Answer == diadoc.KindJSON:
		decoder := json.NewDecoder(bytes.NewReader(answer.Body))
		decoder.UseNumber()
		if decoder.Decode(&value) != nil {
			value = string(answer.Body)
		}
		value = withoutSecrets(value)
	case op.Answer == diadoc.KindText:
		value = strings.TrimSpace(string(answer.Body))
	default:
		value = map[string]any{"fileName": answer.FileName, "contentType": answer.ContentType, "size": len(answer.Body), "content": base64.StdEncoding.EncodeToString(answer.Body)}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return "{}", false
	}
	if len(raw) <= maxResult {
		return string(raw), false
	}
	raw = raw[:maxResult]
	for len(raw) > 0 && !utf8.Valid(raw) {
		raw = raw[:len(raw)-1]
	}
	return string(raw), true
}

// withoutSecrets blanks what is called a token, a password or a secret, at any depth.
func withoutSecrets(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, inside := range value {
			lower := strings.ToLower(name)
			if _, text := inside.(string); text && (strings.Contains(lower, "token") || strings.Contains(lower, "password") || strings.Contains(lower, "secret")) {
				value[name] = "***"
				continue
			}
			value[name] = withoutSecrets(inside)
		}
	case []any:
		for i := range value {
			value[i] = withoutSecrets(value[i])
		}
	}
	return value
}
