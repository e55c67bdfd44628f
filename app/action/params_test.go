package action_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/bitrix"
)

// called reads the properties of a robot call as the portal writes them.
func called(t testing.TB, properties string) bitrix.Properties {
	t.Helper()
	pairs := []string{"code=x", "event_token=t", "document_id[0]=crm", "document_id[1]=CCrmDocumentDeal", "document_id[2]=DEAL_1", "auth[member_id]=m"}
	if properties != "" {
		pairs = append(pairs, strings.Split(strings.ReplaceAll(properties, "&properties", "\x00properties"), "\x00")...)
	}
	for i, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		pairs[i] = url.QueryEscape(key) + "=" + url.QueryEscape(value)
	}
	call, err := bitrix.ParseRobotCall([]byte(strings.Join(pairs, "&")))
	require.NoError(t, err)
	return call.Properties
}

// TestSpellings: every spelling in which a value is known to come.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md, tutorials/bizproc/setting-robot.md
func TestSpellings(t *testing.T) {
	t.Parallel()
	choice := action.Param{Type: "select", Options: []action.Option{{Key: "pdf", Label: action.Text{RU: "Документ PDF", EN: "PDF file"}}, {Key: "xml", Label: action.Text{RU: "XML"}}}}
	kind := func(name string) action.Param { return action.Param{Type: name} }
	many := func(p action.Param) action.Param { p.Multiple = true; return p }
	for name, tc := range map[string]struct {
		param action.Param
		given string
		want  []string
	}{
		"yes":                            {kind("bool"), "properties[p]=Y", []string{"Y"}},
		"no":                             {kind("bool"), "properties[p]=N", []string{"N"}},
		"unset":                          {kind("bool"), "properties[p]=", nil},
		"yes as a number":                {kind("bool"), "properties[p]=1", []string{"Y"}},
		"no as a number":                 {kind("bool"), "properties[p]=0", []string{"N"}},
		"yes of a trigger":               {kind("bool"), "properties[p]=true", []string{"Y"}},
		"yes in words":                   {kind("bool"), "properties[p]=Да", []string{"Y"}},
		"no in words":                    {kind("bool"), "properties[p]=нет", []string{"N"}},
		"int":                            {kind("int"), "properties[p]= 042 ", []string{"42"}},
		"int with spaces":                {kind("int"), "properties[p]=12 000", []string{"12000"}},
		"int below zero":                 {kind("int"), "properties[p]=-7", []string{"-7"}},
		"double":                         {kind("double"), "properties[p]=1234.50", []string{"1234.5"}},
		"double with a comma":            {kind("double"), "properties[p]=1\u00a0234,50", []string{"1234.5"}},
		"double with both":               {kind("double"), "properties[p]=1,234.50", []string{"1234.5"}},
		"money":                          {kind("double"), "properties[p]=1000|RUB", []string{"1000"}},
		"string":                         {kind("string"), "properties[p]= 47:14:1203001:814 ", []string{"47:14:1203001:814"}},
		"text":                           {kind("text"), "properties[p]=[B]Отказ[/B] от<br/>сделки &amp; всё", []string{"Отказ от\nсделки & всё"}},
		"text of the editor":             {kind("text"), "properties[p]=<p>Первое</p><p>[url=https://a.ru]Второе[/url]</p>", []string{"Первое\nВторое"}},
		"text with marks":                {kind("text"), "properties[p]=сумма < 5 [1]", []string{"сумма < 5 [1]"}},
		"select":                         {choice, "properties[p]=pdf", []string{"pdf"}},
		"select of another case":         {choice, "properties[p]=PDF", []string{"pdf"}},
		"select by its title":            {choice, "properties[p]=документ pdf", []string{"pdf"}},
		"select by its English title":    {choice, "properties[p]=PDF file", []string{"pdf"}},
		"select as an array":             {choice, "properties[p][0]=xml", []string{"xml"}},
		"several of a select":            {many(choice), "properties[p][0]=xml&properties[p][1]=pdf", []string{"xml", "pdf"}},
		"several of a select, a scalar":  {many(choice), "properties[p]=xml", []string{"xml"}},
		"several, unnumbered":            {many(choice), "properties[p][]=xml&properties[p][]=pdf", []string{"xml", "pdf"}},
		"several, from any number":       {many(choice), "properties[p][5]=xml&properties[p][4]=pdf", []string{"pdf", "xml"}},
		"several, one empty":             {many(choice), "properties[p][0]=&properties[p][1]=pdf", []string{"pdf"}},
		"several, an empty key":          {many(choice), "properties[p][]=", nil},
		"several, none":                  {many(choice), "properties[p]=", nil},
		"a missing key":                  {many(choice), "", nil},
		"date":                           {kind("date"), "properties[p]=02.03.2026", []string{"2026-03-02"}},
		"date, short":                    {kind("date"), "properties[p]=2.3.2026", []string{"2026-03-02"}},
		"date, ISO":                      {kind("date"), "properties[p]=2026-03-02", []string{"2026-03-02"}},
		"date, year first":               {kind("date"), "properties[p]=2026/03/02", []string{"2026-03-02"}},
		"date with dashes":               {kind("date"), "properties[p]=25-03-2026", []string{"2026-03-25"}},
		"date, British":                  {kind("date"), "properties[p]=25/03/2026", []string{"2026-03-25"}},
		"date, American":                 {kind("date"), "properties[p]=03/25/2026", []string{"2026-03-25"}},
		"date, either way":               {kind("date"), "properties[p]=03/03/2026", []string{"2026-03-03"}},
		"date at midnight with a zone":   {kind("date"), "properties[p]=2026-03-02T02:00:00+02:00", []string{"2026-03-02"}},
		"date of a moment":               {kind("date"), "properties[p]=02.03.2026 23:59:00", []string{"2026-03-02"}},
		"date with a zone in brackets":   {kind("date"), "properties[p]=02.03.2026 [10800]", []string{"2026-03-02"}},
		"datetime":                       {kind("datetime"), "properties[p]=02.03.2026 10:05:07", []string{"2026-03-02T10:05:07"}},
		"datetime without seconds":       {kind("datetime"), "properties[p]=02.03.2026 9:05", []string{"2026-03-02T09:05:00"}},
		"datetime of a day":              {kind("datetime"), "properties[p]=02.03.2026", []string{"2026-03-02T00:00:00"}},
		"datetime, ISO":                  {kind("datetime"), "properties[p]=2026-03-02T10:05:07+03:00", []string{"2026-03-02T10:05:07"}},
		"datetime, UTC":                  {kind("datetime"), "properties[p]=2026-03-02T10:05:07.123Z", []string{"2026-03-02T10:05:07"}},
		"datetime, American":             {kind("datetime"), "properties[p]=03/25/2026 01:05:07 pm", []string{"2026-03-25T13:05:07"}},
		"datetime, midnight":             {kind("datetime"), "properties[p]=03/25/2026 12:05 AM", []string{"2026-03-25T00:05:00"}},
		"datetime with brackets":         {kind("datetime"), "properties[p]=02.03.2026 10:05:07 [10800]", []string{"2026-03-02T10:05:07"}},
		"user":                           {kind("user"), "properties[p]=user_7", []string{"7"}},
		"user's number":                  {kind("user"), "properties[p]=7", []string{"7"}},
		"user by name":                   {kind("user"), "properties[p]=Иван Петров [7]", []string{"7"}},
		"user by name and code":          {kind("user"), "properties[p]=Иван Петров [user_7]", []string{"7"}},
		"users":                          {many(kind("user")), "properties[p][0]=user_7&properties[p][1]=user_12", []string{"7", "12"}},
		"users in a line":                {many(kind("user")), "properties[p]=user_7; user_12;", []string{"7", "12"}},
		"users in a line, commas":        {many(kind("user")), "properties[p]=user_7, user_12", []string{"7", "12"}},
		"file by number":                 {kind("file"), "properties[p]=30577", []string{"30577"}},
		"file by link":                   {kind("file"), "properties[p]=https://portal.example/f.php?id=1&properties[q]=x", []string{"https://portal.example/f.php?id=1"}},
		"file by a link from the root":   {kind("file"), "properties[p]=/bitrix/tools/f.php", []string{"/bitrix/tools/f.php"}},
		"files":                          {many(kind("file")), "properties[p][0]=/a&properties[p][1]=/b", []string{"/a", "/b"}},
		"files in a line":                {many(kind("file")), "properties[p]=/a.php, 30577, https://p.ru/b", []string{"/a.php", "30577", "https://p.ru/b"}},
		"a field's name in a webhook":    {many(kind("file")), "properties[p]=UF_CRM_FILES", []string{"UF_CRM_FILES"}},
		"a default":                      {action.Param{Type: "select", Options: choice.Options, Default: "pdf"}, "properties[p]=", []string{"pdf"}},
		"a choice that is left open":     {action.Param{Type: "select", Options: choice.Options, Open: true}, "properties[p]=sig", []string{"sig"}},
		"files that an action asks for":  {action.Param{Type: "file", Required: true}, "", nil},
		"a value of another description": {kind("E:ECrm"), "properties[p]=D_57", []string{"D_57"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.param.Name = "p"
			read, faults := action.ReadParams([]action.Param{tc.param}, called(t, tc.given))
			require.Empty(t, faults)
			require.Equal(t, tc.want, read["p"].Values)
		})
	}
}

func TestFaultsOfParameters(t *testing.T) {
	t.Parallel()
	label := action.Text{RU: "Поле", EN: "Field"}
	for name, tc := range map[string]struct {
		param action.Param
		given string
		want  string
	}{
		"required":           {action.Param{Type: "string", Required: true}, "properties[p]= ", "параметр p («Поле»): не заполнен, заполните его в роботе или в адресе вебхука"},
		"bool":               {action.Param{Type: "bool"}, "properties[p]=может быть", "параметр p («Поле»): «может быть» не «да» и не «нет»; укажите Y или N"},
		"int":                {action.Param{Type: "int"}, "properties[p]=1.5", "параметр p («Поле»): «1.5» не целое число"},
		"double":             {action.Param{Type: "double"}, "properties[p]=1e9", "параметр p («Поле»): «1e9» не число"},
		"no number at all":   {action.Param{Type: "double"}, "properties[p]=много", "параметр p («Поле»): «много» не число"},
		"select":             {action.Param{Type: "select", Options: []action.Option{{Key: "a"}, {Key: "b"}}}, "properties[p]=c", "параметр p («Поле»): неизвестное значение «c»; возможны: a, b"},
		"two for one":        {action.Param{Type: "select", Options: []action.Option{{Key: "a"}, {Key: "b"}}}, "properties[p][]=a&properties[p][]=b", "параметр p («Поле»): выбрано несколько значений, нужно одно"},
		"an ambiguous date":  {action.Param{Type: "date"}, "properties[p]=02/03/2026", "параметр p («Поле»): дата «02/03/2026» двусмысленна: неясно, где день, а где месяц; укажите её как 02.03.2026 или 2026-03-02"},
		"no such day":        {action.Param{Type: "date"}, "properties[p]=31.02.2026", "параметр p («Поле»): дата «31.02.2026» не существует; укажите её как 02.03.2026 или 2026-03-02"},
		"no such hour":       {action.Param{Type: "datetime"}, "properties[p]=01.02.2026 25:00", "параметр p («Поле»): дата «01.02.2026 25:00» не существует; укажите её как 02.03.2026 или 2026-03-02"},
		"no date":            {action.Param{Type: "date"}, "properties[p]=завтра", "параметр p («Поле»): дата «завтра» не читается; укажите её как 02.03.2026 или 2026-03-02"},
		"a year in two":      {action.Param{Type: "date"}, "properties[p]=02.03.26", "параметр p («Поле»): дата «02.03.26» не читается; укажите её как 02.03.2026 или 2026-03-02"},
		"a group":            {action.Param{Type: "user"}, "properties[p]=group_hr12", "параметр p («Поле»): «group_hr12» — группа; выберите сотрудника"},
		"nobody":             {action.Param{Type: "user"}, "properties[p]=Author", "параметр p («Поле»): «Author» не сотрудник; нужно значение вида user_7"},
		"a user below zero":  {action.Param{Type: "user"}, "properties[p]=user_-1", "параметр p («Поле»): «user_-1» не сотрудник; нужно значение вида user_7"},
		"one of many is bad": {action.Param{Type: "int", Multiple: true}, "properties[p][]=1&properties[p][]=x", "параметр p («Поле»): «x» не целое число"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.param.Name, tc.param.Label = "p", label
			_, faults := action.ReadParams([]action.Param{tc.param, {Name: "q", Type: "int", Label: label}}, called(t, tc.given))
			require.Equal(t, []string{tc.want}, faults)
		})
	}
}

// TestEveryFaultAtOnce: a robot set up by hand is corrected once, not once per field.
func TestEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	text := w.refusal(t, "invalid_field", w.call(t, "realty_action", w.demo.Sale, props{"action_type": "stop"}))
	require.Contains(t, text, "исправьте параметры")
	require.Contains(t, text, "параметр action_type («Действие»): неизвестное значение «stop»; возможны: cancel, suspend, resume")
	require.Contains(t, text, "параметр cause («Причина»): не заполнен")
}

// FuzzReadParams: whatever arrives is read or refused; what was read reads to itself.
func FuzzReadParams(f *testing.F) {
	for _, text := range []string{"02.03.2026 10:00:00 pm [10800]", "user_7; user_8", "/a, 5", "[b]x[/b]<br>", "1 234,5|RUB", "да"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []string{"bool", "int", "double", "select", "date", "datetime", "user", "file", "string"} {
			params := []action.Param{{Name: "p", Type: kind, Multiple: true, Options: []action.Option{{Key: "a"}}}}
			read, faults := action.ReadParams(params, bitrix.Properties{"p": {Values: []string{text}}})
			if len(faults) > 0 {
				continue
			}
			again, faults := action.ReadParams(params, read)
			require.Empty(t, faults, "%s %q", kind, text)
			require.Equal(t, read["p"].Values, again["p"].Values, "%s %q", kind, text)
		}
	})
}
