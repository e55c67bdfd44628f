package watchdog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// KindEnd is the kind of the rows that end a workflow because a person asked for it.
const KindEnd = "end-workflow"

// End is the body of such a row.
type End struct {
	Workflow string `json:"workflow"`
	Kill     bool   `json:"kill,omitempty"` // erase it with its data, instead of ending it
}

// EndRow makes the row that ends a workflow.
func EndRow(id portal.ID, e End) (lane.NewRow, error) {
	body, err := json.Marshal(e)
	return lane.NewRow{Lane: string(id), Part: KindEnd + "/" + e.Workflow, Kind: KindEnd, Code: e.Workflow, Body: body}, err
}

// endStatus is what the portal shows as the outcome of a workflow that was ended.
const endStatus = "Завершён из моста Контур: вызов робота не дошёл"

// Ender ends workflows.
type Ender struct {
	Bitrix func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
}

// Work implements lane.Worker. Ending a workflow that is gone is no failure.
func (e Ender) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var end End
	if err := json.Unmarshal(row.Body, &end); err != nil {
		return lane.Result{}, err
	}
	b24, err := e.Bitrix(ctx, portal.ID(row.Lane))
	if err != nil {
		return lane.Result{}, err
	}
	note := "ended"
	if end.Kill {
		note, err = "erased", b24.WorkflowKill(ctx, end.Workflow)
	} else {
		err = b24.WorkflowTerminate(ctx, end.Workflow, endStatus)
	}
	if errors.Is(err, bitrix.ErrNotFound) {
		note, err = "it was not running any more", nil
	}
	if err != nil {
		return lane.Result{}, fmt.Errorf("end workflow %s: %w", end.Workflow, err)
	}
	return lane.Result{Note: note, Writes: []lane.Write{Ended{Portal: portal.ID(row.Lane), Workflow: end.Workflow}}}, nil
}
