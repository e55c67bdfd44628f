package demo

import (
	"fmt"
	"strings"

	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

// The demo's stages and fields.
const (
	stageOrder  = "PREPARATION"           // a robot orders an extract here
	stageFile   = "C1:PREPARATION"        // a trigger files here what the deal's field says, else a sale
	stageRobot  = "C1:PREPAYMENT_INVOICE" // a robot files here
	stageSign   = "C1:EXECUTING"          // robots hand signatures over and submit
	stageAnswer = "C1:FINAL_INVOICE"      // a robot acts on what is filed: more documents, a suspension
	stageLost   = "C1:LOSE"               // a robot cancels what is filed
	stageDone   = "C1:WON"                // the bridge moves a finished registration here
	leadFile    = "IN_PROCESS"            // the same for a lead
	leadSign    = "PROCESSED"
)

// registrations are the docflow types that people sign and that end with an archive.
func registrations() []string {
	return []string{realtysim.TypeMovement, realtysim.TypeEquity, realtysim.TypeAssignment, realtysim.TypeEncumbrance, realtysim.TypeCessation}
}

// settings is the demo's settings file.
func (w *World) settings() string {
	var done strings.Builder
	for _, kind := range registrations() {
		fmt.Fprintf(&done, "  - {docflow_type: %s, entity: deal, state: completed, move_stage: %q}\n", kind, stageDone)
	}
	return fmt.Sprintf(`
connections:
  - {name: main, kind: realty, default: true, login: %s, password: %s, accountId: %s}
  - {name: box, kind: diadoc, default: true, boxId: %q, refreshToken: %q}
triggers:
  - {entity: deal, category: 1, stage: %q, action: realty_create, parameters: {docflow_type: "{{ default(code(deal.%s), 'right_movement_request') }}"}}
  - {entity: lead, stage: %q, action: realty_create, parameters: {docflow_type: right_movement_request}}
reactions:
  - {entity: deal, requirement: payment,
     start_workflow: {template: %d, parameters: {docflow: "{{ docflow.id }}", uin: "{{ docflow.uin }}"}}}
  - {entity: lead, requirement: payment,
     start_workflow: {template: %d, parameters: {docflow: "{{ docflow.id }}", uin: "{{ docflow.uin }}"}}}
%s`, w.Demo.Login, w.Demo.Password, w.Demo.AccountID, w.Demo.Diadoc.Box, w.Demo.Diadoc.RefreshToken, stageFile, sandbox.FilingField, leadFile, w.payDeal, w.payLead, &done)
}

// template adds a process that a charged duty starts, and gives its id.
func (w *World) template(kind int) int {
	return w.Portal.AddTemplate(bitrixsim.Template{Name: "Оплата госпошлины", EntityTypeID: kind,
		Parameters: map[string]any{"docflow": "", "uin": ""},
		Steps:      []bitrixsim.Step{{SetField: map[string]any{"comments": "Счёт на госпошлину передан бухгалтеру"}}}})
}
