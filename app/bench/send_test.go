package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/internal/testservers"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

// How many messages are sent, and how many at once.
const (
	sendings     = 400
	sendingsOnce = 8
)

// BenchmarkSend lets robots send a file of their card: it is fetched from the portal, laid on the shelf, its message
// frozen and stored before the call, and the answer stored with what the card must show. Portal and service are the
// sandbox, in the same process; neither the portal's nor the service's rate is kept.
func BenchmarkSend(b *testing.B) {
	for kind, url := range map[string]func(testing.TB) string{
		"sqlite":   func(b testing.TB) string { return "sqlite://" + filepath.Join(b.TempDir(), "bridge.db") },
		"postgres": testservers.NewDatabase,
	} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				var rates []float64
				for range rounds {
					rates = append(rates, sendings/newSender(b, newDatabase(b, url(b))).send(b).Seconds())
				}
				b.ReportMetric(median(rates), "sendings/s")
			}
		})
	}
}

// sender is a portal and a box with a bridge's worker between them.
type sender struct {
	sim    *diadocsim.Server
	b24    *bitrix.Client
	office *diadoc.Client
	store  *store.Store
	worker *action.Worker
	lease  lane.Lease
	deal   int
}

// oneAccess never expires.
type oneAccess struct{ access, endpoint string }

func (t oneAccess) Token(context.Context) (string, string, error) { return t.access, t.endpoint, nil }
func (t oneAccess) Refresh(context.Context, string) (string, string, error) {
	return t.access, t.endpoint, nil
}

func newSender(b *testing.B, db database) *sender {
	b.Helper()
	s := &sender{}
	up := upstream.New(upstream.WithInsecure(true))
	s.openPortal(b, up)
	s.sim = diadocsim.New(diadocsim.Config{RPS: -1})
	server := httptest.NewServer(s.sim)
	b.Cleanup(server.Close)
	s.sim.SetBaseURL(server.URL)
	demo := s.sim.SeedDemo()
	token, err := s.sim.IssueAccessToken(demo.ClientID, demo.Login)
	require.NoError(b, err)
	s.office = diadoc.New(up, server.URL+"/diadoc", oneToken(diadoc.Bearer(token)))
	sealer, err := app.Sealer(db.cfg)
	require.NoError(b, err)
	s.store, err = store.Open(b.Context(), store.Options{URL: app.StoreURL(db.cfg), Sealer: sealer,
		Plan: func(rec docflow.Record, ch docflow.Change, met []docflow.Waiter) []reaction.Effect {
			return reaction.Plan(settings.Settings{}, rec, ch, met)
		}})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.store.Close()) })
	require.NoError(b, s.store.SaveSettings(b.Context(), member, nil, []portal.Connection{{Portal: member, Name: "box", Kind: docflow.Diadoc, Default: true,
		AccountID: demo.Box, Secrets: map[string]string{"refreshToken": "r"}}}, nil, nil))
	require.NoError(b, s.store.EnsureRows(b.Context(), lane.NewRow{Lane: member, Part: "x", Kind: "x"}))
	leases, err := s.store.Claim(b.Context(), "node", time.Hour, 10)
	require.NoError(b, err)
	s.lease = leases[0]
	s.worker = action.New(action.Deps{Store: s.store, Messages: s.store, Portals: s, Clients: s, Now: time.Now, NotFound: store.ErrNotFound})
	return s
}

func (s *sender) openPortal(b *testing.B, up *upstream.Client) {
	b.Helper()
	const client = "local.1"
	sim := bitrixsim.New(bitrixsim.Config{})
	server := httptest.NewServer(sim)
	b.Cleanup(server.Close)
	b.Cleanup(sim.Close)
	sim.SetBaseURL(server.URL)
	sim.AddApp(bitrixsim.App{ClientID: client, ClientSecret: "s", HandlerURL: server.URL + "/nobody", InstallURL: server.URL + "/nobody",
		Scopes: []string{"crm", "bizproc", "im", "disk"}, NoUI: true})
	p := sim.AddPortal("agency")
	require.Error(b, p.Install(b.Context(), client), "nobody answers, and it counts as installed")
	access, _ := p.IssueTokens(client, 1)
	s.b24 = bitrix.New(up, oneAccess{access, p.Endpoint()})
	p.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_FILE", Type: "file"})
	s.deal = p.CreateItem(bitrixsim.Deal, map[string]any{"title": "Договор", "UF_CRM_FILE": p.AddFile("Договор.pdf", make([]byte, 200<<10))})
}

// Bitrix and the others are what the worker asks for.
func (s *sender) Bitrix(context.Context, portal.ID) (*bitrix.Client, error) { return s.b24, nil }
func (s *sender) Diadoc(portal.Connection) (*diadoc.Client, error)          { return s.office, nil }
func (s *sender) Realty(portal.Connection) *realty.Client                   { return nil }
func (s *sender) Settings(context.Context, portal.ID) (settings.Settings, error) {
	return settings.Settings{}, nil
}
func (s *sender) Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error) {
	return s.store.Connections(ctx, id)
}

// send works all rows and gives how long that took.
func (s *sender) send(b *testing.B) time.Duration {
	b.Helper()
	text := func(v string) bitrix.PropertyValue { return bitrix.PropertyValue{Values: []string{v}} }
	body, err := json.Marshal(inbox.Call{Card: docflow.Card{EntityType: bitrixsim.Deal, ID: int64(s.deal)}, Properties: bitrix.Properties{
		"inn": text("5400000002"), "files": text("UF_CRM_FILE"), "sign_with": text("test"), "need_signature": text("Y")}})
	require.NoError(b, err)
	rows := make(chan int64, sendings)
	for i := range sendings {
		rows <- int64(i + 1)
	}
	close(rows)
	var (
		group  sync.WaitGroup
		mu     sync.Mutex
		faults []error
	)
	started := time.Now()
	for range sendingsOnce {
		group.Go(func() {
			for id := range rows {
				result, err := s.worker.Work(b.Context(), lane.Row{ID: id, Lane: member, Kind: inbox.KindRobot, Code: "diadoc_send", Body: body, Received: started, Lease: s.lease})
				if err == nil {
					err = s.store.Commit(b.Context(), result.Writes...)
				}
				if err != nil || result.Verdict != lane.Done {
					mu.Lock()
					faults = append(faults, fmt.Errorf("%w %s", err, result.Note))
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	took := time.Since(started)
	require.Empty(b, faults)
	require.Len(b, s.sim.Documents(), sendings)
	return took
}
