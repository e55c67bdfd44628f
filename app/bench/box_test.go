package bench_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/diadoc"
	"konturbridge/internal/testservers"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/diadocsim"
)

// letters is how many messages the box of the benchmark has sent; each is delivered, signed, and asked to be revoked.
const letters = 500

// BenchmarkBox follows a box in whose feed many messages live their lives side by side: each page is read, its
// messages are read anew with who signed and why, and what that changed is stored with the new position. The
// service is the sandbox, in the same process; the rate that the vendor asks for is not kept.
func BenchmarkBox(b *testing.B) {
	box := newBox(b)
	for kind, url := range map[string]func(testing.TB) string{
		"sqlite":   func(b testing.TB) string { return "sqlite://" + filepath.Join(b.TempDir(), "bridge.db") },
		"postgres": testservers.NewDatabase,
	} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				var rates []float64
				for range rounds {
					rates = append(rates, float64(box.events)/box.follow(b, newDatabase(b, url(b))).Seconds())
				}
				b.ReportMetric(median(rates), "events/s")
			}
		})
	}
}

// benchBox is a box whose events are all there.
type benchBox struct {
	client *diadoc.Client
	box    diadoc.BoxID
	start  string
	ids    []diadoc.MessageID
	events int
}

// oneToken never expires.
type oneToken diadoc.Authorization

func (t oneToken) Token(context.Context) (diadoc.Authorization, error) {
	return diadoc.Authorization(t), nil
}
func (t oneToken) Renew(context.Context, diadoc.Authorization) (diadoc.Authorization, error) {
	return diadoc.Authorization(t), nil
}

func newBox(b *testing.B) *benchBox {
	b.Helper()
	sim := diadocsim.New(diadocsim.Config{RPS: -1})
	server := httptest.NewServer(sim)
	b.Cleanup(server.Close)
	sim.SetBaseURL(server.URL)
	demo := sim.SeedDemo()
	token, err := sim.IssueAccessToken(demo.ClientID, demo.Login)
	require.NoError(b, err)
	box := &benchBox{box: diadoc.BoxID(demo.Box),
		client: diadoc.New(upstream.New(upstream.WithInsecure(true)), server.URL+"/diadoc", oneToken(diadoc.Bearer(token)))}
	box.start, err = feed.BoxPosition(b.Context(), box.client, box.box, time.Now().Add(-time.Minute))
	require.NoError(b, err)
	for i := range letters {
		file := []byte(fmt.Sprint("договор ", i))
		signature, err := sim.Signature(demo.Box, file)
		require.NoError(b, err)
		m, err := box.client.PostMessage(b.Context(), diadoc.OperationID(letterID(i)), diadoc.MessageToPost{FromBoxID: box.box, ToBoxID: diadoc.BoxID(demo.Partner),
			DocumentAttachments: []diadoc.DocumentAttachment{{TypeNamedID: "Nonformalized", CustomDocumentID: letterID(i) + "/1", NeedRecipientSignature: true,
				SignedContent: diadoc.SignedContent{Content: file, Signature: signature}, Metadata: []diadoc.MetadataItem{{Key: "FileName", Value: "Договор.pdf"}}}}})
		require.NoError(b, err)
		box.ids = append(box.ids, m.MessageID)
	}
	all := sim.Documents()
	for _, act := range []func(d diadocsim.Document) error{
		func(d diadocsim.Document) error { return sim.Sign(demo.Partner, d.MessageID, d.EntityID) },
		func(d diadocsim.Document) error {
			return sim.AskRevocation(demo.Partner, d.MessageID, d.EntityID, "ошибка")
		},
	} {
		rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		for _, d := range all {
			require.NoError(b, act(d))
		}
	}
	for _, err := range box.client.NewEvents(b.Context(), box.box, diadoc.EventQuery{}) {
		require.NoError(b, err)
		box.events++
	}
	return box
}

func letterID(n int) string { return fmt.Sprint("letter-", n) }

func letterRecord(n int) docflow.Record {
	return docflow.Record{ID: docflow.ID(letterID(n)), Portal: member, Card: docflow.Card{EntityType: 2, ID: int64(1000 + n)}, System: docflow.Diadoc,
		Kind: "Nonformalized", Connection: "box", RequestID: letterID(n), State: docflow.Prepared, Created: time.Now()}
}

// follow reads the feed from the first event to the last into a database that has just sent the messages, and
// gives how long that took.
func (x *benchBox) follow(b *testing.B, db database) time.Duration {
	b.Helper()
	sealer, err := app.Sealer(db.cfg)
	require.NoError(b, err)
	st, err := store.Open(b.Context(), store.Options{URL: app.StoreURL(db.cfg), Sealer: sealer,
		Plan: func(rec docflow.Record, ch docflow.Change, met []docflow.Waiter) []reaction.Effect {
			return reaction.Plan(settings.Settings{}, rec, ch, met)
		}})
	require.NoError(b, err)
	defer func() { require.NoError(b, st.Close()) }()
	conn := portal.Connection{Portal: member, Name: "box", Kind: docflow.Diadoc, Default: true, AccountID: string(x.box), Secrets: map[string]string{"refreshToken": "r"}}
	require.NoError(b, st.SaveSettings(b.Context(), member, nil, []portal.Connection{conn}, nil, nil))
	require.NoError(b, st.TakeCursor(b.Context(), member, "box", x.start))
	var sent []lane.Write
	for i := range letters {
		sent = append(sent, docflow.Prepare{Record: letterRecord(i)})
	}
	require.NoError(b, st.Commit(b.Context(), sent...))
	boxes := feed.NewBoxes(feed.BoxDeps{Store: st, Diadoc: func(portal.Connection) (*diadoc.Client, error) { return x.client, nil }, Interval: time.Hour,
		Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	row := lane.Row{Body: feed.Row(conn).Body}
	started := time.Now()
	for {
		result, err := boxes.Work(b.Context(), row)
		require.NoError(b, err)
		require.NoError(b, st.Commit(b.Context(), result.Writes...))
		if result.At.After(started.Add(30 * time.Minute)) { // nothing new
			break
		}
	}
	took := time.Since(started)
	all, err := st.Docflows(b.Context(), member, letters+1)
	require.NoError(b, err)
	require.Len(b, all, letters)
	for _, rec := range all {
		require.Equal(b, docflow.RevocationIn, rec.State)
		require.True(b, slices.Contains(x.ids, diadoc.MessageID(rec.ExternalID)))
	}
	return took
}
