package action_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/diadoc"
	"konturbridge/sandbox/diadocsim"
)

// desk is the world with our box at Диадок beside it.
type desk struct {
	*world
	sim *diadocsim.Server
}

// bearer is a token source with one token, and another for whoever finds it stale.
type bearer struct {
	w   *world
	now diadoc.Authorization
}

func (b *bearer) Token(ctx context.Context) (diadoc.Authorization, error) {
	if b.now == "" {
		return b.Renew(ctx, "")
	}
	return b.now, nil
}

func (b *bearer) Renew(context.Context, diadoc.Authorization) (diadoc.Authorization, error) {
	token, err := b.w.box.Diadoc.IssueAccessToken(b.w.demo.Diadoc.ClientID, b.w.demo.Diadoc.Login)
	b.now = diadoc.Bearer(token)
	return b.now, err
}

// pace is how long anything takes to the other side.
const pace = 3 * time.Second

func openDesk(t *testing.T) *desk {
	t.Helper()
	w := setup(t)
	base := w.base[:len(w.base)-len("/realty/v1")]
	w.office = diadoc.New(calls(), base+"/diadoc", &bearer{w: w}, diadoc.WithClock(w.Now))
	require.NoError(t, w.store.SaveSettings(t.Context(), portal.ID(w.member), nil, []portal.Connection{
		{Portal: portal.ID(w.member), Name: "main", Kind: docflow.Realty, Default: true, AccountID: w.demo.AccountID, Secrets: map[string]string{}},
		{Portal: portal.ID(w.member), Name: "box", Kind: docflow.Diadoc, Default: true, AccountID: w.demo.Diadoc.Box, Secrets: map[string]string{}},
	}, nil, nil))
	return &desk{w, w.box.Diadoc}
}

// receive lets the partner send a document and joins its message to the deal.
func (d *desk) receive(t *testing.T) (message, entity string) {
	t.Helper()
	message, err := d.sim.Send(d.demo.Diadoc.Partner, d.demo.Diadoc.Box, diadocsim.Paper{FileName: "Акт.pdf", Content: []byte("акт"), NeedReply: true})
	require.NoError(t, err)
	d.Add(pace)
	d.fine(t, "diadoc_status", props{"message_id": message})
	rec := d.record(t)
	require.Equal(t, docflow.AwaitingAnswer, rec.State)
	return message, rec.Documents[0].EntityID
}

// deliver sends a document of ours to the partner, and joins its message to the deal.
func (d *desk) deliver(t *testing.T) (message, entity string) {
	t.Helper()
	sent, err := d.office.PostMessage(t.Context(), diadoc.OperationID("d"+t.Name()), diadoc.MessageToPost{FromBoxID: diadoc.BoxID(d.demo.Diadoc.Box), ToBoxID: diadoc.BoxID(d.demo.Diadoc.Partner),
		DocumentAttachments: []diadoc.DocumentAttachment{{TypeNamedID: "Nonformalized", NeedRecipientSignature: true,
			SignedContent: diadoc.SignedContent{Content: []byte("договор"), SignWithTestSignature: true}, Metadata: []diadoc.MetadataItem{{Key: "FileName", Value: "Договор.pdf"}}}}})
	require.NoError(t, err)
	d.Add(pace)
	d.fine(t, "diadoc_status", props{"message_id": string(sent.MessageID)})
	return string(sent.MessageID), string(sent.Documents()[0].EntityID)
}

// told runs an action and gives what its robot is told.
func (d *desk) told(t *testing.T, code string, p props) map[string]any {
	t.Helper()
	d.answers(t, d.demo.Sale)
	result := d.do(t, code, d.demo.Sale, p)
	require.Equal(t, lane.Done, result.Verdict, result.Note)
	told := d.answers(t, d.demo.Sale)
	require.Len(t, told, 1, result.Note)
	return told[0]
}

// fine is told of an action that must not be refused.
func (d *desk) fine(t *testing.T, code string, p props) map[string]any {
	t.Helper()
	told := d.told(t, code, p)
	require.Empty(t, told["error"])
	return told
}

// no is the text of an action's refusal.
func (d *desk) no(t *testing.T, errorCode, code string, p props) string {
	t.Helper()
	text := d.refusal(t, errorCode, d.call(t, code, d.demo.Sale, p))
	require.NotContains(t, text, "diadoc:")
	return text
}

// read reads a message anew as the box's feed does, once everything has come through.
func (d *desk) read(t *testing.T, message string) {
	t.Helper()
	d.Add(pace)
	m, err := d.office.GetMessage(t.Context(), diadoc.BoxID(d.demo.Diadoc.Box), diadoc.MessageID(message), diadoc.MessageOptions{OriginalSignature: true})
	require.NoError(t, err)
	known, err := d.store.Messages(t.Context(), d.member, []string{feed.MessageKey(m.MessageID)})
	require.NoError(t, err)
	for _, rec := range known {
		u := feed.FromDiadoc(m, diadoc.BoxID(d.demo.Diadoc.Box), docflow.CauseNews, "", d.Now())
		require.NoError(t, d.store.Commit(t.Context(), docflow.Settle{ID: rec.ID, Update: u}))
	}
}

// sent counts the calls of an operation that the service has seen.
func (d *desk) sent(op string) int { return len(d.sim.Calls(op)) }

// stored puts a row into the store as the inbox does, so that marks of it are kept.
func (d *desk) stored(t *testing.T, row lane.Row) lane.Row {
	t.Helper()
	require.NoError(t, d.store.Commit(t.Context(), lane.NewRow{Lane: row.Lane, Part: "2:1", Kind: row.Kind, Code: row.Code, Body: row.Body}))
	return d.reload(t, row.Code)
}

// reload gives the newest unfinished row of a code, as after a crash.
func (d *desk) reload(t *testing.T, code string) lane.Row {
	t.Helper()
	rows, err := d.store.Load(t.Context(), d.member, 0, 1000)
	require.NoError(t, err)
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Code == code {
			rows[i].Lease = d.lease
			return rows[i]
		}
	}
	require.Fail(t, "no row of "+code)
	return lane.Row{}
}

// comments lists the lines that wait for the deal's timeline, with their files, and takes them.
func (d *desk) effects(t *testing.T) (all []reaction.Effect) {
	t.Helper()
	all, err := d.store.WaitingEffects(t.Context(), d.member, docflow.Card{EntityType: 2, ID: int64(d.demo.Sale)})
	require.NoError(t, err)
	return all
}

// followRow gives the row that an invitation left behind.
func followRow(t *testing.T, d *desk, result lane.Result) lane.Row {
	t.Helper()
	for _, w := range result.Writes {
		if row, ok := w.(lane.NewRow); ok {
			return lane.Row{ID: 1 << 40, Lane: row.Lane, Part: row.Part, Kind: row.Kind, Code: row.Code, Body: row.Body, Received: d.Now(), Lease: d.lease}
		}
	}
	require.Fail(t, "nothing follows")
	return lane.Row{}
}

func (d *desk) follow(t *testing.T, row lane.Row) lane.Result {
	t.Helper()
	result, err := d.worker.Follower().Work(t.Context(), row)
	require.NoError(t, err)
	require.NoError(t, d.store.Commit(t.Context(), result.Writes...))
	return result
}
