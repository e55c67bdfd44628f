package action

import (
	"context"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/diadoc"
)

// runDiadocRequestApproval asks a colleague or a department to decide about a document. A document that waits for a
// decision already is asked about anew: the request may be for somebody else.
func runDiadocRequestApproval(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	user, department := strings.TrimSpace(c.Properties.First("user")), strings.TrimSpace(c.Properties.First("department"))
	if (user == "") == (department == "") {
		return lane.Result{}, badParams([]string{"user, department: укажите ровно одного адресата – сотрудника или подразделение Диадока"})
	}
	kind := diadoc.ApprovementRequest
	if c.Properties.First("decision") == decideSign {
		kind = diadoc.SignatureRequest
	}
	return r.do(ctx, c, act{note: "a decision is asked for",
		patch: func(ctx context.Context, p deed) (made diadoc.MessagePatchToPostV2, err error) {
			request := diadoc.ResolutionRequestAttachment{InitialDocumentID: p.entity, Type: kind, Comment: c.Properties.First("comment")}
			if user != "" {
				who, err := p.office.employee(ctx, "user", user)
				if err != nil {
					return made, err
				}
				request.TargetUserID = who.User.UserID
			} else {
				where, err := p.office.department(ctx, "department", department)
				if err != nil {
					return made, err
				}
				request.TargetDepartmentID = where.DepartmentID
			}
			made.ResolutionRequests = []diadoc.ResolutionRequestAttachment{request}
			return made, nil
		}})
}

// What may be asked of whoever decides, and how it is decided.
const (
	decideApprove = "approve"
	decideReject  = "reject"
	decideSign    = "sign"
)

// runDiadocResolve decides about a document in the name of the connection's user.
func runDiadocResolve(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	kind := diadoc.ResolutionApprove
	comment := c.Properties.First("comment")
	if c.Properties.First("decision") == decideReject {
		kind = diadoc.ResolutionDisapprove
		if comment == "" { // the service takes none; those who have to correct the document need it
			return lane.Result{}, badParams([]string{"comment: при отказе в согласовании укажите причину"})
		}
	}
	return r.do(ctx, c, act{note: "decided: " + c.Properties.First("decision"),
		patch: func(_ context.Context, p deed) (diadoc.MessagePatchToPostV2, error) {
			if d := p.stands(); d.State == docflow.Deleted {
				return diadoc.MessagePatchToPostV2{}, wrongState("Документ удалён, согласовать его нельзя. Сначала восстановите его роботом «Диадок: восстановить документ».", "The document is deleted: restore it first.")
			}
			return diadoc.MessagePatchToPostV2{Resolutions: []diadoc.ResolutionAttachment{{InitialDocumentID: p.entity, ResolutionType: kind, Comment: comment}}}, nil
		}})
}
