package portal

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"konturbridge/bitrix"
)

// sideBySide is how many calls of one setup are under way at once: as many as one batch carries.
const sideBySide = bitrix.MaxBatch

// survey is what the portal says before anything is written.
type survey struct {
	info      bitrix.AppInfo
	scope     []string
	user      bitrix.Profile
	robots    []string
	bound     []bitrix.EventBinding
	places    []string
	placed    []bitrix.Placement
	triggers  []bitrix.Trigger
	processes []bitrix.SmartType
	names     bool                                       // whether the plan knows names of sources of changes
	fields    map[bitrix.EntityTypeID][]bitrix.UserField // of deals and leads
	smart     map[bitrix.EntityTypeID][]bitrix.FieldConfig

	mu     sync.Mutex
	failed map[string]error // by the name of the reading
}

// reading is one question to the portal.
type reading struct {
	name string
	ask  func(ctx context.Context, c *bitrix.Client) error
}

// read asks everything at once. What fails is judged by the step that needs it.
func (v *survey) read(ctx context.Context, c *bitrix.Client, all []reading) {
	var g errgroup.Group
	g.SetLimit(sideBySide)
	for _, one := range all {
		g.Go(func() error {
			if err := one.ask(ctx, c); err != nil {
				v.mu.Lock()
				defer v.mu.Unlock()
				v.failed[one.name] = err
			}
			return nil
		})
	}
	_ = g.Wait() // readings keep their errors
}

// into makes a reading that keeps its answer.
func into[T any](name string, place *T, ask func(*bitrix.Client, context.Context) (T, error)) reading {
	return reading{name, func(ctx context.Context, c *bitrix.Client) (err error) {
		*place, err = ask(c, ctx)
		return err
	}}
}

// The names of the readings.
const (
	readPlan      = "read the plan"
	readScope     = "read the scopes"
	readUser      = "read the user"
	readRobots    = "list the automation rules"
	readEvents    = "list the event handlers"
	readPlaces    = "list the places of tabs"
	readTabs      = "list the tabs"
	readTriggers  = "list the automation triggers"
	readProcesses = "list the smart processes"
	readNames     = "read the plan's features"
)

func readFields(kind string) string { return "list the fields of " + kind }

// look reads what the steps of this run need, then what the first answers lead to.
func (r *run) look(ctx context.Context) {
	v := &r.seen
	v.failed, v.fields, v.smart = map[string]error{}, map[bitrix.EntityTypeID][]bitrix.UserField{}, map[bitrix.EntityTypeID][]bitrix.FieldConfig{}
	all := []reading{
		into(readPlan, &v.info, (*bitrix.Client).AppInfo), into(readScope, &v.scope, (*bitrix.Client).Scope),
		into(readUser, &v.user, (*bitrix.Client).Profile), into(readRobots, &v.robots, (*bitrix.Client).RobotList),
		into(readEvents, &v.bound, (*bitrix.Client).EventGet),
	}
	if r.service {
		all = append(all, into(readPlaces, &v.places, (*bitrix.Client).PlacementList), into(readTabs, &v.placed, (*bitrix.Client).PlacementGet),
			into(readTriggers, &v.triggers, (*bitrix.Client).TriggerList), r.oldFields(bitrix.EntityDeal), r.oldFields(bitrix.EntityLead),
			into(readNames, &v.names, func(c *bitrix.Client, ctx context.Context) (bool, error) {
				return c.Feature(ctx, bitrix.FeatureAuthConnector)
			}))
		if len(r.types) > 0 {
			all = append(all, reading{readProcesses, r.smartTypes})
		}
	}
	v.read(ctx, r.c, all)
	var more []reading
	for _, t := range v.processes {
		more = append(more, r.smartFields(t))
	}
	v.read(ctx, r.c, more)
}

func (r *run) oldFields(kind bitrix.EntityTypeID) reading {
	return reading{readFields(kind.Name()), func(ctx context.Context, c *bitrix.Client) error {
		list, err := c.UserFieldList(ctx, kind, bitrix.ListOptions{})
		r.seen.mu.Lock()
		defer r.seen.mu.Unlock()
		r.seen.fields[kind] = list
		return err
	}}
}

// smartTypes keeps the definitions of the smart processes that the settings name.
func (r *run) smartTypes(ctx context.Context, c *bitrix.Client) error {
	for t, err := range c.Types(ctx, bitrix.ScanOptions{}) {
		if err != nil {
			return err
		}
		for _, named := range r.types {
			if int(t.EntityTypeID) == named {
				r.seen.processes = append(r.seen.processes, t)
			}
		}
	}
	return nil
}

func (r *run) smartFields(t bitrix.SmartType) reading {
	return reading{readFields(t.EntityTypeID.Name()), func(ctx context.Context, c *bitrix.Client) error {
		var all []bitrix.FieldConfig
		for start, more := 0, true; more; {
			page, err := c.FieldConfigList(ctx, bitrix.ListOptions{Filter: map[string]any{"entityId": t.UserFieldEntity()}, Start: start})
			if err != nil {
				return err
			}
			all = append(all, page.Result...)
			start, more = page.Next, page.Next > start
		}
		r.seen.mu.Lock()
		defer r.seen.mu.Unlock()
		r.seen.smart[t.EntityTypeID] = all
		return nil
	}}
}

// has judges what became of a reading: true when its answer is there.
func (r *run) has(name string) (bool, error) {
	err := r.seen.failed[name]
	return err == nil, r.judge(name, err)
}

// grants reports whether the application's form grants a scope.
func (r *run) grants(scope string) bool {
	for _, granted := range r.report.Scope {
		if strings.EqualFold(granted, scope) {
			return true
		}
	}
	return false
}

// requires is grants for a step that can't do without: then it is a problem.
func (r *run) requires(scope, step string) bool {
	if r.grants(scope) {
		return true
	}
	r.problem(fmt.Sprintf("%s: the application's form does not grant the scope %q", step, scope))
	return false
}
