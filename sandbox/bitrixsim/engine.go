package bitrixsim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// workflow is a running instance with its copy of the steps.
type workflow struct {
	Workflow
	doc      document
	modified time.Time
	ended    time.Time
	steps    []Step
	next     int
	task     *task  // the task that is waited for
	robot    *robot // the step that waits, with its token and deadline
	token    string
	deadline time.Time
	outputs  map[string]map[string]any // A1 to values
}

// PlaceRobot adds a step to the automation of a stage. All steps of a stage run one after another, as one workflow,
// whenever a card enters it.
func (p *Portal) PlaceRobot(entityTypeID int, stage string, step Step) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	key := stageKey{entityTypeID, stage}
	p.automation[key] = append(p.automation[key], step)
	p.s.notify()
}

// ClearRobots removes all steps from the automation of a stage.
func (p *Portal) ClearRobots(entityTypeID int, stage string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	delete(p.automation, stageKey{entityTypeID, stage})
	p.s.notify()
}

// runAutomation starts the robots of the stage that a card entered.
func (p *Portal) runAutomation(t *cardType, it *item) {
	stage, _ := it.vals[t.stageField()].(string)
	if steps := p.automation[stageKey{t.id, stage}]; len(steps) > 0 {
		p.start(cardDocument(t, it.id), 0, steps, nil, 0)
	}
}

// start makes an instance and runs it up to its first waiting step.
func (p *Portal) start(doc document, template int, steps []Step, params map[string]any, by int) *workflow {
	id := p.s.random()
	wf := &workflow{
		Workflow: Workflow{
			ID: id[:14] + "." + digits(id[14:], 8), TemplateID: template, Document: doc.id,
			Parameters: params, State: Running, Started: p.s.now(), StartedBy: by,
		},
		doc: doc, modified: p.s.now(), steps: slices.Clone(steps), outputs: map[string]map[string]any{},
	}
	p.workflows = append(p.workflows, wf)
	p.advance(wf)
	return wf
}

// digits makes n decimal digits of a hex text.
func digits(hex string, n int) string {
	b := []byte(hex[:n])
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	return string(b)
}

// advance runs steps until one waits or none is left.
func (p *Portal) advance(wf *workflow) {
	for wf.State == Running && wf.robot == nil && wf.task == nil {
		if wf.next >= len(wf.steps) {
			p.end(wf, Done)
			break
		}
		step := wf.steps[wf.next]
		wf.next++
		wf.modified = p.s.now()
		switch {
		case step.Robot != "":
			p.runRobot(wf, step)
		case step.Webhook != "":
			p.runWebhook(wf, step)
		case step.Task != nil:
			p.runTask(wf, *step.Task)
		case step.SetField != nil:
			p.runSetField(wf, step)
		}
	}
	p.s.notify()
}

// end stops an instance for good; what still waits for it gets no answer.
func (p *Portal) end(wf *workflow, state string) {
	wf.State, wf.robot, wf.task, wf.token, wf.WaitingFor = state, nil, nil, "", ""
	if wf.ended.IsZero() {
		wf.ended = p.s.now()
	}
}

// findRobot finds a registration by code in any application.
func (p *Portal) findRobot(code string) *robot {
	for _, id := range slices.Sorted(maps.Keys(p.installs)) {
		if r := p.installs[id].robots[code]; r != nil {
			return r
		}
	}
	return nil
}

func (p *Portal) runRobot(wf *workflow, step Step) {
	r := p.findRobot(step.Robot)
	if r == nil {
		wf.Log = append(wf.Log, "step "+step.Robot+" is blocked: not registered")
		return
	}
	if r.activity && wf.TemplateID == 0 || !r.allows(wf.doc.kind) {
		wf.Log = append(wf.Log, "step "+step.Robot+" is blocked: not for this document")
		return
	}
	id := p.s.random()
	token := id[:12] + "." + digits(id[12:], 8) + "|A" + digits(id[20:], 5) + "_" + digits(id[25:], 5) + "|" + p.s.random()[:32] + "." + id[:32]
	wait := r.subscription == "Y" || r.subscription != "N" && (step.Wait == nil || *step.Wait)
	props := p.robotProperties(wf, r, step)
	if wait {
		wf.robot, wf.token, wf.WaitingFor = r, token, r.code
		wf.deadline = time.Time{}
		if step.Timeout > 0 {
			wf.deadline = p.s.now().Add(step.Timeout)
			p.s.tickAfter(step.Timeout)
		}
	}
	var auth authBlock
	who := r.authUser
	if who == 0 {
		who = wf.StartedBy
	}
	if u := p.users[who]; u != nil && !u.dismissed {
		auth.access, auth.refresh = r.in.issuePair(who)
	}
	p.enqueue(&delivery{url: r.handler, code: r.code, body: func() string {
		var f form
		f.add("workflow_id", wf.ID)
		f.add("code", r.code)
		wf.addDocument(&f)
		for i, part := range wf.doc.kind {
			f.add("document_type["+itoa(i)+"]", part)
		}
		f.add("event_token", token)
		f.addValue("properties", props)
		f.add("use_subscription", flag(wait))
		f.add("timeout_duration", itoa(int(step.Timeout.Seconds())))
		f.add("ts", itoa(int(p.s.now().Unix())))
		p.writeAuth(&f, r.in, auth)
		return f.String()
	}})
}

func (wf *workflow) addDocument(f *form) {
	for i, part := range wf.Document {
		f.add("document_id["+itoa(i)+"]", part)
	}
}

// robotProperties fills the registered properties; what was never registered cannot be set in the designer.
func (p *Portal) robotProperties(wf *workflow, r *robot, step Step) *array {
	out := newArray()
	for _, key := range keysOf(r.properties) {
		def := asArray(r.properties.vals[key])
		raw, given := step.Properties[key]
		value := fromGo(raw)
		if !given {
			value = def.fold("Default")
		}
		values := p.expandAll(wf, value)
		if yes(def.fold("Multiple")) {
			many := newArray()
			for _, v := range values {
				many.add(v)
			}
			out.set(key, many)
			continue
		}
		if str(def.fold("Type")) == "file" && len(values) > 1 {
			values = values[:1]
		}
		out.set(key, strings.Join(values, ", "))
	}
	return out
}

// card is the card that the workflow works on; nil when it is gone or the document is no card.
func (wf *workflow) card() *item {
	if wf.doc.t == nil {
		return nil
	}
	return wf.doc.t.items[wf.doc.item]
}

func (p *Portal) runWebhook(wf *workflow, step Step) {
	target := strings.Join(p.expandAll(wf, step.Webhook), ",")
	p.enqueue(&delivery{url: target, body: func() string {
		var f form
		wf.addDocument(&f)
		p.writeShortAuth(&f)
		return f.String()
	}})
}

func (p *Portal) runSetField(wf *workflow, step Step) {
	t, it := wf.doc.t, wf.card()
	if it == nil {
		p.end(wf, Terminated)
		return
	}
	fields := newArray()
	for _, name := range slices.Sorted(maps.Keys(step.SetField)) {
		value := fromGo(step.SetField[name])
		if _, isText := value.(string); isText {
			value = strings.Join(p.expandAll(wf, value), ", ")
		}
		fields.set(name, value)
	}
	vals, _, err := p.readFields(t, fields, it, namesAny, coercer{p: p, lever: true})
	if err == nil {
		err = p.update(t, it, vals, actor{robot: true})
	}
	if err != nil {
		wf.Log = append(wf.Log, err.text)
	}
}

// resume closes the waiting step with its outputs and goes on.
func (p *Portal) resume(wf *workflow, returned map[string]any) {
	wf.Returns = append(wf.Returns, returned)
	wf.outputs["A"+strconv.Itoa(len(wf.Returns))] = returned
	wf.robot, wf.token, wf.WaitingFor = nil, "", ""
	p.advance(wf)
}

// Tick lets every step whose waiting time is over go on, a robot's with IsTimeout=1, and makes late tasks overdue. It
// runs by itself on the wall clock; with Config.Now call it after moving the clock.
func (s *Server) Tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	late := func(deadline time.Time) bool { return !deadline.IsZero() && !s.now().Before(deadline) }
	for _, p := range s.order {
		for _, wf := range slices.Clone(p.workflows) {
			switch {
			case wf.State != Running:
			case wf.robot != nil && late(wf.deadline):
				p.resume(wf, map[string]any{"IsTimeout": "1"})
			case wf.task != nil && late(wf.task.deadline):
				p.finish(wf.task, 4, "", nil)
			}
		}
	}
}

// tickAfter looks at the deadlines again when one of them has passed on the wall clock.
func (s *Server) tickAfter(d time.Duration) {
	if s.cfg.Now == nil {
		time.AfterFunc(d, s.Tick)
	}
}

// Workflows lists all instances that were not killed, oldest first.
func (p *Portal) Workflows() []Workflow {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	out := make([]Workflow, 0, len(p.workflows))
	for _, wf := range p.workflows {
		w := wf.Workflow
		w.Returns, w.Log, w.Parameters = slices.Clone(w.Returns), slices.Clone(w.Log), maps.Clone(w.Parameters)
		out = append(out, w)
	}
	return out
}
