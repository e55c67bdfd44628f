package diadocsim

import "net/http"

// resolve is an approval or refusal inside the company; UndefinedResolutionType withdraws the caller's last one.
func (p *patching) resolve(part *resolutionPart) error {
	if err := p.need(addResolutions); err != nil {
		return err
	}
	_, d, err := p.parent(part.InitialDocumentId)
	if err != nil {
		return err
	}
	p.keepIn(&entity{kind: "Resolution", parent: d.e.id, content: []byte(part.Comment), hasContent: part.Comment != "", labels: part.Labels,
		extra: object{"ResolutionInfo": object{"ResolutionType": string(part.ResolutionType), "Author": p.personName(p.userID())}}})
	p.change(d, "resolve", func() {
		at := d.place(p.box)
		at.resolver, at.target = p.userID(), nil
		at.resolution = map[resolutionType]string{"Approve": "Approved", "Disapprove": "Disapproved", "UndefinedResolutionType": "None"}[part.ResolutionType]
	})
	return nil
}

func (p *patching) askResolution(part *resolutionRequest) error {
	if err := p.need(requestResolutions); err != nil {
		return err
	}
	_, d, err := p.parent(part.InitialDocumentId)
	if err != nil {
		return err
	}
	if (part.TargetUserId == "") == (part.TargetDepartmentId == "") {
		return bad("Exactly one of TargetUserId and TargetDepartmentId is required")
	}
	target := object{}
	if e := p.box.staff[part.TargetUserId]; e != nil {
		target = object{"UserId": e.user.id, "User": e.user.Surname + " " + e.user.FirstName}
	} else if part.TargetUserId != "" {
		return refuse(http.StatusNotFound, "Employee %s is not found", part.TargetUserId)
	}
	if id := part.TargetDepartmentId; id != "" {
		if !p.box.hasDepartment(id) {
			return refuse(http.StatusNotFound, "Department %s is not found", id)
		}
		target = object{"DepartmentId": id}
	}
	status := map[resolutionRequestType]string{"ApprovementRequest": "ApprovementRequested", "SignatureRequest": "SignatureRequested",
		"ApprovementSignatureRequest": "ApprovementRequested", "Custom": "ActionsRequested"}[part.Type]
	p.keepIn(&entity{kind: "ResolutionRequest", parent: d.e.id, content: []byte(part.Comment), hasContent: part.Comment != "", labels: part.Labels,
		extra: object{"ResolutionRequestInfo": object{"RequestType": string(part.Type), "Author": p.personName(p.userID()), "Target": target}}})
	p.change(d, "", func() {
		at := d.place(p.box)
		at.resolution, at.resolver, at.target = status, p.userID(), target
	})
	return nil
}

// closeRequest cancels or denies a resolution request.
func (p *patching) closeRequest(part *resolutionReply, kind, status string) error {
	e, d, err := p.parent(part.InitialResolutionRequestId)
	if err != nil {
		return err
	}
	if e.kind != "ResolutionRequest" {
		return bad("Entity %s is not a resolution request", e.id)
	}
	field := map[string]string{"Cancellation": "CancellationInfo", "ResolutionRequestDenial": "ResolutionRequestDenialInfo"}[kind]
	p.keepIn(&entity{kind: kind, parent: e.id, content: []byte(part.Comment), hasContent: part.Comment != "", labels: part.Labels,
		extra: object{field: object{"Author": p.personName(p.userID()), "InitialRequestId": e.id}}})
	p.change(d, "", func() { d.place(p.box).resolution, d.place(p.box).resolver = status, p.userID() })
	return nil
}

func (p *patching) undeny(part *denialCancellation) error {
	e, d, err := p.parent(part.InitialResolutionRequestDenialId)
	if err != nil {
		return err
	}
	if e.kind != "ResolutionRequestDenial" {
		return bad("Entity %s is not a denial", e.id)
	}
	p.keepIn(&entity{kind: "Cancellation", parent: e.id, extra: object{"CancellationInfo": object{"Author": p.personName(p.userID())}}})
	p.change(d, "", func() { d.place(p.box).resolution = "SignatureRequested" })
	return nil
}
