package diadocsim

import (
	"encoding/json"
	"net/http"
	"slices"
)

// maxPowers is how many powers of attorney an employee may have.
const maxPowers = 100

// power is a machine-readable power of attorney of an employee.
type power struct {
	id      fullID
	def     bool
	content *powerContent // where it was sent as a file
}

func powerArea() map[string]behaviour {
	return map[string]behaviour{
		"GetEmployeePowersOfAttorney":   {box: "boxId", serve: (*call).getPowers},
		"AddEmployeePowerOfAttorney":    {body: jsonBody, box: "boxId", serve: (*call).addPower},
		"UpdateEmployeePowerOfAttorney": {body: jsonBody, box: "boxId", serve: (*call).updatePower},
		"DeleteEmployeePowerOfAttorney": {body: jsonBody, answer: other, box: "boxId", serve: (*call).deletePower},
		"RegisterPowerOfAttorney":       {body: jsonBody, box: "boxId", serve: (*call).registerPower},
		"RegisterPowerOfAttorneyResult": {box: "boxId", serve: (*call).registerPowerResult},
		"PrevalidatePowerOfAttorney":    {body: jsonBody, box: "boxId", serve: (*call).prevalidatePower},
		"GetPowerOfAttorneyInfo":        {box: "boxId", serve: (*call).getPowerInfo},
		"GetPowerOfAttorneyContent":     {box: "boxId", serve: (*call).getPowerContent},
	}
}

func (id fullID) object() object {
	out := object{"RegistrationNumber": id.RegistrationNumber, "IssuerInn": id.IssuerInn}
	if id.RepresentativeInn != "" {
		out["RepresentativeInn"] = id.RepresentativeInn
	}
	return out
}

// validity is PowerOfAttorneyValidationStatus: every simulated power of attorney is valid.
func validity() object {
	return object{"Severity": "Success", "StatusNamedId": "IsValid", "StatusText": "Доверенность действительна"}
}

// object is EmployeePowerOfAttorney and PowerOfAttorney, which are not described: FullId and Status as in
// PowerOfAttorneyInfo, and whether UseDefault means this one.
func (p *power) object() object {
	return object{"FullId": p.id.object(), "Status": validity(), "IsDefault": p.def}
}

func (e *employee) power(id fullID) *power {
	for _, p := range e.powers {
		if p.id.RegistrationNumber == id.RegistrationNumber && p.id.IssuerInn == id.IssuerInn {
			return p
		}
	}
	return nil
}

func (c *call) getPowers() (reply, error) {
	e, err := c.theEmployee()
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, p := range e.powers {
		list = append(list, p.object())
	}
	return jsonReply(object{"PowersOfAttorney": list}), nil
}

func (c *call) addPower() (reply, error) {
	var body fullID
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	e, err := c.theEmployee()
	if err != nil {
		return reply{}, err
	}
	if !innPattern.MatchString(body.IssuerInn) {
		return reply{}, bad("IssuerInn %q must have 10 or 12 digits", body.IssuerInn)
	}
	p := e.power(body)
	if p == nil {
		if len(e.powers) >= maxPowers {
			return reply{}, bad("An employee may have no more than %d powers of attorney", maxPowers)
		}
		p = &power{id: body, def: len(e.powers) == 0}
		e.powers = append(e.powers, p)
	}
	return jsonReply(p.object()), nil
}

// idIn finds a PowerOfAttorneyFullId in a structure that is not described: under FullId, or the structure itself.
func idIn(body any) (fullID, error) {
	var out fullID
	if inside, ok := field[object](body, "FullId"); ok {
		body = inside
	}
	data, err := json.Marshal(body)
	if err == nil {
		_, err = decode(data, &out)
	}
	if err != nil {
		return out, bad("FullId: %s", err)
	}
	return out, nil
}

// thePower finds the employee's power of attorney that a body names.
func (c *call) thePower(body any) (*employee, *power, error) {
	id, err := idIn(body)
	if err != nil {
		return nil, nil, err
	}
	e, err := c.theEmployee()
	if err != nil {
		return nil, nil, err
	}
	p := e.power(id)
	if p == nil {
		return nil, nil, refuse(http.StatusNotFound, "Power of attorney %s is not found", id.RegistrationNumber)
	}
	return e, p, nil
}

// updatePower: EmployeePowerOfAttorneyToUpdateV2 is not described; FullId and IsDefault are looked for in it.
func (c *call) updatePower() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	e, p, err := c.thePower(body)
	if err != nil {
		return reply{}, err
	}
	if def, given := field[bool](body, "IsDefault"); given {
		for _, one := range e.powers {
			one.def = one.def && !def
		}
		p.def = def
	}
	return jsonReply(p.object()), nil
}

func (c *call) deletePower() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	e, p, err := c.thePower(body)
	if err != nil {
		return reply{}, err
	}
	e.powers = slices.DeleteFunc(e.powers, func(one *power) bool { return one == p })
	return reply{status: http.StatusOK}, nil
}

// registerPower: PowerOfAttorneyToRegister is not described; a FullId in it is taken, else a number is given.
func (c *call) registerPower() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	id, err := idIn(body)
	if err != nil {
		id = fullID{RegistrationNumber: newGUID(), IssuerInn: c.box.INN}
	}
	t := c.addTask("RegisterPowerOfAttorney")
	t.data = &power{id: id}
	return jsonReply(object{"TaskId": t.id}), nil
}

// registerPowerResult always answers 200; the words of OperationStatus are not described.
func (c *call) registerPowerResult() (reply, error) {
	t := c.tasks[c.arg("taskId")]
	if t == nil || t.kind != "RegisterPowerOfAttorney" || t.box != c.box {
		return reply{}, refuse(http.StatusNotFound, "Task %s is not found", c.arg("taskId"))
	}
	if !c.ripe(&t.polls) {
		return jsonReply(object{"OperationStatus": "InProgress"}), nil
	}
	return jsonReply(object{"OperationStatus": "Completed", "PowerOfAttorney": t.data.(*power).object(), "Errors": []any{}}), nil
}

// prevalidatePower: neither request nor answer is described; the answer has the validation's status.
func (c *call) prevalidatePower() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	return jsonReply(object{"Status": validity()}), nil
}

// attachPower puts the power of attorney under the signature that was made with it. Where the entity hangs is not
// described. UseDefault means the user's default one; without one nothing is attached.
func (c *call) attachPower(m *message, signature *entity, given *powerOfAttorney) *entity {
	if given == nil || given.UseDocumentContent {
		return nil
	}
	p := &power{id: fullID{RegistrationNumber: newGUID(), IssuerInn: c.box.INN}, content: given.Content}
	switch {
	case given.FullId != nil:
		p.id = *given.FullId
	case *given.UseDefault:
		i := slices.IndexFunc(c.staff.powers, func(one *power) bool { return one.def })
		if i < 0 {
			return nil
		}
		p = c.staff.powers[i]
	case len(given.Contents) > 0:
		p.content = &given.Contents[len(given.Contents)-1]
	}
	return c.Server.add(m, &entity{kind: "PowerOfAttorney", parent: signature.id, by: c.box, author: c.user.id, power: p,
		extra: object{"PowerOfAttorneyInfo": object{"FullId": p.id.object(), "Status": validity()}}})
}

func (c *call) powerEntity() (*entity, error) {
	m, err := c.theMessage()
	if err != nil {
		return nil, err
	}
	if e := m.entity(c.arg("entityId")); e != nil && e.power != nil && e.visible(c.box) {
		return e, nil
	}
	return nil, refuse(http.StatusNotFound, "Power of attorney %s is not found", c.arg("entityId"))
}

func (c *call) getPowerInfo() (reply, error) {
	e, err := c.powerEntity()
	if err != nil {
		return reply{}, err
	}
	return jsonReply(object{"FullId": e.power.id.object(), "Status": validity()}), nil
}

// getPowerContent: PowerOfAttorneyContentResponse is not described but for being a list; its items have the names of
// PowerOfAttorneySignedContent.
func (c *call) getPowerContent() (reply, error) {
	e, err := c.powerEntity()
	if err != nil {
		return reply{}, err
	}
	if e.power.content == nil {
		return reply{}, refuse(http.StatusNotFound, "Power of attorney %s was not sent as a file", e.id)
	}
	one := e.power.content
	file, err := c.bytesOf("Content", one.Content.Content, one.Content.NameOnShelf)
	if err != nil {
		return reply{}, err
	}
	signature, err := c.bytesOf("Signature", one.Signature.Content, one.Signature.NameOnShelf)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(object{"Contents": []object{{"Content": file, "Signature": signature}}}), nil
}
