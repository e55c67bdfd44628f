package diadoc

import (
	"bytes"
	"context"
	"fmt"

	"konturbridge/internal/upstream"
)

func employee(box BoxID, user UserID) query {
	return query{"boxId": string(box), "userId": string(user)}
}

// GetEmployeePowersOfAttorney lists an employee's powers of attorney (the user's own when user is empty);
// with onlyActual those in force. The answer is an EmployeePowerOfAttorneyList.
func (c *Client) GetEmployeePowersOfAttorney(ctx context.Context, box BoxID, user UserID, onlyActual bool) (Raw, error) {
	q := employee(box, user)
	q["onlyActual"] = yes(onlyActual)
	return ask[Raw](ctx, c, "GetEmployeePowersOfAttorney", q, nil)
}

// AddEmployeePowerOfAttorney gives a power of attorney to an employee, who may have a hundred. user may be
// empty. The answer is an EmployeePowerOfAttorney.
func (c *Client) AddEmployeePowerOfAttorney(ctx context.Context, box BoxID, user UserID, power PowerOfAttorneyID) (Raw, error) {
	return ask[Raw](ctx, c, "AddEmployeePowerOfAttorney", employee(box, user), power)
}

// UpdateEmployeePowerOfAttorney changes an employee's power of attorney. change is an
// EmployeePowerOfAttorneyToUpdateV2, the answer an EmployeePowerOfAttorney.
func (c *Client) UpdateEmployeePowerOfAttorney(ctx context.Context, box BoxID, user UserID, change Raw) (Raw, error) {
	return ask[Raw](ctx, c, "UpdateEmployeePowerOfAttorney", employee(box, user), change)
}

// DeleteEmployeePowerOfAttorney takes a power of attorney from an employee.
func (c *Client) DeleteEmployeePowerOfAttorney(ctx context.Context, box BoxID, user UserID, power PowerOfAttorneyID) error {
	return c.tell(ctx, "DeleteEmployeePowerOfAttorney", employee(box, user), power)
}

// RegisterPowerTask waits for the registration of a power of attorney.
type RegisterPowerTask struct {
	Box BoxID  `json:"box"`
	ID  TaskID `json:"id"`
}

// Poll implements [Task]. The words of OperationStatus are not documented: the task is done when there is a
// power of attorney, and has failed when there are errors.
func (t RegisterPowerTask) Poll(ctx context.Context, c *Client) (PowerOfAttorneyRegisterResult, error) {
	result, err := c.RegisterPowerOfAttorneyResult(ctx, t)
	switch {
	case err != nil:
		return result, err
	case !isEmpty(result.Errors):
		return result, &APIError{Operation: "RegisterPowerOfAttorneyResult", Status: 200, BoxID: t.Box, At: c.now(),
			Class: upstream.Refused, Text: firstBytes(result.Errors), Cause: fmt.Errorf("%w: %s", ErrTaskFailed, result.OperationStatus)}
	case !isEmpty(result.PowerOfAttorney):
		return result, nil
	}
	return result, &NotReadyError{Operation: "RegisterPowerOfAttorneyResult", Status: 200, Until: c.now().Add(defaultTaskWait)}
}

func isEmpty(raw Raw) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "{}", "[]", `""`:
		return true
	}
	return false
}

var _ Task[PowerOfAttorneyRegisterResult] = RegisterPowerTask{}

// PowerOfAttorneyRegisterResult is how a registration stands.
type PowerOfAttorneyRegisterResult struct {
	OperationStatus Symbol `json:"OperationStatus,omitempty"`
	PowerOfAttorney Raw    `json:"PowerOfAttorney,omitempty"`
	Errors          Raw    `json:"Errors,omitempty"`
	Extra           Extra  `json:"-"`
}

// RegisterPowerOfAttorney registers a power of attorney. power is a PowerOfAttorneyToRegister.
func (c *Client) RegisterPowerOfAttorney(ctx context.Context, box BoxID, power Raw) (RegisterPowerTask, error) {
	id, err := c.start(ctx, "RegisterPowerOfAttorney", query{"boxId": string(box)}, power)
	return RegisterPowerTask{box, id}, err
}

// RegisterPowerOfAttorneyResult reads how a registration stands; [RegisterPowerTask.Poll] judges it.
func (c *Client) RegisterPowerOfAttorneyResult(ctx context.Context, task RegisterPowerTask) (PowerOfAttorneyRegisterResult, error) {
	return ask[PowerOfAttorneyRegisterResult](ctx, c, "RegisterPowerOfAttorneyResult",
		query{"boxId": string(task.Box), "taskId": string(task.ID)}, nil)
}

// PrevalidatePowerOfAttorney checks a power of attorney before signing. request is a
// PowerOfAttorneyPrevalidateRequestV2, the answer a PowerOfAttorneyPrevalidateResult.
func (c *Client) PrevalidatePowerOfAttorney(ctx context.Context, box BoxID, request Raw) (Raw, error) {
	return ask[Raw](ctx, c, "PrevalidatePowerOfAttorney", query{"boxId": string(box)}, request)
}

// GetPowerOfAttorneyInfo reads the power of attorney of an entity; the answer is a PowerOfAttorney.
func (c *Client) GetPowerOfAttorneyInfo(ctx context.Context, box BoxID, entity DocumentID) (Raw, error) {
	return ask[Raw](ctx, c, "GetPowerOfAttorneyInfo", entityQuery(box, entity), nil)
}

// GetPowerOfAttorneyContent reads the files of the power of attorney of an entity, a chain when it was
// delegated; the answer is a PowerOfAttorneyContentResponse.
func (c *Client) GetPowerOfAttorneyContent(ctx context.Context, box BoxID, entity DocumentID) (Raw, error) {
	return ask[Raw](ctx, c, "GetPowerOfAttorneyContent", entityQuery(box, entity), nil)
}
