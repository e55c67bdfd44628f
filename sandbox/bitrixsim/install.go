package bitrixsim

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// installation is an application in a portal.
type installation struct {
	id          int
	app         *App
	portal      *Portal
	appToken    string // application_token
	allowed     []int  // users who may use it; empty: all
	finished    bool   // false while a UI app's installer has not called installFinish
	version     int
	bindings    []*binding
	offline     []*offlineRow
	robots      map[string]*robot
	triggers    map[string]string // code to name
	placements  []*placement
	fieldTypes  []*ownType
	entities    map[string]*entity // storages, by code
	options     map[string]any
	userOptions map[int]map[string]any
	queueTokens map[int]*accessToken
	lastNotice  map[int]time.Time // of ONOFFLINEEVENT, by binding
}

// ErrUnknownApp is returned when a client id was never registered, or is not installed in the portal.
var ErrUnknownApp = errors.New("bitrixsim: application is not registered or not installed")

// installation finds or makes the record of an application; the caller holds mu.
func (p *Portal) installation(clientID string, finished bool) (*installation, error) {
	app := p.s.apps[clientID]
	if app == nil {
		return nil, ErrUnknownApp
	}
	in := p.installs[clientID]
	if in == nil {
		in = &installation{
			id: p.nextID("app", 5), app: app, portal: p, appToken: p.s.random()[:32], finished: finished, version: 1,
			robots: map[string]*robot{}, triggers: map[string]string{}, entities: map[string]*entity{}, options: map[string]any{}, userOptions: map[int]map[string]any{},
			queueTokens: map[int]*accessToken{}, lastNotice: map[int]time.Time{},
		}
		p.installs[clientID] = in
	}
	in.app = app
	return in, nil
}

// Install saves the form of an application without pages: ONAPPINSTALL is posted to its InstallURL. An answer
// other than 2xx, or none, is the error; the portal counts the application as installed all the same.
func (p *Portal) Install(ctx context.Context, clientID string) error {
	p.s.mu.Lock()
	in, err := p.installation(clientID, true)
	if err != nil {
		p.s.mu.Unlock()
		return err
	}
	d := &delivery{
		url: in.app.InstallURL, event: "ONAPPINSTALL", body: p.lifecycle(in, "ONAPPINSTALL", true), done: make(chan Delivery, 1),
	}
	p.enqueue(d)
	p.s.notify()
	p.s.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case out := <-d.done:
		if out.Err != "" {
			return fmt.Errorf("install: %s", out.Err)
		}
		if out.Status/100 != 2 {
			return fmt.Errorf("install: handler answered %d", out.Status)
		}
		return nil
	}
}

// lifecycle makes the body of ONAPPINSTALL or ONAPPUPDATE; tokens are issued now, since the install moment owns them.
func (p *Portal) lifecycle(in *installation, event string, tokens bool) func() string {
	var auth authBlock
	if tokens {
		auth.access, auth.refresh = in.issuePair(1)
	}
	return func() string {
		var f form
		f.add("event", event)
		f.add("data[VERSION]", itoa(in.version))
		if event == "ONAPPUPDATE" {
			f.add("data[PREVIOUS_VERSION]", itoa(in.version-1))
		} else {
			f.add("data[ACTIVE]", "Y")
			f.add("data[INSTALLED]", flag(in.finished))
		}
		f.add("data[LANGUAGE_ID]", "ru")
		f.add("ts", itoa(int(p.s.now().Unix())))
		p.writeAuth(&f, in, auth)
		return f.String()
	}
}

// FinishInstall is BX24.installFinish(): widgets and events come alive and ONAPPINSTALL goes to its bound handlers.
func (p *Portal) FinishInstall(clientID string) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	in := p.installs[clientID]
	if in == nil {
		return ErrUnknownApp
	}
	in.finished = true
	p.sendLifecycle(in, "ONAPPINSTALL")
	p.s.notify()
	return nil
}

// UpdateApp installs the next version: handlers and robots of the old one are dropped, application_token changes,
// and ONAPPUPDATE goes to the handlers that were bound to it.
func (p *Portal) UpdateApp(clientID string) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	in := p.installs[clientID]
	if in == nil {
		return ErrUnknownApp
	}
	in.version++
	in.appToken = p.s.random()[:32]
	p.sendLifecycle(in, "ONAPPUPDATE")
	in.bindings, in.offline, in.placements = nil, nil, nil
	clear(in.robots)
	p.s.notify()
	return nil
}

func (p *Portal) sendLifecycle(in *installation, event string) {
	for _, b := range in.bindings {
		if b.Event == event && !b.Offline {
			p.enqueue(&delivery{url: b.Handler, event: event, body: p.lifecycle(in, event, true)})
		}
	}
}

// Uninstall deletes the application from the portal: tokens, bindings, robots, widgets and options go; handlers
// bound to ONAPPUNINSTALL hear of it. clean is the administrator's "delete settings and data".
func (p *Portal) Uninstall(ctx context.Context, clientID string, clean bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	in := p.installs[clientID]
	if in == nil {
		return ErrUnknownApp
	}
	delete(p.installs, clientID)
	cleaned := "0"
	if clean {
		cleaned = "1"
	}
	for _, b := range in.bindings {
		if b.Event != "ONAPPUNINSTALL" || b.Offline {
			continue
		}
		p.enqueue(&delivery{url: b.Handler, event: b.Event, body: func() string {
			var f form
			f.add("event", "ONAPPUNINSTALL")
			f.add("data[LANGUAGE_ID]", "ru")
			f.add("data[CLEAN]", cleaned)
			f.add("ts", itoa(int(p.s.now().Unix())))
			p.writeShortAuth(&f)
			f.add("auth[application_token]", in.appToken)
			return f.String()
		}})
	}
	p.s.notify()
	return nil
}

// flag is Y or N.
func flag(on bool) string {
	if on {
		return "Y"
	}
	return "N"
}
