package demo

import (
	"fmt"

	"konturbridge/sandbox/bitrixsim"
)

// The demo's stages and fields.
const (
	stageOrder = "PREPARATION"    // a robot orders an extract here
	stageFile  = "C1:PREPARATION" // a trigger files the sale here
	stageSign  = "C1:EXECUTING"   // robots hand signatures over and submit
	stageDone  = "C1:WON"         // the bridge moves a finished sale here
	leadFile   = "IN_PROCESS"     // the same for a lead
	leadSign   = "PROCESSED"
	signatures = "UF_CRM_STATEMENT_SIG"
)

// settings is the demo's settings file.
func (w *World) settings() string {
	return fmt.Sprintf(`
connections:
  - {name: main, kind: realty, default: true, login: %s, password: %s, accountId: %s}
triggers:
  - {entity: deal, category: 1, stage: %q, action: realty_create, parameters: {docflow_type: right_movement_request}}
  - {entity: lead, stage: %q, action: realty_create, parameters: {docflow_type: right_movement_request}}
reactions:
  - {docflow_type: right_movement_request, entity: deal, requirement: payment,
     start_workflow: {template: %d, parameters: {docflow: "{{ docflow.id }}", uin: "{{ docflow.uin }}"}}}
  - {docflow_type: right_movement_request, entity: lead, requirement: payment,
     start_workflow: {template: %d, parameters: {docflow: "{{ docflow.id }}", uin: "{{ docflow.uin }}"}}}
  - {docflow_type: right_movement_request, entity: deal, state: completed, move_stage: %q}
`, w.Demo.Login, w.Demo.Password, w.Demo.AccountID, stageFile, leadFile, w.payDeal, w.payLead, stageDone)
}

// template adds a process that a charged duty starts, and gives its id.
func (w *World) template(kind int) int {
	return w.Portal.AddTemplate(bitrixsim.Template{Name: "Оплата госпошлины", EntityTypeID: kind,
		Parameters: map[string]any{"docflow": "", "uin": ""},
		Steps:      []bitrixsim.Step{{SetField: map[string]any{"comments": "Счёт на госпошлину передан бухгалтеру"}}}})
}
