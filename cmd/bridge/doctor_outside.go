package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/realty"
)

// outside is what the checks that call out share.
type outside struct {
	cfg     config.Config
	st      *store.Store
	up      *upstream.Client
	servers *oauth.Servers
}

// outsideChecks lists everything that is reached over the network; st is nil without a database.
func outsideChecks(ctx context.Context, cfg config.Config, st *store.Store) []check {
	o := &outside{cfg: cfg, st: st, up: upstream.New(upstream.WithInsecure(cfg.AllowInsecureUpstreams))}
	checks := make([]check, 0, len(cfg.BitrixOAuthURLs)+4)
	servers, err := oauth.NewServers(o.up, cfg.BitrixOAuthURLs)
	if err != nil {
		return append(checks, one(failed("authorization servers", "BRIDGE_BITRIX_OAUTH_URL: %s", err)))
	}
	o.servers = servers
	for _, address := range servers.URLs() {
		checks = append(checks, func(ctx context.Context) []finding { return o.server(ctx, address) })
	}
	checks = append(checks, o.realty, o.diadoc, o.public)
	if st == nil {
		return append(checks, one(skipped("portals", "there is no database to read them from")))
	}
	return append(checks, o.stored(ctx)...)
}

func one(f finding) check { return func(context.Context) []finding { return []finding{f} } }

// server shows a token that can't be genuine: the server's own refusal is the proof that it is one.
func (o *outside) server(ctx context.Context, address string) []finding {
	subject := "authorization server " + address
	_, err := o.servers.AppInfo(ctx, address, "doctor")
	if err == nil || errors.Is(err, oauth.ErrTokenRefused) {
		return []finding{ok(subject, "answers")}
	}
	return []finding{failed(subject, "%s; check the way out of this machine, and BRIDGE_BITRIX_OAUTH_URL", err)}
}

func (o *outside) realty(ctx context.Context) []finding {
	subject := "Реестро " + o.cfg.RealtyURL
	// Any answer will do: without a session there is nothing that may be read.
	answer, err := o.up.Do(ctx, upstream.Request{API: "realty", Op: "GET /", Method: http.MethodGet, URL: o.cfg.RealtyURL})
	if err == nil && answer.Status >= http.StatusInternalServerError {
		err = fmt.Errorf("it answers %d", answer.Status)
	}
	if err != nil {
		return []finding{failed(subject, "%s; check the way out of this machine, and BRIDGE_REALTY_URL", err)}
	}
	return []finding{ok(subject, "answers")}
}

// public asks for the bridge where Bitrix24 does. A page of somebody else at that address is no answer.
func (o *outside) public(ctx context.Context) []finding {
	const subject = "public URL"
	if o.cfg.PublicURL == "" {
		return []finding{skipped(subject, "BRIDGE_PUBLIC_URL is not set")}
	}
	address := o.cfg.PublicURL + "/healthz"
	answer, err := o.up.Do(ctx, upstream.Request{API: "bridge", Op: "GET /healthz", Method: http.MethodGet, URL: address})
	if err == nil && (answer.Status != http.StatusOK || !isAlive(answer.Body)) {
		err = fmt.Errorf("it answers %d, not as the bridge does", answer.Status)
	}
	if err != nil {
		return []finding{failed(subject, "%s: %s; is bridge serve running, and do DNS, certificate and reverse proxy lead to it?", address, err)}
	}
	return []finding{ok(subject, "%s answers", address)}
}

// isAlive knows the bridge's own answer of /healthz.
func isAlive(body []byte) bool {
	var alive struct {
		Status string `json:"status"`
	}
	return json.Unmarshal(body, &alive) == nil && alive.Status == "ok"
}

// stored lists the checks of what the database holds.
func (o *outside) stored(ctx context.Context) []check {
	portals, err := o.st.Portals(ctx)
	var (
		conns   []portal.Connection
		waiting []portal.Pending
	)
	if err == nil {
		conns, err = o.st.Connections(ctx, "")
	}
	if err == nil {
		waiting, err = o.st.Pendings(ctx)
	}
	if err != nil {
		return []check{one(failed("portals", "%s", err))}
	}
	if len(portals)+len(waiting) == 0 {
		return []check{one(skipped("portals", "none is installed yet: save the local application's form in Bitrix24"))}
	}
	var checks []check
	for _, p := range portals {
		checks = append(checks, func(ctx context.Context) []finding { return o.portal(ctx, p) })
		for _, c := range conns {
			if c.Portal != p.ID {
				continue
			}
			look := o.account
			if c.Kind == docflow.Diadoc {
				look = o.boxOf
			}
			checks = append(checks, func(ctx context.Context) []finding { return look(ctx, p, c) })
		}
	}
	for _, w := range waiting {
		checks = append(checks, one(o.pending(w)))
	}
	return checks
}

func (o *outside) portal(ctx context.Context, p portal.Portal) []finding {
	subject := fmt.Sprintf("portal %s (%s)", p.ID, p.Domain)
	switch p.State {
	case portal.Removed:
		return []finding{skipped(subject, "the application was removed from it")}
	case portal.Paused:
		return []finding{failed(subject, "%s; its work waits", p.Needs())}
	}
	service, found := p.Service()
	if !found {
		return []finding{failed(subject, "it has no active application: save the application's form again")}
	}
	if !slices.ContainsFunc(o.cfg.Applications(), func(a config.Application) bool { return a.ClientID == service.ClientID }) {
		return []finding{failed(subject, "the keys of %s are not in the settings: its tokens can't be renewed", service.ClientID)}
	}
	pair, err := o.st.LoadPair(ctx, portal.PairKey(p.ID, service.ClientID, service.Worker()))
	if err != nil {
		return []finding{failed(subject, "%s: an administrator of the portal has to open the application again", err)}
	}
	staff := administrators(p)
	// A renewal is the service's alone: two that renew one pair at a time can lose it.
	if time.Until(pair.Expires) < checkTime {
		return append(staff, skipped(subject, "the access token has run out and bridge serve, which renews it, has not; start it and ask again"))
	}
	client := bitrix.New(o.up, borrowed{pair.Access, p.Endpoint})
	info, err := client.AppInfo(ctx)
	if err != nil {
		return append(staff, failed(subject, "%s; see bridge jobs for what waits because of it", err))
	}
	findings := append([]finding{ok(subject, "app.info answers, plan %s", orDash(string(info.LicenseFamily)))}, staff...)
	return append(findings, offline(ctx, client, "offline events of "+p.Domain))
}

// offline says what a crash may cost; it never reads the queue, which would take the events out of it.
func offline(ctx context.Context, client *bitrix.Client, subject string) finding {
	confirms, err := client.Feature(ctx, bitrix.FeatureOfflineExtended)
	switch {
	case err != nil:
		return failed(subject, "feature.get: %s", err)
	case confirms:
		return ok(subject, "confirmed after they are stored: none is lost")
	default:
		return ok(subject, "the plan has no confirmation, so the portal deletes events as it hands them out: "+
			"what a crash in the moment before they are stored loses, up to 50, is looked for by the sweep after the start, except deletions of cards")
	}
}

// borrowed is a stored access token; whoever borrows must not renew it.
type borrowed struct{ access, endpoint string }

// Token implements bitrix.TokenSource.
func (b borrowed) Token(context.Context) (string, string, error) { return b.access, b.endpoint, nil }

// Refresh implements bitrix.TokenSource.
func (b borrowed) Refresh(context.Context, string) (string, string, error) {
	return "", "", errors.New("the portal refuses the stored access token")
}

func (o *outside) account(ctx context.Context, p portal.Portal, c portal.Connection) []finding {
	subject := fmt.Sprintf("Реестро account %s of %s", c.Name, p.Domain)
	if c.State == portal.ConnectionRefused { // a refused password that is tried again and again locks the account
		return []finding{failed(subject, "%s: %s; correct it with bridge settings apply", c.State, orDash(c.Note))}
	}
	_, err := realty.Login(ctx, o.up, o.cfg.RealtyURL, realty.Credentials{Login: c.Login, Password: c.Secrets["password"], AccountID: c.AccountID})
	switch {
	case errors.Is(err, realty.ErrLoginRefused):
		return []finding{failed(subject, "%s; correct login, password and accountId with bridge settings apply", err)}
	case err != nil:
		return []finding{failed(subject, "%s", err)}
	case c.Cursor == "":
		return []finding{skipped(subject, "logs in; its news are not followed yet: bridge serve begins within seconds")}
	default:
		return []finding{ok(subject, "logs in, news read %s", moment(c.CursorAt))}
	}
}

// pending says what a waiting installation waits for; it is completed by itself after that.
func (o *outside) pending(w portal.Pending) finding {
	subject := "installation of " + orDash(w.ClientID)
	if w.MemberID != "" {
		subject += " in " + w.MemberID
	}
	until := moment(w.Created.Add(portal.PendingFor))
	if w.Reason == string(portal.NoKeys) {
		return failed(subject, "%s: set BRIDGE_BITRIX_CLIENT_ID and BRIDGE_BITRIX_CLIENT_SECRET (or applications: in the file), "+
			"restart bridge serve before %s", w.Reason, until)
	}
	return failed(subject, "%s: it is tried again every minute until %s", w.Reason, until)
}
