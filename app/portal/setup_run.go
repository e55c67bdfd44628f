package portal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// run is one run of a setup for one application.
type run struct {
	s       *Setup
	p       Portal
	app     Application
	c       *bitrix.Client
	service bool // the application does the portal's work
	why     purpose
	types   []int // smart processes that the settings name
	track   *tracker
	seen    survey
	book    book
	report  *Report
}

func (r *run) all(ctx context.Context) error {
	known, err := r.s.deps.Store.Registered(ctx, r.p.ID, r.app.ClientID)
	if err != nil {
		return err
	}
	r.book.open(known)
	r.track.begin(ctx, "portal", 3)
	r.look(ctx)
	r.track.finish(ctx)
	steps := []func(context.Context) error{r.portal, r.robots, r.events}
	if r.service {
		steps = append(steps, r.fields, r.tabs, r.triggers)
	}
	for _, step := range steps {
		if err = step(ctx); err != nil {
			break
		}
	}
	return errors.Join(err, r.close(ctx))
}

// close stores what was written, also when the run was cut off: it need not be written again.
func (r *run) close(ctx context.Context) error {
	known, written := r.book.close()
	if !written {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveReport)
	defer cancel()
	return r.s.deps.Store.SaveRegistered(ctx, r.p.ID, r.app.ClientID, known)
}

func (r *run) problem(text string) { r.report.Problems = append(r.report.Problems, text) }

// judge keeps a refusal as a problem and lets the setup go on; what may pass, and an application that is
// gone, ends it.
func (r *run) judge(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case ends(err):
		return fmt.Errorf("%s: %w", what, err)
	}
	r.problem(what + ": " + err.Error())
	return nil
}

// ends reports whether a failure leaves nothing to go on with.
func ends(err error) bool {
	_, classified := errors.AsType[upstream.Classified](err)
	return !classified || passingFault(err) || upstream.ClassOf(err) == upstream.Relogin || errors.Is(err, bitrix.ErrAppGone)
}

// portal takes in what the portal says about itself and the user whose tokens do the work.
func (r *run) portal(ctx context.Context) error {
	for _, name := range []string{readPlan, readScope, readUser} {
		if _, err := r.has(name); err != nil {
			return err
		}
	}
	info := r.seen.info
	r.report.Family = string(info.LicenseFamily)
	if r.report.Scope = r.seen.scope; r.seen.failed[readScope] != nil {
		r.report.Scope = r.app.Scope
	}
	learned := Application{ClientID: r.app.ClientID, Scope: r.report.Scope, Status: string(info.Status)}
	if err := r.s.deps.Store.LearnApplication(ctx, r.p.ID, r.report.Family, learned); err != nil {
		return fmt.Errorf("store the plan: %w", err)
	}
	if info.PaymentExpired {
		r.problem("the application is not paid: the portal refuses its work until it is")
	}
	if r.seen.failed[readPlan] == nil && !bool(info.Installed) && r.why != setsUp {
		r.problem("the installation is not finished: an administrator has to open the application's page once, or Bitrix24 shows no tab and sends no event")
	}
	if r.seen.failed[readUser] == nil && !bool(r.seen.user.Admin) {
		return r.demoted(ctx)
	}
	return nil
}

// demoted gives the work of somebody who is no administrator any more to another one.
func (r *run) demoted(ctx context.Context) error {
	others := slices.ContainsFunc(r.app.Admins, func(a Admin) bool { return a.lives() && a.UserID != r.app.Worker() })
	if !others || r.s.deps.Tokens == nil {
		r.problem("the user whose tokens do the work is no administrator of the portal")
		return nil
	}
	if err := r.s.deps.Tokens(r.p.ID, r.app.ClientID).demote(ctx); err != nil {
		return err
	}
	return errSucceeded
}

// errSucceeded ends a run whose administrator has just been replaced: it begins again as the next one.
var errSucceeded = errors.New("another administrator does the work from now on")
