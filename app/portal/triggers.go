package portal

// AutomationTrigger is a CRM automation trigger that the bridge registers in a portal: an administrator
// puts it on a stage, and running it for a card moves that card there.
type AutomationTrigger struct {
	Code string // [a-z0-9.\-_], of crm.automation.trigger.execute
	Name string // as the designer shows it
}

// The codes of the bridge's CRM automation triggers.
const (
	TriggerDocflowCompleted = "kb_docflow_completed"
	TriggerSignatureNeeded  = "kb_signature_needed"
	TriggerDutyCharged      = "kb_duty_charged"
	TriggerDocumentSigned   = "kb_document_signed"
	TriggerDocumentRejected = "kb_document_rejected"
)

// triggerPrefix begins the codes of the bridge's own triggers.
const triggerPrefix = "kb_"

// AutomationTriggers are the triggers that a setup registers. The platform takes one name for all
// languages. doc: api-reference/crm/automation/**
func AutomationTriggers() []AutomationTrigger {
	return []AutomationTrigger{
		{TriggerDocflowCompleted, "Контур: документооборот завершён"},
		{TriggerSignatureNeeded, "Контур: нужна подпись"},
		{TriggerDutyCharged, "Контур: начислена госпошлина"},
		{TriggerDocumentSigned, "Контур: документ подписан"},
		{TriggerDocumentRejected, "Контур: в подписи отказано"},
	}
}
