package bitrix

import (
	"context"
	"encoding/json"
	"iter"
)

// WorkflowTask is a task that a workflow gave to a person; which fields are set is what was selected.
// doc: api-reference/bizproc/bizproc-task/bizproc-task-list.md
type WorkflowTask struct {
	ID                ID             `json:"ID"`
	WorkflowID        Text           `json:"WORKFLOW_ID"`
	Name              Text           `json:"NAME"`
	Description       Text           `json:"DESCRIPTION"`
	Modified          Time           `json:"MODIFIED"`
	Overdue           Time           `json:"OVERDUE_DATE"`
	WorkflowStarted   Time           `json:"WORKFLOW_STARTED"`
	WorkflowStartedBy ID             `json:"WORKFLOW_STARTED_BY"`
	TemplateID        ID             `json:"WORKFLOW_TEMPLATE_ID"`
	TemplateName      Text           `json:"WORKFLOW_TEMPLATE_NAME"`
	WorkflowState     Text           `json:"WORKFLOW_STATE"`
	Status            ID             `json:"STATUS"` // TaskInProgress …
	UserID            ID             `json:"USER_ID"`
	UserStatus        ID             `json:"USER_STATUS"` // 0 waiting, else an answer
	Module            Text           `json:"MODULE_ID"`
	Entity            Text           `json:"ENTITY"`
	Element           Text           `json:"DOCUMENT_ID"`
	DocumentName      Text           `json:"DOCUMENT_NAME"`
	DocumentURL       Text           `json:"DOCUMENT_URL"`
	Activity          Text           `json:"ACTIVITY"` // the kind of the task
	ActivityName      Text           `json:"ACTIVITY_NAME"`
	Parameters        TaskParameters `json:"PARAMETERS"`
}

// What became of a task.
const (
	TaskInProgress ID = 0
	TaskApproved   ID = 1
	TaskRejected   ID = 2
	TaskDone       ID = 3
	TaskOverdue    ID = 4
)

// How a task is answered.
const (
	TaskYes    = 1
	TaskNo     = 2
	TaskOK     = 3
	TaskCancel = 4
)

// TaskAnswers are the answers that a kind of task takes; none for a kind that REST cannot complete.
// doc: api-reference/bizproc/bizproc-task/bizproc-task-complete.md
func TaskAnswers(activity string) []int {
	switch activity {
	case "ApproveActivity":
		return []int{TaskYes, TaskNo}
	case "ReviewActivity", "RequestInformationActivity":
		return []int{TaskOK}
	case "RequestInformationOptionalActivity":
		return []int{TaskOK, TaskCancel}
	default:
		return nil
	}
}

// TaskParameters are a task's form. PHP's [] is an empty one.
type TaskParameters struct {
	CommentLabel    Text
	CommentRequired Text // N, Y, YA on approval, YR on refusal
	ShowComment     Flag
	StatusOkLabel   Text
	StatusYesLabel  Text
	StatusNoLabel   Text
	Fields          List[PropertyInfo]
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *TaskParameters) UnmarshalJSON(data []byte) error {
	*p = TaskParameters{}
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	type plain TaskParameters
	return json.Unmarshal(data, (*plain)(p))
}

// PropertyInfo describes a field of a task's form or a property of a robot's settings.
// doc: api-reference/bizproc/bizproc-task/bizproc-task-list.md
type PropertyInfo struct {
	ID          Text            `json:"Id"`
	Type        Text            `json:"Type"`
	Name        Text            `json:"Name"`
	Description Text            `json:"Description"`
	Multiple    Flag            `json:"Multiple"`
	Required    Flag            `json:"Required"`
	Options     json.RawMessage `json:"Options"`
	Settings    json.RawMessage `json:"Settings"`
	Default     json.RawMessage `json:"Default"`
}

// WorkflowTaskList reads a page of tasks: one's own and one's subordinates', an administrator's token all.
// Without Select it gives ENTITY, DOCUMENT_ID, ID, WORKFLOW_ID, DOCUMENT_NAME, NAME and DOCUMENT_URL. The
// cloud keeps tasks for a day after their workflow ended. Errors: ErrParameter.
// doc: api-reference/bizproc/bizproc-task/bizproc-task-list.md
func (c *Client) WorkflowTaskList(ctx context.Context, opts ListOptions) (ListAnswer[[]WorkflowTask], error) {
	params := struct {
		upperListOptions
		Start int `json:"START,omitempty"` // the one method that writes it so
	}{upperListOptions(opts), opts.Start}
	params.upperListOptions.Start = 0
	return rows[WorkflowTask](ctx, c, "bizproc.task.list", params)
}

// WorkflowTasks walks the tasks in the order of their ids.
// doc: api-reference/bizproc/bizproc-task/bizproc-task-list.md
func (c *Client) WorkflowTasks(ctx context.Context, opts ScanOptions) iter.Seq2[WorkflowTask, error] {
	return byID("bizproc.task.list", "ID", opts, func(list ListOptions) (ListAnswer[[]WorkflowTask], error) {
		return c.WorkflowTaskList(ctx, list)
	}, func(t WorkflowTask) ID { return t.ID })
}

// TaskAnswer completes a task.
type TaskAnswer struct {
	TaskID  ID     `json:"TASK_ID"`
	Status  int    `json:"STATUS"` // TaskYes …
	Comment string `json:"COMMENT,omitempty"`
	// Fields are the form's values by their ids: dates as Date or Time, a file as FileContent, a drive's
	// file by its id, a CRM binding as Binding writes it, a list's value by its option's key.
	Fields map[string]any `json:"FIELDS,omitempty"`
}

// WorkflowTaskComplete answers a task. The token must be the assignee's own.
// Errors: ErrTaskCompleted, ErrNotFound, ErrField with the activity's words, ErrAccessDenied.
// doc: api-reference/bizproc/bizproc-task/bizproc-task-complete.md
func (c *Client) WorkflowTaskComplete(ctx context.Context, answer TaskAnswer) error {
	return c.confirmed(ctx, "bizproc.task.complete", answer)
}

// WorkflowTaskDelegate hands tasks of one user to another. Errors: ErrAccessDenied, ErrParameter.
// doc: api-reference/bizproc/bizproc-task/bizproc-task-delegate.md
func (c *Client) WorkflowTaskDelegate(ctx context.Context, from, to ID, tasks ...ID) error {
	params := map[string]any{"TASK_IDS": tasks, "FROM_USER_ID": from, "TO_USER_ID": to}
	return c.confirmed(ctx, "bizproc.task.delegate", params)
}
