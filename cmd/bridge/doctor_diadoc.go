package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"konturbridge/app/feed"
	"konturbridge/app/portal"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

func (o *outside) diadoc(ctx context.Context) []finding {
	subject := "Диадок " + o.cfg.DiadocURL
	// Any answer will do: without a token there is nothing that may be read.
	answer, err := o.up.Do(ctx, upstream.Request{API: "diadoc", Op: "GET /", Method: http.MethodGet, URL: o.cfg.DiadocURL})
	if err == nil && answer.Status >= http.StatusInternalServerError {
		err = fmt.Errorf("it answers %d", answer.Status)
	}
	if err != nil {
		return []finding{failed(subject, "%s; check the way out of this machine, and BRIDGE_DIADOC_URL", err)}
	}
	return []finding{ok(subject, "answers")}
}

// boxOf shows the credentials of a connection to its box. A grant is renewed by the service alone: two that renew
// one at a time can lose it, so the access token that it holds now is borrowed.
func (o *outside) boxOf(ctx context.Context, p portal.Portal, c portal.Connection) []finding {
	subject := fmt.Sprintf("Диадок box %s of %s", c.Name, p.Domain)
	if c.State == portal.ConnectionRefused {
		return []finding{failed(subject, "%s: %s; correct it with bridge connect diadoc or bridge settings apply", c.State, orDash(c.Note))}
	}
	authorization, f := o.boxToken(ctx, subject, c)
	if authorization == "" {
		return []finding{f}
	}
	box := diadoc.BoxID(c.AccountID)
	client := diadoc.New(o.up, o.cfg.DiadocURL, lent(authorization))
	me, err := client.GetMyEmployee(ctx, box)
	if err == nil {
		_, _, err = client.GetLastEvent(ctx, box)
	}
	if err != nil {
		return []finding{failed(subject, "%s", feed.BoxFault(err))}
	}
	findings := []finding{}
	switch {
	case c.Cursor == "":
		findings = append(findings, skipped(subject, "may be read; its events are not followed yet: bridge serve begins within seconds"))
	default:
		findings = append(findings, ok(subject, "may be read, the last events came %s", moment(c.CursorAt)))
	}
	if !me.Permissions.SeesAllDocuments() {
		findings = append(findings, failed(subject, "the user sees the documents of department %s only: what lies in others is not followed; "+
			"give him access to all documents in Диадок", me.Permissions.UserDepartmentID))
	}
	if !me.Permissions.Allows(diadoc.CreateDocuments) {
		findings = append(findings, failed(subject, "the user may not send documents: give him the right in Диадок"))
	}
	return findings
}

// boxToken gives what calls may be made with, or why there is nothing.
func (o *outside) boxToken(ctx context.Context, subject string, c portal.Connection) (diadoc.Authorization, finding) {
	if c.Secrets["refreshToken"] == "" {
		login := diadoc.NewDiadocLogin(o.up, o.cfg.DiadocURL, c.Secrets["clientKey"])
		token, err := login.ByPassword(ctx, c.Login, diadoc.Secret(c.Secrets["password"]))
		if err != nil {
			return "", failed(subject, "%s; correct login, password and clientKey with bridge settings apply", err)
		}
		return login.Authorization(token), finding{}
	}
	if c.ClientID == "" && o.cfg.DiadocClientID == "" {
		return "", failed(subject, "set BRIDGE_DIADOC_CLIENT_ID and BRIDGE_DIADOC_CLIENT_SECRET, or the connection's clientId and clientSecret")
	}
	pair, err := o.st.Grant(c).LoadPair(ctx, c.GrantKey())
	if err != nil {
		return "", failed(subject, "%s: log in again with bridge connect diadoc", err)
	}
	if time.Until(pair.Expires) < checkTime {
		return "", skipped(subject, "the access token has run out and bridge serve, which renews it, has not; start it and ask again")
	}
	return diadoc.Bearer(pair.Access), finding{}
}

// lent is an authorization that must not be renewed.
type lent diadoc.Authorization

// Token implements diadoc.TokenSource.
func (l lent) Token(context.Context) (diadoc.Authorization, error) {
	return diadoc.Authorization(l), nil
}

// Renew implements diadoc.TokenSource.
func (l lent) Renew(context.Context, diadoc.Authorization) (diadoc.Authorization, error) {
	return "", errors.New("the stored token is refused")
}
