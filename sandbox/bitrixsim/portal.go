package bitrixsim

import (
	"maps"
	"slices"
	"time"
)

// Portal is one customer's Bitrix24.
type Portal struct {
	s        *Server
	name     string
	memberID string
	family   string
	features map[string]bool
	users    map[int]*user
	webhooks map[string]*webhook
	installs map[string]*installation

	types         map[int]*cardType // by entityTypeId
	requisiteType *cardType
	statuses      []status
	files         map[int]*File
	drive         map[int]*driveObject
	storages      map[int]*storage
	elements      map[int]listElement
	tasks         []*task
	requisites    rows
	banks         rows
	products      []*productRow
	activities    map[int]*activity
	badges        map[string]map[string]any
	bound         map[int][][2]int // timeline record to the cards it was bound to beside its own
	addresses     rows
	links         map[[2]int]map[string]any
	history       []historyRow
	timelines     []*timelineRow
	notices       []Notification
	automation    map[stageKey][]Step
	triggers      []Trigger
	templates     map[int]*template
	workflows     []*workflow
	ids           map[string]int

	calls      []Call
	stats      Stats
	deliveries []Delivery
	held       []*delivery
	paused     bool
	outgoing   []OutgoingWebhook
	replays    map[string]replay // of REST 3.0, by application, user, method and key
	v3tasks    map[int]*v3Task
	suspended  bool // online events are lost
	dropNext   int
	inFlight   int
	sends      chan struct{}
	levers     []lever
	limitRate  bool
	buckets    map[string]*bucket
	operating  map[string][]spent
	costs      map[string]time.Duration
	blocked    map[string]time.Time // by method, see BlockMethod
	filled     bucket               // what a new bucket holds, see FillBucket
	outage     failure
	smartLimit bool
	confirmed  map[string]map[string]*verdict // by method and token
}

// webhook is an inbound webhook.
type webhook struct {
	user   int
	secret string
	scopes []string
}

// stageKey names a stage of one type of card.
type stageKey struct {
	entityTypeID int
	stage        string
}

// AddPortal makes a portal with the admin Анна Админ (user 1), the manager Максим Менеджер (user 2), lead statuses,
// the default deal funnel and deal funnel 1, no user fields and the plan "pro" with offline confirmation.
func (s *Server) AddPortal(name string) *Portal {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Portal{
		s: s, name: name, memberID: s.random()[:32], family: "pro",
		features: map[string]bool{"rest_offline_extended": true, "rest_auth_connector": true},
		users: map[int]*user{
			1: {id: 1, admin: true, name: "Анна", lastName: "Админ"},
			2: {id: 2, name: "Максим", lastName: "Менеджер"},
		},
		webhooks: map[string]*webhook{}, installs: map[string]*installation{},
		types: map[int]*cardType{}, files: map[int]*File{}, drive: map[int]*driveObject{}, storages: map[int]*storage{}, elements: map[int]listElement{},
		links: map[[2]int]map[string]any{}, activities: map[int]*activity{}, badges: map[string]map[string]any{}, bound: map[int][][2]int{},
		replays: map[string]replay{}, v3tasks: map[int]*v3Task{},
		automation: map[stageKey][]Step{}, templates: map[int]*template{}, ids: map[string]int{},
		buckets: map[string]*bucket{}, operating: map[string][]spent{}, costs: map[string]time.Duration{},
		sends: make(chan struct{}, 16), stats: newStats(),
		blocked: map[string]time.Time{}, confirmed: map[string]map[string]*verdict{},
	}
	p.addBuiltInTypes()
	s.portals[name] = p
	s.order = append(s.order, p)
	s.notify()
	return p
}

// Name is the current name of the portal; Rename changes it.
func (p *Portal) Name() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.name
}

// MemberID is the stable identity of the portal, 32 hex digits.
func (p *Portal) MemberID() string { return p.memberID }

// Endpoint is the current client_endpoint, with a trailing slash.
func (p *Portal) Endpoint() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.endpoint()
}

// Changed returns a channel that is closed at the next change of the simulator's state.
func (p *Portal) Changed() <-chan struct{} { return p.s.Changed() }

func (p *Portal) endpoint() string { return p.root() + "/rest/" }
func (p *Portal) root() string     { return p.s.baseURL + "/portal/" + p.name }

// nextID counts up one kind of object. Kinds start apart, so that an id of one kind is rarely valid for another.
func (p *Portal) nextID(kind string, first int) int {
	if p.ids[kind] == 0 {
		p.ids[kind] = first - 1
	}
	p.ids[kind]++
	return p.ids[kind]
}

// AddWebhook makes an inbound webhook of a user and returns its base address, with a trailing slash.
func (p *Portal) AddWebhook(userID int, scopes ...string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	secret := p.s.random()[:16]
	p.webhooks[secret] = &webhook{user: userID, secret: secret, scopes: scopes}
	return p.endpoint() + itoa(userID) + "/" + secret + "/"
}

// Calls lists every REST command seen, those inside batches included.
func (p *Portal) Calls() []Call {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.Clone(p.calls)
}

// Requests counts the HTTP requests to the portal's REST.
func (p *Portal) Requests() int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.stats.Requests
}

// Notifications lists the notifications of all users, oldest first.
func (p *Portal) Notifications() []Notification {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.Clone(p.notices)
}

// Robots lists the codes of the registered robots and activities of all applications, sorted.
func (p *Portal) Robots() []string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var codes []string
	for _, in := range p.installs {
		codes = append(codes, slices.Collect(maps.Keys(in.robots))...)
	}
	slices.Sort(codes)
	return codes
}

// Bindings lists the event bindings of all applications by id.
func (p *Portal) Bindings() []Binding {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var all []Binding
	for _, in := range p.installs {
		for _, b := range in.bindings {
			all = append(all, b.Binding)
		}
	}
	slices.SortFunc(all, func(a, b Binding) int { return a.ID - b.ID })
	return all
}

// Placements lists the bound widgets of all applications.
func (p *Portal) Placements() []Placement {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var all []Placement
	for _, id := range slices.Sorted(maps.Keys(p.installs)) {
		for _, pl := range p.installs[id].placements {
			all = append(all, pl.Placement)
		}
	}
	return all
}
