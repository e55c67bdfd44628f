package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"text/template"
	"time"

	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
)

type sandboxCommand struct {
	Listen string `default:"127.0.0.1:8081" help:"Address to listen on; its levers ask for no password, so keep it on loopback."`
	Bridge string `default:"http://127.0.0.1:8080" help:"Where the simulated portal reaches the bridge that is tried."`
}

// The local application that the simulated portal knows. Nothing is protected by its secret.
const (
	sandboxClientID     = "local.5a9db0c0d1e2f3.10000001"
	sandboxClientSecret = "sandbox-client-secret"
)

// Run serves the simulated systems until a signal ends ctx.
func (c sandboxCommand) Run(ctx context.Context, p *process) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	base := "http://" + reachable(listener.Addr())
	box := sandbox.New(sandbox.Config{BaseURL: base})
	seeded := box.SeedDemo()
	bridge := strings.TrimRight(c.Bridge, "/")
	box.Bitrix.AddApp(bitrixsim.App{ClientID: sandboxClientID, ClientSecret: sandboxClientSecret, NoUI: true,
		HandlerURL: bridge + "/bitrix/app", InstallURL: bridge + "/bitrix/install",
		Scopes: []string{"crm", "bizproc", "placement", "user_brief", "disk", "im", "userfieldconfig"}})
	if err := sandboxGuide.Execute(p.out, map[string]any{"Base": base, "Bridge": bridge, "Demo": seeded,
		"ClientID": sandboxClientID, "ClientSecret": sandboxClientSecret}); err != nil {
		return errors.Join(err, listener.Close())
	}
	return serveSandbox(ctx, box, listener)
}

// reachable is an address that others on this machine can use: "every interface" is none.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return addr.String()
}

// serveSandbox serves on an open listener until ctx ends.
func serveSandbox(ctx context.Context, box *sandbox.Sandbox, listener net.Listener) error {
	server := &http.Server{Handler: box, ReadHeaderTimeout: 10 * time.Second}
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err := server.Shutdown(grace)
		if err != nil { // a call that the sandbox lets hang on purpose
			err = server.Close()
		}
		drained <- err
	})
	err := server.Serve(listener)
	if !stop() {
		err = <-drained
	}
	box.Close()
	return err
}

// sandboxGuide is what is printed when the sandbox is up.
var sandboxGuide = template.Must(template.New("guide").Parse(`The sandbox is open; Ctrl+C ends it, and nothing is kept.

  page       {{.Base}}/  (cards, docflows, levers)
  Bitrix24   portal {{.Demo.Portal.Name}}, member_id {{.Demo.Portal.MemberID}}, REST {{.Demo.Portal.Endpoint}}
  OAuth      {{.Base}}  client_id {{.ClientID}}  client_secret {{.ClientSecret}}
  Реестро    {{.Base}}/realty/v1  login {{.Demo.Login}}  password {{.Demo.Password}}  accountId {{.Demo.AccountID}}
  Диадок     {{.Base}}/diadoc  boxId {{.Demo.Diadoc.Box}}  a partner there: INN 5400000002

To try a bridge against it, start one in another terminal:

  export BRIDGE_PUBLIC_URL={{.Bridge}} BRIDGE_ALLOW_INSECURE_UPSTREAMS=true
  export BRIDGE_BITRIX_OAUTH_URL={{.Base}} BRIDGE_REALTY_URL={{.Base}}/realty/v1
  export BRIDGE_DIADOC_URL={{.Base}}/diadoc BRIDGE_DIADOC_IDENTITY_URL={{.Base}}/identity
  export BRIDGE_DIADOC_CLIENT_ID={{.Demo.Diadoc.ClientID}} BRIDGE_DIADOC_CLIENT_SECRET={{.Demo.Diadoc.ClientSecret}}
  export BRIDGE_BITRIX_CLIENT_ID={{.ClientID}} BRIDGE_BITRIX_CLIENT_SECRET={{.ClientSecret}}
  export BRIDGE_DATABASE_URL=sqlite://sandbox/bridge.db
  bridge serve

Install it in the portal, and give it the account and the box, in a third terminal with the same exports:

  curl -d '{"clientId":"{{.ClientID}}"}' {{.Base}}/control/bitrix/{{.Demo.Portal.Name}}/install
  echo 'connections: [{name: main, kind: realty, login: {{.Demo.Login}}, password: {{.Demo.Password}}, accountId: {{.Demo.AccountID}}}, {name: box, kind: diadoc, boxId: "{{.Demo.Diadoc.Box}}", refreshToken: {{.Demo.Diadoc.RefreshToken}}}]' |
    bridge settings apply --portal {{.Demo.Portal.MemberID}} -
  bridge doctor
`))
