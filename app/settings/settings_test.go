package settings_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/config"
	"konturbridge/app/settings"
)

// catalogue is a Checker that knows two actions and two types, and refuses trees that say "bad".
type catalogue struct{}

func (catalogue) Actions() []string { return []string{"realty_extract", "realty_status"} }

func (catalogue) Parameters(action string) map[string]bool {
	if action == "realty_extract" {
		return map[string]bool{"cadastral_number": true, "type": false}
	}
	return map[string]bool{"docflow_id": false}
}

func (catalogue) DocflowTypes() []string { return []string{"object_request", "right_movement_request"} }

func (catalogue) Tree(use settings.Use, tree any) []settings.TreeProblem { return bad(use, tree, "") }

func bad(use settings.Use, tree any, path string) []settings.TreeProblem {
	switch v := tree.(type) {
	case string:
		if strings.Contains(v, "bad") {
			return []settings.TreeProblem{{Path: path, RU: "плохо", EN: "bad in " + string(use)}}
		}
	case map[string]any:
		var all []settings.TreeProblem
		for key, item := range v {
			below := key
			if path != "" {
				below = path + "." + key
			}
			all = append(all, bad(use, item, below)...)
		}
		return all
	case []any:
		var all []settings.TreeProblem
		for i, item := range v {
			all = append(all, bad(use, item, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return all
	}
	return nil
}

func fullFile(t testing.TB) []byte {
	t.Helper()
	return readFile(t, "testdata/full.yaml")
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

func TestShowIsWhatWasApplied(t *testing.T) {
	t.Parallel()
	parsed, problems := settings.Parse(fullFile(t), catalogue{})
	require.Empty(t, problems)
	require.Equal(t, string(fullFile(t)), string(settings.Show(parsed)))

	zero := 0
	none := ""
	require.Equal(t, settings.Trigger{Entity: settings.Deal, Category: &zero, Stage: "C1:PREPARATION", Action: "realty_extract",
		Parameters: map[string]any{"cadastral_number": "{{ deal.UF_CRM_CADASTRAL }}", "type": "info"}}, parsed.Triggers[0])
	require.Equal(t, settings.Reaction{System: settings.Realty, DocflowType: "right_movement_request", Entity: settings.Deal, State: "completed",
		Requirement:       &none,
		StartWorkflow:     &settings.StartWorkflow{Template: 12, Parameters: map[string]any{"docflow": "{{ docflow.id }}"}},
		TerminateWorkflow: &settings.EndWorkflow{Template: 13, Status: "Документооборот {{ docflow.state_text }}"}, KillWorkflow: &settings.EndWorkflow{Template: 14},
		SetFields: map[string]any{"UF_CRM_X": "{{ docflow.state }}"}, MoveStage: "C1:WON", Comment: "Готово", Todo: "Позвонить", Notify: "responsible",
	}, parsed.Reactions[0])
	require.Equal(t, []any{"lists", "BizprocDocument", "{{ item.UF_CRM_7_LIST }}"}, parsed.Reactions[1].StartWorkflow.Document)
	require.Equal(t, "SMART_INVOICE_3", parsed.Reactions[2].StartWorkflow.Document)
}

// TestDocuments: what a business process may be started on, as far as it is written out.
// doc: api-reference/bizproc/bizproc-workflow-start.md
func TestDocuments(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		"LEAD_777": "", "DEAL_777": "", "CONTACT_777": "", "COMPANY_777": "", "QUOTE_777": "", "DYNAMIC_147_1": "", "SMART_INVOICE_3": "",
		`"SMART_INVOICE_{{ deal.PARENT_ID_31 }}"`: "", `"{{ deal.UF_CRM_X }}"`: "",
		`[crm, 'Bitrix\Crm\Integration\BizProc\Document\Dynamic', DYNAMIC_147_1]`:        "",
		`[crm, 'Bitrix\Crm\Integration\BizProc\Document\SmartInvoice', SMART_INVOICE_3]`: "",
		`[disk, 'Bitrix\Disk\BizProcDocument', '777']`:                                   "",
		`[lists, BizprocDocument, 777]`:                                                  "",
		`[lists, 'Bitrix\Lists\BizprocDocumentLists', "{{ deal.UF_CRM_X }}"]`:            "",
		`["{{ deal.UF_CRM_MODULE }}", x, y]`:                                             "",
		"INVOICE_3":                                                                      `line 3: reactions[0].start_workflow.document: "INVOICE_3" is no element of the CRM such as SMART_INVOICE_3 or DYNAMIC_147_1`,
		"777":                                                                            "line 3: reactions[0].start_workflow.document: must be an element of the CRM (SMART_INVOICE_3) or a list of a document id's three parts",
		"[crm, DEAL_1]":                                                                  "line 3: reactions[0].start_workflow.document: a document id has three parts, not 2",
		"[tasks, x, 1]":                                                                  `line 3: reactions[0].start_workflow.document[0]: unknown module "tasks"; known: crm, lists, disk`,
		"[disk, DiskFile, 1]":                                                            `line 3: reactions[0].start_workflow.document[1]: disk has no class "DiskFile"; known: Bitrix\Disk\BizProcDocument`,
		`"{{ bad }}"`:                                                                    "line 3: reactions[0].start_workflow.document: bad in reaction",
		"[lists, bad, bad, x]":                                                           "line 3: reactions[0].start_workflow.document: a document id has three parts, not 4",
	} {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			_, problems := settings.Parse([]byte("reactions:\n  - start_workflow:\n     {template: 1, document: "+document+"}\n"), catalogue{})
			got := slices.DeleteFunc(lines(problems), func(line string) bool {
				return strings.Contains(line, "[1]: bad in") || strings.Contains(line, "[2]: bad in")
			})
			require.Equal(t, want, strings.Join(got, "; "))
		})
	}
}

func TestEndedWorkflows(t *testing.T) {
	t.Parallel()
	_, problems := settings.Parse([]byte(`reactions:
  - {terminate_workflow: {status: done}}
  - {kill_workflow: {template: 0, status: done}}
  - {terminate_workflow: 12}
  - {terminate_workflow: {template: 12, status: "{{ bad }}"}}
`), catalogue{})
	require.Equal(t, []string{
		"line 2: reactions[0].terminate_workflow.template: required",
		"line 3: reactions[1].kill_workflow.status: unknown key; known: template",
		"line 3: reactions[1].kill_workflow.template: must be a whole number, 1 or more",
		"line 4: reactions[2].terminate_workflow: must be a map of keys",
		"line 5: reactions[3].terminate_workflow.status: bad in reaction",
	}, lines(problems))
}

func TestContractExample(t *testing.T) {
	t.Parallel()
	parsed, problems := settings.Parse([]byte(`connections:
  - {name: main, kind: realty, default: true, login: a@b.ru, password: "***", accountId: 5ee84ac0-x}
  - {name: box, kind: diadoc, default: true, boxId: b, login: l, password: "***", clientKey: k}  # or refreshToken
triggers:
  - entity: deal                  # deal | lead | item (with entityTypeId)
    category: 0                   # optional
    stage: "C1:PREPARATION"       # entered; or field: UF_CRM_…, changed
    action: realty_extract
    parameters: {cadastral_number: "{{ deal.UF_CRM_CADASTRAL }}", type: info}
mappings:
  - name: sale
    docflow_type: right_movement_request
    options: {rightMovementType: sale, object: {cadastralNumber: "{{ deal.UF_CRM_CADASTRAL }}"}}  # and so on
reactions:
  - {system: realty, docflow_type: right_movement_request, entity: deal, state: completed,       # filters, all optional
     start_workflow: {template: 12, parameters: {docflow: "{{ docflow.id }}"}},
     set_fields: {UF_CRM_X: "{{ docflow.state }}"}, move_stage: "C1:WON", comment: "…", todo: "…", notify: responsible}
`), catalogue{})
	require.Empty(t, problems)
	require.Len(t, parsed.Connections, 2)
	require.Equal(t, config.Secret("***"), parsed.Connections[0].Password)
}

func TestEveryProblemAtOnceWithLineAndKey(t *testing.T) {
	t.Parallel()
	_, problems := settings.Parse(readFile(t, "testdata/broken.yaml"), catalogue{})
	require.Equal(t, []string{
		"line 1: conections: unknown key; known: connections, files, hook_secret, incoming, mappings, reactions, roles, triggers",
		"line 2: hook_secret: must be 24 to 128 letters, digits, - and _; or new to have one made",
		"line 4: connections: of several realty connections exactly one must have default: true",
		"line 4: connections[0].boxId: a Реестро connection has no such key",
		"line 5: connections[1].accountId: required",
		"line 5: connections[1].name: another connection has this name",
		"line 5: connections[1].password: required",
		"line 6: connections[2]: clientId and clientSecret go together",
		"line 6: connections[2].login: not together with refreshToken",
		"line 7: connections[3].default: must be true or false",
		`line 7: connections[3].kind: "smtp" is not one of: realty, diadoc`,
		"line 9: triggers[0]: exactly one of stage (entered) and field (changed) is needed",
		`line 9: triggers[0].action: unknown action "realty_extrct"; known: realty_extract, realty_status`,
		"line 9: triggers[0].entityTypeId: only together with entity: item",
		"line 10: triggers[1].category: leads have no funnels",
		`line 10: triggers[1].field: "no field" is no field's name such as UF_CRM_CADASTRAL`,
		"line 11: triggers[1].parameters.cadastral_number: realty_extract requires this parameter",
		"line 11: triggers[1].parameters.typ: realty_extract has no such parameter; it takes: cadastral_number, type",
		"line 12: triggers[2].entityTypeId: a smart process needs its entityTypeId",
		"line 12: triggers[2].parameters.cadastral_number: realty_extract requires this parameter",
		"line 14: triggers[2].stage: given twice",
		"line 16: triggers[2].category: must be a whole number, 0 or more",
		"line 17: triggers[3]: must be a map of keys",
		`line 19: mappings[0].docflow_type: "object" is not one of: object_request, right_movement_request`,
		"line 19: mappings[0].options.a.b[1]: bad in mapping",
		"line 20: mappings[1].docflow_type: required",
		"line 20: mappings[1].name: another mapping has this name",
		"line 20: mappings[1].options: required",
		"line 22: reactions[0]: the reaction does nothing: start_workflow, terminate_workflow, kill_workflow, set_fields, move_stage, comment, todo or notify is needed",
		`line 22: reactions[0].docflow_type: unknown type "x"; known: object_request, right_movement_request`,
		"line 22: reactions[0].entityTypeId: only together with entity: item",
		`line 22: reactions[0].requirement: "money" is not one of: "", signature, payment`,
		`line 22: reactions[0].state: unknown state "done"; known: queued, verified, sent, suspended, completed, error, uncertain`,
		"line 23: reactions[1].comment: bad in reaction",
		"line 23: reactions[1].notify: must be responsible, a user's id or an expression",
		`line 23: reactions[1].set_fields.low case: bad in reaction`,
		`line 23: reactions[1].set_fields.low case: "low case" is no field's name such as UF_CRM_CADASTRAL`,
		"line 23: reactions[1].start_workflow.parameters: must be a map of keys",
		"line 23: reactions[1].start_workflow.template: required",
		`line 24: files.deal: "lower" is no field's name such as UF_CRM_CADASTRAL`,
		"line 24: files.order: the key must be deal, lead or item:entityTypeId",
	}, lines(problems))
	require.True(t, strings.HasPrefix(problems[0].Russian(), "строка 1: conections: неизвестный ключ"))
	require.NotContains(t, settings.Problems(problems).Error(), "\n")
}

func lines(problems []settings.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.String())
	}
	return out
}

func TestNotASettingsFile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"no YAML":       {"a: b\n c: [", "line 2: not YAML: mapping values are not allowed in this context"},
		"a list":        {"- a", "line 1: must be a map of keys"},
		"two documents": {"triggers: []\n---\ntriggers: []", "the file must hold one YAML document"},
		"a wrong list":  {"triggers: {}", "line 1: triggers: must be a list"},
		"too large":     {strings.Repeat("#", 1<<20+1), "the file is larger than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := settings.Parse([]byte(tc.text), catalogue{})
			require.Equal(t, []string{tc.want}, lines(problems))
		})
	}
	for _, empty := range []string{"", "\n", "# only words\n", "---\n"} {
		parsed, problems := settings.Parse([]byte(empty), catalogue{})
		require.Empty(t, problems)
		require.Equal(t, settings.Settings{}, parsed)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	stored, problems := settings.Parse(fullFile(t), catalogue{})
	require.Empty(t, problems)
	stored.Connections[0].Password = "one"
	stored.Connections[1].Password, stored.Connections[1].ClientKey = "two", "three"
	stored.Connections[2].RefreshToken, stored.Connections[2].ClientSecret = "four", "five"

	same, problems := settings.Parse(settings.Show(stored), catalogue{})
	require.Empty(t, problems)
	merged, problems := same.Merge(stored)
	require.Empty(t, problems)
	require.Equal(t, stored, merged, "applying what was shown changes nothing")

	part, problems := settings.Parse([]byte("triggers: []\nhook_secret: new\n"), catalogue{})
	require.Empty(t, problems)
	merged, problems = part.Merge(stored)
	require.Empty(t, problems)
	require.Empty(t, merged.Triggers, "an empty section empties")
	require.Equal(t, config.Secret(settings.NewSecret), merged.HookSecret)
	require.Equal(t, stored.Connections, merged.Connections, "a section left out stays")
	require.Equal(t, stored.Reactions, merged.Reactions)

	changed, problems := settings.Parse([]byte(`connections:
- {name: main, kind: realty, login: other, password: fresh, accountId: a}
- {name: new, kind: diadoc, boxId: b, refreshToken: "***"}`), catalogue{})
	require.Empty(t, problems)
	merged, problems = changed.Merge(stored)
	require.Equal(t, []string{"connections[1].refreshToken: *** keeps what is stored, and nothing is stored for connection new: give the value itself"}, lines(problems))
	require.Equal(t, config.Secret("fresh"), merged.Connections[0].Password)
	require.True(t, merged.Connections[0].Default, "the only one of its kind is the default")
	require.Equal(t, config.Secret("one"), stored.Connections[0].Password, "nothing stored is touched")
}

func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	s := settings.Settings{HookSecret: "shown-to-administrators-only", Connections: []settings.Connection{{
		Name: "a", Kind: settings.Diadoc, Password: "hunter2", ClientKey: "hunter2", RefreshToken: "hunter2", ClientSecret: "hunter2",
	}}}
	for _, printed := range []string{string(settings.Show(s)), fmt.Sprintf("%v %+v %#v", s, s, s)} {
		require.NotContains(t, printed, "hunter2")
	}
	require.Contains(t, string(settings.Show(s)), "hook_secret: shown-to-administrators-only")
}

// FuzzParse: any file is refused with problems or gives settings that show and parse again to the same.
func FuzzParse(f *testing.F) {
	f.Add(fullFile(f))
	f.Add([]byte("triggers: [{entity: deal, stage: X, action: realty_status}]"))
	f.Add([]byte("mappings: [{name: &a m, docflow_type: object_request, options: {<<: {x: 1}, y: *a}}]"))
	f.Add([]byte("connections: &x [*x]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, problems := settings.Parse(text, catalogue{})
		for _, p := range problems {
			require.NotEmpty(t, p.EN)
			require.NotEmpty(t, p.RU)
		}
		if len(problems) > 0 {
			return
		}
		shown := settings.Show(parsed)
		again, problems := settings.Parse(shown, catalogue{})
		require.Empty(t, problems, "%s", shown)
		require.Equal(t, string(shown), string(settings.Show(again)))
	})
}

// TestRoles: lists of users; an administrator of the portal needs none.
func TestRoles(t *testing.T) {
	t.Parallel()
	parsed, problems := settings.Parse([]byte("roles: {act: [15, 12, 12], journal: []}\n"), catalogue{})
	require.Empty(t, problems)
	require.Equal(t, &settings.Roles{Act: []int64{12, 15}}, parsed.Roles)
	for right, want := range map[string][2]bool{settings.RoleAct: {true, false}, settings.RoleJournal: {}, settings.RoleSettings: {}, "other": {}} {
		require.Equal(t, want, [2]bool{parsed.Roles.May(12, right), parsed.Roles.May(13, right)}, right)
	}
	var none *settings.Roles
	require.True(t, none.May(13, settings.RoleAct), "the portal has let them open the card")
	require.False(t, none.May(13, settings.RoleSettings))
	require.True(t, none.Equal(&settings.Roles{}))
	require.False(t, none.Equal(parsed.Roles))

	_, problems = settings.Parse([]byte("roles:\n  act: [anna, 0]\n  admin: [1]\n"), catalogue{})
	require.Equal(t, []string{"line 2: roles.act[0]: must be the number of a user of the portal, such as 12",
		"line 2: roles.act[1]: must be the number of a user of the portal, such as 12",
		"line 3: roles.admin: unknown key; known: act, journal, settings"}, lines(problems))

	stored := settings.Settings{Roles: parsed.Roles}
	kept, _ := settings.Settings{}.Merge(stored)
	require.Equal(t, parsed.Roles, kept.Roles)
	gone, problems := settings.Parse([]byte("roles:\n"), catalogue{})
	require.Empty(t, problems)
	merged, _ := gone.Merge(stored)
	require.Equal(t, &settings.Roles{}, merged.Roles, "an empty section is empty")
}

// TestDocumentsOfDiadoc: a mapping is for a docflow type or for a document type, and a box may have a certificate.
func TestDocumentsOfDiadoc(t *testing.T) {
	t.Parallel()
	parsed, problems := settings.Parse([]byte(`connections:
  - {name: box, kind: diadoc, boxId: b, refreshToken: t, certificate: AB12}
mappings:
  - {name: contract, document_type: Contract, options: {metadata: {DocumentNumber: "1"}}}
`), catalogue{})
	require.Empty(t, problems)
	require.Equal(t, "AB12", parsed.Connections[0].Certificate)
	require.Equal(t, "Contract", parsed.Mappings[0].DocumentType)
	require.Contains(t, string(settings.Show(parsed)), "certificate: AB12")
	require.NotContains(t, string(settings.Show(parsed)), "docflow_type")

	_, problems = settings.Parse([]byte("mappings:\n  - {name: a, options: {x: 1}}\n  - {name: b, document_type: Contract, docflow_type: object_request, options: {x: 1}}\n"), catalogue{})
	require.Equal(t, []string{"line 2: mappings[0].docflow_type: required",
		"line 3: mappings[1].document_type: exactly one of docflow_type (Реестро) and document_type (Диадок) is needed"}, lines(problems))
}
