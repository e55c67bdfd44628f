package reaction

import (
	"fmt"
	"slices"
	"strconv"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/realty"
)

// Plan lists what a docflow's change does in Bitrix24, in the order in which it is applied: the card
// shows the new state before anything that reacts to it runs. It is pure.
func Plan(set settings.Settings, r docflow.Record, ch docflow.Change, met []docflow.Waiter) []Effect {
	var effects []Effect
	add := func(kind Kind, params any) { effects = append(effects, effect(r.Portal, r.Card, r.ID, kind, params)) }
	if r.System == docflow.Diadoc {
		return append(planDiadoc(set, r, ch), returns(r, ch, met)...)
	}
	if values := ownFields(r); len(values) > 0 && (ch.Changed || ch.FirstAnswer) {
		add(SetFields, FieldsParams{Values: values})
	}
	if ch.Changed {
		fresh := resultFiles(r, ch.NewFiles)
		if len(fresh) > 0 {
			add(AttachFiles, AttachParams{Field: fileField(set, r.Card), Files: fresh})
		}
		add(Comment, CommentParams{Text: commentText(r), Files: commentFiles(r, ch, fresh)})
	}
	for _, text := range todos(r, ch) {
		add(Todo, TextParams{Text: text, Plain: true})
	}
	if ch.Moved() {
		for _, reaction := range set.Reactions {
			if matches(reaction, r) {
				effects = append(effects, own(reaction, r)...)
			}
		}
		if code := triggerOf(r); code != "" {
			add(RunTrigger, TriggerParams{Code: code})
		}
	}
	return append(effects, returns(r, ch, met)...)
}

// planDiadoc is Plan for what lives in Диадок.
func planDiadoc(set settings.Settings, r docflow.Record, ch docflow.Change) []Effect {
	var effects []Effect
	add := func(kind Kind, params any) { effects = append(effects, effect(r.Portal, r.Card, r.ID, kind, params)) }
	if ch.Changed || ch.FirstAnswer {
		add(SetFields, FieldsParams{Values: diadocFields(r)})
	}
	if ch.Changed {
		add(Comment, CommentParams{Text: diadocComment(r, ch), Files: arrivedFiles(r, ch)})
	}
	for _, text := range documentTodos(r, ch) {
		add(Todo, TextParams{Text: text, Plain: true})
	}
	if receiptsDue(set, r, ch) {
		add(RunAction, ActionParams{Code: "diadoc_sign", Properties: map[string]string{"message_id": r.ExternalID, "receipts": "Y"}})
	}
	if !ch.Moved() {
		return effects
	}
	for _, reaction := range set.Reactions {
		if matches(reaction, r) {
			effects = append(effects, own(reaction, r)...)
		}
	}
	if code := triggerOf(r); code != "" {
		add(RunTrigger, TriggerParams{Code: code})
	}
	return effects
}

// receiptsDue reports whether receipts are to be looked for and signed: documents came, or wait for a receipt, and
// the box has a certificate to sign with.
func receiptsDue(set settings.Settings, r docflow.Record, ch docflow.Change) bool {
	return slices.ContainsFunc(ch.Ours, func(d docflow.Document) bool { return d.Direction == docflow.Inbound || d.State == docflow.ReceiptDue }) &&
		slices.ContainsFunc(set.Connections, func(c settings.Connection) bool { return c.Name == r.Connection && c.Certificate != "" })
}

// returns answers the robots whose wait is over.
func returns(r docflow.Record, ch docflow.Change, met []docflow.Waiter) []Effect {
	var effects []Effect
	for _, w := range met {
		effects = append(effects, effect(w.Portal, w.Card, r.ID, RobotReturn, ReturnParams{Token: w.Token, Values: documentReturns(r, w.Document),
			Log: subject(r) + ": " + StateText(r), Workflow: w.Workflow, Told: ch.Changed}))
	}
	return effects
}

// Refused lists what a refusal before any docflow does: it is shown in the card and told to the robot.
func Refused(portalID string, card docflow.Card, action string, refusal *docflow.Refusal, token []byte) []Effect {
	effects := []Effect{
		effect(portalID, card, "", SetFields, FieldsParams{Values: map[string]any{portal.FieldError: refusal.CRMText}}),
		effect(portalID, card, "", Comment, CommentParams{Text: "[B]" + action + "[/B]\n" + refusal.CRMText}),
	}
	if len(token) > 0 {
		effects = append(effects, effect(portalID, card, "", RobotReturn, ReturnParams{Token: token,
			Values: map[string]any{"state": "error", "error": refusal.CRMText, "error_code": refusal.Code}, Log: refusal.CRMText, Told: true}))
	}
	return effects
}

// ownFields are the bridge's own fields as they stand after a change. A request about another docflow
// leaves that one's fields alone.
func ownFields(r docflow.Record) map[string]any {
	s := Snapshot(r)
	if kind := realty.Kind(r.Kind); kind == realty.ActionKind || kind == realty.AdditionalPackageKind {
		if r.Refusal == nil {
			return nil
		}
		return map[string]any{portal.FieldError: s["error"]}
	}
	return map[string]any{
		portal.FieldRealtyID: r.ExternalID, portal.FieldRealtyState: StateText(r), portal.FieldRealtyUIN: s["uin"],
		portal.FieldRealtyDuty: dutyField(r), portal.FieldError: s["error"],
	}
}

// dutyField is the duty as a money field takes it.
func dutyField(r docflow.Record) string {
	if len(r.Charges) == 0 {
		return ""
	}
	return dutyValue(r) + "|RUB"
}

// dutyValue is the duty in roubles with a point, as robots return numbers.
func dutyValue(r docflow.Record) string {
	if len(r.Charges) == 0 {
		return ""
	}
	k := int64(r.Duty())
	return fmt.Sprintf("%d.%02d", k/100, k%100)
}

// ReturnValues are what a robot gets of a record; the portal drops what the robot did not declare.
func ReturnValues(r docflow.Record) map[string]any {
	if r.System == docflow.Diadoc {
		return diadocReturns(r)
	}
	s := Snapshot(r)
	names := make([]string, 0, len(r.Files))
	for _, f := range resultFiles(r, r.Files) {
		names = append(names, f.Name)
	}
	values := map[string]any{
		"docflow_id": string(r.ID), "state": string(r.State), "requirement": string(r.Requirement), "uin": s["uins"],
		"amount": dutyValue(r), "files": names, "left_to_sign": len(r.Unsigned()), "error": s["error"], "error_code": s["error_code"],
	}
	switch realty.Kind(r.Kind) {
	case realty.ActionKind:
		values["action_docflow_id"] = string(r.ID)
	case realty.AdditionalPackageKind:
		values["package_docflow_id"] = string(r.ID)
	}
	return values
}

// resultFiles names some of a record's files; a name counts its file's place among all of them.
func resultFiles(r docflow.Record, some []docflow.File) []FileItem {
	items := make([]FileItem, 0, len(some))
	for i, f := range r.Files {
		if slices.ContainsFunc(some, func(s docflow.File) bool { return s.ID == f.ID }) {
			items = append(items, FileItem{ID: f.ID, Name: fileName(r, f, i+1), Signatures: f.Signatures})
		}
	}
	return items
}

// commentFiles are what a timeline line carries: statements when they are wanted, results when they come.
func commentFiles(r docflow.Record, ch docflow.Change, fresh []FileItem) []FileItem {
	if len(fresh) > 0 {
		return fresh
	}
	if r.State != docflow.Suspended || r.Requirement != docflow.RequireSignature || !ch.StatementsNew {
		return nil
	}
	var items []FileItem
	seen := map[string]bool{}
	for _, s := range r.Statements {
		if !seen[s.FileID] {
			seen[s.FileID] = true
			items = append(items, FileItem{ID: s.FileID, Name: "Заявление " + strconv.Itoa(len(items)+1)})
		}
	}
	return items
}

// fileField is the field that the settings name for files of such cards, else the bridge's own.
func fileField(set settings.Settings, card docflow.Card) string {
	key := card.Entity()
	if key == "item" {
		key += ":" + strconv.Itoa(card.EntityType)
	}
	if name := set.Files[key]; name != "" {
		return name
	}
	return portal.FieldRealtyFiles
}

// matches reports whether a reaction's filters let the record through.
func matches(x settings.Reaction, r docflow.Record) bool {
	return (x.System == "" || string(x.System) == string(r.System)) &&
		(x.DocflowType == r.Kind || x.DocflowType == "" && (r.Kind != docflow.KindInvitation || ofInvitations(x.State))) &&
		(x.Entity == "" || string(x.Entity) == r.Card.Entity()) &&
		(x.EntityTypeID == 0 || x.EntityTypeID == r.Card.EntityType) &&
		(x.State == "" || x.State == string(r.State)) &&
		(x.Requirement == nil || *x.Requirement == string(r.Requirement))
}

// ofInvitations tells the states that only invitations have. A rejected invitation is no rejected document: what the
// settings do then must not happen to the card because a counteragent does not want to exchange documents.
func ofInvitations(state string) bool {
	return state == string(docflow.Invited) || state == string(docflow.Partner)
}

// own lists the effects of one reaction of the settings.
func own(x settings.Reaction, r docflow.Record) []Effect {
	var effects []Effect
	snapshot := Snapshot(r)
	add := func(kind Kind, params any) { effects = append(effects, effect(r.Portal, r.Card, r.ID, kind, params)) }
	if len(x.SetFields) > 0 {
		add(SetFields, FieldsParams{Tree: x.SetFields, Docflow: snapshot})
	}
	if x.Comment != "" {
		add(Comment, CommentParams{Text: x.Comment, Render: true, Docflow: snapshot})
	}
	if x.Todo != "" {
		add(Todo, TextParams{Text: x.Todo, Docflow: snapshot})
	}
	if x.Notify != "" {
		add(Notify, TextParams{Text: subject(r) + ": " + StateText(r), User: x.Notify, Docflow: snapshot})
	}
	if w := x.TerminateWorkflow; w != nil {
		add(EndWorkflow, EndParams{Template: w.Template, Status: w.Status, Docflow: snapshot})
	}
	if w := x.KillWorkflow; w != nil {
		add(EndWorkflow, EndParams{Template: w.Template, Kill: true, Docflow: snapshot})
	}
	if w := x.StartWorkflow; w != nil {
		add(StartWorkflow, WorkflowParams{Template: w.Template, Parameters: w.Parameters, Document: w.Document, Docflow: snapshot})
	}
	if x.MoveStage != "" {
		add(MoveStage, StageParams{Stage: x.MoveStage, Docflow: snapshot})
	}
	return effects
}
