package feed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
	"konturbridge/diadoc"
	"konturbridge/sandbox/diadocsim"
)

// boxRig follows one box of a simulated Диадок.
type boxRig struct {
	*apptest.Clock
	t      *testing.T
	sim    *diadocsim.Server
	demo   diadocsim.Demo
	client *diadoc.Client
	box    diadoc.BoxID
	store  *store.Store
	boxes  *feed.Boxes
	wanted bool
	moves  []string // states that cards were told, in order
	// spoil changes an answer of the feed on its way; nil: it stays as it is.
	spoil func(body []byte) []byte
	login string
}

func openBox(t *testing.T) *boxRig {
	t.Helper()
	r := &boxRig{Clock: apptest.NewClock(), t: t}
	r.sim = diadocsim.New(diadocsim.Config{Now: r.Now})
	server := httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(server.Close)
	r.sim.SetBaseURL(server.URL)
	r.demo = r.sim.SeedDemo("https://bridge.example.test/diadoc")
	r.box, r.login = diadoc.BoxID(r.demo.Box), r.demo.Login
	r.client = diadoc.New(apptest.Calls(), server.URL+"/diadoc", r, diadoc.WithClock(r.Now))
	r.store, _ = apptest.OpenStore(t, r.Now, func(rec docflow.Record, ch docflow.Change, _ []docflow.Waiter) []reaction.Effect {
		if ch.Changed {
			r.moves = append(r.moves, string(ch.To))
		}
		return nil
	})
	require.NoError(t, r.store.SavePortal(t.Context(), portal.Portal{ID: member, State: portal.Active, Installed: r.Now()}, portal.Application{ClientID: "c", State: portal.Active}))
	r.connect(member, "box", r.demo.Box)
	r.boxes = feed.NewBoxes(feed.BoxDeps{Store: r.store, Diadoc: func(portal.Connection) (*diadoc.Client, error) { return r.client, nil }, Interval: 15 * time.Second,
		Now: r.Now, Log: slog.New(slog.DiscardHandler), Wanted: func(portal.ID, string) bool { return r.wanted }})
	r.poll()
	return r
}

func (r *boxRig) serve(w http.ResponseWriter, req *http.Request) {
	if r.spoil == nil || !strings.HasSuffix(req.URL.Path, "/GetNewEvents") {
		r.sim.ServeHTTP(w, req)
		return
	}
	answer := httptest.NewRecorder()
	r.sim.ServeHTTP(answer, req)
	for name, values := range answer.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(r.spoil(answer.Body.Bytes()))
}

// Token implements diadoc.TokenSource.
func (r *boxRig) Token(ctx context.Context) (diadoc.Authorization, error) { return r.Renew(ctx, "") }

// Renew implements diadoc.TokenSource.
func (r *boxRig) Renew(context.Context, diadoc.Authorization) (diadoc.Authorization, error) {
	token, err := r.sim.IssueAccessToken(r.demo.ClientID, r.login)
	return diadoc.Bearer(token), err
}

// connect makes a portal's connections boxes, named and given in pairs.
func (r *boxRig) connect(id portal.ID, pairs ...string) {
	r.t.Helper()
	var conns []portal.Connection
	for i := 0; i < len(pairs); i += 2 {
		conns = append(conns, portal.Connection{Portal: id, Name: pairs[i], Kind: docflow.Diadoc, Default: i == 0, Login: "robot", AccountID: pairs[i+1],
			Secrets: map[string]string{"password": "p", "clientKey": "k"}})
	}
	require.NoError(r.t, r.store.SaveSettings(r.t.Context(), id, nil, conns, nil, nil))
}

func (r *boxRig) work(box string) lane.Result {
	r.t.Helper()
	result, err := r.boxes.Work(r.t.Context(), lane.Row{Body: feed.Row(portal.Connection{Kind: docflow.Diadoc, AccountID: box}).Body})
	require.NoError(r.t, err)
	return result
}

// poll works the feed's row once and commits what it read.
func (r *boxRig) poll() lane.Result {
	r.t.Helper()
	result := r.work(r.demo.Box)
	require.NoError(r.t, r.store.Commit(r.t.Context(), result.Writes...))
	return result
}

func (r *boxRig) conn() portal.Connection {
	r.t.Helper()
	all, err := r.store.Connections(r.t.Context(), member)
	require.NoError(r.t, err)
	return all[0]
}

// prepare stores a record as an action does before its call.
func (r *boxRig) prepare(id string, p portal.ID, connection string) {
	r.t.Helper()
	rec := docflow.Record{ID: docflow.ID(id), Portal: string(p), Card: docflow.Card{EntityType: 2, ID: 57}, System: docflow.Diadoc, Kind: "Nonformalized",
		Connection: connection, RequestID: id, State: docflow.Prepared, Created: r.Now(),
		Documents: []docflow.Document{{CustomID: id + "/1", Type: "Nonformalized", Title: "Договор.pdf", State: docflow.Prepared}}}
	require.NoError(r.t, r.store.Commit(r.t.Context(), docflow.Prepare{Record: rec}))
}

// post sends a contract, whose answer the bridge never sees.
func (r *boxRig) post(id string) diadoc.DocumentID {
	r.t.Helper()
	file := []byte("договор " + id)
	signature, err := r.sim.Signature(r.demo.Box, file)
	require.NoError(r.t, err)
	message, err := r.client.PostMessage(r.t.Context(), diadoc.OperationID(id), diadoc.MessageToPost{FromBoxID: r.box, ToBoxID: diadoc.BoxID(r.demo.Partner),
		DocumentAttachments: []diadoc.DocumentAttachment{{TypeNamedID: "Nonformalized", CustomDocumentID: id + "/1", NeedRecipientSignature: true,
			SignedContent: diadoc.SignedContent{Content: file, Signature: signature}, Metadata: []diadoc.MetadataItem{{Key: "FileName", Value: "Договор.pdf"}}}}})
	require.NoError(r.t, err)
	return diadoc.DocumentID{MessageID: message.MessageID, EntityID: message.Documents()[0].EntityID}
}

func (r *boxRig) send(id string) diadoc.DocumentID {
	r.t.Helper()
	r.prepare(id, member, "box")
	return r.post(id)
}

func (r *boxRig) record(id string) docflow.Record {
	r.t.Helper()
	rec, err := r.store.Docflow(r.t.Context(), docflow.ID(id))
	require.NoError(r.t, err)
	return rec
}

// history is the states that a record went through.
func (r *boxRig) history(id string) []string {
	r.t.Helper()
	all, err := r.store.History(r.t.Context(), docflow.ID(id))
	require.NoError(r.t, err)
	var states []string
	for i, h := range all {
		states = append(states, string(h.State))
		require.NotEmpty(r.t, h.Cause)
		if i > 0 {
			require.False(r.t, h.At.Before(all[i-1].At), "%v", all)
		}
	}
	return states
}

func TestBoxTellsEveryState(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	d := r.send("d-1")
	message, entity := string(d.MessageID), string(d.EntityID)
	r.Add(time.Second)
	require.NoError(t, r.sim.Sign(r.demo.Partner, message, entity))
	r.Add(time.Minute)
	require.NoError(t, r.sim.AskRevocation(r.demo.Partner, message, entity, "ошибка в сумме"))
	r.poll()
	rec := r.record("d-1")
	require.Equal(t, feed.MessageKey(d.MessageID), rec.ExternalID, "found by its request: the answer was never seen")
	require.Equal(t, docflow.RevocationIn, rec.State)
	require.Equal(t, []string{"prepared", "awaiting-answer", "awaiting-answer", "signed", "revocation-in"}, r.history("d-1"), "sent, delivered, …")
	require.True(t, rec.Documents[0].OurTurn)
	require.True(t, rec.Documents[0].Delivered)
	require.Equal(t, docflow.Outbound, rec.Documents[0].Direction)
	r.Add(time.Minute)
	require.NoError(t, r.sim.AcceptRevocation(r.demo.Box, message, entity))
	r.poll()
	require.Equal(t, docflow.Revoked, r.record("d-1").State)
	before := len(r.moves)
	r.poll()
	require.Len(t, r.moves, before, "nothing new")
	require.Equal(t, []string{"prepared", "awaiting-answer", "awaiting-answer", "signed", "revocation-in", "revoked"}, r.history("d-1"))
}

func TestBoxTellsWhoAndWhy(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	signed, rejected := r.send("d-1"), r.send("d-2")
	r.poll()
	r.Add(time.Minute)
	require.NoError(t, r.sim.Sign(r.demo.Partner, string(signed.MessageID), string(signed.EntityID)))
	require.NoError(t, r.sim.Reject(r.demo.Partner, string(rejected.MessageID), string(rejected.EntityID), "не тот договор"))
	r.poll()
	d := r.record("d-1").Documents[0]
	require.Equal(t, docflow.AllSigned, d.State)
	require.Contains(t, d.SignedBy, "Застройщик Выдуманный")
	require.True(t, d.Named)
	require.WithinDuration(t, r.Now(), d.SignedAt, time.Second)
	require.Equal(t, docflow.Rejected, r.record("d-2").State)
	require.Equal(t, "не тот договор", r.record("d-2").Documents[0].Comment)
	history, err := r.store.History(t.Context(), "d-2")
	require.NoError(t, err)
	require.Contains(t, history[len(history)-1].Note, "не тот договор")
}

// An act of ours that was read right away is not told again by its event, and an older reading changes nothing.
func TestBoxAndOurOwnReading(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	d := r.send("d-1")
	r.poll()
	old, err := feed.Read(t.Context(), r.client, r.box, d.MessageID, r.record("d-1"), docflow.CauseAct, r.Now())
	require.NoError(t, err)
	r.Add(time.Minute)
	require.NoError(t, r.sim.Sign(r.demo.Partner, string(d.MessageID), string(d.EntityID)))
	fresh, err := feed.Read(t.Context(), r.client, r.box, d.MessageID, r.record("d-1"), docflow.CauseAct, r.Now())
	require.NoError(t, err)
	require.NoError(t, r.store.Commit(t.Context(), docflow.Settle{ID: "d-1", Update: fresh}))
	before := r.history("d-1")
	require.NoError(t, r.store.Commit(t.Context(), docflow.Settle{ID: "d-1", Update: old}))
	r.poll()
	require.Equal(t, docflow.AllSigned, r.record("d-1").State)
	require.Equal(t, before, r.history("d-1"))
}

func TestBoxPagesAndRepeats(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	d := r.send("d-1")
	for i := range 120 {
		require.NoError(t, r.sim.Resolve(r.demo.Box, string(d.MessageID), string(d.EntityID), i%2 == 0, ""))
	}
	from := r.conn().Cursor
	require.Equal(t, r.Now(), r.poll().At, "a full page is followed at once")
	require.Equal(t, r.Now().Add(15*time.Second), r.poll().At)
	require.Equal(t, docflow.AwaitingAnswer, r.record("d-1").State)
	require.Equal(t, "Disapproved", r.record("d-1").Documents[0].Resolution)
	lost := feed.Advance{Portal: member, Connection: "box", From: from, Cursor: "x", At: r.Now()}
	require.Error(t, r.store.Commit(t.Context(), lost), "somebody else has moved the position")
	moves := len(r.moves)
	require.NoError(t, r.store.Commit(t.Context(), feed.Advance{Portal: member, Connection: "box", From: r.conn().Cursor, Cursor: from, At: r.Now()}))
	r.poll()
	r.poll()
	require.Len(t, r.moves, moves, "the same events again change nothing")
}

func TestBoxGoesOnAfterAStrangeEvent(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func([]byte) []byte{
		"the message is told": func(body []byte) []byte {
			return regexp.MustCompile(`"TimestampTicks":\d+`).ReplaceAll(body, []byte(`"TimestampTicks":"?"`))
		},
		"nothing is told": func(body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"MessageId"`), []byte(`"MessageId":{},"X"`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openBox(t)
			d := r.send("d-1")
			r.poll()
			r.Add(time.Minute)
			require.NoError(t, r.sim.Sign(r.demo.Partner, string(d.MessageID), string(d.EntityID)))
			r.spoil = spoil
			before := r.conn().Cursor
			r.poll()
			require.NotEqual(t, before, r.conn().Cursor)
			require.Equal(t, docflow.AllSigned, r.record("d-1").State)
		})
	}
}

func TestBoxStartsOverWhenItsKeyIsRefused(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	d := r.send("d-1")
	r.poll()
	r.wanted = true
	r.Add(time.Minute)
	require.NoError(t, r.sim.Sign(r.demo.Partner, string(d.MessageID), string(d.EntityID)))
	_, err := r.sim.Send(r.demo.Partner, r.demo.Box, diadocsim.Paper{FileName: "Счёт.pdf", Content: []byte("счёт")})
	require.NoError(t, err)
	require.NoError(t, r.store.Commit(t.Context(), feed.Advance{Portal: member, Connection: "box", From: r.conn().Cursor, Cursor: "nonsense", At: r.Now()}))
	r.poll()
	require.Equal(t, docflow.AllSigned, r.record("d-1").State, "every open message was read")
	require.True(t, strings.HasPrefix(r.conn().Cursor, "@"), r.conn().Cursor)
	moves := len(r.moves)
	result := r.poll()
	require.Len(t, r.moves, moves, "what was known is read again and changes nothing")
	require.Len(t, result.Writes[0].(feed.Advance).Rows, 1, "what came in between is not missed")
	r.poll()
	require.Empty(t, r.conn().State)
}

// A user who does not see all documents reads those of his department, and more as soon as he may.
func TestBoxOfOneDepartment(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	narrow := func(level string) {
		require.NoError(t, r.sim.Hire(r.demo.Box, r.demo.Login, diadocsim.Employee{AccessLevel: level}))
	}
	d := r.send("d-1")
	r.poll()
	narrow("DepartmentOnly")
	require.NoError(t, r.sim.Sign(r.demo.Partner, string(d.MessageID), string(d.EntityID)))
	r.poll()
	const head = "#00000000-0000-0000-0000-000000000000|"
	require.True(t, strings.HasPrefix(r.conn().Cursor, head), r.conn().Cursor)
	require.Equal(t, docflow.AllSigned, r.record("d-1").State)
	second := r.send("d-2")
	r.poll()
	require.Equal(t, docflow.AwaitingAnswer, r.record("d-2").State)
	require.True(t, strings.HasPrefix(r.conn().Cursor, head))
	require.Empty(t, r.conn().State)
	r.poll()
	narrow("AllDocuments")
	require.NoError(t, r.client.MoveDocuments(t.Context(), diadoc.DocumentsMove{BoxID: r.box, DocumentIDs: []diadoc.DocumentID{second}, ToDepartmentID: diadoc.DepartmentID(r.demo.Sales)}))
	require.NoError(t, r.sim.Sign(r.demo.Partner, string(second.MessageID), string(second.EntityID)))
	r.poll()
	require.Equal(t, docflow.AwaitingAnswer, r.record("d-2").State, "it lies in another department")
	r.Add(11 * time.Minute)
	r.poll()
	require.False(t, strings.HasPrefix(r.conn().Cursor, head))
	require.Equal(t, docflow.AllSigned, r.record("d-2").State)
	require.NoError(t, r.sim.Hire(r.demo.Box, r.demo.Login, diadocsim.Employee{AccessLevel: "DepartmentOnly", DepartmentID: r.demo.Sales}))
	r.poll()
	require.Empty(t, r.conn().State)
}

func TestBoxSafetyNet(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	const cards = 60 // that one message belongs to
	d := r.send("d-100")
	r.poll()
	u, err := feed.Read(t.Context(), r.client, r.box, d.MessageID, docflow.Record{}, docflow.CauseGet, r.Now())
	require.NoError(t, err)
	var joined []lane.Write
	for i := 1; i < cards; i++ {
		r.prepare("d-"+strconv.Itoa(100+i), member, "box")
		joined = append(joined, docflow.Settle{ID: docflow.ID("d-" + strconv.Itoa(100+i)), Update: u})
	}
	require.NoError(t, r.store.Commit(t.Context(), joined...))
	require.NoError(t, r.sim.Sign(r.demo.Partner, string(d.MessageID), string(d.EntityID)))
	last, ok, err := r.client.GetLastEvent(t.Context(), r.box)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, r.store.Commit(t.Context(), feed.Advance{Portal: member, Connection: "box", From: r.conn().Cursor, Cursor: string(last.IndexKey), At: r.Now()}))
	signed := func() (n int) {
		for i := range cards {
			if r.record("d-"+strconv.Itoa(100+i)).State == docflow.AllSigned {
				n++
			}
		}
		return n
	}
	r.poll()
	require.Zero(t, signed(), "they are not silent for long enough")
	r.Add(7 * time.Hour)
	r.poll()
	require.Equal(t, 50, signed(), "some at a time")
	r.poll()
	require.Equal(t, 50, signed(), "now and then")
	r.Add(11 * time.Minute)
	r.poll()
	require.Equal(t, cards, signed())
}

func TestOneReadServesAllPortalsOfABox(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	require.NoError(t, r.store.SavePortal(t.Context(), portal.Portal{ID: "m2", State: portal.Active, Installed: r.Now()}, portal.Application{ClientID: "c", State: portal.Active}))
	r.connect("m2", "theirs", r.demo.Box)
	r.poll()
	r.send("d-1")
	r.prepare("d-2", "m2", "theirs")
	r.post("d-2")
	before := len(r.sim.Calls("GetNewEvents"))
	r.poll()
	require.Len(t, r.sim.Calls("GetNewEvents"), before+1)
	require.Equal(t, docflow.AwaitingAnswer, r.record("d-1").State)
	require.Equal(t, docflow.AwaitingAnswer, r.record("d-2").State)
}

// A message between two boxes of one portal is one of each, seen from opposite sides.
func TestTwoBoxesOfAPortal(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	require.NoError(t, r.sim.Hire(r.demo.Partner, r.demo.Login, diadocsim.Employee{}))
	r.connect(member, "box", r.demo.Box, "other", r.demo.Partner)
	take := func(box string) {
		require.NoError(t, r.store.Commit(t.Context(), r.work(box).Writes...))
	}
	take(r.demo.Partner)
	r.wanted = true
	d := r.send("d-1")
	r.poll()
	result := r.work(r.demo.Partner)
	require.Len(t, result.Writes[0].(feed.Advance).Rows, 1, "to the other box it came from outside")
	require.Empty(t, result.Writes[0].(feed.Advance).Items)
	require.NoError(t, r.store.Commit(t.Context(), result.Writes...))
	require.False(t, r.record("d-1").Documents[0].OurTurn)
	require.NoError(t, r.sim.Sign(r.demo.Partner, string(d.MessageID), string(d.EntityID)))
	take(r.demo.Partner)
	require.Equal(t, docflow.AwaitingAnswer, r.record("d-1").State)
	r.poll()
	require.Equal(t, docflow.AllSigned, r.record("d-1").State)
	r.connect(member, "renamed", r.demo.Box, "other", r.demo.Partner)
	r.poll()
	require.NoError(t, r.sim.AskRevocation(r.demo.Partner, string(d.MessageID), string(d.EntityID), ""))
	r.poll()
	require.Equal(t, docflow.RevocationIn, r.record("d-1").State, "a renamed connection follows what went through it")
}

func TestBoxRowsOfIncomingMessages(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	receive := func() string {
		id, err := r.sim.Send(r.demo.Partner, r.demo.Box, diadocsim.Paper{FileName: "Счёт.pdf", Content: []byte("счёт"), NeedReply: true})
		require.NoError(t, err)
		return id
	}
	receive()
	r.poll() // nobody wants them yet
	r.wanted = true
	id := receive()
	r.send("d-1")
	result := r.work(r.demo.Box)
	rows := result.Writes[0].(feed.Advance).Rows
	require.Len(t, rows, 1, "our own is not incoming")
	require.Equal(t, feed.KindIncoming, rows[0].Kind)
	require.Equal(t, member, rows[0].Lane)
	var body feed.Arrived
	require.NoError(t, json.Unmarshal(rows[0].Body, &body))
	require.Equal(t, "box", body.Connection)
	require.Equal(t, id, body.Message)
	require.True(t, body.From.Same(diadoc.BoxID(r.demo.Partner)))
}

func TestBoxFaults(t *testing.T) {
	t.Parallel()
	r := openBox(t)
	require.NoError(t, r.sim.SuspendSubscription(r.demo.Box, true))
	result := r.poll()
	require.Equal(t, r.Now().Add(10*time.Minute), result.At)
	require.Equal(t, portal.ConnectionRefused, r.conn().State)
	require.Contains(t, r.conn().Note, "нет подписки")
	require.NoError(t, r.sim.SuspendSubscription(r.demo.Box, false))
	r.poll()
	require.Empty(t, r.conn().State, "it is good again")
	require.Empty(t, r.conn().Note)
	r.sim.FailNext("GetNewEvents", 500, 1)
	require.Equal(t, r.Now().Add(15*time.Second), r.poll().At)
	require.Empty(t, r.conn().State)
	r.sim.RetryLaterNext("GetNewEvents", 429)
	require.Greater(t, r.poll().At, r.Now())
	require.Empty(t, r.conn().State)
}
