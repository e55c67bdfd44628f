package setup_test

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/app/page"
	"konturbridge/app/page/setup"
	"konturbridge/app/settings"
)

// knowledge checks what these tests write as loosely as they need.
type knowledge struct{}

func (knowledge) Actions() []string {
	return []string{"realty_extract", "realty_create", "diadoc_call"}
}
func (knowledge) Parameters(code string) map[string]bool {
	if code == "realty_extract" {
		return map[string]bool{"cadastral_number": true, "type": false}
	}
	return map[string]bool{"docflow_type": false, "mapping": false, "connection": false}
}
func (knowledge) DocflowTypes() []string {
	return []string{"object_request", "right_movement_request"}
}
func (knowledge) Tree(_ settings.Use, tree any) []settings.TreeProblem {
	if text, ok := tree.(string); ok && strings.Contains(text, "((") {
		return []settings.TreeProblem{{RU: "ошибка в выражении", EN: "a fault"}}
	}
	if m, ok := tree.(map[string]any); ok {
		for key, value := range m {
			if len(knowledge{}.Tree("", value)) > 0 {
				return []settings.TreeProblem{{Path: key, RU: "ошибка в выражении", EN: "a fault"}}
			}
		}
	}
	return nil
}

// office is a bridge with one portal, as far as the pages see it.
type office struct {
	t       *testing.T
	stored  settings.Settings
	version int64
	by      setup.By
	silent  error // what the portal's lists answer instead
	undone  []int64
	told    setup.Checked
}

func (o *office) Read(context.Context, string) (setup.Current, error) {
	return setup.Current{Settings: o.stored, Version: o.version}, nil
}

func (o *office) Edit(_ context.Context, _ string, by setup.By, edit func(*settings.Settings) error) (settings.Problems, error) {
	if by.Read != o.version {
		return nil, setup.ErrChanged
	}
	next := o.stored
	if err := edit(&next); err != nil {
		return nil, err
	}
	if _, problems := settings.Parse(settings.Show(next), knowledge{}); len(problems) > 0 {
		return problems, nil
	}
	o.stored, o.by = next, by
	o.version++
	return nil, nil
}

func (o *office) Show(context.Context, string) ([]byte, error) { return settings.Show(o.stored), nil }

func (o *office) Apply(_ context.Context, _ string, by setup.By, text []byte) (settings.Problems, error) {
	next, problems := settings.Parse(text, knowledge{})
	if len(problems) == 0 {
		o.stored, o.by = next, by
	}
	return problems, nil
}

func (o *office) Versions(context.Context, string) ([]setup.Version, error) {
	return []setup.Version{{Number: 2, Author: "Борис", Cause: "page"}, {Number: 1, Author: "command line", Cause: "file"}}, nil
}

func (o *office) Version(_ context.Context, _ string, number int64) (setup.Version, error) {
	yaml := "triggers:\n  - {entity: deal, stage: NEW, action: a}\n"
	if number == 2 {
		yaml = "triggers:\n  - {entity: deal, stage: WON, action: a}\nfiles: {deal: UF_CRM_X}\n"
	}
	return setup.Version{Number: number, YAML: []byte(yaml), Cause: "page", Author: "Борис"}, nil
}

func (o *office) Undo(_ context.Context, _ string, by setup.By, number int64, keep bool) (settings.Problems, error) {
	o.by = by
	if !keep && number == 1 {
		return settings.Problems{{Path: "connections[0].password", RU: "пароля больше нет", EN: "the password is gone"}}, nil
	}
	o.undone = append(o.undone, number)
	return nil, nil
}

func (o *office) Kinds(context.Context, string) ([]setup.Kind, error) {
	return []setup.Kind{{Key: "deal", Type: 2, Funnels: true}, {Key: "lead", Type: 1}, {Key: "item:147", Title: "<b>Объекты</b>", Type: 147, Funnels: true}}, o.silent
}

func (o *office) Funnels(_ context.Context, _ string, kind int) ([]setup.Funnel, error) {
	if kind == 1 {
		return []setup.Funnel{{Stages: []setup.Stage{{Code: "NEW", Name: "Новый"}}}}, o.silent
	}
	return []setup.Funnel{{ID: 0, Name: "Общая", Stages: []setup.Stage{{Code: "NEW", Name: "Новая"}, {Code: "PREPARATION", Name: "Подготовка"}}},
		{ID: 3, Name: "Регистрация", Stages: []setup.Stage{{Code: "C3:WON", Name: "Готово"}}}}, o.silent
}

func (o *office) Fields(context.Context, string, int) ([]setup.CardField, error) {
	return []setup.CardField{{Name: "UF_CRM_NUMBER", Title: "Номер <i>"}, {Name: "UF_CRM_FILES", Title: "Файлы", Type: "file"}}, o.silent
}

func (o *office) Workflows(context.Context, string) ([]setup.Workflow, error) {
	return []setup.Workflow{{ID: 12, Name: "Оплата", Kind: "deal", Parameters: []setup.Parameter{{ID: "sum", Name: "Сумма", Required: true}}}}, o.silent
}

func (o *office) People(context.Context, string) ([]setup.Person, error) {
	return []setup.Person{{ID: 7, Name: "Анна", Note: "юрист"}}, o.silent
}

func (o *office) Check(context.Context, string, string) (setup.Checked, error) { return o.told, nil }
func (o *office) States(context.Context, string) (map[string]string, error) {
	return map[string]string{"broken": "Пароль не принят"}, nil
}
func (o *office) Begin(context.Context, string, setup.By, string, string) (string, error) {
	return "login-1", nil
}
func (o *office) Login(context.Context, string, setup.By, string) (setup.Login, error) {
	return setup.Login{Address: "https://identity.kontur.ru/device", Code: "ABCD", Every: 5 * time.Second}, nil
}

func newOffice(t *testing.T, stored string) (*office, page.Desk) {
	t.Helper()
	parsed, problems := settings.Parse([]byte(stored), knowledge{})
	require.Empty(t, problems)
	o := &office{t: t, stored: parsed, version: 4, told: setup.Checked{OK: true, RU: "Вход выполнен", EN: "Logged in"}}
	var catalogue []action.Action
	for _, a := range action.Catalogue() {
		if slices.Contains(knowledge{}.Actions(), a.Code) {
			catalogue = append(catalogue, a)
		}
	}
	desk, err := setup.New(setup.Deps{Settings: o, History: o, Cards: o, Office: o, Accounts: o, Actions: catalogue, Now: time.Now,
		Portal: setup.Portal{PublicURL: "https://bridge.example.org", Registered: func(context.Context, string) (setup.Registered, error) {
			return setup.Registered{Robots: []string{"realty_extract"}}, o.silent
		}},
		Trial: setup.Trial{
			Fields: func(context.Context, string, setup.Kind, []string, bool) ([]setup.FieldLine, error) {
				return []setup.FieldLine{{Holder: "deal", Name: "UF_CRM_KB_X", State: "missing"}}, nil
			},
		}})
	require.NoError(t, err)
	return o, desk
}

const stored = `connections:
  - {name: main, kind: realty, login: a@b.ru, password: hunter2, accountId: acc-1, default: true}
  - {name: broken, kind: realty, login: c@d.ru, password: hunter3, accountId: acc-2}
triggers:
  - {entity: deal, stage: C3:WON, action: realty_extract, parameters: {cadastral_number: "{{ deal.UF_CRM_NUMBER }}"}}
  - {entity: item, entityTypeId: 147, field: UF_CRM_7_X, action: realty_create, parameters: {docflow_type: [1, {a: b}]}}
mappings:
  - {name: own, docflow_type: object_request, options: {type: info, cadastralNumber: "{{ deal.UF_CRM_NUMBER }}"}}
reactions:
  - {system: realty, state: completed, requirement: "", set_fields: {UF_CRM_NUMBER: "{{ docflow.id }}"}, notify: "7",
     start_workflow: {template: 12, parameters: {sum: 5, more: x}, document: SMART_INVOICE_3}, move_stage: "{{ deal.STAGE }}"}
files: {deal: UF_CRM_FILES}
hook_secret: secret-of-the-webhooks-of-this-portal
`

// ask goes the way of a request, past the session that the mount has checked.
func ask(t *testing.T, desk page.Desk, method, path string, form url.Values) (page.Response, string) {
	t.Helper()
	answer, err := try(t, desk, method, path, form)
	require.NoError(t, err)
	return answer, string(answer.HTML)
}

func try(t *testing.T, desk page.Desk, method, path string, form url.Values) (page.Response, error) {
	t.Helper()
	path, query, _ := strings.Cut(path, "?")
	parsed, err := url.ParseQuery(query)
	require.NoError(t, err)
	for _, route := range desk.Routes {
		params, ok := match(route.Path, path)
		if !ok || route.Method != method {
			continue
		}
		require.Equal(t, page.Manage, route.Right, route.Path)
		return route.Do(t.Context(), page.Request{Session: page.Session{Portal: "m1", User: 7, Admin: true}, Lang: "ru", Params: params, Query: parsed, Form: form})
	}
	require.Fail(t, "no route "+method+" "+path)
	return page.Response{}, nil
}

func match(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	params := map[string]string{}
	for i, part := range want {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			params[name] = have[i]
		} else if part != have[i] {
			return nil, false
		}
	}
	return params, true
}

func form(pairs ...string) url.Values {
	values := url.Values{"version": {"4"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values
}

// TestPagesShowWhatIsStored: with the portal's names, escaped, and without any secret; a portal that is silent leaves
// codes to be read and typed.
func TestPagesShowWhatIsStored(t *testing.T) {
	t.Parallel()
	for _, silent := range []error{nil, errors.New("no answer")} {
		o, desk := newOffice(t, stored)
		o.silent = silent
		for path, wants := range map[string][2][]string{
			"settings":                             {{"Подключения", "Пароль не принят"}},
			"settings/connections":                 {{"a@b.ru", "вход не принят", "Сделать основным"}},
			"settings/connections/0":               {{`value="acc-1"`, "сохранён"}},
			"settings/connections/new?kind=diadoc": {{"Войти через Контур", "boxId"}},
			"settings/triggers":                    {{"Сделка: Регистрация → Готово", "&lt;b&gt;Объекты&lt;/b&gt;: изменилось поле"}, {"Сделка: C3:WON"}},
			"settings/triggers/0":                  {{`<optgroup label="Регистрация">`, "{{ deal.UF_CRM_NUMBER }}", "Номер &lt;i&gt;"}, {`value="C3:WON"`}},
			"settings/mappings":                    {{"own", "Запрос выписок"}},
			"settings/mappings/0":                  {{"Кадастровый номер", `name="v:cadastralNumber"`, "четыре части"}},
			"settings/mappings/0?yaml=1":           {{"cadastralNumber:"}},
			"settings/reactions":                   {{"исполнен", "ничего не требуется", "Анна", "Оплата"}, {"исполнен"}},
			"settings/reactions/0":                 {{"Сумма", `name="p.more"`, "SMART_INVOICE_3", "{{ deal.STAGE }}"}, {`name="p.more"`}},
			"settings/robots":                      {{"https://bridge.example.org/bitrix/hooks/secret-of-the-webhooks-of-this-portal/realty_extract", "Файлы (UF_CRM_FILES)"}, {`value="UF_CRM_FILES"`}},
			"settings/roles":                       {{"Анна — юрист"}, {"Номера других"}},
			"settings/file":                        {{"accountId: acc-1"}},
			"settings/history":                     {{"Борис", "командная строка"}},
			"settings/history/2":                   {{"triggers[0].stage", "files"}},
			"settings/first":                       {{"Поля, которые читает мост", "UF_CRM_KB_X"}},
			"settings/logins/login-1":              {{"ABCD", `data-poll="5"`}},
		} {
			_, html := ask(t, desk, http.MethodGet, path, nil)
			expected := wants[0]
			if silent != nil && wants[1] != nil {
				expected = wants[1]
			}
			for _, want := range expected {
				require.Contains(t, html, want, path)
			}
			require.NotContains(t, html, "hunter", path)
			require.NotContains(t, html, "<b>Объекты", path)
		}
	}
}

// TestFormsChangeNothingByThemselves: what is opened and saved as it is stays as it was, whatever a form can't show.
func TestFormsChangeNothingByThemselves(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"triggers/0", "triggers/1", "reactions/0", "mappings/0", "connections/0", "connections/1"} {
		o, desk := newOffice(t, stored)
		before := string(settings.Show(o.stored))
		secrets := []string{o.stored.Connections[0].Password.Reveal(), o.stored.Connections[1].Password.Reveal()}
		_, html := ask(t, desk, http.MethodGet, "settings/"+path, nil)
		answer, html := ask(t, desk, http.MethodPost, "settings/"+path, sent(t, html))
		require.Zero(t, answer.Status, path+html)
		require.EqualValues(t, 5, o.version, path)
		require.Equal(t, before, strings.Replace(string(settings.Show(o.stored)), "category: 3\n    stage: C3:WON", "stage: C3:WON", 1), path)
		require.Equal(t, secrets, []string{o.stored.Connections[0].Password.Reveal(), o.stored.Connections[1].Password.Reveal()})
	}
}

// sent is what a browser sends of the page's first form that saves something.
func sent(t *testing.T, page string) url.Values {
	t.Helper()
	_, form, found := strings.Cut(page, `<form `)
	require.True(t, found)
	for !strings.Contains(strings.SplitN(form, "</form>", 2)[0], "<button type=\"submit\" class=\"primary\"") {
		_, form, found = strings.Cut(form, `<form `)
		require.True(t, found, page)
	}
	form, _, _ = strings.Cut(form, "</form>")
	values := url.Values{}
	list := "" // the select that options belong to
	for _, tag := range regexp.MustCompile(`<(input|select|option|textarea)\b([^>]*)>([^<]*)`).FindAllStringSubmatch(form, -1) {
		attr := func(name string) string {
			found := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag[2])
			if found == nil {
				return ""
			}
			return html.UnescapeString(found[1])
		}
		switch tag[1] {
		case "select":
			list = attr("name")
		case "option":
			if strings.HasSuffix(tag[2], " selected") || !values.Has(list) {
				values.Set(list, attr("value"))
			}
		case "textarea":
			values.Set(attr("name"), html.UnescapeString(tag[3]))
		case "input":
			if attr("type") != "checkbox" || strings.Contains(tag[2], " checked") {
				values.Add(attr("name"), attr("value"))
			}
		}
	}
	return values
}

// TestFaultsAtTheirFields: nothing is stored, what was typed stays, and each fault is told at its field.
func TestFaultsAtTheirFields(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		path string
		form url.Values
		want []string
	}{
		"a trigger without its parameter": {"triggers/new", form("kind", "deal", "when", "stage", "stage", "NEW", "action", "realty_extract", "p.cadastral_number", ""),
			[]string{`id="p.cadastral_number-fault"`, `<option value="NEW" selected>`}},
		"a trigger without a stage": {"triggers/new", form("kind", "deal", "when", "stage", "stage", "", "action", "realty_extract", "p.cadastral_number", "x"),
			[]string{`id="stage-fault"`}},
		"a bad expression": {"triggers/0", form("kind", "deal", "when", "stage", "stage", "NEW", "action", "realty_extract", "p.cadastral_number", "{{ (( }}"),
			[]string{`id="p.cadastral_number-fault"`, `value="{{ (( }}"`}},
		"an account of a taken name": {"connections/new", form("kind", "realty", "name", "main", "login", "l", "password", "p", "accountId", "a"),
			[]string{`id="name-fault"`, `value="a"`}},
		"an account without a password": {"connections/new", form("kind", "realty", "name", "third", "login", "l", "accountId", "a"), []string{`id="password-fault"`}},
		"a reaction that does nothing":  {"reactions/new", form("system", "realty", "kind", "deal"), []string{"реакция ничего не делает"}},
		"a reaction's bad field":        {"reactions/new", form("system", "realty", "kind", "deal", "f0", "UF_CRM_NUMBER", "v0", "{{ (( }}"), []string{`id="v0-fault"`}},
		"a mapping's bad expression":    {"mappings/0", form("v:cadastralNumber", "{{ (( }}"), []string{`id="v:cadastralNumber-fault"`, `value="{{ (( }}"`}},
		"a mapping's bad YAML":          {"mappings/0", form("yaml", "a: [1"), []string{`id="yaml-fault"`, "a: [1"}},
		"a mapping of a taken name":     {"mappings", form("name", "own", "docflow_type", "object_request", "from", "empty"), []string{`id="name-fault"`}},
		"a role for nobody":             {"roles", form("act", "anna"), []string{`id="act-more-fault"`}},
		"a file with faults":            {"file", form("text", "triggers:\n  - {entity: deal, stage: NEW, action: fly}\n"), []string{"строка 2: triggers[0].action", "action: fly"}},
		"a version without its secrets": {"history/1/undo", form(), []string{"connections[0].password", `name="accounts"`}},
		"a stage that was not chosen":   {"first/stage", form("kind", "deal", "stage", "", "do", "realty_extract"), []string{`id="stage-fault"`}},
		"a card that is no card":        {"first/try", form("kind", "deal", "card", "x", "type", "object_request"), []string{`id="card-fault"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, desk := newOffice(t, stored)
			before := string(settings.Show(o.stored))
			answer, html := ask(t, desk, http.MethodPost, "settings/"+tc.path, tc.form)
			require.Equal(t, http.StatusUnprocessableEntity, answer.Status, html)
			for _, want := range tc.want {
				require.Contains(t, html, want)
			}
			require.Equal(t, before, string(settings.Show(o.stored)))
			require.NotContains(t, html, "hunter")
		})
	}
}

// TestForms: what is chosen and typed is what is stored.
func TestForms(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		path string
		form url.Values
		want string
	}{
		"a stage of a funnel": {"triggers/new", form("kind", "deal", "when", "stage", "stage", "C3:WON", "action", "realty_extract", "p.cadastral_number", "=", "p.cadastral_number.text", "{{ deal.X }}"),
			"  - entity: deal\n    category: 3\n    stage: C3:WON\n    action: realty_extract\n    parameters:\n      cadastral_number: '{{ deal.X }}'\n"},
		"a stage of leads": {"triggers/new", form("kind", "lead", "when", "stage", "stage", "NEW", "action", "realty_create"), "  - entity: lead\n    stage: NEW\n    action: realty_create\n"},
		"a changed field":  {"triggers/new", form("kind", "item:147", "when", "field", "field", "UF_CRM_7_X", "action", "realty_create"), "  - entity: item\n    entityTypeId: 147\n    field: UF_CRM_7_X\n"},
		"an account": {"connections/new", form("kind", "realty", "name", "third", "login", "l", "password", "p", "accountId", "a"),
			"  - name: third\n    kind: realty\n    login: l\n    password: '***'\n    accountId: a\n"},
		"the default account": {"connections/1/default", form(), "  - name: broken\n    kind: realty\n    default: true\n"},
		"the default removed": {"connections/0/remove", form(), "connections:\n  - name: broken\n    kind: realty\n    default: true\n"},
		"a removed trigger":   {"triggers/0/remove", form(), "triggers:\n  - entity: item\n"},
		"a mapping's leaf":    {"mappings/0", form("name", "own", "v:cadastralNumber", "{{ lead.Y }}"), "cadastralNumber: '{{ lead.Y }}'\n      type: info"},
		"an emptied leaf":     {"mappings/0", form("v:type", ""), "    options:\n      cadastralNumber: '{{ deal.UF_CRM_NUMBER }}'\n"},
		"a ready mapping":     {"mappings", form("name", "ready", "docflow_type", "object_request", "from", "ready"), "UF_CRM_KB_CADASTRAL"},
		"a reaction": {"reactions/new", form("system", "realty", "kind", "deal", "requirement", "none", "state", "completed", "start", "12", "p.sum", "{{ docflow.amount }}", "move_stage", "C3:WON", "f0", "UF_CRM_NUMBER", "v0", "1"),
			"    requirement: \"\"\n    start_workflow:\n      template: 12\n      parameters:\n        sum: '{{ docflow.amount }}'\n    set_fields:\n      UF_CRM_NUMBER: \"1\"\n    move_stage: C3:WON\n"},
		"files":            {"robots/files", form("file:deal", "", "file:item:147", "UF_CRM_FILES"), "files:\n  item:147: UF_CRM_FILES\n"},
		"roles":            {"roles", form("settings", "7", "settings", "9, 8", "act", ""), "roles:\n  settings: [7, 8, 9]\n"},
		"a whole file":     {"file", form("text", "files: {lead: UF_CRM_Y}\n"), "lead: UF_CRM_Y"},
		"the first run":    {"first/stage", form("kind", "deal", "stage", "NEW", "do", "right_movement_request"), "    category: 0\n    stage: NEW\n    action: realty_create\n    parameters:\n      docflow_type: right_movement_request\n"},
		"an undone change": {"history/2/undo", form(), "connections"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, desk := newOffice(t, stored)
			answer, html := ask(t, desk, http.MethodPost, "settings/"+tc.path, tc.form)
			require.Zero(t, answer.Status, html)
			require.NotNil(t, answer.Say)
			require.Contains(t, string(settings.Show(o.stored)), tc.want)
			require.EqualValues(t, 7, o.by.User)
		})
	}
}

// TestNobodyIsWrittenOver: a form that was opened before somebody else's change stores nothing and says who it was.
func TestNobodyIsWrittenOver(t *testing.T) {
	t.Parallel()
	o, desk := newOffice(t, stored)
	o.version = 5
	for _, path := range []string{"triggers/0/remove", "connections/0/remove", "robots/secret", "robots/files", "roles", "mappings/0"} {
		_, err := try(t, desk, http.MethodPost, "settings/"+path, form("v:type", "base"))
		problem, ok := errors.AsType[*page.Problem](err)
		require.True(t, ok, path)
		require.Equal(t, http.StatusConflict, problem.Status)
		require.Contains(t, problem.RU, "изменил Борис")
	}
	// A form that is shown again still begins with what was on the screen.
	for _, form := range []string{"triggers/0?kind=deal&when=stage&version=4", "reactions/0?system=realty&version=4"} {
		_, html := ask(t, desk, http.MethodGet, "settings/"+form, nil)
		require.Contains(t, html, `name="version" value="4"`, form)
	}
	_, html := ask(t, desk, http.MethodPost, "settings/mappings/0", form("yaml", "a: [1"))
	require.Contains(t, html, `name="version" value="4"`)
	for _, path := range []string{"triggers/9", "triggers/x", "mappings/9", "mappings/new", "connections/-1", "mappings/0?at=nowhere", "history/x"} {
		_, err := try(t, desk, http.MethodGet, "settings/"+path, nil)
		problem, ok := errors.AsType[*page.Problem](err)
		require.True(t, ok, path)
		require.Equal(t, http.StatusNotFound, problem.Status, path)
	}
}
