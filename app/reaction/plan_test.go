package reaction_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
)

var update = flag.Bool("update", false, "write golden files anew")

var deal = docflow.Card{EntityType: 2, ID: 57}

func record(state docflow.State, tune ...func(*docflow.Record)) docflow.Record {
	r := docflow.Record{ID: "d-1", Portal: "m1", Card: deal, System: docflow.Realty, Kind: "right_movement_request", Connection: "main",
		RequestID: "d-1", ExternalID: "d20bd506-6325-43e1-b2e4-105ec5d63417", State: state}
	for _, f := range tune {
		f(&r)
	}
	return r
}

// TestPlan compares what each state does in a card with testdata; -update writes it.
func TestPlan(t *testing.T) {
	t.Parallel()
	statements := []docflow.Statement{{FileID: "s1", PersonID: "1", Person: "Выдуманный Виктор Образцович"}, {FileID: "s2", PersonID: "2"}}
	refusal := &docflow.Refusal{Code: "service_validation", CRMText: "Реестро: signature: подпись не прошла проверку"}
	moved := docflow.Change{Changed: true}
	first := docflow.Change{Changed: true, FirstAnswer: true}
	file := docflow.File{ID: "f1", Type: "outdoc"}
	for name, tc := range map[string]struct {
		record docflow.Record
		change docflow.Change
		met    []docflow.Waiter
	}{
		"queued": {record(docflow.Queued), first, nil},
		"signature": {record(docflow.Suspended, func(r *docflow.Record) { r.Requirement, r.Statements = docflow.RequireSignature, statements }),
			docflow.Change{Changed: true, FirstAnswer: true, StatementsNew: true}, []docflow.Waiter{{Portal: "m1", Card: deal, Token: []byte("sealed")}}},
		"signature again": {record(docflow.Suspended, func(r *docflow.Record) {
			r.Requirement, r.Statements, r.Refusal = docflow.RequireSignature, statements, refusal
		}), moved, nil},
		"payment": {record(docflow.Suspended, func(r *docflow.Record) {
			r.Requirement, r.Charges = docflow.RequirePayment, []docflow.Charge{{UIN: "00000000700486290714", Sum: 200050}, {UIN: "00000000700486290715", Sum: 0}}
		}), docflow.Change{Changed: true, DutyNew: true}, nil},
		"question": {record(docflow.Suspended, func(r *docflow.Record) { r.Requirement, r.Files = docflow.RequireAnswer, []docflow.File{file} }),
			docflow.Change{Changed: true, NewFiles: []docflow.File{file}}, nil},
		"requirements unknown": {record(docflow.Suspended), first, nil},
		"verified":             {record(docflow.Verified), moved, nil},
		"sent":                 {record(docflow.Sent), moved, nil},
		"completed": {record(docflow.Completed, func(r *docflow.Record) {
			r.Kind, r.Files = "object_request", []docflow.File{file, {ID: "f2", Type: "egrn:extract_info:xml"}, {ID: "f3", Type: "extract_info:pdf"}, {ID: "f4", Type: "novelty"}}
		}), docflow.Change{Changed: true, NewFiles: []docflow.File{{ID: "f2"}, {ID: "f3"}, {ID: "f4"}}}, []docflow.Waiter{{Portal: "m1", Card: deal, Token: []byte("sealed")}}},
		"completed without files": {record(docflow.Completed, func(r *docflow.Record) { r.Kind = "action_request" }), moved, nil},
		"error":                   {record(docflow.Failed, func(r *docflow.Record) { r.Refusal = refusal }), moved, []docflow.Waiter{{Portal: "m1", Card: deal, Token: []byte("sealed")}}},
		"uncertain": {record(docflow.Uncertain, func(r *docflow.Record) {
			r.ExternalID, r.Refusal = "", &docflow.Refusal{Code: "uncertain", CRMText: "Ответ Реестро потерян."}
		}), moved, nil},
		"unknown word":     {record("frozen", func(r *docflow.Record) { r.Kind = "novel_request" }), moved, nil},
		"only the id came": {record(docflow.Sent), docflow.Change{FirstAnswer: true}, nil},
		"nothing happened": {record(docflow.Sent), docflow.Change{}, nil},
		"a robot asks":     {record(docflow.Sent), docflow.Change{}, []docflow.Waiter{{Portal: "m1", Card: deal, Token: []byte("sealed")}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			for _, e := range reaction.Plan(settings.Settings{}, tc.record, tc.change, tc.met) {
				require.Equal(t, []any{"m1", deal, docflow.ID("d-1")}, []any{e.Portal, e.Card, e.Docflow})
				got.WriteString(string(e.Kind) + " ")
				require.NoError(t, json.Indent(&got, e.Params, "", "  "))
				got.WriteString("\n")
			}
			path := filepath.Join("testdata", "plan", strings.ReplaceAll(name, " ", "_")+".txt")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String())
		})
	}
}

func kinds(effects []reaction.Effect) []reaction.Kind {
	var all []reaction.Kind
	for _, e := range effects {
		all = append(all, e.Kind)
	}
	return all
}

// TestReactionsFollowTheBuiltIn: the card shows the new state before anything that reacts to it.
func TestReactionsFollowTheBuiltIn(t *testing.T) {
	t.Parallel()
	set := settings.Settings{Reactions: []settings.Reaction{{SetFields: map[string]any{"UF_CRM_X": "{{ docflow.state }}"}, MoveStage: "C1:WON",
		Comment: "{{ docflow.uin }}", Todo: "Позвонить", Notify: "responsible", StartWorkflow: &settings.StartWorkflow{Template: 12},
		TerminateWorkflow: &settings.EndWorkflow{Template: 13}, KillWorkflow: &settings.EndWorkflow{Template: 14}}}}
	moved := docflow.Change{From: docflow.Queued, To: docflow.Sent, Changed: true}
	require.Equal(t, []reaction.Kind{reaction.SetFields, reaction.Comment, reaction.SetFields, reaction.Comment, reaction.Todo, reaction.Notify,
		reaction.EndWorkflow, reaction.EndWorkflow, reaction.StartWorkflow, reaction.MoveStage, reaction.RobotReturn}, kinds(reaction.Plan(set, record(docflow.Sent), moved, []docflow.Waiter{{Portal: "m1", Card: deal}})))
	late := docflow.Change{From: docflow.Completed, To: docflow.Completed, Changed: true, NewFiles: []docflow.File{{ID: "f"}}}
	done := record(docflow.Completed, func(r *docflow.Record) { r.Files = []docflow.File{{ID: "f"}} })
	require.Equal(t, []reaction.Kind{reaction.SetFields, reaction.AttachFiles, reaction.Comment}, kinds(reaction.Plan(set, done, late, nil)),
		"a late file is shown, and starts no process again")
	charge := docflow.Change{From: docflow.Suspended, To: docflow.Suspended, RequirementFrom: docflow.RequirePayment, Requirement: docflow.RequirePayment, Changed: true, DutyNew: true}
	require.Len(t, reaction.Plan(set, record(docflow.Suspended), charge, nil), 10, "a further charge wants its own payment")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	signature := record(docflow.Suspended, func(r *docflow.Record) { r.Requirement = docflow.RequireSignature })
	item := record(docflow.Sent, func(r *docflow.Record) { r.Card.EntityType = 147 })
	for name, tc := range map[string]struct {
		filter settings.Reaction
		record docflow.Record
		want   bool
	}{
		"none":                     {settings.Reaction{}, signature, true},
		"system":                   {settings.Reaction{System: settings.Realty}, signature, true},
		"another system":           {settings.Reaction{System: settings.Diadoc}, signature, false},
		"type":                     {settings.Reaction{DocflowType: "right_movement_request"}, signature, true},
		"another type":             {settings.Reaction{DocflowType: "object_request"}, signature, false},
		"deal":                     {settings.Reaction{Entity: settings.Deal}, signature, true},
		"lead":                     {settings.Reaction{Entity: settings.Lead}, signature, false},
		"any smart process":        {settings.Reaction{Entity: settings.Item}, item, true},
		"the smart process":        {settings.Reaction{Entity: settings.Item, EntityTypeID: 147}, item, true},
		"another smart process":    {settings.Reaction{Entity: settings.Item, EntityTypeID: 150}, item, false},
		"state":                    {settings.Reaction{State: "suspended"}, signature, true},
		"another state":            {settings.Reaction{State: "sent"}, signature, false},
		"requirement":              {settings.Reaction{Requirement: text("signature")}, signature, true},
		"another requirement":      {settings.Reaction{Requirement: text("payment")}, signature, false},
		"nothing required":         {settings.Reaction{Requirement: text("")}, signature, false},
		"nothing required, indeed": {settings.Reaction{Requirement: text("")}, item, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.filter.Todo = "что-то"
			plan := reaction.Plan(settings.Settings{Reactions: []settings.Reaction{tc.filter}}, tc.record, docflow.Change{To: "x", Changed: true}, nil)
			require.Equal(t, tc.want, slices.Contains(kinds(plan), reaction.Todo))
		})
	}
}

func TestTheFieldOfFiles(t *testing.T) {
	t.Parallel()
	set := settings.Settings{Files: map[string]string{"deal": "UF_CRM_DEAL", "item:147": "UF_CRM_7_ITEM"}}
	for kind, want := range map[int]string{2: "UF_CRM_DEAL", 1: "UF_CRM_KB_REALTY_FILES", 147: "UF_CRM_7_ITEM", 150: "UF_CRM_KB_REALTY_FILES"} {
		r := record(docflow.Completed, func(r *docflow.Record) { r.Card.EntityType, r.Files = kind, []docflow.File{{ID: "f"}} })
		plan := reaction.Plan(set, r, docflow.Change{Changed: true, NewFiles: r.Files}, nil)
		var p reaction.AttachParams
		require.NoError(t, json.Unmarshal(plan[1].Params, &p))
		require.Equal(t, want, p.Field)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	no := &docflow.Refusal{Code: "no_mapping", CRMText: "Нет сопоставления полей."}
	require.Equal(t, []reaction.Kind{reaction.SetFields, reaction.Comment}, kinds(reaction.Refused("m1", deal, "Действие", no, nil)))
	effects := reaction.Refused("m1", deal, "Действие", no, []byte("sealed"))
	var p reaction.ReturnParams
	require.NoError(t, json.Unmarshal(effects[2].Params, &p))
	require.Equal(t, map[string]any{"state": "error", "error": "Нет сопоставления полей.", "error_code": "no_mapping"}, p.Values)
}

func TestReturnValues(t *testing.T) {
	t.Parallel()
	r := record(docflow.Suspended, func(r *docflow.Record) {
		r.Requirement = docflow.RequirePayment
		r.Charges = []docflow.Charge{{UIN: "1", Sum: 5}, {UIN: "2", Sum: 200000}}
		r.Statements = []docflow.Statement{{FileID: "a"}, {FileID: "b", SignedAt: time.Unix(1, 0)}}
		r.Files = []docflow.File{{ID: "f", Type: "outdoc"}}
	})
	require.Equal(t, map[string]any{"docflow_id": "d-1", "state": "suspended", "requirement": "payment", "uin": []any{"1", "2"}, "amount": "2000.05",
		"files": []string{"Регистрация перехода права 1.zip"}, "left_to_sign": 1, "error": "", "error_code": ""}, reaction.ReturnValues(r))
	require.Empty(t, reaction.ReturnValues(record(docflow.Sent))["amount"])
}
