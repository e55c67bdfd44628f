package reaction

import (
	"encoding/json"
	"strings"

	"konturbridge/app/docflow"
)

// The parameters of effects, frozen as JSON when the effect is stored. Trees hold templates of the
// settings; they are rendered when the effect is applied, over the docflow as it was then.
type (
	// FieldsParams sets fields: Values as they are, Tree after rendering.
	FieldsParams struct {
		Values  map[string]any `json:"values,omitempty"`
		Tree    map[string]any `json:"tree,omitempty"`
		Docflow map[string]any `json:"docflow,omitempty"`
	}
	// FileItem is a file at the service that must come into the card. It is read there when the effect is applied.
	FileItem struct {
		ID         string   `json:"id"`                   // of a file of Реестро, of an entity of a message at Диадок
		Source     Source   `json:"source,omitempty"`     // what of the entity, at Диадок
		Name       string   `json:"name"`                 // for people; its extension may be left to what is read
		Signatures []string `json:"signatures,omitempty"` // ids of its detached signatures
	}
	// CommentParams writes a timeline comment, with files of the docflow.
	CommentParams struct {
		Text    string         `json:"text"`
		Render  bool           `json:"render,omitempty"`
		Files   []FileItem     `json:"files,omitempty"`
		Docflow map[string]any `json:"docflow,omitempty"`
	}
	// AttachParams puts files of the docflow into a file field of the card.
	AttachParams struct {
		Field string     `json:"field"`
		Files []FileItem `json:"files"`
	}
	// WorkflowParams starts a business process.
	WorkflowParams struct {
		Template   int            `json:"template"`
		Parameters map[string]any `json:"parameters,omitempty"`
		Document   any            `json:"document,omitempty"` // nil: the card
		Docflow    map[string]any `json:"docflow,omitempty"`
	}
	// EndParams ends the business processes of a template that run on the card.
	EndParams struct {
		Template int            `json:"template"`
		Kill     bool           `json:"kill,omitempty"`   // erases them with their data
		Status   string         `json:"status,omitempty"` // shown as their outcome, unless they are erased
		Docflow  map[string]any `json:"docflow,omitempty"`
	}
	// StageParams moves the card.
	StageParams struct {
		Stage   string         `json:"stage"`
		Docflow map[string]any `json:"docflow,omitempty"`
	}
	// TextParams is a to-do or a notification.
	TextParams struct {
		Text    string         `json:"text"`
		User    string         `json:"user,omitempty"`
		Plain   bool           `json:"plain,omitempty"` // the text is no template: it may hold what people wrote
		Docflow map[string]any `json:"docflow,omitempty"`
	}
	// ActionParams run an action of the catalogue for the card.
	ActionParams struct {
		Code       string            `json:"code"`
		Properties map[string]string `json:"properties,omitempty"`
	}
	// ReturnParams answers a waiting robot.
	ReturnParams struct {
		Token    []byte         `json:"token"` // sealed
		Values   map[string]any `json:"values"`
		Log      string         `json:"log,omitempty"`
		Workflow string         `json:"workflow,omitempty"` // for people, where the answer can't be given
		Told     bool           `json:"told,omitempty"`     // the timeline has it anyway
	}
	// LogParams tells a waiting robot's workflow how its action gets on.
	LogParams struct {
		Token []byte `json:"token"` // sealed
		Text  string `json:"text"`
	}
	// TriggerParams runs a CRM automation trigger of the bridge.
	TriggerParams struct {
		Code string `json:"code"`
	}
)

func effect(portal string, card docflow.Card, id docflow.ID, kind Kind, params any) Effect {
	raw, err := json.Marshal(params)
	if err != nil { // the types above hold nothing that cannot be marshalled, settings come from YAML
		raw, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return Effect{Portal: portal, Card: card, Docflow: id, Kind: kind, Params: raw}
}

// Snapshot is what expressions see of a docflow.
func Snapshot(r docflow.Record) map[string]any {
	uins, texts := make([]any, 0, len(r.Charges)), make([]string, 0, len(r.Charges))
	for _, c := range r.Charges {
		uins, texts = append(uins, c.UIN), append(texts, c.UIN)
	}
	s := map[string]any{
		"id": string(r.ID), "external_id": r.ExternalID, "kind": r.Kind, "type": r.Kind, "system": string(r.System),
		"state": string(r.State), "state_text": StateText(r), "requirement": string(r.Requirement),
		"uin": strings.Join(texts, ", "), "uins": uins, "amount": float64(r.Duty()) / 100, "request_id": r.RequestID, "error": "", "error_code": "",
	}
	if r.Refusal != nil {
		s["error"], s["error_code"] = faultText(r), r.Refusal.Code
	}
	if r.System == docflow.Diadoc {
		s["status"], s["message_id"], s["documents"], s["number"], s["comment"], s["signed_by"] = string(r.State), r.ExternalID, documentsSnapshot(r), "", "", ""
		for _, d := range r.Documents { // of several the first that has it
			s["number"], s["comment"] = orText(s["number"].(string), d.Number), orText(s["comment"].(string), d.Comment)
			s["signed_by"] = orText(s["signed_by"].(string), d.SignedBy)
		}
	}
	return s
}
