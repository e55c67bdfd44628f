package bitrixsim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Kinds of workflow tasks, the ACTIVITY of bizproc.task.list.
const (
	ApproveActivity                    = "ApproveActivity"
	ReviewActivity                     = "ReviewActivity"
	RequestInformationActivity         = "RequestInformationActivity"
	RequestInformationOptionalActivity = "RequestInformationOptionalActivity"
)

// TaskStep asks people something and waits for the first answer.
type TaskStep struct {
	Activity        string        `json:"activity"`
	Name            string        `json:"name"`
	Description     string        `json:"description,omitempty"`
	Users           []int         `json:"users"`
	CommentRequired string        `json:"commentRequired,omitempty"` // N, Y, YA (on approval) or YR (on refusal); empty: N
	Fields          []TaskField   `json:"fields,omitempty"`
	NoDelegation    bool          `json:"noDelegation,omitempty"`
	Due             time.Duration `json:"due,omitempty"` // the task is overdue after it; zero waits forever
}

// TaskField is a question of a request for information.
type TaskField struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Type     string         `json:"type"`
	Required bool           `json:"required"`
	Multiple bool           `json:"multiple"`
	Options  map[string]any `json:"options,omitempty"`
	Default  any            `json:"default,omitempty"`
}

// Task is a snapshot of a workflow task for one user.
type Task struct {
	ID         int            `json:"id"`
	WorkflowID string         `json:"workflowId"`
	UserID     int            `json:"userId"`
	Name       string         `json:"name"`
	Activity   string         `json:"activity"`
	Status     int            `json:"status"`     // 0 in progress, 1 approved, 2 rejected, 3 done, 4 overdue
	UserStatus int            `json:"userStatus"` // 0 waiting, 1 yes, 2 no, 3 ok
	Comment    string         `json:"comment"`
	Values     map[string]any `json:"values,omitempty"`
}

// task is a task of a running or lately ended workflow.
type task struct {
	id       int
	wf       *workflow
	step     TaskStep
	users    []int
	answered map[int]int // user to USER_STATUS
	status   int
	comment  string
	values   map[string]any
	modified time.Time
	deadline time.Time
}

// Tasks lists the workflow tasks, one row a user.
func (p *Portal) Tasks() []Task {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var out []Task
	for _, t := range p.tasks {
		for _, u := range t.users {
			out = append(out, Task{
				ID: t.id, WorkflowID: t.wf.ID, UserID: u, Name: t.step.Name, Activity: t.step.Activity, Status: t.status,
				UserStatus: t.answered[u], Comment: t.comment, Values: maps.Clone(t.values),
			})
		}
	}
	return out
}

// runTask makes a task and stops the workflow at it.
func (p *Portal) runTask(wf *workflow, step TaskStep) {
	t := &task{
		id: p.nextID("bizproc task", 1471), wf: wf, step: step, users: slices.Clone(step.Users), answered: map[int]int{}, modified: p.s.now(),
	}
	if step.Due > 0 {
		t.deadline = p.s.now().Add(step.Due)
		p.s.tickAfter(step.Due)
	}
	p.tasks = append(p.tasks, t)
	wf.task = t
}

// finish answers a task and lets the workflow go on.
func (p *Portal) finish(t *task, status int, comment string, values map[string]any) {
	t.status, t.comment, t.values, t.modified = status, comment, values, p.s.now()
	out := map[string]any{"Comments": comment}
	maps.Copy(out, values)
	t.wf.task = nil
	p.resume(t.wf, out)
}

// taskStatuses maps the accepted spellings of STATUS.
func taskStatuses() map[string]int {
	return map[string]int{"1": 1, "yes": 1, "2": 2, "no": 2, "3": 3, "ok": 3, "4": 4, "cancel": 4}
}

// allowedStatuses lists what a kind of task may be answered with.
func allowedStatuses(activity string) []int {
	return map[string][]int{
		ApproveActivity: {1, 2}, ReviewActivity: {3}, RequestInformationActivity: {3}, RequestInformationOptionalActivity: {3, 4},
	}[activity]
}

// taskComplete is bizproc.task.complete: one's own task only.
func taskComplete(c *call) (any, *restError) {
	id := intOf(c.params.fold("TASK_ID"))
	if id <= 0 {
		return nil, bad("ERROR_TASK_VALIDATION", "empty TASK_ID")
	}
	status, known := taskStatuses()[strings.ToLower(str(c.params.fold("STATUS")))]
	if !known {
		return nil, bad("ERROR_TASK_VALIDATION", "incorrect STATUS")
	}
	t := c.p.task(id)
	if t == nil || !slices.Contains(t.users, c.user.id) {
		return nil, bad("ERROR_TASK_NOT_FOUND", "Task not found")
	}
	switch allowed := allowedStatuses(t.step.Activity); {
	case t.status != 0 || t.answered[c.user.id] != 0:
		return nil, bad("ERROR_TASK_COMPLETED", "Task already completed")
	case allowed == nil:
		return nil, bad("ERROR_TASK_TYPE", "Incorrect task type")
	case !slices.Contains(allowed, status):
		return nil, bad("ERROR_TASK_VALIDATION", "incorrect STATUS")
	}
	values, err := c.taskValues(t, status)
	if err != nil {
		return nil, err
	}
	t.answered[c.user.id] = min(status, 3)
	if status == 4 {
		t.answered[c.user.id], status = 2, 2
	}
	c.p.finish(t, status, str(c.params.fold("COMMENT")), values)
	return true, nil
}

// taskValues reads FIELDS and checks what the task requires.
func (c *call) taskValues(t *task, status int) (map[string]any, *restError) {
	need := t.step.CommentRequired
	must := need == "Y" || need == "YA" && status == 1 || need == "YR" && (status == 2 || status == 4)
	if must && str(c.params.fold("COMMENT")) == "" {
		return nil, bad("ERROR_TASK_EXECUTION", "Не заполнен комментарий")
	}
	values := map[string]any{}
	if status != 3 {
		return values, nil
	}
	posted := asArray(c.params.fold("FIELDS"))
	for _, f := range t.step.Fields {
		v := posted.fold(f.ID)
		if f.Required && str(v) == "" && asArray(v).len() == 0 {
			return nil, bad("ERROR_TASK_EXECUTION", "Не заполнено поле \""+f.Name+"\"")
		}
		values[f.ID] = toGo(v)
	}
	return values, nil
}

func (p *Portal) task(id int) *task {
	for _, t := range p.tasks {
		if t.id == id {
			return t
		}
	}
	return nil
}

// taskDelegate is bizproc.task.delegate; what could not be delegated is told in one text.
func taskDelegate(c *call) (any, *restError) {
	ids := list(c.params.fold("TASK_IDS"))
	from, to := intOf(c.params.fold("FROM_USER_ID")), intOf(c.params.fold("TO_USER_ID"))
	switch {
	case len(ids) == 0 || slices.ContainsFunc(ids, func(v any) bool { return intOf(v) <= 0 }):
		return nil, bad("ERROR_TASK_VALIDATION", "Invalid TASK_IDS")
	case c.p.users[from] == nil:
		return nil, bad("ERROR_INVALID_USER_ID", "Invalid FROM_USER_ID")
	case c.p.users[to] == nil:
		return nil, bad("ERROR_INVALID_USER_ID", "Invalid TO_USER_ID")
	case from != c.user.id && !c.user.admin:
		return nil, bad("ACCESS_DENIED", "Access denied!")
	case c.p.users[to].extranet:
		return nil, bad("ERROR_DELEGATION_NOT_ALLOWED", "Task delegation is only available for intranet users")
	}
	var faults []string
	for _, id := range ids {
		t := c.p.task(intOf(id))
		switch {
		case t == nil || t.status != 0 || !slices.Contains(t.users, from):
			faults = append(faults, "User is not responsible for the task")
		case t.step.NoDelegation:
			faults = append(faults, "Delegation of the task is not allowed")
		default:
			t.users = slices.DeleteFunc(t.users, func(u int) bool { return u == from || u == to })
			t.users = append(t.users, to)
		}
	}
	if len(faults) > 0 {
		return nil, bad("ERROR_DELEGATION_NOT_ALLOWED", strings.Join(faults, ";"))
	}
	return true, nil
}
